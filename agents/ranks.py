"""The processes of one training run: each samples a share of the tasks and computes a share of the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import torch
from torch import Tensor

__all__ = ["Ranks"]

T = TypeVar("T")


class Ranks:
    """One process alone."""

    rank = 0
    world = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes what a run leaves."""
        return self.rank == 0

    def gathered(self, mine: T) -> list[T]:
        """What each process has, in the order of their ranks."""
        return [mine]

    def total(self, mine: Tensor) -> Tensor:
        """The sum over the processes."""
        return mine

    def sum_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Let every process have the sum of the gradients of all."""

    def share(self, whole: Tensor) -> Tensor:
        """Of these rows, those that this process computes."""
        return whole[self.rank :: self.world]

    def from_lead(self, value: Any) -> Any:
        """What the leading process has."""
        return value
