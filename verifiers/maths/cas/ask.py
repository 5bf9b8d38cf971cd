"""Ask the last layer about two trees, and what becomes of its answer."""

from __future__ import annotations

import marshal
from fractions import Fraction
from typing import Final

from assaygym.errors import ConfigError, VerifierError
from assaygym.verifiers.maths.cas.crew import Crew, shared_crew
from assaygym.verifiers.maths.cas.points import antiderived, free_names, needs_algebra
from assaygym.verifiers.maths.finding import Finding, differ, same, undecided
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["LAYER", "OPS", "ask", "close"]

LAYER: Final = "algebra"
CONSTANTS: Final = frozenset({"C", "c", "K", "k", "C_1", "c_1"})
OPS: Final = ("equal", "close", "proportional")


def ask(
    op: str,
    gold: Node,
    pred: Node,
    *,
    variable: str | None = None,
    tolerance: Fraction | None = None,
    crew: Crew | None = None,
) -> Finding:
    r"""What computer algebra and high precision can tell of two trees of numbers; names stand for real numbers.

    Names in the ends of a sum or product, or under a factorial, binomial, gcd, lcm or mod, stand for whole numbers.

    Args:
        op: one of `OPS`: the same value; constants that differ by at most `tolerance`; one a nonzero constant times the
            other.
        gold: without relations, sets, units and the like; `cases` and its conditions are understood.
        pred: likewise.
        variable: with `equal`, the name in which both are antiderivatives: they may differ by a constant. Without it,
            an indefinite integral equals one in the same name, or an expression with a constant of its own.
        tolerance: with `close`.
        crew: whose workers answer, if not this process's own.

    Returns:
        `same` and `differ` are shown, by values certified to 30 digits; anything else is `undecided`.

    Raises:
        ConfigError: there is no such `op`.
        MissingDependencyError: sympy is not installed.
        VerifierError: no worker can be started, or a gold answer that needs this layer has no value that it can find
            within its limits.
    """
    if op not in OPS:
        raise ConfigError(f"the last layer is asked for {op!r}; expected one of {', '.join(OPS)}")
    if variable is None and (names := antiderived(gold) | antiderived(pred)):
        if op != "equal" or len(names) > 1 or not all(map(_has_constant, (gold, pred))):
            return undecided(LAYER, "an indefinite integral without a constant on the other side")
        (variable,) = names
    fraction = None if tolerance is None else tolerance.as_integer_ratio()
    message, gold_done = (crew or shared_crew()).ask(marshal.dumps((op, gold, pred, variable, fraction)))
    verdict, why = message["verdict"], message["why"]
    if verdict == "equal":
        return same(LAYER, why)
    if verdict == "different":
        return differ(LAYER, why)
    if not gold_done and (variable is not None or needs_algebra(gold)):
        raise VerifierError(f"the gold answer could not be worked out: {why}; write it in a simpler form")
    return undecided(LAYER, why)


def _has_constant(node: Node) -> bool:
    """Whether it stands for all antiderivatives: an indefinite integral, or with a constant of integration."""
    return bool(antiderived(node) or free_names(node) & CONSTANTS)


def close() -> None:
    """End this process's idle workers; they start again when next needed."""
    shared_crew().close()
