r"""Conditions on one real variable as regions: `x\ge2`, `1>k\ge-4`, `2x>6`, `|x-1|\le2`, `x\in[0,1]`.

Only what a rearrangement solves is solved: linear inequalities and the absolute value of something linear. A quadratic
inequality is another answer than its solution.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Final

from assaygym.verifiers.maths.fuel import Fuel, OutOfFuelError
from assaygym.verifiers.maths.objects.regions import (
    EVERYTHING,
    NOTHING,
    Piece,
    Region,
    Shape,
    intersection,
    outside,
    union,
)
from assaygym.verifiers.maths.objects.signs import both_signs, count_signs
from assaygym.verifiers.maths.objects.trees import ONE, ZERO, difference, linear, negated, settled
from assaygym.verifiers.maths.scalars.scalar import Scalar, free_names, rational, sign
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["FLIPPED", "half_line", "integers_of", "interval", "joined", "point", "read_region", "sign_of"]

FLIPPED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
_MAIN_NAMES: Final = frozenset("xyzt")
_COMPLEX_NAMES: Final = frozenset("zw")
MAX_INTEGERS: Final = 200
"""Most members of a set of integers that is written out."""
_SIGN_STEPS: Final = 100_000


def read_region(node: Node) -> Region | None:
    """The region that a tree describes; None when it describes none that can be told from its form."""
    found = _read(node)
    return None if found is None else Region(node, *found)


def joined(node: Node, regions: list[Region | None], how: str) -> Region | None:
    """Regions of one variable put together as the head of a shape says."""
    names = {region.name for region in regions if region is not None and region.name is not None}
    if not regions or None in regions or len(names) > 1:
        return None
    shapes = [region.shape for region in regions if region is not None]
    return Region(node, names.pop() if names else None, intersection(shapes) if how == "inter" else (how, *shapes))


def integers_of(region: Region) -> list[int] | None:
    """The integers in a region between rational bounds; None when they are not known, or many."""
    fuel = Fuel(_SIGN_STEPS)
    try:
        pieces = region.normal(fuel) or ()
        bounds = [(_bound(piece.low, fuel), _bound(piece.high, fuel)) for piece in pieces]
    except OutOfFuelError:
        return None
    found: set[int] = set()
    for piece, (low, high) in zip(pieces, bounds, strict=True):
        if low is None or high is None or high - low > MAX_INTEGERS:
            return None
        inside = range(ceil(low), floor(high) + 1)
        found.update(n for n in inside if (n != low or piece.low_closed) and (n != high or piece.high_closed))
    return sorted(found) if pieces and len(found) <= MAX_INTEGERS else None


def _bound(end: Scalar | None, fuel: Fuel) -> Fraction | None:
    return None if end is None else rational(end.tree, fuel)


def _read(node: Node) -> tuple[str | None, Shape] | None:
    reader = _READERS.get(node[0])
    return reader(node) if reader else None


def interval(node: Node) -> Shape | None:
    r"""The shape of `("seq", open, close, low, high)`; None for another sequence and for `(3,1)`."""
    if len(node) != 5 or node[1] not in "([" or node[2] not in ")]":
        return None
    low, high = _end(node[3]), _end(node[4])
    if low is None or high is None or low == "inf" or high == "-inf":
        return None
    return (
        "piece",
        Piece(
            None if isinstance(low, str) else low,
            node[1] == "[" and not isinstance(low, str),
            None if isinstance(high, str) else high,
            node[2] == "]" and not isinstance(high, str),
        ),
    )


def _end(node: Node) -> Scalar | str | None:
    """An endpoint: a scalar, "inf", "-inf", or None for what is no number."""
    sign_text = ""
    if node[0] == "neg" or (node[0] == "add" and len(node) == 2):
        sign_text, inner = ("-" if node[0] == "neg" else ""), node[1]
        if inner == ("const", "inf"):
            return sign_text + "inf"
    if node == ("const", "inf"):
        return "inf"
    while node[0] in ("unit", "money"):
        node = node[1]
    return None if node[0] in _NO_NUMBERS else Scalar(node)


_NO_NUMBERS: Final = frozenset(("seq", "set", "list", "or", "rel", "matrix", "words", "setof",
    "union", "inter", "minus", "with", "domain", "ratio", "pm", "mp"))  # fmt: skip


def point(node: Node) -> Shape | None:
    """The shape of one number."""
    end = _end(node)
    return ("piece", Piece(end, True, end, True)) if isinstance(end, Scalar) else None


def half_line(op: str, bound: Node) -> Shape | None:
    """The numbers that stand in this relation to a bound; None where the bound is no number."""
    end = _end(bound)
    if end is None:
        return None
    if isinstance(end, str):
        upward = end == "inf"
        return EVERYTHING if op in (("<", "<=", "!=") if upward else (">", ">=", "!=")) else NOTHING
    if op in ("=", "!="):
        here: Shape = ("piece", Piece(end, True, end, True))
        return here if op == "=" else outside(here)
    if op in ("<", "<="):
        return ("piece", Piece(None, False, end, op == "<="))
    return ("piece", Piece(end, op == ">=", None, False))


def _interval(node: Node) -> tuple[str | None, Shape] | None:
    shape = interval(node)
    return None if shape is None else (None, shape)


def _set(node: Node) -> tuple[str | None, Shape] | None:
    points = [point(item) for item in node[1:]]
    shapes = [shape for shape in points if shape is not None]
    return (None, union(shapes) if shapes else NOTHING) if len(shapes) == len(points) else None


def _domain(node: Node) -> tuple[str | None, Shape] | None:
    name = node[1].replace("^", "").replace("_", "")
    above, below = half_line(">", ZERO), half_line("<", ZERO)
    shapes = {"R": EVERYTHING, "R+": above, "R-": below, "R*": outside(point(ZERO) or NOTHING)}
    shape = shapes.get(name) or {"R0+": half_line(">=", ZERO), "R0-": half_line("<=", ZERO)}.get(name)
    return None if shape is None else (None, shape)


def _joint(node: Node) -> tuple[str | None, Shape] | None:
    if node[0] == "list" and any(part[0] != "rel" for part in node[1:]):
        return None
    region = joined(node, [read_region(part) for part in node[1:]], _HOW[node[0]])
    return None if region is None else (region.name, region.shape)


_HOW: Final = {"union": "union", "or": "union", "inter": "inter", "minus": "minus", "list": "listed"}


def _setof(node: Node) -> tuple[str | None, Shape] | None:
    if node[1][0] == "rel" and node[1][1] == ("in",) and node[1][2][0] == "sym":
        conditions: tuple[Node, ...] = (node[1], *node[2:])
        name = node[1][2][1]
    elif node[1][0] == "sym":
        conditions, name = node[2:], node[1][1]
    else:
        return None
    region = joined(node, [read_region(part) for part in conditions], "inter")
    return (None, region.shape) if region is not None and region.name == name else None


def _relation(node: Node) -> tuple[str | None, Shape] | None:
    ops, terms = node[1], node[2:]
    if ops in (("in",), ("notin",)):
        return _membership(node)
    if not ops or not all(op in FLIPPED for op in ops):
        return None
    if ops == ("!=",) and count_signs(node) != (0, 0):
        region = joined(node, [read_region(side) for side in both_signs(node)], "inter")
        return None if region is None else (region.name, region.shape)
    name = _variable(ops, terms)
    if name is None:
        return None
    terms = tuple(("sym", name) if term[0] == "call" and _call_name(term) == name else term for term in terms)
    shapes = [_solved(op, terms[i], terms[i + 1], name) for i, op in enumerate(ops)]
    found = [shape for shape in shapes if shape is not None]
    return (name, intersection(found)) if len(found) == len(shapes) else None


def _membership(node: Node) -> tuple[str | None, Shape] | None:
    inner = read_region(node[3]) if len(node) == 4 else None
    names = list(node[2][1:] if node[2][0] == "list" else (node[2],))
    if inner is None or len(names) != 1 or names[0][0] not in ("sym", "call"):
        return None
    name = names[0][1] if names[0][0] == "sym" else _call_name(names[0])
    return name, inner.shape if node[1] == ("in",) else outside(inner.shape)


def _call_name(node: Node) -> str:
    return f"{node[1]}({','.join(str(part[1]) for part in node[2:])})"


def _variable(ops: tuple[str, ...], terms: tuple[Node, ...]) -> str | None:
    """The name that a chain of relations is about."""
    calls = {_call_name(term) for term in terms if term[0] == "call"}
    names = set().union(*(free_names(term) for term in terms if term[0] != "call"))
    if calls:
        return calls.pop() if len(calls) == 1 and not names else None
    if len(names) == 1:
        return names.pop()
    if len(ops) == 2 and terms[1][0] == "sym" and terms[1][1] not in free_names(terms[0]) | free_names(terms[2]):
        return str(terms[1][1])
    if len(ops) != 1:
        return None
    alone = [a[1] for a, b in (terms, terms[::-1]) if a[0] == "sym" and a[1] not in free_names(b)]
    main = [name for name in alone if name in _MAIN_NAMES] or alone
    return str(main[0]) if main else None


def _solved(op: str, left: Node, right: Node, name: str) -> Shape | None:
    if left == ("sym", name) and name not in free_names(right):
        return half_line(op, right)
    if right == ("sym", name) and name not in free_names(left):
        return half_line(FLIPPED[op], left)
    if right[:2] == ("fn", "abs"):
        op, left, right = FLIPPED[op], right, left
    if left[:2] == ("fn", "abs") and not free_names(right):
        return None if name in _COMPLEX_NAMES else _absolute(op, left[2], right, name)
    return _linear(op, difference(left, right), name)


def sign_of(node: Node) -> int | None:
    """The sign of a real constant; None when it is none, or takes too long to tell."""
    if node[0] == "num":
        return int(node[1] > 0) - int(node[1] < 0)
    try:
        return sign(Scalar(node), Fuel(_SIGN_STEPS))
    except OutOfFuelError:
        return None


def _linear(op: str, side: Node, name: str) -> Shape | None:
    """Where `side op 0` holds."""
    parts = linear(side, name)
    if parts is None or parts[0] == ZERO or free_names(parts[0]):
        return None
    direction = sign_of(parts[0])
    if not direction:
        return None
    bound = negated(parts[1])
    return half_line(
        op if direction > 0 else FLIPPED[op], settled(bound if parts[0] == ONE else ("div", bound, parts[0]))
    )


def _absolute(op: str, inner: Node, bound: Node, name: str) -> Shape | None:
    """Where `|inner| op bound` holds, for a bound above zero."""
    direction = sign_of(bound)
    if direction is None or direction <= 0:
        return None
    if op == "!=":
        shape = _absolute("=", inner, bound, name)
        return None if shape is None else outside(shape)
    upper = _linear(op, difference(inner, bound), name)
    lower = _linear(FLIPPED[op], difference(inner, negated(bound)), name)
    if upper is None or lower is None:
        return None
    return intersection([lower, upper]) if op in ("<", "<=") else union([lower, upper])


_READERS: Final = {
    "seq": _interval,
    "set": _set,
    "domain": _domain,
    "union": _joint,
    "inter": _joint,
    "minus": _joint,
    "or": _joint,
    "list": _joint,
    "setof": _setof,
    "rel": _relation,
}
