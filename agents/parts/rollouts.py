"""How the group of each task is sampled: declarations over `assaygym.agents.strategies`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from assaygym.agents.parts.base import Rollout
from assaygym.errors import ConfigError

if TYPE_CHECKING:
    from assaygym.agents.policy import ModelPolicy
    from assaygym.agents.strategies.base import Strategy

__all__ = ["IID"]


@dataclass(frozen=True, slots=True)
class IID(Rollout):
    """`episodes` independent samples of each task.

    Raises:
        ConfigError: `episodes` is below 1.
    """

    name: ClassVar[str] = "iid"
    episodes: int = 8

    def __post_init__(self) -> None:
        if self.episodes < 1:
            raise ConfigError(f"iid: episodes is {self.episodes}; expected at least 1")

    def strategy(self, policy: ModelPolicy, *, temperature: float) -> Strategy:
        """`Independent`."""
        from assaygym.agents.strategies import Independent

        return Independent(self.episodes)
