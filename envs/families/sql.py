"""`assay/Sql-v0`: answer a question about a database with one SELECT, judged on databases with other rows.

The prompt shows the schema and some rows; the hidden databases tell the right query from those of a reader who
overlooked a condition, an order or the rows without a partner.
"""

from __future__ import annotations

import random
import sqlite3
from typing import Any

from assaygym.envs.families.sql_queries import Question, draw_question
from assaygym.envs.families.sql_worlds import WORLDS, World, draw_rows
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError
from assaygym.types import Task
from assaygym.verifiers.sqlite import SqlTests, sql
from assaygym.verifiers.sqlite_guest import confine, connect, select

__all__ = ["sql_task"]

DATABASES = 3
SHOWN = 3
"""Rows of each table in the prompt."""
TEMPLATES = (
    "A SQLite database has this schema:\n\n{schema}\n\nSome of its rows (there are more):\n\n{rows}\n\n"
    "{question}\n{rules}",
    "Write one SQLite query.\n\nSchema:\n{schema}\n\nThe first rows of each table, as an example:\n{rows}\n\n"
    "Task: {question}\n{rules}",
    "You are given tables in SQLite.\n\n{schema}\n\nExample rows:\n\n{rows}\n\n"
    "Answer this with SQL: {question}\n{rules}",
    "Question: {question}\n\nThe tables (SQLite):\n\n{schema}\n\nA few of their rows:\n\n{rows}\n\n{rules}",
)
RULES = (
    "Dates are text (YYYY-MM-DD). Give the columns in the order in which the question names them, and no others; their "
    "names do not matter. {order} The query is tested on databases with other rows. Answer with a single SELECT "
    "statement in a ```sql block."
)
ORDERS = ("The order of the rows does not matter, how often each occurs does.", "The order of the rows matters.")


@task(
    "assay/Sql-v0",
    difficulty={"stage": (1, 2, 3, 4, 5), "conditions": (1, 1, 2, 2, 2), "rows": (12, 14, 18, 22, 26)},
    verifier=sql(),
    kind="code",
    summary="Answer a question about a database with one SELECT; hidden databases judge it.",
    requires=("sandbox", "sqlglot"),
)
def sql_task(
    rng: random.Random, *, stage: int = 1, conditions: int = 1, rows: int = 12
) -> tuple[str, SqlTests, dict[str, Any]]:
    """A question of a stage, from one table to nested queries, on databases of about `rows` events."""
    if not 1 <= stage <= 5 or not 1 <= conditions <= 3 or not 8 <= rows <= 100:
        raise ConfigError(
            f"Sql: stage {stage}, conditions {conditions}, rows {rows}; expected 1 to 5, 1 to 3, 8 to 100"
        )
    world = rng.choice(WORLDS)
    while True:
        question = draw_question(rng, world, stage, conditions)
        databases = [draw_rows(rng, world, max(6, rows // 3), rows) for _ in range(DATABASES)]
        if _tells_apart(world, databases, question):
            break
    tests = SqlTests.of(world.schema, databases, question.query, ordered=question.ordered)
    prompt = _prompt(rng, world, draw_rows(rng, world, max(6, rows // 3), rows), question)
    return prompt, tests, {"query": question.query, "near": question.near, "identity": question.query}


@sql_task.solve
def reference(posed: Task[SqlTests]) -> str:
    """The reference query."""
    return f"This query answers it:\n\n```sql\n{posed.metadata['query']};\n```"


def _tells_apart(world: World, databases: list[Any], question: Question) -> bool:
    """Whether the results have rows, differ between databases, and every near miss shows in one of them."""
    opened = [connect(world.schema, rows) for rows in databases]
    try:
        for database in opened:
            confine(database)
        results = _results(opened, question.query)
        if not all(results) or results[0] == results[1] or any(row == [None] for row in results):
            return False
        return all(_differ(_results(opened, near), results, question.ordered) for near in question.near)
    finally:
        for database in opened:
            database.close()


def _results(databases: list[sqlite3.Connection], query: str) -> list[Any]:
    return [select(database, query)["rows"] for database in databases]


def _differ(found: list[Any], right: list[Any], ordered: bool) -> bool:
    if ordered:
        return found != right
    return any(sorted(map(repr, a)) != sorted(map(repr, b)) for a, b in zip(found, right, strict=True))


def _prompt(rng: random.Random, world: World, rows: dict[str, list[list[Any]]], question: Question) -> str:
    shown = "\n".join(
        f"{table.name}({', '.join(c.name for c in table.columns)})\n"
        + "\n".join("  " + " | ".join("NULL" if v is None else str(v) for v in row) for row in rows[table.name][:SHOWN])
        for table in world.tables
    )
    rules = RULES.format(order=ORDERS[question.ordered])
    return rng.choice(TEMPLATES).format(schema=world.schema, rows=shown, question=question.words, rules=rules)
