"""Conditions on a row, in words and in SQL."""

from __future__ import annotations

import random
from dataclasses import dataclass

from assaygym.envs.families.sql_worlds import Column, Table

__all__ = ["Condition", "draw_condition", "draw_conditions"]

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """`words` follows "whose"; `sql` is over the columns with a prefix such as `t.`."""

    words: str
    sql: str
    column: str


def draw_conditions(rng: random.Random, table: Table, prefix: str, number: int, nulls: bool) -> Condition:
    """`number` conditions on different columns, joined by and (mostly) or or."""
    parts: list[Condition] = []
    while len(parts) < number:
        part = draw_condition(rng, table, prefix, nulls)
        if part.column not in [other.column for other in parts]:
            parts.append(part)
    word = rng.choice(("and", "and", "or"))
    sql = f" {word.upper()} ".join(part.sql for part in parts)
    words = f" {word} ".join(part.words for part in parts)
    return Condition(words, f"({sql})" if len(parts) > 1 else sql, parts[0].column)


def draw_condition(rng: random.Random, table: Table, prefix: str, nulls: bool) -> Condition:
    """One condition; on nullable columns only where `nulls` says so."""
    columns = [c for c in table.columns[1:] if c.kind != "ref" and (nulls or not c.nullable)]
    column = rng.choice(columns)
    words, sql = _drawn(rng, column, f"{prefix}{column.name}")
    return Condition(f"{column.words} {words}", sql, column.name)


def _drawn(rng: random.Random, column: Column, name: str) -> tuple[str, str]:
    if column.nullable and rng.random() < 0.7:
        return rng.choice((("is not recorded (NULL)", f"{name} IS NULL"), ("is recorded", f"{name} IS NOT NULL")))
    return {"category": _category, "name": _name, "date": _date, "int": _number}[column.kind](rng, column, name)


def _category(rng: random.Random, column: Column, name: str) -> tuple[str, str]:
    one, two = rng.sample(column.values, 2)
    return rng.choice(
        (
            (f"is '{one}'", f"{name} = '{one}'"),
            (f"is not '{one}'", f"{name} <> '{one}'"),
            (f"is '{one}' or '{two}'", f"{name} IN ('{one}', '{two}')"),
        )
    )


def _name(rng: random.Random, column: Column, name: str) -> tuple[str, str]:
    letter = rng.choice(column.values)[0]
    if rng.random() < 0.5:
        return f"starts with '{letter}'", f"{name} LIKE '{letter}%'"
    return f"has more than {(k := rng.randint(4, 5))} letters", f"LENGTH({name}) > {k}"


def _date(rng: random.Random, column: Column, name: str) -> tuple[str, str]:
    month, day = rng.randint(2, 11), rng.randint(2, 27)
    date = f"2024-{month:02d}-{day:02d}"
    return rng.choice(
        (
            (f"is before {date}", f"{name} < '{date}'"),
            (f"is {date} or later", f"{name} >= '{date}'"),
            (
                f"lies in {MONTHS[month - 2]} or {MONTHS[month - 1]} 2024",
                f"substr({name}, 1, 7) IN ('2024-{month - 1:02d}', '2024-{month:02d}')",
            ),
        )
    )


def _number(rng: random.Random, column: Column, name: str) -> tuple[str, str]:
    low, high = column.values
    step = max(1, (high - low) // 4)
    k = rng.randint(low + step, high - step)
    top = min(high, k + step)
    return rng.choice(
        (
            (f"is greater than {k}", f"{name} > {k}"),
            (f"is at least {k}", f"{name} >= {k}"),
            (f"is less than {k}", f"{name} < {k}"),
            (f"is between {k} and {top} (both included)", f"{name} BETWEEN {k} AND {top}"),
        )
    )
