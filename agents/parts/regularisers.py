"""What holds the policy back, and the value model's own loss. The trainer reads their fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from assaygym.agents.parts.base import Regulariser
from assaygym.errors import ConfigError

__all__ = ["KL", "Entropy", "ValueLoss"]


@dataclass(frozen=True, slots=True)
class KL(Regulariser):
    """The estimated divergence from a reference model, which is then kept in memory.

    Raises:
        ConfigError: `weight` is negative, or `reset_every` below 1.
    """

    name: ClassVar[str] = "kl"
    weight: float = 1e-3
    estimate: Literal["k1", "k2", "k3"] = "k3"
    placement: Literal["loss", "reward"] = "loss"
    """In the loss (GRPO), or as k1 taken off the reward (PPO, RLOO, REINFORCE++)."""
    reset_every: int | None = None
    """Steps after which the policy becomes its own reference and the optimiser forgets: ProRL (arXiv 2505.24864)."""
    unbiased: bool = False
    """Weigh the loss by the ratio, as TRL does; off, as in GRPO's equation 4."""

    def __post_init__(self) -> None:
        if self.weight < 0 or (self.reset_every is not None and self.reset_every < 1):
            raise ConfigError(
                f"kl: weight={self.weight}, reset_every={self.reset_every}; expected 0 or more, and None or at least 1"
            )


@dataclass(frozen=True, slots=True)
class Entropy(Regulariser):
    """Takes `weight` times the entropy of the policy off the loss of each token."""

    name: ClassVar[str] = "entropy"
    weight: float = 1e-3


@dataclass(frozen=True, slots=True)
class ValueLoss(Regulariser):
    """`weight / 2 * max((V - R)^2, (clipped V - R)^2)`, V held within `clip` of the old one: PPO (arXiv 1707.06347)."""

    name: ClassVar[str] = "value"
    weight: float = 0.5
    clip: float | None = 0.5
    learning_rate: float | None = None
    """Of the value model; None is the policy's."""
