"""Points between and beyond the places where absolute values, steps and roots of squares change their course."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Final

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars.floats import Spot, evaluate
from assaygym.verifiers.maths.scalars.outcomes import NoValueError
from assaygym.verifiers.maths.scalars.points import real_point
from assaygym.verifiers.maths.scalars.values import Scalar
from assaygym.verifiers.maths.syntax.tree import Node, walk

__all__ = ["breaking_points"]

_STEPS: Final = frozenset(("floor", "ceil", "mod", "sign"))
_BENT: Final = frozenset(("abs", "max", "min", "norm")) | _STEPS
_WHOLES: Final = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0)
MOST_BENDS = 12
MOST_NAMES = 3
Values = tuple[float, ...]


def breaking_points(gold: Scalar, pred: Scalar, names: tuple[str, ...], far: bool, fuel: Fuel) -> list[Values]:
    """Values of the names, one of them moved to where a bend or the literals suggest; none where nothing bends.

    `far` is for points beyond the literals in any case: the domain may begin far out.

    Raises:
        OutOfFuelError: the fuel is spent.
    """
    kinds = gold.traits.kinds | pred.traits.kinds
    base = tuple(real_point(names, 0).values())
    points: list[Values] = []
    if far or "rooted" in kinds or kinds & _BENT:
        points += _beyond(gold.traits.literals | pred.traits.literals, base)
    if kinds & _BENT:
        inner = [part for side in (gold, pred) for part in _bends(side.tree)][:MOST_BENDS]
        for place in range(min(len(names), MOST_NAMES)):
            breaks = sorted({zero for part in inner for zero in _zeros(part, names, place, base, fuel)})
            values = [low + 0.4375 * (high - low) for low, high in pairwise(breaks)]
            if kinds & _STEPS:
                values += [*_WHOLES, *breaks]
            points += [_moved(base, place, value) for value in values]
    return points


def _beyond(literals: set[float], base: Values) -> list[Values]:
    reach = 3.0 + 1.37 * math.prod(sorted(literals)[-2:])
    return [
        _moved(base, place, value)
        for place in range(min(len(base), MOST_NAMES))
        for value in (reach, -reach, 3.7 * reach, -3.7 * reach)
    ]


def _moved(base: Values, place: int, value: float) -> Values:
    return *base[:place], value, *base[place + 1 :]


def _bends(tree: Node) -> Iterator[Node]:
    """What is zero where the tree bends or steps."""
    for node in walk(tree):
        if node[0] == "fn" and node[1] in ("max", "min"):
            for a, b in combinations(node[2:], 2):
                yield "add", a, ("neg", b)
        elif node[0] == "fn" and node[1] in _BENT:
            yield node[2]


def _zeros(tree: Node, names: tuple[str, ...], place: int, base: Values, fuel: Fuel) -> list[float]:
    """Where a tree of at most the second degree in one name vanishes, the others having their values."""
    heights = []
    for value in (-1.0, 0.0, 1.0):
        point = dict(zip(names, _moved(base, place, value), strict=True))
        try:
            height, _ = evaluate(tree, Spot(point, fuel))
        except (NoValueError, OverflowError, ValueError):
            return []
        heights.append(height.real)
    low, middle, high = heights
    return _roots((high + low) / 2 - middle, (high - low) / 2, middle)


def _roots(a: float, b: float, c: float) -> list[float]:
    """Of a quadratic polynomial; its flat place too, in case that it is of another kind."""
    if abs(a) <= 1e-12 * (abs(b) + abs(c)):
        return [-c / b] if b else []
    square = b * b - 4 * a * c
    root = math.sqrt(square) if square > 0 else 0.0
    return [(-b - root) / (2 * a), (-b + root) / (2 * a)]
