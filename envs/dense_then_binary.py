"""DELTA's two phases of reward: the share of tests passed until tasks get solved at all, then all or nothing.

DELTA (arXiv 2509.21016): on tasks that a policy never solves, binary rewards are all 0 and teach nothing; a dense phase
comes first and must end, since a policy that is paid by the share learns to collect easy tests.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gymnasium

from assaygym.errors import ConfigError
from assaygym.types import Score, Verdict

__all__ = ["DenseThenBinary"]


class DenseThenBinary(gymnasium.Wrapper[str, str, str, str]):
    """Pays the score's value, and from the switch on only whole solutions. It never switches back.

    The environment's verifier must tell partial values (`mode="fraction"` of the code verifiers). What counts is an
    episode that ended with a verdict; INVALID ones count for nothing, in either phase.

    Args:
        env: the environment.
        episodes: the switch comes after so many episodes; None: not by their number.
        solved: the switch comes once this share of the last `window` episodes was solved whole; None: not by that.
        window: how many episodes that is.

    Raises:
        ConfigError: neither switch is given, or a number is out of range.
    """

    def __init__(
        self,
        env: gymnasium.Env[str, str],
        *,
        episodes: int | None = None,
        solved: float | None = None,
        window: int = 64,
    ) -> None:
        super().__init__(env)
        if episodes is None and solved is None:
            raise ConfigError("DenseThenBinary has no end of its first phase; give episodes, solved, or both")
        if (episodes is not None and episodes < 0) or (solved is not None and not 0 < solved <= 1) or window < 1:
            raise ConfigError(
                f"episodes is {episodes}, solved is {solved}, window is {window}; expected episodes from 0, "
                "0 < solved <= 1 and a window from 1"
            )
        self._episodes, self._solved = episodes, solved
        self._recent: deque[bool] = deque(maxlen=window)
        self._ended = 0
        self._binary = episodes == 0

    @property
    def phase(self) -> str:
        """`dense` or `binary`."""
        return "binary" if self._binary else "dense"

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """One turn; in the binary phase a partial score is worth 0. `info["phase"]` tells by which it was paid."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        info = {**info, "phase": self.phase}
        score = info.get("score")
        if not isinstance(score, Score) or not (terminated or truncated):
            return observation, float(reward), terminated, truncated, info
        if self._binary and 0 < score.value < 1:
            info["score"] = replace(score, value=0.0, verdict=Verdict.INCORRECT)
            reward = 0.0
        self._count(score)
        return observation, float(reward), terminated, truncated, info

    def _count(self, score: Score) -> None:
        if math.isnan(score.value):
            return
        self._ended += 1
        self._recent.append(score.value == 1.0)
        full = len(self._recent) == self._recent.maxlen
        often = self._solved is not None and full and sum(self._recent) >= self._solved * len(self._recent)
        self._binary |= often or (self._episodes is not None and self._ended >= self._episodes)

    def state(self) -> dict[str, Any]:
        """What a checkpoint must keep, as JSON values."""
        return {"ended": self._ended, "recent": list(self._recent), "binary": self._binary}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` told."""
        self._ended, self._binary = int(state["ended"]), bool(state["binary"])
        self._recent.clear()
        self._recent.extend(map(bool, state["recent"]))
