"""Exponents and angles as linear forms: rational multiples of monomials in names, pi and i."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars import rationals
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError
from assaygym.verifiers.maths.scalars.pairs import Pair
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["PI", "Form", "form_of"]

PI: Final = "pi "
"""How pi stands in a monomial; the space keeps it apart from a name. `"i "` stands first in a monomial with i."""
_I: Final = "i "
MAX_TERMS = 16
MAX_DEGREE = 12
Monomial = tuple[str, ...]
Form = dict[Monomial, Pair]
Names = Mapping[str, Pair]


def form_of(node: Node, names: Names, fuel: Fuel) -> Form:
    """The polynomial that the tree is, its monomials sorted, with an i at most, which stands first.

    Raises:
        UnfitError: it is no polynomial, or one of too many terms.
        UndefinedError: a division by zero is in it.
        OutOfFuelError: the fuel is spent.
    """
    rule = _RULES.get(node[0])
    if rule is None:
        return _checked({(): rationals.evaluate(node, names, fuel)})
    return rule(node, names, fuel)


def _checked(form: Form) -> Form:
    if len(form) > MAX_TERMS:
        raise UnfitError("an exponent of many terms")
    for p, q in form.values():
        if p.bit_length() + q.bit_length() > 512:
            raise UnfitError("large numbers in an exponent")
    return form


def _symbol(node: Node, names: Names, fuel: Fuel) -> Form:
    value = names.get(node[1])
    return {(node[1],): (1, 1)} if value is None else _checked({(): value})


def _constant(node: Node, names: Names, fuel: Fuel) -> Form:
    if node[1] == "pi":
        return {(PI,): (1, 1)}
    if node[1] == "i":
        return {(_I,): (1, 1)}
    raise UnfitError(node[1])


def _add(node: Node, names: Names, fuel: Fuel) -> Form:
    total: Form = {}
    for part in node[1:]:
        for monomial, (a, b) in form_of(part, names, fuel).items():
            _accumulate(total, monomial, a, b)
    return _checked(total)


def _accumulate(form: Form, monomial: Monomial, a: int, b: int) -> None:
    p, q = form.get(monomial, (0, 1))
    form[monomial] = (p * b + a * q, q * b) if b != q else (p + a, q)


def _multiply(node: Node, names: Names, fuel: Fuel) -> Form:
    total = form_of(node[1], names, fuel)
    for part in node[2:]:
        total = _product(total, form_of(part, names, fuel))
    return total


def _product(left: Form, right: Form) -> Form:
    if len(left) == 1 and () in left:
        left, right = right, left
    if len(right) == 1 and () in right:
        p, q = right[()]
        return _checked({monomial: (a * p, b * q) for monomial, (a, b) in left.items()})
    total: Form = {}
    for first, (a, b) in left.items():
        for second, (p, q) in right.items():
            monomial = tuple(sorted(first + second, key=_order))
            if len(monomial) > MAX_DEGREE:
                raise UnfitError("an exponent of high degree")
            if monomial[:2] == (_I, _I):
                monomial, a = monomial[2:], -a
            _accumulate(total, monomial, a * p, b * q)
    return _checked(total)


def _order(name: str) -> tuple[bool, str]:
    return name != _I, name


def _divide(node: Node, names: Names, fuel: Fuel) -> Form:
    under = form_of(node[2], names, fuel)
    if len(under) != 1 or () not in under:
        raise UnfitError("a fraction in an exponent")
    p, q = under[()]
    if not p:
        raise UndefinedError("a division by zero")
    if p < 0:
        p, q = -p, -q
    return _product(form_of(node[1], names, fuel), {(): (q, p)})


def _negate(node: Node, names: Names, fuel: Fuel) -> Form:
    return {monomial: (-a, b) for monomial, (a, b) in form_of(node[1], names, fuel).items()}


def _power(node: Node, names: Names, fuel: Fuel) -> Form:
    base, exponent = form_of(node[1], names, fuel), node[2]
    if len(base) == 1 and () in base:
        return _checked({(): rationals.evaluate(node, names, fuel)})
    if exponent[0] != "num" or exponent[2] != 1 or not 0 < exponent[1] <= 6:
        raise UnfitError("a power in an exponent")
    total = base
    for _ in range(exponent[1] - 1):
        fuel.spend(200)
        total = _product(total, base)
    return total


def _degrees(node: Node, names: Names, fuel: Fuel) -> Form:
    return _product(form_of(node[1], names, fuel), {(PI,): (1, 180)})


_RULES: Final[dict[str, Callable[[Node, Names, Fuel], Form]]] = {
    "sym": _symbol,
    "const": _constant,
    "add": _add,
    "mul": _multiply,
    "div": _divide,
    "neg": _negate,
    "pow": _power,
    "deg": _degrees,
}
