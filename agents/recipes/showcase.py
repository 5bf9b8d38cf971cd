"""A small transformer learns on one CPU core in under a minute: oracle answers first, then GRPO.

The task is `assay/Reverse-v0` with words of four letters out of eight. The eval split holds words that no training step
ever shows; each is asked once before and once after the training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from assaygym.agents.parts.aggregations import TokenMean
from assaygym.agents.recipes.group_relative import GRPO
from assaygym.agents.settings import TrainSettings
from assaygym.agents.train import train
from assaygym.errors import TaskError

if TYPE_CHECKING:
    from assaygym.agents.policy import Policy
    from assaygym.envs.core import Env

__all__ = ["CONFIG", "ENV_ID", "KNOBS", "Outcome", "Progress", "showcase", "success"]

ENV_ID = "assay/Reverse-v0"
KNOBS: Mapping[str, int] = {"length": 4, "alphabet": 8}
RECIPE = replace(GRPO, aggregation=TokenMean(), regularisers=())
CONFIG = TrainSettings(
    steps=80,
    prompts=16,
    max_tokens=24,
    learning_rate=5e-4,
    checkpoint_every=1000,
)
WARM_STEPS = 300
WARM_UNTIL = 0.15
"""Nats a token at which about a quarter of the sampled answers is right: enough to compare, far from solved."""
FAR = 1_000_000_000
"""The warm start's seeds begin here, beyond those of GRPO."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One point for a live display."""

    stage: Literal["warm start", "eval before", "grpo", "eval after"]
    step: int
    """From 1 in the two training stages; 1 when an evaluation is done."""
    steps: int
    """Of this stage; a warm start usually ends before."""
    value: float
    """Loss in the warm start, mean reward elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the training changed: rewards on `tasks` distinct tasks of the eval split, sampled at temperature 1."""

    tasks: int
    before: float
    """Sum of the rewards before GRPO: here the number of right answers."""
    after: float
    metrics: tuple[Mapping[str, float], ...]
    """Of each GRPO step."""


def showcase(
    *,
    seed: int = 0,
    config: TrainSettings = CONFIG,
    eval_tasks: int = 256,
    folder: str | Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Build, warm-start, evaluate, train, evaluate. The same seed gives the same outcome on the same CPU.

    Args:
        seed: of the weights, the tasks and the sampling.
        config: of GRPO; its seed is replaced.
        eval_tasks: distinct tasks of the eval split, asked once each.
        folder: where metrics and the trained model go; None writes nothing.
        on_progress: called at every step.

    Raises:
        MissingDependencyError: torch or transformers is not installed.
        TaskError: the eval split has fewer tasks than that.
    """
    from assaygym.agents.tiny import tiny_model, tiny_tokenizer
    from assaygym.agents.transformers_policy import TransformersPolicy
    from assaygym.agents.warmstart import warm_start

    tell = on_progress or (lambda progress: None)
    tokenizer = tiny_tokenizer()
    policy = TransformersPolicy(tiny_model(tokenizer, seed=seed), tokenizer, max_batch=128)
    warm_start(
        policy.model,
        tokenizer,
        _maker("train"),
        steps=WARM_STEPS,
        batch_size=16,
        until=WARM_UNTIL,
        seed=FAR * (seed + 1),
        on_step=lambda step, loss: tell(Progress(stage="warm start", step=step, steps=WARM_STEPS, value=loss)),
    )
    judge = partial(success, policy, _maker("eval"), eval_tasks, max_tokens=config.max_tokens, seed=seed)
    before = judge()
    tell(Progress(stage="eval before", step=1, steps=1, value=before / eval_tasks))
    metrics = train(
        RECIPE,
        ENV_ID,
        policy,
        replace(config, seed=seed),
        folder=folder,
        knobs=KNOBS,
        on_step=lambda m: tell(Progress(stage="grpo", step=int(m["step"]), steps=config.steps, value=m["reward"])),
    )
    after = judge()
    tell(Progress(stage="eval after", step=1, steps=1, value=after / eval_tasks))
    return Outcome(tasks=eval_tasks, before=before, after=after, metrics=tuple(metrics))


def success(policy: Policy, make_env: Callable[[], Env], tasks: int, *, max_tokens: int, seed: int = 0) -> float:
    """The sum of the rewards of one sampled episode on each of `tasks` distinct tasks.

    Raises:
        TaskError: the split has fewer tasks than that, or an episode could not be judged.
    """
    from assaygym.agents.lockstep import play_in_lockstep
    from assaygym.agents.policy import SamplingParams
    from assaygym.agents.workers import EpisodeJob

    jobs = [EpisodeJob(key=str(s), seed=s) for s in _distinct_seeds(make_env(), tasks)]
    params = SamplingParams(max_tokens=max_tokens, seed=seed)
    total = sum(trajectory.reward for trajectory in play_in_lockstep(make_env, policy, jobs, params))
    if total != total:
        raise TaskError("an episode of the evaluation could not be judged")
    return total


def _distinct_seeds(env: Env, tasks: int) -> list[int]:
    seeds: dict[str, int] = {}
    for seed in range(20 * tasks):
        seeds.setdefault(env.reset(seed=seed)[1]["task_id"], seed)
        if len(seeds) == tasks:
            return list(seeds.values())
    raise TaskError(f"the {env.split} split of {env.id} has about {len(seeds)} tasks, fewer than the {tasks} asked for")


def _maker(split: str) -> Any:
    from assaygym.envs.registration import make

    return partial(make, ENV_ID, split=split, **KNOBS)
