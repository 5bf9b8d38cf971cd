"""The forward pass of a Llama-like model in plain torch operations, its attention left to the caller.

Axes: M tokens, F features, H query heads, K key heads, D features of a head, P positions, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from assaygym.agents.engine.weights import Layer, Linear, Weights

__all__ = ["Attend", "forward", "rotary_table", "to_logits"]

Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]
"""(layer, q_MHD, k_MKD, v_MKD) -> M x (H D)."""


def forward(weights: Weights, ids_M: Tensor, rotary_M2D: Tensor, attend: Attend) -> Tensor:
    """The hidden states x_MF before the last norm.

    Args:
        weights: of the model.
        ids_M: the tokens of all rows.
        rotary_M2D: the rows of `rotary_table` at the tokens' positions.
        attend: called once a layer, in order.
    """
    x_MF = F.embedding(ids_M, weights.embedding, weights.padding)
    cos_M1D, sin_M1D = rotary_M2D[:, :1], rotary_M2D[:, 1:]
    for number, layer in enumerate(weights.layers):
        y_MF = _norm(x_MF, layer.before_attention, weights.epsilon)
        q_MHD, k_MKD, v_MKD = (_heads(y_MF, linear, weights) for linear in (layer.query, layer.key, layer.value))
        if layer.query_norm is not None and layer.key_norm is not None:
            q_MHD = _norm(q_MHD, layer.query_norm, weights.epsilon)
            k_MKD = _norm(k_MKD, layer.key_norm, weights.epsilon)
        turned = _rotated(torch.cat([q_MHD, k_MKD], dim=1), cos_M1D, sin_M1D)
        o_MF = attend(number, turned[:, : weights.query_heads], turned[:, weights.query_heads :], v_MKD)
        x_MF = _plus(x_MF, o_MF, layer.out)
        x_MF = _plus(x_MF, _gated(_norm(x_MF, layer.before_mlp, weights.epsilon), layer), layer.down)
    return x_MF


def to_logits(weights: Weights, x_MF: Tensor) -> Tensor:
    """logits_MV of hidden states."""
    return F.linear(_norm(x_MF, weights.norm, weights.epsilon), *weights.head)


def rotary_table(weights: Weights, positions: int) -> Tensor:
    """table_P2D for positions 0 on: cosines, and sines with the sign that `_rotated` needs."""
    angle_PD = torch.arange(positions, device=weights.device).unsqueeze(1) * weights.frequencies.float()
    cos_PD, sin_PD = angle_PD.cos() * weights.rotary_scale, angle_PD.sin() * weights.rotary_scale
    table_P2D = torch.stack([torch.cat([cos_PD, cos_PD], -1), torch.cat([-sin_PD, sin_PD], -1)], dim=1)
    return table_P2D.to(weights.dtype)


def _heads(x_MF: Tensor, linear: Linear, weights: Weights) -> Tensor:
    return F.linear(x_MF, *linear).view(x_MF.shape[0], -1, weights.head_dim)


def _rotated(x_MHD: Tensor, cos_M1D: Tensor, sin_M1D: Tensor) -> Tensor:
    """Each pair (i, i + D/2) of a head's features turned by its angle."""
    half = x_MHD.shape[-1] // 2
    swapped_MHD = torch.cat([x_MHD, x_MHD], dim=-1)[..., half:-half]
    return torch.addcmul(x_MHD * cos_M1D, swapped_MHD, sin_M1D)


def _gated(x_MF: Tensor, layer: Layer) -> Tensor:
    return layer.act(F.linear(x_MF, *layer.gate)).mul_(F.linear(x_MF, *layer.up))


def _plus(x_MF: Tensor, y_MF: Tensor, linear: Linear) -> Tensor:
    """The sum of x and linear(y)."""
    weight, bias = linear
    return torch.addmm(x_MF, y_MF, weight.t()) if bias is None else x_MF + F.linear(y_MF, weight, bias)


def _norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """Root mean square norm, computed in 32 bits and rounded where `transformers` does."""
    if x.dtype == torch.float32:
        return F.rms_norm(x, weight.shape, weight, epsilon)
    wide = x.float()
    return weight * (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + epsilon)).to(x.dtype)
