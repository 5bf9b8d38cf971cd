"""How the trajectories of a task come about: independent samples, refilled, branched, grown as a tree, replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaygym.lazy import lazy_names

if TYPE_CHECKING:
    from assaygym.agents.strategies.base import Feed as Feed
    from assaygym.agents.strategies.base import Strategy as Strategy
    from assaygym.agents.strategies.branching import Branching as Branching
    from assaygym.agents.strategies.forget import SampleThenForget as SampleThenForget
    from assaygym.agents.strategies.group import Group as Group
    from assaygym.agents.strategies.group import GroupPlan as GroupPlan
    from assaygym.agents.strategies.group import Segment as Segment
    from assaygym.agents.strategies.hint import Hint as Hint
    from assaygym.agents.strategies.independent import Independent as Independent
    from assaygym.agents.strategies.refill import Refill as Refill
    from assaygym.agents.strategies.refill import RefillStats as RefillStats
    from assaygym.agents.strategies.replay import Replay as Replay
    from assaygym.agents.strategies.replay import ReplayBuffer as ReplayBuffer
    from assaygym.agents.strategies.tree import Tree as Tree
    from assaygym.agents.strategies.unlearn import Unlearn as Unlearn

__all__ = [
    "Branching",
    "Feed",
    "Group",
    "GroupPlan",
    "Hint",
    "Independent",
    "Refill",
    "RefillStats",
    "Replay",
    "ReplayBuffer",
    "SampleThenForget",
    "Segment",
    "Strategy",
    "Tree",
    "Unlearn",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "base": ("Feed", "Strategy"),
        "branching": ("Branching",),
        "forget": ("SampleThenForget",),
        "group": ("Group", "GroupPlan", "Segment"),
        "hint": ("Hint", "reference_solution"),
        "independent": ("Independent",),
        "refill": ("Refill", "RefillStats"),
        "replay": ("Replay", "ReplayBuffer"),
        "tree": ("Tree",),
        "unlearn": ("Unlearn",),
    },
)
