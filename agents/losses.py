"""The parts of a policy-gradient loss: pure functions on `[B, T]` tensors, masks explicit.

The loss of a batch is `sum(weights_BT * loss_BT)`: a surrogate gives the loss of each token, an aggregation its weight.
Weights depend on the mask alone, so micro-batches that share the whole batch's weights sum to exactly its loss.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from assaygym.errors import ConfigError

__all__ = ["Surrogate", "clip", "k3", "seq_mean_token_mean", "seq_sum_const", "token_mean"]

LOG_RATIO_BOUND = 20.0
"""Log-ratios are held within ± this, so that one bad token cannot overflow the batch."""


class Surrogate(NamedTuple):
    """What a surrogate gives for each token; places outside the mask hold no meaning."""

    loss_BT: Tensor
    clipped_BT: Tensor
    """Bool: the bound took this token's gradient away."""


def clip(
    logps_BT: Tensor,
    old_BT: Tensor,
    advantages_BT: Tensor,
    *,
    low: float = 0.2,
    high: float = 0.2,
    dual: float | None = None,
) -> Surrogate:
    """The clipped surrogate of policy gradients, with the ratio `ρ = exp(logps - old)` held to `[1 - low, 1 + high]`.

    The loss of a token is the larger of `-A ρ` and `-A` times the held ratio:
    PPO (arXiv 1707.06347, equation 7); unequal `low` and `high` are DAPO's clip-higher (arXiv 2503.14476, equation 10);
    `dual` bounds the loss of a negative advantage at `-A dual` (arXiv 1912.09729, equation 5).

    Args:
        logps_BT: log-probabilities under the model that is trained; gradients flow through these alone.
        old_BT: log-probabilities under the policy at the start of the update.
        advantages_BT: any shape that broadcasts to `[B, T]`.
        low: how far below 1 the ratio counts.
        high: how far above 1 the ratio counts.
        dual: None, or a number above 1.

    Raises:
        ConfigError: a bound is outside its range.
    """
    if not 0 <= low <= 1 or high < 0:
        raise ConfigError(f"clip bounds are low={low}, high={high}; expected 0 <= low <= 1 and high >= 0")
    if dual is not None and dual <= 1:
        raise ConfigError(f"dual is {dual}; expected None or a number above 1")
    ratio_BT = (logps_BT - old_BT).clamp(-LOG_RATIO_BOUND, LOG_RATIO_BOUND).exp()
    free_BT = -advantages_BT * ratio_BT
    bound_BT = -advantages_BT * ratio_BT.clamp(1 - low, 1 + high)
    loss_BT, clipped_BT = torch.maximum(free_BT, bound_BT), bound_BT > free_BT
    if dual is None:
        return Surrogate(loss_BT, clipped_BT)
    ceiling_BT = (-advantages_BT * dual).expand_as(loss_BT)
    over_BT = (advantages_BT < 0) & (loss_BT > ceiling_BT)
    return Surrogate(torch.where(over_BT, ceiling_BT, loss_BT), clipped_BT | over_BT)


def k3(logps_BT: Tensor, reference_BT: Tensor) -> Tensor:
    """Estimate of KL(policy ‖ reference) at each sampled token: `exp(-x) + x - 1` with `x = logps - reference`.

    Never negative, unbiased for samples of the policy: GRPO (arXiv 2402.03300, equation 4).
    """
    x_BT = (logps_BT - reference_BT).clamp(-LOG_RATIO_BOUND, LOG_RATIO_BOUND)
    return (-x_BT).expm1() + x_BT


def token_mean(mask_BT: Tensor) -> Tensor:
    """Weights of the mean over all tokens of the batch: DAPO (arXiv 2503.14476, equation 12)."""
    return mask_BT / mask_BT.sum().clamp(min=1)


def seq_mean_token_mean(mask_BT: Tensor) -> Tensor:
    """Weights of the mean over rows of each row's mean: GRPO (arXiv 2402.03300, equation 3).

    Empty rows do not count.
    """
    lengths_B1 = mask_BT.sum(-1, keepdim=True)
    return mask_BT / lengths_B1.clamp(min=1) / (lengths_B1 > 0).sum().clamp(min=1)


def seq_sum_const(mask_BT: Tensor, *, constant: float) -> Tensor:
    """Weights of the mean over rows of each row's sum divided by `constant`: Dr. GRPO (arXiv 2503.20783, section 3.2).

    `constant` is a fixed length, usually the longest completion allowed. Empty rows do not count.

    Raises:
        ConfigError: `constant` is not above 0.
    """
    if constant <= 0:
        raise ConfigError(f"constant is {constant}; expected the longest completion allowed, in tokens")
    return mask_BT / constant / (mask_BT.sum(-1) > 0).sum().clamp(min=1)
