"""Why an evaluation has no value. None of these leaves this package."""

from __future__ import annotations

__all__ = ["NoRootError", "NoValueError", "TowerError", "UndefinedError", "UnfitError", "UnsureError"]


class NoValueError(ArithmeticError):
    """An evaluation has no value; one of the subclasses tells why."""


class UnfitError(NoValueError):
    """The tree is not in the language of this evaluator, or the value is too large for it: another one may have it."""


class NoRootError(UnfitError):
    """Not in this prime field; perhaps in the next."""


class TowerError(UnfitError):
    """A power whose exponent is not worked out; fields that can reduce such exponents may have the value."""


class UndefinedError(NoValueError):
    """The value does not exist: a division by zero, the logarithm of zero, the factorial of a negative number."""


class UnsureError(NoValueError):
    """The error bound is too wide to go on: whether a divisor is zero, on which side of a branch cut a value lies."""
