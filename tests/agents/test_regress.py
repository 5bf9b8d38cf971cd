"""Regressions against values worked by hand, by their gradients, and whole however they are cut."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from assaygym.agents.aggregations import seq_mean_token_mean
from assaygym.agents.regress import group_regression, log_partition, quantile, reference_regression
from assaygym.errors import ConfigError


def double(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


BASE = double([[-1.0, -1, -1], [-1, -1, -1], [-1, -1, 9], [-1, 9, 9]])
LOGPS = double([[-0.5, -1, -1.5], [-1, -1, 0], [-2, -1, 7], [-1.5, 7, 7]])
MASK = double([[1.0, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0]])
GROUPS = torch.tensor([4, 4, 7, 7])
EPISODES = torch.tensor([0, 1, 2, 3])
MOVED = [0.0, 1.0, -1.0, -0.5]
"""The sum of the log-ratios of each row."""


def by_group(
    logps_BT: Tensor = LOGPS, advantages: object = ((0.5,), (-0.5,), (1.0,), (-1.0,)), **beta: float
) -> Tensor:
    given_BT = double(advantages).expand_as(MASK)
    return group_regression(logps_BT, BASE, MASK, given_BT, GROUPS, EPISODES, **beta).loss_BT


# -- GVPO ------------------------------------------------------------------------------------------------------------


def test_the_loss_of_a_group_is_half_the_variance_of_what_its_ratios_lack() -> None:
    loss = float((by_group(beta=2.0) * seq_mean_token_mean(MASK)).sum())
    first = [2 * (0 - 0.5) - 0.5, 2 * (1 - 0.5) + 0.5]
    second = [2 * (-1 + 0.75) - 1.0, 2 * (-0.5 + 0.75) + 1.0]
    expected = [sum(0.5 * gap**2 for gap in group) / (2 - 1) for group in (first, second)]
    assert loss == pytest.approx(sum(expected) / 2)


def test_the_gradient_is_the_weight_of_the_papers_equation_though_the_mean_moves_too() -> None:
    logps = LOGPS.clone().requires_grad_()
    (by_logps,) = torch.autograd.grad((by_group(logps, beta=2.0) * seq_mean_token_mean(MASK)).sum(), logps)
    weights = [0.5 - 2 * (0 - 0.5), -0.5 - 2 * (1 - 0.5), 1 - 2 * (-1 + 0.75), -1 - 2 * (-0.5 + 0.75)]
    expected = -2.0 * double(weights).unsqueeze(1) * MASK / 2  # two groups, G - 1 = 1
    torch.testing.assert_close(by_logps, expected)


def test_ratios_that_differ_as_the_rewards_do_cost_nothing() -> None:
    fitting = [[moved - 0.5] for moved in MOVED[:2]] + [[moved + 0.75] for moved in MOVED[2:]]
    assert bool((by_group(advantages=fitting, beta=1.0).abs() < 1e-12).all())


def test_a_group_of_one_has_no_gradient() -> None:
    logps = LOGPS[:1].clone().requires_grad_()
    out = group_regression(logps, BASE[:1], MASK[:1], double([[0.0]]).expand(1, 3), GROUPS[:1], EPISODES[:1])
    (by_logps,) = torch.autograd.grad(out.loss_BT.sum(), logps)
    assert not bool(by_logps.any())
    assert not bool(out.loss_BT.any())


@given(st.floats(0.05, 2), st.permutations(range(4)))
def test_whole_groups_in_parts_of_the_batch_have_the_gradient_of_the_batch(beta: float, order: list[int]) -> None:
    """In any order of the rows, as a split into micro-batches may have it."""
    weights, advantages = seq_mean_token_mean(MASK), double([[0.5], [-0.5], [1.0], [-1.0]]).expand_as(MASK)
    whole = LOGPS.clone().requires_grad_()
    (by_group(whole, beta=beta) * weights).sum().backward()  # type: ignore[no-untyped-call]
    parts = LOGPS.clone().requires_grad_()
    for label in (4, 7):
        rows = [row for row in order if GROUPS[row] == label]
        part = (parts[rows], BASE[rows], MASK[rows], advantages[rows], GROUPS[rows], EPISODES[rows])
        loss = group_regression(*part, beta=beta).loss_BT * weights[rows]
        loss.sum().backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(parts.grad, whole.grad)


def test_the_rows_of_an_episode_are_one() -> None:
    """An episode in two rows has the sum of both, and the loss of the same episode in one row."""
    logps, base = double([[-0.5, -1.0], [-2.0, -1.0], [-1.0, -3.0]]), double([[-1.0, -1.0]] * 3)
    given_BT, ones = double([[0.3], [0.3], [-0.3]]).expand(3, 2), torch.ones(3, 2, dtype=torch.float64)
    zeros, episodes = torch.zeros(3, dtype=torch.int64), torch.tensor([5, 5, 6])
    split = group_regression(logps, base, ones, given_BT, zeros, episodes, beta=1.0).loss_BT[:, 0]
    gap = (-0.5 - (-0.5 - 2) / 2) - 0.3
    assert split.tolist() == pytest.approx([gap**2 / 2, gap**2 / 2, gap**2])


# -- QRPO ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transform", "target"),
    [
        ("identity", 0.75 - 0.5 * math.log(0.5 * (math.exp(2) - 1))),
        ("log", math.log(0.75) - 0.5 * math.log(0.5 / 1.5)),
    ],
)
def test_the_log_ratio_to_the_reference_is_to_be_the_calibrated_quantile(transform: str, target: float) -> None:
    quantiles = double([[0.75]]).expand_as(MASK)
    out = reference_regression(LOGPS, BASE, MASK, quantiles, EPISODES, beta=0.5, transform=transform)  # type: ignore[arg-type]
    assert out.loss_BT[:, 0].tolist() == pytest.approx([(target - 0.5 * moved) ** 2 for moved in MOVED])


@pytest.mark.parametrize("transform", ["identity", "log"])
@pytest.mark.parametrize("beta", [0.1, 1.0])
def test_the_partition_is_the_integral_over_uniform_quantiles(transform: str, beta: float) -> None:
    points = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    reward = points.log() if transform == "log" else points
    assert log_partition(beta, transform) == pytest.approx(float((reward / beta).exp().mean().log()), abs=1e-5)  # type: ignore[arg-type]


def test_a_small_beta_does_not_overflow() -> None:
    assert log_partition(1e-4, "identity") == pytest.approx(1e4 + math.log(1e-4))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0, 1), st.floats(0, 1))
def test_a_better_reward_never_has_a_smaller_quantile(references: list[float], one: float, other: float) -> None:
    found = quantile(double([min(one, other), max(one, other)]), double([references, references]))
    assert 0 < float(found[0]) <= float(found[1]) <= 1


def test_references_that_nobody_judged_do_not_count() -> None:
    found = quantile(double([0.5, 0.5]), double([[0.1, math.nan, 0.9], [math.nan] * 3]))
    assert found[0] == 0.5
    assert bool(found[1].isnan())


def test_regressions_pass_gradcheck() -> None:
    logps = LOGPS.clone().requires_grad_()
    half = torch.full_like(MASK, 0.5)
    assert torch.autograd.gradcheck(lambda x: by_group(x, beta=0.7), logps)
    assert torch.autograd.gradcheck(lambda x: reference_regression(x, BASE, MASK, half, EPISODES).loss_BT, logps)


@pytest.mark.parametrize("beta", [0.0, -1.0])
def test_a_beta_not_above_zero_is_refused(beta: float) -> None:
    with pytest.raises(ConfigError, match="above 0"):
        by_group(beta=beta)
    with pytest.raises(ConfigError, match="above 0"):
        log_partition(beta, "log")
