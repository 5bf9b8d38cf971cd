"""UFO's unary feedback: a wrong answer is told to be wrong, nothing more, and the agent may try again.

UFO (arXiv 2507.14295): single-turn tasks become multi-turn ones, and a policy learns to revise instead of repeating.
"""

from __future__ import annotations

import math
from typing import Any

import gymnasium

from assaygym.envs.core import Env, text_of
from assaygym.errors import ConfigError
from assaygym.types import Score

__all__ = ["RetryOnWrong"]

FEEDBACK = "Incorrect. Please think again."


class RetryOnWrong(gymnasium.Wrapper[str, str, str, str]):
    """Goes on after an answer that did not earn everything, up to `attempts` answers.

    The reward is that of the last answer; `info["attempt"]` counts them from 1. What the environment cut off, or could
    not judge (INVALID), has ended.

    Args:
        env: the environment.
        attempts: answers at most.
        feedback: what a wrong one is told.

    Raises:
        ConfigError: `attempts` is below 1.
    """

    def __init__(self, env: gymnasium.Env[str, str], attempts: int = 5, feedback: str = FEEDBACK) -> None:
        super().__init__(env)
        if attempts < 1:
            raise ConfigError(f"attempts is {attempts}; expected at least 1")
        self.attempts, self.feedback = attempts, feedback
        self._made = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Start an episode."""
        self._made = 0
        return self.env.reset(seed=seed, options=options)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """One turn; a wrong answer that may be tried again ends nothing and earns 0."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        score = info.get("score")
        if not terminated or not isinstance(score, Score):
            return observation, float(reward), terminated, truncated, info
        self._made += 1
        info = {**info, "attempt": self._made}
        if math.isnan(score.value) or score.value == 1 or self._made >= self.attempts:
            return observation, float(reward), terminated, truncated, info
        core = self.env.unwrapped
        assert isinstance(core, Env)
        del info["score"]
        info["messages"] = (*info["messages"], core.reopen(self.feedback))
        return text_of(info["messages"]), 0.0, False, False, info
