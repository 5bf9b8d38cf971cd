"""Trees in complex doubles with a running error bound: quick proofs that two values differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars import rationals
from assaygym.verifiers.maths.scalars.double_functions import ONE, SEVERAL, exponential, real_power
from assaygym.verifiers.maths.scalars.doubles import (
    CONSTANTS,
    HUGE,
    TINY,
    ULP,
    Ball,
    Number,
    as_real,
    integer_power,
    over,
    plus,
    quotient,
    times,
)
from assaygym.verifiers.maths.scalars.nodes import STEPS_PER_NODE, has_name, size
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError, UnsureError
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["Spot", "evaluate"]

ABSORBED = 1e-9
_STEPS: Final = frozenset(("floor", "ceil", "sign"))
_DEGREE: Final = over(CONSTANTS["pi"], (180.0, 0.0))


class Spot:
    """Where a tree is evaluated: exact values of the names, and the fuel.

    `absorbed` tells whether a term came up that is ABSORBED times smaller than what it is added to.
    """

    __slots__ = ("absorbed", "fuel", "names")

    def __init__(self, names: Mapping[str, float], fuel: Fuel) -> None:
        self.names, self.fuel = names, fuel
        self.absorbed = False


def evaluate(node: Node, at: Spot) -> Ball:
    """The value with its bound.

    Raises:
        UnfitError: a function is not known here, or a name has no value.
        UndefinedError: the value does not exist (or is not real where only real values are agreed on).
        UnsureError: doubles do not tell.
        OutOfFuelError: the fuel is spent.
    """
    rule = _RULES.get(node[0])
    if rule is None:
        raise UnfitError(node[0])
    return rule(node, at)


def _number(node: Node, at: Spot) -> Ball:
    p, q = node[1], node[2]
    if q == 1 and -(1 << 53) < p < 1 << 53:
        return float(p), 0.0
    return quotient(p, q)


def _exact(node: Node, at: Spot) -> Ball:
    return quotient(*rationals.evaluate(node, rationals.NO_NAMES, at.fuel))


def _symbol(node: Node, at: Spot) -> Ball:
    value = at.names.get(node[1])
    if value is None:
        raise UnfitError("a variable")
    return value, 0.0


def _constant(node: Node, at: Spot) -> Ball:
    value = CONSTANTS.get(node[1])
    if value is None:
        raise UnfitError(node[1])
    return value


def _add(node: Node, at: Spot) -> Ball:
    total: Number = 0.0
    error = reach = 0.0
    least = HUGE
    for part in node[1:]:
        value, bound = evaluate(part, at)
        length = abs(value)
        if length < least:
            least = length
        total += value
        reach += length
        error += bound
    if least < reach * ABSORBED:
        at.absorbed = True
    return total, error + reach * ULP * len(node)


def _multiply(node: Node, at: Spot) -> Ball:
    total: Number = 1.0
    error = 0.0
    for part in node[1:]:
        value, bound = evaluate(part, at)
        if type(total) is float and total == 1.0 and error == 0.0:
            total, error = value, bound
            continue
        error = abs(total) * bound + abs(value) * error + error * bound
        total *= value
        size_now = abs(total)
        if not size_now < HUGE:
            raise UnsureError("too large for doubles")
        error = (error + size_now * ULP) * 1.0000001 + TINY
    return total, error


def _divide(node: Node, at: Spot) -> Ball:
    return over(evaluate(node[1], at), evaluate(node[2], at))


def _negate(node: Node, at: Spot) -> Ball:
    value, error = evaluate(node[1], at)
    return -value, error


def _percent(node: Node, at: Spot) -> Ball:
    return over(evaluate(node[1], at), (100.0, 0.0))


def _degrees(node: Node, at: Spot) -> Ball:
    return times(evaluate(node[1], at), _DEGREE)


def _power(node: Node, at: Spot) -> Ball:
    exponent = node[2]
    if node[1] == ("const", "e"):
        return exponential(evaluate(exponent, at))
    base = evaluate(node[1], at)
    if exponent[0] == "num" and exponent[2] == 1:
        return integer_power(base, exponent[1])
    power = evaluate(exponent, at)
    value = power[0]
    if power[1] == 0 and type(value) is float and value == int(value):
        return integer_power(base, int(value))
    if type(base[0]) is float and base[0] < 0 and has_name(exponent):
        raise UndefinedError("a variable power of a negative number")
    return real_power(base, power)


def _function(node: Node, at: Spot) -> Ball:
    name = node[1]
    rule = ONE.get(name)
    if rule is not None:
        try:
            return rule(evaluate(node[2], at))
        except UnsureError:
            if name not in _STEPS:
                raise
            return _exact_step(node, at)
    balls = [evaluate(part, at) for part in node[2:]]
    several = SEVERAL.get(name)
    return several(balls) if several is not None else _of_integers(name, balls, at)


def _exact_step(node: Node, at: Spot) -> Ball:
    """A step whose argument may be right at the jump, where the argument is rational."""
    names = {name: value.as_integer_ratio() for name, value in at.names.items()}
    try:
        return quotient(*rationals.evaluate(node, names, at.fuel))
    except UnfitError:
        raise UnsureError("a jump") from None


def _of_integers(name: str, balls: list[Ball], at: Spot) -> Ball:
    """A function of whole numbers, from the exact ones."""
    if any(error or type(value) is not float or value != int(value) for value, error in balls):
        raise UnfitError("a function of whole numbers")
    parts = [("num", int(value.real), 1) for value, _ in balls]
    return quotient(*rationals.evaluate(("fn", name, *parts), rationals.NO_NAMES, at.fuel))


def _series(node: Node, at: Spot) -> Ball:
    kind, body, name, low, high = node
    first, last = (_bound(evaluate(part, at)) for part in (low, high))
    if last < first - 1:
        raise UndefinedError("a sum that ends before it starts")
    if last - first >= rationals.MAX_TERMS:
        raise UnfitError("too many terms")
    total: Ball = (0.0, 0.0) if kind == "sum" else (1.0, 0.0)
    inner, steps = dict(at.names), STEPS_PER_NODE * size(body)
    for k in range(first, last + 1):
        inner[name] = float(k)
        at.fuel.spend(steps)
        spot = Spot(inner, at.fuel)
        value = evaluate(body, spot)
        at.absorbed = at.absorbed or spot.absorbed
        total = plus(total, value) if kind == "sum" else times(total, value)
    return total


def _bound(ball: Ball) -> int:
    value, error = as_real(ball)
    if error or value != int(value):
        raise UnfitError("a sum up to no whole number")
    return int(value)


_RULES: Final[dict[str, Callable[[Node, Spot], Ball]]] = {
    "num": _number,
    "dec": _number,
    "repeating": _number,
    "sci": _exact,
    "mixed": _exact,
    "sym": _symbol,
    "const": _constant,
    "percent": _percent,
    "deg": _degrees,
    "add": _add,
    "mul": _multiply,
    "div": _divide,
    "neg": _negate,
    "pow": _power,
    "fn": _function,
    "sum": _series,
    "prod": _series,
}
