"""Sums, products, integrals, limits, derivatives and functions by cases as numbers. Runs in a worker process.

Each operator has two ways to its number, by the evaluator's `variant`; what both agree on to 30 digits, at two
precisions, is taken for the value. What diverges, oscillates or converges too slowly is refused, never guessed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final

from mpmath import mp  # type: ignore[import-untyped]

from assaygym.verifiers.maths.cas.numbers import Evaluator, NoValueError, RefusedError, as_integer, real
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["INDEFINITE", "OPERATORS"]

Point = Mapping[str, Any]
INDEFINITE: Final = "lower end of indefinite integrals"
"""The name whose value is where indefinite integrals start."""
MAX_TERMS: Final = 3_000
GEOMETRIC: Final = 0.93
"""Largest ratio of neighbouring terms of a series that is summed term by term."""
SETTLED: Final = 12
"""How many terms in a row have to be below the precision."""
NEARLY: Final = 0.03
"""How far the power by which terms shrink may seem to be from a whole number that it is."""
ROUGH_DEGREE: Final = 2
"""Of the quadrature for a rough value, 2 being some dozens of nodes."""
LATER: Final = (97, 400, 1_001, 4_000)
FAR: Final = 40
"""A limit is looked at so many decimal places from its point."""


def _series(ev: Evaluator, node: Node, point: Point) -> Any:
    _, body, name, low, high = node
    term = ev.function(body, name, point)
    first = as_integer(ev.value(low, point))
    if high == ("const", "inf"):
        return _infinite(ev, node[0], lambda index: term(mp.mpf(first + index)))
    last = as_integer(ev.value(high, point))
    if last - first >= MAX_TERMS:
        raise RefusedError("too many terms")
    terms = [term(mp.mpf(index)) for index in range(first, last + 1)]
    return mp.fsum(terms) if node[0] == "sum" else mp.fprod(terms)


def _infinite(ev: Evaluator, kind: str, term: Callable[[int], Any]) -> Any:
    """The sum or product of all terms; a product by the sum of its logarithms."""
    total = _sum(ev, term if kind == "sum" else lambda index: _logarithm(term(index)))
    return mp.exp(total) if kind == "prod" else total


def _logarithm(factor: Any) -> Any:
    if factor == 0:
        raise RefusedError("a product with a factor of zero")
    return mp.log(factor)


def _sum(ev: Evaluator, term: Callable[[int], Any]) -> Any:
    total = _fast_sum(term)
    return _slow_sum(ev, term) if total is None else total


def _fast_sum(term: Callable[[int], Any]) -> Any:
    """Of a series whose terms shrink at least like those of a geometric one; None for a slower one."""
    tiny = mp.mpf(10) ** (-mp.dps - 5)
    terms: list[Any] = []
    settled, block, largest = 0, mp.mpf(0), mp.mpf(0)
    for index in range(MAX_TERMS):
        terms.append(term(index))
        size = abs(terms[-1])
        largest = max(largest, size)
        settled = settled + 1 if size < tiny * largest else 0
        if settled >= SETTLED and index >= 3 * SETTLED:
            return mp.fsum(terms) if _stays_small(term, tiny * largest) else None
        if index % 32 == 31:
            last = max(map(abs, terms[-32:]))
            if index > 64 and last > block * mp.mpf(GEOMETRIC) ** 32:
                return None
            block = last
    return None


def _stays_small(term: Callable[[int], Any], limit: Any) -> bool:
    """Whether some later terms are small as well; those beyond all reach are."""
    for index in LATER:
        try:
            if abs(term(index)) >= limit:
                return False
        except RefusedError:
            return True
    return True


def _slow_sum(ev: Evaluator, term: Callable[[int], Any]) -> Any:
    """Of a series whose terms shrink like a power of the index, by extrapolation, once it is seen to converge."""
    far = [term(10_000 + step) for step in range(4)]
    alternating = all(mp.sign(real(a)) == -mp.sign(real(b)) != 0 for a, b in itertools.pairwise(far))
    nearer, farther = abs(term(1_000)), abs(far[0])
    if not (0 < farther < nearer) or any(mp.sign(real(value)) == 0 for value in far):
        raise RefusedError("no convergence to be seen")
    decay = mp.log(nearer / farther) / mp.log(10)
    if alternating:
        if decay < 0.2:
            raise RefusedError("terms that do not vanish")
        return _alternating(term, ev.variant)
    if decay < 1.2 or len({mp.sign(real(value)) for value in far}) > 1:
        raise RefusedError("no convergence to be seen")
    method = "richardson" if abs(decay - mp.nint(decay)) < NEARLY else "levin"
    skip = 7 * ev.variant
    head = mp.fsum(term(index) for index in range(skip))
    return head + mp.nsum(lambda index: term(skip + int(index)), [0, mp.inf], method=method, maxterms=2_000)


def _alternating(term: Callable[[int], Any], variant: int) -> Any:
    """By the Chebyshev polynomials of Cohen, Rodriguez Villegas and Zagier (2000), algorithm 1."""
    skip = 10 + 17 * variant
    head = mp.fsum(term(index) for index in range(skip))
    count = int(1.31 * (mp.dps + 5)) + 5
    power = (3 + mp.sqrt(8)) ** count
    scale = (power + 1 / power) / 2
    weight, carry, total = mp.mpf(-1), -scale, mp.mpf(0)
    for index in range(count):
        carry = weight - carry
        total += carry * (-1) ** index * term(skip + index)
        weight *= mp.mpf((index + count) * (index - count)) / ((index + mp.mpf(1) / 2) * (index + 1))
    return head + total / scale


def _integral(ev: Evaluator, node: Node, point: Point) -> Any:
    _, body, name, low, high = node
    integrand = ev.function(body, name, point)
    if low is None or high is None:
        if INDEFINITE not in point or name not in point:
            raise RefusedError("an indefinite integral")
        start, end = point[INDEFINITE], point[name]
    else:
        start, end = _bound(ev, low, point), _bound(ev, high, point)
    if start == end:
        return mp.mpf(0)
    degree = ROUGH_DEGREE if ev.rough else None
    value, error = mp.quad(integrand, _path(start, end, ev.variant), error=True, maxdegree=degree)
    if error > mp.mpf(10) ** (-mp.dps // 2) * (1 + abs(value)) and not ev.rough:
        raise RefusedError("an integrand that is not smooth")
    return value


def _bound(ev: Evaluator, node: Node, point: Point) -> Any:
    if node == ("const", "inf"):
        return mp.inf
    if node == ("neg", ("const", "inf")):
        return -mp.inf
    return real(ev.value(node, point))


def _path(start: Any, end: Any, variant: int) -> list[Any]:
    """The interval, or the same cut where no singularity is likely: one inside shows as a disagreement."""
    if not variant:
        return [start, end]
    if mp.isinf(start) and mp.isinf(end):
        return [start, mp.mpf("0.2718"), end]
    if mp.isinf(end) or mp.isinf(start):
        finite, away = (start, 1) if mp.isinf(end) else (end, -1)
        return [start, finite + away * mp.mpf("1.6932"), end]
    return [start, start + (end - start) * mp.mpf("0.38271"), end]


def _limit(ev: Evaluator, node: Node, point: Point) -> Any:
    """From two distances, on each side: where they agree, the function is as good as constant there."""
    _, body, name, target, side = node
    function = ev.function(body, name, point)
    places, digits = FAR + 6 * ev.variant, mp.dps
    with mp.workdps(4 * FAR + digits):
        if target in (("const", "inf"), ("neg", ("const", "inf"))):
            sign = 1 if target[0] == "const" else -1
            values = [function(sign * mp.mpf(10) ** places), function(sign * 3 * mp.mpf(10) ** (places + 4))]
        else:
            centre, near = real(ev.value(target, point)), mp.mpf(10) ** -places
            steps = {"+": [near, near / 31], "-": [-near, -near / 31]}.get(side, [near, -near / 31, near / 47])
            values = [function(centre + step) for step in steps]
        spread = max(abs(value - values[0]) for value in values)
        if spread > mp.mpf(10) ** -33 * max(1, abs(values[0])) and not ev.rough:
            raise RefusedError("slow convergence to the limit")
        small = abs(values[-1]) < mp.mpf(10) ** -30
        return mp.mpf(0) if small else values[-1]


def _derivative(ev: Evaluator, node: Node, point: Point) -> Any:
    _, body, name, order = node
    if not isinstance(order, int) or not 0 <= order <= 8 or name not in point:
        raise RefusedError("a derivative of that order")
    return mp.diff(ev.function(body, name, point), point[name], order)


def _cases(ev: Evaluator, node: Node, point: Point) -> Any:
    for value, condition in node[1:]:
        if condition is None or _holds(ev, condition, point):
            return ev.value(value, point)
    raise NoValueError("outside all cases")


def _holds(ev: Evaluator, condition: Node, point: Point) -> bool:
    if condition[0] == "rel":
        sides = [real(ev.value(side, point)) for side in condition[2:]]
        pairs = itertools.pairwise(sides)
        return all(_relation(op, left, right) for op, (left, right) in zip(condition[1], pairs, strict=True))
    if condition[0] in ("list", "or"):
        kept = [_holds(ev, part, point) for part in condition[1:]]
        return all(kept) if condition[0] == "list" else any(kept)
    raise RefusedError(f"a condition that is {condition[0]}")


def _relation(op: str, left: Any, right: Any) -> bool:
    difference = left - right
    if abs(difference) < mp.mpf(10) ** -35:
        return op in ("=", "<=", ">=")
    rules = {
        "=": False,
        "!=": True,
        "<": difference < 0,
        "<=": difference < 0,
        ">": difference > 0,
        ">=": difference > 0,
    }
    if op not in rules:
        raise RefusedError(f"the relation {op}")
    return bool(rules[op])


OPERATORS: dict[str, Callable[[Evaluator, Node, Point], Any]] = {
    "sum": _series,
    "prod": _series,
    "integral": _integral,
    "limit": _limit,
    "derivative": _derivative,
    "cases": _cases,
}
