"""What is read off a tree without evaluating it: its size, its free names, the kinds of its parts; replacements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["BINDERS", "STEPS_PER_NODE", "TAME", "UNEVALUATED", "Traits", "free_names", "has_name", "size", "substitute"]

TAME = 80
"""Bits of information up to which no expression can be made that vanishes in a field of 120 bits by design."""
STEPS_PER_NODE = 8
"""Fuel for one visit of one node by any evaluator, big numbers apart."""
BINDERS: Final = frozenset(("sum", "prod", "integral", "derivative", "limit"))
"""Kinds whose third item is a name; it is bound in the body (a derivative's stays free)."""
UNEVALUATED: Final = frozenset(("sum", "prod", "integral", "limit", "derivative", "cases"))
_BINDING: Final = BINDERS - {"derivative"}
_LITERAL_BITS = 40
_LEAVES: Final = frozenset(("num", "dec", "repeating", "mixed", "based", "const"))
_COUNTS: Final = frozenset("kmnN")
_WHOLE: Final = frozenset(("factorial", "double_factorial", "binomial", "gcd", "lcm", "mod"))


def size(node: Node) -> int:
    """How many nodes the tree has."""
    count, stack = 0, [node]
    while stack:
        top = stack.pop()
        count += 1
        stack.extend([part for part in top if type(part) is tuple])
    return count


def free_names(tree: Node) -> frozenset[str]:
    """Names of the variables that the value depends on; not running indices, not integration variables."""
    names: set[str] = set()
    stack = [tree]
    while stack:
        node = stack.pop()
        kind = node[0] if node else ""
        if kind == "sym":
            names.add(node[1])
        elif kind in _BINDING:
            names |= free_names(node[1]) - {node[2]}
            stack.extend([part for part in node[3:] if type(part) is tuple])
        elif kind not in _LEAVES:
            stack.extend([part for part in node if type(part) is tuple])
    return frozenset(names)


def has_name(tree: Node) -> bool:
    """Whether a name occurs, bound or free."""
    return tree[0] == "sym" or any(type(part) is tuple and has_name(part) for part in tree)


def substitute(tree: Node, names: Mapping[str, Node]) -> Node:
    """The tree with nodes in place of free names. Bound names are left alone.

    A bound name that occurs in a replacement is not renamed: replacements must not hold names bound around their place.
    """
    if not names:
        return tree
    if tree[0] == "sym":
        return names.get(tree[1], tree)
    if tree[0] in BINDERS and tree[2] in names:
        inner = {name: node for name, node in names.items() if name != tree[2]}
        outside = tuple(substitute(part, names) if type(part) is tuple else part for part in tree[3:])
        return (tree[0], substitute(tree[1], inner), tree[2], *outside)
    return tuple(substitute(part, names) if type(part) is tuple else part for part in tree)


class Traits:
    """What a tree is made of.

    Attributes:
        names: its free names.
        whole: those that stand where only integers make sense: under a factorial, in the exponent of a negative number
            or of i, as a bound of a sum; n, m, k, N under floor or ceiling too.
        exponents: those that stand in the exponent of something else than e.
        size: how many nodes it has.
        weight: about how many bits of information it holds, which bounds what numbers it can be made to hit by design.
        kinds: the kinds of its nodes, the names of the functions and constants in it, "bare log" for a logarithm
            without a base, "rooted" for roots and powers that are not whole.
        literals: sizes of the numbers in it.
    """

    __slots__ = ("exponents", "kinds", "literals", "names", "size", "weight", "whole")

    def __init__(self, tree: Node) -> None:
        self.names: set[str] = set()
        self.whole: set[str] = set()
        self.exponents: set[str] = set()
        self.kinds: set[str] = set()
        self.literals: set[float] = set()
        self.size = self.weight = 0
        self._visit(tree, ())
        self.weight += 2 * self.size

    def _visit(self, tree: Node, bound: tuple[str, ...]) -> None:
        stack = [tree]
        kinds = self.kinds
        while stack:
            node = stack.pop()
            kind = node[0]
            self.size += 1
            kinds.add(kind)
            if kind == "num":
                bits = node[1].bit_length() + node[2].bit_length()
                self.weight += bits
                if bits < _LITERAL_BITS:
                    self.literals.add(abs(node[1] / node[2]))
            elif kind == "sym":
                if node[1] not in bound:
                    self.names.add(node[1])
            elif kind in BINDERS:
                self._binder(node, bound)
            elif kind in _LEAVES:
                self._leaf(node)
            else:
                if kind == "fn":
                    kinds.add(node[1])
                    if node[1] == "log" and len(node) == 3:
                        kinds.add("bare log")
                    elif node[1] == "root":
                        kinds.add("rooted")
                    if node[1] in _WHOLE:
                        self.whole |= free_names(node).difference(bound)
                    elif node[1] in ("floor", "ceil"):
                        self.whole |= (free_names(node) & _COUNTS).difference(bound)
                elif kind == "pow":
                    self._power(node, bound)
                elif kind == "sci":
                    self.weight += 2 * abs(node[2])
                stack.extend([part for part in node if type(part) is tuple])

    def _leaf(self, node: Node) -> None:
        if node[0] == "const":
            self.kinds.add(node[1])
        elif node[0] == "dec" and node[2] < 1 << _LITERAL_BITS:
            self.literals.add(abs(node[1] / node[2]))
        self.weight += sum(part.bit_length() for part in node if type(part) is int)

    def _binder(self, node: Node, bound: tuple[str, ...]) -> None:
        self._visit(node[1], (*bound, node[2]) if node[0] != "derivative" else bound)
        for part in node[3:]:
            if type(part) is tuple:
                if node[0] in ("sum", "prod"):
                    self.whole |= free_names(part).difference(bound)
                self._visit(part, bound)

    def _power(self, node: Node, bound: tuple[str, ...]) -> None:
        exponent = node[2]
        if exponent[0] == "num":
            if exponent[2] != 1:
                self.kinds.add("rooted")
            return
        self.kinds.add("rooted")
        names = free_names(exponent).difference(bound)
        if names and node[1] != ("const", "e"):
            self.exponents |= names
            if _negative(node[1]):
                self.whole |= names


def _negative(node: Node) -> bool:
    """Whether this is a literal negative number, or i or its negative."""
    if node[0] == "neg":
        return node[1][0] in ("num", "dec", "mixed", "repeating", "sci", "const")
    return node == ("const", "i") or (node[0] in ("num", "dec") and node[1] < 0)
