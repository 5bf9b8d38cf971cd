"""Surrogates: the loss of each sampled token (to be minimised), from its ratio and its advantage. Pure functions.

`advantages_BT` is any shape that broadcasts to `[B, T]`; `ρ` is the exponential of `Ratio.log_BT`, at whatever level it
was taken. Gradients flow through the ratio's log-probabilities alone.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from assaygym.agents.ratios import Ratio
from assaygym.errors import ConfigError

__all__ = ["Surrogate", "cispo", "clip", "geometric_mean", "plain", "sapo"]


class Surrogate(NamedTuple):
    """What a surrogate gives for each token; places outside the mask hold no meaning."""

    loss_BT: Tensor
    clipped_BT: Tensor
    """Bool: the bound took this token's gradient away, or a part of it."""


def clip(
    ratio: Ratio, advantages_BT: Tensor, *, low: float = 0.2, high: float = 0.2, dual: float | None = None
) -> Surrogate:
    """The larger of `-A ρ` and `-A` times `ρ` held to `[1 - low, 1 + high]`.

    PPO (arXiv 1707.06347, equation 7); unequal `low` and `high` are DAPO's clip-higher (arXiv 2503.14476, equation 10);
    at the level of rows GSPO (arXiv 2507.18071, equation 5). `dual` bounds the loss of a negative advantage at
    `-A dual` (arXiv 1912.09729, equation 5).

    Raises:
        ConfigError: a bound is outside its range.
    """
    if not 0 <= low <= 1 or high < 0:
        raise ConfigError(f"clip bounds are low={low}, high={high}; expected 0 <= low <= 1 and high >= 0")
    if dual is not None and dual <= 1:
        raise ConfigError(f"dual is {dual}; expected None or a number above 1")
    ratio_BT = ratio.log_BT.exp()
    free_BT = -advantages_BT * ratio_BT
    bound_BT = -advantages_BT * ratio_BT.clamp(1 - low, 1 + high)
    loss_BT, clipped_BT = torch.maximum(free_BT, bound_BT), bound_BT > free_BT
    if dual is None:
        return Surrogate(loss_BT, clipped_BT)
    ceiling_BT = (-advantages_BT * dual).expand_as(loss_BT)
    over_BT = (advantages_BT < 0) & (loss_BT > ceiling_BT)
    return Surrogate(torch.where(over_BT, ceiling_BT, loss_BT), clipped_BT | over_BT)


def geometric_mean(ratio: Ratio, advantages_B1: Tensor, *, bound: float = 0.4) -> Surrogate:
    """`-A exp(mean_t log ρ_t)` of a row, at each of its tokens: GMPO (arXiv 2507.20673).

    The log-ratio of a token is held at `±bound` on the side to which the advantage pushes it. With weights that sum to
    the same in each row (`seq_mean_token_mean`) the row's loss counts once.

    Args:
        ratio: at the level of tokens.
        advantages_B1: one a row.
        bound: of the log-ratio of a token.

    Raises:
        ConfigError: `bound` is not above 0.
    """
    if bound <= 0:
        raise ConfigError(f"bound is {bound}; expected a number above 0")
    up_B1 = advantages_B1 > 0
    over_BT = torch.where(up_B1, ratio.log_BT > bound, ratio.log_BT < -bound)
    held_BT = torch.where(over_BT, torch.where(up_B1, bound, -bound).to(ratio.log_BT.dtype), ratio.log_BT)
    mean_B1 = (held_BT * ratio.mask_BT).sum(-1, keepdim=True) / ratio.mask_BT.sum(-1, keepdim=True).clamp(min=1)
    return Surrogate((-advantages_B1 * mean_B1.exp()).expand_as(held_BT), over_BT)


def cispo(ratio: Ratio, advantages_BT: Tensor, *, low: float | None = None, high: float = 5.0) -> Surrogate:
    """`-A logp` weighted by `ρ` held to `[low, high]`, without a gradient through the weight.

    CISPO (MiniMax-M1, arXiv 2506.13585): every token keeps a gradient. `high` is the bound of `ρ` itself, as
    TRL has it; verl's `ε` is `high - 1`.

    Raises:
        ConfigError: `high` is not above 0, or `low` is above it.
    """
    if high <= 0 or (low is not None and not 0 <= low <= high):
        raise ConfigError(f"bounds are low={low}, high={high}; expected 0 <= low <= high and high above 0")
    ratio_BT = ratio.log_BT.detach().exp()
    weight_BT = ratio_BT.clamp(low, high)
    return Surrogate(-advantages_BT * weight_BT * ratio.logps_BT, weight_BT != ratio_BT)


def sapo(ratio: Ratio, advantages_BT: Tensor, *, positive: float = 1.0, negative: float = 1.05) -> Surrogate:
    """`-A (4 / τ) σ(τ (ρ - 1))`: a soft gate in place of the clip, with gradient `-A` at `ρ = 1`.

    SAPO (arXiv 2511.20347); `τ` is `positive` where the advantage is, else `negative`.

    Raises:
        ConfigError: a temperature is not above 0.
    """
    if positive <= 0 or negative <= 0:
        raise ConfigError(f"temperatures are positive={positive}, negative={negative}; expected numbers above 0")
    tau_BT = torch.where(advantages_BT > 0, positive, negative)
    loss_BT = -advantages_BT * torch.sigmoid(tau_BT * (ratio.log_BT.exp() - 1)) * 4 / tau_BT
    return Surrogate(loss_BT, torch.zeros_like(loss_BT, dtype=torch.bool))


def plain(ratio: Ratio, advantages_BT: Tensor) -> Surrogate:
    """`-A logp`: REINFORCE (Williams, 1992), on the policy that sampled."""
    loss_BT = -advantages_BT * ratio.logps_BT
    return Surrogate(loss_BT, torch.zeros_like(loss_BT, dtype=torch.bool))
