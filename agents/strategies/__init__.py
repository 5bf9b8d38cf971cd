"""How the trajectories of a task come about: independent samples, refilled, branched, grown as a tree, replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaygym.lazy import lazy_names

if TYPE_CHECKING:
    from assaygym.agents.strategies.base import Strategy as Strategy
    from assaygym.agents.strategies.group import Group as Group
    from assaygym.agents.strategies.group import GroupPlan as GroupPlan
    from assaygym.agents.strategies.group import Segment as Segment
    from assaygym.agents.strategies.independent import Independent as Independent

__all__ = ["Group", "GroupPlan", "Independent", "Segment", "Strategy"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "base": ("Strategy",),
        "group": ("Group", "GroupPlan", "Segment"),
        "independent": ("Independent",),
    },
)
