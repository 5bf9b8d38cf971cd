"""The cascade: whether two scalars are the same number or function, each layer deciding only what it can prove."""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.finding import Finding, differ, same, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars.nodes import TAME, UNEVALUATED
from assaygym.verifiers.maths.scalars.numbers import WHOLE_NEEDED, numerically, seed
from assaygym.verifiers.maths.scalars.outcomes import (
    NoRootError,
    NoValueError,
    TowerError,
    UndefinedError,
)
from assaygym.verifiers.maths.scalars.points import WHOLE_POINTS
from assaygym.verifiers.maths.scalars.primes import FIELDS, KeyedField
from assaygym.verifiers.maths.scalars.values import Residue, Scalar
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["decide", "infinity"]

MANY_FIELDS = 3
"""In how many fixed fields the same value is looked for at most, before one is made for the pair."""


def decide(gold: Scalar, pred: Scalar, fuel: Fuel) -> Finding:
    """Whether they are the same. Raises only OutOfFuelError."""
    if gold.tree == pred.tree:
        return same("structure", "identical")
    a, b = gold.rational(fuel), pred.rational(fuel)
    if type(a) is tuple and type(b) is tuple:
        return _rationals(a, b, fuel)
    if isinstance(a, UndefinedError) or isinstance(b, UndefinedError):
        return differ("undefined", str(a if isinstance(a, UndefinedError) else b))
    return _expressions(gold, pred, fuel)


def _rationals(a: tuple[int, int], b: tuple[int, int], fuel: Fuel) -> Finding:
    if a == b:
        return same("rational")
    (p, q), (r, s) = a, b
    if q == s:
        return differ("rational", "another value")
    bits = p.bit_length() + s.bit_length()
    if bits > 256:
        fuel.spend_bits(bits)
        fuel.spend_bits(q.bit_length() + r.bit_length())
    return same("rational") if p * s == q * r else differ("rational", "another value")


def _expressions(gold: Scalar, pred: Scalar, fuel: Fuel) -> Finding:
    kinds = gold.traits.kinds | pred.traits.kinds
    if "inf" in kinds or "undefined" in kinds:
        return _infinite(gold, pred)
    if "bare log" in kinds:
        base = _E if "ln" in kinds else _TEN
        key = f"log {base[0]}"
        gold, pred = (side.rewritten(key, lambda tree: _with_base(tree, base)) for side in (gold, pred))
        if gold.tree == pred.tree:
            return same("structure", "identical")
    if "call" in kinds:
        gold, pred = (side.rewritten("calls", _without_calls) for side in (gold, pred))
        finding = same("structure") if gold.tree == pred.tree else _cascade(gold, pred, fuel)
        return finding if finding.equal else undecided("unevaluated", "unknown functions")
    return _cascade(gold, pred, fuel)


_E: Final[Node] = ("const", "e")
_TEN: Final[Node] = ("num", 10, 1)


def _with_base(tree: Node, base: Node) -> Node:
    parts = tuple(_with_base(part, base) if type(part) is tuple else part for part in tree)
    if parts[0] == "fn" and parts[1] == "log" and len(parts) == 3:
        return ("fn", "ln", parts[2]) if base == _E else (*parts, base)
    return parts


def _without_calls(tree: Node) -> Node:
    if tree[0] == "call":
        return "sym", repr(tree)
    return tuple(_without_calls(part) if type(part) is tuple else part for part in tree)


def _infinite(gold: Scalar, pred: Scalar) -> Finding:
    a, b = infinity(gold.tree), infinity(pred.tree)
    kinds = gold.traits.kinds | pred.traits.kinds
    if "undefined" in kinds:
        return differ("undefined", "not a value")
    if kinds & UNEVALUATED:
        return undecided("unevaluated", "an operator with infinity")
    if a and b:
        return same("infinity") if a == b else differ("infinity", "of the other sign")
    if (a and "inf" not in pred.traits.kinds) or (b and "inf" not in gold.traits.kinds):
        return differ("infinity", "only one is infinite")
    return undecided("infinity", "calculations with infinity")


