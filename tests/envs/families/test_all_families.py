"""What every built-in family keeps, at every level."""

import os
import pickle
import random
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import assaygym
from assaygym.envs.attacks import CONSTANTS, echo, noisy_golds
from assaygym.envs.catalogue import BUILT_IN
from assaygym.envs.core import Env
from assaygym.envs.registration import load, make, spec
from assaygym.envs.seeding import digest
from assaygym.errors import ConfigError
from assaygym.types import Score, Verdict

IDS = (
    "assay/ChainSum-v0",
    "assay/Countdown-v0",
    "assay/WordProblem-v0",
    "assay/Reverse-v0",
    "assay/Calculator-v0",
    "assay/PythonCalc-v0",
    "assay/FunctionFromTests-v0",
    "assay/OutputPrediction-v0",
    "assay/InputPrediction-v0",
    "assay/Regex-v0",
    "assay/TestWriting-v0",
    "assay/StdinStdout-v0",
    "assay/JsonTransform-v0",
    "assay/Complexity-v0",
    "assay/TicTacToe-v0",
    "assay/Shop-v0",
    "assay/Sql-v0",
    "assay/StackVM-v0",
    "assay/Manufactoria-v0",
    "assay/Shell-v0",
    "assay/BouncingSim-v0",
    "assay/BugRepair-v0",
    "assay/MiniRepo-v0",
)


def test_no_built_in_family_stands_outside() -> None:
    assert sorted(IDS) == sorted(built_in.id for built_in in BUILT_IN)


def levels(env_id: str) -> int:
    difficulty: dict[str, Any] = getattr(load(spec(env_id)), "difficulty")  # noqa: B009
    return max(map(len, difficulty.values()))


def marks(env_id: str, level: int) -> tuple[pytest.MarkDecorator, ...]:
    """Where each answer runs programs, one level is enough for every day."""
    return (pytest.mark.slow,) if "sandbox" in spec(env_id).requires and level != 1 else ()


LEVELS = [
    pytest.param(env_id, level, id=f"{env_id[6:-3]}-{level}", marks=marks(env_id, level))
    for env_id in IDS
    for level in range(levels(env_id))
]
EACH = pytest.mark.parametrize("env_id", IDS)
EACH_LEVEL = pytest.mark.parametrize(("env_id", "level"), LEVELS)


def seeds(env_id: str, simple: int, sandboxed: int) -> range:
    """Fewer where each episode starts a program."""
    return range(sandboxed if "sandbox" in spec(env_id).requires else simple)


def finish(env: Env, agent: Callable[[Env], str]) -> Score:
    """Play the live episode to its end."""
    for _ in range(env.max_turns):
        _, _, terminated, truncated, info = env.step(agent(env))
        if terminated or truncated:
            score: Score = info["score"]
            return score
    raise AssertionError(f"{env.id} goes on after {env.max_turns} turns")


def values(env: Env, agent: Callable[[Env], str], some: range) -> Iterator[float]:
    for seed in some:
        env.reset(seed=seed)
        yield finish(env, agent).value


def trace(env: Env, seed: int, agent: Callable[[Env], str]) -> tuple[Any, ...]:
    """Everything an episode says and how it ends; equal for equal episodes."""
    observation, info = env.reset(seed=seed)
    seen = [observation]
    for _ in range(env.max_turns):
        observation, reward, terminated, truncated, last = env.step(agent(env))
        seen.append(observation)
        if terminated or truncated:
            return info["task_id"], tuple(seen), reward, str(last["score"].verdict)
    raise AssertionError("the episode goes on")


def oracle(env: Env) -> str:
    return env.oracle_action()


@EACH
def test_there_are_four_levels_or_more(env_id: str) -> None:
    assert levels(env_id) >= 4


@EACH_LEVEL
@pytest.mark.parametrize("split", ["train", "eval"])
def test_the_oracle_earns_one(env_id: str, level: int, split: str) -> None:
    env = make(env_id, level=level, split=split)
    assert set(values(env, oracle, seeds(env_id, 30, 4))) == {1.0}


@EACH_LEVEL
@pytest.mark.parametrize("agent", [lambda env: "", lambda env: "I do not know.", echo], ids=["null", "refusal", "echo"])
def test_saying_nothing_or_repeating_the_prompt_earns_nothing(
    env_id: str, level: int, agent: Callable[[Env], str]
) -> None:
    assert set(values(make(env_id, level=level), agent, seeds(env_id, 30, 4))) == {0.0}


