r"""Single values: numbers and expressions; and those with a sign for what they count: angles, percents, quantities."""

from __future__ import annotations

from collections.abc import Hashable
from fractions import Fraction
from typing import Final

from assaygym.verifiers.maths.finding import Finding, differ
from assaygym.verifiers.maths.objects.constants import same_up_to_constant, same_with_constants_renamed
from assaygym.verifiers.maths.objects.context import Context
from assaygym.verifiers.maths.objects.families import same_under_name
from assaygym.verifiers.maths.objects.regions import Region
from assaygym.verifiers.maths.objects.solving import point
from assaygym.verifiers.maths.objects.thing import Thing, equal
from assaygym.verifiers.maths.objects.trees import contains, product, settled
from assaygym.verifiers.maths.objects.units import Unit, read_unit
from assaygym.verifiers.maths.objects.vectors import unit_vectors
from assaygym.verifiers.maths.scalars.scalar import Scalar, exact, free_names
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["Angle", "Percent", "Quantity", "Value"]

_LITERALS: Final = frozenset(("num", "dec", "sci", "mixed", "repeating"))
_NO_UNIT: Final = frozenset(("unit",))
"""`12 square units` names no unit of measure: it never conflicts with one."""


class Value(Thing):
    """A number or an expression."""

    __slots__ = ("scalar",)
    kind = "value"

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        self.scalar = Scalar(node)

    def compare(self, pred: Value, context: Context) -> Finding:
        """By value; antiderivatives up to the name of their constant."""
        if self.node[0] == "num" or pred.node[0] == "num":
            return context.values(self.scalar, pred.scalar)
        finding = same_up_to_constant(self.scalar, pred.scalar, context)
        if finding is None:
            finding = same_under_name(self.scalar, pred.scalar, context)
        if finding is None:
            finding = context.values(self.scalar, pred.scalar)
        return finding if finding.equal else self._under_other_names(pred, context) or finding

    def _under_other_names(self, pred: Value, context: Context) -> Finding | None:
        names = self.scalar.names | pred.scalar.names
        if not names & {"vec j", "vec k"}:
            return same_with_constants_renamed(self.scalar, pred.scalar, context) if len(names) > 2 else None
        mine, other = unit_vectors(self.node), unit_vectors(pred.node)
        if (mine is None) == (other is None):
            return None
        return context.values(Scalar(mine or self.node), Scalar(other or pred.node))

    def key(self, context: Context) -> Hashable:
        """The exact value of a number written as one."""
        return exact(self.node, context.fuel) if _is_literal(self.node) else None

    def region(self) -> Region | None:
        """The set of this one number."""
        shape = None if self.scalar.names else point(self.node)
        return None if shape is None else Region(self.node, None, shape)


def _is_literal(node: Node) -> bool:
    if node[0] in ("neg", "div"):
        return all(_is_literal(part) for part in node[1:])
    return node[0] in _LITERALS


class Angle(Thing):
    """An expression with degrees outside of functions; its bare form lacks the degree signs."""

    __slots__ = ("bare",)
    kind = "angle"

    def __init__(self, node: Node, bare: Node) -> None:
        super().__init__(node)
        self.bare = Value(bare)

    def compare(self, pred: Angle, context: Context) -> Finding:
        """Both in degrees."""
        return equal(self.bare, pred.bare, context)

    def bridge(self, other: Thing, context: Context, is_gold: bool) -> Thing | None:
        """In radians against what is written with pi, else without the degree sign."""
        node = other.node if other.kind == "value" else None
        if other.kind == "quantity" and isinstance(other, Quantity) and other.unit.powers == (("rad", 1),):
            return Quantity(self.node, Value(self.node), other.unit)
        if node is None:
            return None
        in_radians = _is_in_radians(node) and not _is_in_radians(self.bare.node)
        return Value(self.node) if in_radians else self.bare


def _is_in_radians(node: Node) -> bool:
    """Whether pi or an inverse trigonometric function tells that an angle is in radians."""
    if node == ("const", "pi") or (node[0] == "fn" and node[1] in ("asin", "acos", "atan", "acot")):
        return True
    return any(_is_in_radians(child) for child in node if isinstance(child, tuple))


class Percent(Thing):
    """A percentage."""

    __slots__ = ("amount",)
    kind = "percent"

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        self.amount = Value(node[1])

    def compare(self, pred: Percent, context: Context) -> Finding:
        """By the numbers before the signs."""
        return equal(self.amount, pred.amount, context)

    def bridge(self, other: Thing, context: Context, is_gold: bool) -> Thing | None:
        """The number that it is; the number before the sign where the policy takes either."""
        if other.kind != "value":
            return None
        number = Value(self.node)
        if context.policy.percent == "either" and equal(self.amount, other, context).equal:
            return self.amount
        return number

    def region(self) -> Region | None:
        """The set of this one number."""
        return Value(self.node).region()


class Quantity(Thing):
    """A thing, mostly a value, with a unit or a currency."""

    __slots__ = ("amount", "unit")
    kind = "quantity"

    def __init__(self, node: Node, amount: Thing, unit: Unit) -> None:
        super().__init__(node)
        self.amount, self.unit = amount, unit

    def compare(self, pred: Quantity, context: Context) -> Finding:
        """The same unit and amount; under the policy `units="convert"`, in the unit of the gold."""
        if self.unit.same_as(pred.unit) or _stands_for(self.unit, pred.unit) or _stands_for(pred.unit, self.unit):
            return equal(self.amount, pred.amount, context)
        if context.policy.units == "convert" and self.unit.measures_as(pred.unit):
            return equal(self.amount, _scaled(pred.amount, pred.unit.factor / self.unit.factor), context)
        return differ("units", "another unit")

    def adopt(self, other: Thing, context: Context) -> Thing | None:
        """`12 h`, whose letter is the unit of this."""
        if other.kind != "value" or other.node[0] != "mul":
            return None
        *factors, last = other.node[1:]
        if last[0] != "sym" or not read_unit(last[1]).same_as(self.unit):
            return None
        amount = factors[0] if len(factors) == 1 else ("mul", *factors)
        return None if free_names(amount) else Quantity(other.node, Value(amount), self.unit)

    def bridge(self, other: Thing, context: Context, is_gold: bool) -> Thing | None:
        """The bare amount, where the policy lets a unit be missing."""
        if is_gold and context.policy.units == "required" and not _is_placeholder(self.unit):
            return None
        if other.node[0] == "mul" and self.adopt(other, context) is not None:
            return None
        keep = other.kind in ("definition", "family", "angle", "percent", "conditioned")
        return None if keep and other.kind != self.amount.kind else self.amount


def _is_placeholder(unit: Unit) -> bool:
    return _NO_UNIT.issuperset(name for name, _ in unit.powers)


def _stands_for(placeholder: Unit, unit: Unit) -> bool:
    """`square units` for an area in any unit, `units` for anything."""
    if not _is_placeholder(placeholder):
        return False
    power = placeholder.powers[0][1] if placeholder.powers else 1
    return power == 1 or unit.dimensions == (("L", power),)


def _scaled(amount: Thing, factor: Fraction) -> Thing:
    if amount.kind != "value" or contains(amount.node, "words"):
        return amount
    return Value(settled(product(("num", factor.numerator, factor.denominator), amount.node)))
