"""Weights from ranked answers."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assaygym.errors import ConfigError, DataError
from assaygym.verifiers import LinearRubric, fit_linear
from assaygym.verifiers.judges import Example


def ranked(*answers: tuple[float, dict[str, float]], group: str = "q") -> list[Example]:
    return [Example(group, grade, features) for grade, features in answers]


def objective(examples: list[Example], weights: dict[str, float], l2: float, margin: float = 1.0) -> float:
    """The definition, pair by pair."""
    losses = [
        max(0.0, margin - sum(weights[n] * (one.features[n] - other.features[n]) for n in weights))
        for one in examples
        for other in examples
        if one.group == other.group and one.grade > other.grade
    ]
    return sum(losses) / len(losses) + l2 / 2 * sum(weight**2 for weight in weights.values())


@pytest.mark.parametrize(("l2", "margin", "weight"), [(1e-3, 1.0, 1.0), (2.0, 1.0, 0.5), (1e-3, 5.0, 5.0)])
def test_one_pair_by_hand(l2: float, margin: float, weight: float) -> None:
    """`max(0, m - w) + l2 w² / 2` is least at min(m, 1 / l2)."""
    fit = fit_linear(ranked((1, {"a": 1.0}), (0, {"a": 0.0})), l2=l2, margin=margin)
    assert fit.weights["a"] == pytest.approx(weight, abs=1e-3)
    assert fit.loss == pytest.approx(margin - weight, abs=1e-3)
    assert (fit.pairs, fit.ordered) == (1, 1.0)


def test_a_fault_gets_a_negative_weight_and_what_does_not_matter_none() -> None:
    rows = [(3.0 - 2 * fault, {"fault": fault, "noise": noise}) for fault in (0.0, 1.0) for noise in (0.0, 1.0)]
    fit = fit_linear(ranked(*rows))
    assert fit.weights == {"fault": pytest.approx(-1, abs=1e-3), "noise": pytest.approx(0, abs=1e-3)}


def test_answers_of_different_groups_or_of_one_grade_are_not_compared() -> None:
    examples = [
        *ranked((5, {"a": 0.0}), (5, {"a": 1.0}), group="equal"),
        *ranked((1, {"a": 1.0}), (0, {"a": 0.0}), group="ranked"),
    ]
    assert fit_linear(examples).pairs == 1


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 1), st.floats(0, 1), st.sampled_from([0.0, 1.0])),
    min_size=2,
    max_size=12,
).filter(lambda rows: any(a[0] != b[0] and a[1] == b[1] for a in rows for b in rows))


NEARLY_EQUAL = [(0, 0, 0.75, 0.0), (0, 1, 0.0, 1.0), (1, 0, 0.1875, 1.0), (1, 0, 0.185546875, 1.0), (1, 1, 0.5, 0.0)]


@settings(max_examples=40)
@example(NEARLY_EQUAL, 0.01, 0)
@given(ROWS, st.sampled_from([0.01, 0.1, 1.0]), st.integers(0, 2**32 - 1))
def test_no_other_weights_are_better_by_more_than_the_gap(rows: Any, l2: float, seed: int) -> None:
    examples = [Example(str(group), float(grade), {"a": a, "b": b}) for grade, group, a, b in rows]
    fit = fit_linear(examples, l2=l2)
    best = objective(examples, fit.weights, l2)
    assert fit.gap <= 1e-6
    rng = np.random.default_rng(seed)
    for spread in (1e-3, 0.1, 3.0):
        moved = {name: weight + rng.normal() * spread for name, weight in fit.weights.items()}
        assert best <= objective(examples, moved, l2) + 2e-6


@given(ROWS, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_the_groups_matters(rows: Any, random: Any) -> None:
    examples = [Example(str(group), float(grade), {"a": a, "b": b}) for grade, group, a, b in rows]
    again = [Example(f"{one.group}'", one.grade, one.features) for one in examples] + examples
    random.shuffle(again)
    one, other = fit_linear(examples, l2=0.1), fit_linear(again, l2=0.1)
    for name in one.weights:
        assert one.weights[name] == pytest.approx(other.weights[name], abs=1e-2)
    assert fit_linear(examples, l2=0.1) == one


def found_in(name: str, response: dict[str, float], answer: object) -> float:
    return response[name]


def test_fitted_weights_rank_new_answers_as_the_hidden_ones_do() -> None:
    hidden = {"a": 2.0, "b": -1.0, "c": 0.5}
    rng = np.random.default_rng(0)

    def answers(group: str) -> list[Example]:
        drawn = [{name: float(rng.random() < 0.5) for name in hidden} for _ in range(5)]
        return [Example(group, sum(hidden[n] * f[n] for n in hidden) + 0.1 * rng.normal(), f) for f in drawn]

    fit = fit_linear([one for group in range(30) for one in answers(str(group))])
    rubric = LinearRubric({name: partial(found_in, name) for name in hidden}, fit.weights)
    new = [one for group in range(30, 60) for one in answers(str(group))]
    pairs = [
        (rubric(one.features, None).value, rubric(other.features, None).value)
        for one in new
        for other in new
        if one.group == other.group and one.grade > other.grade + 0.4
    ]
    assert sum(better > worse for better, worse in pairs) / len(pairs) > 0.97


def test_a_fixed_weight_stays_and_the_others_make_up_for_it() -> None:
    rows = [(1, {"model": 0.2, "polite": 1.0, "noise": 0.0}), (0, {"model": 0.9, "polite": 0.0, "noise": 1.0})]
    fit = fit_linear(ranked(*rows), fixed={"model": 1.0, "noise": 0.0})
    assert (fit.weights["model"], fit.weights["noise"]) == (1.0, 0.0)
    assert fit.weights["polite"] == pytest.approx(1.7, abs=1e-3)


def test_many_pairs_of_many_features_are_fitted_in_few_steps() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.random((300, 12))
    examples = [
        Example(str(n % 30), float(row.sum()), {str(i): v for i, v in enumerate(row)}) for n, row in enumerate(drawn)
    ]
    fit = fit_linear(examples, max_rounds=40)
    assert fit.pairs == 1350
    assert fit.ordered > 0.98
    assert fit.gap <= 1e-6


def test_too_few_steps_are_told_by_the_gap() -> None:
    fit = fit_linear(ranked((1, {"a": 1.0}), (0, {"a": 0.0})), max_rounds=1)
    assert fit.gap > 1e-6


def test_answers_that_no_feature_tells_apart_leave_the_weights_at_zero() -> None:
    fit = fit_linear(ranked((1, {"a": 1.0}), (0, {"a": 1.0})))
    assert (fit.weights, fit.loss, fit.ordered, fit.gap) == ({"a": 0.0}, 1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    "examples",
    [
        [],
        ranked((1, {"a": 1.0})),
        ranked((1, {"a": 1.0}), (1, {"a": 0.0})),
        ranked((1, {"a": 1.0}), (0, {"b": 0.0})),
        ranked((1, {"a": math.nan}), (0, {"a": 0.0})),
        ranked((math.nan, {"a": 1.0}), (0, {"a": 0.0})),
    ],
)
def test_examples_that_rank_nothing_are_refused(examples: list[Example]) -> None:
    with pytest.raises(DataError, match="example"):
        fit_linear(examples)


@pytest.mark.parametrize(
    "options", [{"margin": 0}, {"l2": 0}, {"tolerance": 0}, {"max_rounds": 0}, {"fixed": {"x": 1}}]
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        fit_linear(ranked((1, {"a": 1.0}), (0, {"a": 0.0})), **options)
