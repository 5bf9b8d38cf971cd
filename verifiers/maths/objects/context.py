"""What a comparison needs besides the two things: the policy, the fuel, and the last layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from assaygym.verifiers.maths.finding import Finding, differ, same
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.scalars.scalar import Scalar, proportional, same_value
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["Ask", "Context", "all_same"]

Op = Literal["equal", "proportional"]
Ask = Callable[[Op, Node, Node], Finding]
"""Computer algebra: `ask(op, gold, pred)`."""


class Context:
    """Of one verdict. `ask` is called only for scalars that the cheaper layers leave unevaluated."""

    __slots__ = ("ask", "fuel", "policy")

    def __init__(self, policy: MathPolicy, fuel: Fuel, ask: Ask) -> None:
        self.policy, self.fuel, self.ask = policy, fuel, ask

    def values(self, gold: Scalar, pred: Scalar) -> Finding:
        """Whether two scalars have the same value."""
        finding = same_value(gold, pred, self.policy, self.fuel)
        return self.ask("equal", gold.tree, pred.tree) if finding.layer == "unevaluated" else finding

    def multiples(self, gold: Scalar, pred: Scalar) -> Finding:
        """Whether one scalar is a nonzero constant times the other."""
        finding = proportional(gold, pred, self.fuel)
        return self.ask("proportional", gold.tree, pred.tree) if finding.layer == "unevaluated" else finding

    def ignoring_form(self) -> Context:
        """For what is no answer itself: arithmetic that is left to do does not matter."""
        return self if self.policy.unevaluated else Context(_ignoring_form(self.policy), self.fuel, self.ask)

    def with_gap(self, position: int) -> Context:
        """For the gold's item at this position: its own absolute tolerance where the policy gives one per item."""
        gaps = self.policy.absolute
        if not isinstance(gaps, tuple):
            return self
        gap = gaps[min(position, len(gaps) - 1)] if gaps else 0.0
        return Context(replace(self.policy, absolute=gap), self.fuel, self.ask)


@lru_cache(maxsize=64)
def _ignoring_form(policy: MathPolicy) -> MathPolicy:
    return replace(policy, unevaluated=True)


def all_same(layer: str, findings: Iterable[Finding]) -> Finding:
    """Same when each is; otherwise the first that is not, said of the whole."""
    for finding in findings:
        if not finding.equal:
            return Finding(False, layer, f"a part differs ({finding.layer}: {finding.why})", finding.decided)
    return same(layer, "each part is equal")


def other_length(layer: str, gold: int, pred: int) -> Finding:
    """For things that have other numbers of parts."""
    return differ(layer, f"{pred} parts, not {gold}")
