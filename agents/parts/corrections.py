"""Weights for the difference between sampler and policy: declarations over `assaygym.agents.corrections`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from assaygym.agents.parts.base import Correction

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["TIS", "IcePop"]


@dataclass(frozen=True, slots=True)
class TIS(Correction):
    """Truncated importance sampling: `w` held to at most `high`, and at least `low` as in OpenRLHF."""

    name: ClassVar[str] = "tis"
    high: float = 2.0
    low: float = 0.0
    level: Literal["token", "sequence", "sequence_mean"] = "token"

    def __call__(self, old_BT: Tensor, sampled_BT: Tensor, mask_BT: Tensor) -> Tensor:
        """`truncated`."""
        from assaygym.agents.corrections import truncated

        return truncated(old_BT, sampled_BT, mask_BT, high=self.high, low=self.low, level=self.level)


@dataclass(frozen=True, slots=True)
class IcePop(Correction):
    """`w` inside [low, high], 0 outside."""

    name: ClassVar[str] = "icepop"
    low: float = 0.5
    high: float = 5.0
    level: Literal["token", "sequence", "sequence_mean"] = "token"

    def __call__(self, old_BT: Tensor, sampled_BT: Tensor, mask_BT: Tensor) -> Tensor:
        """`icepop`."""
        from assaygym.agents.corrections import icepop

        return icepop(old_BT, sampled_BT, mask_BT, low=self.low, high=self.high, level=self.level)
