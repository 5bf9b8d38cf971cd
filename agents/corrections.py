"""The sampler is not quite the policy that is updated: weights for the difference, `[B, T]`, without gradient.

`w = exp(old - sampled)`: the probability of a token as the trainer computes it over that which the sampling engine gave
it. Multiplied into the loss of each token. At the level "sequence" `w` is the product over the row's tokens, at
"sequence_mean" its geometric mean.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from assaygym.agents.ratios import LOG_RATIO_BOUND
from assaygym.errors import ConfigError

__all__ = ["Level", "icepop", "mismatch", "truncated"]

Level = Literal["token", "sequence", "sequence_mean"]


def mismatch(old_BT: Tensor, sampled_BT: Tensor, mask_BT: Tensor, *, level: Level = "token") -> Tensor:
    """`w` at each sampled token, 1 elsewhere.

    Raises:
        ConfigError: no such level.
    """
    if level not in get_args(Level):
        raise ConfigError(f"level is {level!r}; expected {' or '.join(map(repr, get_args(Level)))}")
    log_BT = torch.where(mask_BT.bool(), (old_BT - sampled_BT).detach(), 0.0)
    if level != "token":
        tokens_B1 = mask_BT.sum(-1, keepdim=True).clamp(min=1) if level == "sequence_mean" else 1
        log_BT = log_BT.sum(-1, keepdim=True) / tokens_B1 * mask_BT
    return log_BT.clamp(-LOG_RATIO_BOUND, LOG_RATIO_BOUND).exp()


def truncated(
    old_BT: Tensor,
    sampled_BT: Tensor,
    mask_BT: Tensor,
    *,
    high: float = 2.0,
    low: float = 0.0,
    level: Level = "token",
) -> Tensor:
    """`w` held to [low, high]: truncated importance sampling (Yao et al., 2025, "Your efficient RL framework ...").

    The paper, verl and TRL bound it above alone; OpenRLHF below too.

    Raises:
        ConfigError: not 0 <= low <= 1 <= high.
    """
    if not 0 <= low <= 1 <= high:
        raise ConfigError(f"low={low}, high={high}; expected 0 <= low <= 1 <= high")
    return mismatch(old_BT, sampled_BT, mask_BT, level=level).clamp(low, high)


def icepop(
    old_BT: Tensor,
    sampled_BT: Tensor,
    mask_BT: Tensor,
    *,
    low: float = 0.5,
    high: float = 5.0,
    level: Level = "token",
) -> Tensor:
    """`w` inside [low, high], 0 outside: IcePop (Ling team, 2025); tokens too far off teach nothing.

    Raises:
        ConfigError: not 0 <= low <= 1 <= high.
    """
    if not 0 <= low <= 1 <= high:
        raise ConfigError(f"low={low}, high={high}; expected 0 <= low <= 1 <= high")
    weight_BT = mismatch(old_BT, sampled_BT, mask_BT, level=level)
    return torch.where((weight_BT >= low) & (weight_BT <= high), weight_BT, 0.0)
