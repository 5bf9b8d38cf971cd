"""EEPO (arXiv 2510.05837): half of a group, then the other half with what was said so far made unlikely."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from assaygym.agents.jobs import AnyCrew, EpisodeJob
from assaygym.agents.strategies.base import collected
from assaygym.agents.strategies.group import Group, in_order, next_sample, noted, sample_of
from assaygym.agents.strategies.independent import Independent
from assaygym.errors import ConfigError

__all__ = ["SampleThenForget"]

Forget = Callable[[Sequence[Group]], AbstractContextManager[object]]


class SampleThenForget:
    """`episodes` samples of each task, in two stages: the policy is changed for the second one.

    All tasks there are go through the first stage, then through the second, so `tasks` must end or pause. The second
    half carries `notes["forgotten"] = True`; its log-probabilities are those of the changed policy, so a trainer needs
    a correction for the sampler. Groups are yielded when the policy is itself again. After an interrupt, those whose
    second half was done are yielded, and then it is raised.

    Args:
        episodes: of each task; the first stage has the odd one.
        forget: of the groups of the first stage: a context manager within which the policy is another one. It restores
            the policy whatever happens. `unlearn.Unlearn(policy)` is one for `TransformersPolicy`.

    Raises:
        ConfigError: `episodes` is below 2.
    """

    def __init__(self, episodes: int, forget: Forget) -> None:
        if episodes < 2:
            raise ConfigError(f"a group of {episodes} episodes in two stages; expected at least 2")
        self.episodes, self.forget = episodes, forget

    def collect(self, crew: AnyCrew, tasks: Iterable[EpisodeJob]) -> Iterator[Group]:
        """The groups of these tasks, as they are done."""
        tasks = iter(tasks)
        while jobs := list(tasks):
            yield from self._two_stages(crew, jobs)

    def _two_stages(self, crew: AnyCrew, jobs: Sequence[EpisodeJob]) -> Iterator[Group]:
        first = {group.key: group for group in Independent(self.episodes - self.episodes // 2).collect(crew, jobs)}
        again = [sample_of(job, next_sample(first[job.key])) for job in jobs if job.key in first]
        second: dict[str, Group] = {}
        interrupt: KeyboardInterrupt | None = None
        try:
            with (
                self.forget(list(first.values())),
                collected(Independent(self.episodes // 2), crew, again) as groups,
            ):
                for group in groups:
                    second[group.key] = group
        except KeyboardInterrupt as stop:
            interrupt = stop
        for key, late in second.items():
            both = (*first[key].trajectories, *noted(late.trajectories, forgotten=True))
            yield replace(late, trajectories=in_order(both))
        if interrupt is not None:
            raise interrupt
        for key in first.keys() - second.keys():  # the run's budget ended before their second half was begun
            yield first[key]
