"""Log-probabilities of given tokens under a causal language model."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor

__all__ = ["token_logps"]


def token_logps(
    model: Any,
    tokens_BT: Tensor,
    mask_BT: Tensor,
    lengths_B: Tensor,
    *,
    temperature: float = 1.0,
    entropy_gradient: bool = False,
) -> tuple[Tensor, Tensor]:
    """Log-probability (nats) of each marked token given those before it, and the model's entropy there.

    Logits are computed only at the columns where some row needs them, and normalised only where this row does.

    Args:
        model: a causal language model of `transformers`.
        tokens_BT: rows padded on the right.
        mask_BT: non-zero on the tokens that are asked for; the first column never is.
        lengths_B: tokens of each row before its padding.
        temperature: what the sampler divided the logits by.
        entropy_gradient: let gradients flow through the entropy as well.

    Returns:
        Two `[B, T]` tensors of 32-bit floats, 0 outside the mask. Gradients flow through the first.
    """
    wanted_BT = mask_BT.bool()[:, 1:]
    columns_K = wanted_BT.any(0).nonzero().squeeze(1)
    wanted_BK = wanted_BT[:, columns_K]
    chosen_M = tokens_BT[:, 1:][:, columns_K][wanted_BK]
    logits_MV = _logits(model, tokens_BT, lengths_B, columns_K)[wanted_BK].float() / temperature
    norm_M = logits_MV.logsumexp(-1)
    logps_M = logits_MV.gather(-1, chosen_M.unsqueeze(-1)).squeeze(-1) - norm_M
    if not entropy_gradient:
        logits_MV, norm_M = logits_MV.detach(), norm_M.detach()
    return _place(logps_M, mask_BT), _place(_entropy(logits_MV, norm_M), mask_BT)


def _logits(model: Any, tokens_BT: Tensor, lengths_B: Tensor, columns_K: Tensor) -> Tensor:
    columns_T = torch.arange(tokens_BT.shape[1], device=tokens_BT.device)
    inputs = {"input_ids": tokens_BT, "attention_mask": (columns_T < lengths_B.unsqueeze(1)).long(), "use_cache": False}
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        kept: Tensor = model(**inputs, logits_to_keep=columns_K).logits
        return kept
    every: Tensor = model(**inputs).logits
    return every[:, columns_K]


def _entropy(logits_MV: Tensor, norm_M: Tensor) -> Tensor:
    logps_MV = logits_MV - norm_M.unsqueeze(-1)
    return -(logps_MV.exp() * logps_MV).sum(-1)


def _place(values_M: Tensor, mask_BT: Tensor) -> Tensor:
    return values_M.new_zeros(mask_BT.shape).masked_scatter(mask_BT.bool(), values_M)
