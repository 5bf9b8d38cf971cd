"""What every training run has to choose, whatever its recipe. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from assaygym.errors import ConfigError

__all__ = ["TrainSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """How much is sampled, and how the weights move.

    Raises:
        ConfigError: a value is outside its range; the sentence names it.
    """

    steps: int = 100
    """Steps of the whole run: each samples once and updates `updates` times."""
    prompts: int = 16
    """Tasks a step."""
    group_size: int = 8
    """Episodes of each task; their rewards are compared with one another."""
    max_tokens: int = 256
    """Longest completion of one turn, in tokens."""
    temperature: float = 1.0
    learning_rate: float = 1e-6
    """Of AdamW, constant. A tiny model wants about 5e-4."""
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    updates: int = 1
    """Optimiser steps on each batch; the second is the first whose ratio differs from 1."""
    micro_batch: int = 64
    """Rows a forward pass; bounds memory and does not change the update."""
    checkpoint_every: int = 50
    """Steps between checkpoints; the last step always writes one."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "prompts", "group_size", "max_tokens", "updates", "micro_batch", "checkpoint_every"):
            _require(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        for name in ("temperature", "learning_rate", "max_grad_norm"):
            _require(name, getattr(self, name), getattr(self, name) > 0, "a number above 0")
        _require("weight_decay", self.weight_decay, self.weight_decay >= 0, "0 or more")


def _require(name: str, value: object, holds: bool, expected: str) -> None:
    if not holds:
        raise ConfigError(f"{name} is {value}; expected {expected}")
