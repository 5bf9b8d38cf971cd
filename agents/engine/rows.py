"""The rows of a batch in a model's cache, by means of the model's own forward pass.

Axes: B rows, U distinct prompts, J rows that join, T columns of the cache, V vocabulary.
"""

from __future__ import annotations

import inspect
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor

__all__ = ["CachedRows", "PlainRows", "Rows", "accepted", "evaluating", "packed"]


class Rows(Protocol):
    """The rows of one batch. Logits are those that follow the last id of a row."""

    @property
    def joinable(self) -> bool:
        """Whether prompts of any length can be admitted at any time; else once, and all of one length."""
        ...

    def admit(self, prompts: Sequence[Sequence[int]], index: Sequence[int]) -> Tensor:
        """Append rows after those that are there, the j-th with `prompts[index[j]]`; logits_JV."""
        ...

    def feed(self, token_B: Tensor) -> Tensor:
        """Append one id to each row; logits_BV."""
        ...

    def drop(self, gone: Container[int]) -> list[int]:
        """Let rows go, not all of them; row i is now what row `index[i]` was, with `index[i] >= i`."""
        ...


class PlainRows:
    """Every step feeds all ids again, unpadded: slow, and right for any causal language model."""

    joinable = False

    def __init__(self, model: Any) -> None:
        self._model = model
        self._accepted = accepted(model)

    def admit(self, prompts: Sequence[Sequence[int]], index: Sequence[int]) -> Tensor:
        """See `Rows.admit`."""
        self._ids_BT = torch.tensor(list(prompts), device=self._model.device)[list(index)]
        return self._logits()

    def feed(self, token_B: Tensor) -> Tensor:
        """See `Rows.feed`."""
        self._ids_BT = torch.cat([self._ids_BT, token_B.unsqueeze(1)], dim=1)
        return self._logits()

    def drop(self, gone: Container[int]) -> list[int]:
        """See `Rows.drop`."""
        index, _ = packed([len(self._ids_BT)], gone)
        self._ids_BT = self._ids_BT[index]
        return index

    @torch.no_grad()
    def _logits(self) -> Tensor:
        options = {name: value for name, value in {"use_cache": False}.items() if name in self._accepted}
        with evaluating(self._model):
            logits_BV: Tensor = self._model(input_ids=self._ids_BT, **options).logits[:, -1]
        return logits_BV


