"""The rows of an index: what is known of each whole line of a log, in sqlite, brought up to date from the log.

    episodes.jsonl --scan--> Line, Line, ... --insert--> lines(offset, length, key, record, ...), head(end, stamp)

The log is the truth and this a cache of it. Before it is used it is held against the log: unchanged since it was last
looked at (the same file, size and time of change), or else by the checksums of its lines: of all of them, but for a
large log that has only grown, where the last and some spread over it are read. What does not fit is emptied and made
anew. A batch of lines is one transaction, and goes on from where whoever wrote last ended: so a process may be killed
at any moment, and several may be at it.

Not covered: bits of the index that rot unseen by sqlite, and a large log edited in place, its length kept, that a run
then lengthened before anyone looked, where the edit is not among the lines that are read.
"""

from __future__ import annotations

import inspect
import json
import os
import sqlite3
import time
import uuid
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from assaygym.benchmarks import measures
from assaygym.benchmarks.index_line import GREATEST, RECORD, Line, line_of
from assaygym.benchmarks.records import EpisodeRecord, not_an_episode
from assaygym.errors import RunError

__all__ = ["IndexTable"]

SCHEMA = (
    "CREATE TABLE head (generation TEXT, end INT, lines INT, inode INT, size INT, changed INT, seen INT)",
    "CREATE TABLE lines (offset INTEGER PRIMARY KEY, length INT, checksum INT, config TEXT, task, sample, task_id TEXT,"
    " record TEXT, measures TEXT)",
    "CREATE INDEX by_key ON lines (config, task, sample, offset)",
    "CREATE INDEX by_task_id ON lines (config, task_id)",
)
VERSION = zlib.crc32(f"{SCHEMA} {RECORD} {inspect.getsource(measures)}".encode()) & 0x7FFF_FFFF
"""Of what the rows hold, and of how a measure is taken: the rows of another one are made anew."""
WHOLE = 1 << 26
"""Bytes of a grown log up to which every line is held against its checksum."""
SPREAD = 256
"""Lines that are, of a longer one."""
BATCH = 5000
UNSETTLED = 2_000_000_000
"""Nanoseconds: a file changed so lately may change again without another time of change."""


class _Stamp(NamedTuple):
    """What another file, or the same one after a change, has otherwise."""

    inode: int
    size: int
    changed: int


class _Head(NamedTuple):
    """How far the index is, and the log's stamp when it was last looked at, and that time."""

    generation: str
    """Another one whenever the index is made anew."""
    end: int
    """Offset after the last indexed line."""
    lines: int
    inode: int
    size: int
    changed: int
    seen: int

    def is_of(self, log: _Stamp) -> bool:
        """Whether the log cannot have changed since."""
        return log == (self.inode, self.size, self.changed) and self.seen - self.changed > UNSETTLED


