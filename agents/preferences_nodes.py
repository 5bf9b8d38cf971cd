"""The states that several judged trajectories of a group go on from, and what each does there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import Self

from assaygym.agents.strategies.group import Group
from assaygym.types import Message, Trajectory, Turn

__all__ = ["Answer", "Node", "TaskKey", "judged_of", "nodes_of", "task_key"]

TaskKey = tuple[str, str, tuple[Message, ...]]
"""(environment, task, prompt): of episodes that were asked the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a trajectory does at a node."""

    leaf: Trajectory
    branch: int
    """Of the node: answers of one branch begin with the same turn."""
    value: float
    prompt: tuple[Message, ...]
    messages: tuple[Message, ...]
    """Begins with the assistant's; what the environment says to the last turn is not recorded."""
    turns: int
    """The assistant's, in `messages`."""

    @classmethod
    def rest(cls, leaf: Trajectory, turn: int, branch: int = 0) -> Self:
        """All that follows from this turn on, worth the reward."""
        first, *later = leaf.turns[turn:]
        return cls(
            leaf=leaf,
            branch=branch,
            value=leaf.reward,
            prompt=(*_said(leaf.turns[:turn]), *first.observation),
            messages=(first.completion.message, *_said(later)),
            turns=1 + len(later),
        )

    @classmethod
    def turn(cls, leaf: Trajectory, turn: int, branch: int = 0, value: float | None = None) -> Self:
        """This turn alone, worth `value` (the reward without one)."""
        first = leaf.turns[turn]
        return cls(
            leaf=leaf,
            branch=branch,
            value=leaf.reward if value is None else value,
            prompt=(*_said(leaf.turns[:turn]), *first.observation),
            messages=(first.completion.message,),
            turns=1,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A state before a turn; two branches or more."""

    turn: int
    branches: tuple[tuple[Trajectory, ...], ...]
    """For each turn that was sampled here, the judged trajectories that it is a part of."""

    def answers(self, *, turn_only: bool) -> list[Answer]:
        """Each leaf's answer; with `turn_only` each turn's, worth the mean reward of all leaves that said the same."""
        if not turn_only:
            return [Answer.rest(leaf, self.turn, i) for i, leaves in enumerate(self.branches) for leaf in leaves]
        said: dict[Message, list[Trajectory]] = {}
        for leaf in (leaf for leaves in self.branches for leaf in leaves):
            said.setdefault(leaf.turns[self.turn].completion.message, []).append(leaf)
        return [
            Answer.turn(leaves[0], self.turn, i, fmean(leaf.reward for leaf in leaves))
            for i, leaves in enumerate(said.values())
        ]


def judged_of(group: Group) -> tuple[Trajectory, ...]:
    """Those with a finite reward that something was sampled for."""
    return tuple(one for one in group.judged if math.isfinite(one.reward))


def nodes_of(group: Group) -> list[Node]:
    """The nodes of a group, in the order of the trajectory and turn that each was first reached in.

    Trajectories of different prompts (a hint in one of them) have no node in common.

    Raises:
        DataError: a trajectory is a fork of itself.
    """
    judged = {one.id: one for one in judged_of(group)}
    owners: dict[str, list[str]] = {name: [""] * len(one.turns) for name, one in judged.items()}
    segments = [(s, leaves) for s in group.segments if (leaves := [n for n in s.leaves if n in judged])]
    for segment, leaves in segments:
        for leaf in leaves:
            owners[leaf][segment.turn] = segment.owner
    places: dict[tuple[int, object], list[tuple[Trajectory, ...]]] = {}
    for segment, leaves in segments:
        first, turn = judged[leaves[0]], segment.turn
        before: object = owners[first.id][turn - 1] if turn else task_key(first)
        places.setdefault((turn, before), []).append(tuple(judged[leaf] for leaf in leaves))
    return [Node(turn=turn, branches=tuple(b)) for (turn, _), b in places.items() if len(b) > 1]


def task_key(trajectory: Trajectory) -> TaskKey:
    """What the trajectory was asked; it has a turn."""
    return trajectory.env_id, trajectory.task_id, trajectory.turns[0].observation


def _said(turns: tuple[Turn, ...] | list[Turn]) -> tuple[Message, ...]:
    return tuple(message for turn in turns for message in (*turn.observation, turn.completion.message))
