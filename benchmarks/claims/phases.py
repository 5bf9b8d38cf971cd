"""DELTA: rewards by all tests, by their share, and by one after the other."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from statistics import fmean

from assaygym.agents.parts.rollouts import IID
from assaygym.agents.parts.shaping import TwoPhase
from assaygym.agents.recipes.agentic import DELTA as PAPER
from assaygym.benchmarks.claims.claim import Claim, Figures, above, below
from assaygym.benchmarks.claims.common import settings
from assaygym.benchmarks.claims.training import Start, judged, policy_of, trainer_of
from assaygym.benchmarks.claims.worlds import lettered

__all__ = ["DELTA"]

LENGTH, STEPS, LOOKS = 5, 120, 4
TRAIN, EVAL = (partial(lettered, split=split, length=LENGTH) for split in ("train", "eval"))
START = Start(make_env=TRAIN, steps=50)
ARMS = {"binary": (TwoPhase(switch=0),), "dense": (), "two_phase": (TwoPhase(switch=STEPS // 2),)}


def measure(seed: int, quick: bool) -> Figures:
    """Whole solutions of the eval split at four points of the run, of each arm."""
    figures: dict[str, float] = {}
    steps = LOOKS if quick else STEPS
    for name, shaping in ARMS.items():
        policy = policy_of(START, seed, quick)
        figures["start"] = _solved(policy, quick)
        recipe = replace(PAPER, rollout=IID(12), shaping=shaping)
        trainer = trainer_of(policy, [TRAIN], recipe, settings(seed, steps=steps, prompts=8, max_tokens=8))
        for look in range(1, LOOKS + 1):
            for _ in range(steps // LOOKS):
                trainer.step()
            figures[f"{name}/{STEPS * look // LOOKS}"] = _solved(policy, quick)
    return figures


def _solved(policy: object, quick: bool) -> float:
    played = judged(policy, EVAL, 8 if quick else 128, max_tokens=8)  # type: ignore[arg-type]
    return fmean(one.reward == 1.0 for one in played)


DELTA = Claim(
    name="delta",
    source="DELTA, arXiv 2509.21016, and its project page",
    says="Rewards for whole solutions alone stay stuck, rewards by the share of tests level off, and the share first "
    "and whole solutions after it get further than either.",
    setting=f"a model of 2 layers of 64 reverses words of {LENGTH} letters after 50 steps of imitation; each letter in "
    f"its place is a test. {STEPS} steps of 8 tasks, 12 episodes each; the switch comes at step {STEPS // 2}. The "
    "share of eval words that are wholly right.",
    checks=(
        below("whole solutions alone: at most 0.05 gained", f"binary/{STEPS}", "start", by=0.05),
        above("two phases get further than whole solutions alone", f"two_phase/{STEPS}", f"binary/{STEPS}"),
        above("two phases get further than the share alone", f"two_phase/{STEPS}", f"dense/{STEPS}"),
        below(
            "the share alone levels off: at most 0.02 gained in the last quarter",
            f"dense/{STEPS}",
            f"dense/{STEPS * 3 // 4}",
            by=0.02,
            decides=False,
        ),
    ),
    measure=measure,
)