class CachedRows:
    """The model's own forward pass with the cache that `transformers` gives it.

    Args:
        model: a causal language model of `transformers`, or one that peft wrapped.
        pad_id: fills short rows on the left, and is never attended to.
        joinable: whether rows may be padded, and join when others are there.
    """

    def __init__(self, model: Any, pad_id: int, *, joinable: bool) -> None:
        self.joinable = joinable
        self._model, self._pad_id, self._device = model, pad_id, model.device
        self._accepted = accepted(model)
        self._cache: Any = None
        self._mask_BT = self._position_B1 = torch.empty(0, dtype=torch.int64)

    @torch.no_grad()
    def admit(self, prompts: Sequence[Sequence[int]], index: Sequence[int]) -> Tensor:
        """See `Rows.admit`."""
        from transformers import DynamicCache

        width = max(map(len, prompts))
        padded = [[self._pad_id] * (width - len(ids)) + list(ids) for ids in prompts]
        lengths_U1 = torch.tensor([[len(ids)] for ids in prompts], device=self._device)
        mask_UT = (torch.arange(width, device=self._device) >= width - lengths_U1).long()
        cache = DynamicCache(config=self._model.config)
        positions_UT = (mask_UT.cumsum(-1) - 1).clamp(min=0)
        logits_UV = self._call(torch.tensor(padded, device=self._device), mask_UT, positions_UT, cache)
        index_J = torch.tensor(list(index), device=self._device)
        if list(index) != list(range(len(prompts))):
            cache.batch_select_indices(index_J)
        self._join(cache, mask_UT[index_J], lengths_U1[index_J])
        return logits_UV[index_J]

    @torch.no_grad()
    def feed(self, token_B: Tensor) -> Tensor:
        """See `Rows.feed`."""
        ids_B1 = token_B.unsqueeze(1)
        self._mask_BT = torch.cat([self._mask_BT, torch.ones_like(ids_B1)], dim=1)
        logits_BV = self._call(ids_B1, self._mask_BT, self._position_B1, self._cache)
        self._position_B1 = self._position_B1 + 1
        return logits_BV

    @torch.no_grad()
    def drop(self, gone: Container[int]) -> list[int]:
        """See `Rows.drop`."""
        index, _ = packed([len(self._mask_BT)], gone)
        index_B = torch.tensor(index, device=self._device)
        self._cache.batch_select_indices(index_B)
        self._mask_BT, self._position_B1 = self._mask_BT[index_B], self._position_B1[index_B]
        self._trim()
        return index

    def _join(self, cache: Any, mask_JT: Tensor, position_J1: Tensor) -> None:
        if self._cache is None:
            self._cache, self._mask_BT, self._position_B1 = cache, mask_JT, position_J1
        else:
            width = max(self._mask_BT.shape[1], mask_JT.shape[1])
            for layer, new in zip(self._cache.layers, cache.layers, strict=True):
                layer.keys, layer.values = (
                    torch.cat([_widened(old, width, 2), _widened(other, width, 2)])
                    for old, other in ((layer.keys, new.keys), (layer.values, new.values))
                )
            self._mask_BT = torch.cat([_widened(self._mask_BT, width, 1), _widened(mask_JT, width, 1)])
            self._position_B1 = torch.cat([self._position_B1, position_J1])
        self._trim()

    def _trim(self) -> None:
        """Leave out the columns on the left that no row uses."""
        free = self._mask_BT.shape[1] - int(self._mask_BT.sum(1).max())
        if free and self.joinable:
            self._mask_BT = self._mask_BT[:, free:]
            for layer in self._cache.layers:
                layer.keys, layer.values = layer.keys[:, :, free:], layer.values[:, :, free:]
        self._padded = self.joinable and not bool(self._mask_BT.all())

    def _call(self, ids: Tensor, mask: Tensor, positions: Tensor, cache: Any) -> Tensor:
        padded = not bool(mask.all()) if cache is not self._cache else self._padded
        given = {"position_ids": positions, "logits_to_keep": 1, "use_cache": True, "past_key_values": cache}
        if padded:
            given["attention_mask"] = mask
        with evaluating(self._model):
            out = self._model(input_ids=ids, **{name: given[name] for name in given if name in self._accepted})
        logits_BV: Tensor = out.logits[:, -1]
        return logits_BV


def _widened(values: Tensor, width: int, axis: int) -> Tensor:
    """Zeros before `values`, so that the axis is `width` long."""
    shape = list(values.shape)
    shape[axis] = width - shape[axis]
    return torch.cat([values.new_zeros(shape), values], dim=axis) if shape[axis] else values


def packed(groups: Sequence[int], gone: Container[int]) -> tuple[list[int], list[int]]:
    """(index, groups): the rows that are left, in groups of rows that lie together; as few as possible move.

    Args:
        groups: the number of rows of each.
        gone: rows.
    """
    index: list[int] = []
    sizes: list[int] = []
    first = 0
    for size in groups:
        left = [row for row in range(first, first + size) if row not in gone]
        place = range(len(index), len(index) + len(left))
        spare = [row for row in left if row not in place]
        index += [row if row >= first and row not in gone else spare.pop() for row in place]
        sizes += [len(left)] if left else []
        first += size
    return index, sizes


def accepted(model: Any) -> frozenset[str]:
    """The arguments that a model's forward pass names."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model  # a peft wrapper hides the signature
    return frozenset(inspect.signature(inner.forward).parameters)


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """No dropout inside the block; every module is left in the mode it was in."""
    training = [module for module in model.modules() if module.training] if model.training else []
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True
