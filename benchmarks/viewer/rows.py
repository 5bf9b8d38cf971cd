"""A line of the viewer's list: one episode, or one task of two runs, and what its columns show."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from assaygym.benchmarks.dialogue import visible
from assaygym.benchmarks.index import Entry
from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.records import EpisodeRecord, Key, Outcome

__all__ = ["MARKS", "Column", "Item", "Row", "cells", "columns_for", "differs", "mean", "paired", "row_of", "singles"]

MARKS = {
    Outcome.CORRECT: "✓",
    Outcome.PARTIAL: "~",
    Outcome.INCORRECT: "✗",
    Outcome.UNPARSED: "?",
    Outcome.INVALID: "∅",
    Outcome.ERROR: "!",
    Outcome.UNFINISHED: "…",
}
"""One column each, so that a verdict can be told without its colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the list knows of an episode: a few hundred bytes, whatever was said in it."""

    task: int
    sample: int
    task_id: str
    outcome: Outcome
    value: float
    """NaN where there is no score."""
    explanation: str
    category: str
    flags: tuple[str, ...]
    truncated: bool
    turns: int
    tokens: int
    """Sampled ones; the characters said where the policy has no tokens."""
    seconds: float

    @property
    def key(self) -> Key:
        """What identifies the episode within its run."""
        return self.task, self.sample

    @property
    def failed(self) -> bool:
        """Whether it is worth a look: anything but correct."""
        return self.outcome is not Outcome.CORRECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line of the list: an episode of one run (`b` is empty), or all samples of a task in both runs."""

    name: str
    """`12/3` (task and sample), or the task alone."""
    a: tuple[Row, ...]
    b: tuple[Row, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """Those of both runs."""
        return (*self.a, *self.b)


def row_of(entry: Entry, record: EpisodeRecord | None = None) -> Row:
    """The row of an episode.

    Args:
        entry: of the index.
        record: the verdict that counts, where it is a later one than the entry's.
    """
    told, took = record or entry.record, entry.measures
    return Row(
        task=told.task,
        sample=told.sample,
        task_id=told.task_id,
        outcome=told.outcome,
        value=told.value,
        explanation=told.explanation,
        category=told.category or "",
        flags=told.flags,
        truncated=told.truncated,
        turns=took.turns,
        tokens=took.sampled_tokens or took.characters,
        seconds=_seconds(took),
    )


def singles(rows: Sequence[Row]) -> list[Item]:
    """A line for each episode."""
    return [Item(name=f"{row.task}/{row.sample}", a=(row,)) for row in rows]


def paired(a: Sequence[Row], b: Sequence[Row], *, by_id: bool = False) -> list[Item]:
    """A line for each task of either run, in the order of the first.

    Args:
        a: the rows of one run, by task and sample.
        b: those of the other.
        by_id: whether tasks are the same by what the data call them, not by their number.
    """
    found: dict[object, tuple[list[Row], list[Row]]] = {}
    for side, rows in enumerate((a, b)):
        for row in rows:
            name = (row.task_id or row.task) if by_id else row.task
            found.setdefault(name, ([], []))[side].append(row)
    return [Item(name=str((own or other)[0].task), a=tuple(own), b=tuple(other)) for own, other in found.values()]


def differs(item: Item) -> bool:
    """Whether the task came out otherwise in the other run: as a set of samples, which have no order."""
    if not item.a or not item.b:
        return False
    if len(item.a) == len(item.b):
        return Counter(row.outcome for row in item.a) != Counter(row.outcome for row in item.b)
    own, other = mean(item.a), mean(item.b)
    return own != other and not (math.isnan(own) and math.isnan(other))


def mean(rows: Sequence[Row]) -> float:
    """Of the scores; NaN where there is none."""
    values = [row.value for row in rows if not math.isnan(row.value)]
    return math.fsum(values) / len(values) if values else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the list; `width` 0: what is left."""

    title: str
    width: int
    right: bool = False


_MARK = Column(title=" ", width=1)
_REWARD = Column(title="reward", width=6, right=True)
_TURNS = Column(title="turn", width=4, right=True)
_MORE = (
    (29, Column(title="tokens", width=6, right=True)),
    (74, Column(title="sec", width=6, right=True)),
    (96, Column(title="category", width=14)),
)
"""From which width on."""
_WHY = Column(title="why", width=0)


def columns_for(width: int, *, two: bool) -> tuple[Column, ...]:
    """The columns that fit into so many cells: the most telling first, the reason last."""
    name = Column(title="task" if two else "episode", width=8 if width < 60 else 10)
    if two:
        shown = (_MARK, name, Column(title="A", width=7), Column(title="B", width=7))
        return (*shown, _WHY) if width >= 44 else shown
    more = tuple(column for least, column in _MORE if width >= least)
    why = (_WHY,) if width >= 44 else ()
    return (_MARK, name, _REWARD, _TURNS, *more, *why) if width >= 22 else (_MARK, name, _REWARD)


def cells(item: Item, columns: Sequence[Column]) -> list[str]:
    """What the item has in these columns, on one line and safe for a terminal."""
    return [" ".join(visible(_cell(item, column.title)).split()) for column in columns]


def _cell(item: Item, title: str) -> str:
    first = item.rows[0]
    match title:
        case "A" | "B":
            return _told(item.a if title == "A" else item.b)
        case " ":
            return ("≠" if differs(item) else " ") if item.b or not item.a else MARKS[first.outcome]
        case "reward":
            return _score(first.value)
        case "turn":
            return f"{first.turns}{'+' if first.truncated else ''}"
        case "tokens":
            return short(first.tokens)
        case "sec":
            return "-" if math.isnan(first.seconds) else f"{first.seconds:.{2 if first.seconds < 100 else 0}f}"
        case "category":
            return first.category
        case "why":
            return _why(item)
        case _:
            return item.name


def _told(rows: Sequence[Row]) -> str:
    """How a task came out in a run: the marks of its samples; of more than fit, how many are right."""
    if len(rows) == 1:
        return f"{MARKS[rows[0].outcome]} {_score(rows[0].value)}"
    if len(rows) <= 7:
        return "".join(MARKS[row.outcome] for row in rows) or "-"
    solved = sum(row.outcome is Outcome.CORRECT for row in rows)
    return f"{solved}/{len(rows)}"


def _why(item: Item) -> str:
    """The flags and the reason; of several episodes those of the first that failed."""
    row = next((row for row in item.rows if row.failed), item.rows[0])
    return f"{' '.join(f'[{flag}]' for flag in row.flags)} {row.explanation[:400]}"


def _score(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"


def short(count: int) -> str:
    """A count in at most five characters."""
    return str(count) if count < 10_000 else f"{count / 1000:.0f}k" if count < 10_000_000 else f"{count / 1e6:.0f}M"


def _seconds(took: Measures) -> float:
    known = [part for part in (took.sampling_seconds, took.step_seconds) if not math.isnan(part)]
    return math.fsum(known) if known else math.nan
