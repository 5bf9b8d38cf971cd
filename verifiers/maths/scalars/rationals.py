"""Exact rational values: plain pairs of integers, fuelled by bits. The layer that decides most answers.

A pair is `(p, q)` with q > 0, not necessarily in lowest terms: reducing costs more than it saves on short sums.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars.nodes import STEPS_PER_NODE, size
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["MAX_BITS", "MAX_TERMS", "NO_NAMES", "Pair", "evaluate", "perfect_root", "reduced"]

MAX_BITS = 100_000
"""Of numerator and denominator together; larger values are left to the prime fields."""
MAX_TERMS = 1_000
"""Of a sum or product written with the operator sign."""
MAX_FACTORIAL = 8_000
Pair = tuple[int, int]
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


def reduced(pair: Pair) -> Pair:
    """In lowest terms."""
    common = math.gcd(*pair)
    return (pair[0] // common, pair[1] // common) if common > 1 else pair


def _bounded(p: int, q: int, fuel: Fuel) -> Pair:
    bits = p.bit_length() + q.bit_length()
    if bits > 256:
        fuel.spend_bits(bits)
        if bits > MAX_BITS:
            raise UnfitError("too many digits")
    return p, q


# Literals and names.


def _number(node: Node, names: Names, fuel: Fuel) -> Pair:
    return node[1], node[2]


def _scientific(node: Node, names: Names, fuel: Fuel) -> Pair:
    _, p, q = node[1][:3]
    exponent = node[2]
    if abs(exponent) * 4 > MAX_BITS:
        raise UnfitError("too many digits")
    power = 10 ** abs(exponent)
    return _bounded(p * power, q, fuel) if exponent >= 0 else _bounded(p, q * power, fuel)


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
        if q > _WORD:
            p, q = _bounded(p, q, fuel)
    return _bounded(p, q, fuel)


def _multiply(node: Node, names: Names, fuel: Fuel) -> Pair:
    p, q = 1, 1
    for part in node[1:]:
        rule = _RULES.get(part[0])
        if rule is None:
            raise UnfitError(part[0])
        a, b = rule(part, names, fuel)
        p *= a
        q *= b
        if not -_WORD < p < _WORD or q > _WORD:
            p, q = _bounded(p, q, fuel)
    return p, q


_WORD = 1 << 128


def _divide(node: Node, names: Names, fuel: Fuel) -> Pair:
    p, q = evaluate(node[1], names, fuel)
    a, b = evaluate(node[2], names, fuel)
    if not a:
        raise UndefinedError("a division by zero")
    return _bounded(p * b, q * a, fuel) if a > 0 else _bounded(-p * b, -q * a, fuel)


def _negate(node: Node, names: Names, fuel: Fuel) -> Pair:
    p, q = evaluate(node[1], names, fuel)
    return -p, q


def _power(node: Node, names: Names, fuel: Fuel) -> Pair:
    base = evaluate(node[1], names, fuel)
    a, b = reduced(evaluate(node[2], names, fuel))
    if b != 1:
        base = perfect_root(base, b, fuel)
    return _whole_power(base, a, fuel)


def _whole_power(base: Pair, exponent: int, fuel: Fuel) -> Pair:
    p, q = base
    if not p:
        if exponent <= 0:
            raise UndefinedError("zero to a power that is not positive")
        return 0, 1
    if not (-2 < exponent < 8 and q < _WORD and -_WORD < p < _WORD):
        p, q = reduced(base)
        if q == 1 and (p == 1 or p == -1):
            return (p if exponent & 1 else 1), 1
        bits = (p.bit_length() + q.bit_length() - 1) * abs(exponent)
        if bits > MAX_BITS:
            raise UnfitError("too many digits")
        fuel.spend_bits(bits)
    if exponent >= 0:
        return p**exponent, q**exponent
    return (q**-exponent, p**-exponent) if p > 0 or not exponent & 1 else (-(q**-exponent), -(p**-exponent))


def perfect_root(value: Pair, degree: int, fuel: Fuel) -> Pair:
    """The real root of a number that is not negative, where it is rational.

    Raises:
        UnfitError: it is not, or the number is negative.
    """
    p, q = reduced(value)
    if p < 0:
        raise UnfitError("a root of a negative number")
    return _integer_root(p, degree, fuel), _integer_root(q, degree, fuel)


def _integer_root(value: int, degree: int, fuel: Fuel) -> int:
    if value < 2:
        return value
    bits = value.bit_length()
    if degree >= bits:
        raise UnfitError("an irrational root")
    root = math.isqrt(value) if degree == 2 else _newton_root(value, degree, fuel)
    if bits > 256:
        fuel.spend_bits(bits * 2)
    if root**degree != value:
        raise UnfitError("an irrational root")
    return root


def _newton_root(value: int, degree: int, fuel: Fuel) -> int:
    root = 1 << -(-value.bit_length() // degree)
    while True:
        fuel.spend_bits(2 * value.bit_length())
        better = ((degree - 1) * root + value // root ** (degree - 1)) // degree
        if better >= root:
            return root
        root = better


# Functions.


def _function(node: Node, names: Names, fuel: Fuel) -> Pair:
    rule = _FUNCTIONS.get(node[1])
    if rule is None:
        raise UnfitError(node[1])
    return rule([evaluate(part, names, fuel) for part in node[2:]], fuel)


def _whole(pair: Pair) -> int:
    value, rest = divmod(pair[0], pair[1])
    if rest:
        raise UnfitError("a function of whole numbers")
    return value


def _root(values: list[Pair], fuel: Fuel) -> Pair:
    degree = _whole(values[1]) if len(values) > 1 else 2
    if degree < 1:
        raise UnfitError("a root of no natural degree")
    p, q = values[0]
    if p < 0 and degree & 1:
        p, q = perfect_root((-p, q), degree, fuel)
        return -p, q
    return perfect_root((p, q), degree, fuel)


def _factorial(values: list[Pair], fuel: Fuel) -> Pair:
    n = _natural(values[0])
    if n > MAX_FACTORIAL:
        raise UnfitError("too many digits")
    fuel.spend(n * 2)
    return math.factorial(n), 1


def _natural(pair: Pair) -> int:
    n = _whole(pair)
    if n < 0:
        raise UndefinedError("the factorial of a negative number")
    return n


def _double_factorial(values: list[Pair], fuel: Fuel) -> Pair:
    n = _natural(values[0])
    if n > MAX_FACTORIAL:
        raise UnfitError("too many digits")
    fuel.spend(n * 4)
    return math.prod(range(n, 0, -2)), 1


def _binomial(values: list[Pair], fuel: Fuel) -> Pair:
    n, k = (_natural(value) for value in values)
    terms = min(k, n - k)
    bits = terms * n.bit_length()
    if bits > MAX_BITS * 2:
        raise UnfitError("too many digits")
    if terms > 0:
        fuel.spend(terms)
        fuel.spend_bits(bits)
    return _bounded(math.comb(n, k), 1, fuel)


def _gcd(values: list[Pair], fuel: Fuel) -> Pair:
    return math.gcd(*(_whole(value) for value in values)), 1


def _lcm(values: list[Pair], fuel: Fuel) -> Pair:
    return _bounded(math.lcm(*(_whole(value) for value in values)), 1, fuel)


def _modulo(values: list[Pair], fuel: Fuel) -> Pair:
    (p, q), (a, b) = values
    if not a:
        raise UndefinedError("a remainder of a division by zero")
    return _bounded((p * b) % (a * q), q * b, fuel)


def _largest(values: list[Pair], fuel: Fuel) -> Pair:
    best = values[0]
    for p, q in values[1:]:
        if p * best[1] > best[0] * q:
            best = p, q
    return best


def _smallest(values: list[Pair], fuel: Fuel) -> Pair:
    p, q = _largest([(-a, b) for a, b in values], fuel)
    return -p, q


def _logarithm(values: list[Pair], fuel: Fuel) -> Pair:
    """Where the argument is a power of the base: `log_2 8`."""
    if len(values) != 2:
        raise UnfitError("a logarithm without a base")
    value, base = reduced(values[0]), reduced(values[1])
    if value == (1, 1) and base[0] > 0 and base != (1, 1):
        return 0, 1
    if base[1] != 1 or base[0] < 2 or value[0] < 1 or (value[0] > 1 and value[1] > 1):
        raise UnfitError("a logarithm")
    target = max(value)
    count = round(math.log2(target) / math.log2(base[0]))
    fuel.spend_bits(target.bit_length() + base[0].bit_length())
    if base[0] ** count != target:
        raise UnfitError("a logarithm")
    return (count, 1) if value[1] == 1 else (-count, 1)


_FUNCTIONS: Final[dict[str, Callable[[list[Pair], Fuel], Pair]]] = {
    "abs": lambda values, fuel: (abs(values[0][0]), values[0][1]),
    "floor": lambda values, fuel: (values[0][0] // values[0][1], 1),
    "ceil": lambda values, fuel: (-(-values[0][0] // values[0][1]), 1),
    "sign": lambda values, fuel: ((values[0][0] > 0) - (values[0][0] < 0), 1),
    "re": lambda values, fuel: values[0],
    "im": lambda values, fuel: (0, 1),
    "conj": lambda values, fuel: values[0],
    "max": _largest,
    "min": _smallest,
    "gcd": _gcd,
    "lcm": _lcm,
    "mod": _modulo,
    "log": _logarithm,
    "factorial": _factorial,
    "double_factorial": _double_factorial,
    "binomial": _binomial,
    "root": _root,
}


# Sums and products.


def _series(node: Node, names: Names, fuel: Fuel) -> Pair:
    kind, body, name, low, high = node
    first, last = _whole(evaluate(low, names, fuel)), _whole(evaluate(high, names, fuel))
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
        if q > _WORD or not -_WORD < p < _WORD:
            p, q = _bounded(p, q, fuel)
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
