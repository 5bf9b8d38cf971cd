"""Test code that asks the same of every program is run once; what it asks is then asked without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assaygym.sandbox import Limits, Sandbox
from assaygym.verifiers.code.asserts import run_asserts
from assaygym.verifiers.code.outcome import Mode, Report
from assaygym.verifiers.code.tests import AssertTests

DOUBLE = "def f(x):\n    return 2 * x\n"
LOOP = "import random\nfor _ in range(20):\n    x = random.randint(0, 9)\n    assert candidate(x) == x + x"


def check(body: str, prompt: str = "") -> AssertTests:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return AssertTests(test=f"def check(candidate):\n{lines}\n", entry_point="f", prompt=prompt)


def run(sandbox: Sandbox, program: str, tests: AssertTests, mode: Mode = "binary") -> Report:
    return run_asserts(program, tests, sandbox=sandbox, limits=Limits(wall_seconds=5), mode=mode)


@pytest.fixture
def spawned(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, AssertTests], tuple[int, bool]]:
    """How many processes the second of two programs alike needs, and whether both pass."""
    begun: list[int] = []
    spawn = sandbox.spawn

    def counted(*args: Any, **named: Any) -> Any:
        begun.append(1)
        return spawn(*args, **named)

    monkeypatch.setattr(sandbox, "spawn", counted)

    def second(program: str, tests: AssertTests) -> tuple[int, bool]:
        first = run(sandbox, program, tests)
        begun.clear()
        again = run(sandbox, program, tests)
        assert (first.passed, first.total) == (again.passed, again.total)
        return len(begun), again.passed == again.total

    return second


@pytest.mark.parametrize(
    ("body", "program"),
    [
        (LOOP, DOUBLE),
        ("for i in range(3):\n    assert candidate(i) == sum([i, i]), 'words'", DOUBLE),
        ("assert abs(candidate(2) - 4.1) < 0.2\nassert abs(candidate(0.5) - 1) <= 0", DOUBLE),
        ("assert tuple(candidate([1, 2])) == tuple([2, 1])", "def f(x): return x[::-1]"),
        ("assert list(candidate([1, 2])) == [2, 1]", "def f(x): return (x[1], x[0])"),
        ("xs = list(range(9))\nassert candidate(xs) == len(xs)", "def f(x): return len(x)"),
        ("assert candidate(int) == [len('abc')]", "def f(t): return [t('3')]"),
    ],
)
def test_the_second_program_needs_no_test_process(spawned: Any, body: str, program: str) -> None:
    assert spawned(program, check(body)) == (1, True)


@pytest.mark.parametrize(
    ("body", "program"),
    [
        ("assert candidate(candidate(1)) == 4", DOUBLE),
        ("x = candidate(1)\nfor i in range(3):\n    assert candidate(i) == i * x", DOUBLE),
        ("assert [] == []\nfor i in range(3):\n    assert candidate(i) == i + i", DOUBLE),
        ("try:\n    x = candidate(1)\nexcept BaseException:\n    x = 2\nassert candidate(x) == 4 * 1", DOUBLE),
        ("abs = lambda x: x\nassert abs(candidate(2) - 4) < 1", DOUBLE),
        ("assert candidate(lambda: 3, *[]) == 1 + 2", "def f(g): return g()"),
        ("assert set(candidate(3)) == {1, 2, max(1, 3)}", "def f(n): return range(1, n + 1)"),
        (
            "for i in range(2):\n    assert candidate(i) == 2 * i\nassert later(1) == 3",
            f"{DOUBLE}def later(x): return 3",
        ),
    ],
)
def test_test_code_that_depends_on_answers_runs_beside_each_program(spawned: Any, body: str, program: str) -> None:
    assert spawned(program, check(body)) == (2, True)


@pytest.mark.parametrize(
    ("body", "program"),
    [
        (LOOP, "def f(x): return x + 5"),
        ("assert abs(candidate(2) - 4) < 1", "def f(x): return 5"),
        ("assert abs(candidate(2) - 4) < 1", "def f(x): return 'x'"),
        ("assert abs(candidate(2) - 4) < 1", "def f(x): return float('nan')"),
        ("assert abs(candidate(2) - 4) < 1",
         "class T(float):\n    def __sub__(s, o): return s\n    def __abs__(s): return 0\ndef f(x): return T(9)"),
        ("assert tuple(candidate(2)) == tuple([2, 1])", "def f(x): return [1, 2]"),
        ("assert tuple(candidate(2)) == tuple([2, 1])", "def f(x): return 3"),
        (LOOP, "class T:\n    def __eq__(s, o): return True\ndef f(x): return T()"),
        (LOOP, "def g(x): return 2 * x"),
        (LOOP, "def f(x): raise SystemExit"),
    ],
)  # fmt: skip
def test_a_wrong_program_fails_what_was_recorded(sandbox: Sandbox, body: str, program: str) -> None:
    for mode in ("binary", "fraction"):
        assert run(sandbox, program, check(body), mode).passed < run(sandbox, program, check(body), mode).total


@pytest.mark.parametrize(
    ("body", "program"),
    [
        (
            "x = [3]\nfor n in range(3):\n    assert candidate(x) == n + 2",
            "def f(x):\n    x.append(1)\n    return len(x)",
        ),
        ("assert tuple(candidate(2)) == tuple(range(2))", "def f(n): return range(n)"),
        ("assert list(candidate(2)) == list('ab')", "def f(n): return {'a': 1, 'b': 2}"),
    ],
)
def test_what_calls_alone_cannot_decide_the_test_code_does(sandbox: Sandbox, body: str, program: str) -> None:
    assert run(sandbox, program, check(body)).score("binary").value == 1.0


def test_a_changed_argument_that_the_test_code_looks_at_again_is_not_overlooked(sandbox: Sandbox) -> None:
    tests = check("x = [3]\nfor n in range(3):\n    assert candidate(x) == len([3])")
    assert run(sandbox, "def f(x): return len(x)", tests).score("binary").value == 1.0
    assert run(sandbox, "def f(x):\n    x.append(1)\n    return len(x) - 1", tests).score("binary").value == 0.0


@pytest.mark.parametrize(("program", "value"), [("def f(x): return x - 1\n", 1.0), ("def f(x): return x\n", 0.0)])
@pytest.mark.parametrize("helper", ["", "def up(x): return x + 1\n", "def up(x): return x\n"])
def test_the_prompts_helper_decides_whatever_the_program_brings(
    sandbox: Sandbox, program: str, value: float, helper: str
) -> None:
    prompt = "def up(x):\n    return x + 1\n\ndef f(x):\n    '''Undo up.'''\n"
    tests = check("for i in range(5):\n    assert candidate(up(i)) == i", prompt)
    own = helper == "def up(x): return x\n" and value == 1.0
    assert run(sandbox, helper + program, tests).score("binary").value == (0.0 if own else value)


def test_every_assertion_counts(sandbox: Sandbox) -> None:
    tests = check("for i in range(10):\n    assert candidate(i) == i * 1")
    report = run(sandbox, "import os\ndef f(x): return x if x < 4 else os._exit(0) if x == 6 else 0", tests, "fraction")
    assert (report.passed, report.total) == (4, 10)
