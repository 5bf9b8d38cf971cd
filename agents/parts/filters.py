"""Which episodes the update is made of: declarations over `assaygym.agents.filters`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from assaygym.agents.parts.base import Filter

if TYPE_CHECKING:
    from torch import Tensor

    from assaygym.agents.scene import Scene
    from assaygym.agents.strategies.base import Strategy

__all__ = ["NonzeroStd"]


@dataclass(frozen=True, slots=True)
class NonzeroStd(Filter):
    """Groups whose verified rewards differ: DAPO's dynamic sampling (arXiv 2503.14476, equation 11), Reinforce-Rej.

    With `refill` further tasks are drawn in place of the others, up to `rounds` times as many as were wanted.
    """

    name: ClassVar[str] = "nonzero_std"
    refill: bool = True
    rounds: int = 10

    def __call__(self, scene: Scene) -> Tensor:
        """By the rewards as the environment gave them."""
        from assaygym.agents.filters import nonzero_std

        return nonzero_std(scene.batch.rewards_N, scene.batch.groups_N)

    def refilled(self, inner: Strategy, groups: int) -> Strategy:
        """`Refill`."""
        from assaygym.agents.strategies import Refill

        return Refill(inner, groups, max_groups=self.rounds * groups) if self.refill else inner
