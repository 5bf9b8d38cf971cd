"""Bugs for modules of ours: one small change of a Python source, of the kinds that people make."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator, Sequence

__all__ = ["mutant"]

Edit = Callable[[], None]
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add,),
    ast.FloorDiv: (ast.Mod,),
    ast.Mod: (ast.FloorDiv,),
}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
_METHODS = {
    "append": ("extend",), "lower": ("upper",), "upper": ("lower",), "startswith": ("endswith",),
    "endswith": ("startswith",), "strip": ("lstrip", "rstrip"), "lstrip": ("strip",), "rstrip": ("strip",),
}  # fmt: skip


def mutant(rng: random.Random, source: str, functions: Sequence[str] = ()) -> str:
    """The source with one change, in one of these functions (default: any); it may mean the same, or be the same.

    The text is that of `ast.unparse`, so compare it with an unparsed original.
    """
    tree = ast.parse(source)
    edits = list(_edits(tree, functions))
    if edits:
        rng.choice(edits)()
    return ast.unparse(tree) + "\n"


def _edits(tree: ast.Module, functions: Sequence[str]) -> Iterator[Edit]:
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and (not functions or function.name in functions):
            for node in (inner for statement in function.body for inner in ast.walk(statement)):
                yield from _of(node)


def _of(node: ast.AST) -> Iterator[Edit]:
    """The changes of one node, each of which alters the tree in place."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for kind in _COMPARISONS.get(type(node.ops[0]), ()):
            yield _setting(node, "ops", [kind()])
    elif isinstance(node, (ast.BinOp, ast.AugAssign)):
        for operator in _OPERATORS.get(type(node.op), ()):
            yield _setting(node, "op", operator())
    elif isinstance(node, ast.BoolOp):
        yield _setting(node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield _setting(node, "value", node.value + 1)
        if node.value > 0:
            yield _setting(node, "value", node.value - 1)
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield _setting(node, "value", not node.value)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield _setting(node, "op", ast.UAdd())
    elif isinstance(node, (ast.If, ast.IfExp)):
        yield _setting(node, "test", ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Call):
        yield from _of_call(node)


def _of_call(node: ast.Call) -> Iterator[Edit]:
    if isinstance(node.func, ast.Name) and node.func.id in _NAMES:
        yield _setting(node.func, "id", _NAMES[node.func.id])
    elif isinstance(node.func, ast.Attribute):
        for name in _METHODS.get(node.func.attr, ()):
            yield _setting(node.func, "attr", name)
    if len(node.args) == 2 and isinstance(node.func, ast.Name) and node.func.id not in ("range", "isinstance"):
        yield _setting(node, "args", node.args[::-1])


def _setting(node: ast.AST, field: str, value: object) -> Edit:
    return lambda: setattr(node, field, value)
