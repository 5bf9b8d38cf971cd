"""Decimals that stand for an exact number, and tolerances: what the policy lets pass though the values differ."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from assaygym.verifiers.maths.finding import Finding, same
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.scalars.numbers import FIRST_PRECISION
from assaygym.verifiers.maths.scalars.order import enclosure
from assaygym.verifiers.maths.scalars.outcomes import NoValueError
from assaygym.verifiers.maths.scalars.pairs import reduced
from assaygym.verifiers.maths.scalars.values import Scalar
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["Decimal", "near", "written"]

ROUNDED_DIGITS = 3
"""Significant digits from which on a rounded value is right under `MathPolicy.rounding`."""
DOUBLE_DIGITS = range(15, 20)
"""How many digits a number printed by a program has, whose last ones are noise."""
DOUBLE_NOISE = Fraction(1, 10**15)


class Decimal(NamedTuple):
    """A number as written: its value, one unit of its last place, and its significant digits."""

    value: Fraction
    unit: Fraction
    digits: int


def written(tree: Node) -> Decimal | None:
    """The decimal that the whole tree is: with a point, in scientific notation, negative, in percent; else None."""
    kind = tree[0]
    if kind == "dec":
        scale: int = 10 ** tree[3]
        digits = str(abs(tree[1] * scale // tree[2])) if tree[3] < 4000 else ""
        return Decimal(Fraction(tree[1], tree[2]), Fraction(1, scale), len(digits.lstrip("0")))
    if kind not in ("sci", "neg", "percent"):
        return None
    inner = written(tree[1])
    if inner is None or (kind == "sci" and abs(tree[2]) > 4000):
        return None
    if kind == "neg":
        return inner._replace(value=-inner.value)
    factor = Fraction(1, 100) if kind == "percent" else Fraction(10) ** tree[2]
    return Decimal(inner.value * factor, inner.unit * factor, inner.digits)


def near(gold: Scalar, pred: Scalar, policy: MathPolicy, fuel: Fuel) -> Finding | None:
    """The finding where the policy takes two different numbers for the same, None where it does not.

    Raises:
        OutOfFuelError: the fuel is spent.
    """
    if policy.significant or policy.rounding:
        left, right = written(gold.tree), written(pred.tree)
        if left is not None or right is not None:
            found = _decimals(gold, pred, left, right, policy, fuel)
            if found is not None:
                return found
    if policy.tolerance or policy.absolute:
        return _tolerated(gold, pred, policy, fuel)
    return None


def _decimals(
    gold: Scalar, pred: Scalar, left: Decimal | None, right: Decimal | None, policy: MathPolicy, fuel: Fuel
) -> Finding | None:
    if left is None or (right is not None and right.digits < left.digits):
        exact, decimal, other = gold, right, left
    else:
        exact, decimal, other = pred, left, right
    assert decimal is not None
    if policy.significant and decimal.digits >= policy.significant and other is None and _stands(exact, decimal, fuel):
        return same("significant", f"{decimal.digits} significant digits")
    if policy.rounding and decimal.digits >= ROUNDED_DIGITS:
        bounds = _bounds(exact, decimal.unit / 1000, fuel)
        if bounds is not None and all(abs(bound - decimal.value) * 2 <= decimal.unit for bound in bounds):
            return same("rounding", "rounded as written")
    return None


def _stands(exact: Scalar, decimal: Decimal, fuel: Fuel) -> bool:
    """Whether the decimal rounds the exact value, or cuts it off, or is the double next to it.

    A value that terminates within the digits has to be equal instead.
    """
    value = exact.rational(fuel)
    if type(value) is tuple and (value[0] * decimal.unit.denominator) % value[1] == 0:
        return False
    bounds = _bounds(exact, decimal.unit / 1000, fuel)
    if bounds is None:
        return False
    gap = max(abs(bound - decimal.value) for bound in bounds)
    if 2 * gap <= decimal.unit:
        return True
    if decimal.digits in DOUBLE_DIGITS and gap <= DOUBLE_NOISE * abs(decimal.value):
        return True
    return gap < decimal.unit and all(abs(bound) >= abs(decimal.value) for bound in bounds)


def _bounds(scalar: Scalar, width: Fraction, fuel: Fuel) -> tuple[Fraction, Fraction] | None:
    """Bounds of a real constant closer together than the width."""
    if scalar.tree[0] not in ("num", "dec") and scalar.traits.names:
        return None
    for precision in (0, FIRST_PRECISION, 4 * FIRST_PRECISION):
        bounds = enclosure(scalar, precision, fuel)
        if bounds is not None and bounds[1] - bounds[0] <= width:
            return bounds
    return None


def _tolerated(gold: Scalar, pred: Scalar, policy: MathPolicy, fuel: Fuel) -> Finding | None:
    absolute = policy.absolute[0] if isinstance(policy.absolute, tuple) and policy.absolute else policy.absolute
    allowed = Fraction(str(absolute)) if not isinstance(absolute, tuple) else Fraction(0)
    rough = _bounds(gold, Fraction(10) ** 300, fuel)
    if rough is None:
        return None
    if policy.tolerance and not _whole(gold, pred, fuel):
        allowed = max(allowed, Fraction(policy.tolerance) * min(abs(bound) for bound in rough))
    sides = [_bounds(side, allowed / 10**6, fuel) for side in (gold, pred)] if allowed else []
    if not sides or sides[0] is None or sides[1] is None:
        return None
    gap = max(sides[0][1] - sides[1][0], sides[1][1] - sides[0][0])
    return same("tolerance", "within the tolerance") if gap <= allowed else None


def _whole(gold: Scalar, pred: Scalar, fuel: Fuel) -> bool:
    """Whether both are integers."""
    values = gold.rational(fuel), pred.rational(fuel)
    return all(not isinstance(value, NoValueError) and reduced(value)[1] == 1 for value in values)
