"""Whole programs: text in, text out, each test in a run of its own or all in one, the output compared here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Literal

from assaygym.errors import ConfigError
from assaygym.sandbox.base import ExecResult, ExecStatus, Limits, Sandbox
from assaygym.sandbox.found import charged
from assaygym.sandbox.inputs import SharedRun
from assaygym.verifiers.code.checkers import TextChecker
from assaygym.verifiers.code.outcome import Mode, Outcome, Report, TestStatus, Usage, status_of
from assaygym.verifiers.code.tests import StdinCase, StdinTests, groups_of

__all__ = ["WALL_PER_CPU", "Runs", "check_runs", "run_stdio"]

Runs = Literal["many", "one"]
_RUNS = {"many": "a run for each test", "one": "all tests in one run, the program begun anew for each"}
WALL_PER_CPU = 3.0
"""CPU time decides; by the wall clock a run that waits for its turn on a busy machine gets so many times as much."""
_SYNTAX = ("SyntaxError", "IndentationError", "TabError")
_MOST_SHOWN = 200


def run_stdio(
    program: str,
    tests: StdinTests,
    *,
    checker: TextChecker,
    sandbox: Sandbox,
    limits: Limits,
    mode: Mode,
    language: str = "python",
    runs: Runs = "many",
) -> Report:
    """Run the program on each case; compiled once, and the first failure ends it in `binary` mode.

    `runs="one"` is for Python: other languages, and whatever cannot share a run safely, have a run for each test.

    Raises:
        ConfigError: the language is not known, or not installed.
        SandboxError: the sandbox failed.
        VerifierError: a checker of the test's own failed.
    """
    outcomes: list[Outcome] = []
    results: list[ExecResult] = []
    limited = [_limits(limits, tests, case) for case in tests.cases]
    with ExitStack() as stack:
        run, shared = _runner(program, tests.language or language, sandbox), None
        if runs == "one" and (tests.language or language) == "python":
            shared = stack.enter_context(SharedRun(sandbox, program, _most(limited)))
            run = shared.run
        for case, allowed in zip(tests.cases, limited, strict=True):
            results.append(run(case.input, allowed))
            outcomes.append(_outcome(results[-1], case, allowed, checker, sandbox))
            failed = outcomes[-1].status is not TestStatus.OK
            if failed and (mode == "binary" or outcomes[-1].status is TestStatus.COMPILE_ERROR):
                break
    return Report(
        outcomes=tuple(outcomes),
        total=len(tests.cases),
        isolation=(shared and shared.isolation) or results[-1].isolation,
        usage=Usage.of(results),
        labels=tuple(case.output for case in tests.cases),
        groups=groups_of(tests.cases),
        weights=tests.weights,
    )


def check_runs(runs: str) -> None:
    """Refuse an unknown way to run tests.

    Raises:
        ConfigError: it is none of those that there are.
    """
    if runs not in _RUNS:
        known = ", ".join(f"{name!r} ({what})" for name, what in _RUNS.items())
        raise ConfigError(f"runs is {runs!r}; expected {known}")


def _runner(program: str, language: str, sandbox: Sandbox) -> Callable[[str, Limits], ExecResult]:
    return lambda stdin, limits: sandbox.run(program, language=language, stdin=stdin, limits=limits)


def _most(limited: Sequence[Limits]) -> Limits:
    return replace(limited[0], memory_bytes=max(limits.memory_bytes for limits in limited))


def _limits(limits: Limits, tests: StdinTests, case: StdinCase) -> Limits:
    """Of the run of one case."""
    cpu = case.cpu_seconds or tests.cpu_seconds
    memory = case.memory_bytes or tests.memory_bytes
    if cpu is not None:
        limits = replace(limits, cpu_seconds=cpu, wall_seconds=max(limits.wall_seconds, WALL_PER_CPU * cpu))
    return limits if memory is None else replace(limits, memory_bytes=memory)


def _outcome(result: ExecResult, case: StdinCase, allowed: Limits, checker: TextChecker, sandbox: Sandbox) -> Outcome:
    status, detail = _ended(result, allowed)
    if status is TestStatus.OK and not checker.agrees(case.input, result.stdout, case.output, sandbox):
        status, detail = TestStatus.WRONG, f"printed {result.stdout[:_MOST_SHOWN]!r}"
    expected = "" if status is TestStatus.OK else repr(case.output[:_MOST_SHOWN])
    return Outcome(status, detail, expected, Usage.of([result]), result.stdout[:_MOST_SHOWN])


def _ended(result: ExecResult, allowed: Limits) -> tuple[TestStatus, str]:
    """How the run ended, and the words for it."""
    if (error := _compile_error(result)) is not None:
        return TestStatus.COMPILE_ERROR, error
    if charged(result) > allowed.cpu_seconds:  # the kernel counts whole seconds
        return TestStatus.TIME_LIMIT, ""
    if result.status is ExecStatus.OK:
        return TestStatus.OK, ""
    return status_of(result), _ending(result)


def _compile_error(result: ExecResult) -> str | None:
    """What is wrong with the text of the program; None where it could be run."""
    if result.phase == "compile":
        said = [line for line in result.stderr.splitlines() if line.strip()]
        first = next((line for line in said if "error" in line), said[-1] if said else result.status.value)
        return first.strip()[:_MOST_SHOWN]
    shown = result.stderr.lstrip()
    last = shown.rstrip().rpartition("\n")[2]
    refused = result.status is ExecStatus.NONZERO_EXIT and shown.startswith("File ") and not result.stdout
    return last[:_MOST_SHOWN] if refused and last.startswith(_SYNTAX) else None


def _ending(result: ExecResult) -> str:
    if result.status is ExecStatus.NONZERO_EXIT:
        last = result.stderr.strip().rpartition("\n")[2][:_MOST_SHOWN]
        return f"exit status {result.exit_code}{f' ({last})' if last else ''}"
    return f"signal {result.signal}" if result.status is ExecStatus.SIGNALED else ""