@EACH_LEVEL
def test_a_constant_earns_next_to_nothing(env_id: str, level: int) -> None:
    env = make(env_id, level=level)
    for constant in (*CONSTANTS, "42", r"\boxed{10}", "B2", "5", "True", "def f(x):\n    return x"):
        earned = list(values(env, lambda env, said=constant: said, seeds(env_id, 20, 2)))  # type: ignore[misc]
        assert sum(earned) / len(earned) <= 0.1, constant


@EACH_LEVEL
def test_the_answer_amid_noise_earns_nothing(env_id: str, level: int) -> None:
    env = make(env_id, level=level)
    for seed in range(5):
        env.reset(seed=seed)
        for text in noisy_golds(env):
            probe = env.fork(1)[0]
            assert finish(probe, lambda env, said=text: said).value == 0.0, text  # type: ignore[misc]


@EACH
def test_gymnasium_finds_nothing_to_warn_of(env_id: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(env_id).unwrapped)


@EACH
def test_a_live_episode_survives_pickling(env_id: str) -> None:
    env = make(env_id, level=2)
    env.reset(seed=3)
    if env.max_turns > 1:
        env.step(env.oracle_action())
    copy = pickle.loads(pickle.dumps(env))
    assert copy.transcript == env.transcript
    ours, theirs = finish(env, oracle), finish(copy, oracle)
    assert replace(ours, metrics={}) == replace(theirs, metrics={})  # the time that a program took is never the same


@EACH
def test_forked_branches_are_equal_and_share_nothing(env_id: str) -> None:
    env = make(env_id, level=2)
    env.reset(seed=4)
    if env.max_turns > 1:
        env.step(env.oracle_action())
    spoiled, left, right = env.fork(3)
    before = pickle.dumps(env.transcript)
    assert finish(spoiled, lambda env: "nonsense").value == 0.0
    assert finish(left, oracle).value == finish(right, oracle).value == 1.0
    assert left.transcript == right.transcript
    assert pickle.dumps(env.transcript) == before
    assert finish(env, oracle).value == 1.0
    assert env.transcript == left.transcript


@EACH
def test_a_seed_gives_the_same_in_one_process_in_threads_and_in_another_process(env_id: str) -> None:
    wanted = [(level, seed) for level in (0, 3) for seed in seeds(env_id, 4, 1)]
    once = [trace(make(env_id, level=level), seed, oracle) for level, seed in wanted]
    assert once == [trace(make(env_id, level=level), seed, oracle) for level, seed in wanted]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda one: trace(make(env_id, level=one[0]), one[1], oracle), wanted)) == once
    program = (
        "import sys, pickle; sys.path[:] = pickle.loads(sys.stdin.buffer.read())\n"
        f"import assaygym; from assaygym.envs.probe import oracle, play\n"
        f"for level, seed in {wanted!r}:\n"
        f"    found, _ = play(assaygym.make({env_id!r}, level=level), oracle, seed)\n"
        "    print(ascii((found.task_id, found.observations, float(found.value), found.verdict)))"
    )
    child = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps(sys.path),
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "77"},
    )
    assert child.stdout.decode().splitlines() == [ascii(one) for one in once]


@EACH
def test_no_global_generator_is_touched(env_id: str) -> None:
    random.seed(7)
    before = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]  # legacy tuple
    env = make(env_id)
    env.reset(seed=5)
    finish(env, oracle)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # type: ignore[index]


@EACH
def test_near_seeds_give_unrelated_tasks(env_id: str) -> None:
    env = make(env_id, level=1)
    first, second = ([env.reset(seed=seed)[0] for seed in range(start, start + 20)] for start in (0, 1000))
    assert len(set(first)) >= 17
    assert len(set(first) & set(second)) <= 2


@EACH_LEVEL
def test_train_and_eval_share_no_prompt(env_id: str, level: int) -> None:
    prompts: dict[str, set[str]] = {}
    for split in ("train", "eval"):
        env = make(env_id, level=level, split=split)
        messages = (env.reset(seed=seed)[1]["messages"] for seed in range(150))
        prompts[split] = {digest(prompt) for prompt in messages}
    assert not prompts["train"] & prompts["eval"]
    assert len(prompts["train"]) >= 90
    assert len(prompts["eval"]) >= 90


@EACH
def test_every_way_to_make_it_works(env_id: str) -> None:
    first = make(env_id, level=1).reset(seed=11)[0]
    assert gymnasium.make(env_id, level=1).reset(seed=11)[0] == first
    for vector in (
        gymnasium.make_vec(env_id, num_envs=2, vectorization_mode="sync", level=1),
        assaygym.make_vec(env_id, 2, level=1),
    ):
        assert vector.reset(seed=11)[0][0] == first
        assert len(vector.step(("x", "x"))[0]) == 2
        vector.close()


