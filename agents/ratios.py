"""How far the policy has moved since it sampled: log-ratios at the level of tokens, turns or whole rows.

`mask_BT` is 1 on sampled tokens. A ratio at a higher level is the geometric mean of the ratios of its tokens, repeated
at each of them; places outside the mask hold 0.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from assaygym.errors import ConfigError

__all__ = ["LOG_RATIO_BOUND", "Ratio", "sequence_ratio", "token_ratio", "turn_ratio"]

LOG_RATIO_BOUND = 20.0
"""Log-ratios are held within ± this, so that one bad token cannot overflow the batch."""


class Ratio(NamedTuple):
    """What a surrogate is made of; gradients flow through `logps_BT` and `log_BT`."""

    logps_BT: Tensor
    """Log-probabilities under the model that is trained."""
    log_BT: Tensor
    """The log-ratio that holds at each token, within ± `LOG_RATIO_BOUND`."""
    mask_BT: Tensor


def token_ratio(logps_BT: Tensor, old_BT: Tensor, mask_BT: Tensor) -> Ratio:
    """`log ρ_it = logps - old`: PPO (arXiv 1707.06347, equation 6)."""
    return Ratio(logps_BT, _held(_difference(logps_BT, old_BT, mask_BT)), mask_BT)


def sequence_ratio(logps_BT: Tensor, old_BT: Tensor, mask_BT: Tensor) -> Ratio:
    """`log s_i = (1 / n_i) Σ_t log ρ_it`: GSPO (arXiv 2507.18071, equation 7)."""
    log_BT = _difference(logps_BT, old_BT, mask_BT)
    mean_B1 = log_BT.sum(-1, keepdim=True) / mask_BT.sum(-1, keepdim=True).clamp(min=1)
    return Ratio(logps_BT, _held(mean_B1 * mask_BT), mask_BT)


def turn_ratio(logps_BT: Tensor, old_BT: Tensor, mask_BT: Tensor, turns_BT: Tensor) -> Ratio:
    """The mean log-ratio over the tokens of each turn: the turn-level option of Tree-GRPO (arXiv 2509.21240).

    Args:
        logps_BT: as in `Ratio`.
        old_BT: log-probabilities under the policy at the start of the update.
        mask_BT: 1 on sampled tokens.
        turns_BT: int64, the number of the turn (from 0) that each token belongs to; of no meaning outside the mask.

    Raises:
        ConfigError: a turn inside the mask is negative.
    """
    turns_BT = turns_BT * mask_BT.bool()
    if bool((turns_BT < 0).any()):
        raise ConfigError("a sampled token has a negative turn; expected turns numbered from 0")
    log_BT = _difference(logps_BT, old_BT, mask_BT)
    zeros_BK = log_BT.new_zeros(len(log_BT), int(turns_BT.max()) + 1 if turns_BT.numel() else 1)
    sums_BK = zeros_BK.scatter_add(1, turns_BT, log_BT)
    counts_BK = zeros_BK.scatter_add(1, turns_BT, mask_BT.to(log_BT.dtype))
    mean_BK = sums_BK / counts_BK.clamp(min=1)
    return Ratio(logps_BT, _held(mean_BK.gather(1, turns_BT) * mask_BT), mask_BT)


def _difference(logps_BT: Tensor, old_BT: Tensor, mask_BT: Tensor) -> Tensor:
    if not logps_BT.shape == old_BT.shape == mask_BT.shape or logps_BT.dim() != 2:
        shapes = ", ".join(str(tuple(x.shape)) for x in (logps_BT, old_BT, mask_BT))
        raise ConfigError(f"logps, old and mask have the shapes {shapes}; expected one [B, T] for all")
    return torch.where(mask_BT.bool(), logps_BT - old_BT, 0.0)


def _held(log_BT: Tensor) -> Tensor:
    return log_BT.clamp(-LOG_RATIO_BOUND, LOG_RATIO_BOUND)
