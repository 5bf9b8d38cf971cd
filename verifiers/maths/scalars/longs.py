"""Arithmetic on long numbers with error bounds, over mpmath's raw numbers.

A ball is `(re, im, e)`: mpmath's raw numbers (im None for what is known to be real), and an error below 2^e; EXACT
stands for no error.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError, UnsureError

__all__ = [
    "AGREED",
    "EXACT",
    "Ball",
    "Desk",
    "Raw",
    "as_real",
    "both_parts",
    "charge",
    "differ",
    "halved",
    "integer_power",
    "is_zero",
    "magnitude",
    "minus",
    "negative",
    "of_fraction",
    "of_integer",
    "over",
    "plus",
    "relative_error",
    "rounded",
    "sharpness",
    "times",
]

AGREED = 664
"""200 digits, in bits."""
EXACT = -(1 << 60)
Raw = tuple[int, int, int, int]
Ball = tuple[Raw, Raw | None, int]


@lru_cache(1)
def _library() -> Any:
    """`mpmath.libmp`, imported on first use: most verdicts do without."""
    from mpmath import libmp  # type: ignore[import-untyped, unused-ignore]

    return libmp


class Desk:
    """Where a tree is evaluated: values of the names, the precision in bits, and what became of it.

    Attributes:
        span: the largest distance from 1, as a power of two, of any value that came up, and the bits of the longest
            literal. What is added, or added to, is at most so small or large; with a precision of AGREED + 2 * span
            nothing is lost in anything larger.
    """

    __slots__ = ("fuel", "mp", "names", "precision", "span")

    def __init__(self, names: Mapping[str, float], precision: int, fuel: Fuel) -> None:
        self.mp, self.names, self.precision, self.fuel = _library(), names, precision, fuel
        self.span = 0


def magnitude(ball: Ball) -> int:
    """The value (its longer part) is below 2 to this, and at least half of that; EXACT for zero."""
    (_, man, exp, bc), im, _ = ball
    place = exp + bc if man else EXACT
    if im is not None and im[1]:
        place = max(place, im[2] + im[3])
    return place


def differ(a: Ball, b: Ball) -> bool:
    """Whether the values are proved to be different."""
    gap = plus(a, minus(b), Desk({}, 200, Fuel(1 << 30)))
    return magnitude(gap) > gap[2] + 2


def sharpness(a: Ball, b: Ball, span: int) -> int:
    """How many bits two balls that touch agree in, relative to the values; to the smallest part where both may be 0."""
    error = max(a[2], b[2])
    if error <= EXACT:
        return 1 << 30
    place = max(magnitude(a), magnitude(b))
    return (place if place > error + 1 else -span) - error


def rounded(re: Raw, im: Raw | None, error: int, at: Desk) -> Ball:
    """A result that is right to the working precision, with the error that its arguments bring."""
    place = magnitude((re, im, 0))
    if place == EXACT:
        return re, im, error if error > EXACT >> 1 else EXACT
    own = place - at.precision + 2
    return re, im, (own if own > error else error) + 1


def charge(at: Desk, elementary: bool) -> None:
    """Account for one operation, or for one elementary function."""
    words = (at.precision >> 6) + 1
    at.fuel.spend(words * words * 4 if elementary else words * 3 + 20)


def both_parts(at: Desk, ball: Ball) -> tuple[Raw, Raw]:
    """Real and imaginary part."""
    return ball[0], at.mp.fzero if ball[1] is None else ball[1]


def relative_error(ball: Ball) -> int:
    """The error relative to the value, as a power of two.

    Raises:
        UnsureError: the ball reaches zero.
    """
    place, error = magnitude(ball), ball[2]
    if error <= EXACT:
        return EXACT
    if place < error + 3:
        raise UnsureError("a number near zero")
    return error - place + 2


def is_zero(ball: Ball) -> bool:
    """Whether the value is zero for sure."""
    return ball[2] <= EXACT and magnitude(ball) == EXACT


def _whole_numbers(a: Ball, b: Ball, at: Desk) -> bool:
    """Whether sum and product of these are integers that the working precision holds without rounding."""
    if a[2] > EXACT or b[2] > EXACT or a[1] is not None or b[1] is not None:
        return False
    return a[0][2] >= 0 and b[0][2] >= 0 and magnitude(a) + magnitude(b) < at.precision


def plus(a: Ball, b: Ball, at: Desk) -> Ball:
    """A sum."""
    if _whole_numbers(a, b, at):
        return at.mp.mpf_add(a[0], b[0]), None, EXACT
    mp, error = at.mp, max(a[2], b[2]) + 1
    re = mp.mpf_add(a[0], b[0], at.precision, "n")
    flat = a[1] is None and b[1] is None
    im = None if flat else mp.mpf_add(both_parts(at, a)[1], both_parts(at, b)[1], at.precision, "n")
    return rounded(re, im, error, at)


def minus(a: Ball) -> Ball:
    """The negative."""
    return negative(a[0]), None if a[1] is None else negative(a[1]), a[2]


def negative(raw: Raw) -> Raw:
    """The negative of a part."""
    return (1 - raw[0], *raw[1:]) if raw[1] else raw


def times(a: Ball, b: Ball, at: Desk) -> Ball:
    """A product."""
    charge(at, False)
    if _whole_numbers(a, b, at):
        return at.mp.mpf_mul(a[0], b[0]), None, EXACT
    error = max(magnitude(a) + b[2], magnitude(b) + a[2], a[2] + b[2]) + 3
    if error < EXACT >> 1:
        error = EXACT
    if a[1] is None and b[1] is None:
        return rounded(at.mp.mpf_mul(a[0], b[0], at.precision, "n"), None, error, at)
    re, im = at.mp.mpc_mul(both_parts(at, a), both_parts(at, b), at.precision, "n")
    return rounded(re, im, error, at)


def over(a: Ball, b: Ball, at: Desk) -> Ball:
    """A quotient.

    Raises:
        UndefinedError: the divisor is zero.
        UnsureError: it may be.
    """
    charge(at, False)
    if is_zero(b):
        raise UndefinedError("a division by zero")
    relative = relative_error(b)
    if a[1] is None and b[1] is None:
        re, im = at.mp.mpf_div(a[0], b[0], at.precision, "n"), None
    else:
        re, im = at.mp.mpc_div(both_parts(at, a), both_parts(at, b), at.precision, "n")
    error = max(a[2] - magnitude(b) + 3, magnitude((re, im, 0)) + relative + 2)
    return rounded(re, im, error if error > EXACT >> 1 else EXACT, at)


def of_integer(n: int, at: Desk) -> Ball:
    """An integer, exactly."""
    return at.mp.from_int(n), None, EXACT


def of_fraction(p: int, q: int, at: Desk) -> Ball:
    """A literal fraction; its length counts in the span."""
    at.span = max(at.span, p.bit_length(), q.bit_length())
    if q == 1:
        return of_integer(p, at)
    at.fuel.spend_bits(p.bit_length() + q.bit_length() + at.precision)
    return rounded(at.mp.from_rational(p, q, at.precision, "n"), None, EXACT, at)


def halved(a: Ball) -> Ball:
    """Half of it."""
    return _shifted(a[0]), None if a[1] is None else _shifted(a[1]), a[2]


def _shifted(raw: Raw) -> Raw:
    return (raw[0], raw[1], raw[2] - 1, raw[3]) if raw[1] else raw


def integer_power(base: Ball, n: int, at: Desk) -> Ball:
    """A power with an integer as its exponent.

    Raises:
        UndefinedError: a power of zero that is not positive.
        UnfitError: the exponent is over 64 bits.
        UnsureError: the base may be zero.
    """
    charge(at, True)
    if is_zero(base):
        if n > 0:
            return base
        raise UndefinedError("zero to a power that is not positive")
    bits = n.bit_length()
    if bits > 64:
        raise UnfitError("a large power")
    if n >= 0 and base[2] <= EXACT and base[1] is None and base[0][2] >= 0 and magnitude(base) * n < at.precision:
        return at.mp.mpf_pow_int(base[0], n, at.precision, "n"), None, EXACT
    relative = relative_error(base) + bits
    if relative > -4:
        raise UnsureError("a power of a wide ball")
    if base[1] is None:
        re, im = at.mp.mpf_pow_int(base[0], n, at.precision + bits, "n"), None
    else:
        re, im = at.mp.mpc_pow_int((base[0], base[1]), n, at.precision + 2 * bits, "n")
    error = magnitude((re, im, 0)) + relative + 2
    return rounded(re, im, error if relative > EXACT >> 1 else EXACT, at)


def as_real(a: Ball) -> Ball:
    """The ball, which has to be one of a real number.

    Raises:
        UnfitError: it is not known to be.
    """
    if a[1] is not None:
        raise UnfitError("a function of real numbers")
    return a
