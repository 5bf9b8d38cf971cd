"""GHPO (arXiv 2507.10628): a task that nobody solved is sampled again with a part of its solution in the prompt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from assaygym.agents.jobs import AnyCrew, EpisodeJob
from assaygym.agents.strategies.base import Feed, Strategy, collected
from assaygym.agents.strategies.group import Group, in_order, next_sample, noted
from assaygym.envs.core import Env
from assaygym.errors import ConfigError

__all__ = ["Hint", "reference_solution"]

HINT = "\n\nA correct solution begins as follows. Go on from there.\n"


def reference_solution(env: Env) -> str:
    """`task.metadata["solution"]`, else the oracle's first action. The environment stays as it is.

    Raises:
        ConfigError: it has neither.
    """
    known = env.task.metadata.get("solution") if env.task is not None else None
    if known is not None:
        return str(known)
    if not env.has_oracle:
        raise ConfigError(f"{env.id} has neither metadata['solution'] nor an oracle; pass Hint(source=...)")
    probe = env.fork(1)[0]
    try:
        return probe.oracle_action()
    finally:
        probe.close()


class Hint:
    """Samples hard tasks again, each time with a larger share of the solution at the end of the prompt.

    A group is hard where at least one of its episodes was judged and no reward is above 0; a group that nobody could
    judge is none. It is sampled again until it is not hard or the ladder ends. The group that is yielded has the
    share in `notes["hint"]` of its trajectories, and those without a hint, or with less, in `pruned`.

    Args:
        inner: how each group is sampled.
        ladder: the shares (of the solution's characters), each larger than the one before.
        source: the solution, of an environment after its reset.

    Raises:
        ConfigError: the ladder is empty, does not grow, or leaves (0, 1].
    """

    def __init__(
        self,
        inner: Strategy,
        ladder: Sequence[float] = (0.25, 0.5, 0.75),
        *,
        source: Callable[[Env], str] = reference_solution,
    ) -> None:
        steps = [0.0, *ladder]
        if len(steps) < 2 or steps[-1] > 1 or not all(a < b for a, b in pairwise(steps)):
            raise ConfigError(f"the ladder {tuple(ladder)}; expected growing shares above 0 and up to 1")
        self.inner, self.ladder, self.source = inner, tuple(ladder), source

    def collect(self, crew: AnyCrew, tasks: Iterable[EpisodeJob]) -> Iterator[Group]:
        """The groups of these tasks, as they are done.

        Raises:
            ConfigError: the source has no solution for a hard task.
        """
        feed = _Tasks(tasks)
        with collected(self.inner, crew, feed) as groups:
            for group in groups:
                attempt = feed.under_way[group.key].took(group)
                if attempt.step < len(self.ladder) and _hard(group):
                    feed.again(attempt.harder(self.ladder[attempt.step], self.source))
                else:
                    del feed.under_way[group.key]
                    yield attempt.group
        for attempt in feed.under_way.values():  # the run's budget ended before they could be tried again
            if attempt.so_far is not None:
                yield attempt.so_far


@dataclass(slots=True)
class _Attempt:
    """A task under way, and the group it has so far."""

    job: EpisodeJob
    step: int = 0
    """Shares of the ladder that were tried."""
    part: _Part | None = None
    so_far: Group | None = None

    @property
    def group(self) -> Group:
        assert self.so_far is not None  # one came back
        return self.so_far

    def took(self, group: Group) -> _Attempt:
        """Put the new group in the place of the one before, unless nobody could judge it."""
        if self.part is not None:
            if self.part.fault is not None:
                raise self.part.fault
            group = replace(group, trajectories=noted(group.trajectories, hint=self.part.share),
                            pruned=noted(group.pruned, hint=self.part.share))  # fmt: skip
        old = self.so_far
        if old is None:
            self.so_far = group
        elif group.judged:
            self.so_far = replace(group, pruned=in_order((*group.pruned, *old.trajectories, *old.pruned)))
        else:
            self.so_far = replace(old, pruned=in_order((*old.pruned, *group.trajectories, *group.pruned)))
        return self

    def harder(self, share: float, source: Callable[[Env], str]) -> EpisodeJob:
        """The job of the next group."""
        self.step += 1
        self.part = _Part(share, source, self.job.hint)
        return replace(self.job, sample=next_sample(self.group), hint=self.part)


class _Part:
    """The hint of one group."""

    def __init__(self, share: float, source: Callable[[Env], str], other: Callable[[Env], str] | None) -> None:
        self.share, self.source, self.other = share, source, other
        self.fault: ConfigError | None = None

    def __call__(self, env: Env) -> str:
        try:
            solution = self.source(env)
        except ConfigError as fault:  # kept, so that the run ends with it: no hard task would ever get a hint
            self.fault = fault
            raise
        other = "" if self.other is None else self.other(env)
        return f"{other}{HINT}{solution[: math.ceil(self.share * len(solution))]}"


class _Tasks(Feed):
    """A feed that knows which tasks are under way."""

    def __init__(self, tasks: Iterable[EpisodeJob]) -> None:
        super().__init__(tasks)
        self.under_way: dict[str, _Attempt] = {}

    def __next__(self) -> EpisodeJob:
        job = super().__next__()
        self.under_way.setdefault(job.key, _Attempt(job))
        return job


def _hard(group: Group) -> bool:
    return bool(group.judged) and max(group.rewards) <= 0
