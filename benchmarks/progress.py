"""How far an evaluation is: live lines on a terminal, plain ones elsewhere, always on standard error."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TextIO, runtime_checkable

from assaygym.benchmarks.tally import Tally, detail_line, progress_line, status

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress as RichProgress

__all__ = ["Display", "ProgressCallback", "ProgressDisplay", "Tally", "progress_line"]

EVERY = 10.0
"""Seconds between plain lines."""


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
            self._bar = _bar(self._stream, self._redrawn)
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
        now = self._clock()
        bar.update(self._rows[tally.name], completed=tally.done, total=tally.planned, status=status(tally, now))

    def _redrawn(self) -> Tally | None:
        """The run that is shown, its rate and its time left those of this moment."""
        if self._bar is not None and self._tally is not None and self._tally.name in self._rows:
            self._draw(self._bar, self._tally)
        return self._tally

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


def _bar(stream: TextIO, current: Callable[[], Tally | None]) -> RichProgress:
    """A line a run, whatever the width: what does not fit is cut from its end. The details of the current one below."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.table import Column
    from rich.text import Text

    class Lines(Progress):
        def get_renderables(self) -> Iterator[RenderableType]:
            tally = current()
            yield from super().get_renderables()
            if tally is not None and (details := detail_line(tally)):
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
