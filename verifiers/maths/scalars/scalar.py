r"""One number or expression against another.

Variables are real. Two expressions are the same where their values agree at enough fixed points with signs in every
combination. A point where a side is undefined or not real says nothing, so that `\ln x^2` is `2\ln x`, `x/x` is 1 and
`\sqrt{x/y}` is `\sqrt x/\sqrt y`, but `|x|` is not x; only expressions that hold an i, or are real nowhere, are
compared by their complex principal values. `x^n` says something where x is positive, if anywhere. Names under
factorials or binomials, in exponents of negative numbers and in bounds of sums are natural numbers, and so are n, m, k
and N in floor or ceiling brackets. `i` is the imaginary unit. An undefined value (`1/0`, `\ln 0`, `0^0`,
`\tan 90^\circ`) equals nothing but the identical tree; infinity equals infinity of its sign. A logarithm without a base
is natural if a side has `\ln`, else decimal. `f(x)` of an unknown function is a variable that equals only the identical
`f(x)`.
"""

from __future__ import annotations

from fractions import Fraction

from assaygym.verifiers.maths.finding import Finding, differ, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.scalars import rationals
from assaygym.verifiers.maths.scalars.nearness import near
from assaygym.verifiers.maths.scalars.nodes import free_names, substitute
from assaygym.verifiers.maths.scalars.order import compare, sign
from assaygym.verifiers.maths.scalars.outcomes import NoValueError
from assaygym.verifiers.maths.scalars.pairs import Pair, reduced
from assaygym.verifiers.maths.scalars.proportion import proportional
from assaygym.verifiers.maths.scalars.sameness import decide
from assaygym.verifiers.maths.scalars.values import Scalar
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["Scalar", "compare", "exact", "free_names", "proportional", "rational", "same_value", "sign", "substitute"]

_LITERALS = frozenset(("num", "dec", "sci", "mixed", "repeating"))


def same_value(gold: Scalar, pred: Scalar, policy: MathPolicy, fuel: Fuel) -> Finding:
    """Whether the prediction is the gold's number or function, under the policy.

    Where a sum, product, integral, limit, derivative, cases or an unknown function stands in the way, the finding is
    undecided with the layer "unevaluated".

    Raises:
        OutOfFuelError: the fuel is spent.
    """
    try:
        finding = decide(gold, pred, fuel)
        if not finding.equal:
            finding = near(gold, pred, policy, fuel) or finding
        if finding.equal and not policy.unevaluated and _is_literal(gold.tree) and _is_left_to_do(pred.tree):
            return differ("policy", "arithmetic that is left to do")
    except RecursionError:
        return undecided("scalars", "nested too deeply")
    return finding


def _is_literal(tree: Node) -> bool:
    """A number as one writes an answer: a literal, negative or in percent, or a fraction of integers."""
    kind = tree[0]
    if kind in _LITERALS:
        return True
    if kind == "div":
        return _is_literal(tree[1]) and _is_literal(tree[2]) and tree[1][0] != "div" != tree[2][0]
    return kind in ("neg", "percent") and _is_literal(tree[1])


def _is_left_to_do(tree: Node) -> bool:
    return not _is_literal(tree) and _is_arithmetic(tree)


def _is_arithmetic(tree: Node) -> bool:
    kind = tree[0]
    if kind in _LITERALS:
        return True
    return kind in ("add", "mul", "div", "neg", "percent") and all(_is_arithmetic(part) for part in tree[1:])


def exact(tree: Node, fuel: Fuel) -> Pair | None:
    """As `rational`, as a pair in lowest terms, which is quicker to make and to compare.

    Raises:
        OutOfFuelError: the fuel is spent.
    """
    if tree[0] == "num":
        return tree[1], tree[2]
    try:
        return reduced(rationals.evaluate(tree, rationals.NO_NAMES, fuel))
    except (NoValueError, RecursionError):
        return None


def rational(tree: Node, fuel: Fuel) -> Fraction | None:
    """The exact value of a tree without names; None where it is irrational, too long or does not exist.

    Raises:
        OutOfFuelError: the fuel is spent.
    """
    try:
        return Fraction(*rationals.evaluate(tree, rationals.NO_NAMES, fuel))
    except (NoValueError, RecursionError):
        return None
