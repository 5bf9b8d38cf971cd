"""SQL queries, judged by their results on databases that the agent has not seen.

The answer is one SELECT. It is parsed here (`sqlite_reading`), and what is not one query that reads is not run. It runs
in a sandbox on SQLite in memory, on a connection that can only read, under a limit of instructions; the expected rows
stay here. Rows are compared as a multiset, or in order where the tests ask for it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from assaygym.errors import DataError, VerifierError
from assaygym.sandbox.base import MIB, ExecResult, ExecStatus, Limits, Sandbox
from assaygym.types import Score
from assaygym.verifiers import sqlite_guest
from assaygym.verifiers.sqlite_reading import need_sqlglot, read_query
from assaygym.verifiers.text import decided

__all__ = ["SqlCase", "SqlTests", "SqlVerifier", "extract_query", "sql"]

Rows = tuple[tuple[Any, ...], ...]
Tables = Mapping[str, Sequence[Sequence[Any]]]

DEFAULT_LIMITS = Limits(cpu_seconds=5, wall_seconds=30, memory_bytes=256 * MIB, output_bytes=8 * MIB, processes=4)
MOST_CHARACTERS = 20_000
TOLERANCE = 1e-6
"""Relative, of floats: sums come in any order."""
_BLOCK = re.compile(r"^[ \t]*```[ \t]*([\w+-]*)[^\n]*\n(.*?)(?:^[ \t]*```[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_LABELS = ("sql", "sqlite", "sqlite3")
_STARTS = re.compile(r"\s*(?:select|with|values)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SqlCase:
    """The rows of one database, and what the query must return on it."""

    tables: Tables
    expected: Rows


@dataclass(frozen=True, slots=True)
class SqlTests:
    """Databases of one schema.

    Raises:
        DataError: there is no case.
    """

    schema: str
    """CREATE TABLE statements."""
    cases: tuple[SqlCase, ...]
    columns: int
    ordered: bool = False

    def __post_init__(self) -> None:
        if not self.cases:
            raise DataError("there is no database; a query can be judged by one at least")

    @classmethod
    def of(cls, schema: str, databases: Sequence[Tables], query: str, *, ordered: bool = False) -> SqlTests:
        """The tests that a (trusted) reference query makes of these databases.

        Raises:
            DataError: there is no database, the schema or the rows do not fit, or the query fails.
        """
        try:
            found = [sqlite_guest.run_trusted(schema, tables, query) for tables in databases]
        except Exception as error:
            raise DataError(f"the databases cannot be made: {error}") from error
        for result in found:
            if "error" in result:
                raise DataError(f"the reference query fails: {result['error']}")
        cases = tuple(SqlCase(t, _rows(r["rows"])) for t, r in zip(databases, found, strict=True))
        return cls(schema, cases, found[0]["columns"] if found else 0, ordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlVerifier:
    """See `sql`."""

    limits: Limits = DEFAULT_LIMITS
    sandbox: Sandbox | None = None
    name = "sql"

    def __call__(self, response: str, answer: SqlTests, /) -> Score:
        """The score of the query in the response; UNPARSED where there is none.

        The metric `parsed` is 1 where sqlglot could read the query, 0 where SQLite alone judged it.

        Raises:
            MissingDependencyError: sqlglot is not installed.
            VerifierError: the tests are at fault.
            SandboxError: the sandbox failed.
        """
        query = extract_query(response)
        if query is None:
            return Score.unparsed("no query in the response; expected a ```sql block")
        if len(query) > MOST_CHARACTERS:
            return decided(False, query, f"sql: {len(query)} characters, over the limit of {MOST_CHARACTERS}")
        reading = read_query(query)
        wrong = reading.refused or self._wrong(query, answer)
        score = decided(not wrong, query, f"sql: {wrong or f'right on {len(answer.cases)} databases'}")
        return replace(score, metrics={"parsed": float(reading.parsed)})

    def _wrong(self, query: str, answer: SqlTests) -> str:
        """The first thing that is wrong, in words; "" where all is right."""
        result = self._run(query, answer)
        ready, *lines = result.stdout.splitlines() or [""]
        if ready != "ready":
            raise VerifierError(f"the databases could not be made: {result.stderr.strip()[-300:]}")
        for number, case in enumerate(answer.cases):
            where = f"on database {number + 1} of {len(answer.cases)}"
            if number >= len(lines) or (result.status is not ExecStatus.OK and number == len(lines) - 1):
                return f"{where} it ended with {result.status.value}"
            if wrong := _compared(lines[number], case.expected, answer):
                return f"{where} {wrong}"
        return ""

    def _run(self, query: str, answer: SqlTests) -> ExecResult:
        job = {"schema": answer.schema, "databases": [dict(case.tables) for case in answer.cases], "query": query}
        files = {"job.json": json.dumps(job).encode()}
        return self._sandbox().run(_guest(), files=files, limits=self.limits)

    def _sandbox(self) -> Sandbox:
        if self.sandbox is not None:
            return self.sandbox
        from assaygym.sandbox import shared_sandbox

        return shared_sandbox()


def sql(*, limits: Limits | None = None, sandbox: Sandbox | None = None) -> SqlVerifier:
    """Verifies one SELECT by `SqlTests`.

    Only reading is allowed: one statement, no writes, ATTACH, PRAGMA, recursion, extensions, random functions or schema
    tables. It is at most 20,000 characters long, its brackets are nested 100 deep at most. The
    number of columns must be right, their names do not matter; integers equal floats of the same value, floats may
    differ by a millionth, text is compared exactly.

    Args:
        limits: of the run on all databases; default: 5 s of CPU time, 256 MiB.
        sandbox: where to run; default: the shared one.

    Raises:
        MissingDependencyError: sqlglot is not installed.
    """
    need_sqlglot()
    return SqlVerifier(limits=limits or DEFAULT_LIMITS, sandbox=sandbox)


def extract_query(response: str) -> str | None:
    """The last fenced block labelled SQL, else the last unlabelled one, else the whole text if it starts as a query."""
    text = response.rpartition("</think>")[2]
    blocks = [(match[1].lower(), match[2].strip()) for match in _BLOCK.finditer(text)]
    for wanted in (_LABELS, ("",)):
        if found := [body for label, body in blocks if label in wanted and body]:
            return found[-1]
    return text.strip() if not blocks and _STARTS.match(text) else None


@cache
def _guest() -> str:
    return Path(sqlite_guest.__file__).read_text("utf-8")


def _rows(rows: Sequence[Sequence[Any]]) -> Rows:
    return tuple(tuple(row) for row in rows)


def _compared(line: str, expected: Rows, answer: SqlTests) -> str:
    result = json.loads(line)
    if "error" in result:
        return f"it failed: {result['error']}"
    if result["columns"] != answer.columns:
        return f"it returned {result['columns']} columns, expected {answer.columns}"
    rows = _rows(result["rows"])
    if len(rows) != len(expected):
        return f"it returned {len(rows)} rows, and another number is right"
    if not answer.ordered:
        rows, expected = (tuple(sorted(some, key=_key)) for some in (rows, expected))
    same = all(_equal(v, w) for row, other in zip(rows, expected, strict=True) for v, w in zip(row, other, strict=True))
    return "" if same else "it returned the wrong rows" + (", or in the wrong order" if answer.ordered else "")


def _key(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Rows sort by what is compared exactly first: floats, which may differ a little, come last."""
    exact = [(type(v).__name__, str(v)) for v in map(_whole, row) if not isinstance(v, float)]
    return (exact, [v for v in map(_whole, row) if isinstance(v, float)])


def _whole(value: Any) -> Any:
    """An integral float as the integer it is."""
    return int(value) if isinstance(value, float) and abs(value) < 1e15 and value == int(value) else value


def _equal(value: Any, expected: Any) -> bool:
    if isinstance(value, (int, float)) and isinstance(expected, (int, float)):
        return value == expected or (
            float in (type(value), type(expected)) and math.isclose(value, expected, rel_tol=TOLERANCE, abs_tol=1e-9)
        )
    return bool(type(value) is type(expected) and value == expected)
