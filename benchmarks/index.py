"""The index of a log: where each episode stands, and all that is known of it without reading what was said.

    with EpisodeIndex(folder / EPISODES, document["config_hash"]) as index:
        for entry in index.entries(): ...
        index.read(index.find(task, sample)).trajectory

It opens a log of any length at once and always answers as the log does: its rows (`assaygym.benchmarks.index_table`)
are a cache, `episodes.index` beside `episodes.jsonl`, that may be deleted whenever one likes. Where nothing can be
written there (a read-only folder, a full disk, another process that is at it), and for a log so small that reading it
is as quick, the rows stand in a private file.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from assaygym.benchmarks.index_line import Line, line_of, measures_of, ordered, plain, record_of
from assaygym.benchmarks.index_table import IndexTable
from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.records import EpisodeLog, EpisodeRecord, Key
from assaygym.errors import RunError

__all__ = ["Entry", "EpisodeIndex", "IndexedLog", "final_records", "index_path"]

SMALL = 1 << 20
"""Bytes of a log that needs no file of its own."""
PATIENCE = 5.0
"""Seconds that a reader waits for another process."""
HASTE = 0.1
"""Seconds that a run waits for its readers, before it leaves the index to them."""
EVERY, PAUSE = 1.0, 30.0
"""Seconds between two batches of a run, and until the next one where the index could not be written."""
PAGE = 1000
"""Rows in hand."""
DAMAGE = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""What sqlite says of a file that is no database, or not this one."""
_OURS = "FROM lines WHERE config = ? AND offset < ?"
_LAST = f"SELECT record, max(offset), measures, length, checksum {_OURS}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An episode of the log: its record without the trajectory, what it took, and where its line is."""

    record: EpisodeRecord
    measures: Measures
    offset: int
    """Of the line's first byte in the log."""
    length: int
    """Bytes of the line, its newline left out."""
    checksum: int | None = None
    """CRC-32 of the line and its newline; None is not held against the log."""


class EpisodeIndex:
    """The episodes of one configuration that count: the last line of each (task, sample). A context manager.

    They are those of when it was opened, whatever is appended since. Used by one thread at a time.

    Args:
        log: the `episodes.jsonl`; one that is missing has no episodes.
        config: hash of the configuration.

    Raises:
        RunError: the log cannot be read, or a line of it is no episode; from every method too, where the log was
            rewritten meanwhile.
    """

    def __init__(self, log: Path, config: str) -> None:
        self._log, self._config = log, config
        self._file = _opened(log)
        try:
            self._table = _table(log, self._file)
        except BaseException:
            self._file.close()
            raise
        self._end = self._table.end

    def __len__(self) -> int:
        found: int = self._rows(f"SELECT count(*) FROM (SELECT 1 {_OURS} GROUP BY task, sample)")[0][0]
        return found

    def entries(self) -> Iterator[Entry]:
        """All of them, by task and then by sample."""
        for rows in self._pages(_LAST):
            for row in rows:
                yield self._entry(*row)

    def records(self) -> Iterator[EpisodeRecord]:
        """Of all of them, without trajectories: quicker than `entries`."""
        for rows in self._pages(f"SELECT record, max(offset) {_OURS}"):
            for row in rows:
                yield record_of(row[0])

    def find(self, task: int, sample: int) -> Entry | None:
        """The one episode; None where there is none."""
        rows = self._rows(f"{_LAST} AND task = ? AND sample = ? GROUP BY task", ordered(task), ordered(sample))
        return self._entry(*rows[0]) if rows else None

    def named(self, task_id: str) -> list[Entry]:
        """The episodes of the tasks of this id, by task and then by sample."""
        keys = self._rows(f"SELECT DISTINCT task, sample {_OURS} AND task_id = ? ORDER BY 1, 2", plain(task_id))
        one = f"{_LAST} AND task = ? AND sample = ? GROUP BY task"
        found = [self._entry(*self._rows(one, *key)[0]) for key in keys]
        return [entry for entry in found if entry.record.task_id == task_id]

    def raw(self, entry: Entry) -> bytes:
        """The line as it was written, without its newline."""
        line = os.pread(self._file.fileno(), entry.length + 1, entry.offset)
        if entry.checksum is not None and zlib.crc32(line) != entry.checksum:
            raise _rewritten(self._log)
        return line[: entry.length]

    def read(self, entry: Entry) -> EpisodeRecord:
        """The episode with what was said in it."""
        try:
            return EpisodeRecord.from_row(json.loads(self.raw(entry)))
        except (ValueError, KeyError, TypeError) as error:
            raise _rewritten(self._log) from error

    def _entry(self, record: str, offset: int, measures: str, length: int, checksum: int) -> Entry:
        return Entry(
            record=record_of(record), measures=measures_of(measures), offset=offset, length=length, checksum=checksum
        )

    def _pages(self, select: str) -> Iterator[list[Any]]:
        """The rows of the episodes, by task and then by sample; the first column is the record."""
        key: tuple[int, int] = (-1, -1)
        sql = f"{select} AND (task, sample) > (?, ?) GROUP BY task, sample ORDER BY task, sample LIMIT ?"
        while rows := self._rows(sql, *map(ordered, key), PAGE):
            yield rows
            key = record_of(rows[-1][0]).key

    def _rows(self, sql: str, *values: object) -> list[Any]:
        """Of a query whose first two values are the configuration and the end of this view."""
        given = (plain(self._config), self._end, *values)
        try:
            return self._table.rows(sql, given)
        except sqlite3.Error:  # damaged, or taken away: the log has it all
            self._table.close()
            self._table = _private(self._log, self._file)
            return self._table.rows(sql, given)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._table.close()
        self._file.close()


