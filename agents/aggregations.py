"""How the losses of tokens become the loss of a batch: weights `[B, T]` with `loss = sum(weights_BT * loss_BT)`.

Weights depend on the mask alone, so micro-batches that share the whole batch's weights sum to exactly its loss. Rows
without a sampled token do not count.
"""

from __future__ import annotations

from torch import Tensor

from assaygym.errors import ConfigError

__all__ = ["seq_mean_token_mean", "seq_mean_token_sum", "seq_sum_const", "token_mean", "token_sum"]


def token_mean(mask_BT: Tensor) -> Tensor:
    """Of the mean over all tokens of the batch: DAPO (arXiv 2503.14476, equation 12)."""
    return mask_BT / mask_BT.sum().clamp(min=1)


def token_sum(mask_BT: Tensor) -> Tensor:
    """Of the sum over all tokens."""
    return mask_BT


def seq_mean_token_mean(mask_BT: Tensor) -> Tensor:
    """Of the mean over rows of each row's mean: GRPO (arXiv 2402.03300, equation 3)."""
    return mask_BT / mask_BT.sum(-1, keepdim=True).clamp(min=1) / _rows(mask_BT)


def seq_mean_token_sum(mask_BT: Tensor) -> Tensor:
    """Of the mean over rows of each row's sum: the policy gradient of whole completions, as RLOO (arXiv 2402.14740)."""
    return mask_BT / _rows(mask_BT)


def seq_sum_const(mask_BT: Tensor, *, constant: float) -> Tensor:
    """Of the mean over rows of each row's sum divided by `constant`: Dr. GRPO (arXiv 2503.20783, section 3.2).

    `constant` is a fixed length, usually the longest completion allowed.

    Raises:
        ConfigError: `constant` is not above 0.
    """
    if constant <= 0:
        raise ConfigError(f"constant is {constant}; expected the longest completion allowed, in tokens")
    return mask_BT / constant / _rows(mask_BT)


def _rows(mask_BT: Tensor) -> Tensor:
    """How many rows hold a sampled token."""
    return (mask_BT.sum(-1) > 0).sum().clamp(min=1)
