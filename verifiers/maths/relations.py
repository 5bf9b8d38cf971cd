"""Equations, inequalities and intervals as trees: their common forms."""

from __future__ import annotations

from typing import NamedTuple

from assaygym.verifiers.maths.exact import walk
from assaygym.verifiers.maths.lexicon import Node

__all__ = ["Region", "bare_value", "definitions", "intervals", "orient", "same_argument", "same_parameter", "shorten"]

_FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
_INFINITY: Node = ("const", "inf")
_MINUS_INFINITY: Node = ("neg", _INFINITY)
_PARAMETERS = frozenset("klmn")


class Region(NamedTuple):
    """Intervals `("seq", open, close, low, high)` of one variable (None where none is named)."""

    variable: str | None
    parts: tuple[Node, ...]


def shorten(node: Node) -> Node:
    """A relation without what follows an approximation sign, and `x = a = b` as `x = b`."""
    if node[0] != "rel":
        return node
    operators, terms = node[1], node[2:]
    if "~" in operators:
        cut = operators.index("~")
        operators, terms = operators[:cut], terms[: cut + 1]
    first: Node = terms[0]
    if not operators:
        return first
    if len(operators) > 1 and set(operators) == {"="} and _names_something(first):
        return ("rel", ("=",), first, terms[-1])
    return ("rel", operators, *terms)


def _names_something(node: Node) -> bool:
    is_tuple = node[0] == "seq" and all(part[0] == "sym" for part in node[3:])
    return node[0] == "sym" or is_tuple or (node[0] == "call" and all(part[0] in ("sym", "num") for part in node[2:]))


def bare_value(node: Node) -> Node | None:
    """The value that a definition gives (`x = 5`, `f(t) = 4t`, `x in [0, 1]`); None for any other relation."""
    if node[0] != "rel" or node[1] not in (("=",), ("in",)) or not _names_something(node[2]):
        return None
    value: Node = node[3]
    return value


def same_parameter(gold: Node, pred: Node) -> tuple[Node, Node]:
    """Both values with the one integer parameter (k, l, m, n) of each under one name."""
    left, right = _symbols(gold), _symbols(pred)
    if len(left) == len(right) == 1 and left != right and left | right <= _PARAMETERS:
        return gold, renamed(pred, right.pop(), left.pop())
    return gold, pred


def same_argument(gold: Node, pred: Node) -> Node:
    """`pred` with the argument of its function named as in `gold`: `h(t) = 4t` and `h(x) = 4x` are one function."""
    left, right = gold[2], pred[2]
    is_call = left[0] == right[0] == "call" and left[1] == right[1] and len(left) == len(right) == 3
    if not is_call or left[2][0] != "sym" or right[2][0] != "sym" or left[2][1] in _symbols(pred):
        return pred
    return renamed(pred, right[2][1], left[2][1])


def _symbols(node: Node) -> set[str]:
    return {part[1] for part in walk(node) if part and part[0] == "sym"}


def renamed(node: Node, old: str, new: str) -> Node:
    """The tree with one variable renamed."""
    if node == ("sym", old):
        return ("sym", new)
    return tuple(renamed(part, old, new) if isinstance(part, tuple) else part for part in node)


def orient(node: Node) -> Node:
    """An inequality whose signs point to the left, so that `6 > a` and `a < 6` are one tree."""
    operators, terms = node[1], node[2:]
    if operators and set(operators) <= {">", ">="}:
        return ("rel", tuple(_FLIP[op] for op in reversed(operators)), *reversed(terms))
    return node


def definitions(node: Node) -> tuple[Node, ...] | None:
    """The values of a list `x = 7, y = -8` whose names are different and in order; None for any other list."""
    items = node[1:]
    if any(bare_value(item) is None or item[2][0] != "sym" for item in items):
        return None
    names = [item[2][1] for item in items]
    return tuple(item[3] for item in items) if names == sorted(set(names)) else None


def intervals(node: Node) -> Region | None:
    """The region that an interval, a union, or a solved inequality in one variable describes."""
    if node[0] == "seq":
        return Region(None, (node,)) if len(node) == 5 else None
    if node[0] in ("union", "list"):
        regions = [intervals(part) for part in node[1:]]
        names = {region.variable for region in regions if region}
        if None in regions or len(names) != 1:
            return None
        return Region(names.pop(), tuple(part for region in regions if region for part in region.parts))
    return _solved(node) if node[0] == "rel" else None


def _solved(node: Node) -> Region | None:
    operators, terms = node[1], node[2:]
    if operators == ("in",) and terms[0][0] == "sym":
        inner = intervals(terms[1])
        return Region(terms[0][1], inner.parts) if inner else None
    if len(operators) == 1 and operators[0] in _FLIP and operators[0] != "=":
        if terms[0][0] != "sym":
            operators, terms = (_FLIP[operators[0]],), (terms[1], terms[0])
        return _half_line(operators[0], *terms) if terms[0][0] == "sym" and not _symbols(terms[1]) else None
    _, operators, *chain = orient(node)
    if len(operators) != 2 or not set(operators) <= {"<", "<="} or chain[1][0] != "sym":
        return None
    if _symbols(chain[0]) | _symbols(chain[2]):
        return None
    opening, closing = "[" if operators[0] == "<=" else "(", "]" if operators[1] == "<=" else ")"
    return Region(chain[1][1], (("seq", opening, closing, chain[0], chain[2]),))


def _half_line(operator: str, variable: Node, bound: Node) -> Region:
    below: Node = ("seq", "(", "]" if operator == "<=" else ")", _MINUS_INFINITY, bound)
    above: Node = ("seq", "[" if operator == ">=" else "(", ")", bound, _INFINITY)
    parts = {"<": (below,), "<=": (below,), ">": (above,), ">=": (above,), "!=": (below, above)}[operator]
    return Region(variable[1], parts)
