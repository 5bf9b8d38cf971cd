"""From a tree to the thing that it means, as far as its form tells; what means nothing known is a `Structure`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from assaygym.verifiers.maths.objects.angles import without_degrees, without_units
from assaygym.verifiers.maths.objects.families import Family
from assaygym.verifiers.maths.objects.items import Items
from assaygym.verifiers.maths.objects.listing import read_items, read_signed
from assaygym.verifiers.maths.objects.relations import Definition
from assaygym.verifiers.maths.objects.sequences import Based, Matrix, Ratio, Tuple
from assaygym.verifiers.maths.objects.signs import count_signs
from assaygym.verifiers.maths.objects.solving import integers_of, joined, read_region
from assaygym.verifiers.maths.objects.statements import congruent, read_condition, read_relation
from assaygym.verifiers.maths.objects.structures import Builder, Cases, Structure, Words
from assaygym.verifiers.maths.objects.thing import Thing
from assaygym.verifiers.maths.objects.trees import heads
from assaygym.verifiers.maths.objects.units import read_unit
from assaygym.verifiers.maths.objects.values import Angle, Percent, Quantity, Value
from assaygym.verifiers.maths.objects.vectors import determinants_expanded, spread, with_multiples
from assaygym.verifiers.maths.scalars.scalar import free_names
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["interpret"]

_SPECIAL: Final = frozenset(("pm", "mp", "matrix", "seq", "unit", "money", "deg", "based", "words", "rel", "list",
    "or", "set", "setof", "union", "inter", "minus", "domain", "ratio", "with", "not", "forall"))  # fmt: skip
_NO_VALUES: Final = _SPECIAL - {"deg", "unit", "money", "based"}
_POINT: Final = re.compile(r"[A-Z]'*(?:_.*)?")


def interpret(node: Node) -> Thing:
    """What a tree means. Depends on nothing but the tree; never raises."""
    reader = _READERS.get(node[0]) if node and isinstance(node[0], str) else None
    return reader(node) if reader else Structure(node, interpret)


def _number(node: Node) -> Thing:
    return Value(node)


def _expression(node: Node) -> Thing:
    found = heads(node) & _SPECIAL
    if not found:
        return Value(node)
    if "pm" in found or "mp" in found:
        return _signed(node)
    if found == {"domain", "set"} and node[0] == "add" and len(node) == 3 and node[2][0] == "neg":
        return _line(("minus", node[1], node[2][1]))
    if "matrix" in found or "seq" in found:
        return _array(node)
    if "unit" in found or "money" in found:
        bare = without_units(node)
        return Quantity(node, interpret(bare[0]), bare[1]) if bare else Structure(node, interpret)
    if found == {"deg"}:
        plain = without_degrees(node)
        return Value(node) if plain == node else Angle(node, plain)
    if node[0] == "neg" and node[1][0] == "based":
        return Based(node, node[1][1], node[1][2], True)
    return Structure(node, interpret) if found & _NO_VALUES else Value(node)


def _signed(node: Node) -> Thing:
    """Both values of what has plus-minus signs."""
    return read_signed(node, interpret) or Structure(node, interpret)


def _array(node: Node) -> Thing:
    expanded = with_multiples(determinants_expanded(node))
    if not heads(expanded) & {"matrix", "seq"}:
        return _expression(expanded)
    array = spread(expanded)
    return interpret(array) if array is not None else Structure(node, interpret)


def _degrees(node: Node) -> Thing:
    return Angle(node, node[1]) if not heads(node[1]) & _SPECIAL else _expression(node)


def _percent(node: Node) -> Thing:
    return Percent(node) if not heads(node) & _SPECIAL else _expression(node)


def _quantity(node: Node) -> Thing:
    if count_signs(node) != (0, 0):
        return _signed(node)
    return Quantity(node, interpret(node[1]), read_unit(node[2]))


def _sequence(node: Node) -> Thing:
    if count_signs(node) != (0, 0):
        return _signed(node)
    items = [interpret(item) for item in node[3:]]
    if len(items) == 1 and node[1:3] == ("(", ")"):
        return items[0]
    if len(items) > 1 and all(isinstance(item, Definition) for item in items):
        return read_items(node, node[3:], "list", interpret)
    return Tuple(node, (node[1], node[2]), items)


def _list(node: Node) -> Thing:
    parts: tuple[Node, ...] = node[1:]
    first, last = (parts[0], parts[-1]) if len(parts) > 1 else (node, node)
    if first[:2] == ("rel", ("==",)) and last[:2] == ("fn", "mod") and first[2][0] == "sym" and len(first) == 4:
        return congruent(node, first[2], [first[3], *parts[1:-1], last[2]], last[3], interpret)
    return read_items(node, node[1:], node[0], interpret)


def _relation(node: Node) -> Thing:
    if count_signs(node) == (0, 0) or node[1] == ("==",):
        return read_relation(node, interpret)
    if node[1] and set(node[1]) == {"="} and count_signs(node[2]) == (0, 0):
        found = read_relation(node, interpret)
        if isinstance(found, Definition):
            return found
    return _signed(node)


def _matrix(node: Node) -> Thing:
    if count_signs(node) != (0, 0):
        return _signed(node)
    return Matrix(node, [[interpret(entry) for entry in row] for row in node[1:]])


def _based(node: Node) -> Thing:
    return Based(node, node[1], node[2], False)


def _call(node: Node) -> Thing:
    """A named point `Q(2,-2)`, or an unknown function's value."""
    arguments = node[2:]
    if len(arguments) > 1 and _POINT.fullmatch(node[1]) and not any(free_names(part) for part in arguments):
        return Definition(node, node[1], _sequence(("seq", "(", ")", *arguments)), interpret)
    return _expression(node)


