"""Faulty versions of a composed function: one expression mutated, everywhere or only for some inputs.

The expressions and the mutations are ours; nothing of an agent's is run here. A mutant is kept where some input of a
pool tells it from the reference, so none is equivalent.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from assaygym.envs.families.pipelines import Pipeline, Type

__all__ = ["Faulty", "faulty_versions", "mutations", "outcome"]

Edit = Callable[[Any], None]
_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mod,
    ast.Mod: ast.FloorDiv,
}
_CALLED = {"min": "max", "max": "min", "sum": "max", "abs": "int", "sorted": "list", "len": "max", "set": "list"}
_METHODS = {"swapcase": "upper"}
GUARDS: dict[Type, tuple[str, ...]] = {
    "numbers": ("any(v < 0 for v in x)", "len(x) > 6", "len(set(x)) < len(x)", "0 in x", "max(x, default=0) > 15"),
    "text": ("any(c.isupper() for c in x)", "len(x.split()) > 4", "len(set(x.split())) < len(x.split())", "'z' in x"),
    "number": ("x < 0", "x > 300", "x % 5 == 0", "x % 2 == 1"),
}
"""When a fault that is not everywhere shows, in terms of the value that reaches the step."""


@dataclass(frozen=True, slots=True)
class Faulty:
    """A faulty version, and by the number of the input in the pool, those that show it."""

    pipeline: Pipeline
    shown_by: frozenset[int]


def outcome(pipeline: Pipeline, value: Any) -> str:
    """The result in words that differ where results do; the class of an exception where there is none."""
    try:
        return repr(pipeline.trace(value)[-1])
    except Exception as error:
        return f"raises {type(error).__name__}"


def faulty_versions(rng: random.Random, right: Pipeline, inputs: Sequence[Any], guarded: bool) -> list[Faulty]:
    """Mutants that some input shows and that differ from one another, in random order."""
    expected = [outcome(right, value) for value in inputs]
    found: dict[tuple[str, ...], Faulty] = {}
    for mutant in _mutants(rng, right, guarded):
        given = tuple(outcome(mutant, value) for value in inputs)
        shown_by = frozenset(i for i, (one, other) in enumerate(zip(given, expected, strict=True)) if one != other)
        if shown_by:
            found.setdefault(given, Faulty(mutant, shown_by))
    versions = list(found.values())
    rng.shuffle(versions)
    return versions


def _mutants(rng: random.Random, right: Pipeline, guarded: bool) -> Iterator[Pipeline]:
    kinds = _types(right)
    for number, code in enumerate(right.codes):
        for text in mutations(code):
            if guarded and rng.random() < 0.6:
                text = f"({text}) if {rng.choice(GUARDS[kinds[number]])} else ({code})"
            codes = (*right.codes[:number], text, *right.codes[number + 1 :])
            yield replace(right, codes=codes)


def _types(pipeline: Pipeline) -> list[Type]:
    """What reaches each step, told from a value that every step takes."""
    sample: dict[Type, Any] = {"numbers": [3, 4], "text": "ab cd", "number": 12}
    kinds: dict[type, Type] = {list: "numbers", str: "text", int: "number"}
    return [kinds[type(value)] for value in pipeline.trace(sample[pipeline.takes])[:-1]]


@lru_cache(maxsize=1024)
def mutations(code: str) -> tuple[str, ...]:
    """Every version of an expression with one thing changed."""
    tree = ast.parse(code, mode="eval")
    found = dict.fromkeys(["x"])
    for index, node in enumerate(ast.walk(tree)):
        for edit in _edits(node):
            changed = copy.deepcopy(tree)
            edit(next(other for i, other in enumerate(ast.walk(changed)) if i == index))
            found[ast.unparse(changed)] = None
    found.pop(ast.unparse(tree), None)
    return tuple(found)


def _edits(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Compare):
        yield from (_compared(kind) for kind in _COMPARED.get(type(node.ops[0]), ()))
    elif isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED:
        yield _set("op", _COMPUTED[type(node.op)]())
    elif isinstance(node, ast.Constant):
        yield from (_set("value", value) for value in _other_constants(node.value))
    elif isinstance(node, ast.Name) and node.id in _CALLED:
        yield _set("id", _CALLED[node.id])
    elif isinstance(node, ast.Attribute) and node.attr in _METHODS:
        yield _set("attr", _METHODS[node.attr])
    elif isinstance(node, ast.Slice):
        yield from (_set(part, None) for part in ("lower", "upper", "step") if getattr(node, part) is not None)


def _compared(kind: type[ast.cmpop]) -> Edit:
    def edit(node: Any) -> None:
        node.ops = [kind()]

    return edit


def _set(name: str, value: object) -> Edit:
    return lambda node: setattr(node, name, value)


def _other_constants(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
        if value > 0:
            yield value - 1
    elif isinstance(value, str) and len(value) > 1:
        yield value[:-1]
