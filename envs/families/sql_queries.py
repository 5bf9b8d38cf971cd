"""Questions on a world and their queries, by stages from one table to nested queries.

A shape draws a `Question`: words, the query, and near misses, i.e. queries of a reader who overlooked something. A
database tells them apart or is drawn anew.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from assaygym.envs.families.sql_conditions import Condition, draw_conditions
from assaygym.envs.families.sql_worlds import Column, Table, World

__all__ = ["STAGES", "Draw", "Question", "Shape", "draw_question"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, the query that answers it, and queries that answer something else."""

    words: str
    query: str
    near: tuple[str, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Draw:
    """What shapes draw from."""

    rng: random.Random
    world: World
    conditions: int
    nulls: bool

    def where(self, table: Table, prefix: str = "") -> Condition:
        """A condition on a table."""
        return draw_conditions(self.rng, table, prefix, self.conditions, self.nulls)

    def one(self, table: Table, prefix: str = "") -> Condition:
        """A simple condition on a table."""
        return draw_conditions(self.rng, table, prefix, 1, False)

    def table(self) -> Table:
        """Any table."""
        return self.rng.choice(self.world.tables)

    def thing(self) -> Table:
        """One of the two tables of things."""
        return self.rng.choice(self.world.things)

    def number(self, table: Table) -> Column:
        """A column of integers without NULLs, where there is one."""
        return self.rng.choice(table.of("int", nullable=False) or table.of("int"))

    def category(self, table: Table) -> Column:
        """A column of few different values."""
        return self.rng.choice(table.of("category"))


def _name(thing: Table) -> Column:
    return thing.of("name")[0]


def _listing(d: Draw) -> Question:
    """Columns of the rows that a condition picks."""
    table = d.table()
    columns = [table.columns[0], *d.rng.sample([c for c in table.columns[1:] if c.kind != "ref"], d.rng.randint(1, 2))]
    where = d.where(table)
    chosen = ", ".join(c.name for c in columns)
    query = f"SELECT {chosen} FROM {table.name} WHERE {where.sql}"
    words = f"List the {_said(columns)} of every {table.one} whose {where.words}."
    return Question(words, query, (f"SELECT {chosen} FROM {table.name}",))


def _sorted(d: Draw) -> Question:
    """As a listing, in an order without ties, maybe cut."""
    table = d.table()
    key = d.number(table)
    where = d.where(table)
    down = d.rng.random() < 0.5
    limit = d.rng.choice((0, 3, 4, 5))
    cut = f" LIMIT {limit}" if limit else ""
    body = f"SELECT id, {key.name} FROM {table.name} WHERE {where.sql} ORDER BY {key.name}"
    words = (
        f"List the id and {key.words} of {'the first ' + str(limit) if limit else 'all'} {table.name} whose "
        f"{where.words}, sorted by {key.words} from the {'largest' if down else 'smallest'}; where that is equal, "
        "by id from the smallest."
    )
    query = f"{body}{' DESC' if down else ''}, id{cut}"
    near = (f"{body}{'' if down else ' DESC'}, id{cut}", query.replace(f" WHERE {where.sql}", ""))
    return Question(words, query, near, ordered=True)


def _total(d: Draw) -> Question:
    """One number about the rows that a condition picks."""
    table = d.table()
    where = d.where(table)
    words, expression, other = _aggregate(d, table)
    tail = f" FROM {table.name} WHERE {where.sql}"
    question = f"Give one row with {words} of the {table.name} whose {where.words}."
    return Question(
        question, f"SELECT {expression}{tail}", (f"SELECT {expression} FROM {table.name}", f"SELECT {other}{tail}")
    )


def _aggregate(d: Draw, table: Table, prefix: str = "") -> tuple[str, str, str]:
    """Words, the expression and a different one."""
    c = d.number(table)
    name = f"{prefix}{c.name}"
    return d.rng.choice(
        (
            ("the number", "COUNT(*)", f"SUM({name})"),
            (f"the sum of the {c.words}", f"SUM({name})", f"MAX({name})"),
            (f"the average {c.words}", f"AVG({name})", f"MIN({name})"),
            (f"the largest {c.words}", f"MAX({name})", f"MIN({name})"),
        )
    )


def _different(d: Draw) -> Question:
    """Values without repetition."""
    table = d.world.events
    thing = d.thing()
    where = d.where(table)
    key = d.world.key(thing)
    query = f"SELECT DISTINCT {key} FROM {table.name} WHERE {where.sql}"
    words = f"List, each only once, the {thing.one} ids of the {table.name} whose {where.words}."
    return Question(words, query, (query.replace("DISTINCT ", ""), f"SELECT DISTINCT {key} FROM {table.name}"))


def _unknown_as(d: Draw) -> Question:
    """NULL replaced."""
    table = d.table()
    column = d.rng.choice(table.of("int", nullable=True))
    where, k = d.one(table), d.rng.choice((0, -1, 100))
    tail = f" FROM {table.name} WHERE {where.sql}"
    words = (
        f"List the id and {column.words} of every {table.one} whose {where.words}; show {k} where the {column.words} "
        "is not recorded (NULL)."
    )
    return Question(words, f"SELECT id, COALESCE({column.name}, {k}){tail}", (f"SELECT id, {column.name}{tail}",))


def _null_counts(d: Draw) -> Question:
    """How many have a value."""
    table = d.table()
    group, column = d.category(table), d.rng.choice(table.of("int", nullable=True))
    words = (
        f"For each {group.words} of the {table.name}, give the {group.words}, the number of {table.name}, and the "
        f"number of those whose {column.words} is recorded (not NULL)."
    )
    query = f"SELECT {group.name}, COUNT(*), COUNT({column.name}) FROM {table.name} GROUP BY {group.name}"
    return Question(words, query, (query.replace(f"COUNT({column.name})", "COUNT(*)"),))


def _groups(d: Draw) -> Question:
    """One row for each value of a column."""
    table = d.table()
    group, where = d.category(table), d.where(table)
    said, expression, other = _aggregate(d, table)
    base = f"SELECT {group.name}, {expression} FROM {table.name}"
    query = f"{base} WHERE {where.sql} GROUP BY {group.name}"
    words = (
        f"Consider only the {table.name} whose {where.words}. For each {group.words} among them, give the "
        f"{group.words} and {said} of its {table.name}."
    )
    return Question(words, query, (f"{base} GROUP BY {group.name}", query.replace(expression, other)))


def _join(d: Draw) -> Question:
    """Events with the name of a thing, by a condition on the thing."""
    thing, events = d.thing(), d.world.events
    column, where = d.number(events), d.where(thing, "t.")
    base = f"SELECT e.id, t.{_name(thing).name}, e.{column.name} FROM {events.name} e {_on(d, thing)}"
    words = (
        f"For every {events.one} of a {thing.one} whose {where.words}, give the id of the {events.one}, the "
        f"{_name(thing).words} of the {thing.one} and the {column.words} of the {events.one}."
    )
    return Question(words, f"{base} WHERE {where.sql}", (base,))


def _on(d: Draw, thing: Table, alias: str = "t", kind: str = "JOIN") -> str:
    return f"{kind} {thing.name} {alias} ON e.{d.world.key(thing)} = {alias}.id"


def _having(d: Draw) -> Question:
    """Things with many events."""
    thing, events = d.thing(), d.world.events
    k, where = d.rng.randint(2, 3), d.one(events, "e.")
    name = _name(thing)
    base = f"SELECT t.id, t.{name.name}, COUNT(*) FROM {events.name} e {_on(d, thing)}"
    tail = f" GROUP BY t.id, t.{name.name}"
    words = (
        f"Count only the {events.name} whose {where.words}. For each {thing.one} with at least {k} of them, give the "
        f"id, the {name.words} and their number."
    )
    query = f"{base} WHERE {where.sql}{tail} HAVING COUNT(*) >= {k}"
    return Question(words, query, (f"{base} WHERE {where.sql}{tail}", f"{base}{tail} HAVING COUNT(*) >= {k}"))


def _zeros(d: Draw) -> Question:
    """Counts with the zeros."""
    thing, events = d.thing(), d.world.events
    where, column = d.one(events, "e."), d.number(events)
    total = d.rng.random() < 0.5
    shown = f"COALESCE(SUM(e.{column.name}), 0)" if total else "COUNT(e.id)"
    on = f"ON e.{d.world.key(thing)} = t.id"
    query = f"SELECT t.id, {shown} FROM {thing.name} t LEFT JOIN {events.name} e {on} AND {where.sql} GROUP BY t.id"
    said = f"the sum of the {column.words}" if total else "the number"
    words = (
        f"For each {thing.one}, give the id and {said} of its {events.name} whose {where.words}; {thing.name} without "
        "any must appear with 0."
    )
    return Question(words, query, (query.replace("LEFT JOIN", "JOIN"), query.replace(f" AND {where.sql}", "")))


def _without(d: Draw) -> Question:
    """Things with no such event."""
    thing, events = d.thing(), d.world.events
    where, name = d.one(events, "e."), _name(thing)
    inner = f"SELECT 1 FROM {events.name} e WHERE e.{d.world.key(thing)} = t.id"
    base = f"SELECT t.id, t.{name.name} FROM {thing.name} t WHERE"
    words = (
        f"List the id and {name.words} of the {thing.name} that have no {events.one} whose {where.words} (those "
        f"without any {events.one} included)."
    )
    return Question(
        words,
        f"{base} NOT EXISTS ({inner} AND {where.sql})",
        (f"{base} NOT EXISTS ({inner})", f"{base} EXISTS ({inner} AND NOT {where.sql})"),
    )


def _above_average(d: Draw) -> Question:
    """Rows above the average of all rows."""
    table = d.table()
    column, where = d.number(table), d.one(table)
    inner = f"SELECT AVG({column.name}) FROM {table.name}"
    base = f"SELECT id, {column.name} FROM {table.name} WHERE {where.sql}"
    words = (
        f"List the id and {column.words} of the {table.name} whose {where.words} and whose {column.words} is greater "
        f"than the average {column.words} of all {table.name}."
    )
    near = (base, f"{base} AND {column.name} > ({inner} WHERE {where.sql})")
    return Question(words, f"{base} AND {column.name} > ({inner})", near)


def _best_of_group(d: Draw) -> Question:
    """The largest of each group, ties included."""
    table = d.table()
    group, column = d.category(table), d.number(table)
    inner = f"SELECT MAX(o.{column.name}) FROM {table.name} o"
    base = f"SELECT t.{group.name}, t.id, t.{column.name} FROM {table.name} t WHERE t.{column.name} = "
    words = (
        f"For each {group.words}, find the {table.name} with the largest {column.words} among those of the same "
        f"{group.words} (all of them where several are equal). Give the {group.words}, the id and the {column.words}."
    )
    overall = f"SELECT {group.name}, MIN(id), MAX({column.name}) FROM {table.name} GROUP BY {group.name}"
    query = f"{base}({inner} WHERE o.{group.name} = t.{group.name})"
    return Question(words, query, (f"{base}({inner})", overall))


def _ranking(d: Draw) -> Question:
    """Two joins, groups, having, order and limit."""
    first, second = d.rng.sample(d.world.things, 2)
    events = d.world.events
    group, where, column = d.category(first), d.one(second, "u."), d.number(events)
    k, limit = d.rng.randint(2, 3), d.rng.randint(2, 3)
    froms = f"FROM {events.name} e {_on(d, first)} {_on(d, second, 'u')}"
    head = f"SELECT t.{group.name}, SUM(e.{column.name}) {froms}"
    tail = f" GROUP BY t.{group.name} HAVING COUNT(*) >= {k} ORDER BY 2 DESC, 1 LIMIT {limit}"
    words = (
        f"Consider the {events.name} that belong to a {second.one} whose {where.words}. Group them by the "
        f"{group.words} of their {first.one}. Of the groups with at least {k} {events.name}, give the {limit} with the "
        f"largest sum of the {column.words}: the {group.words} and that sum, from the largest sum down; where sums are "
        f"equal, by {group.words} in alphabetical order."
    )
    query = f"{head} WHERE {where.sql}{tail}"
    near = (f"{head}{tail}", query.replace("DESC", "ASC"))
    return Question(words, query, near, ordered=True)


def _share(d: Draw) -> Question:
    """Conditional sums."""
    thing, events = d.thing(), d.world.events
    group, where, column = d.category(thing), d.one(events, "e."), d.number(events)
    part = f"SUM(CASE WHEN {where.sql} THEN e.{column.name} ELSE 0 END)"
    tail = f" FROM {events.name} e {_on(d, thing)} GROUP BY t.{group.name}"
    words = (
        f"For each {group.words} of the {thing.name} that have {events.name}, give the {group.words} and the share (a "
        f"number from 0 to 1) that the {events.name} whose {where.words} have in the sum of the {column.words} of all "
        f"its {events.name}."
    )
    query = f"SELECT t.{group.name}, 1.0 * {part} / SUM(e.{column.name}){tail}"
    return Question(words, query, (query.replace("1.0 * ", ""), f"SELECT t.{group.name}, 1.0 * {part}{tail}"))


def _more_than_peers(d: Draw) -> Question:
    """Things with more events than the average thing that has any."""
    thing, events = d.thing(), d.world.events
    name, key = _name(thing), d.world.key(thing)
    counts = f"SELECT COUNT(*) AS n FROM {events.name} GROUP BY {key}"
    base = f"SELECT t.id, t.{name.name} FROM {thing.name} t JOIN {events.name} e ON e.{key} = t.id GROUP BY t.id"
    where = d.one(thing, "t.")
    words = (
        f"List the id and {name.words} of the {thing.name} whose {where.words} and that have more {events.name} than "
        f"the average number of {events.name} of a {thing.one}, where {thing.name} without any do not count for the "
        "average."
    )
    query = (
        base.replace(" GROUP BY", f" WHERE {where.sql} GROUP BY")
        + f" HAVING COUNT(*) > (SELECT AVG(n) FROM ({counts}))"
    )
    return Question(words, query, (query.partition(" HAVING")[0], query.replace(f" WHERE {where.sql}", "")))


def _said(columns: list[Column]) -> str:
    *first, last = [c.words for c in columns]
    return f"{', '.join(first)} and {last}" if first else last


Shape = Callable[[Draw], Question]
STAGES: tuple[tuple[Shape, ...], ...] = (
    (_listing, _sorted, _total),
    (_sorted, _different, _unknown_as, _groups, _null_counts),
    (_join, _groups, _having),
    (_zeros, _without, _above_average, _having),
    (_best_of_group, _ranking, _share, _more_than_peers),
)
"""The shapes of each stage, from easy to hard."""


def draw_question(rng: random.Random, world: World, stage: int, conditions: int) -> Question:
    """A question of a stage (1 to 5) with so many conditions; NULLs come in from the second stage on."""
    return rng.choice(STAGES[stage - 1])(Draw(rng, world, conditions, stage > 1))
