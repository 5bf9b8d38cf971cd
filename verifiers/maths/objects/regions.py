r"""Subsets of the real line: `[2,\infty)`, `x\ge2`, `(1,3)\cup\{5\}`, `x\ne6` in one normal form.

The endpoints of a region, in order, cut the line into gaps and points. A region is then a set of these cells, kept as
the bits of an integer (gap 0, point 0, gap 1, point 1, ..., the last gap), where union and complement are `|` and `~`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from assaygym.verifiers.maths.finding import Finding, differ, same, undecided
from assaygym.verifiers.maths.fuel import STEPS, Fuel, OutOfFuelError
from assaygym.verifiers.maths.objects.angles import units_of
from assaygym.verifiers.maths.objects.context import Context, all_same
from assaygym.verifiers.maths.objects.thing import Thing
from assaygym.verifiers.maths.objects.units import Unit
from assaygym.verifiers.maths.scalars.scalar import Scalar, compare, sign
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["EVERYTHING", "NOTHING", "Piece", "Region", "Shape", "intersection", "mentioned", "outside", "union"]

Shape = tuple[Any, ...]
"""("piece", Piece), ("union" | "inter" | "listed", shapes...), ("minus", shape, shape). "listed" is what a comma
between conditions means: all of them; but any of them where nothing satisfies all, since no answer is empty."""


class Piece(NamedTuple):
    """An interval; None is minus infinity as its low end, infinity as its high end."""

    low: Scalar | None
    low_closed: bool
    high: Scalar | None
    high_closed: bool


EVERYTHING: Final[Shape] = ("piece", Piece(None, False, None, False))
NOTHING: Final[Shape] = ("union",)


def union(shapes: Sequence[Shape]) -> Shape:
    """The shape of what is in any of them."""
    return shapes[0] if len(shapes) == 1 else ("union", *shapes)


def intersection(shapes: Sequence[Shape]) -> Shape:
    """The shape of what is in each of them; of two half-lines that face each other, one piece."""
    if len(shapes) == 2 and shapes[0][0] == shapes[1][0] == "piece":
        (one, other) = (shapes[0][1], shapes[1][1])
        if one.low is None:
            one, other = other, one
        if one.low is not None and one.high is None and other.low is None and other.high is not None:
            return ("piece", Piece(one.low, one.low_closed, other.high, other.high_closed))
    return shapes[0] if len(shapes) == 1 else ("inter", *shapes)


def outside(shape: Shape) -> Shape:
    """The shape of all other real numbers."""
    return ("minus", EVERYTHING, shape)


def mentioned(shape: Shape) -> list[Piece]:
    """All pieces that a shape is made of, as written."""
    if shape[0] == "piece":
        return [shape[1]]
    return [piece for part in shape[1:] for piece in mentioned(part)]


class Region(Thing):
    """A subset of the real numbers, and the name of its variable where one was written."""

    __slots__ = ("_normal", "name", "shape")
    kind = "region"

    def __init__(self, node: Node, name: str | None, shape: Shape) -> None:
        super().__init__(node)
        self.name, self.shape = name, shape
        self._normal: tuple[tuple[Piece, ...] | None, int] | None = None

    def region(self) -> Region:
        """Itself."""
        return self

    def normal(self, fuel: Fuel) -> tuple[Piece, ...] | None:
        """Disjoint pieces from left to right that do not touch; None when the order of endpoints is not known.

        Costs the same each time, so that no verdict depends on what was compared before.
        """
        if self._normal is None:
            own = Fuel()
            self._normal = _solution(self.shape, own), STEPS - own.left
        fuel.spend(self._normal[1])
        return self._normal[0]

    def compare(self, pred: Region, context: Context) -> Finding:
        """The same set, of the same variable where both name one."""
        if self.name and pred.name and self.name != pred.name and not context.policy.rename:
            return differ("intervals", f"of {pred.name}, not of {self.name}")
        left, right = self.normal(context.fuel), pred.normal(context.fuel)
        if left is not None and right is not None:
            finding = _same_pieces(left, right, context)
            return self._unit_conflict(pred, context) or finding if finding.equal else finding
        if (left is None) != (right is None):
            return undecided("intervals", "the order of endpoints is not known")
        return _same_shapes(self.shape, pred.shape, context)

    def _unit_conflict(self, pred: Region, context: Context) -> Finding | None:
        mine, other = units_of(self.node), units_of(pred.node)
        if mine and (other or context.policy.units == "required") and not _same_units(mine, other):
            return differ("units", "another unit")
        return None

    def is_empty(self, fuel: Fuel) -> bool:
        """Whether it is known to have no members."""
        return self.normal(fuel) == ()


def _same_units(gold: list[Unit], pred: list[Unit]) -> bool:
    return bool(pred) and all(unit.same_as(gold[0]) for unit in (*gold, *pred))


def _solution(shape: Shape, fuel: Fuel) -> tuple[Piece, ...] | None:
    try:
        pieces = _normal_form(shape, fuel)
        return _normal_form(("union", *shape[1:]), fuel) if pieces == () and shape[0] == "listed" else pieces
    except OutOfFuelError:
        return None


def _normal_form(shape: Shape, fuel: Fuel) -> tuple[Piece, ...] | None:
    ends = [end for piece in mentioned(shape) for end in (piece.low, piece.high) if end is not None]
    cuts = _sorted(ends, fuel)
    if cuts is None:
        return None
    line = _Line(cuts, fuel)
    bits = line.bits(shape)
    return None if bits is None else line.pieces(bits)


def _sorted(ends: Iterable[Scalar], fuel: Fuel) -> list[Scalar] | None:
    """The different values in order; None when two of them cannot be told apart, or one is not a real constant."""
    cuts: list[Scalar] = []
    for end in ends:
        if sign(end, fuel) is None:
            return None
        position = _find(cuts, end, fuel)
        if position is None:
            return None
        if position[1]:
            cuts.insert(position[0], end)
    return cuts


def _find(cuts: Sequence[Scalar], end: Scalar, fuel: Fuel) -> tuple[int, bool] | None:
    """Where a value stands or would stand among the cuts, and whether it is missing; None when not known."""
    low, high = 0, len(cuts)
    while low < high:
        middle = (low + high) // 2
        order = compare(end, cuts[middle], fuel)
        if order is None:
            return None
        if order == 0:
            return middle, False
        low, high = (middle + 1, high) if order > 0 else (low, middle)
    return low, True


class _Line:
    """The cells between and at sorted cuts: cell 2i is the gap before cut i, cell 2i + 1 the cut itself."""

    def __init__(self, cuts: Sequence[Scalar], fuel: Fuel) -> None:
        self.cuts, self.fuel = cuts, fuel
        self.all = (1 << (2 * len(cuts) + 1)) - 1

    def bits(self, shape: Shape) -> int | None:
        """The cells of a shape; None when a piece runs from right to left."""
        if shape[0] == "piece":
            return self._piece(shape[1])
        self.fuel.spend(8 * len(shape) + len(self.cuts))
        parts: list[int] = []
        for part in shape[1:]:
            bits = self.bits(part)
            if bits is None:
                return None
            parts.append(bits)
        return _COMBINE[shape[0]](parts, self.all)

    def _piece(self, piece: Piece) -> int | None:
        low, high = 0, 2 * len(self.cuts)
        if piece.low is not None:
            low = self._cell(piece.low) + (not piece.low_closed)
        if piece.high is not None:
            high = self._cell(piece.high) - (not piece.high_closed)
        return (1 << (high + 1)) - (1 << low) if low <= high else None

    def _cell(self, end: Scalar) -> int:
        found = _find(self.cuts, end, self.fuel)
        return 2 * found[0] + 1 if found else 0

    def pieces(self, bits: int) -> tuple[Piece, ...]:
        """The runs of cells that are set."""
        found = []
        while bits:
            first = (bits & -bits).bit_length() - 1
            run = ~(bits >> first)
            length = (run & -run).bit_length() - 1
            found.append(self._run(first, first + length - 1))
            bits &= ~(((1 << length) - 1) << first)
        return tuple(found)

    def _run(self, first: int, last: int) -> Piece:
        low = None if first == 0 else self.cuts[(first - 1) // 2]
        high = None if last == 2 * len(self.cuts) else self.cuts[last // 2]
        return Piece(low, first % 2 == 1, high, last % 2 == 1)


def _any_of(parts: list[int], _all: int) -> int:
    found = 0
    for part in parts:
        found |= part
    return found


def _each_of(parts: list[int], everything: int) -> int:
    for part in parts:
        everything &= part
    return everything


def _without(parts: list[int], _all: int) -> int:
    return parts[0] & ~_any_of(parts[1:], _all)


_COMBINE: Final = {"union": _any_of, "inter": _each_of, "listed": _each_of, "minus": _without}


def _same_pieces(gold: Sequence[Piece], pred: Sequence[Piece], context: Context) -> Finding:
    if len(gold) != len(pred):
        return differ("intervals", f"{len(pred)} pieces, not {len(gold)}")
    return all_same("intervals", (_same_piece(*pair, context) for pair in zip(gold, pred, strict=True)))


def _same_piece(gold: Piece, pred: Piece, context: Context) -> Finding:
    if (gold.low_closed, gold.high_closed) != (pred.low_closed, pred.high_closed):
        return differ("intervals", "an open end for a closed one")
    for left, right in ((gold.low, pred.low), (gold.high, pred.high)):
        if (left is None) != (right is None):
            return differ("intervals", "only one is unbounded")
        if left is not None and right is not None and left.tree != right.tree:
            finding = context.ignoring_form().values(left, right)
            if not finding.equal:
                return finding
    return same("intervals", "the same ends")


def _same_shapes(gold: Shape, pred: Shape, context: Context) -> Finding:
    """Shapes with endpoints in letters, whose order is not known: the same pieces put together in the same way."""
    if gold[0] == pred[0] == "piece":
        return _same_piece(gold[1], pred[1], context)
    if gold[0] != pred[0] or len(gold) != len(pred):
        return undecided("intervals", "endpoints of unknown order")
    left = list(pred[1:])
    for part in gold[1:]:
        found = next((other for other in left if _same_shapes(part, other, context).equal), None)
        if found is None:
            return undecided("intervals", "endpoints of unknown order")
        left.remove(found)
    return same("intervals", "the same pieces")
