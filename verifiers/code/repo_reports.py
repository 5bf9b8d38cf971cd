"""What a process of pytest said of its tests, read as untrusted data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assaygym.verifiers.code.outcome import Outcome, TestStatus
from assaygym.verifiers.code.repo_tests import base_of

__all__ = ["Heard", "heard"]

_PHASES = ("setup", "call", "teardown")
_MALFORMED = Outcome(TestStatus.RUNTIME_ERROR, "the process of the tests ended without a report")


@dataclass(frozen=True, slots=True)
class Heard:
    """The reports of one run by node id: (phase, outcome, words) of each, in order."""

    reports: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict[str, list[tuple[str, str, str]]])
    broken: tuple[tuple[str, str], ...] = ()
    """Files that could not be collected, and why."""
    lost: Outcome | None = None
    """How the process ended that would have reported."""

    def outcomes(self, required: Iterable[str]) -> list[Outcome]:
        """The outcome of each node id: it, or each of its instances, must have passed in all phases, once."""
        return [self._outcome(node) for node in required]

    def pass_all(self, nodes: Iterable[str]) -> bool:
        """Whether each passed."""
        return all(outcome.status is TestStatus.OK for outcome in self.outcomes(nodes))

    def fails(self, base: str) -> bool:
        """Whether the test was run, and no instance of it passed."""
        found = self._instances(base)
        return bool(found) and not any(self._passed(node) for node in found)

    def _instances(self, node: str) -> list[str]:
        if node in self.reports:
            return [node]
        return [found for found in self.reports if base_of(found) == node]

    def _passed(self, node: str) -> bool:
        reports = self.reports[node]
        phases = [phase for phase, _, _ in reports if phase != "subtest"]
        return sorted(phases) == sorted(_PHASES) and all(outcome == "passed" for _, outcome, _ in reports)

    def _outcome(self, node: str) -> Outcome:
        found = self._instances(node)
        bad = next((one for one in found if not self._passed(one)), None)
        if found and bad is None:
            return Outcome(TestStatus.OK)
        if self.lost is not None:
            return self.lost
        if bad is not None:
            return self._failure(node, bad)
        path = node.partition("::")[0]
        why = next((words for where, words in self.broken if where == path or not where), "it was not found")
        return Outcome(TestStatus.RUNTIME_ERROR, f"{node} was not run: {why}")

    def _failure(self, node: str, instance: str) -> Outcome:
        for phase, outcome, words in self.reports[instance]:
            if outcome != "passed":
                return Outcome(TestStatus.WRONG, f"{node} {outcome} in its {phase}: {words}")
        return Outcome(TestStatus.WRONG, f"{node} was not run in all its phases, or several times")


def heard(message: object) -> Heard:
    """The reports of a message."""
    if not isinstance(message, list) or len(message) != 4 or message[0] != "done":
        return Heard(lost=_MALFORMED)
    rows, broken = _texts(message[1], 4), _texts(message[2], 2)
    if rows is None or broken is None:
        return Heard(lost=_MALFORMED)
    reports: dict[str, list[tuple[str, str, str]]] = {}
    for node, phase, outcome, words in rows:
        reports.setdefault(node, []).append((phase, outcome, words))
    return Heard(reports, tuple((where, words) for where, words in broken))


def _texts(rows: object, width: int) -> list[Sequence[str]] | None:
    """Rows of so many short texts, or None."""
    if not isinstance(rows, list):
        return None
    for row in rows:
        if not isinstance(row, list) or len(row) != width or not all(isinstance(t, str) and len(t) < 5000 for t in row):
            return None
    return [[text.encode("utf-8", "backslashreplace").decode() for text in row] for row in rows]
