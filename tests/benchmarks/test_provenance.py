from __future__ import annotations

import functools
import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from assaygym.benchmarks.provenance import prompt_digest, verifier_of, verifier_text
from assaygym.benchmarks.suites import SUITES
from assaygym.envs.definition import TaskDefinition
from assaygym.envs.tool_env import ToolEnv
from assaygym.verifiers.maths import MathPolicy, MathVerifier

PRINTED = """
from assaygym.benchmarks.provenance import verifier_text
from assaygym.benchmarks.suites import SUITES
print(verifier_text(SUITES["olympiadbench"].verifier()), verifier_text(SUITES["mbpp"].verifier()))
"""


def within(limit: float) -> Callable[[str, str], bool]:
    def close(response: str, gold: str) -> bool:
        return abs(float(response) - float(gold)) <= limit

    return close


def equal(response: str, gold: str) -> bool:
    return response == gold


def likewise(response: str, gold: str) -> bool:
    return response.strip() == gold


class Door(ToolEnv):
    """You are a porter."""

    def setup(self, rng: random.Random) -> str:
        return "Open it."

    def verify(self) -> bool:
        return True


class Gate(Door):
    """You are a porter."""

    def verify(self) -> bool:
        return False


def test_the_text_begins_with_the_verifiers_name() -> None:
    assert verifier_text(equal).startswith("equal#")
    assert verifier_text(MathVerifier()).startswith("math#")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (equal, likewise),
        (within(0.1), within(0.2)),
        (MathVerifier(), MathVerifier(MathPolicy.of("gsm8k"))),
        (functools.partial(equal, gold="1"), functools.partial(equal, gold="2")),
        (Door, Gate),
    ],
)
def test_other_source_or_options_give_another_text(one: Any, other: Any) -> None:
    assert verifier_text(one).partition("#")[2] != verifier_text(other).partition("#")[2]


def test_the_same_verifier_made_anew_gives_the_same_text() -> None:
    assert verifier_text(within(0.1)) == verifier_text(within(0.1))
    assert verifier_text(MathVerifier()) == verifier_text(MathVerifier())


def test_another_process_gives_the_same_text() -> None:
    told = subprocess.run([sys.executable, "-c", PRINTED], capture_output=True, text=True, check=True).stdout.split()
    judges = [SUITES[name].verifier for name in ("olympiadbench", "mbpp")]
    assert told == [verifier_text(make()) for make in judges if make is not None]


def test_an_environment_is_judged_by_its_task_or_by_itself() -> None:
    task = TaskDefinition("test/equal-v0", lambda rng: ("Say 1", "1"), verifier=equal)
    assert verifier_of(task.make()) == verifier_text(equal)
    assert verifier_of(Door()) == verifier_text(Door)


def test_code_without_a_source_is_told_by_its_name() -> None:
    space: dict[str, Any] = {}
    exec("def typed(response, gold): return True", space)
    assert verifier_text(space["typed"]).startswith("typed#")


def observed(*contents: str, answer: str = "x") -> dict[str, Any]:
    shown = [{"role": "user", "content": content} for content in contents]
    return {"turns": [{"observation": shown, "completion": answer}]}


def test_a_prompts_digest_is_of_its_messages_and_not_of_the_answer() -> None:
    assert prompt_digest(observed("a", answer="x")) == prompt_digest(observed("a", answer="y"))
    assert (
        len({prompt_digest(each) for each in (observed("a"), observed("b"), observed("a", "b"), observed("ab"))}) == 4
    )
    assert prompt_digest(observed("\ud800"))


def test_an_episode_without_a_turn_has_no_prompt() -> None:
    assert prompt_digest({"turns": []}) == prompt_digest({}) == ""
