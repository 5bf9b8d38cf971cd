r"""Statements: definitions `x=5`, `f(x)=2x`, equations and inequalities in any arrangement, and other relations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Final

from assaygym.verifiers.maths.finding import Finding, differ, same, undecided
from assaygym.verifiers.maths.objects.context import Context, all_same, other_length
from assaygym.verifiers.maths.objects.families import same_progressions
from assaygym.verifiers.maths.objects.items import Items
from assaygym.verifiers.maths.objects.matching import matched
from assaygym.verifiers.maths.objects.regions import Region
from assaygym.verifiers.maths.objects.solving import FLIPPED, joined, read_region
from assaygym.verifiers.maths.objects.thing import Reader, Thing, equal
from assaygym.verifiers.maths.objects.trees import ZERO, difference, renamed
from assaygym.verifiers.maths.scalars.scalar import Scalar, free_names, sign, substitute
from assaygym.verifiers.maths.syntax.literals import is_integer
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["ANONYMOUS", "Definition", "Relation", "Working"]

ANONYMOUS: Final = "->"
"""Of a function that is given as `x \\mapsto x^2`."""
_SYMMETRIC: Final = frozenset(("perp", "par", "==", "~"))
MAX_LINKS: Final = 4
"""Most equations that are compared with a chain."""
_PLACES: Final = ((2, 3, 5, 7, 11, 13, 17, 19), (23, 3, 29, 2, 31, 41, 37, 43), (7, 47, 2, 53, 5, 3, 59, 61))


class Relation(Thing):
    """A chain of relations that defines nothing: an equation, an inequality, a membership, ..."""

    __slots__ = ("_read", "_region", "ops", "terms")
    kind = "relation"

    def __init__(self, node: Node, read: Reader) -> None:
        super().__init__(node)
        self.ops: tuple[str, ...] = node[1]
        self.terms: tuple[Node, ...] = node[2:]
        self._read = read
        self._region: tuple[Region | None] | None = None

    def compare(self, pred: Relation, context: Context) -> Finding:
        """As sets of numbers where both are solved; otherwise side by side up to a factor."""
        mine, other = self.region(), pred.region()
        if mine is None or other is None:
            return self._as_statements(pred, context)
        in_letters = any(len(free_names(relation.node)) > 1 for relation in (self, pred))
        finding = self._as_statements(pred, context) if in_letters else None
        return finding if finding and finding.equal else mine.compare(other, context)

    def _as_statements(self, pred: Relation, context: Context) -> Finding:
        left, right = _oriented(self), _oriented(pred)
        if left[0] != right[0]:
            return differ("relations", "other relation signs")
        if set(left[0]) == {"="} and len(left[0]) > 1:
            terms = [[self._read(term) for term in side] for side in (left[1], right[1])]
            if matched("relations", terms[0], terms[1], context).equal:
                return same("relations", "the same members")
        if all(op in FLIPPED for op in left[0]):
            return all_same("relations", _links(*left, right[1], context))
        return self._by_sides(left[1], right[1], context, not _SYMMETRIC.isdisjoint(left[0]))

    def _by_sides(self, gold: Sequence[Node], pred: Sequence[Node], context: Context, either_way: bool) -> Finding:
        if len(gold) != len(pred):
            return other_length("relations", len(gold), len(pred))
        orders = [pred, pred[::-1]] if either_way else [pred]
        finding = differ("relations")
        for order in orders:
            pairs = zip(gold, order, strict=True)
            finding = all_same("relations", (equal(self._read(a), self._read(b), context) for a, b in pairs))
            if finding.equal:
                break
        return finding

    def bridge(self, other: Thing, context: Context, is_gold: bool) -> Thing | None:
        """A chain against several relations: its links; of `a=b=c` the others, when they say the same."""
        if not isinstance(other, Items) or other.sort != "list" or len(self.ops) != len(other.items):
            return None
        if (
            "=" not in self.ops
            and (self.region() is None or other.region() is None)
            and all(op in FLIPPED for op in self.ops)
        ):
            links = zip(self.ops, self.terms, self.terms[1:], strict=False)
            return Items(self.node, [Relation(("rel", (op,), *pair), self._read) for op, *pair in links], "list")
        if not _are_equations(other):
            return None
        sides = [_sides(item) for item in other.items]
        if set(self.ops) != {"="} or len(sides) != len(self.ops) or len(sides) > MAX_LINKS:
            return None
        return other if _connect(self.terms, [pair for pair in sides if pair], context) else None

    def region(self) -> Region | None:
        """The solution, where a rearrangement gives it."""
        if self._region is None:
            self._region = (read_region(self.node) if self.ops != ("=",) else None,)
        return self._region[0]


def _oriented(relation: Relation) -> tuple[tuple[str, ...], Sequence[Node]]:
    """Signs and terms, so that the first sign that has a direction points to the left."""
    ops, terms = relation.ops, relation.terms
    if any(op in (">", ">=") for op in ops) and all(op in FLIPPED for op in ops):
        return tuple(FLIPPED[op] for op in reversed(ops)), terms[::-1]
    return ops, terms


def _links(ops: Sequence[str], gold: Sequence[Node], pred: Sequence[Node], context: Context) -> list[Finding]:
    """Of each relation of a chain: whether the difference of its sides is that of the gold up to a factor."""
    findings = []
    for place, op in enumerate(ops):
        left = difference(gold[place], gold[place + 1])
        right = difference(pred[place], pred[place + 1])
        finding = _same_link(op, left, right, context)
        findings.append(finding)
        if not finding.equal:
            break
    return findings


def _sides(thing: Thing) -> tuple[Node, Node] | None:
    """Both sides of an equation."""
    node = thing.node
    return (node[2], node[3]) if node[0] == "rel" and node[1] == ("=",) else None


def _connect(terms: Sequence[Node], equations: Sequence[tuple[Node, Node]], context: Context) -> bool:
    """Whether each equation is between two of the terms, and from each term they lead to every other."""
    group = list(range(len(terms)))
    for left, right in equations:
        wanted = difference(left, right)
        pairs = [(i, j) for i, j in combinations(range(len(terms)), 2) if group[i] != group[j]]
        found = next((pair for pair in pairs if _is_between(terms, pair, wanted, context)), None)
        if found is None:
            return False
        group = [group[found[0]] if name == group[found[1]] else name for name in group]
    return len(set(group)) == 1


def _is_between(terms: Sequence[Node], pair: tuple[int, int], wanted: Node, context: Context) -> bool:
    return _same_link("=", difference(terms[pair[0]], terms[pair[1]]), wanted, context).equal


def _same_link(op: str, gold: Node, pred: Node, context: Context) -> Finding:
    if not free_names(gold) or not free_names(pred):
        same_text = gold == pred
        return same("relations") if same_text else differ("relations", "a relation between constants")
    finding = context.multiples(Scalar(gold), Scalar(pred))
    if not finding.equal or op in ("=", "!="):
        return finding
    direction = _direction(gold, pred, context)
    if direction is None:
        return undecided("relations", "the sign of the factor is not known")
    return finding if direction > 0 else differ("relations", "the other direction")


def _direction(gold: Node, pred: Node, context: Context) -> int | None:
    """The sign of the constant by which the sides differ, found at some point."""
    names = sorted(free_names(gold) | free_names(pred))
    for place in _PLACES:
        point: dict[str, Node] = {name: ("num", place[i % len(place)], 1 + i // 8) for i, name in enumerate(names)}
        signs = [sign(Scalar(substitute(side, point)), context.fuel) for side in (gold, pred)]
        if signs[0] and signs[1]:
            return signs[0] * signs[1]
    return None


class Definition(Thing):
    r"""What a name stands for: `x=5`, `P(A)=\frac12`, `f(x)=2x`, `y=2x+1`. Against a bare value it is its value.

    `target` identifies the left side; `params` are the names that `f(x)=` binds; `function` is its name then.
    """

    __slots__ = ("_read", "function", "params", "target", "value")
    kind = "definition"

    def __init__(
        self, node: Node, target: str, value: Thing, read: Reader, function: str = "", params: Sequence[str] = ()
    ) -> None:
        super().__init__(node)
        self._read = read
        self.target, self.value, self.function, self.params = target, value, function, tuple(params)

    def compare(self, pred: Definition, context: Context) -> Finding:
        """The same name with the same value, the same function, or the same equation."""
        if self.target == pred.target:
            finding = equal(self.value, pred.value, context)
            return finding if finding.equal else same_progressions(self, pred, context) or finding
        if self.function and pred.function:
            return self._same_function(pred, context)
        finding = self._same_graph(pred, context) or self._same_equation(pred, context)
        if not finding.equal and context.policy.rename:
            return equal(self.value, pred.value, context)
        return finding

    def _same_function(self, pred: Definition, context: Context) -> Finding:
        if len(self.params) != len(pred.params):
            return differ("function", "other arguments")
        names = {self.function, pred.function} - {ANONYMOUS}
        if len(names) > 1 and not context.policy.rename:
            return differ("function", "another function")
        if not free_names(pred.value.node).isdisjoint(set(self.params) - set(pred.params)):
            return differ("function", "a name that the other binds")
        return equal(self.value, pred.with_params(self.params), context)

    def with_params(self, names: Sequence[str]) -> Thing:
        """The value with the arguments named so."""
        changes = {old: new for old, new in zip(self.params, names, strict=True) if old != new}
        if not changes:
            return self.value
        return self._read(renamed(self.value.node, changes))

    def _same_graph(self, pred: Definition, context: Context) -> Finding | None:
        """`y=x^2` and `f(x)=x^2`, or `f=3` and `f(x)=3`; None for other pairs."""
        named, other = (self, pred) if self.function else (pred, self)
        if not named.function or len(named.params) != 1 or other.target not in ("y", named.function):
            return None
        return equal(self.value, pred.value, context)

    def _same_equation(self, pred: Definition, context: Context) -> Finding:
        sides = [definition.sides() for definition in (self, pred)]
        if None in sides or not (free_names(self.value.node) or free_names(pred.value.node)):
            return differ("relations", f"{pred.target} is not {self.target}")
        left, right = (difference(*_cleared(*pair)) for pair in sides if pair is not None)
        return _same_link("=", left, right, context)

    def sides(self) -> tuple[Node, Node] | None:
        """Both sides of the equation, when it is one between expressions."""
        if self.value.kind != "value" or self.node[0] != "rel":
            return None
        return self.node[2], self.value.node

    def relation(self) -> Thing:
        """As an equation; of several values, one equation each."""
        if isinstance(self.value, Items):
            parts = [Relation(("rel", ("=",), self.node[2], item.node), self._read) for item in self.value.items]
            return Items(self.node, parts, self.value.sort)
        return Relation(("rel", ("=",), *_cleared(self.node[2], self.value.node)), self._read)

    def bridge(self, other: Thing, context: Context, is_gold: bool) -> Thing | None:
        """The value; an equation against one. For the gold 0, `f(x)=0` is a statement and not a value."""
        if other.kind == "relation" or (isinstance(other, Items) and _are_equations(other)):
            return self.relation() if self.node[0] == "rel" else None
        if isinstance(other, Items) and not other.targets() <= {self.target}:
            return None
        if other.kind in ("record", "conditioned") or (self.function and self.value.node == ZERO and not is_gold):
            return None
        return self.value

    def region(self) -> Region | None:
        """The points that the name can be."""
        if self.function:
            return None
        inner = self.value.region()
        return None if inner is None else joined(self.node, [Region(self.node, self.target, inner.shape)], "union")


def _cleared(left: Node, right: Node) -> tuple[Node, Node]:
    """`y = 1/x` as `xy = 1`: the denominator, which cannot vanish, on the other side."""
    if right[0] == "div" and not free_names(right[1]) and free_names(right[2]):
        return ("mul", left, right[2]), right[1]
    return left, right


def _are_equations(items: Items) -> bool:
    return any(item.kind == "relation" and item.node[1] == ("=",) for item in items.items)


class Working(Thing):
    r"""An equation between constants, `2^{10}=1024`: its last member, if it is true."""

    __slots__ = ("members",)
    kind = "working"

    def __init__(self, node: Node, members: Sequence[Thing]) -> None:
        super().__init__(node)
        self.members = tuple(members)

    def compare(self, pred: Working, context: Context) -> Finding:
        """Member by member."""
        if len(self.members) != len(pred.members):
            return other_length("relations", len(self.members), len(pred.members))
        pairs = zip(self.members, pred.members, strict=True)
        return all_same("relations", (equal(*pair, context) for pair in pairs))

    def bridge(self, other: Thing, context: Context, is_gold: bool) -> Thing | None:
        """The last member, when all are equal."""
        *earlier, last = self.members
        if other.kind in ("relation", "definition", "record"):
            return None
        if is_integer(last.node) and any(thing.node == last.node for thing in earlier):
            return None  # 0=0 is an identity, not the number
        inner = context.ignoring_form()
        return last if all(equal(last, thing, inner).equal for thing in earlier) else None
