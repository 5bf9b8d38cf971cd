"""What became of each test of a program, and the score of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from assaygym.errors import ConfigError
from assaygym.sandbox.base import ExecResult, ExecStatus
from assaygym.types import Score, Verdict
from assaygym.verifiers.code.flags import FLAGS, name_of
from assaygym.verifiers.code.rewards import balanced, grouped, groups_passed

__all__ = ["Mode", "Outcome", "Report", "TestStatus", "Usage", "check_mode", "status_of"]

Mode = Literal["binary", "fraction", "balanced", "groups"]
_MODES = {
    "binary": "all tests or nothing",
    "fraction": "the share passed",
    "balanced": "the share passed of each expected value, less what a constant answer earns",
    "groups": "the weight of the groups of tests that passed whole",
}
_MIB = 1 << 20


class TestStatus(StrEnum):
    """How one test ended."""

    __test__ = False

    OK = "ok"
    WRONG = "wrong"
    COMPILE_ERROR = "compile_error"
    """The program is not of its language; no test was run."""
    RUNTIME_ERROR = "runtime_error"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"


@dataclass(frozen=True, slots=True)
class Usage:
    """What runs took: their times added up in seconds, the most memory that one of them held in bytes."""

    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    peak_memory_bytes: int = 0

    @classmethod
    def of(cls, results: Iterable[ExecResult]) -> Usage:
        """Of these runs together."""
        kept = list(results)
        return cls(
            sum(result.cpu_seconds for result in kept),
            sum(result.wall_seconds for result in kept),
            max((result.peak_memory_bytes or 0 for result in kept), default=0),
        )

    def __add__(self, other: Usage) -> Usage:
        """Both together."""
        peak = max(self.peak_memory_bytes, other.peak_memory_bytes)
        return Usage(self.cpu_seconds + other.cpu_seconds, self.wall_seconds + other.wall_seconds, peak)

    def metrics(self) -> dict[str, float]:
        """As a score names them."""
        return {
            "cpu_seconds": round(self.cpu_seconds, 6),
            "wall_seconds": round(self.wall_seconds, 6),
            "peak_memory_mib": round(self.peak_memory_bytes / _MIB, 3),
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test. `detail` says what happened, without the expected value."""

    status: TestStatus
    detail: str = ""
    expected: str = ""
    """Text of the expected value, told only to those who ask."""
    usage: Usage | None = None
    """What this test took, where it was a run of its own."""
    got: str = ""
    """The beginning of what the program printed, for detectors; never told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The tests that were run, in order, of `total`; `isolation` is what was in force for all of them.

    Raises:
        ValueError: a flag is not in the list of `assaygym.verifiers.code.flags`.
    """

    outcomes: tuple[Outcome, ...]
    total: int
    isolation: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """What looked like an attempt to cheat; it decides nothing by itself."""
    usage: Usage = Usage()
    """Of all runs of the program together."""
    labels: tuple[str, ...] = ()
    """The expected value of each test of `total`, as a text; () where the tests do not tell."""
    groups: tuple[str, ...] = ()
    """The group of each test of `total`; () where they have none."""
    weights: Mapping[str, float] = field(default_factory=dict[str, float])
    """What each group counts; empty: all the same."""

    def __post_init__(self) -> None:
        if unknown := [flag for flag in self.flags if name_of(flag) not in FLAGS]:
            raise ValueError(
                f"the flags hold {unknown[0]!r}, which is not in the list of assaygym.verifiers.code.flags"
            )

    @property
    def passed(self) -> int:
        """How many tests passed."""
        return sum(outcome.status is TestStatus.OK for outcome in self.outcomes)

    def score(self, mode: Mode, *, reveal: bool = False, extracted: str | None = None) -> Score:
        """1 when every test passed, else by the mode: see `CodeVerifier.mode`."""
        right = self.total > 0 and self.passed == self.total
        value = 1.0 if right else self._part(mode)
        verdict = Verdict.CORRECT if right else Verdict.PARTIAL if value > 0 else Verdict.INCORRECT
        counts = {"passed": self.passed, "total": self.total, "n_run": len(self.outcomes)}
        if any(outcome.status is TestStatus.COMPILE_ERROR for outcome in self.outcomes):
            counts["compile_error"] = 1
        if self.groups:
            counts["groups_passed"] = len(groups_passed(self.groups, self._held()))
            counts["groups"] = len(set(self.groups))
        metrics = {name: float(count) for name, count in counts.items()} | self.usage.metrics()
        return Score(
            value=value,
            verdict=verdict,
            extracted=extracted,
            explanation=self.explain(reveal),
            metrics=metrics,
            flags=self.flags,
        )

    def _part(self, mode: Mode) -> float:
        """The value of a program that does not pass every test."""
        if mode == "binary" or not self.total:
            return 0.0
        if mode == "balanced" and len(set(self.labels)) > 1:
            return balanced(self.labels, self._held())
        if mode == "groups" and self.groups:
            return grouped(self.groups, self._held(), self.weights)
        return self.passed / self.total

    def _held(self) -> list[bool]:
        """Of each test whether it passed; one that was not run did not."""
        held = [outcome.status is TestStatus.OK for outcome in self.outcomes]
        return held + [False] * (self.total - len(held))

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
        ConfigError: it is none of those that there are.
    """
    if mode not in _MODES:
        known = ", ".join(f"{name!r} ({what})" for name, what in _MODES.items())
        raise ConfigError(f"mode is {mode!r}; expected {known}")
