"""The forward pass of many rows for training: each token once, whatever rows share it, and no padding.

    row 0   p p p p a a a .        The samples of a group share their prompt, the leaves of a tree their branches:
    row 1   p p p p b b . .        what is the same from the start is computed once and stands for all of them.
    row 2   p p p p b c c c        Here 12 tokens for 24 places.

Only the attention itself sees rows side by side. Gradients are those of the model's own forward pass up to rounding.

Axes: B rows, T columns, M tokens, F features, H query heads, K key heads, D features of a head, W wanted places.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from assaygym.agents.engine.forward import forward, rotary_table, to_logits
from assaygym.agents.engine.weights import Weights, read_weights
from assaygym.agents.heads import COARSE, TOLERANCE, TRIAL

__all__ = ["Packed", "pack", "packed_states"]

_agrees: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
"""What the trial of a model found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Which token stands at each place, the same one at the places that share all that came before and it."""

    node_BT: Tensor
    """int64, the number of the token; any in the padding."""
    first_M: Tensor
    """int64, the first place (b T + t) of each token."""


def pack(tokens_BT: Tensor, lengths_B: Tensor) -> Packed:
    """The distinct tokens of rows that are padded on the right."""
    rows, lengths, width = tokens_BT.cpu().numpy(), lengths_B.tolist(), tokens_BT.shape[1]
    nodes, first = np.zeros(rows.shape, dtype=np.int64), list[np.ndarray[Any, Any]]()
    before, count = -1, 0
    for row in sorted(range(len(rows)), key=lambda row: rows[row, : lengths[row]].tolist()):
        shared = 0 if before < 0 else _shared(rows[before, : lengths[before]], rows[row, : lengths[row]])
        new = lengths[row] - shared
        nodes[row, :shared] = nodes[before, :shared]
        nodes[row, shared : lengths[row]] = np.arange(count, count + new)
        first.append(np.arange(row * width + shared, row * width + lengths[row]))
        before, count = row, count + new
    device = tokens_BT.device
    return Packed(
        node_BT=torch.from_numpy(nodes).to(device), first_M=torch.from_numpy(np.concatenate(first)).to(device)
    )


def packed_states(model: Any, tokens_BT: Tensor, lengths_B: Tensor, wanted_BT: Tensor) -> tuple[Tensor, Any] | None:
    """Hidden states at some places, and the head that makes logits of them; None where the model's own pass is to run.

    Args:
        model: of `transformers`.
        tokens_BT: rows padded on the right.
        lengths_B: tokens of each row before its padding.
        wanted_BT: bool, the W places, in the order of rows; it may have fewer columns.
    """
    weights = _known(model)
    if weights is None:
        return None
    if model not in _agrees:
        _agrees[model] = _agree(model, weights, tokens_BT, lengths_B)
    if not _agrees[model]:
        return None
    return _states(weights, tokens_BT, pack(tokens_BT, lengths_B), wanted_BT), partial(to_logits, weights)


def _known(model: Any) -> Weights | None:
    """Its weights, where nothing stands between them and its logits that this forward pass leaves out."""
    mixed = torch.is_autocast_enabled(model.device.type)
    again = any(getattr(module, "gradient_checkpointing", False) for module in model.modules())
    return None if mixed or again or model.training else read_weights(model)


def _states(weights: Weights, tokens_BT: Tensor, packed: Packed, wanted_BT: Tensor) -> Tensor:
    positions_M = packed.first_M % tokens_BT.shape[1]
    rotary_M2D = rotary_table(weights, tokens_BT.shape[1])[positions_M]
    x_MF = forward(weights, tokens_BT.flatten()[packed.first_M], rotary_M2D, _Attention(weights, packed))
    return x_MF.index_select(0, packed.node_BT[:, : wanted_BT.shape[1]][wanted_BT])


class _Attention:
    """Rows side by side, each token attending to those of its row that came before."""

    def __init__(self, weights: Weights, packed: Packed) -> None:
        self._scale, self._grouped = weights.scale, weights.query_heads != weights.key_heads
        self._packed = packed

    def __call__(self, number: int, q_MHD: Tensor, k_MKD: Tensor, v_MKD: Tensor) -> Tensor:
        q, k, v = (self._side_by_side(x) for x in (q_MHD, k_MKD, v_MKD))
        o = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=self._scale, enable_gqa=self._grouped)
        return o.transpose(1, 2).flatten(0, 1).flatten(1).index_select(0, self._packed.first_M)

    def _side_by_side(self, x: Tensor) -> Tensor:
        node_BT = self._packed.node_BT
        return x.index_select(0, node_BT.flatten()).view(*node_BT.shape, *x.shape[1:]).transpose(1, 2)


def _shared(one: Any, other: Any) -> int:
    """How many ids both begin with."""
    length = min(len(one), len(other))
    differ = (one[:length] != other[:length]).nonzero()[0]
    return int(differ[0]) if len(differ) else length


@torch.no_grad()
def _agree(model: Any, weights: Weights, tokens_BT: Tensor, lengths_B: Tensor) -> bool:
    """Whether two rows that share a part get the logits of the model's own forward pass."""
    row_1T = tokens_BT[:1, : min(TRIAL, int(lengths_B[0]))]
    rows = torch.cat([row_1T, row_1T])
    rows[1, row_1T.shape[1] // 2 :] = row_1T[0, 0]
    lengths = torch.full((2,), row_1T.shape[1])
    wanted = torch.ones_like(rows, dtype=torch.bool)
    found = to_logits(weights, _states(weights, rows, pack(rows, lengths), wanted)).float()
    expected = model(input_ids=rows, use_cache=False).logits.flatten(0, 1).float()
    spread = (expected - expected.mean()).norm()
    return not bool((found - expected).norm() > TOLERANCE.get(weights.dtype, COARSE) * spread)