class IndexedLog(EpisodeLog):
    """A log that keeps its index up to date as it goes. What the index lacks in the end, its next reader adds."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._table: IndexTable | None = None
        self._reader = _opened(path)
        self._waiting: list[Line] = []
        self._due = time.monotonic() + EVERY

    def append(self, record: EpisodeRecord) -> bytes:
        """Write one whole line to the operating system before returning it."""
        line = super().append(record)
        self._waiting.append(line_of(record, os.fstat(self._file.fileno()).st_size - len(line), line))
        if time.monotonic() >= self._due:
            self.flush()
        return line

    def flush(self) -> None:
        """Index what was appended; nothing where the log is small, or the index cannot be written now."""
        self._due = time.monotonic() + EVERY
        if not self._waiting or self._waiting[-1].offset < SMALL:
            return
        try:
            if self._table is None:
                self._table = IndexTable(self._path, self._reader, str(index_path(self._path)), HASTE)
            self._table.extend(self._waiting)
        except (sqlite3.Error, RunError):  # whoever reads it next is told, or mends it
            self._let_go()
            self._due += PAUSE
        self._waiting.clear()

    def _let_go(self) -> None:
        if self._table is not None:
            self._table.close()
            self._table = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()
        self._let_go()
        self._reader.close()
        super().__exit__(kind, error, trace)


def final_records(path: Path, config: str, *, trajectories: bool = False) -> dict[Key, EpisodeRecord]:
    """The record that counts for each key: the last one of this configuration.

    Args:
        path: the `episodes.jsonl`.
        config: hash of the configuration.
        trajectories: keep what was said; left out otherwise, to hold a long run in little memory.

    Raises:
        RunError: a line is no episode.
    """
    with EpisodeIndex(path, config) as index:
        if trajectories:
            return {entry.record.key: index.read(entry) for entry in index.entries()}
        return {record.key: record for record in index.records()}


def index_path(log: Path) -> Path:
    """Where the index of a log is: `episodes.index` beside `episodes.jsonl`."""
    return log.with_suffix(".index")


def _opened(log: Path) -> BinaryIO:
    try:
        return log.open("rb")
    except FileNotFoundError:
        return Path(os.devnull).open("rb")
    except OSError as error:
        raise RunError(f"cannot read {log}: {error.strerror}") from error


def _rewritten(log: Path) -> RunError:
    return RunError(f"{log} was rewritten while it was read; try again")


def _table(log: Path, file: BinaryIO) -> IndexTable:
    """An index that is up to date: the one beside the log, or a private one."""
    if os.fstat(file.fileno()).st_size <= SMALL:
        return _private(log, file)
    try:
        return _shared(log, file, PATIENCE)
    except sqlite3.Error as error:
        return _replaced(log, file) if _is_damage(error) else _private(log, file, index_path(log))


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether the file is at fault, and not what may be done with it here and now."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGE


def _shared(log: Path, file: BinaryIO, patience: float) -> IndexTable:
    return _refreshed(IndexTable(log, file, str(index_path(log)), patience))


def _private(log: Path, file: BinaryIO, begun: Path | None = None) -> IndexTable:
    """An index of this process alone, begun as a copy of another where that can be had."""
    table = IndexTable(log, file, "", PATIENCE)
    if begun is not None:
        try:
            table.copy_from(begun, HASTE)
            return _refreshed(table)
        except sqlite3.Error:
            table.close()
            return _private(log, file)
    return _refreshed(table)


def _refreshed(table: IndexTable) -> IndexTable:
    try:
        table.refresh()
    except BaseException:
        table.close()
        raise
    return table


def _replaced(log: Path, file: BinaryIO) -> IndexTable:
    """Delete an index that is damaged, one process at a time, and make it anew."""
    flock(file, LOCK_EX)  # until the log is closed
    try:
        return _shared(log, file, PATIENCE)  # another process may have replaced it already
    except sqlite3.Error as error:
        if _is_damage(error):
            with suppress(OSError):
                index_path(log).unlink()
    try:
        return _shared(log, file, PATIENCE)
    except sqlite3.Error:
        return _private(log, file)
