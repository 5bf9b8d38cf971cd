"""What several items together are: the values of one name, a record of several, or a list, a set, alternatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from assaygym.verifiers.maths.objects.items import Items, Record, Sort
from assaygym.verifiers.maths.objects.relations import Definition
from assaygym.verifiers.maths.objects.signs import MAX_INDEPENDENT, both_signs, count_signs, independent_signs
from assaygym.verifiers.maths.objects.thing import Reader, Thing
from assaygym.verifiers.maths.scalars.scalar import free_names
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["read_items", "read_signed"]

_KEEP: Final = frozenset(("or", "list", "set", "with"))


def read_items(node: Node, parts: Sequence[Node], sort: Sort, read: Reader) -> Thing:
    """The thing that these items are."""
    if hoisted := _shared_conditions(parts):
        inner = (sort, *parts[:-1], parts[-1][1])
        return read(("with", inner, *hoisted))
    parts = _spread_names(parts)
    things = _read_all(parts, read)
    if len(things) == 1 and sort != "set":
        return things[0]
    definitions = [thing for thing in things if isinstance(thing, Definition)]
    if len(definitions) == len(things) and definitions:
        found = _of_definitions(node, definitions, sort, read)
        if found is not None:
            return found
    return Items(node, things, sort, _independent(parts, sort, read))


def read_signed(node: Node, read: Reader) -> Thing | None:
    """Both values of what has plus-minus signs; None when no sign is one."""
    sides = both_signs(node)
    if node in sides:
        return None
    things = [read(side) for side in sides]
    sort: Sort = "list" if node[0] == "rel" and node[1] == ("!=",) else "or"
    return Items(node, things, sort, _independent([node], "or", read))


def _shared_conditions(parts: Sequence[Node]) -> Sequence[Node]:
    """The conditions after the last item, when they are on a parameter that all items have."""
    last = parts[-1] if parts else ("set",)
    if len(parts) < 2 or last[0] != "with" or any(part[0] == "with" for part in parts[:-1]):
        return ()
    said = [part[2][1] for part in last[2:] if part[0] == "rel" and part[1] == ("in",) and part[2][0] == "sym"]
    return last[2:] if any(all(name in free_names(part) for part in parts) for name in said) else ()


def _read_all(parts: Sequence[Node], read: Reader) -> list[Thing]:
    things: list[Thing] = []
    for part in parts:
        thing = read(part)
        is_signed = isinstance(thing, Items) and part[0] not in _KEEP and count_signs(part) != (0, 0)
        things.extend(thing.items if isinstance(thing, Items) and is_signed else [thing])
    return things


def _independent(parts: Sequence[Node], sort: Sort, read: Reader) -> Callable[[], Sequence[Thing]] | None:
    """The items with each sign chosen for itself, where an item has several plus signs."""
    counts = [count_signs(part) for part in parts]
    if sort == "set" or not any(plus > 1 for plus, _ in counts):
        return None
    if any(minus or plus > MAX_INDEPENDENT for plus, minus in counts):
        return None
    return lambda: [read(side) for part in parts for side in independent_signs(part)]


def _spread_names(parts: Sequence[Node]) -> Sequence[Node]:
    r"""`x=1, 2` as `x=1, x=2`, and `x\ne1, 2` so too."""
    first: Node = parts[0] if parts else ("set",)
    if len(parts) < 2 or first[0] != "rel" or first[1] not in (("=",), ("!=",)) or first[2][0] != "sym":
        return parts
    if not all(part[0] in _ARITHMETIC for part in parts[1:]):
        return parts
    return [first, *(("rel", first[1], first[2], part) for part in parts[1:])]


_ARITHMETIC: Final = frozenset(
    (
        "num",
        "dec",
        "sci",
        "mixed",
        "repeating",
        "const",
        "add",
        "mul",
        "div",
        "neg",
        "pow",
        "pm",
        "fn",
        "deg",
        "percent",
    )
)


def _of_definitions(node: Node, definitions: Sequence[Definition], sort: Sort, read: Reader) -> Thing | None:
    """One definition with several values, a record, a list of records; None for anything else."""
    first = definitions[0]
    names = [definition.target for definition in definitions]
    if len(set(names)) == 1 or all(_same_function(first, other) for other in definitions):
        values = [value for definition in definitions for value in _values(definition.with_params(first.params))]
        value = Items(("list", *(value.node for value in values)), values, "set" if sort == "set" else sort)
        return Definition(node, first.target, value, read, first.function, first.params)
    if sort != "list":
        return None
    if len(set(names)) == len(names):
        return Record(node, {definition.target: definition for definition in definitions})
    return _of_records(node, definitions, names)


def _same_function(first: Definition, other: Definition) -> bool:
    return bool(first.function) and first.function == other.function and len(first.params) == len(other.params)


def _values(thing: Thing) -> Sequence[Thing]:
    return thing.items if isinstance(thing, Items) and thing.sort != "set" else (thing,)


def _of_records(node: Node, definitions: Sequence[Definition], names: Sequence[str]) -> Thing | None:
    """`x=1, y=2, x=2, y=1`: the names in turn."""
    width = len(set(names))
    if len(names) % width or any(name != names[place % width] for place, name in enumerate(names)):
        return None
    records = []
    for start in range(0, len(names), width):
        group = definitions[start : start + width]
        inner = ("list", *(definition.node for definition in group))
        records.append(Record(inner, {definition.target: definition for definition in group}))
    return Items(node, records, "list")
