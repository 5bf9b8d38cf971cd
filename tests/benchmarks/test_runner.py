from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.agents.scripted import ConstantPolicy, OraclePolicy, ScriptedPolicy
from assaygym.benchmarks.folder import RunFolder
from assaygym.benchmarks.progress import Tally
from assaygym.benchmarks.records import EpisodeLog
from assaygym.benchmarks.report.plain import load_summary
from assaygym.benchmarks.runner import RunInterrupted, evaluate
from assaygym.envs.definition import TaskDefinition
from assaygym.errors import ConfigError, DataError, PolicyError, RunError, VerifierError
from assaygym.types import Completion, Score


def pose(rng: random.Random, *, size: int = 100) -> tuple[str, str]:
    return f"What is twice {(number := rng.randrange(size * 1000))}?", str(2 * number)


def verify(response: str, gold: str) -> Score:
    if response == "break":
        raise VerifierError("the judge is out")
    if not response:
        return Score.unparsed("nothing was said")
    return Score.of(response.strip("\\boxed{}") == gold, extracted=response, explanation=f"{response} against {gold}")


TWICE = TaskDefinition("test/twice-v0", pose, verifier=verify)


class Coin:
    """Right or wrong by the sample's own seed."""

    name = "coin"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        env = prompts[0].env
        assert env is not None
        assert params.seed is not None
        return [said(env.oracle_action() if params.seed % 2 else "no")]


class Moody:
    """Raises, or breaks the judge, until it is cured."""

    name = "moody"
    cured = False

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        env = prompts[0].env
        assert env is not None
        right = env.oracle_action()
        seed = env.task.id if env.task is not None else ""
        if not self.cured and int(seed[-1], 16) % 3 == 0:
            raise PolicyError("the server is down")
        return [said("break" if not self.cured and int(seed[-1], 16) % 3 == 1 else right)]


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "episodes.jsonl").read_bytes().splitlines()]


def test_the_oracle_is_right_everywhere() -> None:
    summary = evaluate(TWICE, OraclePolicy(), n=10, split="all")
    assert (summary.score.mean, summary.done, summary.complete) == (1.0, 10, True)
    assert summary.folder == ""


@pytest.mark.parametrize(("policy", "outcome"), [("null", "unparsed"), ("constant:7", "incorrect")])
def test_a_policy_can_be_given_by_name(tmp_path: Path, policy: str, outcome: str) -> None:
    summary = evaluate(TWICE, policy, n=5, split="all", out=tmp_path)
    assert summary.counts[outcome] == 5
    assert summary.policy == policy
    assert json.loads((tmp_path / "run.json").read_text())["config"]["policy"]["name"] == policy


def test_samples_of_a_task_share_the_task_and_differ_in_their_seed(tmp_path: Path) -> None:
    summary = evaluate(TWICE, Coin(), n=6, k=4, split="all", out=tmp_path)
    found = rows(tmp_path)
    assert {(row["task"], row["sample"]) for row in found} == {(t, s) for t in range(6) for s in range(4)}
    assert len({row["task_id"] for row in found}) == 6
    assert 0 < summary.score.mean < 1
    assert [item.k for item in summary.pass_at] == [1, 2, 4]


def test_concurrency_changes_nothing_but_the_order() -> None:
    alone, many = (evaluate(TWICE, Coin(), n=12, k=2, split="all", concurrency=c) for c in (1, 6))
    assert alone == many


def test_another_seed_gives_other_tasks(tmp_path: Path) -> None:
    evaluate(TWICE, Coin(), n=4, split="all", out=tmp_path / "a")
    evaluate(TWICE, Coin(), n=4, split="all", seed=100, out=tmp_path / "b")
    assert [row["task"] for row in sorted(rows(tmp_path / "b"), key=lambda row: row["task"])] == [100, 101, 102, 103]
    ids = [{row["task_id"] for row in rows(tmp_path / name)} for name in "ab"]
    assert not ids[0] & ids[1]


def test_the_records_hold_the_whole_episode(tmp_path: Path) -> None:
    evaluate(TWICE, ConstantPolicy("no"), n=1, split="all", out=tmp_path)
    (row,) = rows(tmp_path)
    assert row["trajectory"]["turns"][0]["completion"]["message"]["content"] == "no"
    assert row["explanation"].startswith("no against")


