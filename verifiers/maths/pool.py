"""Verify many rows on all cores: in order, every row once, whatever becomes of the processes that do it."""

from __future__ import annotations

import atexit
import itertools
import os
import selectors
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from assaygym.errors import AssayError, ConfigError, VerifierError, told
from assaygym.types import Score
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.pool_worker import Process, Wire, packed, unpacked

if TYPE_CHECKING:
    from assaygym.verifiers.maths.verify import Gold

__all__ = ["close_pool", "verify_many"]

Row = tuple[str, Any]
INLINE_ROWS: Final = 256
INLINE_SECONDS: Final = 0.25
"""The first rows are verified in this process, until there are so many or they took so long."""
CHUNK_ROWS: Final = 64
CHUNK_CHARS: Final = 1 << 18
AHEAD: Final = 6
"""Chunks for each process that may be read before the first of them is yielded."""
PER_PROCESS: Final = 2
"""Chunks that a process holds, so that it need not wait for the next."""
ALONE: Final = 2
"""After so many deaths of processes a row gets a fresh one of its own."""
ATTEMPTS: Final = 5
PATIENCE: Final = 60.0
"""Seconds without a verdict after which a process is taken for hung, the first of its rows for the cause."""
FAILED_STARTS: Final = 200
"""After so many processes in a row that end before they are ready none will be; one not killed counts tenfold."""


def verify_many(
    rows: Iterable[tuple[str, str | Gold]], *, policy: str | MathPolicy = "default", workers: int | None = None
) -> Iterator[Score]:
    """The score of each (prediction, gold) row, in order; see `verify_math`.

    The first rows are verified in this process, and if there are many more, the others by processes, which stay for the
    next call. They are fresh interpreters, so it makes no difference which threads or libraries this process holds. A
    row whose process dies is done again; one that ends several, the last ones alone, is INVALID. Some hundreds of rows
    are read ahead of the one that is yielded, so the rows may be endless. Closing the iterator early ends what is under
    way.

    Args:
        rows: predictions with their golds; a `Gold` that many rows share is sent once for each chunk.
        policy: as for `verify_math`.
        workers: how many processes; the cores that this process may use by default; 0 for none at all.

    Raises:
        ConfigError: `workers` is negative, or there is no such policy.
        MissingDependencyError: a row needs a package that is not installed.
        VerifierError: no process can be started, or the verifier raised what it must not; it says which row.
        TypeError: a row is no pair.
    """
    count = len(os.sched_getaffinity(0)) if workers is None else workers
    if count < 0:
        raise ConfigError(f"workers={workers}; expected at least 0")
    resolved = MathPolicy.of(policy)
    return _scores(iter(rows), {} if resolved == MathPolicy() else {"policy": resolved}, count)


def _scores(rows: Iterator[Row], options: dict[str, Any], workers: int) -> Iterator[Score]:
    numbered = enumerate(rows)
    until = time.monotonic() + INLINE_SECONDS
    for number, row in numbered:
        yield _score(number, packed(*_pair(number, row), options))
        if workers and (number + 1 >= INLINE_ROWS or time.monotonic() > until):
            break
    else:
        return
    run = _Run(numbered, options, workers)
    try:
        for number, wire in run.verdicts():
            yield _score(number, wire)
    finally:
        run.close()


def _pair(number: int, row: Any) -> Row:
    try:
        pred, gold = row
    except (TypeError, ValueError) as error:
        raise TypeError(f"row {number} is {type(row).__name__}; expected a pair (prediction, gold)") from error
    return pred, gold


def _score(number: int, wire: Wire) -> Score:
    found = unpacked(wire)
    if isinstance(found, Score):
        return found
    with suppress(TypeError):  # an error of ours is one of a sentence
        if isinstance(found, AssayError):
            raise type(found)(f"row {number}: {found}") from found
    raise VerifierError(f"row {number}: {told(found)}") from found


class _Chunk:
    """Rows in a row: those not yet verified, and how many processes have died over the first of them."""

    __slots__ = ("deaths", "first", "rows")

    def __init__(self, first: int, rows: list[Row], deaths: int = 0) -> None:
        self.first, self.rows, self.deaths = first, rows, deaths


