"""GiGPO and UFO: episodes of several turns, in which states or mistakes repeat."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from statistics import fmean
from typing import TYPE_CHECKING, Any, ClassVar

from assaygym.agents.parts.advantages import GroupAdvantage
from assaygym.agents.parts.agentic import StepGroup
from assaygym.agents.parts.base import Advantage
from assaygym.agents.parts.rollouts import IID
from assaygym.agents.policy import Policy
from assaygym.agents.recipes.agentic import GIGPO as STEPS_TOO
from assaygym.agents.recipes.agentic import UFO as RETRIES
from assaygym.agents.scripted import ScriptedPolicy
from assaygym.benchmarks.claims.claim import Claim, Figures, above, below
from assaygym.benchmarks.claims.common import PLAIN, settings
from assaygym.benchmarks.claims.training import Start, judged, mean_reward, policy_of, reach, run, trainer_of
from assaygym.benchmarks.claims.worlds import DIGITS, MOVES, Grid, guess
from assaygym.envs.retry_on_wrong import RetryOnWrong

if TYPE_CHECKING:
    from torch import Tensor

    from assaygym.agents.scene import Scene
    from assaygym.agents.trainer import Trainer

__all__ = ["GIGPO", "UFO", "Timed"]


def _lost(seed: int) -> Policy:
    """Walks at random."""
    rng = Random(seed)
    return ScriptedPolicy(lambda prompt: rng.choice(list(MOVES)))


def _guessing(seed: int) -> Policy:
    rng = Random(seed)
    return ScriptedPolicy(lambda prompt: str(rng.randrange(DIGITS)))


def _retried() -> Any:
    return RetryOnWrong(guess(split="all"), 5)


WALKS = Start(make_env=Grid, teacher=_lost, steps=40, layers=1)
GUESSES = Start(make_env=_retried, teacher=_guessing, steps=60, layers=1)
THRESHOLD, CAP, EVERY = 0.8, 39, 3


def measure_walks(seed: int, quick: bool) -> Figures:
    """Steps to the threshold with either advantage, and what grouping by states costs a row."""
    figures: dict[str, float] = {}
    for name, advantage in {"grpo": GroupAdvantage(), "gigpo": StepGroup()}.items():
        policy = policy_of(WALKS, seed, quick)
        trainer = _walker(policy, advantage, seed, steps=1 if quick else CAP)
        found = reach(trainer, partial(_arrived, policy, quick), THRESHOLD, every=EVERY, episodes=8)
        figures |= {f"{name}/steps": found.steps, f"{name}/reached": found.reached, f"{name}/last": found.success}
    return figures | {"grouping_ms_a_row": _grouping(seed, quick)}


def _walker(policy: Any, advantage: Advantage, seed: int, *, steps: int) -> Trainer:
    recipe = replace(STEPS_TOO, shaping=(), regularisers=(), advantage=advantage)
    return trainer_of(policy, [WALKS.make_env], recipe, settings(seed, steps=steps, prompts=8, max_tokens=3))


def _arrived(policy: Policy, quick: bool) -> float:
    return mean_reward(judged(policy, Grid, 4 if quick else 64, max_tokens=3))


def _grouping(seed: int, quick: bool) -> float:
    """CPU milliseconds an episode of the advantage by states, less those of the plain one; the best of five."""
    timed = Timed()
    _walker(policy_of(WALKS, seed, quick), timed, seed, steps=1).step()
    return 1e3 * (min(timed.steps) - min(timed.plain))


@dataclass(frozen=True, slots=True)
class Timed(Advantage):
    """The plain advantage, and how many CPU seconds an episode it and the one by states take on the same scene."""

    name: ClassVar[str] = "timed"
    plain: list[float] = field(default_factory=list[float], compare=False)
    steps: list[float] = field(default_factory=list[float], compare=False)

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, 1]`."""
        for _ in range(5):
            for advantage, spent in ((GroupAdvantage(), self.plain), (StepGroup(), self.steps)):
                started = time.process_time()
                advantage(scene)
                spent.append((time.process_time() - started) / len(scene.rewards_N))
        return GroupAdvantage()(scene)


def measure_guesses(seed: int, quick: bool) -> Figures:
    """Success within five answers and the share of answers that are no repetition, by how the policy was trained."""
    single = replace(PLAIN, rollout=IID(8))
    figures: dict[str, float] = {}
    for name, recipe in {"start": None, "single": single, "ufo": RETRIES}.items():
        policy = policy_of(GUESSES, seed, quick)
        if recipe is not None:
            chosen = settings(seed, steps=1 if quick else 80, prompts=12, max_tokens=3)
            run(policy, [partial(guess, split="all")], recipe, chosen)
        played = judged(policy, _retried, 8 if quick else 256, max_tokens=3)
        said = [[turn.completion.message.content for turn in one.turns] for one in played]
        figures |= {
            f"{name}/success": mean_reward(played),
            f"{name}/distinct": fmean(len(set(answers)) / len(answers) for answers in said),
        }
    return figures


GIGPO = Claim(
    name="gigpo",
    source="GiGPO, arXiv 2505.10978, and verl-agent's README: ALFWorld 86.7, WebShop 67.4 with a 1.5B model, "
    "above GRPO",
    says="Comparing the turns taken in equal states as well takes fewer steps to a success than GRPO, at hardly any "
    "cost.",
    setting="a model of 1 layer of 64 walks to the corner of a grid of 4 x 4 after imitating random walks; 10 turns, 8 "
    f"tasks a step, 8 episodes each; steps until {THRESHOLD:.0%} of walks arrive, looked at every {EVERY} steps, {CAP} "
    "where that was not reached. The README counts under 0.1 ms a row for the grouping; a row here is an episode.",
    checks=(
        below("fewer steps than GRPO", "gigpo/steps", "grpo/steps", ratio=True),
        below("grouping costs under 0.1 ms a row", "grouping_ms_a_row", 0.1),
    ),
    measure=measure_walks,
)

UFO = Claim(
    name="ufo",
    source="UFO, arXiv 2507.14295, and its README: 14 % more success over several turns, 90 % answers not repeated",
    says="Trained on retries after being told no more than 'incorrect', a policy succeeds more often within five "
    "answers and repeats itself less than one trained on single answers.",
    setting=f"a model of 1 layer of 64 guesses a hidden digit among {DIGITS} after imitating random guesses; 80 steps "
    "of 12 tasks, 8 episodes each, by UFO or by GRPO on single answers. Without repetition 5 answers find 62.5 %.",
    checks=(
        above("more success within five answers", "ufo/success", "single/success"),
        above("fewer repeated answers", "ufo/distinct", "single/distinct"),
        above("at least 90 % of the answers are not repeated", "ufo/distinct", 0.0, by=0.9, decides=False),
    ),
    measure=measure_guesses,
)
