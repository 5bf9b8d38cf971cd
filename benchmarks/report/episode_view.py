"""The list of episodes of a page: one column a property, so that 200,000 rows are a few megabytes packed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from assaygym.benchmarks.index import Entry

__all__ = ["EpisodeColumns"]

EXPLANATION, EXTRACTED = 200, 60
"""Characters of these that the list holds, to show and to search; the episode itself holds all."""
PLAIN = (
    *("task", "sample", "value", "attempt", "truncated"),
    *("turns", "tool_calls", "tool_errors", "tokens", "characters", "seconds"),
)
"""The columns whose values stand as they are."""
T = TypeVar("T")


class _Names(Generic[T]):
    """A column of values that recur: each once, and a number for each row."""

    def __init__(self) -> None:
        self._numbers: dict[T, int] = {}
        self._of: list[int] = []

    def add(self, value: T) -> None:
        self._of.append(self._numbers.setdefault(value, len(self._numbers)))

    def document(self) -> dict[str, Any]:
        return {"names": list(self._numbers), "of": self._of}


class EpisodeColumns:
    """Takes the episodes in the order of the list: by task, then by sample."""

    def __init__(self) -> None:
        self._plain: dict[str, list[Any]] = {name: [] for name in PLAIN}
        self._task_id, self._outcome, self._category = _Names[str](), _Names[str](), _Names[str]()
        self._explanation, self._extracted = _Names[str](), _Names[str]()
        self._flags = _Names[tuple[str, ...]]()

    def __len__(self) -> int:
        return len(self._plain["task"])

    def add(self, entry: Entry) -> None:
        """Take the next episode."""
        record = entry.record
        for name, value in _row(entry).items():
            self._plain[name].append(value)
        self._task_id.add(record.task_id)
        self._outcome.add(record.outcome.value)
        self._category.add(record.category or "")
        self._flags.add(record.flags)
        self._explanation.add(_line(record.explanation, EXPLANATION))
        self._extracted.add(_line(record.extracted or "", EXTRACTED))

    def document(self, starts: Sequence[int]) -> dict[str, Any]:
        """The columns as plain JSON values.

        Args:
            starts: the number of the first episode of each chunk.
        """
        return {
            **self._plain,
            "task_id": self._task_id.document(),
            "outcome": self._outcome.document(),
            "category": self._category.document(),
            "flags": self._flags.document(),
            "explanation": self._explanation.document(),
            "extracted": self._extracted.document(),
            "has_tokens": any(self._plain["tokens"]),
            "chunks": list(starts),
        }


def _row(entry: Entry) -> dict[str, Any]:
    record, measures = entry.record, entry.measures
    return {
        "task": record.task,
        "sample": record.sample,
        "value": _rounded(record.value),
        "attempt": record.attempt,
        "truncated": int(record.truncated),
        "turns": measures.turns,
        "tool_calls": measures.tool_calls,
        "tool_errors": measures.tool_errors,
        "tokens": measures.sampled_tokens,
        "characters": measures.characters,
        "seconds": _rounded(measures.seconds),
    }


def _rounded(value: float) -> float | None:
    """None where there is no number."""
    return round(value, 4) if math.isfinite(value) else None


def _line(text: str, most: int) -> str:
    """The beginning of a text, as one line."""
    return " ".join(text[: 4 * most].split())[:most]
