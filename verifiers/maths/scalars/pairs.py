"""Pairs of integers as rational numbers, and functions of them, fuelled by bits.

A pair is `(p, q)` with q > 0, not necessarily in lowest terms: reducing costs more than it saves on short sums.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError

__all__ = ["FUNCTIONS", "MAX_BITS", "WORD", "Pair", "as_whole", "bounded", "perfect_root", "reduced", "whole_power"]

MAX_BITS = 100_000
"""Of numerator and denominator together; larger values are left to the prime fields."""
MAX_FACTORIAL = 8_000
Pair = tuple[int, int]
WORD = 1 << 128


def reduced(pair: Pair) -> Pair:
    """In lowest terms."""
    common = math.gcd(*pair)
    return (pair[0] // common, pair[1] // common) if common > 1 else pair


def bounded(p: int, q: int, fuel: Fuel) -> Pair:
    """The pair, paid for.

    Raises:
        UnfitError: it has more than MAX_BITS.
    """
    bits = p.bit_length() + q.bit_length()
    if bits > 256:
        fuel.spend_bits(bits)
        if bits > MAX_BITS:
            raise UnfitError("too many digits")
    return p, q


def whole_power(base: Pair, exponent: int, fuel: Fuel) -> Pair:
    """A power.

    Raises:
        UndefinedError: a power of zero that is not positive.
        UnfitError: the result would have more than MAX_BITS.
    """
    p, q = base
    if not p:
        if exponent <= 0:
            raise UndefinedError("zero to a power that is not positive")
        return 0, 1
    if not (-2 < exponent < 8 and q < WORD and -WORD < p < WORD):
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


def as_whole(pair: Pair) -> int:
    """The integer that it is.

    Raises:
        UnfitError: it is none.
    """
    value, rest = divmod(pair[0], pair[1])
    if rest:
        raise UnfitError("a function of whole numbers")
    return value


def _root(values: list[Pair], fuel: Fuel) -> Pair:
    degree = as_whole(values[1]) if len(values) > 1 else 2
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
    n = as_whole(pair)
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
    return bounded(math.comb(n, k), 1, fuel)


def _gcd(values: list[Pair], fuel: Fuel) -> Pair:
    return math.gcd(*(as_whole(value) for value in values)), 1


def _lcm(values: list[Pair], fuel: Fuel) -> Pair:
    return bounded(math.lcm(*(as_whole(value) for value in values)), 1, fuel)


def _modulo(values: list[Pair], fuel: Fuel) -> Pair:
    (p, q), (a, b) = values
    if not a:
        raise UndefinedError("a remainder of a division by zero")
    return bounded((p * b) % (a * q), q * b, fuel)


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


FUNCTIONS: Final[dict[str, Callable[[list[Pair], Fuel], Pair]]] = {
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