class IndexTable:
    """The index of an open log, in an sqlite file; what either lacks, raises `sqlite3.Error`.

    Args:
        log: the log's name, for messages.
        file: the log, open for reading; its position is moved.
        path: of the sqlite file; an empty one is a private file that sqlite deletes.
        patience: seconds to wait for another process.
    """

    def __init__(self, log: Path, file: BinaryIO, path: str, patience: float) -> None:
        self._log, self._file = log, file
        self._sql = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
        self._sql.execute("PRAGMA cache_size = -32000")
        self._sql.execute("PRAGMA synchronous = NORMAL")
        self.generation, self.end = "", 0

    def close(self) -> None:
        """Let go of the file."""
        self._sql.close()

    def copy_from(self, path: Path, patience: float) -> None:
        """Begin with all that another index file holds."""
        source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=patience)
        try:
            source.backup(self._sql, progress=_unless_busy)
        finally:
            source.close()

    def refresh(self) -> None:
        """Make it fit the log, and take in all whole lines of it.

        Raises:
            RunError: a line is no episode.
        """
        sure: _Head | None = None  # to fit the log; it is made so, then extended
        while True:
            with self._transaction("BEGIN"):
                head = self._head()
            stamp = _stamp(self._file)  # after that: the log may be longer than another process knew, not shorter
            fits = head is not None and (head == sure or self._fits(head, stamp))
            if head is not None and fits and head.end == stamp.size:
                return self._ended(self._noted(head, stamp))
            with self._transaction("BEGIN IMMEDIATE"):
                if self._head() != head:
                    continue  # another process was quicker
                begun = head if head is not None and fits else self._emptied()
                lines = list(islice(_scanned(self._log, self._file, begun), BATCH))
                sure = self._inserted(begun, lines, stamp)
            if len(lines) < BATCH:
                return self._ended(sure)

    def extend(self, lines: Sequence[Line]) -> None:
        """Take in lines that this process appended to the log, without reading them again.

        Raises:
            RunError: a line before them is no episode.
        """
        with self._transaction("BEGIN IMMEDIATE"):
            head = self._head()
            known = head is None or head.generation == self.generation
            begun = self._emptied() if head is None else head
            if known and begun.end == lines[0].offset:
                return self._ended(self._inserted(begun, lines, _stamp(self._file)))
        self.refresh()

    def rows(self, sql: str, values: Sequence[object]) -> list[Any]:
        """All rows of a query over `lines`.

        Raises:
            RunError: the index was made anew since the last `refresh`.
        """
        with self._transaction("BEGIN"):
            head = self._head()
            if head is None or head.generation != self.generation:
                raise RunError(f"{self._log} was rewritten while it was read; try again")
            return self._sql.execute(sql, values).fetchall()

    def _ended(self, head: _Head) -> None:
        self.generation, self.end = head.generation, head.end

    def _head(self) -> _Head | None:
        """None where there is none, or one of another version."""
        if self._sql.execute("PRAGMA user_version").fetchone() != (VERSION,):
            return None
        row = self._sql.execute("SELECT * FROM head").fetchone()
        return None if row is None else _Head(*row)

    def _fits(self, head: _Head, log: _Stamp) -> bool:
        """Whether the indexed lines are those of the log."""
        if log.size < head.end:
            return False
        grown = log.inode == head.inode and log.size > head.size
        if grown and head.end > WHOLE:
            return self._some_are_there(head)
        return head.is_of(log) or self._all_are_there(head)

    def _all_are_there(self, head: _Head) -> bool:
        """Whether every line is as it was indexed."""
        sql = "SELECT offset, length, checksum FROM lines WHERE offset >= ? ORDER BY offset LIMIT ?"
        end, number = 0, 0
        with _reader(self._file, 0) as file:
            while rows := self._sql.execute(sql, (end, BATCH)).fetchall():
                for offset, length, checksum in rows:
                    if offset != end or zlib.crc32(file.read(length + 1)) != checksum:
                        return False
                    end += length + 1
                number += len(rows)
        return (end, number) == (head.end, head.lines)

    def _some_are_there(self, head: _Head) -> bool:
        """Whether the last line, and others spread over the log, are as they were indexed."""
        sql = "SELECT offset, length, checksum FROM lines WHERE offset <= ? ORDER BY offset DESC LIMIT 1"
        for offset in (*(number * head.end // SPREAD for number in range(SPREAD)), head.end):
            row = self._sql.execute(sql, (offset,)).fetchone()
            if row is None or zlib.crc32(os.pread(self._file.fileno(), row[1] + 1, row[0])) != row[2]:
                return False
        return True

    def _noted(self, head: _Head, log: _Stamp) -> _Head:
        """Remember that the log was looked at, so that the next reader need not; where nothing can be written, no."""
        if not head.is_of(log):
            with suppress(sqlite3.OperationalError), self._transaction("BEGIN IMMEDIATE"):
                if self._head() == head:
                    self._store(head._replace(**log._asdict(), seen=time.time_ns()))
        return head

    def _emptied(self) -> _Head:
        for table in ("lines", "head"):
            self._sql.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in (*SCHEMA, f"PRAGMA user_version = {VERSION}"):
            self._sql.execute(statement)
        return _Head(generation=uuid.uuid4().hex, end=0, lines=0, inode=0, size=0, changed=0, seen=0)

    def _inserted(self, head: _Head, lines: Sequence[Line], log: _Stamp) -> _Head:
        self._sql.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", lines)
        end = lines[-1].offset + lines[-1].length + 1 if lines else head.end
        return self._store(_Head(head.generation, end, head.lines + len(lines), *log, time.time_ns()))

    def _store(self, head: _Head) -> _Head:
        self._sql.execute("DELETE FROM head")
        self._sql.execute("INSERT INTO head VALUES (?, ?, ?, ?, ?, ?, ?)", head)
        return head

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._sql.execute(begin)
        try:
            yield
            self._sql.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._sql.execute("ROLLBACK")
            raise


def _unless_busy(status: int, remaining: int, total: int) -> None:
    """Ends a copy that would wait for ever."""
    if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise sqlite3.OperationalError("another process is writing")


def _stamp(file: BinaryIO) -> _Stamp:
    found = os.fstat(file.fileno())
    return _Stamp(found.st_ino & GREATEST, found.st_size, found.st_ctime_ns)


def _reader(file: BinaryIO, offset: int) -> BinaryIO:
    """The file from there on, with no buffer from before."""
    reader = open(os.dup(file.fileno()), "rb")  # noqa: SIM115 - closed by who asks
    reader.seek(offset)
    return reader


def _scanned(log: Path, file: BinaryIO, head: _Head) -> Iterator[Line]:
    """The whole lines after those that are indexed.

    Raises:
        RunError: one is no episode.
    """
    offset = head.end
    with _reader(file, offset) as lines:
        for number, line in enumerate(lines, start=head.lines + 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield line_of(EpisodeRecord.from_row(json.loads(line)), offset, line)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise not_an_episode(log, number, error) from error
            offset += len(line)
