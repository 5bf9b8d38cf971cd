"""One SELECT on one or more SQLite databases, for `assaygym.verifiers.sqlite`.

Runs inside a sandbox as a program of its own (`main`), where it holds the rows and the query and no expected result; on
our side only `run_trusted` is called, with queries of ours.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["confine", "connect", "main", "run_trusted", "select"]

MOST_ROWS = 5_000
MOST_TICKS = 20_000
"""A query is stopped after so many times 1,000 instructions of SQLite's machine: the same on every computer."""
MOST_BYTES = 200_000
"""Of a text, a blob or a row."""
FORBIDDEN = frozenset(
    {"load_extension", "random", "randomblob", "zeroblob", "readfile", "writefile", "edit", "fts3_tokenizer"}
)
RULED_OUT = ("sqlite_", "pragma_")
"""Tables whose names start like that are not of the schema."""


def connect(schema: str, tables: Mapping[str, Sequence[Sequence[Any]]]) -> sqlite3.Connection:
    """A database in memory with this schema and these rows."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.executescript(schema)
    for name, rows in tables.items():
        if rows:
            database.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(rows[0]))})', rows)
    return database


def confine(database: sqlite3.Connection) -> None:
    """From now on it takes queries that read, and stops those that go on for long."""
    database.text_factory = lambda data: data.decode("utf-8", "replace")
    database.execute("PRAGMA query_only = 1")
    if hasattr(database, "setlimit"):
        for limit, most in (
            (sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES),
            (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
            (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200),
            (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 50),
            (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200),
        ):
            database.setlimit(limit, most)
    ticks = iter(range(MOST_TICKS))
    database.set_progress_handler(lambda: int(next(ticks, None) is None), 1_000)
    database.set_authorizer(_allowed)


def _allowed(action: int, one: str | None, other: str | None, _database: str | None, _inside: str | None) -> int:
    if action == sqlite3.SQLITE_SELECT:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ:
        return sqlite3.SQLITE_DENY if (one or "").lower().startswith(RULED_OUT) else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_DENY if (other or "").lower() in FORBIDDEN else sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY  # recursion, ATTACH, PRAGMA and whatever writes


def select(database: sqlite3.Connection, query: str) -> dict[str, Any]:
    """`{"columns": n, "rows": [...]}` of one query, or `{"error": sentence}`: whatever it does is its own doing."""
    try:
        cursor = database.execute(query)
        if cursor.description is None:
            return {"error": "it is no query that returns rows"}
        rows = cursor.fetchmany(MOST_ROWS + 1)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}
    if len(rows) > MOST_ROWS:
        return {"error": f"more than {MOST_ROWS} rows"}
    return {"columns": len(cursor.description), "rows": [[_plain(value) for value in row] for row in rows]}


def _plain(value: Any) -> Any:
    """What JSON can hold: a blob becomes an object, a float that is no number its name in one."""
    if isinstance(value, bytes):
        return {"blob": value.hex()}
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return {"float": repr(value)}
    return value


def run_trusted(schema: str, tables: Mapping[str, Sequence[Sequence[Any]]], query: str) -> dict[str, Any]:
    """`select` on a fresh database; for queries of ours, in our own process."""
    database = connect(schema, tables)
    try:
        confine(database)
        return select(database, query)
    finally:
        database.close()


def main() -> None:
    """Read `job.json`, print "ready" when the databases stand, then one line of JSON for each."""
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    databases = [connect(job["schema"], tables) for tables in job["databases"]]
    print("ready", flush=True)
    for database in databases:
        confine(database)
        print(json.dumps(select(database, job["query"])), flush=True)


if __name__ == "__main__":
    main()
