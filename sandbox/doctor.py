"""What each backend covers, and whether it works on this machine: for `assay doctor`."""

from __future__ import annotations

from dataclasses import dataclass

from assaygym.errors import IsolationError
from assaygym.sandbox import jail, process
from assaygym.sandbox._open import open_sandbox

__all__ = ["BackendReport", "describe"]

LISTS = {
    "jail": (jail.COVERED, jail.NOT_COVERED),
    "process": (process.COVERED, process.NOT_COVERED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendReport:
    """One backend on this machine."""

    name: str
    works: bool
    reason: str
    """Why it does not work and what mends it; "" when it works."""
    isolation: tuple[str, ...]
    """The mechanisms that a run here was really under; () when it does not work."""
    covered: tuple[str, ...]
    not_covered: tuple[str, ...]


def describe() -> tuple[BackendReport, ...]:
    """Every backend, strongest first, each tried with one program."""
    return tuple(_report(name) for name in LISTS)


def _report(name: str) -> BackendReport:
    covered, not_covered = LISTS[name]
    reason, isolation = "", tuple[str, ...]()
    try:
        with open_sandbox(name, workers=1) as sandbox:
            isolation = sandbox.run("pass").isolation
    except IsolationError as error:
        reason = str(error)
    return BackendReport(
        name=name, works=not reason, reason=reason, isolation=isolation, covered=covered, not_covered=not_covered
    )
