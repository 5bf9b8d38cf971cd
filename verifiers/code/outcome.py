"""What became of each test of a program, and the score of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from assaygym.errors import ConfigError
from assaygym.sandbox.base import ExecResult, ExecStatus
from assaygym.types import Score, Verdict

__all__ = ["Mode", "Outcome", "Report", "TestStatus", "check_mode", "status_of"]

Mode = Literal["binary", "fraction"]


class TestStatus(StrEnum):
    """How one test ended."""

    __test__ = False

    OK = "ok"
    WRONG = "wrong"
    RUNTIME_ERROR = "runtime_error"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test. `detail` says what happened, without the expected value."""

    status: TestStatus
    detail: str = ""
    expected: str = ""
    """Text of the expected value, told only to those who ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The tests that were run, in order, of `total`; `isolation` is what was in force for all of them."""

    outcomes: tuple[Outcome, ...]
    total: int
    isolation: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """What looked like an attempt to cheat; it decides nothing by itself."""

    @property
    def passed(self) -> int:
        """How many tests passed."""
        return sum(outcome.status is TestStatus.OK for outcome in self.outcomes)

    def score(self, mode: Mode, *, reveal: bool = False, extracted: str | None = None) -> Score:
        """1 when every test passed, else 0 (`binary`) or the share that passed (`fraction`)."""
        right = self.total > 0 and self.passed == self.total
        value = 1.0 if right else 0.0 if mode == "binary" or not self.total else self.passed / self.total
        verdict = Verdict.CORRECT if right else Verdict.PARTIAL if value > 0 else Verdict.INCORRECT
        metrics = {"passed": float(self.passed), "total": float(self.total), "n_run": float(len(self.outcomes))}
        return Score(
            value=value,
            verdict=verdict,
            extracted=extracted,
            explanation=self.explain(reveal),
            metrics=metrics,
            flags=self.flags,
        )

    def explain(self, reveal: bool = False) -> str:
        """The first failure in words; the expected value only where `reveal` asks for it."""
        for number, outcome in enumerate(self.outcomes, 1):
            if outcome.status is not TestStatus.OK:
                more = f"; expected {outcome.expected}" if reveal and outcome.expected else ""
                detail = f": {outcome.detail}" if outcome.detail else ""
                return f"test {number} of {self.total}: {outcome.status.value}{detail}{more}"
        return f"all {self.total} tests passed" if self.total else "no test was run"


_STATUS = {
    ExecStatus.TIMEOUT: TestStatus.TIME_LIMIT,
    ExecStatus.OUT_OF_MEMORY: TestStatus.MEMORY_LIMIT,
    ExecStatus.OUTPUT_LIMIT: TestStatus.OUTPUT_LIMIT,
}


def status_of(result: ExecResult) -> TestStatus:
    """The status of a test whose program ended like that instead of answering."""
    return _STATUS.get(result.status, TestStatus.RUNTIME_ERROR)


def check_mode(mode: str) -> None:
    """Refuse an unknown mode.

    Raises:
        ConfigError: it is neither `binary` nor `fraction`.
    """
    if mode not in ("binary", "fraction"):
        raise ConfigError(
            f"mode is {mode!r}; expected 'binary' (all tests or nothing) or 'fraction' (the share passed)"
        )
