"""Enclosures of real constants, their signs and their order."""

from __future__ import annotations

from fractions import Fraction

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars.longs import EXACT, Ball
from assaygym.verifiers.maths.scalars.numbers import FIRST_PRECISION, MAX_PRECISION
from assaygym.verifiers.maths.scalars.outcomes import NoValueError
from assaygym.verifiers.maths.scalars.sameness import decide, infinity
from assaygym.verifiers.maths.scalars.values import Occasion, Scalar

__all__ = ["compare", "enclosure", "sign"]

CONSTANT: Occasion = ((), (), 0)
_ZERO = Scalar(("num", 0, 1))
Enclosure = tuple[Fraction, Fraction]


def enclosure(scalar: Scalar, precision: int, fuel: Fuel) -> Enclosure | None:
    """Bounds of a real constant: exact ones, or from doubles (`precision` 0) or that many bits; or None.

    Raises:
        OutOfFuelError: the fuel is spent.
    """
    exact = scalar.rational(fuel)
    if type(exact) is tuple:
        value = Fraction(*exact)
        return value, value
    if precision == 0:
        ball = scalar.ball(CONSTANT, fuel)
        if isinstance(ball, NoValueError) or not isinstance(ball.value, float):
            return None
        middle, error = Fraction(ball.value), Fraction(ball.error)
        return middle - error, middle + error
    result = scalar.digits(CONSTANT, precision, fuel)
    if isinstance(result, NoValueError) or result[0][1] is not None:
        return None
    return _of_raw(result[0])


def _of_raw(ball: Ball) -> Enclosure | None:
    (negative, man, exp, bits), _, error = ball
    if abs(exp) + bits > 4 * MAX_PRECISION or (error > EXACT and abs(error) > 4 * MAX_PRECISION):
        return None
    middle = Fraction(-man if negative else man) * Fraction(2) ** exp
    radius = Fraction(2) ** error if error > EXACT else Fraction(0)
    return middle - radius, middle + radius


def sign(scalar: Scalar, fuel: Fuel) -> int | None:
    """-1, 0 or 1 for a real constant or an infinity; None where it is no real constant, or not told.

    Raises:
        OutOfFuelError: the fuel is spent.
    """
    return compare(scalar, _ZERO, fuel)


def compare(a: Scalar, b: Scalar, fuel: Fuel) -> int | None:
    """-1, 0 or 1 as a is less than b, equal or greater; None where one is no real constant, or the order is not told.

    Raises:
        OutOfFuelError: the fuel is spent.
    """
    try:
        return _compare(a, b, fuel)
    except RecursionError:
        return None


def _compare(a: Scalar, b: Scalar, fuel: Fuel) -> int | None:
    left, right = infinity(a.tree), infinity(b.tree)
    if left or right:
        return _with_infinity(a, b, left, right)
    p, q = a.rational(fuel), b.rational(fuel)
    if type(p) is tuple and type(q) is tuple:
        gap = p[0] * q[1] - q[0] * p[1]
        return (gap > 0) - (gap < 0)
    for precision in (0, 192, FIRST_PRECISION):
        bounds = enclosure(a, precision, fuel), enclosure(b, precision, fuel)
        if bounds[0] is None or bounds[1] is None:
            if precision:
                return None
            continue
        if bounds[0][0] > bounds[1][1]:
            return 1
        if bounds[0][1] < bounds[1][0]:
            return -1
        if precision == 0 and decide(a, b, fuel).equal:
            return 0
    return 0 if decide(a, b, fuel).equal else None


def _with_infinity(a: Scalar, b: Scalar, left: int, right: int) -> int | None:
    if left and right:
        return (left > right) - (left < right)
    other = b if left else a
    if other.traits.names or other.traits.kinds & {"inf", "undefined", "i"}:
        return None
    return left or -right
