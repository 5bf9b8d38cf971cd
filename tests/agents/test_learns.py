"""The claim of the trainer: a tiny transformer's reward rises on tasks it never saw, on a CPU, in seconds."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch

from assaygym.agents import trainer
from assaygym.agents.batch import Batch, make_batch
from assaygym.agents.recipes.showcase import CALCULATOR, REVERSE, Outcome, Progress, Show, showcase, success, warmed
from assaygym.agents.rollout import rollout
from assaygym.agents.scripted import OraclePolicy
from assaygym.agents.tiny import tiny_tokenizer
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.agents.warmstart import Demonstrator
from assaygym.benchmarks.statistics import wilson_interval
from assaygym.envs.core import Env
from assaygym.errors import TaskError

SMALL = replace(CALCULATOR, oracle_share=0.5, warm_batch=16, warm_until=0.55)
"""The calculator after a short warm start: half of the demonstrations ask it, so that fewer are needed."""
TASKS = 100


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rewards(show: Show, policy: TransformersPolicy, steps: int, **changes: Any) -> tuple[list[float], list[float]]:
    """The mean reward and the calls an episode of each GRPO step."""
    settings = replace(show.settings, steps=steps, **changes)
    run = trainer.Trainer(policy, [partial(show.make_env, "train")], show.recipe, settings).fit()
    return [row["reward"] for row in run], [row.get("tools/call_frequency", 0.0) for row in run]


def best(values: list[float], window: int = 10) -> float:
    """The highest mean of so many steps in a row."""
    return max(sum(values[i : i + window]) / window for i in range(len(values) - window + 1))


def on_what_was_fed(*given: Any, **options: Any) -> Batch:
    """A batch whose mask is wrong: on the observations in place of what was sampled."""
    batch = make_batch(*given, **options)
    columns_T = torch.arange(batch.tokens_BT.shape[1])
    fed_BT = (batch.turns_BT > 0) & (batch.mask_BT == 0) & (columns_T < batch.lengths_B.unsqueeze(1))
    return replace(batch, mask_BT=fed_BT.float(), sampled_BT=torch.zeros_like(batch.sampled_BT))


@pytest.fixture(scope="module")
def warm() -> TransformersPolicy:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    policy = warmed(SMALL)
    torch.set_num_threads(before)
    return policy


@pytest.fixture
def policy(warm: TransformersPolicy) -> Iterator[TransformersPolicy]:
    """The policy after its warm start, whatever a test does to it."""
    weights = copy.deepcopy(warm.model.state_dict())
    yield warm
    warm.model.load_state_dict(weights)


def right(policy: TransformersPolicy, show: Show = SMALL) -> float:
    """Right answers on tasks of the eval split."""
    return success(policy, partial(show.make_env, "eval"), TASKS, max_tokens=show.settings.max_tokens)


@pytest.mark.timeout(300)
def test_the_reward_alone_teaches_to_ask_the_calculator(policy: TransformersPolicy) -> None:
    before = right(policy)
    sampled, calls = rewards(SMALL, policy, 15)
    after = right(policy)
    assert wilson_interval(after, TASKS).low > wilson_interval(before, TASKS).high, (before, after)
    assert best(sampled, 3) > sampled[0]
    assert calls[-1] > calls[0] + 0.2


@pytest.mark.timeout(300)
def test_with_the_mask_on_what_was_fed_nothing_is_learnt(
    policy: TransformersPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = right(policy)
    monkeypatch.setattr(trainer, "make_batch", on_what_was_fed)
    rewards(SMALL, policy, 15, old_logps="trainer")
    after = right(policy)
    assert after < before or wilson_interval(after, TASKS).low <= wilson_interval(before, TASKS).high, (before, after)
    assert after < 0.5 * TASKS


def test_the_wrong_mask_marks_the_observations_and_nothing_else() -> None:
    tokenizer = tiny_tokenizer()
    episode = rollout(SMALL.make_env("train"), Demonstrator(tokenizer), seed=0, strict=True)
    batch = on_what_was_fed([episode], [0], pad_id=0)
    marked = batch.tokens_BT[batch.mask_BT.bool()].tolist()
    told = episode.turns[1].observation[0].content
    assert tokenizer.decode(marked) == f"<user>{told}<end><assistant>"


def separated(outcome: Outcome) -> bool:
    """The intervals before and after do not overlap, and after is the higher."""
    before, after = (wilson_interval(right, outcome.tasks) for right in (outcome.before, outcome.after))
    return after.low > before.high


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(5))
def test_the_whole_showcase_learns_from_every_seed(seed: int) -> None:
    outcome = showcase(seed=seed)
    assert separated(outcome), outcome
    assert 0.1 < outcome.before / outcome.tasks < 0.5
    assert outcome.after / outcome.tasks > 0.7


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(3))
def test_reverse_reaches_nine_tenths(seed: int) -> None:
    sampled, _ = rewards(REVERSE, warmed(REVERSE, seed=seed), 400, seed=seed)
    assert sampled[0] < 0.5
    assert best(sampled) >= 0.9, sampled[-1]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(3))
def test_the_calculator_reaches_eight_tenths_in_90_steps_with_the_mask_and_never_without(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = warmed(CALCULATOR, seed=seed)
    weights = copy.deepcopy(policy.model.state_dict())
    sampled, calls = rewards(CALCULATOR, policy, 90, seed=seed)
    assert sampled[0] < 0.4
    assert best(sampled) >= 0.8, sampled
    assert calls[0] < 0.5 < 0.9 < calls[-1]
    policy.model.load_state_dict(weights)
    monkeypatch.setattr(trainer, "make_batch", on_what_was_fed)
    inverted, _ = rewards(CALCULATOR, policy, 90, seed=seed, old_logps="trainer")
    assert best(inverted) < 0.4, inverted


def test_every_stage_of_a_showcase_is_told() -> None:
    seen: list[Progress] = []
    brief = replace(REVERSE, warm_steps=9, settings=replace(REVERSE.settings, steps=2, prompts=2))
    outcome = showcase(brief, seed=1, eval_tasks=8, on_progress=seen.append)
    assert list(dict.fromkeys(point.stage for point in seen)) == ["warm start", "eval before", "grpo", "eval after"]
    assert [point.step for point in seen if point.stage == "grpo"] == [1, 2]
    assert [point.step for point in seen if point.stage == "warm start"] == list(range(1, 10))
    assert (outcome.tasks, len(outcome.metrics)) == (8, 2)


def test_the_evaluation_asks_distinct_tasks_and_gives_the_oracle_all_of_them() -> None:
    asked: list[str] = []

    class Listening(OraclePolicy):
        def generate(self, prompts, params):  # type: ignore[no-untyped-def]
            asked.extend(prompt.messages[-1].content for prompt in prompts)
            return super().generate(prompts, params)

    def make() -> Env:
        return REVERSE.make_env("eval")

    assert success(Listening(), make, 60, max_tokens=24) == 60
    assert len(set(asked)) == len(asked) == 60


def test_more_tasks_than_the_split_holds_are_refused() -> None:
    few = replace(REVERSE, knobs={"length": 2, "alphabet": 3})
    with pytest.raises(TaskError, match="fewer than the 50 asked for"):
        success(OraclePolicy(), partial(few.make_env, "eval"), 50, max_tokens=24)
