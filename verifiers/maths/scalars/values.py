"""A number or expression with all that was worked out of it, so that a gold's work is done once for a group."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from assaygym.verifiers.maths.fuel import Fuel, OutOfFuelError
from assaygym.verifiers.maths.scalars import digits, fields, floats, rationals
from assaygym.verifiers.maths.scalars.longs import Ball as Long
from assaygym.verifiers.maths.scalars.longs import Desk
from assaygym.verifiers.maths.scalars.nodes import STEPS_PER_NODE, Traits, free_names
from assaygym.verifiers.maths.scalars.outcomes import NoValueError, UnfitError, UnsureError
from assaygym.verifiers.maths.scalars.pairs import Pair
from assaygym.verifiers.maths.scalars.place import Place
from assaygym.verifiers.maths.scalars.points import KEYED, real_point, whole_point
from assaygym.verifiers.maths.scalars.primes import FIELDS, Field
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["Double", "Occasion", "Residue", "Scalar"]

T = TypeVar("T")
Occasion = tuple[tuple[str, ...], tuple[str, ...], int | tuple[float, ...]]
"""Where values are compared: the names of real variables and of integers, both sorted, and the number of the point, or
the values of the real variables."""
FIRM = 1e-9
"""Relative error of a value that is firm."""
MOST_STEPS = 400_000
"""Fuel of one evaluation: another kind of evaluation may need less for the same tree."""
MOST_HELD = 500
"""Values that a scalar keeps: answers with ever new names must not fill the memory."""
_NO_PLACE: Final[dict[str, Pair]] = {}


class Residue(NamedTuple):
    """A value in a prime field; `loose` as in `Place`; `unproved`: other values than this prove nothing."""

    value: int
    loose: bool
    unproved: bool


class Double(NamedTuple):
    """A value with its bound; `firm`: no part of it is so small that a change of its sign would go unseen."""

    value: float | complex
    error: float
    firm: bool


class Scalar:
    """A tree, and what was worked out of it; every evaluation costs the same fuel whether it is made or remembered.

    What has no value comes out as the error that tells why, instead of raising it.
    """

    __slots__ = ("_held", "_names", "_traits", "tree")

    def __init__(self, tree: Node) -> None:
        self.tree = tree
        self._names: frozenset[str] | None = None
        self._traits: Traits | None = None
        self._held: dict[Any, tuple[Any, int]] = {}

    @property
    def names(self) -> frozenset[str]:
        """The free names of the tree."""
        if self._names is None:
            self._names = free_names(self.tree)
        return self._names

    @property
    def traits(self) -> Traits:
        """What the tree is made of."""
        if self._traits is None:
            self._traits = Traits(self.tree)
        return self._traits

    def rational(self, fuel: Fuel) -> Pair | NoValueError:
        """The exact value, not necessarily in lowest terms."""
        tree = self.tree
        if tree[0] == "num":
            return tree[1], tree[2]
        entry = self._held.get("rational")
        if entry is not None:
            fuel.spend(entry[1])
            return entry[0]  # type: ignore[no-any-return]
        return self._work("rational", lambda own: rationals.evaluate(tree, rationals.NO_NAMES, own), fuel)

    def residue(self, index: int, whole: tuple[str, ...], k: int, fuel: Fuel) -> Residue | NoValueError:
        """The value in a fixed field, at the k-th values of the integers."""
        key = (index, whole, k)
        entry = self._held.get(key)
        if entry is not None:
            fuel.spend(entry[1])
            return entry[0]  # type: ignore[no-any-return]
        return self._work(key, lambda own: self.in_field(FIELDS[index], whole, k, own), fuel)

    def in_field(self, field: Field, whole: tuple[str, ...], k: int, fuel: Fuel) -> Residue:
        """As `residue`, in any field, not remembered.

        Raises:
            NoValueError: it has no value there.
        """
        fuel.spend(self.traits.size * STEPS_PER_NODE)
        names = whole_point(whole, k) if whole else _NO_PLACE
        exponents = names
        if self.traits.exponents:
            exponents = {name: (_exponent(name), 1) for name in self.traits.exponents} | names
        place = Place(field, names, exponents, fuel)
        value = fields.evaluate(self.tree, place) % field.p
        return Residue(value, place.loose, place.loose or (place.pi and place.e))

    def ball(self, occasion: Occasion, fuel: Fuel) -> Double | NoValueError:
        """The value in doubles."""
        entry = self._held.get(occasion)
        if entry is not None:
            fuel.spend(entry[1])
            return entry[0]  # type: ignore[no-any-return]

        def work(own: Fuel) -> Double:
            own.spend(self.traits.size * STEPS_PER_NODE)
            spot = floats.Spot(_point(occasion), own)
            value, error = floats.evaluate(self.tree, spot)
            return Double(value, error, not spot.absorbed and error <= FIRM * abs(value))

        return self._work(occasion, work, fuel)

    def digits(self, occasion: Occasion, precision: int, fuel: Fuel) -> tuple[Long, int] | NoValueError:
        """The value to this many bits, with its bound, and the span of what came up (see `longs.Desk`)."""
        key = (occasion, precision)
        entry = self._held.get(key)
        if entry is not None:
            fuel.spend(entry[1])
            return entry[0]  # type: ignore[no-any-return]

        def work(own: Fuel) -> tuple[Long, int]:
            own.spend(self.traits.size * STEPS_PER_NODE)
            desk = Desk(_point(occasion), precision, own)
            return digits.evaluate(self.tree, desk), desk.span

        return self._work(key, work, fuel)

    def rewritten(self, key: str, rewrite: Callable[[Node], Node]) -> Scalar:
        """The scalar of a rewritten tree, kept under the key; itself where nothing changes."""
        entry = self._held.get(key)
        if entry is None:
            tree = rewrite(self.tree)
            entry = self._held[key] = (self if tree == self.tree else Scalar(tree), 0)
        scalar: Scalar = entry[0]
        return scalar

    def _work(self, key: Any, evaluate: Callable[[Fuel], T], fuel: Fuel) -> T | NoValueError:
        own = Fuel(MOST_STEPS)
        value: T | NoValueError
        try:
            value = evaluate(own)
        except OutOfFuelError:
            value = UnfitError("too much work")
        except NoValueError as error:
            value = error.with_traceback(None)
            value.__context__ = None
        except RecursionError:
            value = UnfitError("nested too deeply")
        except (OverflowError, ValueError, ZeroDivisionError):
            value = UnsureError("beyond the range of the numbers used")
        except (IndexError, TypeError):
            value = UnfitError("not a tree of the grammar")
        if len(self._held) >= MOST_HELD:
            self._held.clear()
        number = key[2] if type(key) is tuple and len(key) == 3 else key[0][2] if type(key) is tuple else 0
        if type(number) is tuple or number < KEYED:
            self._held[key] = (value, MOST_STEPS - own.left)
        fuel.spend(MOST_STEPS - own.left)
        return value


def _point(occasion: Occasion) -> dict[str, float]:
    names, whole, k = occasion
    if isinstance(k, tuple):
        return dict(zip(names, k, strict=True))
    point = real_point(names, k)
    if not whole:
        return point
    return point | {name: float(p) for name, (p, _) in whole_point(whole, k).items()}


@lru_cache(1024)
def _exponent(name: str) -> int:
    """The integer that stands for a variable in exponents: the same in every field."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=3).digest()
    return int.from_bytes(digest, "big") | 1 << 20
