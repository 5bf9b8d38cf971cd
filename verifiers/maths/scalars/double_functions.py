"""Elementary functions of complex doubles with error bounds (see `doubles`)."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Final

from assaygym.verifiers.maths.scalars.doubles import (
    NARROW,
    TINY,
    ULP,
    Ball,
    Number,
    as_real,
    checked,
    over,
    plus,
    positive_power,
    times,
)
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError, UnsureError

__all__ = ["ONE", "SEVERAL", "exponential", "real_power"]


def exponential(ball: Ball) -> Ball:
    """The exponential function."""
    value, error = ball
    real = value.real
    if not (error < NARROW and abs(real) < 330):
        raise UnsureError("an exponential too large for doubles")
    if type(value) is float:
        result: Number = math.exp(value)
        return checked(result, abs(result) * (1.1 * error + 2 * ULP))
    if abs(value.imag) > 1e9:
        raise UnsureError("a large angle")
    result = cmath.exp(value)
    return checked(result, abs(result) * (1.1 * error + 4 * ULP))


def logarithm(ball: Ball) -> Ball:
    """The principal natural logarithm."""
    value, error = ball
    room = abs(value) - error
    if not room > TINY:
        if value == 0 and error == 0:
            raise UndefinedError("the logarithm of zero")
        raise UnsureError("the logarithm of a number near zero")
    spread = error / room * 1.0000001
    if type(value) is float:
        if value > 0:
            result = math.log(value)
            return result, spread + (abs(result) + 1e-16) * ULP
        result = math.log(-value)
        return complex(result, math.pi), spread + (abs(result) + 4) * ULP
    if value.real < 0 and abs(value.imag) <= error:
        raise UnsureError("a branch cut")
    logged = cmath.log(value)
    return logged, spread + (abs(logged) + 1) * ULP


def square_root(ball: Ball) -> Ball:
    """The principal square root."""
    value, error = ball
    if type(value) is float:
        root: Number = math.sqrt(value) if value >= 0 else complex(0.0, math.sqrt(-value))
        if error == 0.0:
            return root, abs(root) * ULP
        if not abs(value) > 2 * error:
            raise UnsureError("the root of a number near zero")
    else:
        if not abs(value) > 2 * error or (value.real < 0 and abs(value.imag) <= error):
            raise UnsureError("a branch cut")
        root = cmath.sqrt(value)
    return root, error / abs(root) + abs(root) * ULP * 2 + TINY


def _sine(ball: Ball) -> Ball:
    return _circular(ball, math.sin, cmath.sin)


def _cosine(ball: Ball) -> Ball:
    return _circular(ball, math.cos, cmath.cos)


def _circular(ball: Ball, real: Callable[[float], float], general: Callable[[complex], complex]) -> Ball:
    value, error = ball
    if type(value) is float:
        if abs(value) > 1e15:
            raise UnsureError("a large angle")
        result = real(value)
        return result, error + abs(result) * ULP + TINY
    if not (abs(value.imag) < 300 and error < 1 and abs(value.real) < 1e9):
        raise UnsureError("a large angle")
    steep = math.cosh(abs(value.imag) + error)
    return general(value), steep * (1.1 * error + 8 * ULP) + TINY


def _hyperbolic_sine(ball: Ball) -> Ball:
    up, down = exponential(ball), exponential((-ball[0], ball[1]))
    return times(plus(up, (-down[0], down[1])), (0.5, 0.0))


def _hyperbolic_cosine(ball: Ball) -> Ball:
    return times(plus(exponential(ball), exponential((-ball[0], ball[1]))), (0.5, 0.0))


def _inner(ball: Ball) -> tuple[float, float]:
    """A real ball, and the error of an inverse sine there."""
    value, error = as_real(ball)
    room = 1 - abs(value) - error
    if room <= 0:
        if abs(value) - error > 1:
            raise UndefinedError("an inverse sine or cosine of a number over 1")
        if error or abs(value) != 1:
            raise UnsureError("an inverse sine or cosine near its end")
        return value, 4 * ULP
    return value, error / math.sqrt(room) * 1.0000001 + 4 * ULP


def _arc_sine(ball: Ball) -> Ball:
    value, error = _inner(ball)
    return math.asin(value), error


def _arc_cosine(ball: Ball) -> Ball:
    value, error = _inner(ball)
    return math.acos(value), error


def _arc_tangent(ball: Ball) -> Ball:
    value, error = as_real(ball)
    return math.atan(value), error + 4 * ULP * min(1.0, abs(value)) + TINY


def _arc_cotangent(ball: Ball) -> Ball:
    """Of positive numbers, where both conventions agree."""
    value, error = as_real(ball)
    if value < -error:
        raise UndefinedError("conventions differ for inverse cotangents of negative numbers")
    if value <= error:
        raise UnsureError("an inverse cotangent near zero")
    return _arc_tangent(over((1.0, 0.0), (value, error)))


def _area_sine(ball: Ball) -> Ball:
    value, error = as_real(ball)
    result = math.asinh(value)
    return result, error + 4 * ULP * abs(result) + TINY


def _area_cosine(ball: Ball) -> Ball:
    value, error = as_real(ball)
    if value + error < 1:
        raise UndefinedError("an inverse hyperbolic cosine of a number under 1")
    room = value - error - 1
    if room <= 0:
        raise UnsureError("an inverse hyperbolic cosine near its end")
    return math.acosh(value), error / math.sqrt(room) + (4 + 4 / math.sqrt(room)) * ULP * max(1.0, value)


def _area_tangent(ball: Ball) -> Ball:
    value, error = as_real(ball)
    room = 1 - abs(value) - error
    if room <= 0:
        if abs(value) - error > 1:
            raise UndefinedError("an inverse hyperbolic tangent of a number over 1")
        raise UnsureError("an inverse hyperbolic tangent near its end")
    return math.atanh(value), (error + 2 * ULP) / room


def _inverted(rule: Callable[[Ball], Ball]) -> Callable[[Ball], Ball]:
    return lambda ball: rule(over((1.0, 0.0), ball))


def _reciprocal(rule: Callable[[Ball], Ball]) -> Callable[[Ball], Ball]:
    return lambda ball: over((1.0, 0.0), rule(ball))


def _absolute(ball: Ball) -> Ball:
    return abs(ball[0]), ball[1] + abs(ball[0]) * ULP


def _floor(ball: Ball) -> Ball:
    value, error = as_real(ball)
    low = math.floor(value - error)
    if low != math.floor(value + error) or (error and low != math.floor(math.nextafter(value + error, math.inf))):
        raise UnsureError("a jump")
    return float(low), 0.0


def _ceiling(ball: Ball) -> Ball:
    value, error = _floor((-as_real(ball)[0], ball[1]))
    return -value, error


def _sign(ball: Ball) -> Ball:
    value, error = as_real(ball)
    if abs(value) <= error and error:
        raise UnsureError("the sign of a number near zero")
    return float((value > 0) - (value < 0)), 0.0


def _conjugate(ball: Ball) -> Ball:
    return ball if type(ball[0]) is float else (ball[0].conjugate(), ball[1])


def _argument(ball: Ball) -> Ball:
    value, error = logarithm(ball)
    return (0.0, 0.0) if type(value) is float else (value.imag, error)


ONE: Final[dict[str, Callable[[Ball], Ball]]] = {
    "sin": _sine,
    "cos": _cosine,
    "tan": lambda ball: over(_sine(ball), _cosine(ball)),
    "cot": lambda ball: over(_cosine(ball), _sine(ball)),
    "sec": _reciprocal(_cosine),
    "csc": _reciprocal(_sine),
    "sinh": _hyperbolic_sine,
    "cosh": _hyperbolic_cosine,
    "tanh": lambda ball: over(_hyperbolic_sine(ball), _hyperbolic_cosine(ball)),
    "coth": lambda ball: over(_hyperbolic_cosine(ball), _hyperbolic_sine(ball)),
    "sech": _reciprocal(_hyperbolic_cosine),
    "csch": _reciprocal(_hyperbolic_sine),
    "asin": _arc_sine,
    "acos": _arc_cosine,
    "atan": _arc_tangent,
    "acot": _arc_cotangent,
    "asec": _inverted(_arc_cosine),
    "acsc": _inverted(_arc_sine),
    "asinh": _area_sine,
    "acosh": _area_cosine,
    "atanh": _area_tangent,
    "acoth": _inverted(_area_tangent),
    "asech": _inverted(_area_cosine),
    "acsch": _inverted(_area_sine),
    "exp": exponential,
    "ln": logarithm,
    "abs": _absolute,
    "norm": _absolute,
    "floor": _floor,
    "ceil": _ceiling,
    "sign": _sign,
    "re": lambda ball: (ball[0].real, ball[1]),
    "im": lambda ball: (ball[0].imag, ball[1]),
    "conj": _conjugate,
    "arg": _argument,
}


def real_power(base: Ball, power: Ball) -> Ball:
    """The principal value of a power."""
    value, error = base
    exponent = power[0]
    if value == 0 and error == 0:
        if type(exponent) is float and exponent > power[1]:
            return 0.0, 0.0
        raise UndefinedError("zero to a power that is not positive")
    if type(value) is float and value > error and type(exponent) is float:
        return positive_power(value, error, exponent, power[1])
    return exponential(times(logarithm(base), power))


def _root(balls: list[Ball]) -> Ball:
    if len(balls) == 1 or balls[1] == (2.0, 0.0):
        return square_root(balls[0])
    degree, error = as_real(balls[1])
    value, bound = balls[0]
    if error or degree < 1 or degree != int(degree):
        if type(value) is float and value < 0:
            raise UndefinedError("a root of no natural degree of a negative number")
        return real_power(balls[0], over((1.0, 0.0), balls[1]))
    if value == 0 and bound == 0:
        return 0.0, 0.0
    power = 1 / degree, ULP / degree
    if type(value) is float and value < -bound and int(degree) & 1:
        value, bound = positive_power(-value, bound, *power)
        return -value, bound
    return real_power(balls[0], power)


def _log(balls: list[Ball]) -> Ball:
    if len(balls) != 2:
        raise UnfitError("a logarithm without a base")
    return over(logarithm(balls[0]), logarithm(balls[1]))


def _largest(balls: list[Ball]) -> Ball:
    reals = [as_real(ball) for ball in balls]
    return max(value for value, _ in reals), max(error for _, error in reals)


def _smallest(balls: list[Ball]) -> Ball:
    reals = [as_real(ball) for ball in balls]
    return min(value for value, _ in reals), max(error for _, error in reals)


SEVERAL: Final[dict[str, Callable[[list[Ball]], Ball]]] = {
    "root": _root,
    "log": _log,
    "max": _largest,
    "min": _smallest,
}
