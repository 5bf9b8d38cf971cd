"""Exact rational values of trees, under a budget of bits: the layer that decides most answers."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from assaygym.verifiers.maths.lexicon import Node

__all__ = ["ExactEvaluator", "NotRationalError", "UndefinedError", "free_symbols", "probe_points", "walk"]

MAX_BITS = 24_000
FUEL_BITS = 4_000_000
Point = Mapping[str, Fraction]


class NotRationalError(ArithmeticError):
    """The value is not rational, or too large to be worked out. Never leaves this package."""


class UndefinedError(ArithmeticError):
    """The value does not exist: a division by zero, the factorial of a negative number. Never leaves this package."""


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes below it."""
    stack: list[Node] = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(child for child in top if isinstance(child, tuple))


def free_symbols(node: Node) -> set[str]:
    """Names of the variables (running indices of sums among them)."""
    return {part[1] for part in walk(node) if part and part[0] == "sym"}


def probe_points(names: set[str], seed: str, count: int) -> list[dict[str, Fraction]]:
    """`count` points for the variables, the same for the same `seed`; values are 20-bit rationals.

    Four points hold every combination of signs of the first two variables, so that `|x|` never passes for `x`.
    """
    generator = random.Random(hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest())
    return [
        {
            name: _draw(generator, (k >> i & 1) if i < 2 else generator.randrange(2))
            for i, name in enumerate(sorted(names))
        }
        for k in range(count)
    ]


def _draw(generator: random.Random, negative: int) -> Fraction:
    return Fraction((-1) ** negative * generator.randrange(1, 1 << 20), generator.randrange(1, 1 << 12))


class ExactEvaluator:
    """Works out trees as `Fraction`s, until its fuel (bits of all results together) is spent."""

    def __init__(self, fuel: int = FUEL_BITS) -> None:
        self.fuel = fuel

    def __call__(self, node: Node, point: Point) -> Fraction:
        """The value at `point`.

        Raises:
            NotRationalError: it is not rational, or over the budget.
            UndefinedError: it does not exist.
        """
        rule = _RULES.get(node[0])
        if rule is None:
            raise NotRationalError(node[0])
        value = rule(self, node, point)
        self.fuel -= value.numerator.bit_length() + value.denominator.bit_length()
        if self.fuel < 0:
            raise NotRationalError("over the budget")
        return _bounded(value)


def _add(run: ExactEvaluator, node: Node, point: Point) -> Fraction:
    total = Fraction(0)
    for part in node[1:]:
        total = _bounded(total + run(part, point))
    return total


def _multiply(run: ExactEvaluator, node: Node, point: Point) -> Fraction:
    total = Fraction(1)
    for part in node[1:]:
        total = _bounded(total * run(part, point))
    return total


def _bounded(value: Fraction) -> Fraction:
    if value.numerator.bit_length() + value.denominator.bit_length() > MAX_BITS:
        raise NotRationalError("over the budget")
    return value


def _divide(run: ExactEvaluator, node: Node, point: Point) -> Fraction:
    under = run(node[2], point)
    if not under:
        raise UndefinedError("a division by zero")
    return run(node[1], point) / under


def _power(run: ExactEvaluator, node: Node, point: Point) -> Fraction:
    exponent = run(node[2], point)
    base = _root(run(node[1], point), exponent.denominator)
    if not base and exponent <= 0:
        raise UndefinedError("zero to a power that is not positive")
    bits = base.numerator.bit_length() + base.denominator.bit_length()
    if base not in (0, 1, -1) and abs(exponent.numerator) * bits > MAX_BITS:
        raise NotRationalError("over the budget")
    whole = exponent.numerator if base not in (0, 1, -1) else exponent.numerator % 2 or (2 if base == -1 else 1)
    return base**whole


def _root(value: Fraction, degree: int) -> Fraction:
    """The exact root, if it is rational; even roots of negative numbers and large degrees are not."""
    if degree == 1 or value == 1:
        return value
    if value < 0 or not 1 < degree <= 64:
        raise NotRationalError("a root")
    return Fraction(_whole_root(value.numerator, degree), _whole_root(value.denominator, degree))


def _whole_root(value: int, degree: int) -> int:
    low, high = 0, 1 << (value.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= value else (low, middle - 1)
    if low**degree != value:
        raise NotRationalError("a root")
    return low


def _function(run: ExactEvaluator, node: Node, point: Point) -> Fraction:
    rule = _FUNCTIONS.get(node[1])
    if rule is None:
        raise NotRationalError(node[1])
    return rule([run(part, point) for part in node[2:]])


def _wholes(values: list[Fraction]) -> list[int]:
    if any(value.denominator != 1 for value in values):
        raise NotRationalError("a function of whole numbers")
    return [int(value) for value in values]


def _factorial(values: list[Fraction]) -> Fraction:
    (n,) = _wholes(values)
    if n < 0:
        raise UndefinedError("the factorial of a negative number")
    if n > 2500:
        raise NotRationalError("over the budget")
    return Fraction(math.factorial(n))


def _binomial(values: list[Fraction]) -> Fraction:
    n, k = _wholes(values)
    if not 0 <= n <= 2500 or k < 0:
        raise NotRationalError("a binomial")
    return Fraction(math.comb(n, k))


def _function_root(values: list[Fraction]) -> Fraction:
    degree = _wholes(values[1:])[0]
    return -_root(-values[0], degree) if values[0] < 0 and degree % 2 and degree > 1 else _root(values[0], degree)


_FUNCTIONS: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "abs": lambda values: abs(values[0]),
    "floor": lambda values: Fraction(math.floor(values[0])),
    "ceiling": lambda values: Fraction(math.ceil(values[0])),
    "max": max,
    "min": min,
    "gcd": lambda values: Fraction(math.gcd(*_wholes(values))),
    "lcm": lambda values: Fraction(math.lcm(*_wholes(values))),
    "factorial": _factorial,
    "binomial": _binomial,
    "root": _function_root,
}


def _symbol(run: ExactEvaluator, node: Node, point: Point) -> Fraction:
    if node[1] not in point:
        raise NotRationalError(node[1])
    return point[node[1]]


_RULES: dict[str, Callable[[ExactEvaluator, Node, Point], Fraction]] = {
    "num": lambda run, node, point: Fraction(node[1], node[2]),
    "dec": lambda run, node, point: Fraction(node[1], node[2]),
    "sym": _symbol,
    "neg": lambda run, node, point: -run(node[1], point),
    "add": _add,
    "mul": _multiply,
    "div": _divide,
    "pow": _power,
    "fn": _function,
}
