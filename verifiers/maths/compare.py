"""Are two trees the same mathematical object? Typed, cheapest layer first; each decides only what it can prove."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple, Protocol

from assaygym.verifiers.maths.exact import (
    ExactEvaluator,
    NotRationalError,
    Point,
    UndefinedError,
    free_symbols,
    probe_points,
    walk,
)
from assaygym.verifiers.maths.lexicon import Node
from assaygym.verifiers.maths.relations import (
    bare_value,
    definitions,
    intervals,
    orient,
    same_argument,
    same_parameter,
    shorten,
)
from assaygym.verifiers.maths.shapes import COLLECTIONS, as_vector, kind_of, spread, unit_name

__all__ = ["Comparer", "Finding"]

MAX_ITEMS = 40
PROBES = 4
ALGEBRA_SECONDS = 1.0
"""Wall time that one verdict may spend in computer algebra."""


class Finding(NamedTuple):
    """A verdict, the layer that reached it, and why; `decided` is False where equality was merely not shown."""

    equal: bool
    layer: str
    why: str = ""
    decided: bool = True


class _Reply(Protocol):
    @property
    def verdict(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def seconds(self) -> float: ...


Ask = Callable[[str, Node, Node, list[dict[str, Fraction]], Fraction | None, float], _Reply]
"""The last layer: (op, gold, pred, points, tolerance, seconds) -> reply, as `WorkerPool.ask`."""


class Comparer:
    """Compares trees for one verdict. `seed` fixes the probe points; `ask` is the computer-algebra layer."""

    def __init__(self, seed: str, ask: Ask) -> None:
        self.seed, self.ask = seed, ask
        self.exact = ExactEvaluator()
        self.seconds = ALGEBRA_SECONDS

    def equal(self, gold: Node, pred: Node) -> Finding:
        """Whether `pred` is the object that `gold` is."""
        gold, pred = shorten(gold), shorten(pred)
        if gold == pred:
            return Finding(True, "structure", "identical trees")
        for kind, rule in self._by_kind:
            if kind in (gold[0], pred[0]):
                return rule(self, gold, pred)
        gold, pred = spread(gold), spread(pred)
        if gold[0] in COLLECTIONS or pred[0] in COLLECTIONS:
            return self.collections(gold, pred)
        return self.scalars(gold, pred)

    # Units and degrees.

    def units(self, gold: Node, pred: Node) -> Finding:
        """A unit missing on one side is fine; two different ones are not."""
        if gold[0] == pred[0] and unit_name(gold[2]) != unit_name(pred[2]):
            return Finding(False, "units", f"{pred[2]!r} is not {gold[2]!r}")
        return self.equal(*(node[1] if node[0] == "unit" else node for node in (gold, pred)))

    def degrees(self, gold: Node, pred: Node) -> Finding:
        """Against a plain number, degrees may have lost their sign or been turned into radians."""
        if gold[0] == pred[0]:
            return self.equal(gold[1], pred[1])
        bare = self.equal(*(node[1] if node[0] == "deg" else node for node in (gold, pred)))
        if bare.equal or "pi" not in {
            part[1] for part in walk(pred if gold[0] == "deg" else gold) if part[0] == "const"
        }:
            return bare
        return self.scalars(gold, pred)

    # Relations, intervals, unions.

    def relations(self, gold: Node, pred: Node) -> Finding:
        """Equations, inequalities, definitions; a definition equals its value, a solved inequality its interval."""
        if gold[0] != pred[0]:
            inner = bare_value(gold if gold[0] == "rel" else pred)
            if inner is not None:
                return self.equal(inner, pred) if gold[0] == "rel" else self.equal(gold, inner)
            return self.regions(gold, pred)
        pred = same_argument(gold, pred)
        left, right = bare_value(gold), bare_value(pred)
        if left is not None and right is not None and gold[2] == pred[2]:
            return self.equal(*same_parameter(left, right))
        if intervals(gold) and intervals(pred):
            return self.regions(gold, pred)
        gold, pred = orient(gold), orient(pred)
        if gold[1] != pred[1] or len(gold) != len(pred):
            return Finding(False, "relations", "other relation signs")
        return self.sides(gold, pred)

    def sides(self, gold: Node, pred: Node) -> Finding:
        """Two equations by a common factor of their sides, two chains of inequalities term by term."""
        if gold[1] == ("=",):
            gold_side, pred_side = (("add", node[2], ("neg", node[3])) for node in (gold, pred))
            return self.proportional(gold_side, pred_side)
        return self.pairwise("relations", gold[2:], pred[2:])

    def proportional(self, gold: Node, pred: Node) -> Finding:
        """Whether one is a nonzero constant times the other."""
        points = self.points(gold, pred)
        try:
            values = [(self.exact(gold, point), self.exact(pred, point)) for point in points]
        except UndefinedError as error:
            return Finding(False, "relations", str(error), False)
        except NotRationalError:
            return self.algebra("proportional", gold, pred)
        (first_gold, first_pred), *others = values
        if not first_gold or not first_pred or not free_symbols(gold):
            return Finding(False, "relations", "a side that vanishes")
        same = all(first_gold * other_pred == first_pred * other_gold for other_gold, other_pred in others)
        return Finding(same, "relations", "sides up to a factor")

    def regions(self, gold: Node, pred: Node) -> Finding:
        """Unions of intervals, however they are written."""
        left, right = intervals(gold), intervals(pred)
        if left is None or right is None:
            return Finding(False, "types", f"{kind_of(pred)} is not {kind_of(gold)}")
        if left.variable and right.variable and left.variable != right.variable:
            return Finding(False, "intervals", f"of {right.variable}, not of {left.variable}")
        return self.matching("intervals", left.parts, right.parts)

    # Collections.

    def collections(self, gold: Node, pred: Node) -> Finding:
        """Tuples, intervals, lists, sets, matrices, ratios, numbers in a base."""
        gold, pred = as_vector(gold, pred), as_vector(pred, gold)
        if gold[0] == "seq" and pred[0] == "list" and (values := definitions(pred)):
            pred = ("seq", "(", ")", *values)
        if pred[0] == "seq" and gold[0] == "list" and (values := definitions(gold)):
            gold = ("seq", "(", ")", *values)
        if gold[0] in ("list", "set") and pred[0] in ("list", "set"):
            return self.matching("list", gold[1:], pred[1:])
        if "list" in (gold[0], pred[0]) and not {gold[0], pred[0]} <= COLLECTIONS:
            return self.repeated(gold, pred)
        if gold[0] != pred[0] or gold[0] == "based":
            return Finding(False, "types", f"{kind_of(pred)} is not {kind_of(gold)}")
        if gold[0] == "seq":
            same = gold[1:3] == pred[1:3]
            return self.pairwise("tuple", gold[3:], pred[3:]) if same else Finding(False, "tuple", "other brackets")
        if gold[0] == "matrix":
            rows = [self.pairwise("matrix", *pair) for pair in zip(gold[1:], pred[1:], strict=False)]
            return _all("matrix", rows) if len(gold) == len(pred) else Finding(False, "matrix", "another shape")
        if gold[0] == "call" and gold[1] != pred[1]:
            return Finding(False, "types", "another function")
        return self.pairwise(
            gold[0], *(tuple(part for part in node[1:] if isinstance(part, tuple)) for node in (gold, pred))
        )

    def repeated(self, gold: Node, pred: Node) -> Finding:
        """One value against a list: equal when the list only writes that value in several ways."""
        if gold[0] == "list":
            return self.pairwise("list", gold[1:], [pred] * (len(gold) - 1))
        return self.pairwise("list", [gold] * (len(pred) - 1), pred[1:])

    def pairwise(self, layer: str, gold: Sequence[Node], pred: Sequence[Node]) -> Finding:
        """Same length, and each part equal to its counterpart."""
        if len(gold) != len(pred):
            return Finding(False, layer, f"{len(pred)} parts, not {len(gold)}")
        return _all(layer, (self.equal(*pair) for pair in zip(gold, pred, strict=True)))

    def matching(self, layer: str, gold: Sequence[Node], pred: Sequence[Node]) -> Finding:
        """Same items in any order; each item is used once."""
        if len(gold) != len(pred) or len(gold) > MAX_ITEMS:
            return Finding(False, layer, f"{len(pred)} items, not {len(gold)}", len(gold) <= MAX_ITEMS)
        left, decided = list(pred), True
        for item in gold:
            found = None
            for other in left:
                finding = self.equal(item, other)
                decided &= finding.decided
                if finding.equal:
                    found = other
                    break
            if found is None:
                return Finding(False, layer, "an item without a counterpart", decided)
            left.remove(found)
        return Finding(True, layer, "the same items")

    # Numbers and expressions.

    def points(self, *nodes: Node) -> list[dict[str, Fraction]]:
        """Where expressions are compared; one empty point when there is no variable."""
        names = set().union(*(free_symbols(node) for node in nodes))
        return probe_points(names, self.seed, PROBES) if names else [{}]

    def scalars(self, gold: Node, pred: Node) -> Finding:
        """Exact rationals; exact probing; then computer algebra."""
        if any(part[0] == "const" and part[1] == "inf" for node in (gold, pred) for part in walk(node)):
            return Finding(False, "types", "only one is infinite, or with the other sign")
        if (gold[0] == "dec") != (pred[0] == "dec"):
            return self.rounding(gold, pred)
        points = self.points(gold, pred)
        left = self.values(gold, points)
        right = self.values(pred, points)
        if left is None or right is None:
            return self.algebra("equal", gold, pred)
        pairs = [pair for pair in zip(left, right, strict=True) if None not in pair]
        layer = "rational" if points == [{}] else "probing"
        if any(a != b for a, b in pairs):
            return Finding(False, layer, "another value")
        if len(pairs) < min(2, len(points)):
            return Finding(False, layer, "undefined")
        return Finding(True, layer, "the same value" if layer == "rational" else f"the same at {len(pairs)} points")

    def values(self, node: Node, points: Sequence[Point]) -> list[Fraction | None] | None:
        """Exact values at the points (None where undefined); None when one of them is not rational."""
        values: list[Fraction | None] = []
        for point in points:
            try:
                values.append(self.exact(node, point))
            except UndefinedError:
                values.append(None)
            except NotRationalError:
                return None
        return values

    def rounding(self, gold: Node, pred: Node) -> Finding:
        """A long decimal, on either side, against an exact number: equal within one unit of its last place."""
        exact, decimal = (pred, gold) if gold[0] == "dec" else (gold, pred)
        tolerance = Fraction(1, 10 ** decimal[3])
        values = self.values(exact, [{}])
        if values is None:  # the gold stays the gold: what overstays there is a fault of ours
            return self.algebra("close", gold, pred, tolerance)
        if values[0] is None:
            return Finding(False, "rational", "undefined")
        gap = abs(values[0] - Fraction(decimal[1], decimal[2]))
        terminates = (10 ** decimal[3]) % values[0].denominator == 0
        return Finding(gap == 0 if terminates else gap <= tolerance, "rational", "a long decimal")

    def algebra(self, op: str, gold: Node, pred: Node, tolerance: Fraction | None = None) -> Finding:
        """Ask the worker; what it cannot show equal is not equal."""
        if self.seconds <= 0:
            return Finding(False, "sympy", "time-out: an earlier part used up the time", False)
        reply = self.ask(op, gold, pred, self.points(gold, pred), tolerance, self.seconds)
        self.seconds -= reply.seconds
        decided = reply.verdict in ("equal", "different")
        why = reply.why if decided else f"{reply.verdict}: {reply.why}"
        return Finding(reply.verdict == "equal", "sympy", why, decided)

    _by_kind = (("unit", units), ("rel", relations), ("union", regions), ("deg", degrees))


def _all(layer: str, findings: Iterable[Finding]) -> Finding:
    for finding in findings:
        if not finding.equal:
            return Finding(False, layer, f"a part differs ({finding.layer}: {finding.why})", finding.decided)
    return Finding(True, layer, "each part is equal")
