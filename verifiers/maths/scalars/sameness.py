"""The cascade: whether two scalars are the same number or function, each layer deciding only what it can prove."""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.finding import Finding, differ, same, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars import digits, floats
from assaygym.verifiers.maths.scalars.nodes import UNEVALUATED
from assaygym.verifiers.maths.scalars.outcomes import (
    NoRootError,
    NoValueError,
    TowerError,
    UndefinedError,
    UnfitError,
    UnsureError,
)
from assaygym.verifiers.maths.scalars.points import EXTRA, POINTS, WHOLE_POINTS
from assaygym.verifiers.maths.scalars.primes import FIELDS, KeyedField
from assaygym.verifiers.maths.scalars.values import Occasion, Scalar
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["decide", "infinity"]

TAME = 80
"""Bits of information up to which no expression can be made that vanishes in a field of 120 bits by design."""
WHOLE_NEEDED = 6
"""At how many values of an integer two expressions have to agree."""
FIRST_PRECISION = 832
MAX_PRECISION = 8_000
_JUMPS: Final = frozenset(("abs", "sign", "floor", "ceil", "max", "min", "norm", "mod"))
_ORDER: Final = (0, 3, 5, 6, 1, 2, 4, 7)
"""In which order points are tried with many digits: signs of the first variables mixed early."""


def decide(gold: Scalar, pred: Scalar, fuel: Fuel) -> Finding:
    """Whether they are the same. Raises only OutOfFuelError."""
    if gold.tree == pred.tree:
        return same("structure", "identical")
    a, b = gold.rational(fuel), pred.rational(fuel)
    if type(a) is tuple and type(b) is tuple:
        return _rationals(a, b, fuel)
    if isinstance(a, UndefinedError) or isinstance(b, UndefinedError):
        return differ("undefined", str(a if isinstance(a, UndefinedError) else b))
    try:
        return _expressions(gold, pred, fuel)
    except RecursionError:
        return undecided("scalars", "nested too deeply")


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
    if "undefined" in gold.traits.kinds | pred.traits.kinds:
        return differ("undefined", "not a value")
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
    shown = _in_fields(gold, pred, fuel)
    exponents = left.exponents | right.exponents
    if shown is not None and not (shown.equal and exponents):
        return shown
    finding = _numerically(gold, pred, tuple(sorted(names)), (), shown, fuel)
    if exponents and not finding.decided:
        return _at_integers(gold, pred, names, exponents, fuel)
    return finding


# Prime fields.


def _in_fields(gold: Scalar, pred: Scalar, fuel: Fuel) -> Finding | None:
    """None where the fields do not tell."""
    weight = max(gold.traits.weight, pred.traits.weight)
    needed, agreed = 1 + weight // TAME, 0
    for index in range(len(FIELDS)):
        a = gold.residue(index, (), 0, fuel)
        b = pred.residue(index, (), 0, fuel) if type(a) is tuple or isinstance(a, TowerError) else a
        if type(a) is not tuple or type(b) is not tuple:
            if isinstance(a, TowerError) or isinstance(b, TowerError):
                return _keyed(gold, pred, fuel)
            if isinstance(a, (NoRootError, UndefinedError)) or isinstance(b, (NoRootError, UndefinedError)):
                continue
            return None
        if a[0] != b[0]:
            return None if a[1] or b[1] else differ("fields", "another value in a prime field")
        agreed += 1
        if agreed == needed:
            return same("fields", f"the same in {agreed} prime fields")
        if needed > 3:
            return _keyed(gold, pred, fuel)
    return None


def _keyed(gold: Scalar, pred: Scalar, fuel: Fuel) -> Finding | None:
    """In a field that depends on both."""
    fuel.spend(3000)
    field = KeyedField("\n".join(sorted((repr(gold.tree), repr(pred.tree)))))
    try:
        a, b = (side.in_field(field, (), 0, fuel) for side in (gold, pred))
    except NoValueError:
        return None
    if a[0] != b[0]:
        return None if a[1] or b[1] else differ("fields", "another value in a prime field")
    return same("fields", "the same in a prime field")


def _at_integers(gold: Scalar, pred: Scalar, names: set[str], integers: set[str], fuel: Fuel) -> Finding:
    """Where some names stand for natural numbers only: in fields, else in numbers, at several values of them."""
    whole = tuple(sorted(integers))
    telling = 0
    for k in range(WHOLE_POINTS):
        a, b = (side.residue(k & 1, whole, k, fuel) for side in (gold, pred))
        if type(a) is not tuple or type(b) is not tuple:
            if isinstance(a, UndefinedError) or isinstance(b, UndefinedError):
                continue
            break
        if a[0] != b[0]:
            if a[1] or b[1]:
                break
            return differ("fields", f"another value at point {k}")
        telling += 1
    else:
        if telling >= WHOLE_NEEDED:
            return same("fields", f"the same at {telling} integers")
        return undecided("scalars", "too few points tell")
    return _numerically(gold, pred, tuple(sorted(names - integers)), whole, None, fuel)


