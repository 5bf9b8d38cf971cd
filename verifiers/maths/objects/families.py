r"""Answers with an integer parameter: `x=2k\pi`, `\frac\pi4+n\pi, n\in\mathbb Z`, `x\equiv3\pmod7`, `n=3k`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Final, Protocol

from assaygym.verifiers.maths.finding import Finding, differ, same, undecided
from assaygym.verifiers.maths.fuel import STEPS, Fuel, OutOfFuelError
from assaygym.verifiers.maths.objects.angles import without_degrees
from assaygym.verifiers.maths.objects.context import Context
from assaygym.verifiers.maths.objects.items import Items, Record
from assaygym.verifiers.maths.objects.lattice import Classes, classes_of
from assaygym.verifiers.maths.objects.thing import Reader, Thing, equal
from assaygym.verifiers.maths.objects.trees import MINUS_ONE, ONE, heads, renamed
from assaygym.verifiers.maths.scalars.scalar import Scalar, free_names, substitute
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["PARAMETERS", "Family", "implicit_parameter", "same_progressions", "same_under_name"]

PARAMETERS: Final = frozenset("klmnjr")
"""Names that an integer parameter goes by where no domain is written."""
REAL_PARAMETERS: Final = frozenset(("s", "t", "u", "v", "r", "k", "a", "b", "c", "lambda", "mu", "theta"))
_UNKNOWNS: Final = frozenset(("x", "t", "z", "y", "u", "theta", "alpha", "beta", "phi", "varphi", "omega", "gamma"))
_INTEGERS: Final = ("Z", "")


class Family(Thing):
    """One thing for each value of integer parameters. `domain` is "Z", "N", ... or "" where none is written."""

    __slots__ = ("_classes", "_read", "bodies", "domain", "params")
    kind = "family"

    def __init__(self, node: Node, bodies: Sequence[Node], params: Sequence[str], domain: str, read: Reader) -> None:
        super().__init__(node)
        self.bodies, self.params, self.domain = tuple(bodies), tuple(params), domain
        self._read = read
        self._classes: tuple[Classes | None, int] | None = None

    def classes(self, fuel: Fuel) -> Classes | None:
        """As a union of residue classes; None when it is not linear, or not over all integers.

        Costs the same each time, so that no verdict depends on what was compared before.
        """
        if self._classes is None:
            own = Fuel()
            self._classes = self._worked_out(own), STEPS - own.left
        fuel.spend(self._classes[1])
        return self._classes[0]

    def _worked_out(self, fuel: Fuel) -> Classes | None:
        if len(self.params) != 1 or self.domain not in _INTEGERS:
            return None
        try:
            return classes_of(self.bodies, self.params[0], fuel)
        except OutOfFuelError:
            return None

    def compare(self, pred: Family, context: Context) -> Finding:
        """As unions of residue classes; otherwise with renamed, negated or shifted parameters."""
        if self.domain and pred.domain and self.domain != pred.domain:
            return differ("family", "another range of the parameter")
        mine, other = self.classes(context.fuel), pred.classes(context.fuel)
        if mine is not None and other is not None and mine.in_pi != other.in_pi:
            mine, other = self._without_degrees(context.fuel), pred._without_degrees(context.fuel)
        if mine is not None and other is not None:
            return _same_classes(mine, other, context)
        return self._renamed(pred, context)

    def _without_degrees(self, fuel: Fuel) -> Classes | None:
        return classes_of([without_degrees(body) for body in self.bodies], self.params[0], fuel)

    def _renamed(self, pred: Family, context: Context) -> Finding:
        if len(self.params) != len(pred.params) or len(self.params) > 3 or len(self.bodies) != len(pred.bodies):
            return undecided("family", "families in other parameters")
        gold = self._things({name: ("sym", f"{name} ") for name in self.params})
        for order in permutations(self.params):
            for steps in _changes(order, self.domain or pred.domain):
                finding = equal(gold, pred._things(dict(zip(pred.params, steps, strict=True))), context)
                if finding.equal:
                    return same("family", "the same for each value of the parameters")
        return undecided("family", "not the same for each value of the parameters")

    def _things(self, changes: dict[str, Node]) -> Thing:
        things = [self._read(substitute(body, changes)) for body in self.bodies]
        return things[0] if len(things) == 1 else Items(("list", *(thing.node for thing in things)), things, "or")

    def adopt(self, other: Thing, context: Context) -> Thing | None:
        """Values in a letter that nothing is said of, as a family."""
        things = other.items if isinstance(other, Items) else (other,)
        if not things or not all(thing.kind in ("value", "tuple", "region", "angle", "record") for thing in things):
            return None
        values = things[0].values() if isinstance(things[0], Record) else things
        names = set().union(*(free_names(thing.node) for thing in values))
        letters = REAL_PARAMETERS if self.domain.startswith("R") else PARAMETERS
        params = sorted(names & letters)
        if len(params) != len(self.params) or len(names) - len(params) != self._other_names():
            return None
        return Family(other.node, [thing.node for thing in things], params, "", self._read)

    def _other_names(self) -> int:
        return len(set().union(*(free_names(body) for body in self.bodies)) - set(self.params))


def _changes(order: Sequence[str], domain: str) -> list[list[Node]]:
    """What the parameters of the prediction may be in those of the gold."""
    plain: list[Node] = [("sym", f"{name} ") for name in order]
    if len(order) != 1 or not domain.startswith("Z"):
        return [plain]
    (name,) = plain
    turned: Node = ("neg", name)
    steps = [name, turned, *(("add", side, step) for side in (name, turned) for step in (ONE, MINUS_ONE))]
    return [[step] for step in steps]


def _same_classes(gold: Classes, pred: Classes, context: Context) -> Finding:
    if gold == pred:
        return same("family", "the same residue classes")
    plain = all(rest == ("num", 0, 1) for classes in (gold, pred) for rest, _, _ in classes.residues)
    if plain or gold.period != pred.period or gold.in_pi != pred.in_pi:
        return differ("family", "other residue classes")
    if len(gold.residues) != len(pred.residues) or len(gold.residues) > 12:
        return differ("family", "other residue classes")
    return _same_residues(gold, pred, context)


def _same_residues(gold: Classes, pred: Classes, context: Context) -> Finding:
    left = list(pred.residues)
    for rest, fixed, moving in gold.residues:
        found = None
        for other in left:
            if other[1:] == (fixed, moving) and context.values(Scalar(rest), Scalar(other[0])).equal:
                found = other
                break
        if found is None:
            return undecided("family", "residue classes that were not shown to be the same")
        left.remove(found)
    return same("family", "the same residue classes")


def implicit_parameter(node: Node) -> str | None:
    r"""The letter of an expression that has no other name, when it may be an integer parameter: of `2k\pi`, `k`."""
    return _parameter(free_names(node))


def _parameter(names: frozenset[str]) -> str | None:
    return next(iter(names)) if len(names) == 1 and names <= PARAMETERS else None


def same_under_name(gold: Scalar, pred: Scalar, context: Context) -> Finding | None:
    r"""Multiples of pi by a letter that nothing is said of, as `2k\pi` and `2n\pi`; None for other scalars."""
    left, right = _parameter(gold.names), _parameter(pred.names)
    if left is None or right is None or left == right or "const" not in heads(gold.tree) & heads(pred.tree):
        return None
    return context.values(gold, Scalar(renamed(pred.tree, {right: left})))


class Named(Protocol):
    """A definition: the name that it defines, and its value."""

    @property
    def target(self) -> str: ...
    @property
    def value(self) -> Thing: ...


def same_progressions(gold: Named, pred: Named, context: Context) -> Finding | None:
    r"""`x=3k+1` and `x=3n+1`; with pi, as residue classes. None where this says nothing."""
    bodies = [_bodies(definition.value) for definition in (gold, pred)]
    letters = [_letter(trees) for trees in bodies]
    if None in letters or gold.target not in _UNKNOWNS:
        return None
    (left, right), (mine, other) = bodies, letters
    assert mine is not None
    assert other is not None
    if all("const" in heads(tree) for tree in (*left, *right)):
        classes = [classes_of(left, mine, context.fuel), classes_of(right, other, context.fuel)]
        if classes[0] is not None and classes[1] is not None:
            return _same_classes(classes[0], classes[1], context)
    if mine == other or len(left) != len(right) != 1:
        return None
    return context.values(Scalar(left[0]), Scalar(renamed(right[0], {other: mine})))


def _bodies(thing: Thing) -> list[Node]:
    things = thing.items if isinstance(thing, Items) else (thing,)
    return [part.node for part in things] if all(part.kind in ("value", "angle") for part in things) else []


def _letter(trees: Sequence[Node]) -> str | None:
    letters = {implicit_parameter(tree) for tree in trees}
    return letters.pop() if len(letters) == 1 else None
