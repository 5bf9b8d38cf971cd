"""Programs that speak on the channel themselves: what they say may be wrong, never right, never a fault of ours."""

from __future__ import annotations

import pytest

from assaygym.errors import VerifierError
from assaygym.sandbox import Limits, Sandbox
from assaygym.types import Score, Verdict
from assaygym.verifiers.code.asserts import run_asserts
from assaygym.verifiers.code.functions import run_functions
from assaygym.verifiers.code.tests import AssertTests, FunctionCase, FunctionTests

LIMITS = Limits(wall_seconds=5)
SQUARES = FunctionTests("f", (FunctionCase((2,), 4), FunctionCase((3,), 9)))
SINGLETON = FunctionTests("f", (FunctionCase((2,), {4}),))
LOOP = AssertTests(
    test="def check(candidate):\n    for i in range(3):\n        assert candidate(i) == i * i\n", entry_point="f"
)
NESTED = AssertTests(
    test="def check(candidate):\n    for i in range(3):\n        assert candidate(wrap(i)) == i\n",
    entry_point="f",
    prompt="def wrap(x):\n    return [x]\n\ndef f(x):\n    pass\n",
)
SETUP = AssertTests(asserts=("assert f(k) == 49",), setup="k = f(3)")
FORGED_TALLY = (
    "import os,struct,json\\nd=json.dumps(['done',3,3,None]).encode()\\n"
    "os.write(3,struct.pack('>I',len(d))+d)\\nos._exit(0)"
)


def says(message: str) -> str:
    """A program whose `f` answers with a message of its own making; `n` is the number of the request."""
    return (
        "import json, os, struct, sys, time\n"
        "def f(x):\n"
        "    frame = sys._getframe(1)\n"
        "    while 'request' not in frame.f_locals: frame = frame.f_back\n"
        "    n = frame.f_locals['request'][0]\n"
        f"    data = json.dumps({message}).encode()\n"
        "    os.write(3, struct.pack('>I', len(data)) + data)\n"
        "    time.sleep(60)\n"
    )


def by_calls(sandbox: Sandbox, program: str, tests: FunctionTests = SQUARES) -> Score:
    return run_functions(program, tests, sandbox=sandbox, limits=LIMITS, mode="binary").score("binary")


def by_asserts(sandbox: Sandbox, program: str, tests: AssertTests = LOOP) -> Score:
    return run_asserts(program, tests, sandbox=sandbox, limits=LIMITS, mode="binary").score("binary")


@pytest.mark.parametrize("name", ["exec", "eval", "exit", "print", "__import__", "BaseException", "SystemExit", "E"])
def test_the_name_of_an_error_calls_nothing_in_the_test_process(sandbox: Sandbox, name: str) -> None:
    assert by_asserts(sandbox, says(f'[n, "error", {name!r}, "{FORGED_TALLY}"]')).verdict is Verdict.INCORRECT


@pytest.mark.parametrize(
    "message",
    [
        "[n, 'value', {'$complex': [10 ** 400, 0]}]",
        "[n, 'value', {'$complex': [1, {'$hex': 'f' * 9999}]}]",
        "[n, 'callback', 1, [[0] * 100_000], {}]",
        "[n, 'error', 'ValueError', '\\ud800']",
        "[n, 'error', 'ValueError']",
        "[n, 'value']",
        "[n, None, 1]",
        "{}",
    ],
)
def test_a_forged_answer_to_a_call_is_wrong(sandbox: Sandbox, message: str) -> None:
    score = by_calls(sandbox, says(message))
    assert score.verdict is Verdict.INCORRECT
    assert len(score.explanation.encode()) < 1000


@pytest.mark.parametrize(
    "program",
    [
        "def f(x): return {range(0, 10 ** 5000)}",
        "def f(x): return frozenset([frozenset(['\\x01' * 10_000_000])])",
        "def f(x):\n    s = frozenset()\n    for _ in range(140): s = frozenset([s])\n    return s",
        "def f(x): return {(1, 10 ** 9999), 2.5, None, b'x'}",
    ],
)
def test_an_odd_set_is_wrong(sandbox: Sandbox, program: str) -> None:
    assert by_calls(sandbox, program, SINGLETON).verdict is Verdict.INCORRECT


@pytest.mark.parametrize("program", ["def g(x): return x", "f = 3\ndel f", "import sys\nsys.modules.clear()"])
def test_a_program_without_the_function_is_wrong_in_a_test_process_too(sandbox: Sandbox, program: str) -> None:
    assert by_asserts(sandbox, program).verdict is Verdict.INCORRECT


@pytest.mark.parametrize(
    ("tests", "program"),
    [
        (SETUP, "def f(x): raise ValueError(5)"),
        (NESTED, "def wrap(x):\n    y = x\n    for _ in range(149): y = [y]\n    return y\ndef f(x): return x[0]"),
    ],
)
def test_a_program_that_breaks_what_runs_before_the_tests_is_wrong(
    sandbox: Sandbox, tests: AssertTests, program: str
) -> None:
    assert by_asserts(sandbox, program, tests).verdict is Verdict.INCORRECT


def test_test_code_that_fails_before_it_meets_the_program_is_a_fault_of_the_tests(sandbox: Sandbox) -> None:
    tests = AssertTests(test=f"import no_such_module\n{LOOP.test}", entry_point="f")
    with pytest.raises(VerifierError, match="no_such_module"):
        by_asserts(sandbox, "def f(x): return x * x", tests)