# Numbers.


def _numerically(
    gold: Scalar, pred: Scalar, names: tuple[str, ...], whole: tuple[str, ...], shown: Finding | None, fuel: Fuel
) -> Finding:
    """By doubles, which prove differences; then by many digits, unless equality is shown but for domains."""
    constant = not names and not whole
    imaginary = "i" in gold.traits.kinds or "i" in pred.traits.kinds
    telling: list[int] = []
    unsure: list[int] = []
    total = 1 if constant else (WHOLE_POINTS if whole else POINTS + EXTRA)
    for k in range(total):
        if k >= POINTS and len(telling) > 1:
            break
        a = gold.ball((names, whole, k), fuel)
        b = pred.ball((names, whole, k), fuel) if type(a) is tuple or not isinstance(a, UnfitError) else a
        if type(a) is not tuple or type(b) is not tuple:
            bad = _valueless(gold, pred, a, b, constant)
            if bad is not None:
                return bad
            if isinstance(a, UnsureError) or isinstance(b, UnsureError):
                unsure.append(k)
            continue
        if not (constant or imaginary) and _real(a) != _real(b):
            continue
        if abs(a[0] - b[0]) > (a[1] + b[1]) * 1.0000001 + (abs(a[0]) + abs(b[0])) * floats.ULP:
            return differ("floats", "another value" if constant else f"another value at point {k}")
        telling.append(k)
    if shown is not None and len(telling) > 1:
        return shown
    order = [k for k in (*_ORDER, *range(POINTS, total)) if k in telling]
    return _to_digits(gold, pred, names, whole, order + unsure, fuel)


def _valueless(gold: Scalar, pred: Scalar, a: object, b: object, constant: bool) -> Finding | None:
    for value in (a, b):
        if isinstance(value, UnfitError):
            kinds = gold.traits.kinds | pred.traits.kinds
            return undecided("unevaluated" if kinds & UNEVALUATED else "scalars", str(value))
    if constant and (isinstance(a, UndefinedError) or isinstance(b, UndefinedError)):
        return differ("undefined", str(a if isinstance(a, UndefinedError) else b))
    return None


def _real(ball: floats.Ball) -> bool:
    """Whether the value may be real."""
    return type(ball[0]) is float or abs(ball[0].imag) <= ball[1]


def _to_digits(
    gold: Scalar, pred: Scalar, names: tuple[str, ...], whole: tuple[str, ...], order: list[int], fuel: Fuel
) -> Finding:
    needed, agreed = 1, 0
    if whole:
        needed = WHOLE_NEEDED
    elif names:
        needed = min(4, max(2, len(names), 4 if (gold.traits.kinds | pred.traits.kinds) & _JUMPS else 0))
    for k in order:
        told = _agree(gold, pred, (names, whole, k), fuel)
        if told is False:
            return differ("digits", "another value")
        if told:
            agreed += 1
            if agreed == needed:
                return same("digits", f"the same to 200 digits at {agreed} points" if names else "to 200 digits")
    if agreed >= 2 and not whole:
        return same("digits", f"the same to 200 digits at {agreed} points")
    return undecided("scalars", "no difference found, but too few points tell")


def _agree(gold: Scalar, pred: Scalar, occasion: Occasion, fuel: Fuel) -> bool | None:
    """Whether the values are the same to `digits.AGREED` bits; False is a proof; None where this point does not tell."""
    precision = FIRST_PRECISION
    while precision <= MAX_PRECISION:
        a, b = gold.digits(occasion, precision, fuel), pred.digits(occasion, precision, fuel)
        if type(a) is not tuple or type(b) is not tuple:
            if not isinstance(a, (tuple, UnsureError)) or not isinstance(b, (tuple, UnsureError)):
                return None
            precision = precision * 5 // 2
            continue
        if digits.differ(a[0], b[0]):
            one_sided = (occasion[0] or occasion[1]) and (a[0][1] is None) != (b[0][1] is None)
            imaginary = "i" in gold.traits.kinds or "i" in pred.traits.kinds
            return None if one_sided and not imaginary else False
        span = max(a[1], b[1])
        sharp = digits.sharpness(a[0], b[0], span)
        wanted = max(digits.AGREED + 2 * span + 32, precision + digits.AGREED - sharp)
        if wanted <= precision:
            return True
        precision = max(wanted, precision + 256)
    return None
