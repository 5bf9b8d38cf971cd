"""The ratio and what is made of it: declarations over `assaygym.agents.ratios` and `assaygym.agents.losses`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from assaygym.agents.parts.base import Loss

if TYPE_CHECKING:
    from assaygym.agents.losses import Surrogate
    from assaygym.agents.ratios import Ratio
    from assaygym.agents.scene import Rows

__all__ = ["Clip"]


@dataclass(frozen=True, slots=True)
class Clip(Loss):
    """PPO's clipped ratio (arXiv 1707.06347), at the level of tokens, turns or whole rows (GSPO, arXiv 2507.18071)."""

    name: ClassVar[str] = "clip"
    low: float = 0.2
    high: float = 0.2
    dual: float | None = None
    """Bound on the loss of a negative advantage, in multiples of it (arXiv 1912.09729)."""
    level: Literal["token", "turn", "sequence"] = "token"

    def ratio(self, rows: Rows) -> Ratio:
        """At this level."""
        from assaygym.agents.ratios import sequence_ratio, token_ratio, turn_ratio

        if self.level == "turn":
            return turn_ratio(rows.logps_BT, rows.old_BT, rows.mask_BT, rows.turns_BT)
        at = token_ratio if self.level == "token" else sequence_ratio
        return at(rows.logps_BT, rows.old_BT, rows.mask_BT)

    def __call__(self, rows: Rows) -> Surrogate:
        """The larger of the free and the clipped loss."""
        from assaygym.agents.losses import clip

        return clip(self.ratio(rows), rows.advantages_BT, low=self.low, high=self.high, dual=self.dual)
