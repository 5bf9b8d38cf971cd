"""The lines of the viewer's list, without a terminal."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from assaygym.benchmarks.index import Entry
from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.viewer.rows import MARKS, Item, Row, cells, columns_for, differs, paired, row_of, singles


def row(task: int = 0, sample: int = 0, outcome: str = "incorrect", **fields: Any) -> Row:
    known = Outcome(outcome)
    value = {"correct": 1.0, "partial": 0.5}.get(outcome, 0.0) if known.scored else math.nan
    base: dict[str, Any] = {
        "task": task, "sample": sample, "task_id": f"t{task}", "outcome": known, "value": value,
        "explanation": "", "category": "", "flags": (), "truncated": False, "turns": 1, "tokens": 0,
        "seconds": math.nan,
    }  # fmt: skip
    return Row(**base | fields)


def shown(item: Item, width: int, *, two: bool = False) -> dict[str, str]:
    columns = columns_for(width, two=two)
    return dict(zip((column.title for column in columns), cells(item, columns), strict=True))


def test_a_row_tells_what_the_index_knows(episode: Callable[..., EpisodeRecord]) -> None:
    took = Measures(turns=2, sampled_tokens=7, characters=99, sampling_seconds=0.5)
    entry = Entry(record=episode(3, 1, category="c", flags=("copied",)), measures=took, offset=0, length=1)
    found = row_of(entry)
    assert (found.key, found.turns, found.tokens, found.category, found.flags) == ((3, 1), 2, 7, "c", ("copied",))
    assert found.seconds == 0.5  # one of its two parts was not measured


def test_characters_stand_for_tokens_where_there_are_none(episode: Callable[..., EpisodeRecord]) -> None:
    entry = Entry(record=episode(0), measures=Measures(characters=99), offset=0, length=1)
    assert row_of(entry).tokens == 99
    assert math.isnan(row_of(entry).seconds)


def test_a_later_verdict_takes_the_place_of_the_recorded_one(episode: Callable[..., EpisodeRecord]) -> None:
    entry = Entry(record=episode(0), measures=Measures(), offset=0, length=1)
    assert row_of(entry, episode(0, 0, "correct")).outcome is Outcome.CORRECT


def test_every_outcome_has_a_mark_of_its_own() -> None:
    assert set(MARKS) == set(Outcome)
    assert len(set(MARKS.values())) == len(MARKS)


def test_the_columns_of_an_episode() -> None:
    (item,) = singles([row(12, 3, turns=4, tokens=56_789, seconds=1.25, truncated=True, explanation="so it is")])
    found = shown(item, 120)
    assert found == {
        " ": "✗", "episode": "12/3", "reward": "0", "turn": "4+", "tokens": "57k", "sec": "1.25", "category": "",
        "why": "so it is",
    }  # fmt: skip


@pytest.mark.parametrize("two", [False, True])
def test_the_fixed_columns_fit_any_width_a_list_can_have(two: bool) -> None:
    for width in range(30, 201):
        columns = columns_for(width, two=two)
        assert sum(column.width + 1 for column in columns) <= width + 1
    assert columns_for(0, two=two)[0].title == " "


def test_an_episode_without_a_score_has_no_reward() -> None:
    assert shown(singles([row(outcome="error")])[0], 40)["reward"] == "-"


def test_flags_stand_before_the_reason_and_control_characters_are_escaped() -> None:
    (item,) = singles([row(flags=("copied",), explanation="a\nb\x1b[2J")])
    assert shown(item, 120)["why"] == r"[copied] a b\e[2J"


def test_two_runs_are_paired_by_task() -> None:
    found = paired([row(1, 0, "correct"), row(1, 1), row(2)], [row(2), row(3)])
    assert [(item.name, len(item.a), len(item.b)) for item in found] == [("1", 2, 0), ("2", 1, 1), ("3", 0, 1)]


def test_runs_on_other_data_are_paired_by_the_names_of_tasks() -> None:
    found = paired([row(1, task_id="x")], [row(8, task_id="x")], by_id=True)
    assert [(each.task, other.task) for item in found for each, other in [(item.a[0], item.b[0])]] == [(1, 8)]


@pytest.mark.parametrize(
    ("a", "b", "differing"),
    [
        (["correct"], ["incorrect"], True),
        (["correct"], ["correct"], False),
        (["correct", "incorrect"], ["incorrect", "correct"], False),
        (["incorrect"], ["unparsed"], True),
        (["correct"], ["correct", "correct"], False),
        (["correct"], ["correct", "incorrect"], True),
        (["error"], ["error", "error"], False),
        (["correct"], [], False),
    ],
)
def test_a_task_differs_when_its_samples_came_out_otherwise(a: list[str], b: list[str], differing: bool) -> None:
    sides = [tuple(row(0, n, outcome) for n, outcome in enumerate(outcomes)) for outcomes in (a, b)]
    assert differs(Item(name="0", a=sides[0], b=sides[1])) is differing


def test_a_task_of_two_runs_shows_the_mark_of_each_sample() -> None:
    item = Item(name="5", a=(row(5, 0, "correct"), row(5, 1)), b=(row(5, 0, explanation="late"),))
    assert shown(item, 80, two=True) == {" ": "≠", "task": "5", "A": "✓✗", "B": "✗ 0", "why": ""}


def test_many_samples_are_counted() -> None:
    item = Item(name="5", a=tuple(row(5, n, "correct" if n < 3 else "incorrect") for n in range(16)), b=())
    assert (shown(item, 80, two=True)["A"], shown(item, 80, two=True)["B"]) == ("3/16", "-")
