"""A small transformer learns on one CPU core: a few demonstrations first, then GRPO.

`REVERSE` takes under a minute: `assay/Reverse-v0` with words of four letters out of eight, after answers of the oracle.
`CALCULATOR` has two turns: `assay/Calculator-v0`, after demonstrations of which most guess and some ask the calculator.
The reward alone then teaches to ask always. The eval split holds tasks that no training step ever shows; each is asked
once before and once after the training.
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
    from assaygym.agents.recipes.recipe import Recipe
    from assaygym.agents.transformers_policy import TransformersPolicy
    from assaygym.envs.core import Env

__all__ = ["CALCULATOR", "REVERSE", "Outcome", "Progress", "Show", "showcase", "success", "warmed"]

RECIPE = replace(GRPO, aggregation=TokenMean(), regularisers=())
FAR = 1_000_000_000
"""The warm start's seeds begin here, beyond those of GRPO."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """What is learnt, and how."""

    env_id: str
    knobs: Mapping[str, Any]
    recipe: Recipe = RECIPE
    settings: TrainSettings
    warm_steps: int
    """At most."""
    warm_batch: int = 16
    warm_until: float | None = None
    """The loss (nats a token) that ends the warm start."""
    oracle_share: float = 1.0
    """Of the demonstrations; the rest say the answer at once."""

    def make_env(self, split: str) -> Env:
        """A fresh environment."""
        from assaygym.envs.registration import make

        return make(self.env_id, split=split, **self.knobs)


REVERSE = Show(
    env_id="assay/Reverse-v0",
    knobs={"length": 4, "alphabet": 8},
    settings=TrainSettings(steps=80, prompts=16, max_tokens=24, learning_rate=5e-4, checkpoint_every=1000),
    warm_steps=300,
    warm_until=0.15,  # about a quarter of the sampled answers is right: enough to compare, far from solved
)
CALCULATOR = Show(
    env_id="assay/Calculator-v0",
    knobs={"terse": True},
    settings=TrainSettings(steps=90, prompts=16, max_tokens=12, learning_rate=5e-4, checkpoint_every=1000),
    warm_steps=1500,
    warm_batch=64,
    oracle_share=0.15,
)


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
    show: Show = REVERSE,
    *,
    seed: int = 0,
    eval_tasks: int = 256,
    folder: str | Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Build, warm-start, evaluate, train, evaluate. The same seed gives the same outcome on the same CPU.

    Args:
        show: what is learnt; the seed of its settings is replaced.
        seed: of the weights, the tasks and the sampling.
        eval_tasks: distinct tasks of the eval split, asked once each.
        folder: where metrics and the trained model go; None writes nothing.
        on_progress: called at every step.

    Raises:
        MissingDependencyError: torch or transformers is not installed.
        TaskError: the eval split has fewer tasks than that.
    """
    tell = on_progress or (lambda progress: None)
    policy = warmed(
        show,
        seed=seed,
        on_step=lambda step, loss: tell(Progress(stage="warm start", step=step, steps=show.warm_steps, value=loss)),
    )
    settings = replace(show.settings, seed=seed)
    judge = partial(
        success, policy, partial(show.make_env, "eval"), eval_tasks, max_tokens=settings.max_tokens, seed=seed
    )
    before = judge()
    tell(Progress(stage="eval before", step=1, steps=1, value=before / eval_tasks))
    metrics = train(
        show.recipe,
        show.env_id,
        policy,
        settings,
        folder=folder,
        knobs=show.knobs,
        on_step=lambda m: tell(Progress(stage="grpo", step=int(m["step"]), steps=settings.steps, value=m["reward"])),
    )
    after = judge()
    tell(Progress(stage="eval after", step=1, steps=1, value=after / eval_tasks))
    return Outcome(tasks=eval_tasks, before=before, after=after, metrics=tuple(metrics))


def warmed(show: Show, *, seed: int = 0, on_step: Callable[[int, float], None] | None = None) -> TransformersPolicy:
    """A tiny model after its demonstrations, ready for GRPO.

    Raises:
        MissingDependencyError: torch or transformers is not installed.
    """
    from assaygym.agents.demonstrations import AnswerPolicy, Mixture
    from assaygym.agents.scripted import OraclePolicy
    from assaygym.agents.tiny import tiny_model, tiny_tokenizer
    from assaygym.agents.transformers_policy import TransformersPolicy
    from assaygym.agents.warmstart import warm_start

    tokenizer = tiny_tokenizer()
    policy = TransformersPolicy(tiny_model(tokenizer, seed=seed), tokenizer, max_batch=128)
    oracle = OraclePolicy()
    warm_start(
        policy.model,
        tokenizer,
        partial(show.make_env, "train"),
        steps=show.warm_steps,
        teacher=oracle if show.oracle_share == 1 else Mixture(oracle, AnswerPolicy(), share=show.oracle_share),
        batch_size=show.warm_batch,
        until=show.warm_until,
        seed=FAR * (seed + 1),
        on_step=on_step,
    )
    return policy


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
