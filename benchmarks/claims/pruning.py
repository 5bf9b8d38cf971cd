"""CPPO: what leaving out the completions nearest to the mean saves, and what it does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any

from assaygym.agents.parts.filters import PruneAbs
from assaygym.agents.parts.rollouts import IID
from assaygym.agents.recipes.group_relative import CPPO as PAPER
from assaygym.benchmarks.claims.claim import Claim, Figures, alike, below
from assaygym.benchmarks.claims.common import FURTHER, SETTING, settings, success
from assaygym.benchmarks.claims.training import policy_of, reach, trainer_of
from assaygym.benchmarks.claims.worlds import reverse

__all__ = ["CPPO", "Clock"]

RATES = {"whole": 0.0, "half": 0.5, "quarter": 0.75}
THRESHOLD, CAP, EPISODES = 0.8, 50, 16


class Clock:
    """Takes the CPU time of each call of a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.seconds = function, list[float]()

    def __call__(self, *given: Any, **more: Any) -> Any:
        """What the function gives."""
        started = time.process_time()
        try:
            return self.function(*given, **more)
        finally:
            self.seconds.append(time.process_time() - started)


def measure(seed: int, quick: bool) -> Figures:
    """CPU milliseconds of a step's update and of its sampling, and CPU seconds to the threshold."""
    figures: dict[str, float] = {}
    for name, rate in RATES.items():
        recipe = replace(PAPER, rollout=IID(EPISODES), filters=(PruneAbs(rate, "batch"),) if rate else ())
        policy = policy_of(FURTHER, seed, quick)
        chosen = settings(seed, steps=1 if quick else CAP, prompts=6, updates=2)
        trainer = trainer_of(policy, [reverse("train")], recipe, chosen)
        update, sample = Clock(trainer.updater.update), Clock(trainer.sampler.sample)
        trainer.updater.update, trainer.sampler.sample = update, sample  # type: ignore[method-assign]
        found = reach(trainer, partial(success, policy, quick=quick), THRESHOLD, every=2, episodes=EPISODES)
        figures |= {
            f"{name}/update_ms": 1e3 * median(update.seconds),
            f"{name}/sampling_ms": 1e3 * median(sample.seconds),
            f"{name}/seconds_to_threshold": found.cpu_seconds,
            f"{name}/reached": found.reached,
        }
    return figures


CPPO = Claim(
    name="cppo",
    source="CPPO, arXiv 2503.22342, and its README: 1.81 times as fast at a rate of 0.5, 8.32 times at 0.9375 (GSM8K)",
    says="Leaving out the completions of small advantage makes the update cheaper; generating them costs as before.",
    setting=f"{SETTING}; 6 tasks a step, {EPISODES} episodes each, 2 updates, up to {CAP} steps; CPU time of update "
    f"and sampling a step (medians), and of training until {THRESHOLD:.0%} are right (all {CAP} steps where that was "
    "not reached). The places that become free are not filled with further tasks, as the paper's code can.",
    checks=(
        below("the update is cheaper where half is left out", "half/update_ms", "whole/update_ms", ratio=True),
        below("and cheaper where three quarters are", "quarter/update_ms", "whole/update_ms", ratio=True),
        alike("sampling costs the same (half)", "half/sampling_ms", "whole/sampling_ms", within=0.15),
        alike("sampling costs the same (three quarters)", "quarter/sampling_ms", "whole/sampling_ms", within=0.15),
        below(
            "less time to the threshold (half)",
            "half/seconds_to_threshold",
            "whole/seconds_to_threshold",
            ratio=True,
            decides=False,
        ),
        below(
            "less time to the threshold (three quarters)",
            "quarter/seconds_to_threshold",
            "whole/seconds_to_threshold",
            ratio=True,
            decides=False,
        ),
    ),
    measure=measure,
)
