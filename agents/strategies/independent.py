"""Samples of a task that know nothing of each other: what GRPO and its kin compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assaygym.agents.jobs import AnyCrew, EpisodeJob
from assaygym.agents.strategies.base import play_groups
from assaygym.agents.strategies.group import Group, GroupPlan
from assaygym.errors import ConfigError

__all__ = ["Independent"]


class Independent:
    """`episodes` independent samples of each task.

    Raises:
        ConfigError: `episodes` is below 1.
    """

    def __init__(self, episodes: int) -> None:
        if episodes < 1:
            raise ConfigError(f"a group of {episodes} episodes; expected at least 1")
        self.episodes = episodes

    def collect(self, crew: AnyCrew, tasks: Iterable[EpisodeJob]) -> Iterator[Group]:
        """The groups of these tasks, as they are done."""
        return play_groups(crew, map(self._plan, tasks))

    def _plan(self, task: EpisodeJob) -> GroupPlan:
        return GroupPlan(task, self.episodes)
