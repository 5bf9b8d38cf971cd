"""Whole programs: text in, text out, one sandboxed run for each test, the output compared here."""

from __future__ import annotations

from assaygym.sandbox.base import ExecResult, ExecStatus, Limits, Sandbox
from assaygym.verifiers.code.checkers import TextChecker
from assaygym.verifiers.code.outcome import Mode, Outcome, Report, TestStatus, status_of
from assaygym.verifiers.code.tests import StdinCase, StdinTests

__all__ = ["run_stdio"]


def run_stdio(
    program: str, tests: StdinTests, *, checker: TextChecker, sandbox: Sandbox, limits: Limits, mode: Mode
) -> Report:
    """Run the program on each case; the first failure ends it in `binary` mode.

    Raises:
        SandboxError: the sandbox failed.
        VerifierError: a checker of the test's own failed.
    """
    outcomes: list[Outcome] = []
    isolation: tuple[str, ...] = ()
    for case in tests.cases:
        result = sandbox.run(program, stdin=case.input, limits=limits)
        isolation = result.isolation
        agrees = result.status is ExecStatus.OK and checker.agrees(case.input, result.stdout, case.output, sandbox)
        outcomes.append(_outcome(result, case, agrees))
        if mode == "binary" and not agrees:
            break
    return Report(outcomes=tuple(outcomes), total=len(tests.cases), isolation=isolation)


def _outcome(result: ExecResult, case: StdinCase, agrees: bool) -> Outcome:
    expected = repr(case.output[:200])
    if result.status is not ExecStatus.OK:
        return Outcome(status_of(result), _ending(result), expected)
    if agrees:
        return Outcome(TestStatus.OK)
    return Outcome(TestStatus.WRONG, f"printed {result.stdout[:200]!r}", expected)


def _ending(result: ExecResult) -> str:
    if result.status is ExecStatus.NONZERO_EXIT:
        last = result.stderr.strip().rpartition("\n")[2][:200]
        return f"exit status {result.exit_code}{f' ({last})' if last else ''}"
    return f"signal {result.signal}" if result.status is ExecStatus.SIGNALED else ""
