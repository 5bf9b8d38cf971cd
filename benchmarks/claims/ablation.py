"""DAPO: what each of its parts does to the steps, and to the episodes, that a threshold takes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from assaygym.agents.parts.aggregations import TokenMean
from assaygym.agents.parts.filters import NonzeroStd
from assaygym.agents.parts.losses import Clip
from assaygym.agents.recipes.recipe import Recipe
from assaygym.benchmarks.claims.claim import Claim, Figures, below
from assaygym.benchmarks.claims.common import FURTHER, PLAIN, SETTING, settings, success
from assaygym.benchmarks.claims.training import policy_of, reach, trainer_of
from assaygym.benchmarks.claims.worlds import reverse

__all__ = ["DAPO"]

HIGHER = Clip(0.2, 0.28, dual=10.0)
ARMS: dict[str, Recipe] = {
    "grpo": PLAIN,
    "clip_high": replace(PLAIN, loss=HIGHER),
    "dynamic": replace(PLAIN, filters=(NonzeroStd(refill=True),)),
    "token_mean": replace(PLAIN, aggregation=TokenMean()),
    "all": replace(PLAIN, loss=HIGHER, filters=(NonzeroStd(refill=True),), aggregation=TokenMean()),
}
THRESHOLD, CAP, EPISODES = 0.8, 50, 8


def measure(seed: int, quick: bool) -> Figures:
    """Steps, episodes and CPU seconds to the threshold, of each arm."""
    figures: dict[str, float] = {}
    for name, recipe in ARMS.items():
        policy = policy_of(FURTHER, seed, quick)
        chosen = settings(seed, steps=1 if quick else CAP, mini_batches=4)
        trainer = trainer_of(policy, [reverse("train")], recipe, chosen)
        found = reach(trainer, partial(success, policy, quick=quick), THRESHOLD, every=1, episodes=EPISODES)
        figures |= {
            f"{name}/steps": found.steps,
            f"{name}/episodes": found.samples,
            f"{name}/reached": found.reached,
            f"{name}/last": found.success,
        }
    return figures


DAPO = Claim(
    name="dapo",
    source="DAPO, arXiv 2503.14476, and its README: 50 points of AIME 2024 with half the steps of R1-Zero-Qwen-32B",
    says="GRPO with clip-higher, dynamic sampling and the token mean takes fewer steps than GRPO to a success.",
    setting=f"{SETTING}; 12 tasks a step, 8 episodes each, 4 mini-batches; steps until {THRESHOLD:.0%} of words not "
    f"trained on are right, {CAP} where that was not reached. Its overlong penalty has nothing to do here.",
    checks=(
        below("all three take fewer steps than GRPO", "all/steps", "grpo/steps", ratio=True),
        below("and fewer episodes are generated", "all/episodes", "grpo/episodes", ratio=True, decides=False),
        *(
            below(f"{name} alone: {what}", f"{name}/{what}", f"grpo/{what}", ratio=True, decides=False)
            for name in ("clip_high", "dynamic", "token_mean")
            for what in ("steps", "episodes")
        ),
    ),
    measure=measure,
)
