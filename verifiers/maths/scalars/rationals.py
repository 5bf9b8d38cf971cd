"""Exact rational values of trees, as pairs of integers. The layer that decides most answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars.nodes import STEPS_PER_NODE, size
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError
from assaygym.verifiers.maths.scalars.pairs import (
    FUNCTIONS,
    MAX_BITS,
    WORD,
    Pair,
    as_whole,
    bounded,
    perfect_root,
    reduced,
    whole_power,
)
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["MAX_TERMS", "NO_NAMES", "evaluate"]

MAX_TERMS = 1_000
"""Of a sum or product written with the operator sign."""
Names = Mapping[str, Pair]
NO_NAMES: Final[Names] = {}


def evaluate(node: Node, names: Names, fuel: Fuel) -> Pair:
    """The value with the given values of the names.

    Raises:
        UnfitError: it is not rational, or over `MAX_BITS`, or not shown to be rational here.
        UndefinedError: it does not exist.
        OutOfFuelError: the fuel is spent.
    """
    rule = _RULES.get(node[0])
    if rule is None:
        raise UnfitError(node[0])
    return rule(node, names, fuel)


# Literals and names.


def _number(node: Node, names: Names, fuel: Fuel) -> Pair:
    return node[1], node[2]


def _scientific(node: Node, names: Names, fuel: Fuel) -> Pair:
    _, p, q = node[1][:3]
    exponent = node[2]
    if abs(exponent) * 4 > MAX_BITS:
        raise UnfitError("too many digits")
    power = 10 ** abs(exponent)
    return bounded(p * power, q, fuel) if exponent >= 0 else bounded(p, q * power, fuel)


def _mixed(node: Node, names: Names, fuel: Fuel) -> Pair:
    whole, p, q = node[1:4]
    if not q:
        raise UndefinedError("a division by zero")
    return whole * q + p, q


def _symbol(node: Node, names: Names, fuel: Fuel) -> Pair:
    value = names.get(node[1])
    if value is None:
        raise UnfitError("a variable")
    return value


def _percent(node: Node, names: Names, fuel: Fuel) -> Pair:
    p, q = evaluate(node[1], names, fuel)
    return p, q * 100


# Arithmetic.


def _add(node: Node, names: Names, fuel: Fuel) -> Pair:
    p, q = 0, 1
    for part in node[1:]:
        rule = _RULES.get(part[0])
        if rule is None:
            raise UnfitError(part[0])
        a, b = rule(part, names, fuel)
        p, q = (p + a, q) if b == q else (p * b + a * q, q * b)
        if q > WORD:
            p, q = bounded(p, q, fuel)
    return bounded(p, q, fuel)


def _multiply(node: Node, names: Names, fuel: Fuel) -> Pair:
    p, q = 1, 1
    for part in node[1:]:
        rule = _RULES.get(part[0])
        if rule is None:
            raise UnfitError(part[0])
        a, b = rule(part, names, fuel)
        p *= a
        q *= b
        if not -WORD < p < WORD or q > WORD:
            p, q = bounded(p, q, fuel)
    return p, q


def _divide(node: Node, names: Names, fuel: Fuel) -> Pair:
    p, q = evaluate(node[1], names, fuel)
    a, b = evaluate(node[2], names, fuel)
    if not a:
        raise UndefinedError("a division by zero")
    return bounded(p * b, q * a, fuel) if a > 0 else bounded(-p * b, -q * a, fuel)


def _negate(node: Node, names: Names, fuel: Fuel) -> Pair:
    p, q = evaluate(node[1], names, fuel)
    return -p, q


def _power(node: Node, names: Names, fuel: Fuel) -> Pair:
    base = evaluate(node[1], names, fuel)
    a, b = reduced(evaluate(node[2], names, fuel))
    if b != 1:
        base = perfect_root(base, b, fuel)
    return whole_power(base, a, fuel)


# Functions.


def _function(node: Node, names: Names, fuel: Fuel) -> Pair:
    rule = FUNCTIONS.get(node[1])
    if rule is None:
        raise UnfitError(node[1])
    return rule([evaluate(part, names, fuel) for part in node[2:]], fuel)


# Sums and products.


def _series(node: Node, names: Names, fuel: Fuel) -> Pair:
    kind, body, name, low, high = node
    first, last = as_whole(evaluate(low, names, fuel)), as_whole(evaluate(high, names, fuel))
    if last < first - 1:
        raise UndefinedError("a sum that ends before it starts")
    if last - first >= MAX_TERMS:
        raise UnfitError("too many terms")
    p, q = (0, 1) if kind == "sum" else (1, 1)
    inner, steps = dict(names), STEPS_PER_NODE * size(body)
    for k in range(first, last + 1):
        inner[name] = (k, 1)
        fuel.spend(steps)
        a, b = evaluate(body, inner, fuel)
        p, q = ((p * b + a * q) if b != q else p + a, q * b if b != q else q) if kind == "sum" else (p * a, q * b)
        if q > WORD or not -WORD < p < WORD:
            p, q = bounded(p, q, fuel)
    return p, q


_RULES: Final[dict[str, Callable[[Node, Names, Fuel], Pair]]] = {
    "num": _number,
    "dec": _number,
    "repeating": _number,
    "sci": _scientific,
    "mixed": _mixed,
    "sym": _symbol,
    "percent": _percent,
    "add": _add,
    "mul": _multiply,
    "div": _divide,
    "neg": _negate,
    "pow": _power,
    "fn": _function,
    "sum": _series,
    "prod": _series,
}
