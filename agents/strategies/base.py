"""The contract of every strategy: tasks in, groups of trajectories out.

A strategy says how the trajectories of each task come about; the crew plays them, so that all strategies share its
threads, budgets and boundaries. What acts within one group is a `GroupPlan`; what needs several groups (to draw further
tasks, to change the policy between two stages) is written in `collect`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar, runtime_checkable

from assaygym.agents.crew import Crew, EpisodeJob
from assaygym.agents.strategies.group import Group, GroupPlan

__all__ = ["Strategy", "play_groups"]

G = TypeVar("G", bound=GroupPlan)


@runtime_checkable
class Strategy(Protocol):
    """How the group of each task is sampled."""

    def collect(self, crew: Crew, tasks: Iterable[EpisodeJob]) -> Iterator[Group]:
        """The groups of these tasks, as they are done, in any order.

        Args:
            crew: who plays, with which policy and in which environments.
            tasks: one job a task, taken as they are needed; `sample` is the number of its first episode.

        Raises:
            Exception: whatever making an environment, or `tasks`, raises.
        """
        ...


def play_groups(crew: Crew, plans: Iterable[G]) -> Iterator[Group]:
    """Play the plans; the group of each as it is done."""
    for plan in crew.run(plans):
        yield plan.group()
