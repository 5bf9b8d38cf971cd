"""Values in prime fields: rational functions, integer powers of any size, roots, logarithms, sines, exponentials.

A name stands for an independent variable; so do pi, e, the logarithm of each prime and each exponential `e^{x}` or
`e^{ix y}` of a monomial, with a fixed value per field; sines and cosines are made of exponentials. Equal values thus
show an identity between real functions, up to a coincidence that no short expression can bring about. Values that
differ disprove one, unless the place is loose: then the variables may depend on each other, and branches are not told
apart, so that doubles have to confirm an identity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from assaygym.verifiers.maths.scalars import rationals
from assaygym.verifiers.maths.scalars.exponentials import CIRCULAR, HYPERBOLIC, exponential
from assaygym.verifiers.maths.scalars.factorials import binomial, factorial
from assaygym.verifiers.maths.scalars.forms import form_of
from assaygym.verifiers.maths.scalars.nodes import STEPS_PER_NODE, size
from assaygym.verifiers.maths.scalars.outcomes import TowerError, UndefinedError, UnfitError
from assaygym.verifiers.maths.scalars.pairs import Pair, perfect_root, reduced
from assaygym.verifiers.maths.scalars.place import Place, embed, inverse, small_inverse
from assaygym.verifiers.maths.scalars.primes import ROOTS
from assaygym.verifiers.maths.scalars.towers import power_residue
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["evaluate"]


def evaluate(node: Node, at: Place) -> int:
    """The value in the field, not always reduced.

    Raises:
        UnfitError: it has none, or not in this field.
        UndefinedError: a divisor is zero in the field (nearly always then in truth as well).
        OutOfFuelError: the fuel is spent.
    """
    rule = _RULES.get(node[0])
    if rule is None:
        raise UnfitError(node[0])
    return rule(node, at)


# Leaves and arithmetic.


def _number(node: Node, at: Place) -> int:
    return node[1] if node[2] == 1 else embed((node[1], node[2]), at.p)


def _exact(node: Node, at: Place) -> int:
    return embed(rationals.evaluate(node, at.names, at.fuel), at.p)


def _scientific(node: Node, at: Place) -> int:
    return evaluate(node[1], at) * pow(10, node[2], at.p) % at.p


def _symbol(node: Node, at: Place) -> int:
    if at.names and node[1] in at.names:
        return embed(at.names[node[1]], at.p)
    return at.field.name(node[1])


def _constant(node: Node, at: Place) -> int:
    name = node[1]
    if name == "pi":
        at.pi = True
        return at.field.variable("pi")
    if name == "i" and at.field.i:
        return at.field.i
    if name == "e":
        return exponential({(): (1, 1)}, False, at)
    raise UnfitError(name)


def _add(node: Node, at: Place) -> int:
    total = 0
    for part in node[1:]:
        rule = _RULES.get(part[0])
        if rule is None:
            raise UnfitError(part[0])
        total += rule(part, at)
    return total % at.p


def _multiply(node: Node, at: Place) -> int:
    total, p = 1, at.p
    for part in node[1:]:
        rule = _RULES.get(part[0])
        if rule is None:
            raise UnfitError(part[0])
        total = total * rule(part, at) % p
    return total


def _divide(node: Node, at: Place) -> int:
    over, under = evaluate(node[1], at), node[2]
    if under[0] == "num" and 0 < under[1] < 1000 and under[2] == 1:
        return over * small_inverse(under[1], at.p) % at.p
    return over * inverse(evaluate(under, at), at.p) % at.p


def _negate(node: Node, at: Place) -> int:
    return -evaluate(node[1], at)


def _percent(node: Node, at: Place) -> int:
    return evaluate(node[1], at) * small_inverse(100, at.p) % at.p


def _degrees(node: Node, at: Place) -> int:
    at.pi = True
    return evaluate(node[1], at) * at.field.variable("pi") * small_inverse(180, at.p) % at.p


# Powers and roots.


def _power(node: Node, at: Place) -> int:
    base, exponent = node[1], node[2]
    if exponent[0] == "num" and exponent[2] == 1:
        return _integer_power(evaluate(base, at), exponent[1], at)
    if base == ("const", "e"):
        return exponential(form_of(exponent, at.names, at.fuel), False, at)
    try:
        a, b = reduced(rationals.evaluate(exponent, at.exponents, at.fuel))
    except UnfitError:
        return _tower(base, exponent, at)
    if at.exponents is not at.names and not at.loose:
        at.loose = _has_unknown(exponent, at.names)
    return _integer_power(evaluate(base, at), a, at) if b == 1 else _fractional_power(base, a, b, at)


def _tower(base: Node, exponent: Node, at: Place) -> int:
    if not at.field.factors:
        raise TowerError("an exponent of too many digits")
    return power_residue(evaluate(base, at), exponent, at.field.factors, at.exponents, at.fuel, at.p)


def _has_unknown(node: Node, known: dict[str, Pair]) -> bool:
    if node[0] == "sym":
        return node[1] not in known
    return any(_has_unknown(part, known) for part in node if type(part) is tuple)


def _integer_power(base: int, exponent: int, at: Place) -> int:
    if not -64 < exponent < 64:
        at.fuel.spend(exponent.bit_length() * 6)
    if exponent <= 0 and not base % at.p:
        raise UndefinedError("zero to a power that is not positive")
    return pow(base, exponent, at.p)


def _fractional_power(node: Node, a: int, b: int, at: Place) -> int:
    """`node` to `a / b`, in lowest terms and b > 1, as if all parts but rational numbers were positive.

    What is no product of names is split: `f^{5/3}` is f times a variable for `f^{1/3}`, squared.
    """
    try:
        value = reduced(rationals.evaluate(node, at.names, at.fuel))
    except UnfitError:
        at.loose = True
        return _split_power(node, a, b, at)
    return _rational_power(value, a, b, at)


def _split_power(node: Node, a: int, b: int, at: Place) -> int:
    kind = node[0]
    if kind == "mul":
        total = 1
        for part in node[1:]:
            total = total * _fractional_power(part, a, b, at) % at.p
        return total
    if kind == "div":
        return _fractional_power(node[1], a, b, at) * _fractional_power(node[2], -a, b, at) % at.p
    if kind == "pow" and node[2][0] == "num" and node[2][2] == 1:
        c, d = reduced((a * node[2][1], b))
        return _fractional_power(node[1], c, d, at) if d > 1 else _integer_power(evaluate(node[1], at), c, at)
    if ROOTS % b:
        raise UnfitError("a root of another degree")
    if kind == "sym":
        return pow(at.field.variable(f"name {node[1]}"), a * (ROOTS // b), at.p)
    base = evaluate(node, at) % at.p
    whole, part = divmod(a, b)
    root = at.field.variable(f"root of {base}")
    return _integer_power(base, whole, at) * pow(root, part * (ROOTS // b), at.p) % at.p


def _rational_power(value: Pair, a: int, b: int, at: Place) -> int:
    try:
        return _integer_power(embed(perfect_root(value, b, at.fuel), at.p), a, at)
    except UnfitError:
        if b != 2:
            raise
    p, q = value
    at.fuel.spend(400)
    root = at.field.root(abs(p) * q)
    if q != 1:
        root = root * inverse(q, at.p) % at.p
    if p < 0:
        root = root * _constant(("const", "i"), at) % at.p
    return _integer_power(root, a, at)


def _root(node: Node, at: Place) -> int:
    inner, *written = node[2:]
    degree = written[0] if written else ("num", 2, 1)
    if degree[0] != "num" or degree[2] != 1 or degree[1] < 2:
        raise UnfitError("a root of no natural degree")
    if degree[1] & 1:
        try:
            return _exact(node, at)
        except UnfitError:
            at.loose = True
    return _fractional_power(inner, 1, degree[1], at)


# Logarithms, as sums of those of primes, names and whatever else is no product.


def _logarithm(node: Node, at: Place) -> int:
    at.loose = True
    kind = node[0]
    if kind == "mul":
        return sum(_logarithm(part, at) for part in node[1:]) % at.p
    if kind == "div":
        return (_logarithm(node[1], at) - _logarithm(node[2], at)) % at.p
    if kind == "const" and node[1] == "e":
        return 1
    try:
        p, q = reduced(rationals.evaluate(node, at.names, at.fuel))
    except UnfitError:
        return _irrational_logarithm(node, at)
    if not p:
        raise UndefinedError("the logarithm of zero")
    if p < 0:
        raise UnfitError("the logarithm of a negative number")
    at.fuel.spend(400)
    return (at.field.logarithm(p) - at.field.logarithm(q)) % at.p


def _irrational_logarithm(node: Node, at: Place) -> int:
    if node[0] == "pow":
        return evaluate(node[2], at) * _logarithm(node[1], at) % at.p
    if node[0] == "fn" and node[1] == "exp":
        return evaluate(node[2], at)
    if node[0] == "fn" and node[1] == "root":
        inner, *degree = node[2:]
        return _logarithm(inner, at) * inverse(evaluate(degree[0], at) if degree else 2, at.p) % at.p
    return at.field.variable(f"ln of {evaluate(node, at) % at.p}")


def _function(node: Node, at: Place) -> int:
    name = node[1]
    rule = CIRCULAR.get(name)
    if rule is not None and at.field.i:
        return rule(exponential(form_of(node[2], at.names, at.fuel), True, at), at)
    rule = HYPERBOLIC.get(name)
    if rule is not None:
        return rule(exponential(form_of(node[2], at.names, at.fuel), False, at), at)
    special = _FUNCTIONS.get(name)
    return special(node, at) if special is not None else _exact(node, at)


_FUNCTIONS: Final[dict[str, Callable[[Node, Place], int]]] = {
    "root": _root,
    "factorial": factorial,
    "binomial": binomial,
    "exp": lambda node, at: exponential(form_of(node[2], at.names, at.fuel), False, at),
    "ln": lambda node, at: _logarithm(node[2], at),
    "log": lambda node, at: _logarithm(node[2], at) * inverse(_logarithm(node[3], at), at.p) % at.p,
}


# Sums and products.


def _series(node: Node, at: Place) -> int:
    kind, body, name, low, high = node
    (first, q), (last, r) = (reduced(rationals.evaluate(part, at.names, at.fuel)) for part in (low, high))
    if q != 1 or r != 1 or last - first >= rationals.MAX_TERMS:
        raise UnfitError("a sum of too many terms")
    if last < first - 1:
        raise UndefinedError("a sum that ends before it starts")
    total, steps = (0 if kind == "sum" else 1), STEPS_PER_NODE * size(body)
    for k in range(first, last + 1):
        at.fuel.spend(steps)
        place = at.bound(name, k)
        value = evaluate(body, place)
        at.note(place)
        total = (total + value if kind == "sum" else total * value) % at.p
    return total


_RULES: Final[dict[str, Callable[[Node, Place], int]]] = {
    "num": _number,
    "dec": _number,
    "repeating": _number,
    "sci": _scientific,
    "mixed": _exact,
    "sym": _symbol,
    "const": _constant,
    "percent": _percent,
    "deg": _degrees,
    "add": _add,
    "mul": _multiply,
    "div": _divide,
    "neg": _negate,
    "pow": _power,
    "fn": _function,
    "sum": _series,
    "prod": _series,
}
