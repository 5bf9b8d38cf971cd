"""Final states: what is required happened, and nothing else."""

from __future__ import annotations

import datetime
import math
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.errors import VerifierError
from assaygym.types import Verdict
from assaygym.verifiers import judge, state_equals
from assaygym.verifiers.state import ABSENT, Change, diff


@dataclass
class Order:
    status: str
    items: list[str]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({"a": 1}, {"a": 2}, [Change("['a']", 1, 2)]),
        ({"a": 1}, {}, [Change("['a']", 1, ABSENT)]),
        ({}, {"b": 2}, [Change("['b']", ABSENT, 2)]),
        ([1, 2], [1], [Change("[1]", 2, ABSENT)]),
        ({1, 2}, {2, 3}, [Change("{1}", 1, ABSENT), Change("{3}", ABSENT, 3)]),
        (Order("open", ["a"]), Order("open", ["b"]), [Change(".items[0]", "a", "b")]),
        ({"o": Order("open", [])}, {"o": Order("sent", [])}, [Change("['o'].status", "open", "sent")]),
        ([1], (1,), [Change("", [1], (1,))]),
        (1, True, [Change("", 1, True)]),
        (1, 1.0, [Change("", 1, 1.0)]),
        ({1}, {True}, [Change("{1}", 1, ABSENT), Change("{True}", ABSENT, True)]),
        (Decimal("1"), 1, [Change("", Decimal("1"), 1)]),
        (None, 0, [Change("", None, 0)]),
        (OrderedDict(a=1), {"a": 1}, [Change("", OrderedDict(a=1), {"a": 1})]),
    ],
)
def test_every_difference_is_told_by_path_and_types_are_strict(before: Any, after: Any, changes: list[Change]) -> None:
    found = diff(before, after)
    assert [(item.path, item.before, item.after) for item in found] == [(c.path, c.before, c.after) for c in changes]
    assert [type(item.after) for item in found] == [type(c.after) for c in changes]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (math.nan, math.nan),
        (defaultdict(list, a=[1]), defaultdict(list, a=[1])),
        (datetime.date(2024, 1, 1), datetime.date(2024, 1, 1)),
        ({(1, "a"): {2, 3}}, {(1, "a"): {3, 2}}),
    ],
)
def test_equal_states_have_no_difference(before: object, after: object) -> None:
    assert diff(before, after) == ()


@given(PLAIN)
def test_a_state_never_differs_from_itself(state: object) -> None:
    assert diff(state, state) == ()


@given(PLAIN, PLAIN)
def test_a_difference_one_way_is_a_difference_the_other_way(left: object, right: object) -> None:
    assert len(diff(left, right)) == len(diff(right, left))


INITIAL = {"A1": "paid", "B2": "paid"}
EXPECTED = {"A1": "refunded", "B2": "paid"}


def test_the_expected_state_is_correct() -> None:
    score = state_equals(INITIAL)({"A1": "refunded", "B2": "paid"}, EXPECTED)
    assert score.verdict is Verdict.CORRECT
    assert score.metrics == {"missing": 0.0, "unexpected": 0.0}


def test_a_required_change_that_was_not_made_is_named() -> None:
    score = state_equals(INITIAL)(dict(INITIAL), EXPECTED)
    assert score.value == 0.0
    assert score.explanation == "state: required but missing: ['A1'] should be 'refunded', is 'paid'"


def test_a_change_that_nobody_asked_for_is_named() -> None:
    score = state_equals(INITIAL)({"A1": "refunded", "B2": "refunded", "C3": "new"}, EXPECTED)
    assert score.value == 0.0
    assert (
        "not asked for: ['B2'] should be 'paid', is 'refunded', ['C3'] should be absent, is 'new'" in score.explanation
    )
    assert score.metrics == {"missing": 0.0, "unexpected": 2.0}


def test_without_the_initial_state_the_verdict_is_the_same() -> None:
    assert state_equals()(dict(INITIAL), EXPECTED).verdict is Verdict.INCORRECT
    assert state_equals()(dict(EXPECTED), EXPECTED).verdict is Verdict.CORRECT


def test_a_long_list_of_differences_is_cut() -> None:
    score = state_equals()(list(range(50)), [])
    assert score.explanation.endswith("and 40 more")


class Spoof:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def test_an_object_that_claims_to_equal_anything_is_refused() -> None:
    assert judge(state_equals(), {"a": Spoof()}, {"a": 1}).verdict is Verdict.INVALID
    with pytest.raises(VerifierError, match=r"a Spoof at \['a'\]; expected plain data"):
        diff({"a": Spoof()}, {"a": Spoof()})


def test_a_state_that_holds_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(VerifierError, match="nested deeper than 100"):
        diff(loop, loop)


def test_a_change_reads_as_a_sentence() -> None:
    assert str(Change("['a']", ABSENT, "x" * 100)).startswith("['a']: absent -> 'xxx")
