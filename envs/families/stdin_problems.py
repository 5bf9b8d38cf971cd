"""The problems of `assay/StdinStdout-v0`: statements, a fast and a slow solution of each, read from two tables.

A problem reads one of a few shapes of input. `{p}` is its parameter, `{q}` and `{l}` those of a twist. Both solutions
set `out` from the names that the shape's reader gives; they are written in different ways, and a task is posed only
where they agree.
"""

from __future__ import annotations

from dataclasses import dataclass

from assaygym.envs.families.stdin_easy import TABLE as EASY
from assaygym.envs.families.stdin_hard import TABLE as HARD

__all__ = ["PROBLEMS", "SHAPES", "Problem", "Shape", "Twist"]


@dataclass(frozen=True, slots=True)
class Twist:
    """A change of the input that a statement may ask for first."""

    says: str
    code: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shape:
    """A form of input: what it is in words, code that reads `text`, the twists that fit it."""

    says: str
    read: str
    twists: tuple[Twist, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: its shape and level, the range of its parameter, what it asks, two solutions."""

    shape: str
    level: int
    span: tuple[int, int]
    asks: str
    fast: str
    slow: str


_TWISTS = """
numbers
    First replace every number of the list by its remainder modulo {q} (0 to {q} - 1). | a = [v % {q} for v in a] | 5..30
    First replace every number of the list by its absolute value. | a = [abs(v) for v in a]
    First add to every number of the list its position, counted from 1. | a = [v + i for i, v in enumerate(a, 1)]
    First multiply every second number of the list, beginning with the second, by -{q}. | a = [-{q} * v if i % 2 else v for i, v in enumerate(a)] | 1..4
    First replace every number v of the list by v XOR {q} if it is not negative. | a = [v ^ {q} if v >= 0 else v for v in a] | 1..31
    First reverse the list. | a = a[::-1]
texts
    First replace every letter {l} by z. | s = s.replace('{l}', 'z')
    First append to the string its own reversal. | s = s + s[::-1]
    First swap the two halves of the string (the middle letter of an odd one stays). | h = len(s) // 2; s = s[len(s) - h:] + s[h:len(s) - h] + s[:h]
    First write every letter {l} twice. | s = s.replace('{l}', '{l}{l}')
grids
    First turn the grid upside down. | g = g[::-1]
    First make every cell of the first column free. | g = ['.' + row[1:] for row in g]
    First swap free and blocked in row {q} (rows are counted from 1), if there is such a row. | g = [row.translate(str.maketrans('.#', '#.')) if i == {q} else row for i, row in enumerate(g, 1)] | 1..4
graphs
    Ignore the roads u v for which u + v is divisible by {q}. | e = [r for r in e if (r[0] + r[1]) % {q}] | 3..9
    There is also a road between town 1 and town n (of length {q}, where roads have lengths), whatever the input says. | e = e + [(1, n, {q})[:len(e[0]) if e else 3]] | 2..9
    Ignore every {q}th road of the input (the {q}th, the one {q} lines later, and so on). | e = [r for i, r in enumerate(e, 1) if i % {q}] | 4..7
spans
    First make every interval longer by {q} on the right. | v = [(l, r + {q}) for l, r in v] | 1..5
    First move every second interval, beginning with the second, by {q} to the left. | v = [(l - {q} * (i % 2), r - {q} * (i % 2)) for i, (l, r) in enumerate(v)] | 1..9
    First mirror every interval: l r becomes -r -l. | v = [(-r, -l) for l, r in v]
"""  # noqa: E501
"""By the kind of input; `{q}` is drawn from the range, `{l}` is a letter."""


def _read_twists(table: str) -> dict[str, tuple[Twist, ...]]:
    found: dict[str, tuple[Twist, ...]] = {}
    kind = ""
    for line in table.strip().splitlines():
        if not line.startswith(" "):
            kind = line
            continue
        says, code, *span = line.strip().split(" | ")
        low, _, high = span[0].partition("..") if span else ("0", "", "0")
        found[kind] = (*found.get(kind, ()), Twist(says, code, (int(low), int(high))))
    return found


_TWISTED = _read_twists(_TWISTS)

SHAPES = {
    "list": Shape(
        "The first line holds n (at least 1), the second n integers, the list.",
        "d = text.split(); a = list(map(int, d[1:int(d[0]) + 1]))",
        _TWISTED["numbers"],
    ),
    "list k": Shape(
        "The first line holds n and k (1 <= k <= n), the second n integers, the list.",
        "d = text.split(); k = int(d[1]); a = list(map(int, d[2:int(d[0]) + 2]))",
        _TWISTED["numbers"],
    ),
    "queries": Shape(
        "The first line holds n and q, the second n integers, the list. Then follow q lines with two integers l r "
        "(1 <= l <= r <= n), each a query.",
        "d = list(map(int, text.split())); a = d[2:d[0] + 2]; z = d[d[0] + 2:]; q = list(zip(z[::2], z[1::2]))",
        _TWISTED["numbers"],
    ),
    "string": Shape("One line holds a string of lower-case letters.", "s = text.strip()", _TWISTED["texts"]),
    "grid": Shape(
        "The first line holds r and c, then follow r lines of c characters each: `.` a free cell, `#` a blocked one.",
        "g = text.split()[2:]",
        _TWISTED["grids"],
    ),
    "graph": Shape(
        "The first line holds n and m. There are n towns, numbered from 1. Then follow m lines with two different "
        "integers u v: a road between these towns, to be used in both directions.",
        "d = list(map(int, text.split())); n = d[0]; e = list(zip(d[2::2], d[3::2]))",
        _TWISTED["graphs"],
    ),
    "roads": Shape(
        "The first line holds n and m. There are n towns, numbered from 1. Then follow m lines with three integers "
        "u v w: a road of length w between these towns, to be used in both directions.",
        "d = list(map(int, text.split())); n = d[0]; e = list(zip(d[2::3], d[3::3], d[4::3]))",
        _TWISTED["graphs"],
    ),
    "intervals": Shape(
        "The first line holds n (at least 1), then follow n lines with two integers l r (l <= r), each an interval "
        "that includes both ends.",
        "d = list(map(int, text.split()))[1:]; v = list(zip(d[::2], d[1::2]))",
        _TWISTED["spans"],
    ),
}


def _read(table: str) -> tuple[Problem, ...]:
    problems = []
    for part in f"\n{table.strip()}".split("\n@ ")[1:]:
        head, _, code = part.partition("\n")
        shape, level, span, asks = head.split(" | ")
        fast, _, slow = code.strip().partition("\n--\n")
        low, _, high = span.partition("..")
        problems.append(Problem(shape, int(level), (int(low), int(high)), asks, fast, slow))
    return tuple(problems)


PROBLEMS = _read(EASY) + _read(HARD)
