"""Small rewritings of trees: collections, vectors, plus-minus, units."""

from __future__ import annotations

from assaygym.verifiers.maths.exact import walk
from assaygym.verifiers.maths.lexicon import Node

__all__ = ["COLLECTIONS", "as_vector", "kind_of", "spread", "unit_name"]

COLLECTIONS = frozenset(("list", "set", "seq", "matrix", "ratio", "based", "call"))
_KINDS = {"seq": "a tuple or interval", "rel": "a relation", "based": "a number in a base", "union": "a union"}


def kind_of(node: Node) -> str:
    """What a tree is, for messages."""
    return _KINDS.get(node[0], f"a {node[0]}" if node[0] in COLLECTIONS else "an expression")


def unit_name(name: str) -> str:
    """A unit without its plural."""
    return name.rstrip(".").removesuffix("s").replace("inche", "inch")


def as_vector(node: Node, other: Node) -> Node:
    """A matrix of one row or column as a tuple, where it stands against a tuple."""
    if node[0] != "matrix" or other[0] != "seq":
        return node
    rows = node[1:]
    if len(rows) == 1:
        return ("seq", "(", ")", *rows[0])
    return ("seq", "(", ")", *(row[0] for row in rows)) if len(rows[0]) == 1 else node


def spread(node: Node) -> Node:
    r"""Plus-minus written out: `1 \pm x` is the list of both values, also as an item of a list or set."""
    if node[0] in ("list", "set"):
        items: list[Node] = []
        for item in node[1:]:
            items.extend(_both(item))
        return (node[0], *items)
    both = _both(node)
    return both[0] if len(both) == 1 else ("list", *both)


def _both(node: Node) -> list[Node]:
    if node[0] in COLLECTIONS or not any(part and part[0] == "pm" for part in walk(node)):
        return [node]
    return [_signed(node, True), _signed(node, False)]


def _signed(node: Node, plus: bool) -> Node:
    if node[0] != "pm":
        return tuple(_signed(part, plus) if isinstance(part, tuple) else part for part in node)
    right = _signed(node[2], plus) if plus else ("neg", _signed(node[2], plus))
    return right if node[1] is None else ("add", _signed(node[1], plus), right)