def test_the_run_records_its_whole_configuration(tmp_path: Path) -> None:
    evaluate(TWICE, Coin(), n=2, split="all", out=tmp_path, seed=5, size=9, timeout=30.0)
    config = json.loads((tmp_path / "run.json").read_text())["config"]
    assert config["target"]["id"] == "test/twice-v0"
    assert config["target"]["knobs"] == {"size": 9}
    assert config["params"]["seed"] == 5
    assert config["limits"] == {"timeout": 30.0, "max_tokens": None}


def test_a_run_may_be_enlarged_without_playing_anything_twice(tmp_path: Path) -> None:
    evaluate(TWICE, Coin(), n=3, k=1, split="all", out=tmp_path)
    summary = evaluate(TWICE, Coin(), n=5, k=2, split="all", out=tmp_path)
    assert len(rows(tmp_path)) == summary.done == 10
    assert summary == evaluate(TWICE, Coin(), n=5, k=2, split="all")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"policy": "null"}, 'policy.name is "oracle" there and "null" here'),
        ({"seed": 1}, "seed is 0 there and 1 here"),
        ({"split": "train"}, 'target.split is "all" there and "train" here'),
        ({"size": 3}, "target.knobs.size is 100 there and 3 here"),
        ({"params": SamplingParams(temperature=0.5)}, "params.temperature is 1.0 there and 0.5 here"),
        ({"max_tokens": 10}, "limits.max_tokens is null there and 10 here"),
    ],
)
def test_another_configuration_in_the_same_folder_is_refused(
    tmp_path: Path, change: dict[str, Any], named: str
) -> None:
    base: dict[str, Any] = {"policy": "oracle", "n": 2, "split": "all", "out": tmp_path}
    evaluate(TWICE, **base)
    with pytest.raises(RunError) as caught:
        evaluate(TWICE, **{**base, **change})
    assert named in str(caught.value)
    assert len(rows(tmp_path)) == 2
    assert evaluate(TWICE, **{**base, **change}, overwrite=True).done == 2


def test_what_failed_through_no_fault_of_the_agent_is_tried_again_and_counted_once(tmp_path: Path) -> None:
    policy = Moody()
    first = evaluate(TWICE, policy, n=12, split="all", out=tmp_path)
    failed = first.counts["error"] + first.counts["invalid"]
    assert first.counts["error"] > 0
    assert first.counts["invalid"] > 0
    assert (first.score.mean, first.scored) == (1.0, 12 - failed)
    assert first.bounds.low == pytest.approx((12 - failed) / 12)
    policy.cured = True
    second = evaluate(TWICE, policy, n=12, split="all", out=tmp_path)
    assert len(rows(tmp_path)) == 12 + failed
    assert second == evaluate(TWICE, OraclePolicy(), n=12, split="all", policy_label="moody")


def test_a_failed_episode_says_what_failed(tmp_path: Path) -> None:
    summary = evaluate(TWICE, Moody(), n=12, split="all", out=tmp_path)
    reasons = {failure.outcome.value: failure.explanation for failure in summary.failures}
    assert reasons["error"] == "the server is down"
    assert "the judge is out" in reasons["invalid"]


def test_a_task_function_that_raises_is_an_error_with_its_reason() -> None:
    def broken(rng: random.Random) -> tuple[str, str]:
        raise ZeroDivisionError("no divisor")

    summary = evaluate(TaskDefinition("test/broken-v0", broken, verifier=verify), "null", n=3, split="all")
    assert summary.counts["error"] == 3
    assert "ZeroDivisionError: no divisor" in summary.failures[0].explanation
    assert summary.headline() == "no score n=0 of 3"


def test_an_interrupt_keeps_what_is_done_and_carries_the_summary(tmp_path: Path) -> None:
    def stop(tally: Tally) -> None:
        if tally.done == 4:
            raise KeyboardInterrupt

    with pytest.raises(RunInterrupted, match="stopped after 4 of 9 episodes") as caught:
        evaluate(TWICE, Coin(), n=9, split="all", out=tmp_path, progress=stop)
    assert caught.value.summary.done == 4
    assert load_summary(tmp_path) == caught.value.summary
    assert evaluate(TWICE, Coin(), n=9, split="all", out=tmp_path) == evaluate(TWICE, Coin(), n=9, split="all")


