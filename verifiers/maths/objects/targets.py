r"""What can stand on the left of a definition: `x`, `a_n`, `f(x)`, `P(A)`, `AB`, `\sin A`, `|AB|`, `m+n`."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from assaygym.verifiers.maths.scalars.scalar import free_names
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["Target", "definable", "tuple_of_names"]


class Target(NamedTuple):
    """`name` identifies it; a function has its own name and the names that its definition binds."""

    name: str
    function: str = ""
    params: tuple[str, ...] = ()


_POINT: Final = re.compile(r"[A-Z](?:'*|_?\{?[0-9A-Z]\}?)")
_GREEK: Final = frozenset(("alpha", "beta", "gamma", "delta", "theta", "phi", "varphi", "omega", "psi"))
_INDEXED: Final = re.compile(r"([A-Za-z]+)_\{?([a-z])\}?")
_TWO: Final[Node] = ("num", 2, 1)
_COMPLEX: Final[tuple[Node, ...]] = (("sym", "z"), ("sym", "w"))
_CHANGE: Final[Node] = ("sym", "Delta")
_LETTER: Final = re.compile("[a-dkm-su-v]|[A-Z]")
_OPERATORS: Final = frozenset(("sum", "prod", "integral", "limit", "derivative"))
_OF_POINTS: Final = frozenset(
    ("abs", "norm", "sin", "cos", "tan", "cot", "sec", "csc", "det", "max", "min", "tr", "arg", "re", "im", "conj")
)


def definable(node: Node, value: Node) -> Target | None:
    """The target that a tree is in front of `=` and this value; None when the equation defines nothing."""
    reader = _READERS.get(node[0])
    target = reader(node) if reader else _of_matrix(node, value)
    if target is None or (node[0] == "sym" and node[1] in free_names(value)):
        return None
    if node[0] in _VALUED and free_names(value):
        return target if "/" in target.name else None
    if node[0] in _SETS and value[0] not in _SETS_OF_VALUES:
        return None
    if node[0] == "sym" and not target.function:
        indexed = _INDEXED.fullmatch(node[1])
        if indexed and indexed[2] in free_names(value):
            return Target(node[1], f"{indexed[1]}_", (indexed[2],))
    return target


_VALUED: Final = frozenset(("add", "div", "ratio"))
_SETS: Final = frozenset(("union", "inter", "minus"))
_SETS_OF_VALUES: Final = frozenset(("set", "setof", "seq", "union", "inter", "domain"))


def _of_matrix(node: Node, value: Node) -> Target | None:
    """`A^{-1}`, `A^T`, `A^n` in front of a matrix."""
    is_power = node[0] == "pow" and node[1][0] == "sym" and value[0] == "matrix"
    return Target(repr(node)) if is_power and _POINT.fullmatch(node[1][1]) else None


def _symbol(node: Node) -> Target | None:
    return Target("dy/dx" if node[1] == "y'" else node[1])


def _call(node: Node) -> Target | None:
    arguments = node[2:]
    if all(part[0] == "sym" for part in arguments):
        params = tuple(part[1] for part in arguments)
        lower = all(_is_variable(name) for name in params)
        return Target(repr(node), node[1], params) if lower and len(set(params)) == len(params) else Target(repr(node))
    return Target(repr(node))


def _is_variable(name: str) -> bool:
    return name[0].islower()


def _product(node: Node) -> Target | None:
    r"""Points written together, a segment or a polygon; `\Delta p`."""
    factors = node[1:]
    if factors[0] == _CHANGE and all(part[0] == "sym" for part in factors):
        return Target(" ".join(part[1] for part in factors))
    if all(part[0] == "sym" and part[1].startswith("vec ") for part in factors):
        return Target(" ".join(sorted(part[1] for part in factors)))
    *others, last = factors
    square = "^2" if last[0] == "pow" and last[2] == _TWO else ""
    points = (*others, last[1] if square else last)
    if all(part[0] == "sym" and _POINT.fullmatch(part[1]) for part in points):
        return Target("".join(part[1] for part in points) + square)
    return None


def _of_sets(node: Node) -> Target | None:
    r"""`A\cap B`."""
    parts = sorted(node[1:]) if node[0] != "minus" else node[1:]
    return Target(repr((node[0], *parts))) if all(part[0] == "sym" for part in parts) else None


def _combination(node: Node) -> Target | None:
    """`m+n`, `m/n`, `a:b`: what a problem that introduces these letters asks for; never the unknowns of an equation."""
    parts = sorted(node[1:]) if node[0] == "add" else node[1:]
    if node[0] in ("ratio", "div") and all(part[0] == "mul" for part in parts):
        lengths = [_product(part) for part in parts]
        return None if None in lengths else Target(f" {node[0]} ".join(length.name for length in lengths if length))
    if not all(part[0] == "sym" for part in parts) or len(set(parts)) != len(parts):
        return None
    if node[0] != "ratio" and not all(_LETTER.fullmatch(part[1]) for part in parts):
        return None
    return Target(f" {node[0]} ".join(part[1] for part in parts))


def _function(node: Node) -> Target | None:
    inner = node[2:]
    if node[1] not in _OF_POINTS or len(inner) != 1:
        return None
    part = inner[0]
    is_length = node[1] == "abs" and (part in _COMPLEX or _is_of_vectors(part))
    if node[1] == "norm" or is_length:
        return Target(repr(("fn", "norm", part)))
    fine = part[0] in ("mul", "call") and _product(part) if part[0] == "mul" else part[0] == "sym"
    if part[0] == "sym":
        fine = bool(_POINT.fullmatch(part[1])) or part[1] in _GREEK
    return Target(repr(node)) if fine else None


def _is_of_vectors(node: Node) -> bool:
    names = free_names(node)
    return bool(names) and all(name.startswith("vec ") for name in names)


def _operator(node: Node) -> Target | None:
    return Target(repr(node))


def _quotient(node: Node) -> Target | None:
    """`dy/dx`."""
    names = [_flat(part) for part in node[1:]]
    if all(name.startswith("d") and len(name) > 1 for name in names):
        return Target("/".join(names))
    return _combination(node)


def _flat(node: Node) -> str:
    parts = node[1:] if node[0] == "mul" else (node,)
    return "".join(part[1] for part in parts) if all(part[0] == "sym" for part in parts) else ""


_READERS: Final = {
    "sym": _symbol,
    "call": _call,
    "mul": _product,
    "add": _combination,
    "ratio": _combination,
    "fn": _function,
    "div": _quotient,
    **dict.fromkeys(("union", "inter", "minus"), _of_sets),
    **dict.fromkeys(_OPERATORS, _operator),
}


def tuple_of_names(node: Node) -> tuple[str, ...] | None:
    """The names of `(x, y)`; None when it is not made of different names."""
    if node[0] not in ("seq", "list"):
        return None
    items = node[3:] if node[0] == "seq" else node[1:]
    if not all(item[0] == "sym" for item in items) or len(set(items)) != len(items):
        return None
    return tuple(item[1] for item in items)
