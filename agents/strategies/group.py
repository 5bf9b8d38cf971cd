"""A group: the trajectories of one task that are compared with each other, and what they share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from statistics import pstdev

from assaygym.agents.jobs import EpisodeJob, Next
from assaygym.agents.live import LiveEpisode, derived_seed
from assaygym.errors import DataError
from assaygym.types import Completion, Trajectory, Turn

__all__ = ["Group", "GroupPlan", "Segment", "in_order", "next_sample", "noted", "owner_of", "sample_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One turn that was sampled once, and the trajectories it is a part of."""

    owner: str
    """The id of the trajectory that it was sampled in; it may have failed, or stand among those pruned."""
    turn: int
    leaves: tuple[str, ...]
    """The ids of the judged trajectories that it is a part of: those whose rewards its tokens answer for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The trajectories of one task, in the order of their ids; failed ones (reward NaN) stand among them."""

    key: str
    trajectories: tuple[Trajectory, ...]
    pruned: tuple[Trajectory, ...] = ()
    """Played and not part of the group; turns of `trajectories` may have been sampled in them."""

    @property
    def judged(self) -> tuple[Trajectory, ...]:
        """Those with a reward that something was sampled for: the run's end may leave a fork that took no turn."""
        return tuple(one for one in self.trajectories if _own_turns(one) and not math.isnan(one.reward))

    @property
    def rewards(self) -> tuple[float, ...]:
        """Of `judged`."""
        return tuple(trajectory.reward for trajectory in self.judged)

    @property
    def spread(self) -> float:
        """The standard deviation of the rewards (of the population); 0 for fewer than two."""
        return pstdev(self.rewards) if len(self.rewards) > 1 else 0.0

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Every turn of the judged trajectories, once, in order of (owner, turn)."""
        known = {trajectory.id: trajectory for trajectory in (*self.trajectories, *self.pruned)}
        leaves: dict[tuple[str, int], list[str]] = {}
        for trajectory in self.judged:
            for turn in range(len(trajectory.turns)):
                leaves.setdefault((owner_of(trajectory, turn, known), turn), []).append(trajectory.id)
        places = sorted(leaves, key=lambda place: (_path(place[0]), place[1]))
        return tuple(Segment(owner=o, turn=t, leaves=tuple(leaves[o, t])) for o, t in places)

    def sampled(self) -> Iterator[Turn]:
        """Every turn that was sampled, once, those of `pruned` and failed trajectories included.

        A trajectory that was taken from a buffer (`notes["replayed"]`) was sampled elsewhere.
        """
        for trajectory in (*self.trajectories, *self.pruned):
            if "replayed" not in trajectory.notes:
                yield from _own_turns(trajectory)


@dataclass(slots=True)
class GroupPlan:
    """A plan that plays `episodes` samples of one task; the base of those that do more.

    Args:
        job: the task; its `sample` is that of the first episode.
        episodes: how many are played from the prompt.
        seed: of the plan's own random decisions; None draws them anew each time.
    """

    job: EpisodeJob
    episodes: int
    seed: int | None = None
    begun: int = 0
    """Episodes from the prompt so far."""
    trajectories: list[Trajectory] = field(default_factory=list[Trajectory])

    def begin(self) -> Iterable[Next]:
        """The samples, numbered on from the job's own."""
        return [self.fresh() for _ in range(self.episodes)]

    def answered(self, live: LiveEpisode, completion: Completion) -> Sequence[LiveEpisode]:
        """No forks."""
        return ()

    def ended(self, trajectory: Trajectory) -> Iterable[Next]:
        """Keep the trajectory; nothing more to play."""
        self.trajectories.append(trajectory)
        return ()

    def close(self) -> None:
        """Called instead of what would come next, when the run ends before the plan is done."""

    def group(self) -> Group:
        """What was played, once the plan is done."""
        return Group(key=self.job.key, trajectories=in_order(self.trajectories))

    def fresh(self) -> EpisodeJob:
        """One more episode from the prompt, with the next number."""
        self.begun += 1
        return sample_of(self.job, self.job.sample + self.begun - 1)

    def random(self, *what: object) -> Random:
        """A generator for one decision: it depends on the seed, the task and `what`, and not on the threads."""
        return Random(None if self.seed is None else derived_seed(self.seed, self.job.key, self.job.seed, *what))


def sample_of(job: EpisodeJob, sample: int) -> EpisodeJob:
    """The job of another sample of the same task."""
    return replace(job, sample=sample)


def next_sample(group: Group) -> int:
    """The first number that no episode of this group has."""
    return 1 + max((_path(one.id)[1][0] for one in (*group.trajectories, *group.pruned)), default=-1)


def noted(trajectories: Iterable[Trajectory], **notes: object) -> tuple[Trajectory, ...]:
    """The same trajectories with these notes as well."""
    return tuple(replace(one, notes={**one.notes, **notes}) for one in trajectories)


def in_order(trajectories: Iterable[Trajectory]) -> tuple[Trajectory, ...]:
    """Sorted by id: samples by their number, each before its forks."""
    return tuple(sorted(trajectories, key=lambda trajectory: _path(trajectory.id)))


def _own_turns(trajectory: Trajectory) -> tuple[Turn, ...]:
    """Those that it does not have from its parent."""
    return trajectory.turns[trajectory.parent[1] if trajectory.parent is not None else 0 :]


def _path(name: str) -> tuple[str, list[int]]:
    key, _, numbers = name.rpartition("/")
    return key, [int(number) for number in numbers.split(".")]


def owner_of(trajectory: Trajectory, turn: int, known: Mapping[str, Trajectory]) -> str:
    """The id of the trajectory that this turn was sampled in: itself, or one it was forked from.

    `known` holds the trajectories of the group by id; of one that is not among them, the id is taken as it is named.

    Raises:
        DataError: a trajectory is a fork of itself.
    """
    seen = {trajectory.id}
    while trajectory.parent is not None and turn < trajectory.parent[1]:
        parent = trajectory.parent[0]
        if parent in seen:
            raise DataError(f"trajectory {parent!r} is a fork of itself; expected parents that lead to the prompt")
        if parent not in known:
            return parent
        seen.add(parent)
        trajectory = known[parent]
    return trajectory.id
