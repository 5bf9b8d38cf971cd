"""Fuel: what bounds the work of a verdict, in counted steps instead of seconds, so that load changes no verdict."""

from __future__ import annotations

__all__ = ["STEPS", "Fuel", "OutOfFuelError"]

STEPS = 2_000_000
"""Of one verdict. A step is about the work of one operation on 64-bit numbers in C, some tens of nanoseconds."""


class OutOfFuelError(ArithmeticError):
    """The verdict would take more steps than it may. Never leaves this package: it makes a verdict `undecided`."""


class Fuel:
    """The steps that a verdict has left; one object is shared by all of its parts, and by one thread."""

    __slots__ = ("left",)

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Account for work before it is done.

        Raises:
            OutOfFuelError: there is not so much left; later calls raise too.
        """
        self.left -= steps
        if self.left < 0:
            raise OutOfFuelError("over the budget of steps")

    def spend_bits(self, bits: int) -> None:
        """Account for one multiplication or division of integers with `bits` bits together."""
        words = (bits >> 6) + 1
        self.spend(words if words < 70 else int(words**1.585 / 8) + 1)
