"""GRPO-λ and GFPO: how long answers stay where padding is free."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from random import Random
from statistics import fmean

from assaygym.agents.policy import Policy, Prompt
from assaygym.agents.recipes.group_relative import GFPO as SHORTEST
from assaygym.agents.recipes.group_relative import GRPO_LAMBDA as LAMBDA
from assaygym.agents.recipes.recipe import Recipe
from assaygym.agents.scripted import ScriptedPolicy
from assaygym.benchmarks.claims.claim import Claim, Figures, above, below
from assaygym.benchmarks.claims.common import PLAIN, settings
from assaygym.benchmarks.claims.training import Start, judged, mean_reward, policy_of, run
from assaygym.benchmarks.claims.worlds import dotted

__all__ = ["GFPO", "GRPO_LAMBDA"]

LONGEST = 12
"""Dots that the teacher may put before an answer, evenly from 0."""


def _padding(seed: int) -> Policy:
    rng = Random(seed)

    def answer(prompt: Prompt) -> str:
        assert prompt.env is not None  # a warm start plays from inside
        assert prompt.env.task is not None
        return "." * rng.randint(0, LONGEST) + str(prompt.env.task.answer)

    return ScriptedPolicy(answer)


START = Start(make_env=partial(dotted, split="train"), teacher=_padding, steps=300, until=0.36)
ARMS: dict[str, Recipe] = {
    "grpo": PLAIN,
    "grpo_lambda": replace(LAMBDA, regularisers=()),
    "gfpo": replace(SHORTEST, regularisers=()),
}


@cache
def _trained(arm: str, seed: int, quick: bool) -> dict[str, float]:
    """Length (sampled tokens) and success of the eval split after training by this recipe; untrained for "start"."""
    policy = policy_of(START, seed, quick)
    if arm != "start":
        chosen = settings(seed, steps=1 if quick else 20, prompts=8, max_tokens=24)
        run(policy, [START.make_env], ARMS[arm], chosen)
    played = judged(policy, partial(dotted, split="eval"), 8 if quick else 128, max_tokens=24)
    lengths = (len(one.turns[0].completion.token_ids) for one in played)
    return {f"{arm}/length": fmean(lengths), f"{arm}/success": mean_reward(played)}


def measure(arm: str, seed: int, quick: bool) -> Figures:
    """Length and success before training, after GRPO and after this recipe."""
    return {**_trained("start", seed, quick), **_trained("grpo", seed, quick), **_trained(arm, seed, quick)}


SETTING = (
    "a model of 2 layers of 64 reverses words of three letters and may put dots before the answer, which are not "
    f"judged; it imitated 0 to {LONGEST} of them. 20 steps of 8 tasks"
)

GRPO_LAMBDA = Claim(
    name="grpo_lambda",
    source="GRPO-λ, arXiv 2505.18086, abstract: 47 % shorter and 1.48 points better",
    says="Paying for shortness where a task is solved often makes answers shorter than GRPO's, without loss.",
    setting=f"{SETTING}, 8 episodes each.",
    checks=(
        below("shorter answers than GRPO's", "grpo_lambda/length", "grpo/length", ratio=True),
        above("success not below GRPO's by 0.05", "grpo_lambda/success", "grpo/success", by=-0.05),
        below("47 % shorter", "grpo_lambda/length", "grpo/length", ratio=True, by=0.53, decides=False),
    ),
    measure=partial(measure, "grpo_lambda"),
)

GFPO = Claim(
    name="gfpo",
    source="GFPO, arXiv 2508.09726, abstract: 46 to 71 % less of the length that GRPO adds",
    says="Learning from the shortest of many samples makes answers shorter than GRPO's, without loss.",
    setting=f"{SETTING}; 24 episodes each of which the 8 shortest are learnt from, GRPO has 8.",
    checks=(
        below("shorter answers than GRPO's", "gfpo/length", "grpo/length", ratio=True),
        above("success not below GRPO's by 0.05", "gfpo/success", "grpo/success", by=-0.05),
    ),
    measure=partial(measure, "gfpo"),
)
