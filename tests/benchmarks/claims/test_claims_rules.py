"""The rules by which a claim holds or not: fixed before anything is measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.benchmarks.claims.claim import (
    Check,
    Claim,
    Figures,
    Verdict,
    above,
    alike,
    below,
    t_interval,
    verdict_of,
)
from assaygym.errors import DataError


def verdict(check: Check, left: Sequence[float], right: Sequence[float]) -> Verdict:
    return check.found([{"a": a, "b": b} for a, b in zip(left, right, strict=True)]).verdict


def claim(*checks: Check, says: str = "It is so.") -> Claim:
    return Claim(name="c", source="s", says=says, setting="t", checks=checks, measure=lambda seed, quick: {})


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ([1.0, 1.1, 0.9, 1.0, 1.05], Verdict.HELD),
        ([3.0, 3.1, 2.9, 3.0, 3.05], Verdict.FAILED),
        ([1.0, 3.0, 2.5, 1.2, 2.2], Verdict.UNDECIDED),
        ([1.0] * 5, Verdict.HELD),
        ([2.0] * 5, Verdict.FAILED),
    ],
    ids=["less", "more", "both", "less, exactly", "the same, exactly"],
)
def test_less_holds_where_the_whole_interval_is_below(left: list[float], expected: Verdict) -> None:
    assert verdict(below("less", "a", "b"), left, [2.0] * 5) is expected
    assert verdict(above("more", "b", "a"), left, [2.0] * 5) is expected
    assert verdict(below("less", "a", "b", ratio=True), left, [2.0] * 5) is expected


def test_pairs_count_not_the_spread_between_seeds() -> None:
    wide = [1.0, 20.0, 5.0, 40.0, 11.0]
    assert verdict(below("less", "a", "b"), [value - 0.5 for value in wide], wide) is Verdict.HELD


def test_a_loss_may_be_allowed_for() -> None:
    check = above("not below by 0.05", "a", "b", by=-0.05)
    assert verdict(check, [0.48, 0.49, 0.47], [0.5, 0.5, 0.5]) is Verdict.HELD
    assert verdict(check, [0.40, 0.41, 0.39], [0.5, 0.5, 0.5]) is Verdict.FAILED
    assert verdict(below("half", "a", "b", ratio=True, by=0.55), [1.0, 1.01], [2.0, 2.0]) is Verdict.HELD


def test_being_alike_has_two_borders() -> None:
    check = alike("the same", "a", "b", within=0.15)
    assert verdict(check, [1.0, 1.02, 0.98], [1.0, 1.0, 1.0]) is Verdict.HELD
    assert verdict(check, [1.5, 1.52, 1.48], [1.0, 1.0, 1.0]) is Verdict.FAILED
    assert verdict(check, [0.5, 0.52, 0.48], [1.0, 1.0, 1.0]) is Verdict.FAILED
    assert verdict(check, [0.5, 1.5, 1.0], [1.0, 1.0, 1.0]) is Verdict.UNDECIDED


def test_a_figure_may_be_held_against_a_number() -> None:
    found = below("under 0.1", "a", 0.1).found([{"a": 0.02}, {"a": 0.03}])
    assert found.verdict is Verdict.HELD
    assert found.effect == pytest.approx(-0.075)


def test_a_ratio_is_told_by_its_geometric_mean_and_interval() -> None:
    found = below("less", "a", "b", ratio=True).found([{"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 8.0}])
    assert found.effect == pytest.approx(0.25)
    assert found.interval.low < 0.25 < found.interval.high
    assert found.ratio


def test_one_seed_decides_nothing() -> None:
    found = below("less", "a", "b").found([{"a": 0.0, "b": 9.0}])
    assert found.verdict is Verdict.UNDECIDED
    assert math.isnan(found.interval.low)


def test_a_ratio_to_nothing_decides_nothing() -> None:
    assert verdict(below("less", "a", "b", ratio=True), [0.0, 1.0, 1.0], [1.0, 2.0, 2.0]) is Verdict.UNDECIDED


@pytest.mark.parametrize("row", [{"a": 1.0}, {"a": math.nan, "b": 1.0}], ids=["missing", "not a number"])
def test_a_figure_that_is_missing_is_an_error(row: Figures) -> None:
    with pytest.raises(DataError, match="expected figures of one seed"):
        below("less", "a", "b").found([row, row])


def test_the_worst_check_that_decides_is_the_verdict() -> None:
    low, high, both = [1.0] * 3, [2.0] * 3, [1.0, 3.0, 2.0]
    rows = [{"low": a, "high": b, "both": c} for a, b, c in zip(low, high, both, strict=True)]
    holds, fails, open_ = below("h", "low", "high"), below("f", "high", "low"), below("u", "both", "high")
    beside = below("b", "high", "low", decides=False)
    assert verdict_of(claim(holds, beside).findings(rows)) is Verdict.HELD
    assert verdict_of(claim(holds, open_).findings(rows)) is Verdict.UNDECIDED
    assert verdict_of(claim(open_, fails, holds).findings(rows)) is Verdict.FAILED


def test_another_sentence_or_rule_is_another_claim() -> None:
    check = below("less", "a", "b")
    keys = {
        claim(check).key,
        claim(check, says="Else.").key,
        claim(below("less", "a", "b", by=1.0)).key,
        claim(below("less", "a", "b", decides=False)).key,
    }
    assert len(keys) == 4
    assert claim(check).key == claim(check).key


def test_the_interval_is_students() -> None:
    found = t_interval([1.0, 2.0, 3.0])
    assert found.low == pytest.approx(2 - 4.30265 / math.sqrt(3), abs=1e-4)
    assert found.high == pytest.approx(2 + 4.30265 / math.sqrt(3), abs=1e-4)


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=8), st.floats(-5, 5))
def test_an_interval_holds_the_mean_and_moves_with_the_values(values: list[float], shift: float) -> None:
    found, moved = t_interval(values), t_interval([value + shift for value in values])
    assert found.low - 1e-9 <= sum(values) / len(values) <= found.high + 1e-9
    assert moved.low == pytest.approx(found.low + shift, abs=1e-6)


@given(st.lists(st.tuples(st.floats(0.1, 10), st.floats(0.1, 10)), min_size=2, max_size=6), st.booleans())
def test_less_and_more_never_both_hold(pairs: list[tuple[float, float]], ratio: bool) -> None:
    made: list[Callable[..., Check]] = [below, above]
    rows = [{"a": a, "b": b} for a, b in pairs]
    verdicts = [make("x", "a", "b", ratio=ratio).found(rows).verdict for make in made]
    assert verdicts != [Verdict.HELD, Verdict.HELD]
    assert (verdicts[0] is Verdict.UNDECIDED) == (verdicts[1] is Verdict.UNDECIDED)
