"""Policies by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.openai_policy import OpenAIPolicy
from assaygym.agents.policy import Policy, Prompt, SamplingParams
from assaygym.agents.registry import policy_from, policy_names
from assaygym.agents.rollout import rollout
from assaygym.agents.scripted import OraclePolicy, RandomPolicy
from assaygym.errors import ConfigError, DataError
from assaygym.types import StopReason


@pytest.mark.parametrize("name", ["oracle", "null", "echo", "random", "human"])
def test_a_plain_name_is_the_policy_of_that_name(name: str) -> None:
    policy = policy_from(name)
    assert isinstance(policy, Policy)
    assert policy.name == name


@pytest.mark.parametrize(("spec", "text"), [("constant:42", "42"), ("constant:a:b", "a:b"), ("constant:", "")])
def test_a_constant_says_all_that_follows_the_colon(spec: str, text: str) -> None:
    (completion,) = policy_from(spec).generate([Prompt(messages=())], SamplingParams())
    assert completion.message.content == text


def test_the_seed_is_the_random_policys() -> None:
    policy = policy_from("random", seed=7)
    assert isinstance(policy, RandomPolicy)
    assert policy.seed == 7


def test_an_oracle_may_err_now_and_then_with_a_seed() -> None:
    policy = policy_from("oracle:0.2", seed=7)
    assert isinstance(policy, OraclePolicy)
    assert (policy.name, policy.noise, policy.seed) == ("oracle:0.2", 0.2, 7)
    assert policy_from("oracle:").name == "oracle"


def test_openai_takes_a_server_and_needs_no_key_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    policy = policy_from("openai:org/model:tag", base_url="http://127.0.0.1:9/v1")
    assert isinstance(policy, OpenAIPolicy)
    assert (policy.name, policy.model) == ("openai:org/model:tag", "org/model:tag")
    policy.close()


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("orakle", "no policy 'orakle'; did you mean 'oracle'"),
        ("zzz", "no policy 'zzz'; known: constant:TEXT, echo, hf:PATH_OR_ID, human, null, openai:MODEL, oracle"),
        ("", "no policy ''; known"),
        ("openai", "policy 'openai'; expected openai:MODEL"),
        ("hf:", "policy 'hf:'; expected hf:PATH_OR_ID"),
        ("constant", "expected constant:TEXT"),
        ("null:x", "policy 'null:x'; expected null alone"),
        ("oracle:often", "policy 'oracle:often'; expected a share of near misses"),
        ("oracle:1.5", "noise is 1.5; expected the share"),
        ("oracle:nan", "noise is nan"),
    ],
)
def test_a_spec_that_is_no_policy_says_what_is(spec: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        policy_from(spec)


def test_a_server_for_a_policy_that_asks_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="takes no base URL"):
        policy_from("oracle", base_url="http://127.0.0.1:9/v1")


def test_an_option_the_policy_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="does not take these options"):
        policy_from("oracle", device="cpu")


def test_a_model_that_is_nowhere_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot load the model .* expected a folder with a transformers model"):
        policy_from(f"hf:{tmp_path}")


def test_every_form_is_listed() -> None:
    assert {name.split(":")[0] for name in policy_names()} == {
        "oracle", "null", "echo", "random", "human", "constant", "scripted", "openai", "hf", "vllm",
    }  # fmt: skip


def script(path: Path, *rows: Any) -> str:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n")
    return f"scripted:{path}"


def test_a_script_file_gives_the_turns_of_every_episode(dialogue: Callable[..., Any], tmp_path: Path) -> None:
    policy = policy_from(script(tmp_path / "s.jsonl", {"response": "a"}, "", {"response": "right"}))
    trajectory = rollout(dialogue(turns=2), policy, seed=1, strict=True)
    assert [turn.completion.message.content for turn in trajectory.turns] == ["a", "right"]


def test_rows_for_a_task_are_that_tasks_turns(dialogue: Callable[..., Any], tmp_path: Path) -> None:
    env = dialogue()
    task_id = env.reset(seed=2)[1]["task_id"]
    policy = policy_from(script(tmp_path / "s.jsonl", {"response": "wrong"}, {"task_id": task_id, "response": "right"}))
    assert [rollout(dialogue(), policy, seed=seed).reward for seed in (1, 2, 3)] == [0.0, 1.0, 0.0]


def test_a_script_without_a_response_for_the_turn_is_an_error(dialogue: Callable[..., Any], tmp_path: Path) -> None:
    trajectory = rollout(dialogue(turns=2), policy_from(script(tmp_path / "s.jsonl", {"response": "a"})), seed=1)
    assert trajectory.stop_reason is StopReason.ERROR
    assert "has 1 responses" in str(trajectory.error)


@pytest.mark.parametrize("row", ["not json", "[1]", '{"answer": "4"}', '{"response": 4}'])
def test_a_bad_row_is_named_by_its_line(row: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"s\.jsonl:2 is "):
        policy_from(script(tmp_path / "s.jsonl", {"response": "a"}, row))


def test_a_script_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read the script"):
        policy_from(f"scripted:{tmp_path / 'none.jsonl'}")
