"""Filters, the search and the orders of the viewer's list."""

import math
from typing import Any

import pytest

from assaygym.benchmarks.records import Outcome
from assaygym.benchmarks.viewer.listing import ORDERS, Filter, arranged, choices, disagreements, next_where
from assaygym.benchmarks.viewer.rows import Item, Row, singles
from assaygym.benchmarks.viewer.state import Listing


def row(task: int, sample: int = 0, value: float = 0.0, **fields: Any) -> Row:
    outcome = Outcome.ERROR if math.isnan(value) else Outcome.CORRECT if value == 1 else Outcome.INCORRECT
    base: dict[str, Any] = {
        "task": task, "sample": sample, "task_id": f"t{task}", "outcome": outcome, "value": value,
        "explanation": f"reason {task}", "category": "", "flags": (), "truncated": False, "turns": task,
        "tokens": 10 - task, "seconds": math.nan,
    }  # fmt: skip
    return Row(**base | fields)


def names(items: list[Item]) -> list[str]:
    return [item.name for item in items]


ROWS = [
    row(1, 0, 1.0, category="a"),
    row(1, 1, 0.0, category="a", flags=("copied",)),
    row(2, 0, 0.5, category="b", truncated=True),
    row(3, 0, math.nan, category="b", seconds=2.0),
]


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        ({("outcome", "incorrect")}, ["1/1", "2/0"]),
        ({("outcome", "incorrect"), ("outcome", "error")}, ["1/1", "2/0", "3/0"]),
        ({("outcome", "incorrect"), ("category", "b")}, ["2/0"]),
        ({("flag", "copied")}, ["1/1"]),
        ({("truncated", "yes")}, ["2/0"]),
        ({("category", "none such")}, []),
    ],
)
def test_values_of_a_kind_are_alternatives_and_kinds_come_on_top(chosen: set[tuple[str, str]], kept: list[str]) -> None:
    assert names(arranged(singles(ROWS), Filter(chosen=frozenset(chosen)), "task")) == kept


@pytest.mark.parametrize(("text", "kept"), [("REASON 2", ["2/0"]), ("t3", ["3/0"]), ("nowhere", [])])
def test_the_search_looks_in_ids_and_reasons_whatever_the_case(text: str, kept: list[str]) -> None:
    assert names(arranged(singles(ROWS), Filter(text=text), "task")) == kept


def test_choices_are_counted_and_a_kind_with_one_value_is_none() -> None:
    found = choices(singles([row(1, category="a"), row(2, category="a", flags=("copied",))]))
    assert found == [(("flag", "copied"), 1)]
    kinds = [choice for choice, _ in choices(singles(ROWS))]
    assert kinds[0] == ("outcome", "incorrect")
    assert ("truncated", "yes") in kinds


@pytest.mark.parametrize(
    ("order", "backwards", "expected"),
    [
        ("task", False, ["1/0", "1/1", "2/0", "3/0"]),
        ("task", True, ["3/0", "2/0", "1/1", "1/0"]),
        ("reward", False, ["1/1", "2/0", "1/0", "3/0"]),
        ("reward", True, ["1/0", "2/0", "1/1", "3/0"]),
        ("turns", False, ["3/0", "2/0", "1/0", "1/1"]),
        ("tokens", False, ["1/0", "1/1", "2/0", "3/0"]),
        ("seconds", False, ["3/0", "1/0", "1/1", "2/0"]),
        ("disagreement", False, ["1/0", "1/1", "2/0", "3/0"]),
    ],
)
def test_orders_and_what_is_not_known_stands_last(order: str, backwards: bool, expected: list[str]) -> None:
    assert names(arranged(singles(ROWS), Filter(), order, backwards=backwards)) == expected


def test_disagreement_is_the_variance_of_a_tasks_scores() -> None:
    found = disagreements(singles(ROWS))
    assert found[1] == 0.25
    assert math.isnan(found[2])


def test_two_runs_are_ordered_by_the_difference_of_their_means() -> None:
    items = [
        Item(name="1", a=(row(1, 0, 1.0),), b=(row(1, 0, 1.0),)),
        Item(name="2", a=(row(2, 0, 1.0), row(2, 1, 0.0)), b=(row(2, 0, 0.0),)),
        Item(name="3", a=(row(3),), b=()),
    ]
    assert names(arranged(items, Filter(), "difference")) == ["2", "1", "3"]


def test_the_next_line_that_passes_is_found_in_both_directions() -> None:
    items = singles(ROWS)
    assert next_where(items, 0, 1, lambda item: item.name == "2/0") == 2
    assert next_where(items, 2, 1, lambda item: item.name == "2/0") is None
    assert next_where(items, 3, -1, lambda item: item.name == "1/0") == 0


def test_the_list_goes_through_its_orders_and_says_so() -> None:
    listing = Listing()
    listing.have([ROWS])
    seen = []
    for _ in ORDERS:
        seen.append(listing.order)
        listing.next_order()
    assert tuple(seen) == ORDERS
    listing.next_order()
    listing.turn_round()
    assert listing.told(planned=9) == ["4 episodes", "9 planned", "reward 0.500", "by reward, backwards"]


def test_filter_and_search_hold_together_and_are_told() -> None:
    listing = Listing()
    listing.have([ROWS])
    listing.choose(frozenset({("category", "a")}))
    listing.search("reason")
    assert listing.told(planned=4) == ["2 of 4 episodes", "reward 0.500", "filter category=a, /reason"]
    listing.search("")
    assert str(listing.filter) == "category=a"


def test_the_list_says_why_it_is_empty() -> None:
    listing = Listing()
    assert listing.hint() == "no episode yet"
    listing.have([ROWS])
    listing.search("nowhere")
    assert "nothing passes" in listing.hint()


def test_the_cursor_finds_its_line_again() -> None:
    listing = Listing()
    listing.have([ROWS])
    held = listing.items[2]
    listing.turn_round()
    assert listing.place(held) == 1
    listing.search("nowhere")
    assert listing.place(held) == 0
