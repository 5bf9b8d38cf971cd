"""Small questions about trees, and small rewritings of them."""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.fuel import Fuel, OutOfFuelError
from assaygym.verifiers.maths.scalars.scalar import free_names, rational, substitute
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = [
    "MINUS_ONE",
    "ONE",
    "ZERO",
    "contains",
    "difference",
    "heads",
    "linear",
    "negated",
    "product",
    "renamed",
    "settled",
]

ZERO: Final[Node] = ("num", 0, 1)
ONE: Final[Node] = ("num", 1, 1)
MINUS_ONE: Final[Node] = ("num", -1, 1)
_SETTLING: Final = 20_000
_LEAVES: Final = frozenset(("num", "dec", "sym", "const", "sci", "mixed", "repeating", "based", "words", "domain"))


def heads(node: Node) -> set[str]:
    """The kinds of all nodes of a tree."""
    found: set[str] = set()
    stack = [node]
    while stack:
        top = stack.pop()
        if top:
            head = top[0]
            if type(head) is str:
                found.add(head)
            if head not in _LEAVES:
                stack.extend([child for child in top if type(child) is tuple])
    return found


def settled(node: Node) -> Node:
    """A rational number without names in lowest terms, however it was put together; any other tree as it is."""
    if node[0] == "num" or free_names(node):
        return node
    try:
        value = rational(node, Fuel(_SETTLING))
    except OutOfFuelError:
        return node
    return node if value is None else ("num", value.numerator, value.denominator)


def contains(node: Node, kind: str) -> bool:
    """Whether a node of this kind is in the tree."""
    return kind in heads(node)


def renamed(node: Node, names: dict[str, str]) -> Node:
    """The tree with free names replaced, all at once."""
    return substitute(node, {old: ("sym", new) for old, new in names.items()})


def negated(node: Node) -> Node:
    """Minus the node, without a double minus."""
    if node == ZERO:
        return node
    if node[0] == "neg":
        inner: Node = node[1]
        return inner
    return ("num", -node[1], node[2]) if node[0] == "num" else ("neg", node)


def difference(left: Node, right: Node) -> Node:
    """`left - right`, without a zero."""
    if right == ZERO:
        return left
    return negated(right) if left == ZERO else ("add", left, negated(right))


def product(left: Node, right: Node) -> Node:
    """`left * right`, without ones and zeros."""
    if ZERO in (left, right):
        return ZERO
    if left == ONE:
        return right
    return left if right == ONE else ("mul", left, right)


def _sum(left: Node, right: Node) -> Node:
    if left == ZERO:
        return right
    return left if right == ZERO else ("add", left, right)


def linear(node: Node, name: str) -> tuple[Node, Node] | None:
    """(slope, constant) of an expression that is written as linear in a name; None for any other."""
    if node == ("sym", name):
        return ONE, ZERO
    if name not in free_names(node):
        return ZERO, node
    rule = _LINEAR.get(node[0])
    return rule(node, name) if rule else None


def _linear_sum(node: Node, name: str) -> tuple[Node, Node] | None:
    slope, constant = ZERO, ZERO
    for term in node[1:]:
        parts = linear(term, name)
        if parts is None:
            return None
        slope, constant = _sum(slope, parts[0]), _sum(constant, parts[1])
    return slope, constant


def _linear_negation(node: Node, name: str) -> tuple[Node, Node] | None:
    parts = linear(node[1], name)
    return parts and (negated(parts[0]), negated(parts[1]))


def _linear_product(node: Node, name: str) -> tuple[Node, Node] | None:
    slope, constant = ZERO, ONE
    for factor in node[1:]:
        parts = linear(factor, name)
        if parts is None or (parts[0] != ZERO and slope != ZERO):
            return None
        if parts[0] != ZERO:
            slope, constant = product(constant, parts[0]), product(constant, parts[1])
        else:
            slope, constant = product(slope, parts[1]), product(constant, parts[1])
    return slope, constant


def _linear_quotient(node: Node, name: str) -> tuple[Node, Node] | None:
    parts = linear(node[1], name)
    if parts is None or name in free_names(node[2]):
        return None
    slope, constant = parts
    return ("div", slope, node[2]), constant if constant == ZERO else ("div", constant, node[2])


_LINEAR: Final = {
    "add": _linear_sum,
    "neg": _linear_negation,
    "mul": _linear_product,
    "div": _linear_quotient,
}
