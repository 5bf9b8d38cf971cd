import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from assaygym.agents.losses import clip, k3, seq_mean_token_mean, seq_sum_const, token_mean
from assaygym.errors import ConfigError

MASK = [[0.0, 1, 1, 1], [0.0, 1, 0, 0], [0.0, 0, 0, 0]]


def double(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def at_ratio(ratio: float, advantage: float, **options: float) -> tuple[float, bool]:
    """Loss and clipped flag of one token whose ratio is `ratio`, with bounds 0.8 and 1.3."""
    out = clip(double([[math.log(ratio)]]), double([[0.0]]), double([[advantage]]), low=0.2, high=0.3, **options)
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
    out = clip(logps, double([[0.0]]), double([[advantage]]), dual=3.0)
    (slope,) = torch.autograd.grad(out.loss_BT.sum(), logps)
    expected = 0.0 if bool(out.clipped_BT) else -advantage * math.exp(log_ratio)
    assert float(slope) == pytest.approx(expected)


def test_clip_passes_gradcheck_away_from_its_corners() -> None:
    logps = double([[0.05, 0.6, -0.7], [0.1, -0.1, 0.9]]).requires_grad_()
    advantages = double([[1.5], [-0.5]])
    assert torch.autograd.gradcheck(lambda x: clip(x, double([[0.0] * 3] * 2), advantages, dual=2.0).loss_BT, logps)


def test_an_enormous_log_ratio_stays_finite() -> None:
    out = clip(double([[900.0, -900.0]]), double([[0.0, 0.0]]), double([[-1.0, 1.0]]))
    assert bool(out.loss_BT.isfinite().all())


@pytest.mark.parametrize("options", [{"low": -0.1}, {"low": 1.5}, {"high": -1.0}, {"dual": 1.0}])
def test_clip_refuses_bounds_outside_their_range(options: dict[str, float]) -> None:
    nought = double([[0.0]])
    with pytest.raises(ConfigError, match="expected"):
        clip(nought, nought, nought, **options)


@pytest.mark.parametrize(
    ("x", "value"), [(0.0, 0.0), (math.log(2), 0.5 + math.log(2) - 1), (-math.log(2), 2 - math.log(2) - 1)]
)
def test_k3_gives_the_value_worked_by_hand(x: float, value: float) -> None:
    assert float(k3(double([[x]]), double([[0.0]]))) == pytest.approx(value)


@given(st.floats(-30, 30), st.floats(-30, 30))
def test_k3_is_never_negative(logp: float, reference: float) -> None:
    assert float(k3(double([[logp]]), double([[reference]]))) >= 0


def test_k3_is_unbiased_for_the_divergence_of_two_distributions() -> None:
    policy, reference = double([0.5, 0.3, 0.2]), double([0.2, 0.2, 0.6])
    expected = (policy * (policy / reference).log()).sum()
    torch.testing.assert_close((policy * k3(policy.log(), reference.log())).sum(), expected)


def test_k3_passes_gradcheck() -> None:
    assert torch.autograd.gradcheck(k3, (double([[0.3, -1.2]]).requires_grad_(), double([[0.0, 0.1]])))


def test_token_mean_weighs_all_tokens_alike() -> None:
    torch.testing.assert_close(token_mean(double(MASK)), double(MASK) / 4)


def test_seq_mean_token_mean_weighs_rows_alike_and_leaves_out_the_empty_row() -> None:
    expected = double([[0, 1 / 6, 1 / 6, 1 / 6], [0, 1 / 2, 0, 0], [0, 0, 0, 0]])
    torch.testing.assert_close(seq_mean_token_mean(double(MASK)), expected)


def test_seq_sum_const_divides_every_token_by_the_same_constant() -> None:
    torch.testing.assert_close(seq_sum_const(double(MASK), constant=8), double(MASK) / 8 / 2)


def test_seq_sum_const_refuses_a_constant_of_zero() -> None:
    with pytest.raises(ConfigError, match="longest completion"):
        seq_sum_const(double(MASK), constant=0)


@pytest.mark.parametrize("aggregate", [token_mean, seq_mean_token_mean, lambda mask: seq_sum_const(mask, constant=3)])
def test_a_batch_without_sampled_tokens_weighs_nothing(aggregate: Callable[[torch.Tensor], torch.Tensor]) -> None:
    assert aggregate(torch.zeros(2, 3)).tolist() == [[0.0] * 3] * 2


@given(
    st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=6).filter(lambda m: any(map(any, m)))
)
def test_both_means_of_a_constant_are_that_constant(mask: list[list[bool]]) -> None:
    mask_BT = double(mask)
    for aggregate in (token_mean, seq_mean_token_mean):
        assert float((aggregate(mask_BT) * 3.5).sum()) == pytest.approx(3.5)
