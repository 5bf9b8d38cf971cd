"""The claim of the trainer: a tiny transformer's reward rises on tasks it never saw, on a CPU, in seconds."""

from dataclasses import replace

import pytest
import torch

import assaygym
from assaygym.agents.recipes.showcase import CONFIG, ENV_ID, KNOBS, Outcome, Progress, showcase, success
from assaygym.agents.scripted import OraclePolicy
from assaygym.benchmarks.statistics import wilson_interval
from assaygym.errors import TaskError

torch.set_num_threads(1)


def separated(outcome: Outcome) -> bool:
    """The intervals before and after do not overlap, and after is the higher."""
    before, after = (wilson_interval(right, outcome.tasks) for right in (outcome.before, outcome.after))
    return after.low > before.high


@pytest.mark.timeout(300)
def test_grpo_raises_the_reward_on_words_that_no_step_showed() -> None:
    seen: list[Progress] = []
    outcome = showcase(seed=1, config=replace(CONFIG, steps=30), eval_tasks=200, on_progress=seen.append)
    assert separated(outcome), outcome
    assert 0.1 < outcome.before / outcome.tasks < 0.5
    assert list(dict.fromkeys(point.stage for point in seen)) == ["warm start", "eval before", "grpo", "eval after"]
    assert [point.step for point in seen if point.stage == "grpo"] == list(range(1, 31))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(5))
def test_the_whole_showcase_learns_from_every_seed(seed: int) -> None:
    outcome = showcase(seed=seed)
    assert separated(outcome), outcome
    assert outcome.after / outcome.tasks > 0.7


def test_the_evaluation_asks_distinct_tasks_and_gives_the_oracle_all_of_them() -> None:
    asked: list[str] = []

    class Listening(OraclePolicy):
        def generate(self, prompts, params):  # type: ignore[no-untyped-def]
            asked.extend(prompt.messages[-1].content for prompt in prompts)
            return super().generate(prompts, params)

    def make() -> assaygym.Env:
        return assaygym.make(ENV_ID, split="eval", **KNOBS)

    assert success(Listening(), make, 60, max_tokens=24) == 60
    assert len(set(asked)) == len(asked) == 60


def test_more_tasks_than_the_split_holds_are_refused() -> None:
    with pytest.raises(TaskError, match="fewer than the 50 asked for"):
        success(OraclePolicy(), lambda: assaygym.make(ENV_ID, split="eval", length=2, alphabet=3), 50, max_tokens=24)
