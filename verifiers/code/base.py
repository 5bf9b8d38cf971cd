"""What the verifiers of code share: from a response to its program, from a report to a score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from assaygym.sandbox.base import Limits, Sandbox
from assaygym.types import Score
from assaygym.verifiers.code.detectors import detected
from assaygym.verifiers.code.extract import extract_program
from assaygym.verifiers.code.flags import check_flags, failed
from assaygym.verifiers.code.outcome import Mode, Report, check_mode

__all__ = ["DEFAULT_LIMITS", "CodeVerifier"]

TestsT = TypeVar("TestsT")

DEFAULT_LIMITS = Limits(cpu_seconds=10.0, wall_seconds=30.0)
"""CPU time decides: on a busy machine a right program waits long for its turn."""


@dataclass(frozen=True, kw_only=True)
class CodeVerifier(Generic[TestsT]):
    """What the verifiers of code share. Thread-safe; pickles where its sandbox does (None always does).

    Raises:
        ConfigError: unknown mode.
    """

    mode: Mode = "binary"
    """`binary`: 1 when all tests pass, stops at the first failure. `fraction`: runs all, the share that passed.
    `balanced`: runs all, the mean over the expected values of the share that passed, rescaled so that a constant
    answer earns 0; `fraction` where tests do not tell their expected values. `groups`: runs all, the weight of the
    groups of tests (subtasks) that passed whole, as a share of all weight; `fraction` where tests have no groups."""
    limits: Limits = DEFAULT_LIMITS
    """Of each run (`stdio`), or of all the calls of one program together."""
    sandbox: Sandbox | None = None
    """None: the one that the process shares, opened on first use."""
    reveal: bool = False
    """Whether the explanation may name expected values."""
    flags_fail: tuple[str, ...] = ()
    """Flags of `assaygym.verifiers.code.flags` that make the verdict INCORRECT; none does by itself."""

    name = "code"
    wanted = "program in the response; expected a ```python block"

    def __post_init__(self) -> None:
        check_mode(self.mode)
        check_flags(self.flags_fail)

    def __call__(self, response: str, answer: TestsT, /) -> Score:
        """The score of the program in the response; UNPARSED where there is none.

        Raises:
            VerifierError: the tests are at fault.
            SandboxError: the sandbox failed.
        """
        program = self.extract(response, answer)
        if program is None:
            return Score.unparsed(f"no {self.wanted}")
        return failed(
            self.report(program, answer).score(self.mode, reveal=self.reveal, extracted=program), self.flags_fail
        )

    def report(self, program: str, answer: TestsT) -> Report:
        """What becomes of each test of a program, and what of it looks like an attempt to cheat.

        Raises:
            VerifierError: the tests are at fault.
            SandboxError: the sandbox failed.
        """
        report = self.run(program, answer)
        found = detected(program, answer, report)
        return replace(report, flags=tuple(dict.fromkeys((*report.flags, *found)))) if found else report

    def extract(self, response: str, answer: TestsT) -> str | None:
        """The program in a response, or None."""
        return extract_program(response)

    def run(self, program: str, answer: TestsT) -> Report:
        """What becomes of each test of a program.

        Raises:
            VerifierError: the tests are at fault.
            SandboxError: the sandbox failed.
        """
        raise NotImplementedError

    def _sandbox(self) -> Sandbox:
        if self.sandbox is not None:
            return self.sandbox
        from assaygym.sandbox import shared_sandbox

        return shared_sandbox()
