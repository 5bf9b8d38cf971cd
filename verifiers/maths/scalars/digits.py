"""Trees to hundreds of digits with error bounds: the last word on two numbers.

Equality is not proved but shown beyond doubt: the difference is below 2^-AGREED of the values though no part of either
was large or small enough to hide a difference (see `Desk.span`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from assaygym.verifiers.maths.scalars import rationals
from assaygym.verifiers.maths.scalars.long_functions import ONE, SEVERAL, as_whole, exponential, logarithm, square_root
from assaygym.verifiers.maths.scalars.longs import (
    EXACT,
    Ball,
    Desk,
    integer_power,
    is_zero,
    magnitude,
    minus,
    of_fraction,
    of_integer,
    over,
    plus,
    relative_error,
    rounded,
    times,
)
from assaygym.verifiers.maths.scalars.nodes import STEPS_PER_NODE, has_name, size
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["evaluate"]


def evaluate(node: Node, at: Desk) -> Ball:
    """The value with its bound.

    Raises:
        UnfitError: a function is not known here, or a name has no value.
        UndefinedError: the value does not exist (or is not real where only real values are agreed on).
        UnsureError: this precision does not tell.
        OutOfFuelError: the fuel is spent.
    """
    rule = _RULES.get(node[0])
    if rule is None:
        raise UnfitError(node[0])
    ball = rule(node, at)
    place = magnitude(ball)
    if place > ball[2] + 1:
        at.span = max(at.span, abs(place))
    return ball


def _number(node: Node, at: Desk) -> Ball:
    return of_fraction(node[1], node[2], at)


def _exact(node: Node, at: Desk) -> Ball:
    return of_fraction(*rationals.evaluate(node, rationals.NO_NAMES, at.fuel), at)


def _symbol(node: Node, at: Desk) -> Ball:
    value = at.names.get(node[1])
    if value is None:
        raise UnfitError("a variable")
    return at.mp.from_float(value), None, EXACT


def _constant(node: Node, at: Desk) -> Ball:
    mp = at.mp
    if node[1] == "pi":
        return rounded(mp.mpf_pi(at.precision), None, EXACT, at)
    if node[1] == "e":
        return rounded(mp.mpf_e(at.precision), None, EXACT, at)
    if node[1] == "i":
        return mp.fzero, mp.fone, EXACT
    raise UnfitError(node[1])


def _add(node: Node, at: Desk) -> Ball:
    total = evaluate(node[1], at)
    for part in node[2:]:
        total = plus(total, evaluate(part, at), at)
    return total


def _multiply(node: Node, at: Desk) -> Ball:
    total = evaluate(node[1], at)
    for part in node[2:]:
        total = times(total, evaluate(part, at), at)
    return total


def _power(node: Node, at: Desk) -> Ball:
    exponent = node[2]
    if node[1] == ("const", "e"):
        return exponential(evaluate(exponent, at), at)
    base = evaluate(node[1], at)
    if exponent[0] == "num" and exponent[2] == 1:
        return integer_power(base, exponent[1], at)
    power = evaluate(exponent, at)
    if power[1] is None and power[2] <= EXACT and power[0][2] >= 0 and magnitude(power) < 64:
        return integer_power(base, at.mp.to_int(power[0]), at)
    if exponent == ("num", 1, 2):
        return square_root(base, at)
    if is_zero(base):
        if power[1] is None and not power[0][0] and power[0][1] and relative_error(power):
            return base
        raise UndefinedError("zero to a power that is not positive")
    if base[1] is None and base[0][0] and has_name(exponent):
        raise UndefinedError("a variable power of a negative number")
    return exponential(times(logarithm(base, at), power, at), at)


def _function(node: Node, at: Desk) -> Ball:
    name = node[1]
    rule = ONE.get(name)
    if rule is not None:
        return rule(evaluate(node[2], at), at)
    balls = [evaluate(part, at) for part in node[2:]]
    several = SEVERAL.get(name)
    return several(balls, at) if several is not None else _of_integers(name, balls, at)


def _of_integers(name: str, balls: list[Ball], at: Desk) -> Ball:
    """A function of whole numbers, from the exact ones."""
    parts = [("num", as_whole(ball, at), 1) for ball in balls]
    return of_fraction(*rationals.evaluate(("fn", name, *parts), rationals.NO_NAMES, at.fuel), at)


def _series(node: Node, at: Desk) -> Ball:
    kind, body, name, low, high = node
    first, last = (as_whole(evaluate(part, at), at) for part in (low, high))
    if last < first - 1:
        raise UndefinedError("a sum that ends before it starts")
    if last - first >= rationals.MAX_TERMS:
        raise UnfitError("too many terms")
    total = of_integer(0 if kind == "sum" else 1, at)
    steps = STEPS_PER_NODE * size(body)
    for k in range(first, last + 1):
        at.fuel.spend(steps)
        inner = Desk({**at.names, name: float(k)}, at.precision, at.fuel)
        value = evaluate(body, inner)
        at.span = max(at.span, inner.span)
        total = plus(total, value, at) if kind == "sum" else times(total, value, at)
    return total


_RULES: Final[dict[str, Callable[[Node, Desk], Ball]]] = {
    "num": _number,
    "dec": _number,
    "repeating": _number,
    "sci": _exact,
    "mixed": _exact,
    "sym": _symbol,
    "const": _constant,
    "percent": lambda node, at: over(evaluate(node[1], at), of_integer(100, at), at),
    "deg": lambda node, at: over(
        times(evaluate(node[1], at), _constant(("const", "pi"), at), at), of_integer(180, at), at
    ),
    "add": _add,
    "mul": _multiply,
    "div": lambda node, at: over(evaluate(node[1], at), evaluate(node[2], at), at),
    "neg": lambda node, at: minus(evaluate(node[1], at)),
    "pow": _power,
    "fn": _function,
    "sum": _series,
    "prod": _series,
}
