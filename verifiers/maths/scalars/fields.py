"""Values in prime fields: rational functions, integer powers of any size, roots of rationals, trigonometry, exponentials.

A name stands for an independent variable; so do pi, e and each exponential `e^{x}`, `e^{ix y}` of a monomial, with a
fixed value per field; sines and cosines are made of exponentials. Equal values thus show an identity between real
functions, up to a coincidence that no short expression can bring about. Values that differ disprove one, unless
`Place.loose` says that the variables may depend on each other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars import rationals
from assaygym.verifiers.maths.scalars.forms import PI, Form, form_of
from assaygym.verifiers.maths.scalars.nodes import STEPS_PER_NODE, size
from assaygym.verifiers.maths.scalars.outcomes import TowerError, UndefinedError, UnfitError
from assaygym.verifiers.maths.scalars.primes import ORDER, Field
from assaygym.verifiers.maths.scalars.rationals import Pair
from assaygym.verifiers.maths.scalars.towers import power_residue
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["Place", "evaluate"]

PARTS = 60
"""`e^{x / PARTS}` is the variable that stands for the exponentials of multiples of x: halves, thirds, fifths are whole."""
MAX_FACTORIAL = 300_000


class Place:
    """Where a tree is evaluated.

    Attributes:
        names: exact values of the names that are integers here; the others are variables of the field.
        exponents: exact values of names for where they stand in exponents; holds `names`.
        loose: whether variables came in that may depend on each other (e and pi, logarithms, powers with variable
            exponents), so that values that differ prove nothing.
    """

    __slots__ = ("e", "exponents", "field", "fuel", "loose", "names", "p", "pi")

    def __init__(self, field: Field, names: dict[str, Pair], exponents: dict[str, Pair], fuel: Fuel) -> None:
        self.field, self.p, self.fuel = field, field.p, fuel
        self.names = names
        self.exponents = exponents
        self.loose = self.pi = self.e = False

    def bind(self, name: str, value: int) -> Place:
        """The place with a running index in it; what comes in there does not tell this one."""
        pair = (value, 1)
        return Place(self.field, {**self.names, name: pair}, {**self.exponents, name: pair}, self.fuel)


def evaluate(node: Node, at: Place) -> int:
    """The value in the field.

    Raises:
        UnfitError: it has none, or not in this field.
        UndefinedError: a divisor is zero in the field (nearly always then in truth as well).
        OutOfFuelError: the fuel is spent.
    """
    rule = _RULES.get(node[0])
    if rule is None:
        raise UnfitError(node[0])
    return rule(node, at)


def _inverse(value: int, p: int) -> int:
    if not value % p:
        raise UndefinedError("a division by zero")
    return pow(value, -1, p)


@lru_cache(1024)
def _small_inverse(value: int, p: int) -> int:
    return pow(value, -1, p)


def _rational(pair: Pair, p: int) -> int:
    if pair[1] == 1:
        return pair[0] % p
    if pair[1] < 1000:
        return pair[0] * _small_inverse(pair[1], p) % p
    return pair[0] * _inverse(pair[1], p) % p


# Leaves and arithmetic.


def _number(node: Node, at: Place) -> int:
    return node[1] if node[2] == 1 else _rational((node[1], node[2]), at.p)


def _exact(node: Node, at: Place) -> int:
    return _rational(rationals.evaluate(node, at.names, at.fuel), at.p)


def _scientific(node: Node, at: Place) -> int:
    return evaluate(node[1], at) * pow(10, node[2], at.p) % at.p


def _symbol(node: Node, at: Place) -> int:
    if at.names and node[1] in at.names:
        return _rational(at.names[node[1]], at.p)
    return at.field.variable(node[1])


def _constant(node: Node, at: Place) -> int:
    name = node[1]
    if name == "pi":
        at.pi = True
        return at.field.variable("pi ")
    if name == "i" and at.field.i:
        return at.field.i
    if name == "e":
        at.e = True
        return pow(at.field.variable("E "), PARTS, at.p)
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
        return over * _small_inverse(under[1], at.p) % at.p
    return over * _inverse(evaluate(under, at), at.p) % at.p


def _negate(node: Node, at: Place) -> int:
    return -evaluate(node[1], at)


def _percent(node: Node, at: Place) -> int:
    return evaluate(node[1], at) * _small_inverse(100, at.p) % at.p


def _degrees(node: Node, at: Place) -> int:
    at.pi = True
    return evaluate(node[1], at) * at.field.variable("pi ") * _small_inverse(180, at.p) % at.p


# Powers and roots.


def _power(node: Node, at: Place) -> int:
    base, exponent = node[1], node[2]
    if exponent[0] == "num" and exponent[2] == 1:
        return _integer_power(evaluate(base, at), exponent[1], at)
    if base == ("const", "e"):
        return _exponential(form_of(exponent, at.names, at.fuel), False, at)
    try:
        a, b = rationals.reduced(rationals.evaluate(exponent, at.exponents, at.fuel))
    except UnfitError:
        if not at.field.factors:
            raise TowerError("an exponent of too many digits") from None
        return power_residue(evaluate(base, at), exponent, at.field.factors, at.exponents, at.fuel, at.p)
    if at.exponents is not at.names and not at.loose:
        at.loose = _has_variable(exponent, at.names)
    if b == 1:
        return _integer_power(evaluate(base, at), a, at)
    return _integer_power(_root_of(base, b, at), a, at)


def _has_variable(node: Node, known: dict[str, Pair]) -> bool:
    if node[0] == "sym":
        return node[1] not in known
    return any(_has_variable(part, known) for part in node if type(part) is tuple)


def _integer_power(base: int, exponent: int, at: Place) -> int:
    if exponent > 0:
        if exponent.bit_length() > 64:
            at.fuel.spend(exponent.bit_length() * 6)
        return pow(base, exponent, at.p)
    if not base % at.p:
        raise UndefinedError("zero to a power that is not positive")
    at.fuel.spend(exponent.bit_length() * 6)
    return pow(base, exponent, at.p)


def _root_of(node: Node, degree: int, at: Place) -> int:
    """The principal root of a rational number."""
    value = rationals.reduced(rationals.evaluate(node, at.names, at.fuel))
    try:
        return _rational(rationals.perfect_root(value, degree, at.fuel), at.p)
    except UnfitError:
        if degree != 2:
            raise
    p, q = value
    at.fuel.spend(400)
    root = at.field.root(abs(p) * q)
    if q != 1:
        root = root * _inverse(q, at.p) % at.p
    return root if p > 0 else root * _constant(("const", "i"), at) % at.p


def _root(node: Node, at: Place) -> int:
    if len(node) == 3 or node[3] == ("num", 2, 1):
        return _root_of(node[2], 2, at)
    return _exact(node, at)


# Exponentials, trigonometry, logarithms.


def _exponential(form: Form, turned: bool, at: Place) -> int:
    """e to a form, or to i times it where `turned`."""
    p, total = at.p, 1
    for monomial, (a, b) in form.items():
        if not a:
            continue
        imaginary = monomial[:1] == ("i ",)
        rest = monomial[1:] if imaginary else monomial
        if imaginary and turned:
            a = -a
        if imaginary != turned and rest == (PI,):
            turn, left = divmod(a * (ORDER // 2), b)
            if left or not at.field.zeta:
                raise UnfitError("a root of unity of another order")
            total = total * pow(at.field.zeta, turn % ORDER, p) % p
            continue
        parts, left = divmod(a * PARTS, b)
        if left or abs(parts) > 1 << 32:
            raise UnfitError("a fraction of another kind in an exponent")
        _note(rest, at)
        key = f"{'W' if imaginary != turned else 'E'} {','.join(rest)}"
        total = total * pow(at.field.variable(key), parts, p) % p
    return total


def _note(monomial: tuple[str, ...], at: Place) -> None:
    if PI in monomial:
        at.pi = at.pi or len(set(monomial)) == 1
    elif not monomial:
        at.e = True


def _sine(u: int, at: Place) -> int:
    return (u * u - 1) * _inverse(2 * at.field.i * u, at.p) % at.p


def _cosine(u: int, at: Place) -> int:
    return (u * u + 1) * _inverse(2 * u, at.p) % at.p


def _tangent(u: int, at: Place) -> int:
    return (u * u - 1) * _inverse(at.field.i * (u * u + 1), at.p) % at.p


def _cotangent(u: int, at: Place) -> int:
    return (u * u + 1) * at.field.i * _inverse(u * u - 1, at.p) % at.p


def _secant(u: int, at: Place) -> int:
    return 2 * u * _inverse(u * u + 1, at.p) % at.p


def _cosecant(u: int, at: Place) -> int:
    return 2 * at.field.i * u * _inverse(u * u - 1, at.p) % at.p


def _hyperbolic_sine(u: int, at: Place) -> int:
    return (u * u - 1) * _inverse(2 * u, at.p) % at.p


def _hyperbolic_tangent(u: int, at: Place) -> int:
    return (u * u - 1) * _inverse(u * u + 1, at.p) % at.p


def _hyperbolic_cotangent(u: int, at: Place) -> int:
    return (u * u + 1) * _inverse(u * u - 1, at.p) % at.p


def _hyperbolic_cosecant(u: int, at: Place) -> int:
    return 2 * u * _inverse(u * u - 1, at.p) % at.p


_CIRCULAR: Final = {
    "sin": _sine, "cos": _cosine, "tan": _tangent, "cot": _cotangent, "sec": _secant, "csc": _cosecant,
}  # fmt: skip
_HYPERBOLIC: Final = {
    "sinh": _hyperbolic_sine, "cosh": _cosine, "tanh": _hyperbolic_tangent,
    "coth": _hyperbolic_cotangent, "sech": _secant, "csch": _hyperbolic_cosecant,
}  # fmt: skip


def _logarithm(node: Node, at: Place) -> int:
    """Of rationals, as sums of logarithms of primes."""
    at.loose = True
    p, q = rationals.reduced(rationals.evaluate(node, at.names, at.fuel))
    if not p:
        raise UndefinedError("the logarithm of zero")
    if p < 0:
        raise UnfitError("the logarithm of a negative number")
    at.fuel.spend(400)
    return (at.field.logarithm(p) - at.field.logarithm(q)) % at.p


# Factorials, binomials, absolute values: of integers and rationals.


def _factorial(node: Node, at: Place) -> int:
    p, q = rationals.evaluate(node[2], at.names, at.fuel)
    n, rest = divmod(p, q)
    if rest:
        raise UnfitError("the factorial of a fraction")
    if n < 0:
        raise UndefinedError("the factorial of a negative number")
    return _falling(n, n, at)


def _falling(n: int, count: int, at: Place) -> int:
    """n (n-1) ... of `count` factors."""
    if count > MAX_FACTORIAL:
        raise UnfitError("too many factors")
    at.fuel.spend(4 * count)
    total, p = 1, at.p
    for k in range(n, n - count, -1):
        total = total * k % p
    return total


def _binomial(node: Node, at: Place) -> int:
    (n, q), (k, r) = (rationals.reduced(rationals.evaluate(part, at.names, at.fuel)) for part in node[2:4])
    if q != 1 or r != 1:
        raise UnfitError("a binomial of fractions")
    if n < 0 or k < 0:
        raise UndefinedError("a binomial of a negative number")
    if k > n:
        return 0
    k = min(k, n - k)
    return _falling(n, k, at) * _inverse(_falling(k, k, at), at.p) % at.p


def _function(node: Node, at: Place) -> int:
    name = node[1]
    rule = _CIRCULAR.get(name)
    if rule is not None and at.field.i:
        return rule(_exponential(form_of(node[2], at.names, at.fuel), True, at), at)
    rule = _HYPERBOLIC.get(name)
    if rule is not None:
        return rule(_exponential(form_of(node[2], at.names, at.fuel), False, at), at)
    special = _FUNCTIONS.get(name)
    return special(node, at) if special is not None else _exact(node, at)


_FUNCTIONS: Final[dict[str, Callable[[Node, Place], int]]] = {
    "root": _root,
    "factorial": _factorial,
    "binomial": _binomial,
    "exp": lambda node, at: _exponential(form_of(node[2], at.names, at.fuel), False, at),
    "ln": lambda node, at: _logarithm(node[2], at),
    "log": lambda node, at: _logarithm(node[2], at) * _inverse(_logarithm(node[3], at), at.p) % at.p,
}


# Sums and products.


def _series(node: Node, at: Place) -> int:
    kind, body, name, low, high = node
    (first, q), (last, r) = (rationals.reduced(rationals.evaluate(part, at.names, at.fuel)) for part in (low, high))
    if q != 1 or r != 1 or last - first >= rationals.MAX_TERMS:
        raise UnfitError("a sum of too many terms")
    if last < first - 1:
        raise UndefinedError("a sum that ends before it starts")
    total, steps = (0 if kind == "sum" else 1), STEPS_PER_NODE * size(body)
    for k in range(first, last + 1):
        at.fuel.spend(steps)
        place = at.bind(name, k)
        value = evaluate(body, place)
        at.loose, at.pi, at.e = at.loose or place.loose, at.pi or place.pi, at.e or place.e
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
