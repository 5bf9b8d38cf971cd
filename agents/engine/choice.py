"""Which `Rows` a model gets: the fastest that are seen to give the logits of a plain forward pass."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from assaygym.agents.engine.native import NativeRows
from assaygym.agents.engine.rows import CachedRows, PlainRows, Rows
from assaygym.agents.engine.weights import read_weights

__all__ = ["Choice", "Chooser"]

TOLERANCE = {torch.float32: 1e-3}
"""Of the difference of two logit vectors, as a share of their spread. Rounding in 32 bits is about 1e-6."""
COARSE = 0.05
"""The tolerance of 16-bit models."""
TRIAL = 16
"""Ids of a trial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A way to run a model. `name` is `native`, `cached`, `apart` (its cache holds rows of one length) or `plain`."""

    name: str
    make: Callable[[], Rows]
    joinable: bool


class Chooser:
    """Chooses, and chooses anew when hooks, adapters, the type or the device of the model have changed.

    Args:
        model: a causal language model of `transformers`, or one that peft wrapped.
        pad_id: fills short rows.
    """

    def __init__(self, model: Any, pad_id: int) -> None:
        self._model = model
        self._native = Choice(name="native", make=lambda: NativeRows(model), joinable=True)
        self._others = (
            Choice(name="cached", make=lambda: CachedRows(model, pad_id, joinable=True), joinable=True),
            Choice(name="apart", make=lambda: CachedRows(model, pad_id, joinable=False), joinable=False),
            Choice(name="plain", make=lambda: PlainRows(model), joinable=False),
        )
        self._trusted: dict[Hashable, Choice] = {}

    def __call__(self, ids: Sequence[int]) -> Choice:
        """The choice for the model as it is now.

        Args:
            ids: any ids of its vocabulary, for the trial of a model that was not seen like this before.
        """
        known = read_weights(self._model) is not None
        key = (known, self._model.dtype, self._model.device, getattr(self._model.config, "_attn_implementation", None))
        if key in self._trusted:
            return self._trusted[key]
        trial = (list(ids) * TRIAL)[:TRIAL]
        candidates = (self._native, *self._others) if known else self._others
        found = next(choice for choice in candidates if choice.name == "plain" or self._agrees(choice, trial))
        if bool(torch.isfinite(PlainRows(self._model).admit([trial], [0])).all()):  # else the trial proves nothing
            self._trusted[key] = found
        return found

    def _agrees(self, choice: Choice, ids: list[int]) -> bool:
        """Whether rows that join and are fed get the logits of their ids alone."""
        long, short, first, second, third = ids[:9], ids[9:13], ids[13], ids[14], ids[15]
        index: list[int] = []
        try:
            rows = choice.make()
            logits = [rows.admit([long], [0]), rows.feed(self._tokens(first))]
            if choice.joinable:
                logits.append(rows.admit([short, long], [0, 1, 0]))
                logits.append(rows.feed(self._tokens(second, third, third, second)))
                index = rows.drop({0})
                logits.append(rows.feed(self._tokens(first, first, first)))
        except (AttributeError, IndexError, NotImplementedError, TypeError, ValueError, RuntimeError):
            return False  # not a cache of this form; whatever it is, the plain forward pass says it again
        texts = [[long], [[*long, first]]]
        if choice.joinable:
            fed = [[*long, first, second], [*short, third], [*long, third], [*short, second]]
            texts += [[short, long, short], fed, [[*fed[row], first] for row in index]]
        return all(
            self._close(logits_V, PlainRows(self._model).admit([text], [0])[0])
            for logits_BV, batch in zip(logits, texts, strict=True)
            for logits_V, text in zip(logits_BV, batch, strict=True)
        )

    def _tokens(self, *ids: int) -> Tensor:
        return torch.tensor(ids, device=self._model.device)

    @staticmethod
    def _close(found_V: Tensor, expected_V: Tensor) -> bool:
        tolerance = TOLERANCE.get(expected_V.dtype, COARSE)
        found_V, expected_V = found_V.float(), expected_V.float()
        spread = (expected_V - expected_V.mean()).norm()
        return not bool((found_V - expected_V).norm() > tolerance * spread)
