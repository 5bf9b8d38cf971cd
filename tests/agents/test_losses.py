import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from assaygym.agents.aggregations import seq_mean_token_mean
from assaygym.agents.losses import Surrogate, cispo, clip, geometric_mean, plain, sapo
from assaygym.agents.ratios import Ratio, sequence_ratio, token_ratio
from assaygym.errors import ConfigError


def double(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def moved(log_ratios: Tensor) -> Ratio:
    """The ratio of rows without padding, which the policy sampled with log-probability 0."""
    return token_ratio(log_ratios, torch.zeros_like(log_ratios), torch.ones_like(log_ratios))


def at_ratio(ratio: float, advantage: float, **options: float) -> tuple[float, bool]:
    """Loss and clipped flag of one token whose ratio is `ratio`, with bounds 0.8 and 1.3."""
    out = clip(moved(double([[math.log(ratio)]])), double([[advantage]]), low=0.2, high=0.3, **options)
    return float(out.loss_BT), bool(out.clipped_BT)


@pytest.mark.parametrize(
    ("ratio", "advantage", "loss", "clipped"),
    [
        (1.0, 2.0, -2.0, False),
        (1.0, -2.0, 2.0, False),
        (1.2, 2.0, -2.4, False),
        (1.5, 2.0, -2.6, True),  # good and already far more likely: 1.3 * 2
        (0.5, 2.0, -1.0, False),  # good and less likely: pulled back, not clipped
        (0.5, -2.0, 1.6, True),  # bad and already far less likely: 0.8 * 2
        (1.5, -2.0, 3.0, False),
        (5.0, -2.0, 10.0, False),
        (5.0, 0.0, 0.0, False),
    ],
)
def test_clip_gives_the_value_worked_by_hand(ratio: float, advantage: float, loss: float, clipped: bool) -> None:
    given_loss, given_clipped = at_ratio(ratio, advantage)
    assert given_loss == pytest.approx(loss)
    assert given_clipped is clipped


@pytest.mark.parametrize(
    ("ratio", "advantage", "loss", "clipped"),
    [(5.0, -2.0, 6.0, True), (2.9, -2.0, 5.8, False), (5.0, 2.0, -2.6, True), (0.5, -2.0, 1.6, True)],
)
def test_dual_bounds_only_a_negative_advantage(ratio: float, advantage: float, loss: float, clipped: bool) -> None:
    given_loss, given_clipped = at_ratio(ratio, advantage, dual=3.0)
    assert given_loss == pytest.approx(loss)
    assert given_clipped is clipped


@given(st.floats(-3, 3), st.floats(-3, 3).filter(lambda a: abs(a) > 1e-3))
def test_a_clipped_token_has_no_gradient_and_another_has_minus_advantage_times_ratio(
    log_ratio: float, advantage: float
) -> None:
    logps = double([[log_ratio]]).requires_grad_()
    out = clip(moved(logps), double([[advantage]]), dual=3.0)
    (slope,) = torch.autograd.grad(out.loss_BT.sum(), logps)
    expected = 0.0 if bool(out.clipped_BT) else -advantage * math.exp(log_ratio)
    assert float(slope) == pytest.approx(expected)


def test_clip_passes_gradcheck_away_from_its_corners() -> None:
    logps = double([[0.05, 0.6, -0.7], [0.1, -0.1, 0.9]]).requires_grad_()
    advantages = double([[1.5], [-0.5]])
    assert torch.autograd.gradcheck(lambda x: clip(moved(x), advantages, dual=2.0).loss_BT, logps)


def test_an_enormous_log_ratio_stays_finite() -> None:
    out = clip(moved(double([[900.0, -900.0]])), double([[-1.0, 1.0]]))
    assert bool(out.loss_BT.isfinite().all())


@pytest.mark.parametrize("options", [{"low": -0.1}, {"low": 1.5}, {"high": -1.0}, {"dual": 1.0}])
def test_clip_refuses_bounds_outside_their_range(options: dict[str, float]) -> None:
    nought = double([[0.0]])
    with pytest.raises(ConfigError, match="expected"):
        clip(moved(nought), nought, **options)


def slope(surrogate: Callable[[Ratio, Tensor], Surrogate], log_ratio: float, advantage: float) -> float:
    """The gradient of one token's loss by its log-probability."""
    logps = double([[log_ratio]]).requires_grad_()
    (found,) = torch.autograd.grad(surrogate(moved(logps), double([[advantage]])).loss_BT.sum(), logps)
    return float(found)


EVERY = pytest.mark.parametrize("surrogate", [clip, geometric_mean, cispo, sapo, plain])


@EVERY
@given(advantage=st.floats(-3, 3))
def test_on_the_policy_that_sampled_every_surrogate_has_the_policy_gradient(
    surrogate: Callable[[Ratio, Tensor], Surrogate], advantage: float
) -> None:
    assert slope(surrogate, 0.0, advantage) == pytest.approx(-advantage, abs=1e-12)


@EVERY
def test_every_surrogate_passes_gradcheck_but_for_weights_that_are_held_fast(
    surrogate: Callable[[Ratio, Tensor], Surrogate],
) -> None:
    logps = double([[0.05, 0.1, -0.07], [0.1, -0.1, 0.02]]).requires_grad_()
    advantages = double([[1.5], [-0.5]])
    if surrogate is not cispo:
        assert torch.autograd.gradcheck(lambda x: surrogate(moved(x), advantages).loss_BT, logps)
    (by_logps,) = torch.autograd.grad(surrogate(moved(logps), advantages).loss_BT.sum(), logps)
    assert bool((by_logps * advantages < 0).all())


@pytest.mark.parametrize(
    ("ratios", "advantage", "loss", "clipped"),
    [
        ([1.0, 1.0], 2.0, -2.0, [False, False]),
        ([4.0, 1.0], 2.0, -2.0 * math.exp(0.2), [True, False]),  # log 4 is held at 0.4
        ([0.25, 1.0], 2.0, -1.0, [False, False]),  # against the push: free, sqrt(1/4)
        ([0.25, 1.0], -2.0, 2.0 * math.exp(-0.2), [True, False]),
        ([4.0, 1.0], -2.0, 4.0, [False, False]),
    ],
)
def test_geometric_mean_gives_the_value_worked_by_hand(
    ratios: list[float], advantage: float, loss: float, clipped: list[bool]
) -> None:
    out = geometric_mean(moved(double([ratios]).log()), double([[advantage]]))
    assert out.loss_BT.tolist() == [pytest.approx([loss, loss])]
    assert out.clipped_BT.tolist() == [clipped]


def test_a_row_counts_once_in_the_geometric_mean_however_long_it_is() -> None:
    mask = double([[1.0, 1, 1, 1], [1.0, 0, 0, 0]])
    ratio = token_ratio(double([[0.1] * 4, [0.2, 9, 9, 9]]), double([[0.0] * 4] * 2), mask)
    loss = (geometric_mean(ratio, double([[1.0], [2.0]])).loss_BT * seq_mean_token_mean(mask)).sum()
    assert float(loss) == pytest.approx((-math.exp(0.1) - 2 * math.exp(0.2)) / 2)


@pytest.mark.parametrize(
    ("ratio", "low", "weight"), [(2.0, None, 2.0), (9.0, None, 5.0), (0.01, None, 0.01), (0.01, 0.8, 0.8)]
)
def test_cispo_keeps_the_gradient_of_every_token_under_a_held_weight(
    ratio: float, low: float | None, weight: float
) -> None:
    assert slope(lambda r, a: cispo(r, a, low=low), math.log(ratio), -3.0) == pytest.approx(3.0 * weight)
    out = cispo(moved(double([[math.log(ratio)]])), double([[1.0]]), low=low)
    assert bool(out.clipped_BT) is (weight != pytest.approx(ratio))


@pytest.mark.parametrize(("advantage", "tau"), [(2.0, 1.0), (-2.0, 1.05)])
@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0])
def test_sapo_weighs_the_gradient_by_a_gate_that_closes_on_both_sides(
    ratio: float, advantage: float, tau: float
) -> None:
    gate = 1 / (1 + math.exp(-tau * (ratio - 1)))
    expected = -advantage * 4 * gate * (1 - gate) * ratio
    assert slope(sapo, math.log(ratio), advantage) == pytest.approx(expected)


