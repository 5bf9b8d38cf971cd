import copy
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from assaygym.agents.checkpoint import latest_checkpoint, save_checkpoint
from assaygym.agents.lockstep import play_in_lockstep
from assaygym.agents.logps import token_logps
from assaygym.agents.metrics import append_metrics, read_metrics
from assaygym.agents.parts.aggregations import TokenMean
from assaygym.agents.parts.regularisers import KL
from assaygym.agents.parts.rollouts import IID
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.recipes.group_relative import GRPO
from assaygym.agents.settings import TrainSettings
from assaygym.agents.tiny import tiny_model, tiny_tokenizer
from assaygym.agents.trainer import Metrics, Trainer
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.agents.warmstart import Demonstrator, warm_start
from assaygym.agents.workers import EpisodeJob
from assaygym.envs.core import Env, Reply
from assaygym.errors import ConfigError, DataError, PolicyError, RunError
from assaygym.types import Completion, Message, Score, StopReason, Task

torch.set_num_threads(1)
TOKENIZER = tiny_tokenizer()
SETTINGS = TrainSettings(steps=3, prompts=2, max_tokens=6, learning_rate=1e-2, checkpoint_every=1)
RECIPE = replace(GRPO, rollout=IID(4), aggregation=TokenMean(), regularisers=())


class Vowels(Env):
    """Rewards the share of vowels in each of `turns` answers; `invalid` marks the seeds nobody can judge."""

    def __init__(self, turns: int = 1, invalid: Callable[[int], bool] = lambda seed: False) -> None:
        super().__init__("test/vowels-v0", split="all", max_turns=5)
        self.wanted, self.invalid, self.unjudged = turns, invalid, False

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        self.unjudged = self.invalid(seed or 0)
        return super().reset(seed=seed, options=options)

    def _pose(self, rng: Any) -> Task[Any]:
        number = rng.randrange(1000)
        return Task(id=f"v{number}", prompt=(Message(role="user", content=f"Go {number}"),), answer="")

    def _reply(self, action: Message) -> Reply:
        if self.turns < self.wanted:
            return Reply(messages=(Message(role="user", content="on"),))
        if self.unjudged:
            return Reply(score=Score.invalid("the judge is away"))
        text = action.content
        return Reply(score=Score.of(sum(c in "aeiouAEIOU" for c in text) / max(len(text), 1)))

    def _solve(self) -> list[str]:
        return ["aeiou"] * self.wanted


def fresh(seed: int = 0) -> TransformersPolicy:
    return TransformersPolicy(tiny_model(TOKENIZER, hidden=32, layers=1, seed=seed), TOKENIZER)


def trainer(policy: TransformersPolicy | None = None, settings: TrainSettings = SETTINGS, **options: Any) -> Trainer:
    make_env = options.pop("make_env", Vowels)
    return Trainer(policy or fresh(), [make_env], options.pop("recipe", RECIPE), settings, **options)


def weights(policy: TransformersPolicy) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in policy.model.parameters()])


def figures(rows: Sequence[Metrics]) -> list[Metrics]:
    return [{name: value for name, value in row.items() if not name.endswith("_time")} for row in rows]


# -- a step ----------------------------------------------------------------------------------------------------------


def test_a_step_reports_the_metrics_by_the_names_of_trl() -> None:
    row = trainer().step()
    named = ("reward", "reward_std", "frac_reward_zero_std", "completions/mean_length", "loss", "grad_norm", "entropy")
    assert {*named, "invalid", "learning_rate", "step", "step_time", "num_tokens"} <= set(row)
    assert 0 < row["completions/mean_length"] <= 6
    assert row["entropy"] == pytest.approx(math.log(len(TOKENIZER)), rel=0.05)  # untrained: nearly uniform


def test_the_trainer_finds_the_log_probabilities_that_the_sampler_reported() -> None:
    assert trainer().step()["sampling/sampling_logp_difference/mean"] < 1e-5


def test_at_another_temperature_sampler_and_trainer_still_agree() -> None:
    settings = TrainSettings(steps=1, prompts=2, max_tokens=6, temperature=0.6)
    assert trainer(settings=settings).step()["sampling/sampling_logp_difference/mean"] < 1e-5


def test_the_log_probabilities_agree_over_the_turns_of_an_episode() -> None:
    row = trainer(make_env=partial(Vowels, turns=3)).step()
    assert row["sampling/sampling_logp_difference/mean"] < 1e-5
    assert row["completions/mean_length"] > 6


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    first, again = fresh(), fresh()
    assert figures(trainer(first).fit()) == figures(trainer(again).fit())
    assert torch.equal(weights(first), weights(again))
    other = TrainSettings(**{**{n: getattr(SETTINGS, n) for n in SETTINGS.__slots__}, "seed": 1})
    assert figures(trainer(settings=other).fit()) != figures(trainer().fit())


