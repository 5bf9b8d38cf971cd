"""Degree signs and units inside expressions."""

from __future__ import annotations

from fractions import Fraction

from assaygym.verifiers.maths.objects.trees import heads, product, settled
from assaygym.verifiers.maths.objects.units import Unit, read_unit
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["units_of", "without_degrees", "without_units"]


def without_degrees(node: Node) -> Node:
    """The tree without the degree signs that stand outside of functions; the same tree when there are none."""
    if node[0] == "deg":
        inner: Node = node[1]
        return inner
    if node[0] not in ("add", "mul", "div", "neg", "pm", "mp"):
        return node
    return tuple(without_degrees(part) if isinstance(part, tuple) else part for part in node)


def without_units(node: Node) -> tuple[Node, Unit] | None:
    """The amount in the first unit of a tree whose units all measure the same; None when they do not."""
    found = units_of(node)
    if not found or not {"unit", "money"} & heads(node):
        return None
    first = found[0]
    for unit in found[1:]:
        if not unit.same_as(first) and not unit.measures_as(first):
            return None
    bare = _bare(node, first)
    return None if bare is None else (settled(bare) if len(found) > 1 else bare, first)


def units_of(node: Node) -> list[Unit]:
    """The units and currencies written in a tree, from left to right."""
    if node[0] in ("unit", "money"):
        return [read_unit(node[2])]
    return [unit for part in node[1:] if isinstance(part, tuple) and part for unit in units_of(part)]


def _bare(node: Node, first: Unit) -> Node | None:
    """In sums each term has a unit, in products and quotients one factor or the dividend."""
    if node[0] in ("unit", "money"):
        unit = read_unit(node[2])
        factor = Fraction(1) if unit.same_as(first) else unit.factor / first.factor
        return node[1] if factor == 1 else settled(product(("num", factor.numerator, factor.denominator), node[1]))
    rule = {"add": None, "neg": None, "pm": None, "mp": None, "mul": 1, "div": 1}.get(node[0], 0)
    if rule == 0:
        return None
    parts = [(part, _bare(part, first) if units_of(part) else None) for part in node[1:]]
    if rule == 1:
        carriers = [part for part, bare in parts if bare is not None]
        if len(carriers) != 1 or (node[0] == "div" and parts[0][1] is None):
            return None
        return (node[0], *(bare or part for part, bare in parts))
    if any(bare is None for _, bare in parts):
        return None
    return (node[0], *(bare for _, bare in parts))
