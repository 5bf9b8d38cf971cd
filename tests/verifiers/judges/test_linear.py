"""Weighted sums of propositions."""

from __future__ import annotations

import json
import math
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.errors import ConfigError, DataError, VerifierError
from assaygym.types import Verdict
from assaygym.verifiers import LinearRubric, Rubric, choice, exact, judge
from assaygym.verifiers.judges import features_of
from assaygym.verifiers.judges.base import OPINION


def polite(response: str, answer: object) -> bool:
    return "please" in response


def length(response: str, answer: object) -> float:
    return min(1.0, len(response) / 100)


def broken(response: str, answer: object) -> bool:
    raise RuntimeError("no")


def found_in(name: str, response: dict[str, float], answer: object) -> float:
    return response[name]


GRADERS: dict[str, Any] = {"polite": polite, "long": length}


@pytest.mark.parametrize(
    ("response", "total", "value"),
    [
        ("please", 3.0 - 0.06, (3.0 - 0.06 + 1) / 4),
        ("", 0.0, 0.25),
        ("x" * 100, -1.0, 0.0),
        ("please" + "x" * 94, 2.0, 0.75),
    ],
)
def test_the_value_is_the_place_of_the_sum_in_its_range(response: str, total: float, value: float) -> None:
    score = LinearRubric(GRADERS, {"polite": 3.0, "long": -1.0})(response, None)
    assert score.metrics["sum"] == pytest.approx(total)
    assert score.value == pytest.approx(value)


def test_metrics_carry_what_each_grader_found_and_the_explanation_the_weights() -> None:
    score = LinearRubric(GRADERS, {"polite": 3.0, "long": -1.0})("please", None)
    assert (score.metrics["polite"], score.metrics["long"]) == (1.0, 0.06)
    assert "polite 1 x 3; long 0.06 x -1" in score.explanation


def test_weighted_proofs_are_an_opinion() -> None:
    assert LinearRubric({"right": exact()}, {"right": 1.0})("42", "42").flags == (OPINION,)


def test_one_grader_that_fails_makes_the_whole_invalid() -> None:
    score = LinearRubric({"polite": polite, "broken": broken}, {"polite": 1, "broken": 1})("please", None)
    assert score.verdict is Verdict.INVALID
    assert "broken: verifier broken failed: RuntimeError: no" in score.explanation


def test_an_unparsed_grader_counts_as_zero() -> None:
    rubric = LinearRubric({"polite": polite, "choice": choice()}, {"polite": 1, "choice": 1})
    assert rubric("please", "A").value == 0.5


def test_it_is_a_part_of_other_rubrics() -> None:
    inner = LinearRubric(GRADERS, {"polite": 1, "long": 0})
    score = judge(Rubric({"manners": inner, "right": exact()}), "please", "please")
    assert (score.value, score.metrics["manners/sum"], score.flags) == (1.0, 1.0, (OPINION,))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(-1e6, 1e6)), min_size=1, max_size=5))
def test_the_value_keeps_the_order_of_the_sum(pairs: list[tuple[float, float]]) -> None:
    weights = {str(i): weight or 1.0 for i, (_, weight) in enumerate(pairs)}
    found = {str(i): value for i, (value, _) in enumerate(pairs)}
    rubric = LinearRubric({name: partial(found_in, name) for name in weights}, weights)
    better = {name: 1.0 if weight > 0 else 0.0 for name, weight in weights.items()}
    assert 0 <= rubric(found, None).value <= rubric(better, None).value == 1.0


def test_saved_weights_make_the_same_rubric(tmp_path: Path) -> None:
    rubric = LinearRubric(GRADERS, {"long": -0.1, "polite": 1 / 3})
    rubric.save(tmp_path / "weights.json")
    again = LinearRubric.load(tmp_path / "weights.json", GRADERS)
    assert again.weights == rubric.weights
    assert again("please", None) == rubric("please", None)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"kind": "linear rubric", "weights": {"polite": "1"}}', '{"weights": {"polite": 1}}']
)
def test_a_file_without_weights_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "weights.json").write_text(content)
    with pytest.raises(DataError, match=r"weights\.json"):
        LinearRubric.load(tmp_path / "weights.json", GRADERS)


def test_a_file_that_is_missing_or_of_other_graders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read the weights"):
        LinearRubric.load(tmp_path / "none.json", GRADERS)
    (tmp_path / "other.json").write_text(json.dumps({"kind": "linear rubric", "weights": {"kind": 1}}))
    with pytest.raises(ConfigError, match="weights are given for kind; the graders are polite, long"):
        LinearRubric.load(tmp_path / "other.json", GRADERS)


@pytest.mark.parametrize(
    "weights", [{}, {"polite": 1}, {"polite": 0, "long": 0}, {"polite": math.nan, "long": 1}, {"polite": 1, "x": 1}]
)
def test_weights_that_mean_nothing_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        LinearRubric(GRADERS, weights)


def test_features_are_what_the_graders_find_and_a_failure_is_none() -> None:
    assert features_of(GRADERS, "please", None) == {"polite": 1.0, "long": 0.06}
    with pytest.raises(VerifierError, match="broken"):
        features_of({"broken": broken}, "please", None)