def test_micro_batches_do_not_change_the_update() -> None:
    whole, split = fresh(), fresh()
    settings = {name: getattr(SETTINGS, name) for name in SETTINGS.__slots__} | {"steps": 1, "learning_rate": 1e-4}
    (row,) = trainer(whole, TrainSettings(**settings)).fit()
    (same,) = trainer(split, TrainSettings(**{**settings, "micro_tokens": 60})).fit()
    assert same["loss"] == pytest.approx(row["loss"], abs=1e-6)
    assert same["grad_norm"] == pytest.approx(row["grad_norm"], rel=1e-4)


def test_a_batch_without_spread_leaves_the_weights_alone() -> None:
    policy = fresh()
    before = weights(policy)
    flat = TrainSettings(steps=1, prompts=2, max_tokens=6)
    row = trainer(policy, flat, recipe=replace(RECIPE, rollout=IID(1))).step()
    assert (row["loss"], row["grad_norm"], row["frac_reward_zero_std"]) == (0.0, 0.0, 1.0)
    assert torch.equal(before, weights(policy))


def test_an_episode_nobody_can_judge_is_counted_and_left_out() -> None:
    row = trainer(make_env=partial(Vowels, invalid=lambda seed: seed == 0)).step()
    assert row["invalid"] == 4
    assert not math.isnan(row["reward"])


def test_a_step_where_nothing_could_be_judged_says_why() -> None:
    with pytest.raises(PolicyError, match=r"none of 8 episodes.*the judge is away"):
        trainer(make_env=partial(Vowels, invalid=lambda seed: True)).step()


def test_a_second_update_on_a_batch_meets_a_ratio_that_is_not_one() -> None:
    once, twice = fresh(), fresh()
    trainer(once, TrainSettings(steps=1, prompts=2, max_tokens=6, learning_rate=1e-2)).fit()
    trainer(twice, TrainSettings(steps=1, prompts=2, max_tokens=6, learning_rate=1e-2, updates=2)).fit()
    assert not torch.equal(weights(once), weights(twice))


def test_the_divergence_from_the_start_model_is_zero_at_first_and_pulls_back_later() -> None:
    policy = fresh()
    rows = trainer(policy, recipe=replace(RECIPE, regularisers=(KL(0.1),))).fit()
    assert rows[0]["kl"] == pytest.approx(0.0, abs=1e-9)
    assert rows[2]["kl"] > 1e-4


def test_settings_outside_their_range_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="prompts is 0; expected at least 1"):
        TrainSettings(prompts=0)


# -- log-probabilities -----------------------------------------------------------------------------------------------


def test_token_logps_are_those_of_a_plain_softmax_over_all_logits() -> None:
    model = fresh().model
    tokens_BT = torch.tensor([[5, 9, 10, 11, 12], [5, 8, 7, 0, 0]])
    mask_BT = torch.tensor([[0.0, 0, 1, 0, 1], [0.0, 0, 1, 0, 0]])
    logps_BT, entropy_BT = token_logps(model, tokens_BT, mask_BT, torch.tensor([5, 3]), temperature=0.7)
    every_BTV = (model(tokens_BT).logits / 0.7).log_softmax(-1)
    for row, column in [(0, 2), (0, 4), (1, 2)]:
        expected_V = every_BTV[row, column - 1]
        torch.testing.assert_close(logps_BT[row, column], expected_V[tokens_BT[row, column]])
        torch.testing.assert_close(entropy_BT[row, column], -(expected_V.exp() * expected_V).sum())
    assert torch.equal(logps_BT.detach() != 0, mask_BT.bool())


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


def test_all_episodes_take_a_turn_together() -> None:
    policy = Recorder()
    played = play_in_lockstep(partial(Vowels, turns=3), policy, JOBS, SamplingParams(seed=1))
    assert policy.rounds == [5, 5, 5]
    assert [trajectory.seed for trajectory in played] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("fault", [PolicyError("too long"), RuntimeError("broken")], ids=["ours", "foreign"])
def test_a_prompt_that_fails_fails_alone(fault: Exception) -> None:
    env = Vowels()
    env.reset(seed=2)
    assert env.task is not None
    policy = Recorder(env.task.prompt[0].content, fault)
    played = play_in_lockstep(Vowels, policy, JOBS, SamplingParams(seed=1))
    assert [t.stop_reason is StopReason.ERROR for t in played] == [False, False, True, False, False]


