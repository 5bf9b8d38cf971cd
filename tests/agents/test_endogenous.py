"""The reward that logits hold."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from assaygym.agents.endogenous import endogenous_rewards
from assaygym.errors import ConfigError

LN = math.log


def test_two_tokens_by_hand() -> None:
    """V(s_1) = ln(1 + 3) = ln 4, V(s_2) = ln(2 + 1) = ln 3, V(s_3) = ln(4 + 4) = ln 8, with α = 1.

    r_1 = ln(3/4) + ln 4 - ln 3 = 0; r_2 = ln(2/3) + ln 3 - V(s_3), with V(s_3) = 0 where the episode ended.
    """
    logits_BTV = torch.tensor([[[0.0, LN(3)], [LN(2), 0.0], [LN(4), LN(4)]]], dtype=torch.float64).repeat(2, 1, 1)
    tokens_BT = torch.tensor([[0, 1, 0], [0, 1, 0]])
    mask_BT = torch.tensor([[0, 1, 1], [0, 1, 1]])
    rewards_BT = endogenous_rewards(logits_BTV, tokens_BT, mask_BT, torch.tensor([True, False]))
    assert rewards_BT.tolist() == [pytest.approx([0, 0, LN(2)]), pytest.approx([0, 0, LN(2) - LN(8)])]


def test_alpha_scales_the_soft_maximum_by_hand() -> None:
    """V(s) = 2 ln(e^0 + e^(2 ln 3 / 2)) = 2 ln 4; of the only token Q = 0 and V(s_2) = 2 ln(1 + 1)."""
    logits_BTV = torch.tensor([[[0.0, 2 * LN(3)], [0.0, 0.0]]], dtype=torch.float64)
    rewards_BT = endogenous_rewards(
        logits_BTV, torch.tensor([[1, 0]]), torch.tensor([[0, 1]]), torch.tensor([False]), alpha=2.0
    )
    by_definition = 2 * LN(1 / 4) + 2 * LN(4) - 2 * LN(2)
    assert rewards_BT.tolist() == [pytest.approx([0, by_definition])]


def random_case(seed: int, rows: int = 3, columns: int = 6, vocabulary: int = 5) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits_BTV = 4 * torch.randn(rows, columns, vocabulary, generator=generator, dtype=torch.float64)
    return logits_BTV, torch.randint(vocabulary, (rows, columns), generator=generator)


@given(st.integers(0, 10**6), st.floats(0.1, 10), st.integers(1, 5), st.booleans())
def test_the_rewards_of_a_run_telescope(seed: int, alpha: float, first: int, ended: bool) -> None:
    """Σ r = α Σ log π + V(s_1) - V(s_{H+1}), with π = softmax(Q / α)."""
    logits_BTV, tokens_BT = random_case(seed)
    mask_BT = (torch.arange(6) >= first).expand(3, 6)
    rewards_BT = endogenous_rewards(logits_BTV, tokens_BT, mask_BT, torch.tensor([ended] * 3), alpha=alpha)
    logps_BTV = (logits_BTV / alpha).log_softmax(-1)
    logps_BT = logps_BTV[:, :-1].gather(-1, tokens_BT[:, 1:, None]).squeeze(-1)
    values_BT = alpha * (logits_BTV / alpha).logsumexp(-1)
    after_B = torch.zeros(3, dtype=torch.float64) if ended else values_BT[:, -1]
    expected_B = alpha * logps_BT[:, first - 1 :].sum(1) + values_BT[:, first - 1] - after_B
    torch.testing.assert_close(rewards_BT.sum(1), expected_B)


@given(st.integers(0, 10**6))
def test_a_shift_of_all_logits_of_a_state_moves_reward_to_the_step_before(seed: int) -> None:
    logits_BTV, tokens_BT = random_case(seed, rows=1)
    mask_BT = torch.tensor([[0, 1, 1, 1, 1, 1]])
    shifted_BTV = logits_BTV.clone()
    shifted_BTV[:, 2] += 1.5
    ended_B = torch.tensor([True])
    moved_BT = endogenous_rewards(shifted_BTV, tokens_BT, mask_BT, ended_B)
    moved_BT -= endogenous_rewards(logits_BTV, tokens_BT, mask_BT, ended_B)
    torch.testing.assert_close(moved_BT, torch.tensor([[0, 0, -1.5, 1.5, 0, 0]], dtype=torch.float64))


def test_only_the_last_sampled_token_of_a_row_ends_it_and_padding_counts_for_nothing() -> None:
    logits_BTV, tokens_BT = random_case(1, rows=1)
    mask_BT = torch.tensor([[0, 1, 0, 1, 0, 0]])
    ended_BT = endogenous_rewards(logits_BTV, tokens_BT, mask_BT, torch.tensor([True]))
    cut_BT = endogenous_rewards(logits_BTV, tokens_BT, mask_BT, torch.tensor([False]))
    value = logits_BTV[0, 3].logsumexp(-1)
    torch.testing.assert_close(ended_BT - cut_BT, torch.tensor([[0, 0, 0, 1, 0, 0]]) * value)
    assert ended_BT[0, [0, 2, 4, 5]].tolist() == [0, 0, 0, 0]
    junk_BTV = logits_BTV.clone()
    junk_BTV[:, 4:] = math.nan
    torch.testing.assert_close(endogenous_rewards(junk_BTV, tokens_BT, mask_BT, torch.tensor([True])), ended_BT)


@pytest.mark.parametrize(("alpha", "first"), [(0.0, 0), (-1.0, 0), (math.nan, 0), (1.0, 1)])
def test_what_means_nothing_is_refused(alpha: float, first: int) -> None:
    logits_BTV, tokens_BT = random_case(1, rows=1)
    with pytest.raises(ConfigError, match="expected alpha > 0"):
        endogenous_rewards(
            logits_BTV, tokens_BT, torch.tensor([[first, 1, 1, 1, 1, 1]]), torch.tensor([1]), alpha=alpha
        )
