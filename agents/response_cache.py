"""Answers of servers on disk: what was asked and paid for once is not asked again.

One SQLite file in write-ahead mode, which many threads and processes may use at once. A key stands for everything that
determines an answer; the first answer that is put there stays. Failures are never put there.

A file that is no response cache is refused when it is opened. A fault later (a full disk, a damaged page, another
process that holds the file for too long) costs no run: it is told once as a
warning, and the cache answers nothing more.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import warnings
import zlib
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from assaygym.errors import DataError

__all__ = ["ResponseCache", "answer_key"]

MARK = 0x61737361
"""`application_id` of the file: the letters assa."""
FORMAT = 1
PATIENCE = 30.0
"""Seconds that another process may hold the file."""
TABLE = "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, answer BLOB NOT NULL)"

T = TypeVar("T")


def answer_key(*parts: Any) -> bytes:
    """16 bytes that stand for these JSON values; the order of keys in an object does not count."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).digest()


class ResponseCache:
    """JSON objects by key, in a file. Thread-safe; close it, or use it in a `with` statement.

    Args:
        path: of the file; it and its folder are made if they are not there.

    Raises:
        DataError: the file cannot be opened, is damaged, or belongs to something else.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._broken = False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        except (sqlite3.Error, OSError) as error:
            raise DataError(f"cannot open the response cache {path}: {error}") from error
        try:
            self._prepare_in_turn()
        except (sqlite3.Error, DataError) as error:
            self._file.close()
            raise DataError(
                f"{path} is no response cache that can be used ({error}): move it away, or name another file"
            ) from error

    def get(self, key: bytes) -> dict[str, Any] | None:
        """The answer at this key, or None."""
        with self._lock:
            row = self._guarded(
                lambda: self._file.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
            )
        return None if row is None else self._unpacked(key, row[0])

    def put(self, key: bytes, answer: dict[str, Any]) -> None:
        """Keep the answer, unless there is one at this key."""
        packed = zlib.compress(json.dumps(answer).encode(), 1)
        with self._lock:
            self._guarded(lambda: self._file.execute("INSERT OR IGNORE INTO answers VALUES (?, ?)", (key, packed)))

    def drop(self, key: bytes) -> None:
        """Forget the answer at this key."""
        with self._lock:
            self._guarded(lambda: self._file.execute("DELETE FROM answers WHERE key = ?", (key,)))

    def __len__(self) -> int:
        with self._lock:
            row = self._guarded(lambda: self._file.execute("SELECT count(*) FROM answers").fetchone())
        return 0 if row is None else int(row[0])

    def __enter__(self) -> ResponseCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._broken = True
            self._file.close()

    def _prepare_in_turn(self) -> None:
        """Prepare, again while another process does: SQLite does not wait its turn when the kind of journal changes."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self._prepare()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            time.sleep(0.01)

    def _prepare(self) -> None:
        run = self._file.execute
        mark, tables = run("PRAGMA application_id").fetchone()[0], run("SELECT count(*) FROM sqlite_master").fetchone()
        version = run("PRAGMA user_version").fetchone()[0]
        if tables[0] and (mark, version) != (MARK, FORMAT):
            raise DataError(f"it belongs to another program or version: marks {mark:#x}, {version}")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        if not tables[0]:
            run(f"PRAGMA application_id = {MARK}")
            run(f"PRAGMA user_version = {FORMAT}")
            run(TABLE)
        run("SELECT answer FROM answers LIMIT 1").fetchone()

    def _guarded(self, act: Callable[[], T]) -> T | None:
        """What `act` gives; None once the file has failed. The lock is held."""
        if self._broken:
            return None
        try:
            return act()
        except sqlite3.Error as error:
            self._broken = True
            warnings.warn(
                f"the response cache {self.path} failed ({error}); the run goes on without it",
                RuntimeWarning,
                stacklevel=4,
            )
        return None

    def _unpacked(self, key: bytes, packed: bytes) -> dict[str, Any] | None:
        """The answer; a damaged one is forgotten."""
        try:
            answer = json.loads(zlib.decompress(packed))
        except (zlib.error, ValueError, TypeError):
            answer = None
        if isinstance(answer, dict):
            return answer
        self.drop(key)
        return None
