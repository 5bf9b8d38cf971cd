"""BFCL's conversations, with an API made here: state after each request, withheld functions, limits, no evaluation."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from assaygym.benchmarks.suites import suite
from assaygym.benchmarks.suites.bfcl_turns import STEPS, api_of, bfcl_turn_tasks, parsed_call
from assaygym.errors import DataError, MissingDependencyError
from assaygym.types import Verdict


class Counter:
    """A simulated API: a counter that can be raised and read."""

    def __init__(self) -> None:
        self.total = 0
        self._reads = 0

    def _load_scenario(self, scenario: dict[str, Any], long_context: bool = False) -> None:
        self.total = scenario.get("total", 0)

    def add(self, amount: int) -> dict[str, int]:
        self.total += amount
        return {"total": self.total}

    def read(self) -> dict[str, int]:
        self._reads += 1
        return {"total": self.total}

    def power(self, exponent: int) -> int:
        return int(2**exponent)


def described(name: str, **properties: str) -> dict[str, Any]:
    schema = {key: {"type": kind} for key, kind in properties.items()}
    return {"name": name, "description": name, "parameters": {"type": "dict", "properties": schema, "required": []}}


FUNCTIONS = [described("add", amount="integer"), described("read"), described("power", exponent="integer")]
ROW = {
    "id": "multi_turn_miss_func_0",
    "category": "multi_turn_miss_func",
    "question": [[{"role": "user", "content": "Add 2 and 3."}], [{"role": "user", "content": "Read it."}], []],
    "function": FUNCTIONS,
    "involved_classes": ["Counter"],
    "initial_config": {"Counter": {"total": 1}},
    "missed_function": {"2": ["read"]},
    "ground_truth": [["add(amount=2)", "add(3)"], [], ["read()"]],
}


def made(name: str) -> Counter:
    assert name == "Counter"
    return Counter()


def episode(row: dict[str, Any] = ROW) -> Any:
    env = bfcl_turn_tasks(suite("bfcl_multi_turn"), [row], made).make(split="all")
    env.reset(options={"index": 0})
    return env


def call(name: str, **arguments: Any) -> str:
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>"


def played(env: Any, *texts: str) -> Any:
    return [env.step(text)[4] for text in texts][-1].get("score")


def test_the_oracle_serves_every_request() -> None:
    env = episode()
    while True:
        _, reward, ended, _, _ = env.step(env.oracle_action())
        if ended:
            break
    assert reward == 1.0


def test_one_repaired_call_makes_the_whole_conversation_right_leniently_only() -> None:
    env, unclosed = episode(), call("add", amount=2).removesuffix("</tool_call>")
    score = played(env, unclosed, call("add", amount=3), "Done.", "I cannot.", call("read"), "6.")
    assert (score.value, score.metrics["lenient"]) == (0.0, 1.0)
    env.reset(options={"index": 0})
    rest = (call("add", amount=2) + call("add", amount=3), "Done.", "I cannot.", call("read"), "6.")
    assert played(env, *rest).value == 1.0, "the next episode starts anew"


def test_another_way_to_the_same_state_is_right_where_the_results_were_seen() -> None:
    score = played(episode(), call("add", amount=2) + call("add", amount=3), "Done.", "I cannot.", call("read"), "6.")
    assert score.verdict is Verdict.CORRECT, score.explanation


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["Done."], "request 1: no function was called"),
        ([call("add", amount=2), "Done."], "request 1: 'total' of Counter is not as it should be"),
        ([call("add", amount=5), "Done."], "request 1: the results lack"),
        ([call("add", amount=2) + call("add", amount=3), "Done.", call("add", amount=0), "Done."], "request 2: a func"),
        ([call("read")] * (STEPS + 1), f"request 1: no answer within {STEPS} turns"),
    ],
)
def test_a_request_that_was_not_served_ends_the_episode(texts: list[str], reason: str) -> None:
    score = played(episode(), *texts)
    assert score.verdict is Verdict.INCORRECT
    assert reason in score.explanation


def test_a_withheld_function_is_neither_offered_nor_run() -> None:
    env = episode()
    assert [tool.name for tool in env.tools] == ["add", "power"]
    *_, info = env.step(call("read"))
    assert info["messages"][0].content == "Error: there is no function 'read'"
    env = episode()
    played(env, call("add", amount=2) + call("add", amount=3), "Done.", "No.")
    assert [tool.name for tool in env.tools] == ["add", "read", "power"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (call("_load_scenario", scenario={}), "there is no function"),
        (call("__init__"), "there is no function"),
        (call("add", amount="x"), "Error during execution"),
        (call("add", sum=1), "Error during execution"),
        (call("add", **{"0": 1}), "arguments have names"),
        (call("power", exponent=10**9), "exponent is over"),
        ('<tool_call>{"name": "add", "arguments": [1]}</tool_call>', "no JSON object"),
        ("[add(amount=__import__('os').getpid())]", "No tool was run"),
    ],
)
def test_what_an_agent_may_not_call_is_an_answer_and_never_our_fault(text: str, answer: str) -> None:
    env = episode()
    *_, ended, _, info = env.step(text)
    assert not ended
    assert answer in info["messages"][0].content


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("f()", ("f", {})),
        ("f(a=1, b=[1, 'x'], c={'k': True})", ("f", {"a": 1, "b": [1, "x"], "c": {"k": True}})),
        ("f('x', n=-2.5)", ("f", {"0": "x", "n": -2.5})),
    ],
)
def test_a_gold_call_is_read_as_literals(text: str, parsed: Any) -> None:
    assert parsed_call(text) == parsed


@pytest.mark.parametrize("text", ["f", "f(a=g())", "f(a=b)", "a.f()", "f() + 1", "", "f(", "f(a=[1]*9)"])
def test_a_gold_that_is_more_than_literals_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="no call with literal arguments"):
        parsed_call(text)


def test_a_fork_shares_nothing_with_its_original() -> None:
    env = episode()
    env.step(call("add", amount=2))
    twin = env.fork(1)[0]
    twin.step(call("add", amount=90))
    assert played(env, call("add", amount=3), "Done.") is None
    assert played(twin, "Done.").verdict is Verdict.INCORRECT


def test_without_the_package_of_the_apis_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bfcl_eval", None)
    with pytest.raises(MissingDependencyError, match="pip install --no-deps bfcl-eval"):
        api_of("MathAPI")
    with pytest.raises(DataError, match="no simulated API 'Bank'"):
        api_of("Bank")
