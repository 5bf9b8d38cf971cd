"""The bench that several claims stand on: reversing words of four letters, of which the warm start gets about half."""

from __future__ import annotations

from dataclasses import replace

from assaygym.agents.demonstrations import AnswerPolicy
from assaygym.agents.policy import Policy
from assaygym.agents.recipes.group_relative import GRPO
from assaygym.agents.settings import TrainSettings
from assaygym.benchmarks.claims.training import Start, judged, mean_reward
from assaygym.benchmarks.claims.worlds import reverse

__all__ = ["FURTHER", "PLAIN", "RATE", "SETTING", "START", "bare", "settings", "success"]

RATE = 5e-4
"""Of AdamW, in all claims that train: what a model of 64 channels wants, five hundred times a large one's 1e-6."""


def bare(seed: int) -> Policy:
    """A teacher that says the answer and nothing around it."""
    return AnswerPolicy()


PLAIN = replace(GRPO, regularisers=())
"""GRPO without its divergence, which most of the methods leave out as well."""
START = Start(make_env=reverse("train"), teacher=bare, until=0.28)
"""Answers are the word alone: `\\boxed{}` would be two thirds of the tokens."""
FURTHER = Start(make_env=reverse("train"), teacher=bare, until=0.2)
"""Where a threshold is waited for: from here plain GRPO gets there as well."""
SETTING = "a model of 2 layers of 64 reverses words of four letters, after a warm start"
TASKS = 128


def settings(
    seed: int, *, steps: int, prompts: int = 12, max_tokens: int = 8, updates: int = 1, mini_batches: int = 1
) -> TrainSettings:
    """A run with this seed; what is not said is as everywhere."""
    return TrainSettings(
        steps=steps,
        prompts=prompts,
        max_tokens=max_tokens,
        updates=updates,
        mini_batches=mini_batches,
        learning_rate=RATE,
        seed=seed,
    )


def success(policy: Policy, *, quick: bool = False) -> float:
    """Of words that no step shows."""
    return mean_reward(judged(policy, reverse("eval"), 8 if quick else TASKS, max_tokens=8))