def test_at_the_level_of_rows_a_clipped_row_loses_its_whole_gradient() -> None:
    logps = double([[0.5, -0.1, 0.2], [0.01, 0.02, 0.0]]).requires_grad_()
    mask = torch.ones(2, 3, dtype=torch.float64)
    out = clip(sequence_ratio(logps, torch.zeros_like(mask), mask), double([[1.0], [1.0]]), low=0.1, high=0.1)
    (by_logps,) = torch.autograd.grad((out.loss_BT * seq_mean_token_mean(mask)).sum(), logps)
    assert out.clipped_BT.tolist() == [[True] * 3, [False] * 3]
    assert by_logps[0].tolist() == [0.0] * 3
    assert by_logps[1].tolist() == pytest.approx([-math.exp(0.01) / 6] * 3)


@pytest.mark.parametrize(
    "refused",
    [
        lambda r, a: geometric_mean(r, a, bound=0.0),
        lambda r, a: cispo(r, a, high=0.0),
        lambda r, a: cispo(r, a, low=6.0),
        lambda r, a: sapo(r, a, positive=0.0),
        lambda r, a: sapo(r, a, negative=-1.0),
    ],
)
def test_a_setting_outside_its_range_is_refused(refused: Callable[[Ratio, Tensor], Surrogate]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        refused(moved(double([[0.0]])), double([[1.0]]))
