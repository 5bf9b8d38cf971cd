"""Weighted verifiers."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.errors import ConfigError
from assaygym.types import Score, Verdict
from assaygym.verifiers import Rubric, exact, judge, number


def short(response: str, answer: object) -> float:
    return 1.0 if len(response) < 10 else 0.5


def broken(response: str, answer: object) -> bool:
    raise RuntimeError("no")


class Constant:
    def __init__(self, value: float) -> None:
        self.value = value

    def __call__(self, response: object, answer: object) -> float:
        return self.value


def test_the_value_is_the_weighted_mean_and_metrics_carry_the_parts() -> None:
    score = Rubric([number(), short], [3, 1])("The answer is 42", "42")
    assert score.value == pytest.approx(0.875)
    assert score.verdict is Verdict.PARTIAL
    assert score.metrics == {"number": 1.0, "short": 0.5}
    assert "short 0.5" in score.explanation


def test_parts_may_be_named() -> None:
    rubric = Rubric({"right": number(), "brief": short}, {"brief": 1, "right": 1})
    assert rubric("42", "42").verdict is Verdict.CORRECT
    assert rubric.weights == {"right": 0.5, "brief": 0.5}


def test_the_primary_part_decides_the_verdict_and_the_mean_stays_the_value() -> None:
    score = Rubric([short, number()], [1, 1], primary="number")("The answer is 42", "42")
    assert (score.verdict, score.value, score.extracted) == (Verdict.CORRECT, 0.75, "42")


def test_one_invalid_part_makes_the_whole_invalid() -> None:
    score = Rubric([number(), broken])("42", "42")
    assert score.verdict is Verdict.INVALID
    assert "broken: verifier broken failed: RuntimeError: no" in score.explanation


def test_an_unparsed_part_counts_as_zero() -> None:
    score = Rubric([number(), exact()])("words", "42")
    assert (score.value, score.verdict) == (0.0, Verdict.INCORRECT)


def test_flags_of_the_parts_are_kept() -> None:
    assert Rubric([number(), short])("The answer is 3 or 4", "3").flags == ("hedged",)


def test_a_rubric_is_a_verifier_and_can_be_nested_and_pickled() -> None:
    rubric = Rubric({"inner": Rubric([number()]), "exact": exact()}, [1, 3])
    assert judge(pickle.loads(pickle.dumps(rubric)), "42", "42").value == 1.0
    assert rubric("42", "42").metrics["inner/number"] == 1.0


@pytest.mark.parametrize(
    ("parts", "weights", "primary", "sentence"),
    [
        ([], None, None, "at least one"),
        ([short, short], None, None, "same name"),
        ([short], [1, 2], None, "2 weights for 1"),
        ([short], [-1], None, "zero or more"),
        ([short], [math.nan], None, "finite"),
        ([short], [math.inf], None, "finite"),
        ([short], [0], None, "all weights"),
        ({"a": short}, {"b": 1}, None, "weights are given for b"),
        ([short], None, "long", "primary part 'long'"),
    ],
)
def test_a_rubric_that_means_nothing_is_refused(parts: Any, weights: Any, primary: str | None, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        Rubric(parts, weights, primary=primary)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1e6)), min_size=1, max_size=6))
def test_the_value_stays_within_its_parts(pairs: list[tuple[float, float]]) -> None:
    values, weights = [value for value, _ in pairs], [weight + 1e-9 for _, weight in pairs]
    rubric = Rubric({str(i): Constant(value) for i, value in enumerate(values)}, weights)
    score = rubric("", "")
    assert min(values) - 1e-9 <= score.value <= max(values) + 1e-9


def test_parts_that_are_all_right_give_exactly_one() -> None:
    rubric = Rubric({str(i): Constant(1.0) for i in range(7)}, [0.1] * 7)
    assert rubric("", "") == Score.of(1.0, metrics=rubric("", "").metrics, explanation=rubric("", "").explanation)
