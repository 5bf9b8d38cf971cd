"""A step of the trainer as a whole: what it reports, that it repeats, what it says when nothing can be learnt."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from assaygym.agents.lockstep import play_in_lockstep
from assaygym.agents.metrics import append_metrics, read_metrics
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.settings import TrainSettings
from assaygym.agents.warmstart import Demonstrator, warm_start
from assaygym.agents.workers import EpisodeJob
from assaygym.errors import ConfigError, DataError, PolicyError
from assaygym.types import Completion, Message, StopReason

# -- a step ----------------------------------------------------------------------------------------------------------


def test_a_step_reports_the_metrics_by_the_names_of_trl(small: Any) -> None:
    row = small.trainer().step()
    named = ("reward", "reward_std", "frac_reward_zero_std", "completions/mean_length", "loss", "grad_norm", "entropy")
    clipped = {f"clip_ratio/{side}_mean" for side in ("low", "high", "region")}
    assert {*named, *clipped, "invalid", "learning_rate", "step", "step_time", "num_tokens"} <= set(row)
    assert 0 < row["completions/mean_length"] <= 6
    assert row["entropy"] == pytest.approx(math.log(len(small.tokenizer)), rel=0.05)  # untrained: nearly uniform


def test_the_parts_of_a_step_take_the_time_of_the_step(small: Any) -> None:
    row = small.trainer().step()
    parts = sum(row[f"{name}_time"] for name in ("sampling", "scoring", "update"))
    assert 0.5 * row["step_time"] < parts <= row["step_time"]


@pytest.mark.parametrize("temperature", [1.0, 0.6])
@pytest.mark.parametrize("turns", [1, 3])
def test_the_trainer_finds_the_log_probabilities_that_the_sampler_reported(
    small: Any, temperature: float, turns: int
) -> None:
    row = small.trainer(make_env=partial(small.Env, turns=turns), temperature=temperature).step()
    assert row["sampling/sampling_logp_difference/max"] < 1e-5
    assert row["turns"] == turns


def test_the_same_seed_gives_the_same_run_and_another_seed_another(small: Any) -> None:
    first, again = small.policy(), small.policy()
    rows = small.figures(small.trainer(first).fit())
    assert small.figures(small.trainer(again).fit()) == rows
    assert torch.equal(small.weights(first), small.weights(again))
    assert small.figures(small.trainer(seed=1).fit()) != rows


def test_an_episode_nobody_can_judge_is_counted_and_left_out(small: Any) -> None:
    row = small.trainer(make_env=partial(small.Env, invalid=lambda seed: seed == 0)).step()
    assert row["invalid"] == 4
    assert not math.isnan(row["reward"])


def test_a_step_where_nothing_could_be_judged_says_why(small: Any) -> None:
    with pytest.raises(PolicyError, match=r"none of 8 episodes.*the judge is away"):
        small.trainer(make_env=partial(small.Env, invalid=lambda seed: True)).step()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"prompts": 0}, "prompts is 0; expected at least 1"),
        ({"patience": 0}, "patience is 0; expected at least 1"),
        ({"curriculum": "steep"}, "curriculum is 'steep'; expected 'none' or 'adaptive'"),
        ({"curriculum_target": 1.0}, r"curriculum_target is 1\.0; expected a number in \(0, 1\)"),
        ({"prompts": 2, "mini_batches": 3}, "mini_batches is 3; expected at most prompts"),
    ],
)
def test_settings_outside_their_range_are_refused_by_name(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        TrainSettings(**change)


# -- what is written -------------------------------------------------------------------------------------------------


def test_metrics_are_json_lines_and_a_torn_one_is_passed_over(tmp_path: Path) -> None:
    append_metrics(tmp_path, {"step": 1, "reward": 0.5})
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "rew')
    append_metrics(tmp_path, {"step": 2, "reward": 0.75})
    assert [row["reward"] for row in read_metrics(tmp_path)] == [0.5, 0.75]
    assert json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[-1])["step"] == 2


def test_reading_the_metrics_of_a_folder_without_any_names_the_file() -> None:
    with pytest.raises(DataError, match=r"metrics\.jsonl does not exist"):
        read_metrics("no-such-run")


# -- lockstep --------------------------------------------------------------------------------------------------------


class Recorder:
    """Answers with `text`, notes how many asked at once, and fails where the prompt holds `bad`."""

    name = "recorder"

    def __init__(self, bad: str = "no such", fault: Exception | None = None) -> None:
        self.rounds: list[int] = []
        self.bad, self.fault = bad, fault

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        self.rounds.append(len(prompts))
        if self.fault is not None and any(self.bad in prompt.messages[0].content for prompt in prompts):
            raise self.fault
        return [Completion(message=Message(role="assistant", content="a")) for _ in prompts]


JOBS = [EpisodeJob(key=str(seed), seed=seed) for seed in range(5)]


def test_all_episodes_take_a_turn_together(small: Any) -> None:
    policy = Recorder()
    played = play_in_lockstep(partial(small.Env, turns=3), policy, JOBS, SamplingParams(seed=1))
    assert policy.rounds == [5, 5, 5]
    assert [trajectory.seed for trajectory in played] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("fault", [PolicyError("too long"), RuntimeError("broken")], ids=["ours", "foreign"])
def test_a_prompt_that_fails_fails_alone(small: Any, fault: Exception) -> None:
    env = small.Env()
    env.reset(seed=2)
    assert env.task is not None
    policy = Recorder(env.task.prompt[0].content, fault)
    played = play_in_lockstep(small.Env, policy, JOBS, SamplingParams(seed=1))
    assert [t.stop_reason is StopReason.ERROR for t in played] == [False, False, True, False, False]


# -- warm start ------------------------------------------------------------------------------------------------------


def test_a_demonstration_is_what_the_policy_would_have_been_fed_and_have_said(small: Any) -> None:
    env = small.Env(turns=2)
    (episode,) = play_in_lockstep(lambda: env, Demonstrator(small.tokenizer), JOBS[:1], SamplingParams())
    last = episode.turns[-1].completion
    asked = f"<user>{episode.turns[0].observation[0].content}<end><assistant>"
    assert small.tokenizer.decode(list(last.prompt_ids)) == f"{asked}aeiou<end><user>on<end><assistant>"
    assert small.tokenizer.decode(list(last.token_ids)) == "aeiou<end>"


def test_a_warm_start_teaches_what_the_oracle_says(small: Any) -> None:
    policy, losses = small.policy(), list[float]()
    before = copy.deepcopy(small.weights(policy))
    warm_start(
        policy.model,
        small.tokenizer,
        small.Env,
        steps=30,
        batch_size=4,
        learning_rate=1e-2,
        on_step=lambda _, x: losses.append(x),
    )
    assert losses[0] > 4 > 0.5 > losses[-1]
    assert not torch.equal(before, small.weights(policy))
    said = play_in_lockstep(small.Env, policy, JOBS, SamplingParams(temperature=0.0, max_tokens=8))
    assert [t.turns[0].completion.message.content for t in said] == ["aeiou"] * 5


def test_a_warm_start_stops_at_the_loss_that_was_asked_for(small: Any) -> None:
    assert (
        warm_start(
            small.policy().model, small.tokenizer, small.Env, steps=60, batch_size=4, learning_rate=1e-2, until=2.0
        )
        < 30
    )
