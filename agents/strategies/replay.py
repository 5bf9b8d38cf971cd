"""Agentic replay (the ARPO of GUI agents, arXiv 2505.16282): a success of earlier rounds stands in for a lost group."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from assaygym.agents.jobs import AnyCrew, EpisodeJob
from assaygym.agents.live import derived_seed
from assaygym.agents.record import trajectory_from_dict, trajectory_to_dict
from assaygym.agents.strategies.base import Strategy, collected
from assaygym.agents.strategies.group import Group, in_order, next_sample
from assaygym.errors import ConfigError, DataError
from assaygym.types import Trajectory

__all__ = ["Replay", "ReplayBuffer"]

NOT_PLAIN = frozenset({"replayed", "hint"})
"""Notes of trajectories that are not kept: they are here already, or answer another prompt."""


class ReplayBuffer:
    """The latest good trajectories of each task. It pickles, and goes through JSON by `to_dict` and `from_dict`.

    A task is known by `env_id` and `task_id`. Of the tasks, those that were last written or read stay.

    Args:
        per_task: trajectories of one task; the oldest goes first.
        above: the reward of a trajectory must be above this.
        tasks: how many tasks there are at most.

    Raises:
        ConfigError: `per_task` or `tasks` is below 1.
    """

    def __init__(self, per_task: int = 8, *, above: float = 0.1, tasks: int = 4096) -> None:
        if per_task < 1 or tasks < 1:
            raise ConfigError(f"per_task={per_task}, tasks={tasks}; expected at least 1 each")
        self.per_task, self.above, self.tasks = per_task, above, tasks
        self._rows: dict[tuple[str, str], deque[Trajectory]] = {}

    def add(self, trajectory: Trajectory) -> bool:
        """Keep the trajectory, if it is good and was sampled plainly; whether it was kept."""
        if not trajectory.reward > self.above or not NOT_PLAIN.isdisjoint(trajectory.notes):
            return False
        key = (trajectory.env_id, trajectory.task_id)
        rows = self._rows.pop(key, deque(maxlen=self.per_task))
        rows.append(trajectory)
        self._rows[key] = rows
        if len(self._rows) > self.tasks:
            del self._rows[next(iter(self._rows))]
        return True

    def of(self, trajectory: Trajectory) -> tuple[Trajectory, ...]:
        """What is kept of this trajectory's task, the oldest first."""
        key = (trajectory.env_id, trajectory.task_id)
        if key not in self._rows:
            return ()
        self._rows[key] = rows = self._rows.pop(key)
        return tuple(rows)

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain JSON values."""
        rows = [trajectory_to_dict(trajectory) for task in self._rows.values() for trajectory in task]
        return {"per_task": self.per_task, "above": self.above, "tasks": self.tasks, "trajectories": rows}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> ReplayBuffer:
        """The buffer that `to_dict` wrote.

        Raises:
            DataError: a field is missing or is not of its kind.
        """
        try:
            buffer = cls(state["per_task"], above=state["above"], tasks=state["tasks"])
            rows = [trajectory_from_dict(row) for row in state["trajectories"]]
        except (KeyError, TypeError) as error:
            raise DataError(f"not the state of a replay buffer ({error!r}); expected what to_dict writes") from error
        for trajectory in rows:
            buffer.add(trajectory)
        return buffer


class Replay:
    """Replaces one trajectory of a group that teaches nothing by a good one of the same task from the buffer.

    Such a group has rewards with a standard deviation below `std` and a mean below `mean`. The first judged trajectory
    goes to `pruned`; the stored one gets a number of its own, no parent, and `notes["replayed"]`, the id it had. Then
    the good trajectories of the group go into the buffer.

    Args:
        inner: how each group is sampled.
        buffer: shared with a checkpoint, or with other strategies; used in the thread that takes the groups.
        std: a group's deviation must be below this.
        mean: and its mean below this.
    """

    def __init__(self, inner: Strategy, buffer: ReplayBuffer, *, std: float = 0.05, mean: float = 0.2) -> None:
        self.inner, self.buffer, self.std, self.mean = inner, buffer, std, mean

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds: the buffer."""
        return self.buffer.to_dict()

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `state` gave.

        Raises:
            DataError: it is not that.
        """
        self.buffer = ReplayBuffer.from_dict(state)

    def collect(self, crew: AnyCrew, tasks: Iterable[EpisodeJob]) -> Iterator[Group]:
        """The groups of these tasks, as they are done."""
        seed = crew.params.seed
        with collected(self.inner, crew, tasks) as groups:
            for group in groups:
                key = None if seed is None else derived_seed(seed, "replay", group.key, next_sample(group))
                mixed = self._mixed(group, Random(key))
                for trajectory in group.judged:
                    self.buffer.add(trajectory)
                yield mixed

    def _mixed(self, group: Group, random: Random) -> Group:
        rewards = group.rewards
        if not rewards or group.spread >= self.std or sum(rewards) / len(rewards) >= self.mean:
            return group
        lost = group.judged[0]
        stored = self.buffer.of(lost)
        if not stored:
            return group
        chosen = random.choice(stored)
        name = f"{group.key}/{next_sample(group)}"
        stand_in = replace(chosen, id=name, parent=None, notes={**chosen.notes, "replayed": chosen.id})
        rest = [trajectory for trajectory in group.trajectories if trajectory is not lost]
        return replace(group, trajectories=in_order([*rest, stand_in]), pruned=in_order([*group.pruned, lost]))
