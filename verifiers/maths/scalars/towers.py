"""Powers whose exponents are too large to write down, modulo a prime: `3^{7^{10^{10}}} mod p`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars import rationals
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError
from assaygym.verifiers.maths.scalars.pairs import Pair, reduced
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["power_residue"]

LARGE_BITS = 30_000
"""An integer that `rationals` refuses has more bits than this, so that it outweighs what is smaller."""
LARGEST_DIVISOR = 1000
_PRIMES: Final = tuple(n for n in range(2, 1 << 10) if all(n % d for d in range(2, math.isqrt(n) + 1)))
Factors = dict[int, int]


def power_residue(
    base: int, exponent: Node, factors: tuple[int, ...], names: Mapping[str, Pair], fuel: Fuel, p: int
) -> int:
    """`base` to a large positive integer, modulo the prime p with these prime factors of p - 1, each once.

    Raises:
        UnfitError: the exponent is not made of sums, products and powers of positive integers.
        UndefinedError: a power of zero.
        OutOfFuelError: the fuel is spent.
    """
    if not base % p:
        raise UndefinedError("zero to a large power")
    residue, _ = _Tower(names, fuel).value(exponent, dict.fromkeys(factors, 1))
    fuel.spend(800)
    return pow(base, residue, p)


class _Tower:
    def __init__(self, names: Mapping[str, Pair], fuel: Fuel) -> None:
        self.names, self.fuel = names, fuel

    def value(self, node: Node, modulus: Factors) -> tuple[int, int | None]:
        """The residue of a positive integer, and the integer itself unless it is large.

        Negative integers come out as themselves, as parts of sums.
        """
        m = math.prod(q**k for q, k in modulus.items())
        self.fuel.spend(100)
        try:
            p, q = reduced(rationals.evaluate(node, self.names, self.fuel))
        except UnfitError:
            return self.large(node, modulus, m), None
        if q != 1:
            raise UnfitError("a fraction in a tower")
        return p % m, p

    def large(self, node: Node, modulus: Factors, m: int) -> int:
        if node[0] == "pow":
            return self.power(node, modulus, m)
        if node[0] == "mul":
            parts = [self.value(part, modulus) for part in node[1:]]
            if any(value is not None and value < 1 for _, value in parts):
                raise UnfitError("a product that is not positive in a tower")
            return math.prod(residue for residue, _ in parts) % m
        if node[0] == "add":
            return self.sum(node, modulus, m)
        if node[0] == "div":
            return self.quotient(node, modulus, m)
        raise UnfitError(f"{node[0]} in a tower")

    def sum(self, node: Node, modulus: Factors, m: int) -> int:
        parts = [self.value(part, modulus) for part in node[1:]]
        small = sum(value for _, value in parts if value is not None)
        if small < 0 and (small.bit_length() > LARGE_BITS or all(value is not None for _, value in parts)):
            raise UnfitError("a difference in a tower")
        return sum(residue for residue, _ in parts) % m

    def quotient(self, node: Node, modulus: Factors, m: int) -> int:
        """By a small number that divides: the numerator modulo m times that number tells."""
        _, under = self.value(node[2], {2: 1})
        if under is None or not 0 < under <= LARGEST_DIVISOR:
            raise UnfitError("a fraction in a tower")
        wider = dict(modulus)
        for q, power in _factorised(under).items():
            wider[q] = wider.get(q, 0) + power
        residue, _ = self.value(node[1], wider)
        if residue % under:
            raise UnfitError("a fraction in a tower")
        return residue // under % m

    def power(self, node: Node, modulus: Factors, m: int) -> int:
        """Powers of any base repeat with the period of Carmichael's function, from the exponent `log2 m` on."""
        base, whole = self.value(node[1], modulus)
        if whole is not None and whole < 1:
            raise UnfitError("a power of a negative number in a tower")
        if m == 1:
            return 0
        period = _carmichael(modulus)
        exponent, small = self.value(node[2], period)
        if small is None:
            lam = math.prod(q**k for q, k in period.items())
            exponent += lam * (m.bit_length() // lam + 1)
        elif small < 1:
            raise UnfitError("a power that is not positive in a tower")
        else:
            exponent = small
        self.fuel.spend(exponent.bit_length() * 8)
        return pow(base, exponent, m)


def _carmichael(modulus: Factors) -> Factors:
    """Carmichael's function (a multiple of it for powers of 2), factorised."""
    result: Factors = {}
    for q, k in modulus.items():
        parts = dict(_factorised(q - 1))
        if k > 1:
            parts[q] = parts.get(q, 0) + k - 1
        for r, power in parts.items():
            result[r] = max(result.get(r, 0), power)
    return result


@lru_cache(256)
def _factorised(n: int) -> Factors:
    """Prime factors of a number below 2^40. The caller must not change the result."""
    found: Factors = {}
    for q in _PRIMES:
        while n % q == 0:
            found[q] = found.get(q, 0) + 1
            n //= q
    for q in _large_factors(n):
        found[q] = found.get(q, 0) + 1
    return found


def _large_factors(n: int) -> list[int]:
    if n == 1:
        return []
    if n < _PRIMES[-1] ** 2 or pow(2, n - 1, n) == 1 == pow(3, n - 1, n):
        return [n]
    part = _rho(n)
    return _large_factors(part) + _large_factors(n // part)


def _rho(n: int) -> int:
    """A factor of a composite number, by Pollard's method.

    Raises:
        UnfitError: none was found.
    """
    for shift in (1, 3, 5, 7):
        slow = fast = 2
        for _ in range(1 << 14):
            slow = (slow * slow + shift) % n
            fast = (fast * fast + shift) % n
            fast = (fast * fast + shift) % n
            part = math.gcd(slow - fast, n)
            if part == n:
                break
            if part > 1:
                return part
    raise UnfitError("large factors in a period")
