"""Complex doubles with a running error bound: quick proofs that two values differ.

A ball `(value, error)` says that the true value is within `error` of `value`. Bounds are generous: each operation adds
a few units in the last place, TINY covers underflow, and what a bound would not cover raises `UnsureError`. A value is
a `float` where it is known to be real, else a `complex`.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping
from typing import Final

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars import rationals
from assaygym.verifiers.maths.scalars.nodes import STEPS_PER_NODE, has_name, size
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError, UnsureError
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["Ball", "Spot", "evaluate"]

ULP = 2.0**-51
"""More than twice the relative rounding error of an operation on doubles, complex products included."""
TINY = 1e-290
HUGE = 1e150
ABSORBED = 1e-9
_NARROW = 0.03
"""Largest error relative to the value that first-order bounds (with a tenth more) are used for."""
Number = float | complex
Ball = tuple[Number, float]
_PI: Final = (math.pi, math.pi * ULP)
_E: Final = (math.e, math.e * ULP)


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


def _checked(value: Number, error: float) -> Ball:
    if not (abs(value) < HUGE and error < HUGE):
        raise UnsureError("too large for doubles")
    return value, error + TINY


# Leaves and arithmetic.


def _number(node: Node, at: Spot) -> Ball:
    p, q = node[1], node[2]
    if q == 1 and -(1 << 53) < p < 1 << 53:
        return float(p), 0.0
    return _quotient(p, q)


def _quotient(p: int, q: int) -> Ball:
    if p.bit_length() - q.bit_length() > 480:
        raise UnsureError("too large for doubles")
    value = p / q
    if p and not abs(value) > TINY:
        raise UnsureError("too small for doubles")
    return value, abs(value) * ULP


def _exact(node: Node, at: Spot) -> Ball:
    return _quotient(*rationals.evaluate(node, rationals.NO_NAMES, at.fuel))


def _symbol(node: Node, at: Spot) -> Ball:
    value = at.names.get(node[1])
    if value is None:
        raise UnfitError("a variable")
    return value, 0.0


def _constant(node: Node, at: Spot) -> Ball:
    value = _CONSTANTS.get(node[1])
    if value is None:
        raise UnfitError(node[1])
    return value


_CONSTANTS: Final[dict[str, Ball]] = {"pi": _PI, "e": _E, "i": (1j, 0.0)}


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


def _over(above: Ball, below: Ball) -> Ball:
    (a, error_a), (b, error_b) = above, below
    room = abs(b) - error_b
    if not room > TINY:
        if b == 0 and error_b == 0:
            raise UndefinedError("a division by zero")
        raise UnsureError("a divisor near zero")
    value = a / b
    return _checked(value, (error_a + abs(value) * error_b) / room * 1.0000001 + abs(value) * ULP * 2)


def _times(left: Ball, right: Ball) -> Ball:
    (a, error_a), (b, error_b) = left, right
    value = a * b
    error = abs(a) * error_b + abs(b) * error_a + error_a * error_b
    return _checked(value, error * 1.0000001 + abs(value) * ULP)


def _plus(left: Ball, right: Ball) -> Ball:
    (a, error_a), (b, error_b) = left, right
    return a + b, error_a + error_b + (abs(a) + abs(b)) * ULP


def _divide(node: Node, at: Spot) -> Ball:
    return _over(evaluate(node[1], at), evaluate(node[2], at))


def _negate(node: Node, at: Spot) -> Ball:
    value, error = evaluate(node[1], at)
    return -value, error


def _percent(node: Node, at: Spot) -> Ball:
    return _over(evaluate(node[1], at), (100.0, 0.0))


def _degrees(node: Node, at: Spot) -> Ball:
    return _times(evaluate(node[1], at), (math.pi / 180, math.pi / 90 * ULP))


# Powers.


def _power(node: Node, at: Spot) -> Ball:
    exponent = node[2]
    if node[1] == ("const", "e"):
        return exponential(evaluate(exponent, at))
    base = evaluate(node[1], at)
    if exponent[0] == "num" and exponent[2] == 1:
        return _integer_power(base, exponent[1])
    power = evaluate(exponent, at)
    value = power[0]
    if power[1] == 0 and type(value) is float and value == int(value):
        return _integer_power(base, int(value))
    return _real_power(base, power, exponent)


def _integer_power(base: Ball, n: int) -> Ball:
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
    return _checked(result, spread + abs(result) * ULP * rounding)


def _real_power(base: Ball, power: Ball, exponent: Node) -> Ball:
    value, error = base
    if value == 0 and error == 0:
        if type(power[0]) is float and power[0] > power[1]:
            return 0.0, 0.0
        raise UndefinedError("zero to a power that is not positive")
    if type(value) is float and value > error and type(power[0]) is float:
        return _positive_power(value, error, power[0], power[1])
    if type(value) is float and value < 0 and has_name(exponent):
        raise UndefinedError("a variable power of a negative number")
    return exponential(_times(logarithm(base), power))


def _positive_power(value: float, error: float, power: float, error_power: float) -> Ball:
    logarithm_now = abs(math.log(value))
    if logarithm_now * abs(power) > 330:
        raise UnsureError("a power too large or too small for doubles")
    relative = error / (value - error)
    spread = abs(power) * relative + (logarithm_now + relative) * error_power
    if not spread < _NARROW:
        raise UnsureError("a power of a wide ball")
    result = value**power
    return _checked(result, result * (spread * 1.1 + 2 * ULP))


# Elementary functions.


def exponential(ball: Ball) -> Ball:
    """The exponential function."""
    value, error = ball
    real = value.real
    if not (error < _NARROW and abs(real) < 330):
        raise UnsureError("an exponential too large for doubles")
    if type(value) is float:
        result: Number = math.exp(value)
        return _checked(result, abs(result) * (1.1 * error + 2 * ULP))
    if abs(value.imag) > 1e9:
        raise UnsureError("a large angle")
    result = cmath.exp(value)
    return _checked(result, abs(result) * (1.1 * error + 4 * ULP))


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
    return _times(_plus(up, (-down[0], down[1])), (0.5, 0.0))


def _hyperbolic_cosine(ball: Ball) -> Ball:
    return _times(_plus(exponential(ball), exponential((-ball[0], ball[1]))), (0.5, 0.0))


def _real(ball: Ball) -> tuple[float, float]:
    if type(ball[0]) is not float:
        raise UnfitError("a function of real numbers")
    return ball[0], ball[1]


def _inner(ball: Ball) -> tuple[float, float]:
    """A real ball, and the error of an inverse sine there."""
    value, error = _real(ball)
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
    value, error = _real(ball)
    return math.atan(value), error + 4 * ULP * min(1.0, abs(value)) + TINY


def _arc_cotangent(ball: Ball) -> Ball:
    """Of positive numbers, where both conventions agree."""
    value, error = _real(ball)
    if value < -error:
        raise UndefinedError("conventions differ for inverse cotangents of negative numbers")
    if value <= error:
        raise UnsureError("an inverse cotangent near zero")
    return _arc_tangent(_over((1.0, 0.0), (value, error)))


def _area_sine(ball: Ball) -> Ball:
    value, error = _real(ball)
    result = math.asinh(value)
    return result, error + 4 * ULP * abs(result) + TINY


def _area_cosine(ball: Ball) -> Ball:
    value, error = _real(ball)
    if value + error < 1:
        raise UndefinedError("an inverse hyperbolic cosine of a number under 1")
    room = value - error - 1
    if room <= 0:
        raise UnsureError("an inverse hyperbolic cosine near its end")
    return math.acosh(value), error / math.sqrt(room) + (4 + 4 / math.sqrt(room)) * ULP * max(1.0, value)


def _area_tangent(ball: Ball) -> Ball:
    value, error = _real(ball)
    room = 1 - abs(value) - error
    if room <= 0:
        if abs(value) - error > 1:
            raise UndefinedError("an inverse hyperbolic tangent of a number over 1")
        raise UnsureError("an inverse hyperbolic tangent near its end")
    return math.atanh(value), (error + 2 * ULP) / room


def _inverted(rule: Callable[[Ball], Ball]) -> Callable[[Ball], Ball]:
    return lambda ball: rule(_over((1.0, 0.0), ball))


def _reciprocal(rule: Callable[[Ball], Ball]) -> Callable[[Ball], Ball]:
    return lambda ball: _over((1.0, 0.0), rule(ball))


def _absolute(ball: Ball) -> Ball:
    return abs(ball[0]), ball[1] + abs(ball[0]) * ULP


def _floor(ball: Ball) -> Ball:
    value, error = _real(ball)
    low = math.floor(value - error)
    if low != math.floor(value + error) or (error and low != math.floor(math.nextafter(value + error, math.inf))):
        raise UnsureError("a jump")
    return float(low), 0.0


def _ceiling(ball: Ball) -> Ball:
    value, error = _floor((-_real(ball)[0], ball[1]))
    return -value, error


def _sign(ball: Ball) -> Ball:
    value, error = _real(ball)
    if abs(value) <= error and error:
        raise UnsureError("the sign of a number near zero")
    return float((value > 0) - (value < 0)), 0.0


def _conjugate(ball: Ball) -> Ball:
    return ball if type(ball[0]) is float else (ball[0].conjugate(), ball[1])


def _argument(ball: Ball) -> Ball:
    value, error = logarithm(ball)
    return (0.0, 0.0) if type(value) is float else (value.imag, error)


_ONE: Final[dict[str, Callable[[Ball], Ball]]] = {
    "sin": _sine,
    "cos": _cosine,
    "tan": lambda ball: _over(_sine(ball), _cosine(ball)),
    "cot": lambda ball: _over(_cosine(ball), _sine(ball)),
    "sec": _reciprocal(_cosine),
    "csc": _reciprocal(_sine),
    "sinh": _hyperbolic_sine,
    "cosh": _hyperbolic_cosine,
    "tanh": lambda ball: _over(_hyperbolic_sine(ball), _hyperbolic_cosine(ball)),
    "coth": lambda ball: _over(_hyperbolic_cosine(ball), _hyperbolic_sine(ball)),
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


def _function(node: Node, at: Spot) -> Ball:
    rule = _ONE.get(node[1])
    if rule is not None:
        return rule(evaluate(node[2], at))
    several = _SEVERAL.get(node[1])
    if several is None:
        raise UnfitError(node[1])
    return several([evaluate(part, at) for part in node[2:]], at)


def _root(balls: list[Ball], at: Spot) -> Ball:
    if len(balls) == 1 or balls[1] == (2.0, 0.0):
        return square_root(balls[0])
    degree, error = _real(balls[1])
    if error or degree < 1 or degree != int(degree):
        raise UnfitError("a root of no natural degree")
    value, bound = balls[0]
    if value == 0 and bound == 0:
        return 0.0, 0.0
    power = 1 / degree, ULP / degree
    if type(value) is float and value < -bound and int(degree) & 1:
        value, bound = _positive_power(-value, bound, *power)
        return -value, bound
    return _real_power(balls[0], power, ("num", 1, 1))


def _log(balls: list[Ball], at: Spot) -> Ball:
    if len(balls) != 2:
        raise UnfitError("a logarithm without a base")
    return _over(logarithm(balls[0]), logarithm(balls[1]))


def _largest(balls: list[Ball], at: Spot) -> Ball:
    reals = [_real(ball) for ball in balls]
    return max(value for value, _ in reals), max(error for _, error in reals)


def _smallest(balls: list[Ball], at: Spot) -> Ball:
    reals = [_real(ball) for ball in balls]
    return min(value for value, _ in reals), max(error for _, error in reals)


def _of_integers(name: str) -> Callable[[list[Ball], Spot], Ball]:
    """A function of whole numbers, from the exact ones."""

    def rule(balls: list[Ball], at: Spot) -> Ball:
        if any(error or type(value) is not float or value != int(value) for value, error in balls):
            raise UnfitError("a function of whole numbers")
        parts = tuple(("num", int(value.real), 1) for value, _ in balls)
        return _quotient(*rationals.evaluate(("fn", name, *parts), rationals.NO_NAMES, at.fuel))

    return rule


_SEVERAL: Final[dict[str, Callable[[list[Ball], Spot], Ball]]] = {
    "root": _root,
    "log": _log,
    "max": _largest,
    "min": _smallest,
    **{name: _of_integers(name) for name in ("factorial", "double_factorial", "binomial", "gcd", "lcm", "mod")},
}


# Sums and products.


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
        total = _plus(total, value) if kind == "sum" else _times(total, value)
    return total


def _bound(ball: Ball) -> int:
    value, error = _real(ball)
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
