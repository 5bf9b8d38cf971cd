"""Whole programs: each test is one run, and only what is printed counts."""

from __future__ import annotations

import pytest

from assaygym.sandbox import Limits, Sandbox
from assaygym.verifiers.code.checkers import TextChecker
from assaygym.verifiers.code.outcome import Mode, Report, TestStatus
from assaygym.verifiers.code.stdio import run_stdio
from assaygym.verifiers.code.tests import StdinCase, StdinTests

PRODUCT = StdinTests((StdinCase("2 3\n", "6\n"), StdinCase("-4 5\n", "-20\n"), StdinCase("0 9\n", "0\n")))


def run(sandbox: Sandbox, program: str, mode: Mode = "binary", limits: Limits | None = None) -> Report:
    return run_stdio(
        program,
        PRODUCT,
        checker=TextChecker("tokens"),
        sandbox=sandbox,
        limits=limits or Limits(wall_seconds=5),
        mode=mode,
    )


@pytest.mark.parametrize(
    "program",
    [
        "a, b = map(int, input().split())\nprint(a * b)",
        "import sys, os\na, b = map(int, sys.stdin.buffer.read().split())\n"
        "sys.stdout.write(f'{a * b}')\nsys.stdout.flush()\nos._exit(0)",
        "import atexit\na, b = map(int, input().split())\natexit.register(lambda: print(a * b))",
        "def main():\n    print(eval(input().replace(' ', '*')))\nif __name__ == '__main__':\n    main()\n    quit()",
        "import threading\nthreading.Timer(0.05, lambda: print(a * b)).start()\na, b = map(int, input().split())",
    ],
)
def test_a_right_program_passes_whatever_its_style(sandbox: Sandbox, program: str) -> None:
    assert run(sandbox, program).explain() == "all 3 tests passed"


@pytest.mark.parametrize(
    ("program", "status", "detail"),
    [
        ("print(7)", TestStatus.WRONG, "printed '7\\n'"),
        ("print(6)\nraise SystemExit(3)", TestStatus.RUNTIME_ERROR, "exit status 3"),
        ("print(6)\nraise ValueError('x')", TestStatus.RUNTIME_ERROR, "exit status 1 (ValueError: x)"),
        ("while True: print('y' * 9999)", TestStatus.OUTPUT_LIMIT, ""),
        ("while True: pass", TestStatus.TIME_LIMIT, ""),
        ("", TestStatus.WRONG, "printed ''"),
        ("print(6", TestStatus.COMPILE_ERROR, "SyntaxError: '(' was never closed"),
        ("if 1:\nprint(6)", TestStatus.COMPILE_ERROR,
         "IndentationError: expected an indented block after 'if' statement on line 1"),
        ("exec('(')", TestStatus.RUNTIME_ERROR, "exit status 1 (SyntaxError: '(' was never closed)"),
    ],
)  # fmt: skip
def test_a_wrong_program_fails_its_first_test_and_is_stopped(
    sandbox: Sandbox, program: str, status: TestStatus, detail: str
) -> None:
    report = run(sandbox, program, limits=Limits(wall_seconds=1))
    assert [(outcome.status, outcome.detail) for outcome in report.outcomes] == [(status, detail)]
    assert report.total == 3


def test_a_fraction_run_goes_on_after_a_failure(sandbox: Sandbox) -> None:
    report = run(sandbox, "a, b = map(int, input().split())\nprint(abs(a * b))", "fraction")
    assert [outcome.status for outcome in report.outcomes] == [TestStatus.OK, TestStatus.WRONG, TestStatus.OK]
    assert report.score("fraction").value == pytest.approx(2 / 3)


def test_the_report_names_the_isolation_that_was_in_force(jail: Sandbox) -> None:
    assert run(jail, "print(6)").isolation
