r"""Plus-minus written out: `1\pm\sqrt2` is two values."""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["MAX_INDEPENDENT", "both_signs", "count_signs", "independent_signs"]

MAX_INDEPENDENT: Final = 3
"""Most signs that are taken as independent of each other."""


def both_signs(node: Node) -> list[Node]:
    """The tree with upper signs, and with lower signs: all signs of an answer go together."""
    return [_signed(node, True), _signed(node, False)]


def _signed(node: Node, upper: bool) -> Node:
    if node[0] in ("pm", "mp") and len(node) == 2:
        inner = _signed(node[1], upper)
        return inner if upper == (node[0] == "pm") else ("neg", inner)
    return tuple(_signed(part, upper) if isinstance(part, tuple) else part for part in node)


def count_signs(node: Node) -> tuple[int, int]:
    """How many plus-minus and minus-plus signs a tree has."""
    plus = minus = 0
    stack = [node]
    while stack:
        top = stack.pop()
        if top:
            if len(top) == 2:
                plus += top[0] == "pm"
                minus += top[0] == "mp"
            stack.extend([part for part in top if type(part) is tuple])
    return plus, minus


def independent_signs(node: Node) -> list[Node]:
    r"""The trees with each sign chosen for itself, as some mean by `\pm1\pm\sqrt2`; `node` has no minus-plus."""
    found = _first_sign(node)
    if found is None:
        return [node]
    return [tree for variant in found for tree in independent_signs(variant)]


def _first_sign(node: Node) -> tuple[Node, Node] | None:
    if node[0] == "pm" and len(node) == 2:
        return node[1], ("neg", node[1])
    for place, part in enumerate(node):
        inner = _first_sign(part) if isinstance(part, tuple) and part else None
        if inner is not None:
            before, after = node[:place], node[place + 1 :]
            return (*before, inner[0], *after), (*before, inner[1], *after)
    return None
