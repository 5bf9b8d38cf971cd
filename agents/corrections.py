"""The sampler is not quite the policy that is updated: weights for the difference, `[B, T]`, without gradient.

`w = exp(old - sampled)`: the probability of a token as the trainer computes it over that which the sampling engine gave
it. Multiplied into the loss of each token. At the level of rows `w` is the product over the row's tokens.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from assaygym.agents.ratios import LOG_RATIO_BOUND
from assaygym.errors import ConfigError

__all__ = ["Level", "icepop", "mismatch", "truncated"]

Level = Literal["token", "sequence"]


def mismatch(old_BT: Tensor, sampled_BT: Tensor, mask_BT: Tensor, *, level: Level = "token") -> Tensor:
    """`w` at each sampled token, 1 elsewhere.

    Raises:
        ConfigError: no such level.
    """
    if level not in ("token", "sequence"):
        raise ConfigError(f"level is {level!r}; expected 'token' or 'sequence'")
    log_BT = torch.where(mask_BT.bool(), (old_BT - sampled_BT).detach(), 0.0)
    if level == "sequence":
        log_BT = log_BT.sum(-1, keepdim=True) * mask_BT
    return log_BT.clamp(-LOG_RATIO_BOUND, LOG_RATIO_BOUND).exp()


def truncated(
    old_BT: Tensor, sampled_BT: Tensor, mask_BT: Tensor, *, high: float = 2.0, level: Level = "token"
) -> Tensor:
    """`min(w, high)`: truncated importance sampling (Yao et al., 2025, "Your efficient RL framework ...").

    Raises:
        ConfigError: `high` is below 1.
    """
    if not high >= 1:
        raise ConfigError(f"high is {high}; expected at least 1")
    return mismatch(old_BT, sampled_BT, mask_BT, level=level).clamp(max=high)


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