def infinity(tree: Node) -> int:
    """1 or -1 for infinity with that sign, 0 for all else."""
    if tree[0] == "neg":
        return -infinity(tree[1])
    return 1 if tree == ("const", "inf") else 0


def _cascade(gold: Scalar, pred: Scalar, fuel: Fuel) -> Finding:
    left, right = gold.traits, pred.traits
    names = left.names | right.names
    whole = (left.whole | right.whole) & names
    if whole:
        return _at_integers(gold, pred, names, whole, fuel)
    shown, loose = _in_fields(gold, pred, fuel)
    if shown is not None and not (shown.equal and loose):
        return shown
    exponents = left.exponents | right.exponents
    finding = numerically(gold, pred, tuple(sorted(names)), (), shown, fuel)
    if exponents and not finding.decided:
        return _at_integers(gold, pred, names, exponents, fuel)
    return finding


def _in_fields(gold: Scalar, pred: Scalar, fuel: Fuel) -> tuple[Finding | None, bool]:
    """None where the fields do not tell; and whether equality needs to be confirmed."""
    needed = 1 + max(gold.traits.weight, pred.traits.weight) // TAME
    agreed = undefined = 0
    for index in range(len(FIELDS)):
        a, b = gold.residue(index, (), 0, fuel), pred.residue(index, (), 0, fuel)
        if type(a) is Residue and type(b) is Residue:
            if a.value != b.value:
                return None if a.unproved or b.unproved else _OTHER, False
            agreed += 1
            if agreed == needed:
                return same("fields", f"the same in {agreed} prime fields"), a.loose or b.loose
            if needed > MANY_FIELDS:
                return _keyed(gold, pred, fuel)
        elif isinstance(a, TowerError) or isinstance(b, TowerError):
            return _keyed(gold, pred, fuel)
        elif isinstance(a, UndefinedError) or isinstance(b, UndefinedError):
            undefined += 1
            if undefined > 2:
                return differ("undefined", str(a if isinstance(a, UndefinedError) else b)), False
        elif not isinstance(a, NoRootError) and not isinstance(b, NoRootError):
            break
    return None, False


_OTHER: Final = differ("fields", "another value in a prime field")


def _keyed(gold: Scalar, pred: Scalar, fuel: Fuel) -> tuple[Finding | None, bool]:
    """As `_in_fields`, in a field that depends on both."""
    fuel.spend(3000)
    field = KeyedField(f"{seed(gold, pred)}")
    try:
        a, b = (side.in_field(field, (), 0, fuel) for side in (gold, pred))
    except NoValueError:
        return None, False
    if a.value != b.value:
        return None if a.unproved or b.unproved else _OTHER, False
    return same("fields", "the same in a prime field"), a.loose or b.loose


def _at_integers(gold: Scalar, pred: Scalar, names: set[str], integers: set[str], fuel: Fuel) -> Finding:
    """Where some names stand for natural numbers only: in fields, else in numbers, at several values of them."""
    whole = tuple(sorted(integers))
    points = list(range(WHOLE_POINTS))
    if max(gold.traits.weight, pred.traits.weight) > TAME:
        first = seed(gold, pred)
        points += range(first, first + 3)
    telling = 0
    for k in points:
        a, b = gold.residue(k & 1, whole, k, fuel), pred.residue(k & 1, whole, k, fuel)
        if not isinstance(a, Residue) or not isinstance(b, Residue):
            if isinstance(a, UndefinedError) or isinstance(b, UndefinedError):
                continue
            break
        if a.value != b.value and not (a.unproved or b.unproved):
            return differ("fields", f"another value at point {k}")
        if a.value != b.value or a.loose or b.loose:
            break
        telling += 1
    else:
        if telling >= WHOLE_NEEDED:
            return same("fields", f"the same at {telling} integers")
        return undecided("scalars", "too few points tell")
    return numerically(gold, pred, tuple(sorted(names - integers)), whole, None, fuel)
