"""How far an evaluation is: a live line a suite on a terminal, plain lines elsewhere, always on standard error.

gsm8k  148/200  reward 0.61 [0.54, 0.68]  ok 91  fail 52  cut 3  err 2  4.1 ep/s  eta 0:13
tools 3.2 calls/ep, 4 % failed  tokens 412k in / 38k out  $0.19  slowest: 77 (41 s, turn 9)
"""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TextIO, runtime_checkable

from assaygym.benchmarks.estimate import count, duration
from assaygym.benchmarks.limits import Spending, money
from assaygym.benchmarks.measures import measure
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.statistics import Interval, wilson_interval
from assaygym.benchmarks.watch import Playing

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress as RichProgress

__all__ = ["Display", "ProgressDisplay", "Tally", "detail_line", "progress_line"]

EVERY = 10.0
"""Seconds between plain lines."""
SLOW = 3.0
"""Seconds from which an episode under way is shown."""
NAME = 40
"""Characters of its name that are shown."""


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
    measured: int = 0
    """Episodes of this start, whose turns were counted."""
    tool_calls: int = 0
    tool_errors: int = 0
    spending: Spending | None = field(default=None, repr=False)
    """What the run has used so far; None where nobody counts."""
    slowest: Callable[[], tuple[Playing, float] | None] = field(default=lambda: None, repr=False)
    """The episode that has been under way for longest, with its seconds."""
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
        if record.trajectory:
            measures = measure(record.trajectory)
            self.measured += 1
            self.tool_calls += measures.tool_calls
            self.tool_errors += measures.tool_errors

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


@runtime_checkable
class Display(ProgressCallback, Protocol):
    """A progress callback that is told of more than episodes."""

    def begin(self, tally: Tally, /) -> object:
        """A run begins or goes on."""
        ...

    def note(self, sentence: str, /) -> object:
        """Something a person should read now: an estimate, a limit that was reached."""
        ...


class ProgressDisplay:
    """A `Display` that shows the runs it is told of, one line each; a context manager.

    Without a terminal a line comes every so many seconds, also while no episode ends, so that a stuck one is seen.

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
        self._shown: tuple[str, int] | None = None
        self._bar: RichProgress | None = None
        self._rows: dict[str, Any] = {}
        self._lock = threading.Lock()
        """Guards the plain lines."""
        self._over = threading.Event()

    def __enter__(self) -> Self:
        if self._stream.isatty():
            self._bar = _bar(self._stream, lambda: self._tally)
            self._bar.start()
        else:
            threading.Thread(target=self._tick, name="assay-progress", daemon=True).start()
        return self

    def begin(self, tally: Tally, /) -> None:
        """Show a run from now on."""
        if self._bar is None:
            self._last_line()
        self._tally = tally
        if self._bar is not None:
            self._draw(self._bar, tally)

    def __call__(self, tally: Tally, /) -> None:
        """Show the counts, if it is time to."""
        self._tally = tally
        if self._bar is not None:
            self._draw(self._bar, tally)
        else:
            self._line_if_due()

    @property
    def tally(self) -> Tally | None:
        """Of the run that was shown last."""
        return self._tally

    def note(self, sentence: str, /) -> None:
        """Print a sentence above what is shown."""
        if self._bar is not None:
            self._bar.console.print(sentence, markup=False, highlight=False, soft_wrap=True)
            return
        with self._lock:
            print(sentence, file=self._stream, flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._bar is not None:
            self._bar.stop()
        else:
            self._last_line()

    def _draw(self, bar: RichProgress, tally: Tally) -> None:
        if tally.name not in self._rows:
            self._rows[tally.name] = bar.add_task(tally.name, total=None, status="")
        status = _status(tally, self._clock())
        bar.update(self._rows[tally.name], completed=tally.done, total=tally.planned, status=status)

    def _tick(self) -> None:
        """The life of the thread that writes lines while no episode ends."""
        while not self._over.wait(self._every):
            self._line_if_due()

    def _line_if_due(self) -> None:
        with self._lock:
            now = self._clock()
            if self._tally is not None and not self._over.is_set() and now - self._last >= self._every:
                self._line(self._tally, now)

    def _last_line(self) -> None:
        with self._lock:
            if self._tally is not None and self._told(self._tally) != self._shown:
                self._line(self._tally, self._clock())

    def _line(self, tally: Tally, now: float) -> None:
        self._last, self._shown = now, self._told(tally)
        print("  ".join(filter(None, (progress_line(tally, now), detail_line(tally)))), file=self._stream, flush=True)

    @staticmethod
    def _told(tally: Tally) -> tuple[str, int]:
        return tally.name, tally.done


def progress_line(tally: Tally, now: float) -> str:
    """One plain line: `gsm8k  148/200  reward 0.61 [0.54, 0.68]  ok 91  fail 52  err 2  4.1 ep/s  eta 0:13`."""
    return f"{tally.name}  {tally.done}/{tally.planned}  {_status(tally, now)}"


def detail_line(tally: Tally) -> str:
    """What the episodes took, and the one that is slow; empty where there is nothing to tell."""
    parts = []
    if tally.tool_calls:
        failed = 100 * tally.tool_errors / tally.tool_calls
        parts.append(f"tools {tally.tool_calls / tally.measured:.1f} calls/ep, {failed:.0f} % failed")
    if (spending := tally.spending) is not None:
        used = spending.before + spending.now
        if used.tokens:
            parts.append(f"tokens {count(used.prompt_tokens)} in / {count(used.completion_tokens)} out")
        if used.cost:
            parts.append(money(used.cost, spending.currency))
    slowest = tally.slowest()
    if slowest is not None and slowest[1] >= SLOW:
        name = " ".join(slowest[0].name.split())[:NAME]
        parts.append(f"slowest: {name} ({duration(slowest[1])}, turn {slowest[0].turn})")
    return "  ".join(parts)


def _status(tally: Tally, now: float) -> str:
    parts = []
    if not math.isnan(tally.mean):
        parts.append(f"reward {tally.mean:.2f} [{tally.interval.low:.2f}, {tally.interval.high:.2f}]")
    parts += [f"ok {tally.right}", f"fail {tally.wrong}"]
    rare = (("invalid", tally.invalid), ("err", tally.error), ("cut", tally.unfinished))
    parts += [f"{name} {count}" for name, count in rare if count]
    parts += [_pace(tally.rate(now)), f"eta {_clock_time(tally.eta(now))}"]
    return "  ".join(parts)


def _pace(rate: float) -> str:
    return f"{rate:.1f} ep/s" if rate >= 1 or not rate else f"{60 * rate:.1f} ep/min"


def _clock_time(seconds: float) -> str:
    if math.isnan(seconds):
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _bar(stream: TextIO, current: Callable[[], Tally | None]) -> RichProgress:
    """A line a run, whatever the width: what does not fit is cut from its end. The details of the current one below."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.table import Column
    from rich.text import Text

    class Lines(Progress):
        def get_renderables(self) -> Iterator[RenderableType]:
            yield from super().get_renderables()
            if (tally := current()) is not None and (details := detail_line(tally)):
                yield Text(f"  {details}", no_wrap=True, overflow="ellipsis")

    whole, rest = Column(no_wrap=True), Column(no_wrap=True, overflow="ellipsis", ratio=1)
    return Lines(
        TextColumn("{task.description}", markup=False, table_column=whole),
        BarColumn(bar_width=10, table_column=Column(width=10)),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[status]}", markup=False, table_column=rest),
        console=Console(file=stream),
        expand=True,
    )