# -- what is written -------------------------------------------------------------------------------------------------


def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path) -> None:
    straight, first, second = fresh(), fresh(), fresh()
    expected = trainer(straight).fit()
    cut = trainer(first, folder=tmp_path)
    cut.step()
    cut.step()
    resumed = trainer(second, folder=tmp_path)
    assert resumed.done == 2
    assert figures(resumed.fit()) == figures(expected[2:])
    assert torch.equal(weights(straight), weights(second))
    assert figures(read_metrics(tmp_path)) == figures(expected)


def test_a_finished_run_has_no_step_left_and_its_model_is_loaded_by_the_policy(tmp_path: Path) -> None:
    policy = fresh()
    trainer(policy, folder=tmp_path).fit()
    assert trainer(folder=tmp_path).fit() == []
    saved = latest_checkpoint(tmp_path)
    assert saved is not None
    assert torch.equal(weights(TransformersPolicy(str(saved))), weights(policy))
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["checkpoint-000003"]


def test_a_checkpoint_that_was_not_finished_is_not_seen(tmp_path: Path) -> None:
    policy = fresh()
    save_checkpoint(tmp_path, 4, policy.model, TOKENIZER, {})
    (tmp_path / "partial-123").mkdir()
    (tmp_path / "checkpoint-000009.tmp").mkdir()
    (tmp_path / "partial-1").mkdir()
    assert latest_checkpoint(tmp_path) == tmp_path / "checkpoint-000004"
    save_checkpoint(tmp_path, 5, policy.model, TOKENIZER, {})
    assert not (tmp_path / "partial-1").exists()


def test_a_folder_with_another_run_is_refused_by_what_differs(tmp_path: Path) -> None:
    trainer(folder=tmp_path).step()
    other = TrainSettings(**{**{n: getattr(SETTINGS, n) for n in SETTINGS.__slots__}, "learning_rate": 5.0})
    with pytest.raises(RunError, match=r"learning_rate 0\.01 \(now 5\.0\)"):
        trainer(settings=other, folder=tmp_path)


def test_a_folder_of_another_environment_is_refused(tmp_path: Path) -> None:
    trainer(folder=tmp_path, identity={"env": "a-v0"}).step()
    with pytest.raises(RunError, match=r"env a-v0 \(now b-v0\)"):
        trainer(folder=tmp_path, identity={"env": "b-v0"})


def test_a_broken_checkpoint_is_told_and_not_overwritten(tmp_path: Path) -> None:
    trainer(folder=tmp_path).step()
    saved = latest_checkpoint(tmp_path)
    assert saved is not None
    (saved / "trainer.pt").write_bytes(b"torn")
    with pytest.raises(RunError, match="cannot resume from"):
        trainer(folder=tmp_path)


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


# -- warm start ------------------------------------------------------------------------------------------------------


def test_a_demonstration_is_what_the_policy_would_have_been_fed_and_have_said() -> None:
    env = Vowels(turns=2)
    (episode,) = play_in_lockstep(lambda: env, Demonstrator(TOKENIZER), JOBS[:1], SamplingParams())
    last = episode.turns[-1].completion
    asked = f"<user>{episode.turns[0].observation[0].content}<end><assistant>"
    assert TOKENIZER.decode(list(last.prompt_ids)) == f"{asked}aeiou<end><user>on<end><assistant>"
    assert TOKENIZER.decode(list(last.token_ids)) == "aeiou<end>"


def test_a_warm_start_teaches_what_the_oracle_says() -> None:
    policy, losses = fresh(), []
    before = copy.deepcopy(weights(policy))
    warm_start(
        policy.model,
        TOKENIZER,
        Vowels,
        steps=30,
        batch_size=4,
        learning_rate=1e-2,
        on_step=lambda _, x: losses.append(x),
    )
    assert losses[0] > 4 > 0.5 > losses[-1]
    assert not torch.equal(before, weights(policy))
    said = play_in_lockstep(Vowels, policy, JOBS, SamplingParams(temperature=0.0, max_tokens=8))
    assert [t.turns[0].completion.message.content for t in said] == ["aeiou"] * 5


def test_a_warm_start_stops_at_the_loss_that_was_asked_for() -> None:
    assert warm_start(fresh().model, TOKENIZER, Vowels, steps=60, batch_size=4, learning_rate=1e-2, until=2.0) < 30
