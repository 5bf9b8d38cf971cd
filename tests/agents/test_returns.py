import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from assaygym.agents.returns import at_last_token, discounted_returns, gae, masked_whiten
from assaygym.errors import ConfigError

MASK = [[0.0, 1, 1, 0, 1], [0.0, 1, 0, 0, 0]]
REWARDS = [[9.0, 1, 2, 9, 4], [9.0, 3, 9, 9, 9]]
NUMBERS = st.floats(-3, 3)


def double(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_a_rows_reward_stands_at_its_last_sampled_token() -> None:
    given_BT = at_last_token(double([0.5, 0.25, 1.0]), double([*MASK, [0.0] * 5]))
    assert given_BT.tolist() == [[0, 0, 0, 0, 0.5], [0, 0.25, 0, 0, 0], [0.0] * 5]


def test_returns_pass_over_what_was_not_sampled() -> None:
    given_BT = discounted_returns(double(REWARDS), double(MASK), gamma=0.5)
    torch.testing.assert_close(given_BT, double([[0, 1 + 1 + 1, 2 + 2, 0, 4], [0, 3, 0, 0, 0]]))


def test_gae_gives_the_value_worked_by_hand() -> None:
    values = double([[7.0, 1, 3, 7, 2], [7.0, 1, 7, 7, 7]])
    advantages, returns = gae(double(REWARDS), values, double(MASK), gamma=0.5, lam=0.5)
    # deltas of row 0: 1 + 1.5 - 1 = 1.5, 2 + 1 - 3 = 0, 4 - 2 = 2; row 1: 3 - 1 = 2
    expected = double([[0, 1.5 + 0.25 * 0.5, 0.5, 0, 2], [0, 2, 0, 0, 0]])
    torch.testing.assert_close(advantages, expected)
    torch.testing.assert_close(returns, torch.where(double(MASK).bool(), expected + values, 0.0))


@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.booleans()), min_size=1, max_size=8), st.floats(0, 1))
def test_with_lambda_one_the_advantage_is_the_return_less_the_value(
    row: list[tuple[float, float, bool]], gamma: float
) -> None:
    rewards, values, mask = (double([[column]])[0] for column in zip(*row, strict=True))
    advantages, returns = gae(rewards, values, mask, gamma=gamma, lam=1.0)
    expected = discounted_returns(rewards, mask, gamma=gamma)
    torch.testing.assert_close(returns, expected)
    torch.testing.assert_close(advantages, torch.where(mask.bool(), expected - values, 0.0))


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=6), st.floats(0, 1), st.floats(0, 1))
def test_gaps_in_the_mask_change_nothing(row: list[tuple[float, float]], gamma: float, lam: float) -> None:
    rewards, values = (double([column]) for column in zip(*row, strict=True))
    dense = gae(rewards, values, torch.ones_like(rewards), gamma=gamma, lam=lam)[0]
    gap = torch.full_like(rewards, 99.0)
    rewards, values = (torch.stack([x, gap], 2).flatten(1) for x in (rewards, values))
    mask = double([[1.0, 0.0] * len(row)])
    torch.testing.assert_close(gae(rewards, values, mask, gamma=gamma, lam=lam)[0][:, ::2], dense)


def test_whitened_tokens_have_mean_zero_and_variance_one_and_the_others_nothing() -> None:
    white = masked_whiten(double(REWARDS), double(MASK), eps=0.0)
    chosen = white[double(MASK).bool()]
    assert float(chosen.mean()) == pytest.approx(0, abs=1e-12)
    assert float(chosen.var()) == pytest.approx(1)
    assert white[~double(MASK).bool()].tolist() == [0.0] * 6


def test_one_token_or_equal_ones_are_whitened_to_zero() -> None:
    assert masked_whiten(double([[5.0, 9.0]]), double([[1.0, 0]])).tolist() == [[0.0, 0.0]]
    assert masked_whiten(double([[5.0, 5.0]]), double([[1.0, 1]])).tolist() == [[0.0, 0.0]]
    tenths = torch.full((1, 7), 0.1)  # whose mean in single precision is not 0.1
    assert masked_whiten(tenths, torch.ones(1, 7)).tolist() == [[0.0] * 7]


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_discount_outside_its_range_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="gamma"):
        discounted_returns(double(REWARDS), double(MASK), gamma=share)
    with pytest.raises(ConfigError, match="lam"):
        gae(double(REWARDS), double(REWARDS), double(MASK), lam=share)


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"\[B, T\]"):
        discounted_returns(double(REWARDS), double(MASK)[:1])
