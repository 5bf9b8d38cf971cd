"""Where two trees are compared: fixed points, with whole numbers for the names that count things."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Final

from assaygym.verifiers.maths.syntax.tree import Node, walk

__all__ = ["OPERATORS", "Point", "antiderived", "breakpoints", "counters", "free_names", "needs_algebra", "points"]

Point = tuple[tuple[str, int, int], ...]
"""Name, numerator, denominator; sorted, so that it can key a cache."""
OPERATORS: Final = frozenset({"sum", "prod", "integral", "limit", "derivative", "cases"})
COUNTING: Final = frozenset({"factorial", "double_factorial", "binomial", "gcd", "lcm", "mod"})
REALS: Final = (
    Fraction(317, 1009), Fraction(-433, 1013), Fraction(751, 997), Fraction(1301, 709), Fraction(-1873, 691),
    Fraction(2657, 983), Fraction(97, 1021), Fraction(-911, 1033), Fraction(4001, 733), Fraction(613, 641),
)  # fmt: skip
"""Inside and outside the usual circles of convergence, of both signs."""
COUNTS: Final = (4, 5, 6, 7, 9, 11, 14, 17, 20, 23)
BASES: Final = (Fraction(10), Fraction(271, 97), Fraction(2))


def needs_algebra(node: Node) -> bool:
    """Whether it holds one of `OPERATORS`."""
    return any(part and part[0] in OPERATORS for part in walk(node))


def antiderived(node: Node) -> frozenset[str]:
    """The names by which it holds indefinite integrals."""
    return frozenset(part[2] for part in walk(node) if len(part) == 5 and part[0] == "integral" and part[3] is None)


def free_names(node: Node) -> frozenset[str]:
    """The names that the value depends on."""
    if node[0] == "sym":
        return frozenset((node[1],))
    if node[0] == "fn" and node[1] == "log" and len(node) == 3:
        return _names_below(node) | {"log base"}
    if node[0] in ("sum", "prod", "limit") or (node[0] == "integral" and node[3] is not None):
        body, ends = _below(node)[0], _below(node)[1:]
        return (free_names(body) - {node[2]}).union(*map(free_names, ends))
    if node[0] in ("integral", "derivative"):
        return _names_below(node) | {node[2]}
    return _names_below(node)


def _names_below(node: Node) -> frozenset[str]:
    empty: frozenset[str] = frozenset()
    return empty.union(*map(free_names, _below(node)))


def counters(*nodes: Node) -> frozenset[str]:
    """The free names that stand in the ends of a sum or product, or under a factorial and the like."""
    found: set[str] = set()
    for node in nodes:
        for part in walk(node):
            if part and part[0] in ("sum", "prod"):
                found.update(*(free_names(end) for end in part[3:5]))
            elif len(part) > 2 and part[0] == "fn" and part[1] in COUNTING:
                found.update(*(free_names(value) for value in part[2:]))
    return frozenset(found)


def breakpoints(*nodes: Node) -> list[Fraction]:
    """The plain numbers in the conditions of functions by cases."""
    found: set[Fraction] = set()
    for node in nodes:
        for part in walk(node):
            if part and part[0] == "cases":
                conditions = (condition for _, condition in part[1:] if condition is not None)
                found.update(value for condition in conditions for value in _literals(condition))
    return sorted(found)


def points(names: frozenset[str], counting: frozenset[str], breaks: list[Fraction]) -> list[Point]:
    """So many points that agreement at most of them shows equality; one when there is no name."""
    if breaks and len(names) == 1:
        return [_point(dict.fromkeys(names, value)) for value in _around(breaks)]
    count = len(REALS) if names else 1
    return [
        _point(
            {
                name: Fraction(COUNTS[(number + shift) % len(COUNTS)])
                if name in counting
                else REALS[(number + 3 * shift) % len(REALS)]
                for shift, name in enumerate(sorted(names - {"log base"}))
            },
            BASES[number % len(BASES)],
        )
        for number in range(count)
    ]


def _around(breaks: list[Fraction]) -> list[Fraction]:
    """The breaks themselves and four values in each part between them."""
    edges = [breaks[0] - 11, *breaks, breaks[-1] + 13]
    inside = [
        low + (high - low) * share
        for low, high in pairwise(edges)
        for share in (Fraction(1, 97), Fraction(37, 101), Fraction(71, 103), Fraction(88, 89))
    ]
    return sorted({*breaks, *inside})


def _point(values: dict[str, Fraction], base: Fraction = BASES[0]) -> Point:
    named = sorted({**values, "log base": base}.items())
    return tuple((name, value.numerator, value.denominator) for name, value in named)


def _literals(node: Node) -> list[Fraction]:
    found = []
    for part in walk(node):
        if part and part[0] in ("num", "dec"):
            found += [Fraction(part[1], part[2]), -Fraction(part[1], part[2])]
    return found


def _below(node: Node) -> list[Node]:
    """The nodes directly below: a part of `cases` is a pair, not a node."""
    if node[0] == "cases":
        return [part for pair in node[1:] for part in pair if part is not None]
    return [part for part in node[1:] if isinstance(part, tuple) and part and isinstance(part[0], str)]
