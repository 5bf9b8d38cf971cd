"""Where a tree is evaluated in a prime field."""

from __future__ import annotations

from functools import lru_cache

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError
from assaygym.verifiers.maths.scalars.pairs import Pair
from assaygym.verifiers.maths.scalars.primes import Field

__all__ = ["Place", "embed", "inverse", "small_inverse"]


class Place:
    """Where a tree is evaluated, and what came up.

    Attributes:
        names: exact values of the names that are integers here; the others are variables of the field.
        exponents: exact values of names for where they stand in exponents; holds `names`.
        loose: whether logarithms, roots of variables or powers with variable exponents came in. Values that differ then
            prove nothing, and values that are the same show an identity for positive arguments only.
        pi: whether pi came in, and `e` whether e did: nobody has proved that they do not depend on each other.
    """

    __slots__ = ("e", "exponents", "field", "fuel", "loose", "names", "p", "pi")

    def __init__(self, field: Field, names: dict[str, Pair], exponents: dict[str, Pair], fuel: Fuel) -> None:
        self.field, self.p, self.fuel = field, field.p, fuel
        self.names = names
        self.exponents = exponents
        self.loose = self.pi = self.e = False

    def bound(self, name: str, value: int) -> Place:
        """The place with a value for a running index."""
        pair = (value, 1)
        return Place(self.field, {**self.names, name: pair}, {**self.exponents, name: pair}, self.fuel)

    def note(self, other: Place) -> None:
        """What came up there came up here."""
        self.loose, self.pi, self.e = self.loose or other.loose, self.pi or other.pi, self.e or other.e


def inverse(value: int, p: int) -> int:
    """One divided by the value.

    Raises:
        UndefinedError: it is zero.
    """
    if not value % p:
        raise UndefinedError("a division by zero")
    return pow(value, -1, p)


@lru_cache(1024)
def small_inverse(value: int, p: int) -> int:
    """As `inverse`, remembered, of a number that is not a multiple of p."""
    return pow(value, -1, p)


def embed(pair: Pair, p: int) -> int:
    """A rational number in the field, not reduced where it is an integer."""
    if pair[1] == 1:
        return pair[0]
    return pair[0] * (small_inverse if pair[1] < 1000 else inverse)(pair[1], p) % p
