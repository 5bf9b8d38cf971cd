"""Ways not to be right: each episode that ran and is not right is of exactly one kind, with its typical reasons."""

from __future__ import annotations

from dataclasses import dataclass, field

from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.report.content import EpisodeRef, FailureKind, Reason
from assaygym.benchmarks.summary import shape_of
from assaygym.types import StopReason

__all__ = ["MEANINGS", "Failures", "kind_of"]

TYPICAL = 3
"""Reasons shown of each kind."""
TEXT = 300
"""Characters shown of a reason."""
SHAPES = 20_000
"""Reasons told apart in one kind; the frequent ones are among the first."""
MEANINGS = {
    "error": "the policy or the environment raised: no verdict, does not count against the agent",
    "invalid": "the task, the verifier or the sandbox failed: no verdict, does not count against the agent",
    "unfinished": "a limit cut the episode before it had a verdict",
    "truncated": "judged, and not right, after a limit had cut the episode or one of its answers",
    "format": "no answer could be read, or a right one stood in the wrong format",
    "policy": "the agent also changed what nobody had asked it to change",
    "partial": "right in part",
    "tool_error": "wrong, and a tool call had failed on the way",
    "wrong": "an answer was read, and it is wrong",
}
"""The kinds, in the order in which an episode is tried for them."""
OURS = frozenset({"error", "invalid"})
ANSWER_LENGTH = "answer_length"


@dataclass(slots=True)
class _Alike:
    """Episodes whose explanations look alike."""

    text: str
    first: EpisodeRef
    count: int = 0


@dataclass(slots=True)
class _Kind:
    count: int = 0
    alike: dict[str, _Alike] = field(default_factory=dict[str, _Alike])


class Failures:
    """Collects the failures, episode by episode."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str], _Kind] = {}

    def add(self, record: EpisodeRecord, measures: Measures, ref: EpisodeRef) -> None:
        """Take an episode in; a right one is passed over."""
        if record.outcome is Outcome.CORRECT:
            return
        kind = self._kinds.setdefault(kind_of(record, measures), _Kind())
        kind.count += 1
        shape = shape_of(record.explanation)
        if shape not in kind.alike and len(kind.alike) < SHAPES:
            kind.alike[shape] = _Alike(text=record.explanation[:TEXT], first=ref)
        if shape in kind.alike:
            kind.alike[shape].count += 1

    def facts(self) -> tuple[FailureKind, ...]:
        """The kinds that occurred, the most frequent first."""
        order = {name: place for place, name in enumerate(MEANINGS)}
        found = sorted(self._kinds.items(), key=lambda item: (-item[1].count, order[item[0][0]], item[0][1]))
        return tuple(
            FailureKind(
                name=name,
                limit=limit,
                meaning=MEANINGS[name],
                ours=name in OURS,
                count=kind.count,
                reasons=_typical(kind),
            )
            for (name, limit), kind in found
        )


def kind_of(record: EpisodeRecord, measures: Measures) -> tuple[str, str]:
    """The kind of an episode that is not right, and which limit cut it where that is what the kind says."""
    if record.outcome in (Outcome.ERROR, Outcome.INVALID):
        return record.outcome.value, ""
    if record.outcome is Outcome.UNFINISHED:
        return "unfinished", measures.stop_reason
    if record.truncated:
        cut = measures.stop_reason not in ("", StopReason.COMPLETED)
        return "truncated", measures.stop_reason if cut else ANSWER_LENGTH
    if record.outcome is Outcome.UNPARSED or (record.lenient is not None and record.lenient > record.value):
        return "format", ""
    if measures.unasked:
        return "policy", ""
    if record.outcome is Outcome.PARTIAL:
        return "partial", ""
    return "tool_error" if measures.tool_errors else "wrong", ""


def _typical(kind: _Kind) -> tuple[Reason, ...]:
    common = sorted(kind.alike.values(), key=lambda each: -each.count)
    return tuple(Reason(text=each.text, count=each.count, example=each.first) for each in common[:TYPICAL])
