"""The rows of a batch of a Llama-like model, in a static cache that all rows write at the same column.

    row 0   . . p p p s s s |        each row's ids end at the current column; where it begins is its own.
    row 1   p p p p p p s s |        One slice writes the next key of every row, and no row is ever moved
    row 2   . . . . p p p s |        in time: a row that joins is written so that it ends there, too.

Axes: L layers, S slots, B rows, U distinct prompts, J rows that join, K key heads, D features of a head, C columns,
W tokens of the widest prompt, M = U W tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from assaygym.agents.engine.forward import forward, rotary_table, to_logits
from assaygym.agents.engine.rows import packed
from assaygym.agents.engine.weights import Weights, read_weights

__all__ = ["NativeRows"]

ROOM = 32
"""Free columns at first; later a quarter of those in use. Memory that lies close together is worth the copies."""
ALIGNED = 16
"""Columns that are read begin at a multiple of this: 64 bytes of keys, which products of matrices like."""
GROUPS = 4
"""At most; each takes a few operations a step."""
GAP = 48
"""How many columns later than the last group a row begins that joins the next."""
SHORT = 128
"""Prompts up to this width attend by plain products, which are faster than the fused kernel and need more memory."""


class NativeRows:
    """The `Rows` of a model that `read_weights` knows.

    Raises:
        TypeError: it does not know the model.
    """

    joinable = True

    def __init__(self, model: Any) -> None:
        self._model = model
        self._starts: list[int] = []
        """The column of each row's first id."""
        self._column = 0
        """Where the next keys go."""
        self._keys_LSKDC = self._values_LSKCD = torch.empty(0)
        self._slots = self._capacity = 0
        self._groups: list[int] = []
        """Rows of like lengths lie together: each group reads from where its longest row begins."""

    @torch.inference_mode()
    def admit(self, prompts: Sequence[Sequence[int]], index: Sequence[int]) -> Tensor:
        """See `Rows.admit`."""
        self._weights = self._read()
        width = max(map(len, prompts))
        self._make_room(width, len(index))
        table_P2D = self._rotary(width)
        ids_UW, starts_U1 = self._right_aligned(prompts, width)
        positions_UW = (torch.arange(width, device=ids_UW.device) - starts_U1).clamp_(min=0)
        pick_J = torch.tensor(list(index), device=ids_UW.device)
        attend = _Prefill(self, ids_UW.shape, _mask(starts_U1, width), pick_J)
        x_MF = forward(self._weights, ids_UW.flatten(), table_P2D[positions_UW.flatten()], attend)
        self._starts += [self._column - len(prompts[i]) for i in index]
        self._group(len(index))
        self._changed()
        return to_logits(self._weights, x_MF.view(*ids_UW.shape, -1)[:, -1])[pick_J]

    @torch.inference_mode()
    def feed(self, token_B: Tensor) -> Tensor:
        """See `Rows.feed`."""
        if self._column == self._capacity:
            self._lay_out(0, self._room(), self._slots)
        rotary_B2D = self._rotary(self._column - self._low + 1).index_select(0, self._position_B)
        x_BF = forward(self._weights, token_B, rotary_B2D, _Step(self))
        self._column += 1
        self._position_B += 1
        return to_logits(self._weights, x_BF)

    @torch.inference_mode()
    def drop(self, gone: Container[int]) -> list[int]:
        """See `Rows.drop`."""
        index, self._groups = packed(self._groups, gone)
        used = slice(self._low, self._column)
        for row, old in enumerate(index):  # an old place is never before the new one, so nothing is lost
            if row != old:
                self._keys_LSKDC[:, row, :, :, used] = self._keys_LSKDC[:, old, :, :, used]
                self._values_LSKCD[:, row, :, used] = self._values_LSKCD[:, old, :, used]
        self._starts = [self._starts[old] for old in index]
        self._changed()
        return index

    def _read(self) -> Weights:
        weights = read_weights(self._model)
        if weights is None:
            raise TypeError(f"{type(self._model).__name__} is not a model whose forward pass is known")
        return weights

    def _changed(self) -> None:
        """After rows came or went."""
        device, first = self._keys_LSKDC.device, 0
        starts_B = torch.tensor(self._starts, device=device)
        self._position_B = self._column - starts_B
        self._spans: list[_Span] = []
        for size in self._groups:
            rows, first = slice(first, first + size), first + size
            low = min(self._starts[rows]) // ALIGNED * ALIGNED
            self._spans.append(_Span(rows, low, self._bias(starts_B[rows]) if max(self._starts[rows]) > low else None))
        self._low = min((span.low for span in self._spans), default=self._column)

    def _bias(self, starts_B: Tensor) -> Tensor:
        """bias_(BK)1C, minus infinity before a row begins."""
        before_BC = torch.arange(self._capacity, device=starts_B.device) < starts_B.unsqueeze(1)
        bias_BC = torch.zeros(before_BC.shape, dtype=self._weights.dtype, device=starts_B.device)
        bias_BC.masked_fill_(before_BC, -torch.inf)
        return bias_BC.repeat_interleave(self._weights.key_heads, dim=0).unsqueeze(1)

    def _group(self, joined: int) -> None:
        """Rows that joined are a group of their own if they are much shorter than the last one."""
        young = min(self._starts[-joined:])
        last = self._starts[-joined - self._groups[-1] : -joined] if self._groups else []
        if last and young - min(last) < GAP:
            self._groups[-1] += joined
        else:
            self._groups.append(joined)
        if len(self._groups) > GROUPS:
            lows = [span.low for span in self._spans] + [young]
            near = min(range(GROUPS), key=lambda group: lows[group + 1] - lows[group])
            self._groups[near : near + 2] = [sum(self._groups[near : near + 2])]

    def _make_room(self, width: int, joining: int) -> None:
        """Slots for rows that join, and `width` columns before the current one, empty for the rows that are there."""
        rows = len(self._starts) + joining
        slots = self._slots if rows <= self._slots else max(rows, 2 * self._slots)
        if not self._starts:
            self._column = self._low = 0
            self._lay_out(width, ROOM, rows)
        elif slots != self._slots or width > self._column:
            self._lay_out(max(0, width - (self._column - self._low)), self._room(), slots)
        elif width > self._column - self._low:  # what lies there is of rows that have left; a NaN would spread
            stale = slice(self._column - width, self._low)
            self._keys_LSKDC[:, : len(self._starts), :, :, stale] = 0
            self._values_LSKCD[:, : len(self._starts), :, stale] = 0

    def _room(self) -> int:
        return max(ROOM, (self._column - self._low) // 4)

    def _lay_out(self, left: int, room: int, slots: int) -> None:
        """New memory: `left` empty columns, those in use, `room` free ones."""
        w, rows, used = self._weights, len(self._starts), slice(self._low, self._column)
        keys, values, column = self._keys_LSKDC, self._values_LSKCD, left + self._column - self._low
        capacity = -(-(column + room) // ALIGNED) * ALIGNED
        self._keys_LSKDC = _memory((len(w.layers), slots, w.key_heads, w.head_dim, capacity), w)
        self._values_LSKCD = _memory((len(w.layers), slots, w.key_heads, capacity, w.head_dim), w)
        if rows:
            self._keys_LSKDC[:, :rows, :, :, :left] = 0
            self._values_LSKCD[:, :rows, :, :left] = 0
            self._keys_LSKDC[:, :rows, :, :, left:column] = keys[:, :rows, :, :, used]
            self._values_LSKCD[:, :rows, :, left:column] = values[:, :rows, :, used]
        self._starts = [start - self._low + left for start in self._starts]
        self._slots, self._capacity, self._column = slots, capacity, column
        self._changed()

    def _right_aligned(self, prompts: Sequence[Sequence[int]], width: int) -> tuple[Tensor, Tensor]:
        """(ids_UW, starts_U1): where short prompts leave room, any id stands, which no other token attends to."""
        ids = torch.tensor([[ids[0]] * (width - len(ids)) + list(ids) for ids in prompts], device=self._weights.device)
        starts = torch.tensor([[width - len(ids)] for ids in prompts], device=self._weights.device)
        return ids, starts

    def _rotary(self, positions: int) -> Tensor:
        """The rotary table, for at least so many positions."""
        known = getattr(self, "_table", None)
        if known is None or known[0] is not self._weights.frequencies or known[1].shape[0] < positions:
            self._table = known = (self._weights.frequencies, rotary_table(self._weights, max(256, 2 * positions)))
        return known[1]


class _Prefill:
    """Attention within whole prompts; writes their keys and values into the cache, for the rows that join."""

    def __init__(self, rows: NativeRows, shape: torch.Size, mask: Tensor, pick_J: Tensor) -> None:
        self._shape, self._mask, self._pick = shape, mask, pick_J
        first, end, width = len(rows._starts), rows._column, shape[1]
        slots, columns, unused = (
            slice(first, first + len(pick_J)),
            slice(end - width, end),
            slice(rows._low, max(rows._low, end - width)),
        )
        rows._keys_LSKDC[:, slots, :, :, unused] = 0  # as in _make_room
        rows._values_LSKCD[:, slots, :, unused] = 0
        self._keys = rows._keys_LSKDC[:, slots, :, :, columns].unbind(0)
        self._values = rows._values_LSKCD[:, slots, :, columns].unbind(0)
        self._scale = rows._weights.scale

    def __call__(self, number: int, q_MHD: Tensor, k_MKD: Tensor, v_MKD: Tensor) -> Tensor:
        q, k, v = (x.view(*self._shape, *x.shape[1:]).transpose(1, 2) for x in (q_MHD, k_MKD, v_MKD))
        self._keys[number].copy_(k.transpose(2, 3)[self._pick])
        self._values[number].copy_(v[self._pick])
        o = self._short(q, k, v) if self._shape[1] <= SHORT else self._fused(q, k, v)
        return o.transpose(1, 2).reshape(q_MHD.shape[0], -1)

    def _fused(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        grouped = q.shape != k.shape
        return F.scaled_dot_product_attention(q, k, v, attn_mask=self._mask, scale=self._scale, enable_gqa=grouped)

    def _short(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        prompts, heads, width, features = k.shape
        queries = q.reshape(prompts, heads, -1, features)  # the query heads of one key head are so many queries to it
        scores = torch.matmul(queries, k.transpose(2, 3)).mul_(self._scale).view(prompts, heads, -1, width, width)
        scores.masked_fill_(~self._mask.unsqueeze(1), -torch.inf)
        p = scores.softmax(-1, dtype=torch.float32).to(v.dtype)
        return torch.matmul(p.flatten(2, 3), v).view(q.shape)


@dataclass(frozen=True, slots=True)
class _Span:
    """A group of rows."""

    rows: slice
    low: int
    """The first column that is read."""
    bias: Tensor | None
    """Added to the scores of all columns; None where every row begins at `low`."""


class _Step:
    """Attention of one new token a row to all that its row holds."""

    def __init__(self, rows: NativeRows) -> None:
        count, column = len(rows._starts), rows._column
        keys, values = rows._keys_LSKDC[:, :count], rows._values_LSKCD[:, :count]
        self._new_keys, self._new_values = keys[..., column].unbind(0), values[:, :, :, column].unbind(0)
        self._groups = [_Group(rows, span) for span in rows._spans]

    def __call__(self, number: int, q_BHD: Tensor, k_BKD: Tensor, v_BKD: Tensor) -> Tensor:
        self._new_keys[number].copy_(k_BKD)
        self._new_values[number].copy_(v_BKD)
        parts = [group(number, q_BHD) for group in self._groups]
        return parts[0] if len(parts) == 1 else torch.cat(parts)


class _Group:
    """The attention of one group."""

    def __init__(self, rows: NativeRows, span: _Span) -> None:
        seen = slice(span.low, rows._column + 1)
        self._rows, self._scale = span.rows, rows._weights.scale
        self._keys = rows._keys_LSKDC[:, span.rows].flatten(1, 2)[..., seen].unbind(0)
        self._values = rows._values_LSKCD[:, span.rows].flatten(1, 2)[:, :, seen].unbind(0)
        self._bias = self._keys[0].new_zeros(()) if span.bias is None else span.bias[..., seen]
        self._beta = int(span.bias is not None)

    def __call__(self, number: int, q_BHD: Tensor) -> Tensor:
        keys, values, q_GHD = self._keys[number], self._values[number], q_BHD[self._rows]
        q = q_GHD.reshape(len(keys), -1, q_GHD.shape[-1])  # as in _Prefill._short
        scores = torch.baddbmm(self._bias, q, keys, beta=self._beta, alpha=self._scale)
        p = scores.softmax(-1, dtype=torch.float32).to(values.dtype)
        return torch.bmm(p, values).view(len(q_GHD), -1)


def _memory(shape: tuple[int, ...], weights: Weights) -> Tensor:
    return torch.empty(shape, dtype=weights.dtype, device=weights.device)


def _mask(starts_U1: Tensor, width: int) -> Tensor:
    """mask_U1WW (or one for all prompts, if they are of one length), true where a token attends.

    Padding attends to itself alone.
    """
    column_W = torch.arange(width, device=starts_U1.device)
    causal_WW = column_W <= column_W.unsqueeze(1)
    if not bool(starts_U1.any()):
        return causal_WW[None, None]
    own_WW = column_W == column_W.unsqueeze(1)
    return ((causal_WW & (column_W >= starts_U1.unsqueeze(1))) | own_WW).unsqueeze(1)
