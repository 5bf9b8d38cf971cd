"""Arithmetic on complex doubles with error bounds.

A ball `(value, error)` says that the true value is within `error` of `value`. Bounds are generous: each operation adds
a few units in the last place, TINY covers underflow, and what a bound would not cover raises `UnsureError`. A value is
a `float` where it is known to be real, else a `complex`.
"""

from __future__ import annotations

import math
from typing import Final

from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError, UnsureError

__all__ = [
    "CONSTANTS",
    "HUGE",
    "NARROW",
    "TINY",
    "ULP",
    "Ball",
    "Number",
    "apart",
    "as_real",
    "checked",
    "integer_power",
    "over",
    "plus",
    "positive_power",
    "quotient",
    "times",
]

ULP = 2.0**-51
"""More than twice the relative rounding error of an operation on doubles, complex products included."""
TINY = 1e-290
HUGE = 1e150
NARROW = 0.03
"""Largest error relative to the value that first-order bounds (with a tenth more) are used for."""
Number = float | complex
Ball = tuple[Number, float]
CONSTANTS: Final[dict[str, Ball]] = {"pi": (math.pi, math.pi * ULP), "e": (math.e, math.e * ULP), "i": (1j, 0.0)}
"""By the names they have in trees."""


def apart(left: Ball, right: Ball) -> bool:
    """Whether the true values are different for sure."""
    (a, error_a), (b, error_b) = left, right
    return abs(a - b) > (error_a + error_b) * 1.0000001 + (abs(a) + abs(b)) * ULP


def checked(value: Number, error: float) -> Ball:
    """A ball with room for underflow.

    Raises:
        UnsureError: it is too large to go on with.
    """
    if not (abs(value) < HUGE and error < HUGE):
        raise UnsureError("too large for doubles")
    return value, error + TINY


def quotient(p: int, q: int) -> Ball:
    """A rational number.

    Raises:
        UnsureError: it is out of the range of doubles.
    """
    if p.bit_length() - q.bit_length() > 480:
        raise UnsureError("too large for doubles")
    value = p / q
    if p and not abs(value) > TINY:
        raise UnsureError("too small for doubles")
    return value, abs(value) * ULP


def over(above: Ball, below: Ball) -> Ball:
    """A quotient.

    Raises:
        UndefinedError: the divisor is zero.
        UnsureError: it may be, or the result is too large.
    """
    (a, error_a), (b, error_b) = above, below
    room = abs(b) - error_b
    if not room > TINY:
        if b == 0 and error_b == 0:
            raise UndefinedError("a division by zero")
        raise UnsureError("a divisor near zero")
    value = a / b
    return checked(value, (error_a + abs(value) * error_b) / room * 1.0000001 + abs(value) * ULP * 2)


def times(left: Ball, right: Ball) -> Ball:
    """A product.

    Raises:
        UnsureError: it is too large.
    """
    (a, error_a), (b, error_b) = left, right
    value = a * b
    error = abs(a) * error_b + abs(b) * error_a + error_a * error_b
    return checked(value, error * 1.0000001 + abs(value) * ULP)


def plus(left: Ball, right: Ball) -> Ball:
    """A sum."""
    (a, error_a), (b, error_b) = left, right
    return a + b, error_a + error_b + (abs(a) + abs(b)) * ULP


def integer_power(base: Ball, n: int) -> Ball:
    """A power with an integer as its exponent.

    Raises:
        UndefinedError: a power of zero that is not positive.
        UnsureError: the base may be zero, or the result is out of the range of doubles.
    """
    value, error = base
    size_now = abs(value)
    if value == 0 and error == 0:
        if n > 0:
            return 0.0, 0.0
        raise UndefinedError("zero to a power that is not positive")
    if n == 0 and size_now > error:
        return 1.0, 0.0
    near = size_now + error if n > 0 else size_now - error
    if not near > TINY or abs(n) > 1 << 40:
        raise UnsureError("a power of a number near zero")
    if abs(n * math.log(near)) > 330 or (size_now and abs(n * math.log(size_now)) > 330):
        raise UnsureError("a power too large or too small for doubles")
    if type(value) is float:
        result: Number = value**n
        rounding = 2.0
    else:
        result = value**n
        rounding = 4.0 * abs(n) + 8.0
    spread = abs(n) * error * near ** (n - 1) * 1.0000001 if error else 0.0
    return checked(result, spread + abs(result) * ULP * rounding)


def positive_power(value: float, error: float, power: float, error_power: float) -> Ball:
    """A real power of a number over its error.

    Raises:
        UnsureError: the balls are too wide, or the result is out of the range of doubles.
    """
    logarithm_now = abs(math.log(value))
    if logarithm_now * abs(power) > 330:
        raise UnsureError("a power too large or too small for doubles")
    relative = error / (value - error)
    spread = abs(power) * relative + (logarithm_now + relative) * error_power
    if not spread < NARROW:
        raise UnsureError("a power of a wide ball")
    result = value**power
    return checked(result, result * (spread * 1.1 + 2 * ULP))


def as_real(ball: Ball) -> tuple[float, float]:
    """The ball, which has to be one of a real number.

    Raises:
        UnfitError: it is not known to be.
    """
    if type(ball[0]) is not float:
        raise UnfitError("a function of real numbers")
    return ball[0], ball[1]
