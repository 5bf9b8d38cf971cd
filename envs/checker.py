"""`check_env`: is an environment sound enough to train and measure agents on?

The checks themselves are in `assaygym.envs.checks`. A check that could not run never counts as passed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from assaygym.envs.checks import CHECKS, Check, Failed, NotApplicable, Subject
from assaygym.envs.probe import within
from assaygym.envs.registration import make, spec
from assaygym.errors import AssayError, ConfigError

__all__ = ["CheckResult", "Report", "Status", "check_env"]

CHECK_SECONDS = 180.0
"""A check that takes longer has met a hang."""


class Status(StrEnum):
    """How a check came out."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It does not apply, or could not run: not a pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one check found."""

    name: str
    status: Status
    sentence: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What all checks found."""

    id: str
    results: tuple[CheckResult, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """The checks that failed."""
        return tuple(result for result in self.results if result.status is Status.FAILED)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        rows = [
            {"name": r.name, "status": r.status.value, "sentence": r.sentence, "seconds": round(r.seconds, 3)}
            for r in self.results
        ]
        return {"id": self.id, "passed": self.passed, "checks": rows}

    def __str__(self) -> str:
        width = max((len(result.name) for result in self.results), default=0)
        lines = [f"{r.status:<8}{r.name:<{width + 2}}{r.sentence}" for r in self.results]
        return "\n".join([f"{self.id}: {'sound' if self.passed else 'not sound'}", *lines])


def check_env(env_id: str, *, seeds: int = 5, only: Iterable[str] | None = None, **options: Any) -> Report:
    """Run the checks on a registered environment.

    Args:
        env_id: a registered id, or `module:id`.
        seeds: tasks a check looks at, where it does not say otherwise.
        only: names of checks (`assaygym.envs.checks.CHECKS`); all when None.
        **options: as for `make`.

    Raises:
        RegistrationError: no such id.
        ConfigError: an option that the environment does not know, or a check that does not exist.
    """
    found = spec(env_id)
    names = list(CHECKS if only is None else only)
    if unknown := set(names) - CHECKS.keys():
        raise ConfigError(f"no check {', '.join(sorted(unknown))}; known: {', '.join(CHECKS)}")
    subject = _subject(found.id, options, seeds)
    return Report(id=found.id, results=tuple(_run(name, CHECKS[name], subject) for name in names))


def _subject(env_id: str, options: Mapping[str, Any], seeds: int) -> Subject:
    env = make(env_id, **{"split": "all", **options})
    try:
        env.reset(seed=0)
    except AssayError:
        return Subject(env_id, options, seeds)  # the first check that resets will say why
    finally:
        env.close()
    return Subject(env_id, options, seeds, env.has_oracle)


def _run(name: str, check: Check, subject: Subject) -> CheckResult:
    start = time.perf_counter()
    try:
        status, sentence = Status.PASSED, within(CHECK_SECONDS, lambda: check(subject))
    except NotApplicable as reason:
        status, sentence = Status.SKIPPED, str(reason)
    except (Failed, AssayError, TimeoutError) as error:
        status, sentence = Status.FAILED, str(error)
    except Exception as error:  # whatever an environment raises is a finding
        status, sentence = Status.FAILED, f"raised {type(error).__name__}: {error}"
    return CheckResult(name=name, status=status, sentence=sentence, seconds=time.perf_counter() - start)