def _cases(node: Node) -> Thing:
    branches = [(interpret(value), None if told is None else interpret(told)) for value, told in node[1:]]
    return Cases(node, branches)


def _set_builder(node: Node) -> Thing:
    region = read_region(node)
    if region is not None:
        return region
    element, conditions = node[1], node[2:]
    if element[0] == "rel" and element[1] == ("in",):
        element, conditions = element[2], (element, *conditions)
    family = _as_family(node, element, conditions) or _integers(node, element, conditions)
    return family or Builder(("setof", element, *conditions), interpret)


def _as_family(node: Node, element: Node, conditions: Sequence[Node]) -> Thing | None:
    r"""`\{2k\pi \mid k\in\mathbb Z\}` and `\{x \mid x=2k\pi, k\in\mathbb Z\}`."""
    if element[0] == "sym":
        values = [part[3] for part in conditions if part[:3] == ("rel", ("=",), element)]
        rest = [part for part in conditions if part[:3] != ("rel", ("=",), element) and part != _real(element)]
        if len(values) != 1:
            return None
        element, conditions = values[0], rest
    found = read_condition(("with", element, *conditions), interpret)
    return found if isinstance(found, Family) else None


def _integers(node: Node, element: Node, conditions: Sequence[Node]) -> Thing | None:
    r"""`\{x\in\mathbb Z \mid 2\le x\le3\}`, when there are few."""
    whole = [part for part in conditions if part[:3] == ("rel", ("in",), element) and part[3] in _WHOLE]
    if len(whole) != 1:
        return None
    region = joined(node, [read_region(part) for part in conditions if part not in whole], "inter")
    numbers = None if region is None else integers_of(region)
    if numbers is not None and whole[0][3] != ("domain", "Z"):
        if 0 in numbers and whole[0][3] == ("domain", "N"):
            return None  # whether 0 is one of these numbers is a matter of taste
        numbers = [number for number in numbers if number > 0]
    return None if numbers is None else Items(node, [Value(("num", number, 1)) for number in numbers], "set")


_WHOLE: Final = tuple(("domain", name) for name in ("Z", "N", "N*", "N+", "Z+"))


def _real(element: Node) -> Node:
    return ("rel", ("in",), element, ("domain", "R"))


def _line(node: Node) -> Thing:
    """A union, an intersection, a difference or a domain."""
    if count_signs(node) != (0, 0):
        return _signed(node)
    if node[0] == "domain":
        node = ("domain", _POSITIVE.get(node[1], node[1]))
    if node[0] == "union" and all(part[0] == "set" for part in node[1:]):
        return read_items(node, [item for part in node[1:] for item in part[1:]], "set", interpret)
    region = read_region(node)
    if region is None and node[0] == "inter" and all(part[0] == "rel" for part in node[1:]):
        return read_items(node, node[1:], "list", interpret)
    return region or Structure(node, interpret)


_POSITIVE: Final = {"N*": "Z+", "N+": "Z+"}


def _conditioned(node: Node) -> Thing:
    return read_condition(node, interpret)


_READERS: Final[dict[str, Callable[[Node], Thing]]] = {
    **dict.fromkeys(("num", "dec", "sci", "mixed", "repeating", "const", "sym"), _number),
    **dict.fromkeys(("add", "mul", "div", "neg", "pow", "fn", "sum", "prod", "integral", "limit"), _expression),
    "derivative": _expression,
    "pm": _signed,
    "mp": _signed,
    "call": _call,
    "percent": _percent,
    "deg": _degrees,
    "unit": _quantity,
    "money": _quantity,
    "seq": _sequence,
    "list": _list,
    "or": _list,
    "set": _list,
    "setof": _set_builder,
    **dict.fromkeys(("union", "inter", "minus", "domain"), _line),
    "matrix": _matrix,
    "ratio": Ratio,
    "based": _based,
    "cases": _cases,
    "rel": _relation,
    "with": _conditioned,
    "words": Words,
}
