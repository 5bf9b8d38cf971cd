"""A tree as a sympy object with its operators worked out. Runs in a worker process; no text is ever parsed here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import sympy  # type: ignore[import-untyped]

from assaygym.verifiers.maths.cas.numbers import RefusedError
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["closed_form"]

MAX_EXPONENT: Final = 2_000
MAX_FACTORIAL: Final = 2_000
MAX_TERMS: Final = 50
"""Longest sum that is written out when it has no closed form."""


def closed_form(node: Node, integers: frozenset[str]) -> Any:
    """The expression without sums, products, integrals, limits or derivatives in it.

    Args:
        node: the tree.
        integers: the names that stand for whole numbers; the others stand for real ones.

    Raises:
        RefusedError: one of them has no closed form that sympy finds, or something is too large.
    """
    found = _Builder(integers).build(node)
    if found.has(sympy.Sum, sympy.Product, sympy.Integral, sympy.Limit, sympy.Derivative, sympy.nan, sympy.zoo):
        raise RefusedError("no closed form")
    return found


class _Builder:
    """Trees to sympy objects, with guards against what would explode."""

    def __init__(self, integers: frozenset[str]) -> None:
        self._integers = integers

    def build(self, node: Node) -> Any:
        rule = _RULES.get(node[0])
        if rule is None:
            raise RefusedError(f"{node[0]} is not a number")
        return rule(self, node)

    def symbol(self, name: str) -> Any:
        return sympy.Symbol(name, integer=True) if name in self._integers else sympy.Symbol(name, real=True)

    def all(self, node: Node) -> list[Any]:
        return [self.build(part) for part in node[1:]]


def _power(base: Any, exponent: Any) -> Any:
    if exponent.is_Rational and abs(exponent) > MAX_EXPONENT:
        raise RefusedError("an exponent that is too large")
    if base.is_number and exponent.is_number and not exponent.is_Rational and abs(exponent.evalf(5)) > MAX_EXPONENT:
        raise RefusedError("an exponent that is too large")
    return base**exponent


def _root(value: Any, degree: Any) -> Any:
    if degree == 0:
        raise RefusedError("a root of degree zero")
    if degree.is_Integer and degree % 2 and value.is_negative:
        return -_power(-value, 1 / degree)
    return _power(value, 1 / degree)


def _small(function: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*values: Any) -> Any:
        if any(value.is_number and not abs(value.evalf(5)) <= MAX_FACTORIAL for value in values):
            raise RefusedError("a factorial that is too large")
        return function(*values)

    return guarded


_NAMES = "sin cos tan cot sec csc sinh cosh tanh coth sech csch asin acos atan acot asec acsc asinh acosh atanh acoth"
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(sympy, name) for name in f"{_NAMES} asech acsch floor sign re im arg".split()},
    "exp": lambda value: _power(sympy.E, value),
    "ln": sympy.log,
    "root": _root,
    "abs": sympy.Abs,
    "ceil": sympy.ceiling,
    "conj": sympy.conjugate,
    "factorial": _small(sympy.factorial),
    "double_factorial": _small(sympy.factorial2),
    "binomial": _small(sympy.binomial),
    "gamma": _small(sympy.gamma),
    "max": sympy.Max,
    "min": sympy.Min,
    "mod": sympy.Mod,
}


def _function(builder: _Builder, node: Node) -> Any:
    values = [builder.build(part) for part in node[2:]]
    if node[1] == "log":
        return sympy.log(values[0]) / sympy.log(values[1] if len(values) > 1 else builder.symbol("log base"))
    if node[1] not in _FUNCTIONS:
        raise RefusedError(f"{node[1]} has no closed form")
    return _FUNCTIONS[node[1]](*values)


def _series(builder: _Builder, node: Node) -> Any:
    _, body, name, low, high = node
    kind = sympy.Sum if node[0] == "sum" else sympy.Product
    first, last = builder.build(low), builder.build(high)
    index = sympy.Symbol(name, integer=True)
    inner = _Builder(builder._integers | {name})
    count = last - first
    if count.is_Integer and count > MAX_TERMS:  # in closed form for any end, or not at all
        end = sympy.Symbol("last index", integer=True, positive=True)
        return _settled(kind(inner.build(body), (index, first, end)).doit(), kind).subs(end, last)
    return _settled(kind(inner.build(body), (index, first, last)).doit(), kind)


def _settled(found: Any, kind: Any) -> Any:
    if found.has(kind):
        raise RefusedError("a sum without a closed form")
    return found


def _integral(builder: _Builder, node: Node) -> Any:
    _, body, name, low, high = node
    variable, integrand = builder.symbol(name), builder.build(body)
    if low is None or high is None:
        return sympy.integrate(integrand, variable)
    found = sympy.integrate(integrand, (variable, builder.build(low), builder.build(high)))
    if isinstance(found, sympy.Piecewise):
        raise RefusedError("an integral by cases")
    return found


def _limit(builder: _Builder, node: Node) -> Any:
    _, body, name, target, side = node
    point = builder.build(target)
    try:
        return sympy.limit(
            builder.build(body), builder.symbol(name), point, side or ("-" if point.is_infinite else "+-")
        )
    except ValueError as error:
        raise RefusedError("the sides have different limits") from error


def _derivative(builder: _Builder, node: Node) -> Any:
    _, body, name, order = node
    if not isinstance(order, int) or not 0 <= order <= 20:
        raise RefusedError("a derivative of that order")
    return sympy.diff(builder.build(body), builder.symbol(name), order)


def _constant(builder: _Builder, node: Node) -> Any:
    found = {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "inf": sympy.oo}.get(node[1])
    if found is None:
        raise RefusedError(f"{node[1]} is no number")
    return found


def _scientific(builder: _Builder, node: Node) -> Any:
    return builder.build(node[1]) * _power(sympy.Integer(10), sympy.Integer(node[2]))


_RULES: dict[str, Callable[[_Builder, Node], Any]] = {
    "num": lambda _, node: sympy.Rational(node[1], node[2]),
    "dec": lambda _, node: sympy.Rational(node[1], node[2]),
    "repeating": lambda _, node: sympy.Rational(node[1], node[2]),
    "mixed": lambda _, node: node[1] + sympy.Rational(node[2], node[3]),
    "sci": _scientific,
    "const": _constant,
    "sym": lambda builder, node: builder.symbol(node[1]),
    "add": lambda builder, node: sympy.Add(*builder.all(node)),
    "mul": lambda builder, node: sympy.Mul(*builder.all(node)),
    "div": lambda builder, node: builder.build(node[1]) / builder.build(node[2]),
    "neg": lambda builder, node: -builder.build(node[1]),
    "pow": lambda builder, node: _power(builder.build(node[1]), builder.build(node[2])),
    "percent": lambda builder, node: builder.build(node[1]) / 100,
    "deg": lambda builder, node: builder.build(node[1]) * sympy.pi / 180,
    "fn": _function,
    "sum": _series,
    "prod": _series,
    "integral": _integral,
    "limit": _limit,
    "derivative": _derivative,
}
