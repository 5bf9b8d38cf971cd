"""The names that the grammar knows, how tightly operators bind, and how number tokens are read."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, Final

from assaygym.verifiers.maths.tokens import MathSyntaxError

__all__ = [
    "CONSTANTS",
    "FUNCTIONS",
    "GREEK",
    "LONG_DECIMAL",
    "MAX_DEPTH",
    "POSTFIX",
    "POWER",
    "PRODUCT",
    "RELATION",
    "RELATIONS",
    "SHORT_UNITS",
    "SUM",
    "UNARY",
    "UNION",
    "Node",
    "read_literal",
]

Node = tuple[Any, ...]
MAX_DEPTH = 60
"""Deepest nesting, of the text and of the tree."""
RELATION, UNION, SUM, UNARY, PRODUCT, POWER, POSTFIX = 10, 15, 20, 25, 30, 50, 60
"""How tightly operators bind."""

RELATIONS: Final = {
    "=": "=", "<": "<", ">": ">", "\\le": "<=", "\\ge": ">=", "\\ne": "!=", "\\in": "in", "\\approx": "~", "\\to": "->",
    "\\equiv": "==",
}  # fmt: skip
FUNCTIONS: Final = frozenset(
    (
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "ln",
        "log",
        "exp",
        "sqrt",
        "max",
        "min",
        "gcd",
        "lcm",
        "abs",
    )
)
CONSTANTS: Final = {"pi": "pi", "e": "e", "i": "i", "inf": "inf", "infty": "inf", "infinity": "inf"}
GREEK: Final = frozenset(
    (
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "varepsilon",
        "zeta",
        "eta",
        "theta",
        "vartheta",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "rho",
        "sigma",
        "tau",
        "phi",
        "varphi",
        "chi",
        "psi",
        "omega",
        "Gamma",
        "Delta",
        "Theta",
        "Lambda",
        "Sigma",
        "Phi",
        "Psi",
        "Omega",
        "ell",
    )
)
LONG_DECIMAL = 10
"""A decimal with this many significant digits may stand for the exact number that it rounds."""
SHORT_UNITS: Final = frozenset(("cm", "mm", "km", "ft", "kg", "mg", "lb", "ml", "in", "hr", "min", "sec", "mph"))


def read_literal(text: str) -> Fraction:
    r"""The value of a number token: `12`, `.5`, `2.7e9`, `1 1/2`, `0.1\overline{6}`.

    Raises:
        MathSyntaxError: a division by zero, or an exponent of over 400.
    """
    mixed = re.fullmatch(r"(\d+)\s+(\d+)\s*/\s*(\d+)", text)
    if mixed:
        if not int(mixed[3]):
            raise MathSyntaxError("a division by zero")
        return int(mixed[1]) + Fraction(int(mixed[2]), int(mixed[3]))
    repeating = re.fullmatch(r"(\d*)\.(\d*)\\[a-z]+\s*\{\s*(\d+)\s*\}", text)
    if repeating:
        whole, fixed, cycle = repeating.groups()
        tail = Fraction(int(cycle), (10 ** len(cycle) - 1) * 10 ** len(fixed))
        return Fraction(int((whole + fixed) or "0"), 10 ** len(fixed)) + tail
    digits, _, exponent = text.lower().partition("e")
    if abs(int(exponent or 0)) > 400:
        raise MathSyntaxError(f"the exponent {exponent}")
    whole, _, part = digits.partition(".")
    return Fraction(int((whole + part) or "0"), 10 ** len(part)) * Fraction(10) ** int(exponent or 0)
