r"""From relations, and answers with conditions, to things: definitions, equations, families, regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assaygym.verifiers.maths.fuel import Fuel, OutOfFuelError
from assaygym.verifiers.maths.objects.families import Family
from assaygym.verifiers.maths.objects.items import Items, Record
from assaygym.verifiers.maths.objects.regions import Region, intersection, union
from assaygym.verifiers.maths.objects.relations import ANONYMOUS, Definition, Relation, Working
from assaygym.verifiers.maths.objects.signs import both_signs
from assaygym.verifiers.maths.objects.solving import integers_of, joined, read_region
from assaygym.verifiers.maths.objects.structures import Conditioned, is_about_others
from assaygym.verifiers.maths.objects.targets import Target, definable, tuple_of_names
from assaygym.verifiers.maths.objects.thing import Reader, Thing
from assaygym.verifiers.maths.objects.trees import ZERO
from assaygym.verifiers.maths.scalars.scalar import free_names
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["congruent", "read_condition", "read_relation"]

_DOMAINS: Final = ("Z", "N", "R")
_CLASS: Final = "k"
_CHECKING: Final = 100_000


def read_relation(node: Node, read: Reader) -> Thing:
    """The thing that a relation is."""
    ops, terms = node[1], node[2:]
    if "~" in ops:
        return _approximation(ops, terms, read)
    if ops and set(ops) == {"="}:
        return _equation(node, terms, read)
    if ops == ("in",) and terms[0][0] == "sym" and terms[1][0] in ("set", "setof"):
        return _member(node, terms, read)
    if ops == ("in",) and terms[0][0] in ("seq", "list") and terms[1][0] in ("set", "setof"):
        return read(terms[1])
    if ops == ("==",):
        return _congruence(node, terms, read)
    if ops == ("->",) and terms[0][0] == "ratio" and len(terms[0]) == 3:
        return _equation(node, (("call", terms[0][1][1], terms[0][2]), terms[1]), read)
    if ops == ("->",) and terms[0][0] == "sym" and terms[1][0] not in ("num", "const", "neg"):
        return Definition(node, f"{terms[0][1]} ->", read(terms[1]), read, ANONYMOUS, (terms[0][1],))
    return Relation(node, read)


def _approximation(ops: Sequence[str], terms: Sequence[Node], read: Reader) -> Thing:
    r"""What stands before `\approx`; a name alone is defined by what follows."""
    cut = ops.index("~")
    if cut == 0 and definable(terms[0], terms[1]):
        return read_relation(("rel", ("=",), terms[0], terms[1]), read)
    unit = terms[cut + 1] if terms[cut + 1][0] in ("unit", "money") else ZERO
    if cut == 0 and unit != ZERO and terms[0][0] not in ("unit", "money"):
        return read((unit[0], terms[0], unit[2]))
    return read(terms[0]) if cut == 0 else read(("rel", tuple(ops[:cut]), *terms[: cut + 1]))


def _equation(node: Node, terms: Sequence[Node], read: Reader) -> Thing:
    first, last = terms[0], terms[-1]
    names = tuple_of_names(first)
    if names is not None and last[0] == "seq" and len(last) - 3 == len(names) and _are_tuples(first, last):
        return _record(node, names, last[3:], read)
    if len(terms) > 2 and all(term[0] == "sym" for term in terms[:-1]):
        shared = {term[1]: last for term in terms[:-1]}
        is_value = last[0] != "sym" and free_names(last).isdisjoint(shared)
        return _record(node, list(shared), list(shared.values()), read) if is_value else Relation(node, read)
    target = definable(first, last)
    if target is not None:
        return _definition(first, last, target, read)
    if len(terms) == 2 and last[0] == "sym" and first[0] != "sym" and (target := definable(last, first)) is not None:
        return _definition(last, first, target, read)
    if not any(free_names(term) for term in terms):
        return Working(node, [read(term) for term in terms])
    return Relation(node, read)


def _are_tuples(names: Node, values: Node) -> bool:
    brackets = values[1:3]
    return bool(brackets == (names[1:3] if names[0] == "seq" else ("(", ")"))) and brackets[0] + brackets[1] in _PAIRS


_PAIRS: Final = ("()", "[]")


def _definition(left: Node, right: Node, target: Target, read: Reader) -> Thing:
    return Definition(("rel", ("=",), left, right), target.name, read(right), read, target.function, target.params)


def _record(node: Node, names: Sequence[str], values: Sequence[Node], read: Reader) -> Thing:
    pairs = zip(names, values, strict=True)
    definitions = {
        name: Definition(("rel", ("=",), ("sym", name), value), name, read(value), read) for name, value in pairs
    }
    return Record(node, definitions)


def _member(node: Node, terms: Sequence[Node], read: Reader) -> Thing:
    value = read(terms[1])
    if isinstance(value, (Items, Family)):
        return Definition(("rel", ("=",), *terms), terms[0][1], value, read)
    return Relation(node, read)


def _congruence(node: Node, terms: Sequence[Node], read: Reader) -> Thing:
    r"""`x \equiv 3 \pmod 7` as the family `x = 3 + 7k`."""
    left, right = terms
    if right[:2] != ("fn", "mod") and definable(left, right):
        return _equation(node, terms, read)
    if left[0] != "sym" or right[:2] != ("fn", "mod") or len(right) != 4:
        return Relation(node, read)
    return congruent(node, left, right[2][1:] if right[2][0] == "list" else (right[2],), right[3], read)


def congruent(node: Node, left: Node, residues: Sequence[Node], modulus: Node, read: Reader) -> Thing:
    """The definition of a name by the family of the integers with these residues."""
    both = [side for residue in residues for side in dict.fromkeys(both_signs(residue))]
    bodies = [("add", residue, ("mul", modulus, ("sym", _CLASS))) for residue in both]
    return Definition(node, left[1], Family(("family", "Z", (_CLASS,), *bodies), bodies, (_CLASS,), "Z", read), read)


def read_condition(node: Node, read: Reader) -> Thing:
    """An answer with what was said of its names: a family, a region, or the answer under conditions."""
    body, conditions = node[1], _flat(node[2:])
    declared = _declared(conditions)
    params = {name: domain for name, domain in declared.items() if name in free_names(body)}
    if body[0] != "seq" and not (body[0] == "rel" and body[-1][0] == "seq"):
        params = {name: domain for name, domain in params.items() if domain[0] != "R"}
    about = read_region(body) if params else None
    is_about = about is not None and about.name in params
    if params and not is_about and not (body[0] == "rel" and body[2][0] == "sym" and body[2][1] in params):
        return _family(node, body, conditions, params, read)
    integers = _integers(node, body, conditions, read)
    if integers is not None:
        return integers
    if body[0] in ("list", "or", "seq", "union") or (body[0] == "rel" and "=" not in body[1]):
        region = joined(node, [read_region(body), *map(read_region, conditions)], "inter")
        if region is not None and region.name is not None and body[0] != "list":
            return region
    told = _points_and_conditions(node, body, conditions)
    if told is not None:
        return told
    thing = read(body)
    kept = [condition for condition in conditions if not _says_nothing(condition, thing)]
    return Conditioned(node, thing, [read(condition) for condition in kept]) if kept else thing


def _integers(node: Node, body: Node, conditions: Sequence[Node], read: Reader) -> Thing | None:
    r"""`-2<x<1, x\in\mathbb Z` as the set of these integers."""
    region = read_region(body) if body[0] == "rel" else None
    if region is None or list(conditions) != [("rel", ("in",), ("sym", region.name), ("domain", "Z"))]:
        return None
    numbers = integers_of(region)
    return None if numbers is None else read(("set", *(("num", number, 1) for number in numbers)))


def _points_and_conditions(node: Node, body: Node, conditions: Sequence[Node]) -> Thing | None:
    """`a=0, a>4`, where no value satisfies the conditions: alternatives. None where the conditions change nothing."""
    points = [read_region(part) for part in (body[1:] if body[0] in ("list", "or") else (body,))]
    values, wanted = joined(node, points, "union"), joined(node, [read_region(part) for part in conditions], "inter")
    if values is None or wanted is None or values.name is None or values.name != wanted.name:
        return None
    fuel = Fuel(_CHECKING)
    try:
        inside = [Region(node, None, intersection([part.shape, wanted.shape])) for part in points if part is not None]
        empty = [part.is_empty(fuel) for part in inside]
    except OutOfFuelError:
        return None
    if all(empty):
        return Region(node, values.name, union([values.shape, wanted.shape]))
    return Region(node, values.name, intersection([values.shape, wanted.shape])) if any(empty) else None


def _flat(conditions: Sequence[Node]) -> list[Node]:
    return [part for condition in conditions for part in (condition[1:] if condition[0] == "list" else (condition,))]


def _says_nothing(condition: Node, thing: Thing) -> bool:
    if condition[0] == "words":
        return True
    if is_about_others(condition, thing.node):
        return False
    names = free_names(thing.value.node if isinstance(thing, Definition) else thing.node)
    return not names or names.isdisjoint(free_names(condition))


def _declared(conditions: Sequence[Node]) -> dict[str, str]:
    """The parameters among the conditions, with their domains; real ones only make families of points."""
    found = {}
    for condition in conditions:
        if condition[0] != "rel" or condition[1] != ("in",) or condition[3][0] != "domain":
            continue
        if condition[3][1][:1] in _DOMAINS:
            names = condition[2][1:] if condition[2][0] in ("list",) else (condition[2],)
            found.update({part[1]: condition[3][1] for part in names if part[0] == "sym"})
    return found


def _family(node: Node, body: Node, conditions: Sequence[Node], params: dict[str, str], read: Reader) -> Thing:
    thing = read(body)
    names = sorted(params)
    domain = "/".join(_domain_name(params[name]) for name in names) if len(set(params.values())) > 1 else ""
    domain = domain or _domain_name(params[names[0]])
    others = [part for part in conditions if part[1] != ("in",) and not free_names(part).isdisjoint(names)]
    if others:
        domain += f" {sorted(map(repr, others))}"
    if isinstance(thing, Definition):
        value = _make_family(thing.value, names, domain, read)
        return Definition(node, thing.target, value, read, thing.function, thing.params)
    return _make_family(thing, names, domain, read)


def _domain_name(name: str) -> str:
    return {"Z+": "N+", "N*": "N+", "N": "N", "Z0+": "N0"}.get(name, name)


def _make_family(thing: Thing, names: Sequence[str], domain: str, read: Reader) -> Thing:
    things = thing.items if isinstance(thing, Items) else (thing,)
    bodies = [part.node for part in things]
    return Family(("family", domain, tuple(names), *bodies), bodies, names, domain, read)
