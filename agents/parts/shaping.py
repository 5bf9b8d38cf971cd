"""What the rewards become before they are compared: declarations over `assaygym.agents.shaping`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from assaygym.agents.parts.base import Shaping

if TYPE_CHECKING:
    from torch import Tensor

    from assaygym.agents.scene import Scene

__all__ = ["Overlong"]


@dataclass(frozen=True, slots=True)
class Overlong(Shaping):
    """Minus up to `factor` for the last `buffer` tokens before `limit`: DAPO (arXiv 2503.14476, equation 13).

    `limit` counts the sampled tokens of an episode; None is the longest completion of one turn, and `buffer` a share.
    """

    name: ClassVar[str] = "overlong"
    limit: int | None = None
    buffer: float = 0.2
    factor: float = 1.0

    def __call__(self, scene: Scene) -> Tensor:
        """The rewards with the penalty added."""
        from assaygym.agents.shaping import overlong

        limit = scene.max_tokens if self.limit is None else self.limit
        buffer = max(1, round(limit * self.buffer))
        return scene.rewards_N + overlong(scene.batch.sampled_N, limit=limit, buffer=buffer, factor=self.factor)
