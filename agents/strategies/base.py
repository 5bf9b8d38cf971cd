"""The contract of every strategy: tasks in, groups of trajectories out.

A strategy says how the trajectories of each task come about; the crew plays them, so that all strategies share its
threads, budgets and boundaries. What acts within one group is a `GroupPlan`; what needs several groups (to draw further
tasks, to change the policy between two stages) is written in `collect`.

Strategies nest: an outer one hands its tasks to an inner one and looks at the groups that come back. So that it may
hand over further tasks because of what came back, tasks are asked for again after each group, also when there were none
before: an iterator of tasks may pause (`Feed`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar, cast, runtime_checkable

from assaygym.agents.jobs import AnyCrew, EpisodeJob
from assaygym.agents.strategies.group import Group, GroupPlan

__all__ = ["Feed", "Strategy", "collected", "play_groups"]

G = TypeVar("G", bound=GroupPlan)


@runtime_checkable
class Strategy(Protocol):
    """How the group of each task is sampled."""

    def collect(self, crew: AnyCrew, tasks: Iterable[EpisodeJob]) -> Iterator[Group]:
        """The groups of these tasks, as they are done, in any order.

        Args:
            crew: who plays, with which policy and in which environments.
            tasks: one job a task, taken as they are needed; `sample` is the number of its first episode. No two under
                way at once have the same key.

        Raises:
            Exception: whatever making an environment, or `tasks`, raises.
        """
        ...


class Feed(Iterator[EpisodeJob]):
    """Tasks, with those to be played again ahead of new ones. It pauses where it has none, and goes on later."""

    def __init__(self, tasks: Iterable[EpisodeJob]) -> None:
        self._tasks = iter(tasks)
        self._again: deque[EpisodeJob] = deque()

    def again(self, job: EpisodeJob) -> None:
        """Let this job be the next."""
        self._again.append(job)

    def __next__(self) -> EpisodeJob:
        return self._again.popleft() if self._again else next(self._tasks)


@contextmanager
def collected(strategy: Strategy, crew: AnyCrew, tasks: Iterable[EpisodeJob]) -> Iterator[Iterator[Group]]:
    """The groups of an inner strategy, which is ended with this context."""
    groups = strategy.collect(crew, tasks)
    try:
        yield groups
    finally:
        close = getattr(groups, "close", None)
        if close is not None:
            close()


def play_groups(crew: AnyCrew, plans: Iterable[G]) -> Iterator[Group]:
    """Play the plans; the group of each as it is done. When this ends early, the plans under way are closed.

    A crew with `groups` plays them in its own way: one of several processes, which play a share each.
    """
    if (shared := getattr(crew, "groups", None)) is not None:
        yield from shared(plans)
        return
    under_way: dict[int, G] = {}

    def begun(plan: G) -> G:
        under_way[id(plan)] = plan
        return plan

    done = cast("Generator[G]", crew.run(map(begun, plans)))
    try:
        for plan in done:
            del under_way[id(plan)]
            yield plan.group()
    finally:
        done.close()
        for plan in under_way.values():
            plan.close()
