"""What the miniatures share: tiny models that a short warm start has taught the form of an answer, and their training.

All arms of a seed start from the same weights and see the same tasks, so their figures are pairs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean
from typing import TYPE_CHECKING, Any

from assaygym.agents.policy import Policy, SamplingParams
from assaygym.agents.recipes.recipe import Recipe
from assaygym.agents.settings import TrainSettings
from assaygym.types import Trajectory

if TYPE_CHECKING:
    from assaygym.agents.trainer import Trainer
    from assaygym.agents.transformers_policy import TransformersPolicy

__all__ = ["FAR", "Reached", "Start", "judged", "mean_reward", "policy_of", "reach", "run", "trainer_of"]

FAR = 1_000_000_000
"""The seeds of a warm start's tasks begin here, those of evaluations at twice this; training's begin at 0."""

MakeEnv = Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """Where training begins. A constant of a module: its models are kept for the length of the process."""

    make_env: MakeEnv
    """Of what the warm start shows."""
    teacher: Callable[[int], Policy] | None = None
    """Of a seed; the oracle where None."""
    steps: int = 300
    until: float | None = None
    hidden: int = 64
    layers: int = 2


def policy_of(start: Start, seed: int, quick: bool = False) -> TransformersPolicy:
    """A policy of its own with the warm-started weights of this seed; one thread from here on."""
    import torch

    from assaygym.agents.tiny import tiny_model, tiny_tokenizer
    from assaygym.agents.transformers_policy import TransformersPolicy

    torch.set_num_threads(1)  # more spin where other processes run, and the order of sums would depend on them
    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer, hidden=start.hidden, layers=start.layers, seed=seed)
    model.load_state_dict(_warmed(start, seed, quick))
    return TransformersPolicy(model, tokenizer, max_batch=256)


@cache
def _warmed(start: Start, seed: int, quick: bool) -> dict[str, Any]:
    from assaygym.agents.tiny import tiny_model, tiny_tokenizer
    from assaygym.agents.warmstart import warm_start

    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer, hidden=start.hidden, layers=start.layers, seed=seed)
    warm_start(
        model,
        tokenizer,
        start.make_env,
        steps=2 if quick else start.steps,
        teacher=None if start.teacher is None else start.teacher(seed),
        batch_size=16,
        until=start.until,
        seed=FAR + 1_000_000 * seed,
    )
    return {name: value.clone() for name, value in model.state_dict().items()}


def trainer_of(
    policy: TransformersPolicy, make_envs: Sequence[MakeEnv], recipe: Recipe, settings: TrainSettings
) -> Trainer:
    """The trainer, of our own kind."""
    from assaygym.agents.trainer import Trainer

    return Trainer(policy, list(make_envs), recipe, settings)


def run(
    policy: TransformersPolicy, make_envs: Sequence[MakeEnv], recipe: Recipe, settings: TrainSettings
) -> list[dict[str, float]]:
    """Train `policy` in place; the metrics of each step."""
    return list(trainer_of(policy, make_envs, recipe, settings).fit())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """When a threshold was reached, or what the cap allowed."""

    steps: float
    samples: float
    """Episodes generated, those of groups that a filter threw away included."""
    cpu_seconds: float
    """Of training, without the evaluations."""
    reached: float
    """1, or 0 where the cap came first."""
    success: float
    """At the last look."""


def reach(trainer: Trainer, judge: Callable[[], float], threshold: float, *, every: int = 5, episodes: int) -> Reached:
    """Train until `judge` says at least `threshold`, looking every so many steps, up to the steps of the settings.

    Args:
        trainer: at its start.
        judge: of the policy as it is.
        threshold: of its success.
        every: steps between two looks.
        episodes: of each task that is drawn.
    """
    drawn, spent, steps, success = 0.0, 0.0, 0, 0.0
    while steps < trainer.settings.steps and success < threshold:
        started = time.process_time()
        for _ in range(min(every, trainer.settings.steps - steps)):
            drawn += trainer.step()["tasks_drawn"]
            steps += 1
        spent += time.process_time() - started
        success = judge()
    reached = float(success >= threshold)
    return Reached(steps=steps, samples=drawn * episodes, cpu_seconds=spent, reached=reached, success=success)


def judged(
    policy: Policy, make_env: MakeEnv, tasks: int, *, max_tokens: int, seed: int = 0, temperature: float = 1.0
) -> list[Trajectory]:
    """One sampled episode of each of so many tasks, the same ones for the same seed."""
    from assaygym.agents.lockstep import play_in_lockstep
    from assaygym.agents.workers import EpisodeJob

    first = 2 * FAR + 1_000_000 * seed
    jobs = [EpisodeJob(key=str(number), seed=number) for number in range(first, first + tasks)]
    params = SamplingParams(max_tokens=max_tokens, seed=seed, temperature=temperature)
    return play_in_lockstep(make_env, policy, jobs, params)


def mean_reward(played: Sequence[Trajectory]) -> float:
    """NaN where an episode could not be judged: a figure that the checks refuse."""
    return fmean(one.reward for one in played)
