"""A recipe: one part for each slot. Methods differ exactly by what their recipes name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from assaygym.agents.parts.base import (
    SLOTS,
    Advantage,
    Aggregation,
    Correction,
    Filter,
    Loss,
    Regulariser,
    Rollout,
    Shaping,
)
from assaygym.agents.parts.regularisers import KL

__all__ = ["Recipe"]

R = TypeVar("R", bound=Regulariser)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A method by its parts."""

    name: str
    summary: str
    paper: str = ""
    """Where the method is from, and what of its numbers is not the paper's."""
    rollout: Rollout
    shaping: tuple[Shaping, ...] = ()
    filters: tuple[Filter, ...] = ()
    advantage: Advantage
    loss: Loss
    aggregation: Aggregation
    regularisers: tuple[Regulariser, ...] = ()
    correction: Correction | None = None
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of `TrainSettings`, where the method wants another default."""

    @property
    def needs_reference(self) -> bool:
        """Whether a frozen model is kept."""
        return self.regulariser(KL) is not None or self.loss.reference or self.rollout.companion == "reference"

    def regulariser(self, kind: type[R]) -> R | None:
        """The one of this kind, if the recipe has it."""
        return next((part for part in self.regularisers if isinstance(part, kind)), None)

    def changed(self, path: str, value: Any) -> Recipe:
        """This recipe with one part or field changed, as `assaygym.agents.recipes.change.changed` has it.

        Raises:
            ConfigError: no such slot, part or field, or the value does not fit.
        """
        from assaygym.agents.recipes.change import changed

        return changed(self, path, value)

    def described(self) -> dict[str, str]:
        """The slots with their parts, as text."""
        return {slot: _text(getattr(self, slot)) for slot in SLOTS}


def _text(part: Any) -> str:
    if part is None or part == ():
        return "-"
    return " + ".join(map(str, part)) if isinstance(part, tuple) else str(part)
