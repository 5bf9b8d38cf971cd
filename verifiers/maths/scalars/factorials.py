"""Factorials and binomials in a prime field: of integers known exactly, however long the result."""

from __future__ import annotations

from assaygym.verifiers.maths.scalars import rationals
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError
from assaygym.verifiers.maths.scalars.pairs import reduced
from assaygym.verifiers.maths.scalars.place import Place, inverse
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["binomial", "factorial"]

MAX_FACTORIAL = 90_000


def factorial(node: Node, at: Place) -> int:
    """Value of `("fn", "factorial", n)`.

    Raises:
        UnfitError: n is no integer, or not known, or over MAX_FACTORIAL.
        UndefinedError: n is negative.
    """
    p, q = rationals.evaluate(node[2], at.names, at.fuel)
    n, rest = divmod(p, q)
    if rest:
        raise UnfitError("the factorial of a fraction")
    if n < 0:
        raise UndefinedError("the factorial of a negative number")
    return _falling(n, n, at)


def _falling(n: int, count: int, at: Place) -> int:
    """Product `n (n - 1) ...` of `count` factors."""
    if count > MAX_FACTORIAL:
        raise UnfitError("too many factors")
    at.fuel.spend(4 * count)
    total, p = 1, at.p
    for k in range(n, n - count, -1):
        total = total * k % p
    return total


def binomial(node: Node, at: Place) -> int:
    """Value of `("fn", "binomial", n, k)`; 0 where k > n.

    Raises:
        UnfitError: one is no integer, or not known, or k and n - k are both over MAX_FACTORIAL.
        UndefinedError: one is negative.
    """
    (n, q), (k, r) = (reduced(rationals.evaluate(part, at.names, at.fuel)) for part in node[2:4])
    if q != 1 or r != 1:
        raise UnfitError("a binomial of fractions")
    if n < 0 or k < 0:
        raise UndefinedError("a binomial of a negative number")
    if k > n:
        return 0
    k = min(k, n - k)
    return _falling(n, k, at) * inverse(_falling(k, k, at), at.p) % at.p
