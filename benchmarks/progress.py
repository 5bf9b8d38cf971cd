"""How far an evaluation is: a live line on a terminal, plain lines elsewhere, always on standard error."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TextIO

from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.statistics import Interval, wilson_interval

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

__all__ = ["ProgressDisplay", "Tally", "progress_line"]

EVERY = 10.0
"""Seconds between plain lines."""


@dataclass(slots=True)
class Tally:
    """Running counts of a run; what a progress callback receives after each episode."""

    name: str
    planned: int
    resumed: int = 0
    """Episodes that were there before this start."""
    done: int = 0
    """Episodes in all, those resumed included."""
    right: int = 0
    wrong: int = 0
    """Scored below 1, partial credit included."""
    invalid: int = 0
    error: int = 0
    unfinished: int = 0
    total: float = 0.0
    """Sum of the scores."""
    started: float = field(default_factory=time.monotonic)
    tasks: set[int] = field(default_factory=set[int], repr=False)

    def add(self, record: EpisodeRecord, *, resumed: bool = False) -> None:
        """Count one episode."""
        self.done += 1
        self.resumed += resumed
        if record.outcome.scored:
            self.total += record.value
            self.tasks.add(record.task)
            self.right += record.outcome is Outcome.CORRECT
            self.wrong += record.outcome is not Outcome.CORRECT
        self.invalid += record.outcome is Outcome.INVALID
        self.error += record.outcome is Outcome.ERROR
        self.unfinished += record.outcome is Outcome.UNFINISHED

    @property
    def mean(self) -> float:
        """Mean score so far; NaN before the first."""
        scored = self.right + self.wrong
        return self.total / scored if scored else math.nan

    @property
    def interval(self) -> Interval:
        """A rough interval of the mean, as if each task had one sample; the summary has the exact one."""
        size = len(self.tasks)
        return wilson_interval(min(self.mean, 1.0) * size, size) if size else wilson_interval(0, 0)

    def rate(self, now: float) -> float:
        """Episodes a second since this start."""
        elapsed = now - self.started
        return (self.done - self.resumed) / elapsed if elapsed > 0 else 0.0

    def eta(self, now: float) -> float:
        """Seconds left at this rate; NaN while it is unknown."""
        rate = self.rate(now)
        return (self.planned - self.done) / rate if rate > 0 else math.nan


class ProgressCallback(Protocol):
    """What `evaluate` calls after each episode, from one thread."""

    def __call__(self, tally: Tally, /) -> object:
        """Look at the counts."""
        ...


class ProgressDisplay:
    """A progress callback that shows the run; a context manager.

    Args:
        stream: where it writes; standard error when None.
        every: seconds between plain lines.
        clock: a monotonic clock in seconds.
    """

    def __init__(
        self, stream: TextIO | None = None, every: float = EVERY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._every = every
        self._clock = clock
        self._last = clock()
        self._tally: Tally | None = None
        self._shown = -1
        self._bar: RichProgress | None = None
        self._row: Any = None

    def __enter__(self) -> Self:
        if self._stream.isatty():
            self._bar = _bar(self._stream)
            self._row = self._bar.add_task("", total=None, status="")
            self._bar.start()
        return self

    def __call__(self, tally: Tally, /) -> None:
        """Show the counts, if it is time to."""
        self._tally = tally
        now = self._clock()
        if self._bar is not None:
            self._bar.update(
                self._row,
                description=tally.name,
                completed=tally.done,
                total=tally.planned,
                status=_status(tally, now),
            )
        elif now - self._last >= self._every:
            self._line(now)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self._tally is not None and self._tally.done != self._shown:
            self._line(self._clock())

    def _line(self, now: float) -> None:
        assert self._tally is not None  # called after a callback only
        self._last, self._shown = now, self._tally.done
        print(progress_line(self._tally, now), file=self._stream, flush=True)


def progress_line(tally: Tally, now: float) -> str:
    """One plain line: `gsm8k  148/200  reward 0.61 [0.54, 0.68]  ok 91  fail 52  err 2  4.1 ep/s  eta 0:13`."""
    return f"{tally.name}  {tally.done}/{tally.planned}  {_status(tally, now)}"


def _status(tally: Tally, now: float) -> str:
    parts = []
    if not math.isnan(tally.mean):
        parts.append(f"reward {tally.mean:.2f} [{tally.interval.low:.2f}, {tally.interval.high:.2f}]")
    parts += [f"ok {tally.right}", f"fail {tally.wrong}"]
    rare = (("invalid", tally.invalid), ("err", tally.error), ("cut", tally.unfinished))
    parts += [f"{name} {count}" for name, count in rare if count]
    parts += [f"{tally.rate(now):.1f} ep/s", f"eta {_clock_time(tally.eta(now))}"]
    return "  ".join(parts)


def _clock_time(seconds: float) -> str:
    if math.isnan(seconds):
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _bar(stream: TextIO) -> RichProgress:
    """One line whatever the width: what does not fit is cut from the end of the status."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.table import Column

    whole, rest = Column(no_wrap=True), Column(no_wrap=True, overflow="ellipsis", ratio=1)
    return Progress(
        TextColumn("{task.description}", markup=False, table_column=whole),
        BarColumn(bar_width=10, table_column=Column(width=10)),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[status]}", markup=False, table_column=rest),
        console=Console(file=stream),
        expand=True,
    )
