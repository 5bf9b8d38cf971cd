"""OpenRLHF and AReaL: how much of a step is generation, and what overlapping it with the update could save."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean

from assaygym.agents.recipes.group_relative import GRPO
from assaygym.benchmarks.claims.claim import Claim, Figures, above
from assaygym.benchmarks.claims.common import settings
from assaygym.benchmarks.claims.training import Start, policy_of, run
from assaygym.benchmarks.claims.worlds import reverse

__all__ = ["STEP_TIME"]

COLD = Start(make_env=reverse("train"), steps=1)
"""Hardly taught: its answers run on."""
LENGTHS = {"short": 8, "long": 64}


def measure(seed: int, quick: bool) -> Figures:
    """The share of a step that is sampling, and the most that perfect overlap would gain, for two lengths."""
    figures: dict[str, float] = {}
    for name, tokens in LENGTHS.items():
        policy = policy_of(COLD, seed, quick)
        chosen = replace(settings(seed, steps=2 if quick else 6, prompts=8, max_tokens=tokens), learning_rate=1e-6)
        rows = run(policy, [reverse("train")], GRPO, chosen)[1:]
        share = fmean(row["sampling_time"] / row["step_time"] for row in rows)
        figures |= {
            f"{name}/generation_share": share,
            f"{name}/most_by_overlap": 1 / max(share, 1 - share),
            f"{name}/tokens_an_episode": fmean(row["completions/mean_length"] for row in rows),
        }
    return figures


STEP_TIME = Claim(
    name="step_time",
    source="OpenRLHF's README: 80 % of the time is generation; AReaL's README: 2.77 times as fast by asynchrony",
    says="Generation takes most of a step; what asynchrony could save is bounded by its share.",
    setting="a model of 2 layers of 64, GRPO with its reference model, 8 tasks of 8 episodes a step, completions of "
    "up to 8 and up to 64 tokens; shares of the clock. Overlap itself needs a second device and was not measured: the "
    "bound is 1 / max(share, 1 - share).",
    checks=(
        above("more than half of a step, at 64 tokens", "long/generation_share", 0.5),
        above("at least 80 %, at 64 tokens", "long/generation_share", 0.0, by=0.8, decides=False),
        above("more than half of a step, at 8 tokens", "short/generation_share", 0.5, decides=False),
    ),
    measure=measure,
)
