"""The episodes of a run as JSON lines: appended one by one, readable after a crash at any moment.

Each line is written by one system call as soon as its episode is over, so a process killed at any moment loses at most
the episode it was writing: `mend` cuts that torn end off. (Power loss is not covered: nothing is synced to the disk.)
A key may have several lines, when an episode without a verdict was tried again: the last one counts.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assaygym.errors import RunError
from assaygym.types import Score, StopReason, Trajectory, Verdict

__all__ = [
    "EpisodeLog",
    "EpisodeRecord",
    "Key",
    "Outcome",
    "judgement",
    "mend",
    "not_an_episode",
    "outcome_of",
    "read_records",
    "without_trajectory",
]

Key = tuple[int, int]
"""(task, sample): the row of a data set or the seed of a procedural task, and which of its samples."""


class Outcome(StrEnum):
    """How an episode came out: the verdict, or why there is none."""

    CORRECT = "correct"
    PARTIAL = "partial"
    INCORRECT = "incorrect"
    UNPARSED = "unparsed"
    INVALID = "invalid"
    """The task, the verifier or the sandbox failed."""
    ERROR = "error"
    """The policy or the environment raised."""
    UNFINISHED = "unfinished"
    """A limit cut the episode before it had a verdict."""

    @property
    def scored(self) -> bool:
        """Whether the episode has a score that counts."""
        return self not in (Outcome.INVALID, Outcome.ERROR, Outcome.UNFINISHED)

    @property
    def retried(self) -> bool:
        """Whether a later start of the run tries the episode again: a part of ours failed, perhaps for once."""
        return self in (Outcome.INVALID, Outcome.ERROR)


def outcome_of(trajectory: Trajectory) -> Outcome:
    """The outcome of one episode; an error of ours is never a wrong answer."""
    if trajectory.stop_reason is StopReason.ERROR:
        return Outcome.ERROR
    if trajectory.score is None:
        return Outcome.UNFINISHED
    return Outcome.INVALID if trajectory.score.verdict is Verdict.INVALID else Outcome(trajectory.score.verdict.value)


def judgement(score: Score | None, outcome: Outcome, error: str | None = None) -> dict[str, Any]:
    """The fields of a record that say how the episode was judged."""
    lenient = math.nan if score is None else score.metrics.get("lenient", math.nan)
    return {
        "outcome": outcome,
        "value": score.value if score is not None and outcome.scored else math.nan,
        "explanation": error or (score.explanation if score is not None else ""),
        "extracted": score.extracted if score is not None else None,
        "flags": score.flags if score is not None else (),
        "lenient": lenient if 0 <= lenient <= 1 else None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeRecord:
    """One line of `episodes.jsonl`. `value` is the score in [0, 1], NaN (null in the file) where there is none."""

    task: int
    sample: int
    config: str
    """Hash of the run's configuration."""
    task_id: str
    outcome: Outcome
    value: float
    explanation: str = ""
    extracted: str | None = None
    flags: tuple[str, ...] = ()
    lenient: float | None = None
    """The score of the extracted answer whatever its format (the verifier's metric `lenient`); None: as `value`."""
    category: str | None = None
    """What a report groups the task by."""
    prompt: str = ""
    """Digest of the first messages; empty where the episode never began."""
    truncated: bool = False
    """Whether a limit (turns, tokens, time) cut the episode."""
    attempt: int = 1
    """Which start of the run produced it."""
    usage: Mapping[str, float] = field(default_factory=dict[str, float])
    """What it took: `prompt_tokens`, `completion_tokens`, `seconds`, and `cost` where there are prices."""
    trajectory: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def key(self) -> Key:
        """What identifies the episode within its run."""
        return self.task, self.sample

    def line(self) -> bytes:
        """The JSON line, newline included."""
        row = {name: getattr(self, name) for name in _NAMES}
        row["value"] = None if math.isnan(self.value) else self.value
        return _encoded(row).encode() + b"\n"

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """The record of a parsed line; fields it does not know are ignored.

        Raises:
            KeyError, TypeError, ValueError: the row is no episode.
        """
        known = {name: row[name] for name in _NAMES if name in row}
        for name in ("task", "sample"):
            if type(known[name]) is not int or known[name] < 0:
                raise ValueError(f"its {name} is {known[name]!r}; expected a whole number from 0")
        value = math.nan if row["value"] is None else float(row["value"])
        if "prompt" not in row:  # a log of before it was recorded
            from assaygym.benchmarks.provenance import prompt_digest  # it loads every verifier

            known["prompt"] = prompt_digest(row.get("trajectory", {}))
        return cls(
            **{**known, "value": value, "outcome": Outcome(row["outcome"]), "flags": tuple(row.get("flags", ()))}
        )


_NAMES = tuple(item.name for item in fields(EpisodeRecord))
_encoded = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


class EpisodeLog:
    """Appends episodes to a file. Used by one thread; a context manager.

    Raises:
        RunError: the file cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise RunError(f"cannot write {path}: {error.strerror}; choose another folder with --out") from error

    def append(self, record: EpisodeRecord) -> bytes:
        """Write one whole line to the operating system before returning it."""
        line = record.line()
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._file.fileno(), rest) :]
        except OSError as error:
            raise RunError(
                f"cannot write {self._path}: {error.strerror}; every episode before is kept, the same call resumes"
            ) from error
        return line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def mend(path: Path) -> int:
    """Make the file end with a whole line: cut a torn last line off, or end a whole one.

    Returns:
        The number of bytes cut off.
    """
    if not path.exists():
        return 0
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        start = _start_of_last_line(file.fileno(), end)
        file.seek(start)
        tail = file.read()
        if not tail:
            return 0
        if _is_whole(tail):
            file.write(b"\n")
            return 0
        file.truncate(start)
        return len(tail)


def _start_of_last_line(descriptor: int, end: int, block: int = 1 << 16) -> int:
    """Offset just after the last newline before `end`; 0 when there is none."""
    while end > 0:
        start = max(0, end - block)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _is_whole(line: bytes) -> bool:
    try:
        EpisodeRecord.from_row(json.loads(line))
    except (ValueError, KeyError, TypeError):
        return False
    return True


def read_records(path: Path) -> Iterator[EpisodeRecord]:
    """The episodes in the order they finished. A last line without its newline is still being written: left out.

    Raises:
        RunError: a line is no episode.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                yield EpisodeRecord.from_row(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise not_an_episode(path, number, error) from error


def not_an_episode(path: Path, number: int, error: Exception) -> RunError:
    """What is raised for a line of a log that cannot be read, and why."""
    return RunError(
        f"{path} line {number} is no episode of a run ({error}); remove that line, or start anew with --overwrite"
    )


def without_trajectory(record: EpisodeRecord) -> EpisodeRecord:
    """The record without what was said."""
    kept = {item.name: getattr(record, item.name) for item in fields(record) if item.name != "trajectory"}
    return EpisodeRecord(**kept)
