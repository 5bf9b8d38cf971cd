r"""Lists and sets in any order, and what an answer gives by name: `4, 9`, `\{9,4\}`, `x=11` or `x=-6`, `x=7, y=-8`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from assaygym.verifiers.maths.finding import Finding, differ
from assaygym.verifiers.maths.fuel import STEPS, Fuel, OutOfFuelError
from assaygym.verifiers.maths.objects.context import Context, all_same
from assaygym.verifiers.maths.objects.matching import distinct, matched
from assaygym.verifiers.maths.objects.regions import NOTHING, Region
from assaygym.verifiers.maths.objects.solving import joined
from assaygym.verifiers.maths.objects.thing import Thing, equal
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["Items", "Record", "Sort"]

Sort = Literal["list", "set", "or"]


class Items(Thing):
    r"""Several answers. Repetitions count in a list, not in a set and not between "or" and plus-minus.

    `free` makes the items that result when plus-minus signs are independent of each other, where there are several.
    """

    __slots__ = ("_distinct", "free", "items", "sort")
    kind = "collection"

    def __init__(
        self, node: Node, items: Sequence[Thing], sort: Sort, free: Callable[[], Sequence[Thing]] | None = None
    ) -> None:
        super().__init__(node)
        self.items, self.free = tuple(items), free
        self.sort: Sort = sort
        self._distinct: tuple[MathPolicy, tuple[Thing, ...], int] | None = None

    def members(self, context: Context) -> tuple[Thing, ...]:
        """The items that count.

        Costs the same each time, so that no verdict depends on what was compared before.
        """
        if self.sort == "list" or len(self.items) < 2:
            return self.items
        if self._distinct is None or self._distinct[0] != context.policy:
            own = Fuel()
            found = self._worked_out(Context(context.policy, own, context.ask))
            self._distinct = context.policy, found, STEPS - own.left
        _, members, steps = self._distinct
        context.fuel.spend(steps)
        return members

    def _worked_out(self, context: Context) -> tuple[Thing, ...]:
        try:
            return tuple(distinct(self.items, context))
        except OutOfFuelError:
            return self.items

    def targets(self) -> set[str]:
        """What the items define, where they are definitions."""
        return {str(getattr(item, "target", "")) for item in self.items if item.kind == "definition"}

    def compare(self, pred: Items, context: Context) -> Finding:
        """The same items; in the given order where the policy keeps that of lists."""
        if (len(self.targets()) > 1) != (len(pred.targets()) > 1) and not (self._states() and pred._states()):
            return differ("list", "values of several names")
        left, right = self.members(context), pred.members(context)
        if len(left) != len(right):
            left, right = self._freed(pred, left, right)
        if context.policy.list_order == "given" and self.sort == pred.sort == "list":
            return _in_order(left, right, context)
        if not self._conditions() or not pred._conditions():
            return matched("list", left, right, context)
        mine, other = self.region(), pred.region()
        if mine is not None and other is not None and self.sort != pred.sort:
            return mine.compare(other, context)
        finding = matched("list", left, right, context)
        return finding if finding.equal or mine is None or other is None else mine.compare(other, context)

    def _freed(
        self, pred: Items, left: tuple[Thing, ...], right: tuple[Thing, ...]
    ) -> tuple[tuple[Thing, ...], tuple[Thing, ...]]:
        if self.free and not pred.free:
            return tuple(self.free()), right
        return (left, tuple(pred.free())) if pred.free and not self.free else (left, right)

    def bridge(self, other: Thing, context: Context, is_gold: bool) -> Thing | None:
        """The only member of a set; a tuple where the policy says so; `12,34,567` as an Indian number."""
        if other.kind == "value" and other.node[0] == "num" and self.sort == "list":
            return _indian_number(self, type(other))
        if other.kind == "tuple":
            found = self._as_tuple(other, context)
            if found is not None:
                return found
        members = self.members(context)
        if self.sort != "list" and len(members) == 1 and other.kind not in ("record", "region"):
            return members[0]
        return None

    def _as_tuple(self, other: Thing, context: Context) -> Thing | None:
        policy = context.policy
        if policy.tuple_as_set or (policy.bare_tuple and self.sort == "list"):
            make: Callable[[Sequence[Thing]], Thing] | None = getattr(other, "with_items", None)
            return make(self.items) if make else None
        return None

    def _states(self) -> bool:
        """Whether these are alternative statements, which may be equations of several names."""
        return self.sort == "or" and all(item.kind in ("relation", "definition") for item in self.items)

    def _conditions(self) -> bool:
        return all(item.kind in ("relation", "definition", "tuple", "region") for item in self.items)

    def region(self) -> Region | None:
        """Conditions joined by "or" or listed; the points of a set; intervals that a bracket or infinity marks."""
        if not self.items:
            return Region(self.node, None, NOTHING)
        how = "union"
        if self.sort == "set" and any(item.kind == "collection" for item in self.items):
            return None
        if self.sort == "list" and any(item.kind == "relation" for item in self.items):
            how = "listed"
        elif self.sort == "list" and not any(_is_plain_interval(item.node) for item in self.items):
            return None
        return joined(self.node, [item.region() for item in self.items], how)


def _indian_number(items: Items, make: Callable[[Node], Thing]) -> Thing | None:
    """The number that a bare list of numbers of two digits, the last of three, is in India."""
    nodes = [item.node for item in items.items]
    if not 2 < len(nodes) < 8 or any(node[0] != "num" or node[2] != 1 or node[1] < 1 for node in nodes):
        return None
    digits = [str(node[1]) for node in nodes]
    widths = [len(group) for group in digits]
    if widths[0] > 2 or widths[-1] != 3 or any(width != 2 for width in widths[1:-1]):
        return None
    return make(("num", int("".join(digits)), 1))


def _is_plain_interval(node: Node) -> bool:
    """Whether a pair in brackets can only be an interval."""
    if node[0] != "seq" or len(node) != 5:
        return False
    return node[1:3] in (("(", "]"), ("[", ")")) or bool({node[3], node[4]} & _INFINITIES)


_INFINITIES: Final = {("const", "inf"), ("neg", ("const", "inf"))}


def _in_order(gold: Sequence[Thing], pred: Sequence[Thing], context: Context) -> Finding:
    if len(gold) != len(pred):
        return differ("list", f"{len(pred)} items, not {len(gold)}")
    pairs = enumerate(zip(gold, pred, strict=True))
    return all_same("list", (equal(left, right, context.with_gap(place)) for place, (left, right) in pairs))


class Record(Thing):
    r"""Values by their names: `x=7, y=-8`, `(a,b)=(3,-1)`, `a=\frac12, Q(2,-2)`."""

    __slots__ = ("definitions",)
    kind = "record"

    def __init__(self, node: Node, definitions: Mapping[str, Thing]) -> None:
        super().__init__(node)
        self.definitions = dict(definitions)

    def compare(self, pred: Record, context: Context) -> Finding:
        """Name by name; the roots `x_1, x_2` in any order."""
        mine, other = self.definitions, pred.definitions
        if mine.keys() == other.keys():
            finding = all_same("list", (equal(mine[name], other[name], context) for name in mine))
            if finding.equal or self.root() is None:
                return finding
        elif not context.policy.rename and not (self.root() and self.root() == pred.root()):
            return differ("list", "other names")
        if self.root() and self.root() == pred.root():
            return matched("list", self.values(), pred.values(), context)
        return _in_order(self.values(), pred.values(), context) if len(mine) == len(other) else differ("list")

    def values(self) -> list[Thing]:
        """What the names stand for, as written."""
        return [getattr(thing, "value", thing) for thing in self.definitions.values()]

    def root(self) -> str | None:
        """`x` when the names are `x_1`, `x_2`, ...: solutions of one equation, whose order says nothing."""
        bases = {name.partition("_")[0] for name in self.definitions if name.partition("_")[2].isdecimal()}
        whole = len(bases) == 1 and all("_" in name for name in self.definitions)
        base = bases.pop() if whole else ""
        return base if base in _UNKNOWNS else None

    def bridge(self, other: Thing, context: Context, is_gold: bool) -> Thing | None:
        """A tuple of the values, in the order of their names; a list of them in the order given."""
        if other.kind == "definition":
            return Items(self.node, self.values(), "or") if self.root() == getattr(other, "target", "") else None
        if other.kind == "collection":
            return Items(self.node, self.values(), "list") if self.root() else None
        make: Callable[[Sequence[Thing]], Thing] | None = getattr(other, "with_items", None)
        if make is None or getattr(other, "brackets", None) != ("(", ")"):
            return None
        values = dict(zip(self.definitions, self.values(), strict=True))
        names, in_space = sorted(values), values.keys() <= set("xyz")
        if in_space and names != list("xyz"[: len(names)]):
            return None
        return make([values[name] for name in names]) if in_space or names == list(values) else None

    def adopt(self, other: Thing, context: Context) -> Thing | None:
        """A bare list, in the order of the names."""
        if not isinstance(other, Items) or other.sort != "list" or len(other.items) != len(self.definitions):
            return None
        if any(item.kind in ("definition", "relation") for item in other.items):
            return None
        return Record(other.node, dict(zip(self.definitions, other.items, strict=True)))


_UNKNOWNS: Final = frozenset("xzt")
