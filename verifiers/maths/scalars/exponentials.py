"""Exponentials in a prime field, and what is made of them: sines, tangents, hyperbolic functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from assaygym.verifiers.maths.scalars.forms import PI, Form
from assaygym.verifiers.maths.scalars.outcomes import UnfitError
from assaygym.verifiers.maths.scalars.place import Place, inverse
from assaygym.verifiers.maths.scalars.primes import ORDER

__all__ = ["CIRCULAR", "HYPERBOLIC", "PARTS", "exponential"]

PARTS = 60
"""`e^{x / PARTS}` is the variable that stands for the exponentials of multiples of x: of x / 2, x / 3, x / 5 too."""
Rules = dict[str, Callable[[int, Place], int]]
"""The functions from the exponential `u` of the argument, or of i times it."""


def exponential(form: Form, turned: bool, at: Place) -> int:
    """The exponential of a form, or of i times it where `turned`."""
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
        key = f"{'W' if imaginary != turned else 'E'} {rest}"
        total = total * pow(at.field.variable(key), parts, p) % p
    return total


def _note(monomial: tuple[str, ...], at: Place) -> None:
    if PI in monomial:
        at.pi = at.pi or len(set(monomial)) == 1
    elif not monomial:
        at.e = True


def _sine(u: int, at: Place) -> int:
    return (u * u - 1) * inverse(2 * at.field.i * u, at.p) % at.p


def _cosine(u: int, at: Place) -> int:
    return (u * u + 1) * inverse(2 * u, at.p) % at.p


def _tangent(u: int, at: Place) -> int:
    return (u * u - 1) * inverse(at.field.i * (u * u + 1), at.p) % at.p


def _cotangent(u: int, at: Place) -> int:
    return (u * u + 1) * at.field.i * inverse(u * u - 1, at.p) % at.p


def _secant(u: int, at: Place) -> int:
    return 2 * u * inverse(u * u + 1, at.p) % at.p


def _cosecant(u: int, at: Place) -> int:
    return 2 * at.field.i * u * inverse(u * u - 1, at.p) % at.p


def _hyperbolic_sine(u: int, at: Place) -> int:
    return (u * u - 1) * inverse(2 * u, at.p) % at.p


def _hyperbolic_tangent(u: int, at: Place) -> int:
    return (u * u - 1) * inverse(u * u + 1, at.p) % at.p


def _hyperbolic_cotangent(u: int, at: Place) -> int:
    return (u * u + 1) * inverse(u * u - 1, at.p) % at.p


def _hyperbolic_cosecant(u: int, at: Place) -> int:
    return 2 * u * inverse(u * u - 1, at.p) % at.p


CIRCULAR: Final[Rules] = {
    "sin": _sine, "cos": _cosine, "tan": _tangent, "cot": _cotangent, "sec": _secant, "csc": _cosecant,
}  # fmt: skip
HYPERBOLIC: Final[Rules] = {
    "sinh": _hyperbolic_sine, "cosh": _cosine, "tanh": _hyperbolic_tangent,
    "coth": _hyperbolic_cotangent, "sech": _secant, "csch": _hyperbolic_cosecant,
}  # fmt: skip