def test_progress_is_told_of_every_episode_and_of_those_resumed(tmp_path: Path) -> None:
    seen: list[tuple[int, int, int]] = []

    def look(tally: Tally) -> None:
        seen.append((tally.done, tally.resumed, tally.planned))

    evaluate(TWICE, Coin(), n=2, split="all", out=tmp_path, progress=look)
    evaluate(TWICE, Coin(), n=4, split="all", out=tmp_path, progress=look)
    assert seen == [(1, 0, 2), (2, 0, 2), (3, 2, 4), (4, 2, 4)]


def test_an_answer_cut_by_the_token_limit_is_counted_as_truncated() -> None:
    class Cut:
        name = "cut"

        def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
            message = said("half an ans").message
            return [Completion(message=message, finish_reason="length")]

    summary = evaluate(TWICE, Cut(), n=3, split="all")
    assert (summary.truncated, summary.counts["incorrect"]) == (3, 3)


def test_the_script_of_a_policy_may_run_out_without_ending_the_run() -> None:
    assert evaluate(TWICE, ScriptedPolicy([]), n=2, split="all").counts["error"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "k is 0; expected at least 1"),
        ({"n": 0}, "n is 0; expected at least 1"),
        ({"limit": -2}, "limit is -2; expected at least 1"),
        ({"seed": -1}, "seed is -1; expected 0 or more"),
        ({"timeout": 0}, "timeout is 0; expected more than 0 seconds"),
        ({"timeout": float("nan")}, "timeout is nan"),
        ({"split": "test"}, "no split 'test'"),
        ({"siez": 3}, "siez"),
        ({"data": "x.jsonl"}, "is no suite, so it takes no data"),
        ({"concurrency": 0}, "concurrency=0"),
    ],
)
def test_a_wrong_argument_is_a_config_error(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        evaluate(TWICE, "null", **arguments)


def test_an_unknown_policy_or_target_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="did you mean 'oracle'"):
        evaluate(TWICE, "orcale")
    with pytest.raises(ConfigError, match="did you mean 'gsm8k'"):
        evaluate("gsm8", "null")


@pytest.fixture
def gsm8k(tmp_path: Path) -> Path:
    path = tmp_path / "gsm8k.jsonl"
    rows = [{"question": f"What is {i} + {i}?", "answer": f"{i} + {i} = {2 * i}\n#### {2 * i}"} for i in range(1, 8)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_suite_is_played_whole_in_the_order_of_its_rows(gsm8k: Path, tmp_path: Path) -> None:
    summary = evaluate("gsm8k", "oracle", data=gsm8k, out=tmp_path / "run", concurrency=1)
    assert summary.headline().startswith("100.0 %")
    assert [row["task_id"] for row in rows(tmp_path / "run")] == [str(i) for i in range(7)]


@pytest.mark.parametrize(
    ("n", "limit", "played"), [(None, 3, 3), (2, None, 2), (5, 3, 3), (100, None, 7), (None, None, 7)]
)
def test_n_and_limit_take_the_first_rows(gsm8k: Path, n: int | None, limit: int | None, played: int) -> None:
    assert evaluate("gsm8k", "null", data=gsm8k, n=n, limit=limit).done == played


def test_the_data_of_a_suite_is_identified_by_its_hash(gsm8k: Path, tmp_path: Path) -> None:
    evaluate("gsm8k", "oracle", data=gsm8k, out=tmp_path / "run")
    text = (tmp_path / "run" / "run.json").read_text()
    assert len(json.loads(text)["config"]["target"]["data"]["sha256"]) == 64
    gsm8k.write_text(gsm8k.read_text() + "\n")
    with pytest.raises(RunError, match=r"target\.data\.sha256 is"):
        evaluate("gsm8k", "oracle", data=gsm8k, out=tmp_path / "run")


@pytest.mark.parametrize("knobs", [{"level": 2}, {"size": 3}])
def test_a_suite_takes_no_knobs(gsm8k: Path, knobs: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"takes no {next(iter(knobs))}"):
        evaluate("gsm8k", "oracle", data=gsm8k, **knobs)


def test_unreadable_data_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data file"):
        evaluate("gsm8k", "oracle", data=tmp_path / "absent.jsonl", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_failed_first_is_told_and_not_that_the_end_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(message: str) -> Callable[..., None]:
        def fail(*args: object, **options: object) -> None:
            raise RunError(message)

        return fail

    monkeypatch.setattr(EpisodeLog, "append", failing("first"))
    monkeypatch.setattr(RunFolder, "end_attempt", failing("second"))
    with pytest.raises(RunError, match="first"):
        evaluate("assay/Reverse-v0", "null", n=2, out=tmp_path)