class _Run:
    """One call: what is waiting, what is under way, what is done and not yet its turn."""

    def __init__(self, rows: Iterator[tuple[int, Row]], options: dict[str, Any], workers: int) -> None:
        self._rows: Iterator[tuple[int, Row]] | None = rows
        self._options = options
        self._workers = workers
        self._waiting: deque[_Chunk] = deque()
        self._processes: list[Process] = []
        self._done: dict[int, Wire] = {}
        self._read = -1
        """Number of the last row that was read."""
        self._turn: int | None = None
        """Number of the next row to yield."""
        self._broken: BaseException | None = None
        """What the caller's iterable raised; it comes after the rows before it."""
        self._failed_starts = 0

    def verdicts(self) -> Iterator[tuple[int, Wire]]:
        """Row numbers and verdicts, in order."""
        while self._rows is not None or (self._turn is not None and self._turn <= self._read):
            if self._wants_rows():
                self._read_chunk()
            self._hand_out()
            self._wait(0.0 if self._wants_rows() else PATIENCE / 10)
            while self._turn in self._done:
                yield self._turn, self._done.pop(self._turn)
                self._turn += 1
        if self._broken is not None:
            raise self._broken

    def close(self) -> None:
        """Keep the processes that are free for the next call, end the others."""
        processes, self._processes = self._processes, []
        for process in processes:
            if process.ready and not process.pending and not process.wants_to_write:
                _keep(process)
            else:
                process.kill()

    def _wants_rows(self) -> bool:
        ahead = 0 if self._turn is None else self._read - self._turn
        few = len(self._waiting) < PER_PROCESS * self._workers
        return self._rows is not None and few and ahead < AHEAD * self._workers * CHUNK_ROWS

    def _read_chunk(self) -> None:
        chunk: list[Row] = []
        assert self._rows is not None  # or no rows were wanted
        try:
            self._fill(chunk, self._rows)
        except Exception as error:
            self._rows, self._broken = None, error
        if not chunk:
            return
        first = self._read - len(chunk) + 1
        if self._turn is None:
            self._turn = first
        self._waiting.append(_Chunk(first, chunk))

    def _fill(self, chunk: list[Row], rows: Iterator[tuple[int, Row]]) -> None:
        """Read rows into the chunk until it is full; what the source raises leaves those before it in place."""
        size = 0
        for number, row in rows:
            pair = _pair(number, row)
            chunk.append(pair)
            self._read = number
            size += len(pair[0]) if isinstance(pair[0], str) else 0
            if len(chunk) == CHUNK_ROWS or size > CHUNK_CHARS:
                return
        self._rows = None

    def _hand_out(self) -> None:
        busy = sum(bool(process.pending) for process in self._processes)
        while len(self._processes) < min(self._workers, len(self._waiting) + busy):
            self._processes.append(_taken() or Process())
        for process in list(self._processes):
            while self._waiting and process.ready and self._may_have(process, self._waiting[0]):
                chunk = self._waiting.popleft()
                process.pending.append(chunk)
                process.give(self._options, chunk.rows)

    def _may_have(self, process: Process, chunk: _Chunk) -> bool:
        """Whether the process can take the chunk now: a suspect row needs a fresh one, and has it alone."""
        if process.pending and (chunk.deaths >= ALONE or process.pending[0].deaths >= ALONE):
            return False
        if chunk.deaths >= ALONE and process.used:
            process.kill()
            self._processes[self._processes.index(process)] = Process()
            return False
        return len(process.pending) < PER_PROCESS

    def _wait(self, seconds: float) -> None:
        """Until a process has told something, ended, or overstayed, or the time is over."""
        with selectors.DefaultSelector() as selector:
            for process in self._processes:
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if process.wants_to_write else 0)
                selector.register(process.link, events, process)
            found = selector.select(seconds)
        for key, events in found:
            if events & selectors.EVENT_WRITE:
                key.data.write()
            if events & selectors.EVENT_READ:
                self._take(key.data, key.data.read())
        now = time.monotonic()
        for process in [one for one in self._processes if one.pending or not one.ready]:
            if now - process.since > PATIENCE:
                self._take(process, None)

    def _take(self, process: Process, wires: list[Wire] | None) -> None:
        if wires is None:
            self._bury(process)
            return
        self._failed_starts = 0
        for wire in wires:
            chunk = process.pending[0]
            self._done[chunk.first] = wire
            chunk.first += 1
            del chunk.rows[0]
            if not chunk.rows:
                process.pending.popleft()

    def _bury(self, process: Process) -> None:
        """End it; what it had is waiting again, the rows that it may have died of one by one."""
        ready = process.ready
        process.kill(grace=0.05)
        self._processes.remove(process)
        if not ready:
            self._failed_starts += 1 if process.killed else 10
        if self._failed_starts >= FAILED_STARTS:
            raise VerifierError("one math worker after another ended before it was ready")
        chunks = list(process.pending)
        again = [piece for chunk in chunks[:1] for piece in self._suspects(chunk)] + chunks[1:]
        self._waiting.extendleft(reversed(again))
        if again or self._waiting:
            self._processes.append(Process())

    def _suspects(self, chunk: _Chunk) -> list[_Chunk]:
        if len(chunk.rows) == 1 and chunk.deaths + 1 >= ATTEMPTS:
            told_why = f"verifying this row ended {chunk.deaths + 1} processes, or took each over {PATIENCE:g} s"
            score = Score.invalid(told_why)
            self._done[chunk.first] = score.value, score.verdict.value, None, told_why, {}, ()
            return []
        pieces = zip(itertools.count(chunk.first), chunk.rows, strict=False)
        return [_Chunk(number, [row], chunk.deaths + 1) for number, row in pieces]


_idle: list[Process] = []
_lock = threading.Lock()


def _taken() -> Process | None:
    """A process that an earlier call left, if one lives."""
    with _lock:
        while _idle:
            process = _idle.pop()
            if process.alive:
                process.since = time.monotonic()
                return process
            process.kill()
    return None


def _keep(process: Process) -> None:
    with _lock:
        if len(_idle) < len(os.sched_getaffinity(0)):
            _idle.append(process)
            return
    process.kill()


def close_pool() -> None:
    """End the processes that wait for the next call; they start again when needed."""
    with _lock:
        while _idle:
            _idle.pop().kill()


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    while _idle:
        _idle.pop().forget()


atexit.register(close_pool)
os.register_at_fork(after_in_child=_after_fork)
