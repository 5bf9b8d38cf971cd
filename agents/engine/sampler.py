"""One sampler for all rows of a batch. Axes: B rows, V vocabulary."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["sample"]


SMALLEST = -104.0
"""The logarithm of no positive 32-bit float is below; what a token of probability 0 adds to the entropy is 0."""


def sample(
    logits_BV: Tensor, uniform_B1: Tensor, temperature_B1: Tensor | None = None, top_p_B1: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """(token_B, logprob_B, entropy_B), by inverting the distribution function at `uniform_B1` (float64, in [0, 1)).

    Log-probability and entropy are those of softmax(logits / temperature) over the whole vocabulary, before the cut by
    `top_p`: what a trainer recomputes. A greedy row (temperature 0) has those of temperature 1.

    Args:
        logits_BV: of any float type; computed with in 32 bits.
        uniform_B1: one draw a row; unused in a greedy row.
        temperature_B1: None is 1 for every row.
        top_p_B1: None is 1 for every row.
    """
    logits_BV, greedy_B1 = logits_BV.float(), None
    if temperature_B1 is not None:
        greedy_B1 = temperature_B1 == 0
        logits_BV = logits_BV / torch.where(greedy_B1, 1.0, temperature_B1)
    logp_BV = torch.log_softmax(logits_BV, dim=-1)
    p_BV = logp_BV.exp()
    kept_BV = p_BV if top_p_B1 is None else _nucleus(p_BV, top_p_B1)
    cdf_BV = kept_BV.cumsum(-1, dtype=torch.float64)
    token_B1 = torch.searchsorted(cdf_BV, uniform_B1 * cdf_BV[:, -1:], right=True).clamp_(max=p_BV.shape[-1] - 1)
    if greedy_B1 is not None:
        token_B1 = torch.where(greedy_B1, logp_BV.argmax(-1, keepdim=True), token_B1)
    entropy_B = -(p_BV * logp_BV.clamp(min=SMALLEST)).sum(-1)
    return token_B1.squeeze(1), logp_BV.gather(1, token_B1).squeeze(1), entropy_B


def _nucleus(p_BV: Tensor, top_p_B1: Tensor) -> Tensor:
    """The smallest set of tokens whose probability reaches `top_p`; 0 elsewhere."""
    sorted_BV, order_BV = p_BV.sort(-1, descending=True)
    before_BV = sorted_BV.cumsum(-1) - sorted_BV
    return torch.zeros_like(p_BV).scatter(1, order_BV, sorted_BV * (before_BV < top_p_B1))
