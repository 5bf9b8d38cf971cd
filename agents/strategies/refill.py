"""Dynamic sampling (DAPO, arXiv 2503.14476): groups without spread teach nothing, so further tasks take their place."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assaygym.agents.jobs import AnyCrew, EpisodeJob
from assaygym.agents.strategies.base import Strategy, collected
from assaygym.agents.strategies.group import Group
from assaygym.errors import ConfigError

__all__ = ["Refill", "RefillStats"]


@dataclass(slots=True, kw_only=True)
class RefillStats:
    """What one `collect` drew, and what of it was thrown away."""

    wanted: int
    cap: int
    drawn: int = 0
    """Tasks drawn so far."""
    kept: int = 0
    flat: int = 0
    """Groups thrown away because their rewards do not differ enough."""
    unjudged: int = 0
    """Groups thrown away because fewer than two of their episodes could be judged."""
    episodes: int = 0
    """Episodes of the groups that were thrown away, failed ones included."""
    tokens: int = 0
    """Sampled tokens of the groups that were thrown away."""

    @property
    def capped(self) -> bool:
        """Whether the cap was reached with too few groups."""
        return self.kept < self.wanted and self.drawn >= self.cap


class Refill:
    """Plays tasks until `groups` groups have rewards that differ.

    A task is drawn only while the groups kept and those under way are fewer than `groups`: nothing is played in vain,
    no group is left out because it is slow, and which tasks are drawn does not depend on the threads: they are the
    first ones that hold `groups` groups with spread.

    Args:
        inner: how each group is sampled.
        groups: how many are wanted.
        spread: the standard deviation of a group's rewards must be above this. Failed episodes do not count.
        max_groups: tasks drawn at most; by default 10 times `groups`. At this cap the strategy ends with the groups
            there are, with a `RuntimeWarning`.

    Attributes:
        stats: of the latest `collect`.

    Raises:
        ConfigError: `groups` is below 1, `max_groups` below `groups`, or `spread` negative.
    """

    def __init__(self, inner: Strategy, groups: int, *, spread: float = 0.0, max_groups: int | None = None) -> None:
        cap = 10 * groups if max_groups is None else max_groups
        if groups < 1 or cap < groups or spread < 0:
            raise ConfigError(
                f"groups={groups}, max_groups={max_groups}, spread={spread}; expected at least 1, at least as many, "
                "and 0 or more"
            )
        self.inner, self.groups, self.spread, self.max_groups = inner, groups, spread, cap
        self.stats = RefillStats(wanted=groups, cap=cap)

    def collect(self, crew: AnyCrew, tasks: Iterable[EpisodeJob]) -> Iterator[Group]:
        """The groups with spread, as they are done; `tasks` may be endless."""
        self.stats = stats = RefillStats(wanted=self.groups, cap=self.max_groups)
        return self._collect(crew, iter(tasks), stats)

    def _collect(self, crew: AnyCrew, tasks: Iterator[EpisodeJob], stats: RefillStats) -> Iterator[Group]:
        with collected(self.inner, crew, _Needed(tasks, stats)) as groups:
            for group in groups:
                if group.spread > self.spread:
                    stats.kept += 1
                    yield group
                else:
                    _throw_away(group, stats)
        if stats.kept < stats.wanted:
            why = f"the cap of {stats.cap} tasks" if stats.capped else f"the end, after {stats.drawn} tasks"
            told = f"{stats.flat} groups had no spread, {stats.unjudged} could not be judged"
            warnings.warn(f"{stats.kept} of {stats.wanted} groups at {why}: {told}", RuntimeWarning, stacklevel=2)


class _Needed(Iterator[EpisodeJob]):
    """The tasks, as long as all that are under way could not be enough; it pauses in between."""

    def __init__(self, tasks: Iterator[EpisodeJob], stats: RefillStats) -> None:
        self.tasks, self.stats = tasks, stats

    def __next__(self) -> EpisodeJob:
        stats = self.stats
        thrown = stats.flat + stats.unjudged
        if stats.drawn - thrown >= stats.wanted or stats.drawn >= stats.cap:
            raise StopIteration
        task = next(self.tasks)
        stats.drawn += 1
        return task


def _throw_away(group: Group, stats: RefillStats) -> None:
    if len(group.judged) < 2:
        stats.unjudged += 1
    else:
        stats.flat += 1
    stats.episodes += len(group.trajectories) + len(group.pruned)
    stats.tokens += sum(len(turn.completion.token_ids or turn.completion.logprobs or ()) for turn in group.sampled())
