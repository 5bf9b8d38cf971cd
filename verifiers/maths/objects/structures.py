r"""What is compared by its parts: piecewise functions, set-builders, domains, words, and things under conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assaygym.verifiers.maths.finding import Finding, differ, same, undecided
from assaygym.verifiers.maths.objects.context import Context, all_same
from assaygym.verifiers.maths.objects.matching import matched
from assaygym.verifiers.maths.objects.regions import Region, outside, union
from assaygym.verifiers.maths.objects.thing import Reader, Thing, equal
from assaygym.verifiers.maths.objects.trees import heads, renamed
from assaygym.verifiers.maths.scalars.scalar import free_names
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["Builder", "Cases", "Conditioned", "Structure", "Words", "is_about_others"]


class Words(Thing):
    """An item that is text."""

    __slots__ = ("text",)
    kind = "text"

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        self.text = str(node[1])

    def compare(self, pred: Words, context: Context) -> Finding:
        """The same words, whatever their case."""
        mine, other = (" ".join(words.text.casefold().split()) for words in (self, pred))
        return same("text", "the same words") if mine == other else differ("text", "other words")

    def region(self) -> Region | None:
        """The empty set, or the whole line, where the words say so."""
        text = " ".join(self.text.casefold().split()).removeprefix("the ")
        if text in _NOTHING:
            return Region(self.node, None, ("union",))
        return None


_NOTHING: Final = frozenset(
    f"{nothing} {thing}"
    for nothing in ("no", "no real")
    for thing in ("solution", "solutions", "number", "numbers", "root", "roots", "value", "values")
) | {"empty set", "none", "null set", "no such number", "no such numbers"}


class Cases(Thing):
    """A function by cases: values, each with the condition for it."""

    __slots__ = ("branches",)
    kind = "piecewise function"

    def __init__(self, node: Node, branches: Sequence[tuple[Thing, Thing | None]]) -> None:
        super().__init__(node)
        self.branches = _with_otherwise(node, branches)

    def compare(self, pred: Cases, context: Context) -> Finding:
        """The same pairs of value and condition, in any order."""
        return matched("cases", self.branches, pred.branches, context)


class _Branch(Thing):
    __slots__ = ("condition", "value")
    kind = "case"

    def __init__(self, node: Node, value: Thing, condition: Thing | None) -> None:
        super().__init__(node)
        self.value, self.condition = value, condition

    def compare(self, pred: _Branch, context: Context) -> Finding:
        if self.condition is None or pred.condition is None:
            if self.condition is not pred.condition:
                return undecided("cases", "only one has the condition written out")
            return equal(self.value, pred.value, context)
        pairs = ((self.condition, pred.condition), (self.value, pred.value))
        return all_same("cases", (equal(*pair, context) for pair in pairs))


def _with_otherwise(node: Node, branches: Sequence[tuple[Thing, Thing | None]]) -> list[Thing]:
    """The branches, with "otherwise" as the rest of the line where the other conditions are regions."""
    regions = [condition.region() for _, condition in branches if condition is not None]
    names = {region.name for region in regions if region is not None}
    found: list[Thing] = []
    for value, condition in branches:
        if condition is None and regions and None not in regions and len(names) == 1:
            rest = outside(union([region.shape for region in regions if region is not None]))
            condition = Region(("words", "otherwise"), names.copy().pop(), rest)
        elif condition is not None:
            condition = condition.region() or condition
        shown = condition.node if condition is not None else ("words", "")
        if shown == ("words", "otherwise"):
            shown = ("words", f"otherwise {node[1:]!r}")
        found.append(_Branch(("list", value.node, shown), value, condition))
    return found


class Builder(Thing):
    r"""A set given by a condition that is no region: `\{(x,y) \mid x+y=1\}`."""

    __slots__ = ("_read", "conditions", "element")
    kind = "set by condition"

    def __init__(self, node: Node, read: Reader) -> None:
        super().__init__(node)
        self.element, self.conditions, self._read = node[1], node[2:], read

    def compare(self, pred: Builder, context: Context) -> Finding:
        """The same with the bound names renamed in the order in which the elements have them."""
        mine, other = _in_order(self.element), _in_order(pred.element)
        if len(mine) != len(other):
            return undecided("set", "other bound names")
        renaming = dict(zip(other, mine, strict=True))
        if any(new in free_names(pred.node) and new not in renaming for new in mine):
            return undecided("set", "a bound name that is free in the other")
        element = equal(self._read(self.element), self._read(renamed(pred.element, renaming)), context)
        if not element.equal:
            return element
        conditions = [self._read(renamed(part, renaming)) for part in pred.conditions]
        return matched("set", [self._read(part) for part in self.conditions], conditions, context)


def _in_order(node: Node) -> list[str]:
    """The names of a tree from left to right."""
    if node[0] == "sym":
        return [node[1]]
    found: list[str] = []
    for part in node:
        if isinstance(part, tuple):
            found.extend(name for name in _in_order(part) if name not in found)
    return found


class Conditioned(Thing):
    r"""An answer and what was said of its names: `\frac1x, x\ne0`."""

    __slots__ = ("body", "conditions")
    kind = "conditioned"

    def __init__(self, node: Node, body: Thing, conditions: Sequence[Thing]) -> None:
        super().__init__(node)
        self.body, self.conditions = body, tuple(conditions)

    def compare(self, pred: Conditioned, context: Context) -> Finding:
        """The same answers under the same conditions; some that change nothing may be missing beside others."""
        finding = equal(self.body, pred.body, context)
        if not finding.equal:
            return finding
        mine, other = self._that_matter(), pred._that_matter()
        if not mine and not other:
            return matched("conditions", self.conditions, pred.conditions, context)
        return matched("conditions", mine, other, context)

    def _that_matter(self) -> list[Thing]:
        return [condition for condition in self.conditions if not _is_idle(condition, self.body)]

    def bridge(self, other: Thing, context: Context, is_gold: bool) -> Thing | None:
        """The answer, when the conditions do not change it."""
        return None if self._that_matter() else self.body

    def region(self) -> Region | None:
        """None: a condition on the variable itself is read as a part of the region."""
        return None


def _is_idle(condition: Thing, body: Thing) -> bool:
    """Whether leaving the condition out does not change the object: points left out, ranges of counting numbers."""
    node = condition.node
    if is_about_others(node, body.node):
        return False
    names = free_names(getattr(body, "value", body).node)
    if names.isdisjoint(free_names(node)):
        return True
    if node[0] != "rel":
        return condition.kind == "text"
    if node[1] == ("!=",):
        return True
    counting = free_names(node) <= _COUNTING
    if node[1] == ("in",):
        return node[3][0] == "domain" and (counting or node[3][1] in ("R", "C"))
    return counting and all(op in ("<", "<=", ">", ">=") for op in node[1])


def is_about_others(condition: Node, body: Node) -> bool:
    """Whether an inequality is of names that the answer beside it lacks: `x=3, y>2` says two things."""
    if condition[0] != "rel" or not _ORDER.issuperset(condition[1]):
        return False
    names = free_names(condition)
    return bool(names) and names.isdisjoint(free_names(body))


_ORDER: Final = frozenset(("<", "<=", ">", ">="))
_COUNTING: Final = frozenset("nmkij")


class Structure(Thing):
    """Any other tree, compared part by part."""

    __slots__ = ("parts",)
    kind = "statement"

    def __init__(self, node: Node, read: Reader) -> None:
        super().__init__(node)
        self.parts = [read(part) if isinstance(part, tuple) else part for part in node]

    def compare(self, pred: Structure, context: Context) -> Finding:
        """The same kind of tree with the same parts in the same places."""
        if self.node[0] in _UNORDERED and self.node[0] == pred.node[0]:
            mine, other = ([part for part in side.parts if isinstance(part, Thing)] for side in (self, pred))
            return matched("structure", mine, other, context)
        if len(self.parts) != len(pred.parts) or heads(self.node) != heads(pred.node):
            return undecided("structure", "another form")
        pairs = zip(self.parts, pred.parts, strict=True)
        return all_same("structure", (_same_part(left, right, context) for left, right in pairs))


_UNORDERED: Final = ("union", "inter")


def _same_part(left: object, right: object, context: Context) -> Finding:
    if isinstance(left, Thing) and isinstance(right, Thing):
        return equal(left, right, context)
    return same("structure") if left == right else differ("structure", f"{right!r} is not {left!r}")
