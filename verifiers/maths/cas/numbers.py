"""The value of a tree at a point, as an mpmath number at the working precision. Runs in a worker process."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from mpmath import mp  # type: ignore[import-untyped]

from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["MAX_BITS", "MAX_FACTORIAL", "STEPS", "Evaluator", "NoValueError", "RefusedError", "as_integer", "real"]

STEPS: Final = 30_000
"""Nodes that one evaluation at one precision may visit."""
MAX_BITS: Final = 1_000_000
"""Largest binary exponent of a number."""
MAX_FACTORIAL: Final = 1_000_000
LOG_BASE: Final = "log base"
"""The name that stands for the base of a `log` without one: true is what holds for every base."""

Point = Mapping[str, Any]


class RefusedError(Exception):
    """This way does not lead to a value that can be trusted; another may."""


class NoValueError(RefusedError):
    """The tree has no value there: a function by cases outside all of them."""


class Evaluator:
    """Evaluates trees; `variant` makes the operators take another way to the same number.

    Args:
        variant: 0 or 1.
        operators: by kind of node, `(evaluator, node, point) -> number`.
        rough: whether the operators give what they have, converged or not.
    """

    def __init__(
        self, variant: int, operators: Mapping[str, Callable[[Evaluator, Node, Point], Any]], rough: bool = False
    ) -> None:
        self.variant = variant
        self.rough = rough
        self.steps = STEPS
        self._operators = operators

    def value(self, node: Node, point: Point) -> Any:
        """The number.

        Raises:
            RefusedError: it has none, it is too large, or it takes too many steps.
            ArithmeticError, ValueError: from mpmath, at poles and outside domains.
        """
        self.steps -= 1
        if self.steps < 0:
            raise RefusedError("too many steps")
        kind = node[0]
        rule = _RULES.get(kind) or self._operators.get(kind)
        if rule is None:
            raise RefusedError(f"{kind} is not a number")
        return rule(self, node, point)

    def function(self, body: Node, name: str, point: Point) -> Callable[[Any], Any]:
        """The body as a function of one name, the others as at the point."""
        inner = dict(point)

        def at(value: Any) -> Any:
            inner[name] = value
            return self.value(body, inner)

        return at


def real(value: Any) -> Any:
    """The number without an imaginary part of zero.

    Raises:
        RefusedError: it is no finite real number.
    """
    if mp.im(value) != 0 or not mp.isfinite(value):
        raise RefusedError("not a finite real number")
    return mp.re(value)


def as_integer(value: Any) -> int:
    """The whole number that a value is, up to rounding.

    Raises:
        RefusedError: it is none, or one of more than a hundred thousand bits.
    """
    number = real(value)
    if mp.mag(number) > 100_000 or abs(number - mp.nint(number)) > mp.mpf(10) ** (10 - mp.dps):
        raise RefusedError("not a whole number")
    return int(mp.nint(number))


def _rational(over: int, under: int) -> Any:
    return mp.mpf(over) / under


def _based(digits: str, base: int) -> Any:
    if not (digits.isascii() and digits.isalnum() and 2 <= base <= 36):
        raise RefusedError("digits that cannot be read")
    return mp.mpf(int(digits, base))


def _constant(name: str) -> Any:
    if name == "pi":
        return +mp.pi
    if name == "e":
        return +mp.e
    if name == "i":
        return mp.mpc(0, 1)
    raise RefusedError(f"{name} is no number")


def _symbol(ev: Evaluator, node: Node, point: Point) -> Any:
    if node[1] not in point:
        raise RefusedError("a name without a value")
    return point[node[1]]


def _scientific(ev: Evaluator, node: Node, point: Point) -> Any:
    if abs(node[2]) > MAX_BITS // 4:
        raise RefusedError("an exponent that is too large")
    return ev.value(node[1], point) * mp.mpf(10) ** node[2]


def _product(ev: Evaluator, node: Node, point: Point) -> Any:
    total = mp.mpf(1)
    for part in node[1:]:
        total *= ev.value(part, point)
    return total


def power(base: Any, exponent: Any) -> Any:
    """The principal power.

    Raises:
        RefusedError: the number is too large or too small to handle, or the power has no value.
    """
    if base == 0:
        if mp.im(exponent) != 0 or mp.re(exponent) < 0:
            raise RefusedError("a pole")
        return mp.mpf(1) if exponent == 0 else mp.mpf(0)
    if abs(exponent) * (abs(mp.mag(base)) + 2) > MAX_BITS:
        raise RefusedError("a power that is too large")
    return mp.power(base, exponent)


def _root(value: Any, degree: Any) -> Any:
    if degree == 0:
        raise RefusedError("a root of degree zero")
    odd = mp.im(degree) == 0 and mp.isint(degree) and int(degree) % 2
    if odd and mp.im(value) == 0 and mp.re(value) < 0:
        return -power(-mp.re(value), 1 / degree)
    return power(value, 1 / degree)


def _exp(value: Any) -> Any:
    if abs(value) > MAX_BITS:
        raise RefusedError("a power that is too large")
    return mp.exp(value)


def _ln(value: Any) -> Any:
    if value == 0:
        raise RefusedError("the logarithm of zero")
    return mp.log(value)


def _floor(value: Any) -> Any:
    number, near = real(value), mp.nint(real(value))
    return near if abs(number - near) < mp.mpf(10) ** (10 - mp.dps) else mp.floor(number)


def _factorial(value: Any) -> Any:
    if abs(value) > MAX_FACTORIAL:
        raise RefusedError("a factorial that is too large")
    return mp.factorial(value)


def _double_factorial(value: Any) -> Any:
    if not 0 <= as_integer(value) <= MAX_FACTORIAL:
        raise RefusedError("a factorial that is too large")
    return mp.fac2(value)


def _gamma(value: Any) -> Any:
    return _factorial(value - 1)


def _binomial(over: Any, under: Any) -> Any:
    if max(abs(over), abs(under)) > MAX_FACTORIAL:
        raise RefusedError("a binomial that is too large")
    return mp.binomial(over, under)


def _folded(fold: Callable[[int, int], int]) -> Callable[..., Any]:
    def apply(*values: Any) -> Any:
        total = as_integer(values[0])
        for value in values[1:]:
            total = fold(total, as_integer(value))
        return mp.mpf(total)

    return apply


def _sign(value: Any) -> Any:
    return mp.sign(real(value))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(mp, name) for name in ("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth")},
    **{name: getattr(mp, name) for name in ("sech", "csch", "asin", "acos", "atan", "acot", "asec", "acsc", "asinh")},
    **{name: getattr(mp, name) for name in ("acosh", "atanh", "acoth", "asech", "acsch", "re", "im", "conj", "arg")},
    "exp": _exp,
    "ln": _ln,
    "root": _root,
    "abs": abs,
    "norm": abs,
    "floor": _floor,
    "ceil": lambda value: -_floor(-value),
    "sign": _sign,
    "factorial": _factorial,
    "double_factorial": _double_factorial,
    "gamma": _gamma,
    "binomial": _binomial,
    "max": lambda *values: max(map(real, values)),
    "min": lambda *values: min(map(real, values)),
    "gcd": _folded(math.gcd),
    "lcm": _folded(math.lcm),
    "mod": lambda value, by: value - by * _floor(value / by),
}


def _function(ev: Evaluator, node: Node, point: Point) -> Any:
    values = [ev.value(part, point) for part in node[2:]]
    if node[1] == "log":
        return _ln(values[0]) / _ln(values[1] if len(values) > 1 else point[LOG_BASE])
    rule = _FUNCTIONS.get(node[1])
    if rule is None:
        raise RefusedError(f"{node[1]} of no number")
    try:
        return rule(*values)
    except TypeError as error:  # another count of arguments, or complex ones where only real ones go
        raise RefusedError(f"{node[1]}: {error}") from error


_RULES: dict[str, Callable[[Evaluator, Node, Point], Any]] = {
    "num": lambda ev, node, point: _rational(node[1], node[2]),
    "dec": lambda ev, node, point: _rational(node[1], node[2]),
    "repeating": lambda ev, node, point: _rational(node[1], node[2]),
    "mixed": lambda ev, node, point: node[1] + _rational(node[2], node[3]),
    "based": lambda ev, node, point: _based(node[1], node[2]),
    "sci": _scientific,
    "const": lambda ev, node, point: _constant(node[1]),
    "sym": _symbol,
    "add": lambda ev, node, point: mp.fsum(ev.value(part, point) for part in node[1:]),
    "mul": _product,
    "div": lambda ev, node, point: ev.value(node[1], point) / ev.value(node[2], point),
    "neg": lambda ev, node, point: -ev.value(node[1], point),
    "pow": lambda ev, node, point: power(ev.value(node[1], point), ev.value(node[2], point)),
    "percent": lambda ev, node, point: ev.value(node[1], point) / 100,
    "deg": lambda ev, node, point: ev.value(node[1], point) * mp.pi / 180,
    "fn": _function,
}
