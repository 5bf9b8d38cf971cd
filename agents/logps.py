"""Log-probabilities of given tokens under a causal language model, without the logits of a whole batch in memory.

Axes: B rows, T columns, M marked tokens, H channels, V vocabulary.
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from assaygym.agents.engine.packed import packed_states
from assaygym.agents.heads import parts_of

__all__ = ["CHUNK", "token_logps"]

CHUNK = 1 << 25
"""Logits that are held at once: 128 MiB of them, and as much again for each of the few steps of a softmax."""


def token_logps(
    model: Any,
    tokens_BT: Tensor,
    mask_BT: Tensor,
    lengths_B: Tensor,
    *,
    temperature: float = 1.0,
    entropy_gradient: bool = False,
    chunk: int = CHUNK,
) -> tuple[Tensor, Tensor]:
    """Log-probability (nats) of each marked token given those before it, and the model's entropy there.

    Logits are computed at the marked places alone, `chunk` of them at a time; where they are more, the backward pass
    computes each chunk again instead of keeping it. What rows share from the start is computed once where the model is
    of a family whose forward pass is known (`assaygym.agents.engine.packed`). A model that is not its layers followed
    by its head (soft-capped logits, say) runs its own forward pass, and only what comes after that is done in chunks.

    Args:
        model: a causal language model of `transformers`, or as peft wrapped it.
        tokens_BT: rows padded on the right.
        mask_BT: non-zero on the tokens that are asked for; the first column never is.
        lengths_B: tokens of each row before its padding.
        temperature: what the sampler divided the logits by.
        entropy_gradient: let gradients flow through the entropy as well.
        chunk: logits that are held at once.

    Returns:
        Two `[B, T]` tensors of 32-bit floats, 0 outside the mask. Gradients flow through the first.
    """
    wanted_BT = mask_BT.bool()[:, 1:]
    chosen_M = tokens_BT[:, 1:][wanted_BT]
    before_MH, head = packed_states(model, tokens_BT, lengths_B, wanted_BT) or _padded_states(
        model, tokens_BT, lengths_B, wanted_BT
    )
    score = partial(_scored, head, temperature=temperature, entropy_gradient=entropy_gradient)
    rows = max(1, chunk // model.config.get_text_config().vocab_size)
    if len(chosen_M) <= rows:
        logps_M, entropy_M = score(before_MH, chosen_M)
    else:
        logps_M, entropy_M = _in_chunks(score, before_MH, chosen_M, rows)
    return _place(logps_M, mask_BT), _place(entropy_M, mask_BT)


def _padded_states(model: Any, tokens_BT: Tensor, lengths_B: Tensor, wanted_BT: Tensor) -> tuple[Tensor, Any]:
    """What the head makes logits of, at the wanted places, and the head."""
    columns_T = torch.arange(tokens_BT.shape[1], device=tokens_BT.device)
    attention_BT = (columns_T < lengths_B.unsqueeze(1)).long()
    inputs = {"input_ids": tokens_BT, "attention_mask": attention_BT, "use_cache": False}
    parts = parts_of(model, tokens_BT[:1, : int(lengths_B[0])])
    if parts is None:
        return _own_logits(model, inputs, wanted_BT), nn.Identity()
    layers, head = parts
    return layers(**inputs)[0][:, :-1][wanted_BT], head


def _in_chunks(score: Any, before_MH: Tensor, chosen_M: Tensor, rows: int) -> tuple[Tensor, Tensor]:
    pairs = zip(torch.split(before_MH, rows), torch.split(chosen_M, rows), strict=True)
    found = [checkpoint(score, *pair, use_reentrant=False, preserve_rng_state=False) for pair in pairs]
    logps, entropies = zip(*found, strict=True)
    return torch.cat(logps), torch.cat(entropies)


def _scored(
    head: Any, before_MH: Tensor, chosen_M: Tensor, *, temperature: float, entropy_gradient: bool
) -> tuple[Tensor, Tensor]:
    """`[M]` each: log-probabilities of the chosen tokens, and entropies."""
    logits_MV = head(before_MH).float()
    if temperature != 1:
        logits_MV = logits_MV / temperature
    norm_M = logits_MV.logsumexp(-1)
    logps_M = logits_MV.gather(-1, chosen_M.unsqueeze(-1)).squeeze(-1) - norm_M
    if not entropy_gradient:
        logits_MV, norm_M = logits_MV.detach(), norm_M.detach()
    logps_MV = logits_MV - norm_M.unsqueeze(-1)
    return logps_M, -(logps_MV.exp() * logps_MV).sum(-1)


def _own_logits(model: Any, inputs: dict[str, Any], wanted_BT: Tensor) -> Tensor:
    """Of the marked places, by the model's own forward pass: all rows at the columns where some row has one."""
    columns_K = wanted_BT.any(0).nonzero().squeeze(1)
    wanted_BK = wanted_BT[:, columns_K]
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        kept_BKV: Tensor = model(**inputs, logits_to_keep=columns_K).logits
        return kept_BKV[wanted_BK]
    every_BTV: Tensor = model(**inputs).logits
    return every_BTV[:, columns_K][wanted_BK]


def _place(values_M: Tensor, mask_BT: Tensor) -> Tensor:
    return values_M.new_zeros(mask_BT.shape).masked_scatter(mask_BT.bool(), values_M)
