"""Whether one expression is a nonzero constant times another."""

from __future__ import annotations

from assaygym.verifiers.maths.finding import Finding, same, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars.nodes import substitute
from assaygym.verifiers.maths.scalars.order import CONSTANT
from assaygym.verifiers.maths.scalars.pairs import reduced
from assaygym.verifiers.maths.scalars.sameness import decide
from assaygym.verifiers.maths.scalars.values import Double, Scalar
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["proportional"]

TRIES = 3


def proportional(gold: Scalar, pred: Scalar, fuel: Fuel) -> Finding:
    """Whether one is a nonzero constant times the other, for constants too; undecided where one seems to be zero.

    Decided by `gold(x) * pred(x0) = pred(x) * gold(x0)` with a fixed x0.

    Raises:
        OutOfFuelError: the fuel is spent.
    """
    try:
        return _proportional(gold, pred, fuel)
    except RecursionError:
        return undecided("scalars", "nested too deeply")


def _proportional(gold: Scalar, pred: Scalar, fuel: Fuel) -> Finding:
    if gold.tree == pred.tree:
        return same("structure", "identical")
    names = tuple(sorted(gold.traits.names | pred.traits.names))
    for k in range(TRIES):
        a, b = _at(gold, names, k, fuel), _at(pred, names, k, fuel)
        if a is not None and b is not None:
            left, right = Scalar(("mul", b, gold.tree)), Scalar(("mul", a, pred.tree))
            return decide(left, right, fuel)
    return undecided("scalars", "one side vanishes or has no value where it was tried")


def _at(scalar: Scalar, names: tuple[str, ...], k: int, fuel: Fuel) -> Node | None:
    """The value at the k-th point, as a tree that is not zero for sure."""
    point = {name: ("num", 23 + 10 * k + 4 * place, 7 + 6 * place) for place, name in enumerate(names)}
    value = scalar.rewritten(f"at {k} {names}", lambda tree: substitute(tree, point))
    exact = value.rational(fuel)
    if type(exact) is tuple:
        return ("num", *reduced(exact)) if exact[0] else None
    ball = value.ball(CONSTANT, fuel)
    return value.tree if isinstance(ball, Double) and abs(ball[0]) > ball[1] else None