@EACH
def test_it_runs_in_processes_of_their_own(env_id: str) -> None:
    vector = gymnasium.make_vec(env_id, num_envs=2, vectorization_mode="async", level=1)
    try:
        observations, _ = vector.reset(seed=11)
        assert observations[0] == make(env_id, level=1).reset(seed=11)[0]
        assert len(vector.step(("x", "x"))[0]) == 2
    finally:
        vector.close()


HOSTILE = {
    "junk": "x7(" * 350_000,
    "NUL": "\x00" * 1000 + r"\boxed{" + "\x00" + "}",
    "surrogates": "\ud800\udfff" * 500 + r"\boxed{" + "\udc00" + "}",
    "brackets": "(" * 100_000,
    "nested": "(" * 50_000 + "1" + ")" * 50_000,
    "boxes": r"\boxed{" * 100_000,
    "fractions": r"\boxed{" + r"\frac{" * 20_000 + "}",
    "digits": r"\boxed{" + "9" * 200_000 + "}",
    "tower": r"\boxed{9**9**9**9**9}",
    "call cut": '<tool_call>{"name": "python", "argum',
    "call of nothing": '<tool_call>{"name": "no_such_tool", "arguments": {}}</tool_call>',
    "call of a list": '<tool_call>["python", ["print(1)"]]</tool_call>',
    "deep call": '<tool_call>{"name": "python", "arguments": ' + "[" * 100_000,
    "wrong types": '<tool_call>{"name": "refund", "arguments": {"order_id": 7, "item_id": null}}</tool_call>',
    "surrogate call": '<tool_call>{"name": "python", "arguments": {"code": "print(\'\\ud800\')"}}</tool_call>',
    "surrogate order": '<tool_call>{"name": "get_order", "arguments": {"order_id": "\\ud800"}}</tool_call>',
    "endless order": '<tool_call>{"name": "get_order", "arguments": {"order_id": "' + "W" * 300_000 + '"}}</tool_call>',
    "fence": "```python\n" + "(" * 100_000,
    "exit": "```python\nimport os\nos._exit(0)\n```",
}


@EACH
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_ends_at_the_floor_and_soon(env_id: str, name: str) -> None:
    env = make(env_id, level=1)
    env.reset(seed=2)
    start = time.perf_counter()
    score = finish(env, lambda env: HOSTILE[name])
    assert score.value == 0.0, score
    assert score.verdict is not Verdict.INVALID
    assert time.perf_counter() - start < 10.0


@EACH
def test_an_unknown_knob_is_told_apart_from_those_there_are(env_id: str) -> None:
    with pytest.raises(ConfigError, match="has no option"):
        make(env_id, lenght=3)


@pytest.mark.parametrize(
    ("env_id", "knobs"),
    [
        ("assay/ChainSum-v0", {"terms": 1}),
        ("assay/Countdown-v0", {"count": 1}),
        ("assay/WordProblem-v0", {"units": 5}),
        ("assay/Reverse-v0", {"alphabet": 100}),
        ("assay/Calculator-v0", {"digits": 9}),
        ("assay/PythonCalc-v0", {"size": 9}),
        ("assay/FunctionFromTests-v0", {"examples": 9}),
        ("assay/OutputPrediction-v0", {"blocks": 0}),
        ("assay/InputPrediction-v0", {"depth": 9}),
        ("assay/Regex-v0", {"parts": 0}),
        ("assay/TestWriting-v0", {"steps": 0}),
        ("assay/StdinStdout-v0", {"grade": 5}),
        ("assay/JsonTransform-v0", {"steps": 9}),
        ("assay/Complexity-v0", {"grade": 7}),
        ("assay/TicTacToe-v0", {"skill": 1.5}),
        ("assay/Shop-v0", {"requests": 4}),
        ("assay/Sql-v0", {"stage": 6}),
        ("assay/StackVM-v0", {"stage": 0}),
        ("assay/Manufactoria-v0", {"stage": 6}),
        ("assay/Shell-v0", {"steps": 9}),
        ("assay/BouncingSim-v0", {"balls": 0}),
        ("assay/BugRepair-v0", {"bugs": 3, "functions": 2}),
        ("assay/MiniRepo-v0", {"bugs": 9}),
    ],
)
def test_a_knob_out_of_range_is_refused_with_what_is_expected(env_id: str, knobs: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        make(env_id, **knobs).reset(seed=0)


@EACH
def test_the_catalogue_says_how_many_turns_there_are(env_id: str) -> None:
    assert make(env_id).max_turns == spec(env_id).max_turns
