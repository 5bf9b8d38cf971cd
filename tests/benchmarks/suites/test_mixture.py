"""Suites that are made here: the same for ever, or drawn anew; episodes are those of the environments inside."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path

import pytest

import assaygym as ag
from assaygym.benchmarks.runner import evaluate
from assaygym.benchmarks.suites import load, suite
from assaygym.benchmarks.suites.made_catalogue import CODE, MATH, TOOLS
from assaygym.errors import ConfigError, DataError
from assaygym.sandbox import shared_sandbox

MADE = {"assay-math": MATH, "assay-code": CODE, "assay-tools": TOOLS}
DIGESTS = {
    "assay-math": "59c99cf96061500c",
    "assay-code": "a0c7b1d316d5a9c4",
    "assay-tools": "8396de91c7b7cf0e",
}
"""Of the rows of version 1."""
FIRST = {
    "assay-math": "d75fb05ce266f370",
    "assay-code": "ccbf7b0c33f43746",
    "assay-tools": "e30d5ca36de1c792",
}
"""Of the first prompt of each member at its first level."""


def prompts(name: str) -> str:
    definition = load(suite(name)).definition
    texts = [definition.row_task(index).prompt[-1].content for index in range(len(MADE[name]))]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", MADE)
def test_a_versions_rows_and_prompts_never_change(name: str) -> None:
    assert load(suite(name)).sha256[:16] == DIGESTS[name], "raise VERSION in made_catalogue.py"
    assert prompts(name) == FIRST[name], "an environment poses other tasks for its seeds: raise VERSION"


@pytest.mark.parametrize("name", ["assay-math", "assay-tools"])
def test_the_oracle_is_right_on_every_member_and_silence_is_not(name: str) -> None:
    shared_sandbox()
    count = 2 * len(MADE[name])
    assert evaluate(name, "oracle", n=count).counts["correct"] == count
    assert evaluate(name, "null", n=count).score.mean == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("name", MADE)
def test_the_oracle_is_right_on_all_of_a_suite(name: str) -> None:
    assert evaluate(name, "oracle").counts["correct"] == 300


def test_an_episode_is_that_of_the_environment_inside() -> None:
    definition = load(suite("assay-tools")).definition
    env, row = definition.make(split="all"), definition.rows[0]
    inner = ag.make(row["env"], split="eval", level=row["level"])
    outer_start, info = env.reset(options={"index": 0})
    assert outer_start == inner.reset(seed=row["seed"])[0]
    assert [tool.name for tool in info["tools"]] == [tool.name for tool in inner.tools]
    assert env.max_turns == inner.max_turns
    ended = False
    while not ended:
        action = env.oracle_action()
        assert action == inner.oracle_action()
        mine, theirs = env.step(action), inner.step(action)
        assert mine[:4] == theirs[:4]
        ended = mine[2]


def test_an_episode_that_runs_out_of_turns_is_cut_as_inside() -> None:
    env = load(suite("assay-tools")).definition.make(split="all")
    env.reset(options={"index": 0})
    call = '<tool_call>{"name": "nothing", "arguments": {}}</tool_call>'
    _, _, ended, cut, info = [env.step(call) for _ in range(env.max_turns)][-1]
    assert (ended, cut) == (False, True)
    assert info["score"].value == 0.0


def test_a_live_episode_forks_and_pickles() -> None:
    env = load(suite("assay-tools")).definition.make(split="all")
    env.reset(options={"index": 1})
    action = env.oracle_action()
    twins = [env.fork(1)[0], pickle.loads(pickle.dumps(env))]
    answers = [each.step(action)[0] for each in (env, *twins)]
    assert len(set(answers)) == 1
    assert env.transcript == twins[0].transcript == twins[1].transcript


def test_fresh_tasks_are_new_each_time_and_the_same_for_the_same_entropy() -> None:
    one, other = (load(suite("assay-math-fresh")) for _ in range(2))
    assert one.options["entropy"] != other.options["entropy"]
    assert one.sha256 != other.sha256
    again = load(suite("assay-math-fresh"), options=dict(one.options))
    assert (again.sha256, again.definition.rows) == (one.sha256, one.definition.rows)


@pytest.mark.parametrize("entropy", [-1, "x", True, 1.5])
def test_entropy_is_an_integer_from_zero(entropy: object) -> None:
    with pytest.raises(ConfigError, match="entropy is"):
        load(suite("assay-math-fresh"), options={"entropy": entropy})


def test_a_suite_takes_no_option_it_does_not_declare() -> None:
    with pytest.raises(ConfigError, match="assay-math is a suite: it takes no entropy"):
        load(suite("assay-math"), options={"entropy": 1})


def test_the_entropy_of_a_run_is_recorded(tmp_path: Path) -> None:
    evaluate("assay-math-fresh", "oracle", n=2, out=tmp_path / "run", entropy=7)
    config = json.loads((tmp_path / "run" / "run.json").read_text())
    assert "'entropy': 7" in str(config)


def test_rows_of_a_file_are_played_too(tmp_path: Path) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text('{"env": "assay/ChainSum-v0", "level": 0, "seed": 5}\n')
    assert evaluate("assay-math", "oracle", data=path).counts["correct"] == 1
    path.write_text('{"env": "assay/ChainSum-v0", "level": "hard", "seed": 5}\n')
    with pytest.raises(DataError, match=r"row 1 is .*expected env, level and seed"):
        load(suite("assay-math"), path)
