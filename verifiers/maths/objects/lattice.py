r"""Numbers that an integer parameter runs through: `\frac\pi4+k\pi`, `7k+3`, as unions of residue classes.

A class is (rest, offset, period): the numbers rest + offset + k * period, with offset and period rational numbers or
rational multiples of pi, and whatever else is in the offset left as the rest, a tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import Final, NamedTuple

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.objects.trees import ONE, ZERO, linear
from assaygym.verifiers.maths.scalars.scalar import free_names, rational, substitute
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["Classes", "ResidueClass", "classes_of"]

_PI: Final[Node] = ("const", "pi")
_STAND_IN: Final = "pi "
MAX_CLASSES = 720
"""Most classes that a union is refined to."""


class Number(NamedTuple):
    """rational + times_pi * pi."""

    rational: Fraction
    times_pi: Fraction

    def __sub__(self, other: Number) -> Number:
        return Number(self.rational - other.rational, self.times_pi - other.times_pi)


class ResidueClass(NamedTuple):
    """See the module; the period is positive, and a plain rational or a plain multiple of pi."""

    rest: Node
    offset: Number
    period: Fraction
    in_pi: bool


class Classes(NamedTuple):
    """A union of classes in normal form: residues with regard to one common period, for each rest."""

    period: Fraction
    in_pi: bool
    residues: frozenset[tuple[Node, Fraction, Fraction]]


def classes_of(nodes: Iterable[Node], name: str, fuel: Fuel) -> Classes | None:
    """The normal form of the union of what the trees give for all integers `name`; None when it is not so simple."""
    found: list[ResidueClass] = []
    for node in nodes:
        for branch in _by_parity(node, name):
            item = _residue_class(branch, name, fuel)
            if item is None:
                return None
            found.append(item)
    return _union(found, fuel)


def _union(classes: list[ResidueClass], fuel: Fuel) -> Classes | None:
    if not classes or len({item.in_pi for item in classes}) > 1:
        return None
    in_pi = classes[0].in_pi
    scale = lcm(*(item.period.denominator for item in classes))
    period = Fraction(lcm(*(int(item.period * scale) for item in classes)), scale)
    if sum(period / item.period for item in classes) > MAX_CLASSES:
        return None
    fuel.spend(100 * len(classes))
    residues = set()
    for item in classes:
        for turn in range(int(period / item.period)):
            residues.add(_residue(item, turn, period))
    return _reduced(Classes(period, in_pi, frozenset(residues)), fuel)


def _residue(item: ResidueClass, turn: int, period: Fraction) -> tuple[Node, Fraction, Fraction]:
    fixed, moving = item.offset.rational, item.offset.times_pi
    if not item.in_pi:
        fixed, moving = moving, fixed
    return item.rest, fixed, (moving + turn * item.period) % period


def _reduced(classes: Classes, fuel: Fuel) -> Classes:
    """The same union with the smallest period."""
    period, residues = classes.period, classes.residues
    for divisor in _prime_factors(len(residues)):
        while True:
            smaller = period / divisor
            fuel.spend(20 * len(residues))
            folded = frozenset((rest, fixed, moving % smaller) for rest, fixed, moving in residues)
            if len(folded) * divisor != len(residues):
                break
            period, residues = smaller, folded
    return Classes(period, classes.in_pi, residues)


def _prime_factors(number: int) -> list[int]:
    return [p for p in range(2, number + 1) if number % p == 0 and all(p % q for q in range(2, p))]


def _by_parity(node: Node, name: str) -> list[Node]:
    """Without `(-1)^k`: the tree for even and for odd values of the name."""
    if not _has_sign_power(node, name):
        return [node]
    double: Node = ("mul", ("num", 2, 1), ("sym", name))
    branches = []
    for value in (0, 1):
        fixed = _with_sign_powers(node, name, value)
        branches.append(substitute(fixed, {name: double if value == 0 else ("add", double, ONE)}))
    return branches


def _is_sign_power(node: Node, name: str) -> bool:
    bases: tuple[Node, ...] = (("neg", ONE), ("num", -1, 1))
    return node[0] == "pow" and node[1] in bases and name in free_names(node[2])


def _has_sign_power(node: Node, name: str) -> bool:
    return _is_sign_power(node, name) or any(_has_sign_power(part, name) for part in node if isinstance(part, tuple))


def _with_sign_powers(node: Node, name: str, value: int) -> Node:
    if _is_sign_power(node, name):
        return ("pow", node[1], substitute(node[2], {name: ("num", value, 1)}))
    return tuple(_with_sign_powers(part, name, value) if isinstance(part, tuple) else part for part in node)


def _residue_class(node: Node, name: str, fuel: Fuel) -> ResidueClass | None:
    parts = linear(node, name)
    if parts is None:
        return None
    period = _number(parts[0], fuel)
    if period is None or (period.rational != 0) == (period.times_pi != 0):
        return None
    rest, offset = _offset(parts[1], fuel)
    return ResidueClass(rest, offset, abs(period.times_pi or period.rational), period.times_pi != 0)


def _offset(node: Node, fuel: Fuel) -> tuple[Node, Number]:
    """What is rational or a rational multiple of pi in a sum, and the rest."""
    total, rest = Number(Fraction(0), Fraction(0)), []
    for term in _terms(node):
        number = _number(term, fuel)
        if number is None:
            rest.append(term)
        else:
            total = Number(total.rational + number.rational, total.times_pi + number.times_pi)
    if not rest:
        return ZERO, total
    return (rest[0] if len(rest) == 1 else ("add", *rest)), total


def _terms(node: Node) -> list[Node]:
    if node[0] != "add":
        return [node]
    return [term for part in node[1:] for term in _terms(part)]


def _number(node: Node, fuel: Fuel) -> Number | None:
    value = rational(node, fuel)
    if value is not None:
        return Number(value, Fraction(0))
    parts = linear(_without_pi(node), _STAND_IN)
    if parts is None:
        return None
    slope, constant = rational(parts[0], fuel), rational(parts[1], fuel)
    return None if slope is None or constant is None else Number(constant, slope)


def _without_pi(node: Node) -> Node:
    """With a name for pi, and degrees written out with it."""
    if node == _PI:
        return ("sym", _STAND_IN)
    if node[0] == "deg":
        return ("mul", ("div", node[1], ("num", 180, 1)), ("sym", _STAND_IN))
    return tuple(_without_pi(part) if isinstance(part, tuple) else part for part in node)
