"""What all things have in common, and how two of them are compared."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, ClassVar

from assaygym.verifiers.maths.finding import Finding, differ, same
from assaygym.verifiers.maths.objects.context import Context
from assaygym.verifiers.maths.syntax.tree import Node

if TYPE_CHECKING:
    from assaygym.verifiers.maths.objects.regions import Region

__all__ = ["Reader", "Thing", "equal"]

Reader = Callable[[Node], "Thing"]
"""`interpret`: what reads the parts of a tree, and reads a tree again whose bound names were changed."""


class Thing:
    """A typed object: what a tree means, as far as its form tells. Immutable outside; caches its normal forms."""

    __slots__ = ("node",)
    kind: ClassVar[str] = "thing"
    """Things of one kind compare with each other; between kinds there has to be a bridge."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def compare(self, pred: Any, context: Context) -> Finding:
        """Compare this, the gold, with a prediction of the same kind."""
        raise NotImplementedError

    def bridge(self, other: Thing, context: Context, is_gold: bool) -> Thing | None:
        """This in a simpler form that can be compared with `other`, of another kind; None where no rule says so."""
        return None

    def adopt(self, other: Thing, context: Context) -> Thing | None:
        """`other`, of a simpler kind, read as a thing of this kind; None where it cannot be."""
        return None

    def key(self, context: Context) -> Hashable:
        """Things with the same key are the same; None where there is none that is cheap to make."""
        return None

    def region(self) -> Region | None:
        """The set of real numbers that this describes; None when it describes none."""
        return None


def equal(gold: Thing, pred: Thing, context: Context) -> Finding:
    """Whether both are the same mathematical object, as the policy has it.

    Raises:
        OutOfFuelError: the comparison takes more steps than are left.
    """
    if gold.node == pred.node:
        return same("structure", "identical trees")
    if gold.kind == pred.kind:
        return gold.compare(pred, context)
    return _across(gold, pred, context)


def _across(gold: Thing, pred: Thing, context: Context) -> Finding:
    """Compare things of two kinds: over a bridge, else as regions."""
    changed = pred.bridge(gold, context, False) or gold.adopt(pred, context)
    if changed is not None:
        return equal(gold, changed, context)
    changed = gold.bridge(pred, context, True) or pred.adopt(gold, context)
    if changed is not None:
        return equal(changed, pred, context)
    left, right = gold.region(), pred.region()
    if left is not None and right is not None:
        return left.compare(right, context)
    return differ("types", f"{_with_article(pred.kind)} is not {_with_article(gold.kind)}")


def _with_article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
