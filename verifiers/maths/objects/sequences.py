r"""Things whose parts have places: tuples and intervals, matrices and vectors, ratios, numbers in a base."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations

from assaygym.verifiers.maths.finding import Finding, differ, same, undecided
from assaygym.verifiers.maths.objects.context import Context, all_same, other_length
from assaygym.verifiers.maths.objects.matching import matched
from assaygym.verifiers.maths.objects.regions import Region
from assaygym.verifiers.maths.objects.solving import interval
from assaygym.verifiers.maths.objects.thing import Thing, equal
from assaygym.verifiers.maths.objects.values import Value
from assaygym.verifiers.maths.objects.vectors import unit_vectors, vector_components
from assaygym.verifiers.maths.syntax.literals import is_integer
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["Based", "Matrix", "Ratio", "Tuple"]

MOST_HOURS = 24


class Tuple(Thing):
    """A tuple, point, vector or interval: what a pair in brackets is, only the other side can tell."""

    __slots__ = ("_region", "brackets", "items")
    kind = "tuple"

    def __init__(self, node: Node, brackets: tuple[str, str], items: Sequence[Thing]) -> None:
        super().__init__(node)
        self.brackets, self.items = brackets, tuple(items)
        self._region: tuple[Region | None] | None = None

    def compare(self, pred: Tuple, context: Context) -> Finding:
        """The same brackets, and the same items in the same places."""
        if context.policy.tuple_as_set:
            return matched("tuple", self.items, pred.items, context)
        if self.brackets != pred.brackets:
            return differ("tuple", "other brackets")
        return in_places("tuple", self.items, pred.items, context)

    def adopt(self, other: Thing, context: Context) -> Thing | None:
        r"""`2\mathbf i-\mathbf j`, with as many components as this has."""
        if other.kind != "value" or not 2 <= len(self.items) <= 3 or self.brackets[0] != "(" or self.brackets[1] != ")":
            return None
        components = vector_components(unit_vectors(other.node) or other.node, len(self.items))
        return None if components is None else self.with_items([Value(part) for part in components])

    def with_items(self, items: Sequence[Thing]) -> Tuple:
        """A tuple of these items in the same brackets."""
        return Tuple(("seq", *self.brackets, *(item.node for item in items)), self.brackets, items)

    def key(self, context: Context) -> Hashable:
        """Brackets and the keys of the items, when all have one."""
        keys = tuple(item.key(context) for item in self.items)
        return None if None in keys else (*self.brackets, *keys)

    def region(self) -> Region | None:
        """The interval of a pair, unless it is no interval."""
        if self._region is None:
            shape = interval(self.node)
            self._region = (None if shape is None else Region(self.node, None, shape),)
        return self._region[0]


class Matrix(Thing):
    """A matrix or a row or column vector."""

    __slots__ = ("rows",)
    kind = "matrix"

    def __init__(self, node: Node, rows: Sequence[Sequence[Thing]]) -> None:
        super().__init__(node)
        self.rows = [list(row) for row in rows]

    def compare(self, pred: Matrix, context: Context) -> Finding:
        """Entry by entry; a row for a column where the policy says so."""
        mine, other = self.vector(), pred.vector()
        if context.policy.row_column and mine is not None and other is not None:
            return in_places("matrix", mine, other, context)
        shapes = [[len(row) for row in rows] for rows in (self.rows, pred.rows)]
        if shapes[0] != shapes[1]:
            return differ("matrix", "another shape")
        pairs = zip(self.rows, pred.rows, strict=True)
        return all_same("matrix", (in_places("matrix", left, right, context) for left, right in pairs))

    def vector(self) -> list[Thing] | None:
        """The entries of a single row or column."""
        if len(self.rows) == 1:
            return self.rows[0]
        return [row[0] for row in self.rows] if all(len(row) == 1 for row in self.rows) else None

    def adopt(self, other: Thing, context: Context) -> Thing | None:
        """`[[1,2],[3,4]]`, by rows."""
        if not isinstance(other, Tuple) or other.brackets != ("[", "]"):
            return None
        rows = [row.items for row in other.items if isinstance(row, Tuple) and row.brackets == ("[", "]")]
        return Matrix(other.node, rows) if len(rows) == len(other.items) else None

    def bridge(self, other: Thing, context: Context, is_gold: bool) -> Thing | None:
        """A vector as a tuple in the brackets of the other."""
        entries = self.vector()
        if not isinstance(other, Tuple) or entries is None or other.brackets not in (("(", ")"), ("[", "]")):
            return None
        return other.with_items(entries)


class Ratio(Thing):
    """`3:8`, in that order, and as any multiple of it."""

    __slots__ = ("parts",)
    kind = "ratio"

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        self.parts = node[1:]

    def compare(self, pred: Ratio, context: Context) -> Finding:
        """Equal up to a factor: the products crosswise of any two parts."""
        if len(self.parts) != len(pred.parts):
            return other_length("ratio", len(self.parts), len(pred.parts))
        if _is_clock(self.parts) and _is_clock(pred.parts):
            return undecided("ratio", "another ratio as written, or another time of day")
        pairs = combinations(zip(self.parts, pred.parts, strict=True), 2)
        crossed = ((Value(("mul", a, d)), Value(("mul", b, c))) for (a, b), (c, d) in pairs)
        return all_same("ratio", (equal(*pair, context) for pair in crossed))

    def bridge(self, other: Thing, context: Context, is_gold: bool) -> Thing | None:
        """A number, where the policy takes it for one."""
        if other.kind != "value" or not context.policy.ratio_as_number or len(self.parts) != 2:
            return None
        return Value(("div", *self.parts))


def _is_clock(parts: Sequence[Node]) -> bool:
    """Whether a ratio may be a time of day: `3:45` is not `1:15`."""
    return len(parts) == 2 and all(map(is_integer, parts)) and 0 <= parts[0][1] <= MOST_HOURS and 10 <= parts[1][1] < 60


class Based(Thing):
    """A number written in a base. It is the digits that were asked for: the same number in another base is another."""

    __slots__ = ("base", "digits", "negative")
    kind = "based number"

    def __init__(self, node: Node, digits: str, base: int, negative: bool) -> None:
        super().__init__(node)
        self.digits, self.base, self.negative = digits, base, negative

    def compare(self, pred: Based, context: Context) -> Finding:
        """The same digits and base."""
        if (self.digits, self.base, self.negative) == (pred.digits, pred.base, pred.negative):
            return same("base", "the same digits in the same base")
        return differ("base", f"{pred.digits} in base {pred.base}, not {self.digits} in base {self.base}")

    def bridge(self, other: Thing, context: Context, is_gold: bool) -> Thing | None:
        """The digits as a decimal number: in base ten, or where the policy lets the base be omitted."""
        allowed = self.base == 10 or (context.policy.base_omitted and self.digits.isdecimal())
        if other.kind != "value" or not allowed or not self.digits.isascii() or len(self.digits) > 4000:
            return None
        number = int(self.digits)
        return Value(("num", -number if self.negative else number, 1))


def in_places(layer: str, gold: Sequence[Thing], pred: Sequence[Thing], context: Context) -> Finding:
    """As many things, and each the same as that in its place."""
    if len(gold) != len(pred):
        return other_length(layer, len(gold), len(pred))
    return all_same(layer, (equal(left, right, context) for left, right in zip(gold, pred, strict=True)))
