"""The frozen model that a policy is held to, and its weights for a while in the policy's place."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

__all__ = ["Reference"]


class Reference:
    """The model as it is now. A model with adapters is its own reference with them turned off; another is copied.

    Args:
        model: of `transformers`, or as peft wrapped it.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._copy = None if hasattr(model, "disable_adapter") else copy.deepcopy(model).requires_grad_(False)

    @contextmanager
    def model(self) -> Iterator[Any]:
        """The reference, to be computed with and not changed."""
        if self._copy is not None:
            yield self._copy
            return
        with self._model.disable_adapter():
            yield self._model

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """While this lasts, whoever samples from the model samples from the reference."""
        if self._copy is None:
            with self._model.disable_adapter():
                yield
            return
        kept = _values(self._model)
        try:
            _write(self._model, _values(self._copy))
            yield
        finally:
            _write(self._model, kept)

    def reset(self) -> None:
        """Let the model as it is now be the reference.

        Raises:
            ConfigError: the model has adapters, whose starting point cannot move.
        """
        if self._copy is None:
            from assaygym.errors import ConfigError

            raise ConfigError("a model with adapters cannot reset its reference; train without lora_rank")
        _write(self._copy, _values(self._model))

    def state(self) -> dict[str, Any] | None:
        """What a checkpoint holds of it; None where the model itself says it all."""
        return None if self._copy is None else self._copy.state_dict()

    def load(self, state: dict[str, Any]) -> None:
        """Take the weights that `state` gave."""
        if self._copy is not None:
            self._copy.load_state_dict(state)


def _values(model: Any) -> list[torch.Tensor]:
    return [weight.detach().clone() for weight in model.parameters()]


def _write(model: Any, values: list[torch.Tensor]) -> None:
    with torch.no_grad():
        for weight, value in zip(model.parameters(), values, strict=True):
            weight.copy_(value)
