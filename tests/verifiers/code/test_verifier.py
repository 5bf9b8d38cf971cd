"""The verifier objects: a response and tests in, a score out."""

from __future__ import annotations

import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from assaygym.errors import ConfigError
from assaygym.sandbox import Limits, Sandbox
from assaygym.types import Score, Verdict
from assaygym.verifiers.base import Verifier, judge, name_of
from assaygym.verifiers.code import (
    AssertTests,
    FunctionCase,
    FunctionTests,
    StdinCase,
    StdinTests,
    asserts,
    functions,
    stdio,
)

STDIN = StdinTests((StdinCase("2\n", "4\n"), StdinCase("5\n", "10\n")))
FUNCTION = FunctionTests("f", (FunctionCase((2,), 4), FunctionCase((5,), 10)))
ASSERTS = AssertTests(
    prompt='def f(x):\n    """Double."""\n',
    test="def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(5) == 10\n",
    entry_point="f",
)
FAMILIES: list[tuple[Any, Any, str, str]] = [
    (stdio, STDIN, "print(2 * int(input()))", "print(4)"),
    (functions, FUNCTION, "def f(x): return 2 * x", "def f(x): return 4"),
    (asserts, ASSERTS, "def f(x): return 2 * x", "def f(x): return 4"),
]
each_family = pytest.mark.parametrize(
    ("family", "tests", "right", "half"), FAMILIES, ids=["stdio", "functions", "asserts"]
)


USAGE = ("cpu_seconds", "wall_seconds", "peak_memory_mib")


def counts(score: Score) -> dict[str, float]:
    """The metrics but for what differs from run to run."""
    assert all(score.metrics[name] >= 0 for name in USAGE)
    return {name: value for name, value in score.metrics.items() if name not in USAGE}


def fenced(program: str) -> str:
    return f"I think this works:\n```python\n{program}\n```\n"


@each_family
def test_a_right_program_is_correct(sandbox: Sandbox, family: Any, tests: Any, right: str, half: str) -> None:
    score = family(sandbox=sandbox)(fenced(right), tests)
    assert (score.value, score.verdict) == (1.0, Verdict.CORRECT)
    assert counts(score) == {"passed": 2.0, "total": 2.0, "n_run": 2.0}
    assert score.extracted == f"{right}\n"


@each_family
def test_half_a_program_is_nothing_or_its_share(
    sandbox: Sandbox, family: Any, tests: Any, right: str, half: str
) -> None:
    binary = family(sandbox=sandbox)(fenced(half), tests)
    assert (binary.value, binary.verdict) == (0.0, Verdict.INCORRECT)
    fraction = family(sandbox=sandbox, mode="fraction")(fenced(half), tests)
    assert (fraction.value, fraction.verdict) == (0.5, Verdict.PARTIAL)
    assert counts(fraction) == {"passed": 1.0, "total": 2.0, "n_run": 2.0}
    assert fraction.explanation.startswith("test 2 of 2: wrong")


@each_family
def test_the_expected_value_is_told_only_when_asked(
    sandbox: Sandbox, family: Any, tests: Any, right: str, half: str
) -> None:
    assert "10" not in family(sandbox=sandbox)(fenced(half), tests).explanation
    assert "10" in family(sandbox=sandbox, reveal=True)(fenced(half), tests).explanation


@each_family
def test_a_response_without_a_program_is_unparsed(
    sandbox: Sandbox, family: Any, tests: Any, right: str, half: str
) -> None:
    assert family(sandbox=sandbox)("I do not know.", tests).verdict is Verdict.UNPARSED


@each_family
def test_scores_are_the_same_from_many_threads(
    sandbox: Sandbox, family: Any, tests: Any, right: str, half: str
) -> None:
    verifier = family(sandbox=sandbox)
    responses = [fenced(right), fenced(half)] * 4
    with ThreadPoolExecutor(8) as pool:
        scores = list(pool.map(lambda response: verifier(response, tests), responses))
    assert [replace(score, metrics=counts(score)) for score in scores[2:]] == [
        replace(score, metrics=counts(score)) for score in scores[:2] * 3
    ]


@each_family
def test_a_verifier_pickles_and_has_a_name(family: Any, tests: Any, right: str, half: str) -> None:
    verifier = family(mode="fraction", limits=Limits(wall_seconds=3))
    assert pickle.loads(pickle.dumps(verifier)) == verifier
    assert pickle.loads(pickle.dumps(tests)) == tests
    assert name_of(verifier) == family.__name__
    assert isinstance(verifier, Verifier)


@pytest.mark.parametrize("family", [stdio, functions, asserts])
def test_an_unknown_mode_is_refused(family: Any) -> None:
    with pytest.raises(ConfigError, match="expected 'binary'"):
        family(mode="dense")


@pytest.mark.parametrize(
    "response", ["    return 2 * x\n", "```python\n    return 2 * x\n```", "```\ndef f(x): return x + x\n```"]
)
def test_a_completion_of_the_prompt_is_an_answer(sandbox: Sandbox, response: str) -> None:
    assert asserts(sandbox=sandbox)(response, ASSERTS).verdict is Verdict.CORRECT


def test_a_faulty_test_is_invalid_never_zero(sandbox: Sandbox) -> None:
    score = judge(asserts(sandbox=sandbox), fenced("def f(x): return x"), replace(ASSERTS, test="def check("))
    assert score.verdict is Verdict.INVALID
    assert math.isnan(score.value)


def test_the_shared_sandbox_is_the_default(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    monkeypatch.setattr("assaygym.sandbox.shared_sandbox", lambda: sandbox)
    assert functions()(fenced("def f(x): return x + x"), FUNCTION).verdict is Verdict.CORRECT
