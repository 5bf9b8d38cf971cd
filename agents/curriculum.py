"""Difficulty that follows the model: the level of an environment moves so that a given share of episodes succeeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from assaygym.agents.jobs import MakeEnv
from assaygym.agents.live import derived_seed
from assaygym.errors import ConfigError

__all__ = ["Curriculum", "ladder"]

MOST = 64
"""Levels that are looked for."""


class Curriculum:
    """Holds the mean reward of each environment near `target`.

    Each environment has a position between its levels; at 2.3 three tasks of ten are drawn at level 3 and the others at
    level 2. After a step the position moves by `rate * (mean reward - target)`. A task's whole group is of one level.

    Args:
        ladders: for each environment, what makes it at each level, from easy to hard.
        target: the mean reward to hold, in (0, 1).
        rate: levels a step that a mean reward 1 above the target would move.
        start: position at the beginning.

    Raises:
        ConfigError: a number is outside its range, or an environment has fewer than two levels.
    """

    def __init__(
        self, ladders: Sequence[Sequence[MakeEnv]], *, target: float = 0.5, rate: float = 0.5, start: float = 0.0
    ) -> None:
        if not 0 < target < 1 or rate <= 0:
            raise ConfigError(f"curriculum: target={target}, rate={rate}; expected a number in (0, 1) and one above 0")
        if short := [number for number, rungs in enumerate(ladders) if len(rungs) < 2]:
            raise ConfigError(f"curriculum: environment {short[0]} has one level, so there is nothing to move")
        self.ladders, self.target, self.rate = ladders, target, rate
        self.positions = [min(max(start, 0.0), len(rungs) - 1.0) for rungs in ladders]

    def levels(self, number: int, tasks: int, seed: int) -> dict[int, int]:
        """How many of so many tasks of environment `number` are drawn at which level; those of none are left out.

        Over many seeds the mean level is the position.
        """
        low = min(int(self.positions[number]), len(self.ladders[number]) - 2)
        uniform = derived_seed(seed, "levels", number) / 2**31
        high = math.floor((self.positions[number] - low) * tasks + uniform)
        return {level: count for level, count in ((low, tasks - high), (low + 1, high)) if count}

    def learn(self, number: int, rewards: Sequence[float]) -> None:
        """Move environment `number` by the rewards of all its episodes of a step."""
        if rewards:
            moved = self.positions[number] + self.rate * (math.fsum(rewards) / len(rewards) - self.target)
            self.positions[number] = min(max(moved, 0.0), len(self.ladders[number]) - 1.0)

    def state(self) -> list[float]:
        """What a checkpoint holds."""
        return list(self.positions)

    def load(self, state: Sequence[float]) -> None:
        """Take what `state` gave."""
        self.positions = list(state)


def ladder(env_id: str, knobs: Mapping[str, Any], split: str = "train") -> list[MakeEnv]:
    """What makes an environment at each of its levels, as far as it takes them."""
    from assaygym.envs.registration import make

    rungs: list[MakeEnv] = []
    for level in range(MOST):
        rung = partial(make, env_id, split=split, **{**knobs, "level": level})
        try:
            rung().close()
        except (ConfigError, TypeError):  # of environments of others, which take no such argument
            break
        rungs.append(rung)
    return rungs
