"""Agentic replay, GHPO and EEPO: signal where groups have none, and answers that differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean

from assaygym.agents.parts.aggregations import TokenMean
from assaygym.agents.parts.rollouts import IID, Forget, Hinted, Replayed
from assaygym.agents.recipes.agentic import EEPO as FORGETTING
from assaygym.agents.recipes.agentic import GHPO as HINTS
from assaygym.agents.recipes.agentic import GUI_ARPO as REPLAY
from assaygym.benchmarks.claims.claim import Claim, Figures, above, below
from assaygym.benchmarks.claims.common import RATE, SETTING, START, bare, settings
from assaygym.benchmarks.claims.training import Start, judged, mean_reward, policy_of, run, trainer_of
from assaygym.benchmarks.claims.worlds import addition, reverse
from assaygym.types import Trajectory

__all__ = ["EEPO", "GHPO", "GUI_ARPO"]

WORDS = reverse("train", length=3, alphabet=4)
"""About forty words, so that each comes again."""
SPARSE = Start(make_env=WORDS, teacher=bare, steps=200, until=0.8)
SUMS = partial(addition, split="train")
FORGETTING_RATES = {"one_step": RATE, "ten_steps": 10 * RATE}
"""A forgetting step as long as one of training's, and as long as ten: the recipe's 1e-5 is ten of a large model's."""
HINTED = Start(make_env=partial(addition, split="train", hinted=0.75), steps=400)


def measure_replay(seed: int, quick: bool) -> Figures:
    """Groups with a spread over the run, and success on the training tasks after it, with and without the buffer."""
    figures: dict[str, float] = {}
    for name, rollout in {"plain": IID(8), "replay": Replayed(8)}.items():
        policy = policy_of(SPARSE, seed, quick)
        before = mean_reward(judged(policy, WORDS, 8 if quick else 128, max_tokens=8))
        chosen = settings(seed, steps=1 if quick else 40, prompts=8, max_tokens=8)
        rows = run(policy, [WORDS], replace(REPLAY, rollout=rollout), chosen)
        figures |= {
            "start/success": before,
            f"{name}/groups_with_signal": _with_signal(rows),
            f"{name}/success": mean_reward(judged(policy, WORDS, 8 if quick else 128, max_tokens=8)),
        }
    return figures


def measure_hints(seed: int, quick: bool) -> Figures:
    """Groups without a spread over the run, and success without hints after it, with and without the ladder."""
    figures: dict[str, float] = {}
    asked = partial(addition, split="eval")
    for name, rollout in {"plain": IID(8), "ladder": Hinted(8)}.items():
        policy = policy_of(HINTED, seed, quick)
        chosen = settings(seed, steps=1 if quick else 15, prompts=8, max_tokens=8)
        rows = run(policy, [SUMS], replace(HINTS, rollout=rollout, aggregation=TokenMean()), chosen)
        figures |= {
            f"{name}/groups_without_signal": 1 - _with_signal(rows),
            f"{name}/success": mean_reward(judged(policy, asked, 8 if quick else 128, max_tokens=8)),
        }
    return figures


def measure_forgetting(seed: int, quick: bool) -> Figures:
    """Distinct answers and success among the four of the first stage and the four of the second, for each rate."""
    figures: dict[str, float] = {}
    for name, rate in FORGETTING_RATES.items():
        policy, recipe = policy_of(START, seed, quick), replace(FORGETTING, rollout=Forget(8, rate=rate))
        trainer = trainer_of(policy, [reverse("train")], recipe, settings(seed, steps=1, prompts=2 if quick else 48))
        groups = trainer.sampler.sample(0).groups
        for stage, late in (("first", False), ("second", True)):
            played = [[one for one in group.trajectories if ("forgotten" in one.notes) == late] for group in groups]
            figures |= {
                f"{name}/{stage}/distinct": fmean(map(_distinct, played)),
                f"{name}/{stage}/success": fmean(map(mean_reward, played)),
            }
    return figures


def _with_signal(rows: Sequence[dict[str, float]]) -> float:
    return 1 - fmean(row["frac_reward_zero_std"] for row in rows)


def _distinct(played: Sequence[Trajectory]) -> float:
    return len({one.turns[-1].completion.message.content for one in played})


GUI_ARPO = Claim(
    name="gui_arpo",
    source="ARPO (agentic replay), arXiv 2505.16282, and its README: OSWorld 23.5 to 29.9; on the tasks it trained on "
    "83.9 where GRPO has 72.9",
    says="An earlier success that stands in for an episode of a lost group gives more groups a signal.",
    setting="a model of 2 layers of 64 reverses about forty words of three letters after an imitation that "
    "ended when it was rarely right; 40 steps of 8 tasks, 8 episodes each; the share of groups whose rewards differ.",
    checks=(
        above("more groups with a signal", "replay/groups_with_signal", "plain/groups_with_signal"),
        above("more success on the tasks trained on", "replay/success", "plain/success", decides=False),
    ),
    measure=measure_replay,
)

GHPO = Claim(
    name="ghpo",
    source="GHPO, arXiv 2507.10628, and its README: 5 % better over six benchmarks",
    says="Hints for tasks that nobody solves turn groups without a signal into groups with one.",
    setting="a model of 2 layers of 64 adds numbers of two digits after 400 steps of imitation, three quarters with a "
    "part of the answer in the question; 15 steps of 8 tasks, 8 episodes each; the ladder shows 25, 50 and 75 % of the "
    "answer. Success is measured without hints.",
    checks=(
        below("fewer groups without a signal", "ladder/groups_without_signal", "plain/groups_without_signal"),
        above("more success without hints", "ladder/success", "plain/success", decides=False),
    ),
    measure=measure_hints,
)

EEPO = Claim(
    name="eepo",
    source="EEPO, arXiv 2510.05837, abstract: relative gains of 24 to 33 % over GRPO",
    says="After a step that makes the first half of a group unlikely, the second half holds more distinct answers, and "
    "right ones among them.",
    setting=f"{SETTING}; 48 tasks, 4 + 4 episodes each, no training; a forgetting step as long as one step of "
    "training. Beside it one ten times as long, as the recipe's 1e-5 is to a large model's 1e-6. The gain of training "
    "with it is not measured.",
    checks=(
        above("more distinct answers in the second stage", "one_step/second/distinct", "one_step/first/distinct"),
        above(
            "at least half as often right as the first",
            "one_step/second/success",
            "one_step/first/success",
            ratio=True,
            by=0.5,
        ),
        above(
            "ten times as long: more distinct answers",
            "ten_steps/second/distinct",
            "ten_steps/first/distinct",
            decides=False,
        ),
        above("ten times as long: some of them right", "ten_steps/second/success", 0.02, decides=False),
    ),
    measure=measure_forgetting,
)
