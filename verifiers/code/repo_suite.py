"""Test files as trees, and edits of them that make one assertion of a test wrong."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from assaygym.verifiers.code.repo_perturb import SHIFTED, other_expression, other_value, wrapped
from assaygym.verifiers.code.source import parse_module

__all__ = ["Suite"]

_UNLIKELY = ("BufferError", "UnicodeTranslateError")
_PASSED_BY = {"suppress", "warns", "deprecated_call", "assertWarns", "assertLogs", "subTest"}
_RAISES = {"raises", "assertRaises", "assertRaisesRegex"}
_LEAVES = {"skip", "fail", "xfail", "exit", "skipTest", "importorskip"}
_OPPOSITES = {
    "assertTrue": "assertFalse",
    "assertNotEqual": "assertEqual",
    "assertIn": "assertNotIn",
    "assertNotIn": "assertIn",
    "assertIs": "assertIsNot",
    "assertIsNot": "assertIs",
    "assertIsNone": "assertIsNotNone",
    "assertIsNotNone": "assertIsNone",
    "assertIsInstance": "assertNotIsInstance",
    "assertNotIsInstance": "assertIsInstance",
    "assertGreater": "assertLess",
    "assertGreaterEqual": "assertLess",
    "assertLess": "assertGreater",
    "assertLessEqual": "assertGreater",
    "assertRegex": "assertNotRegex",
    "assertNotRegex": "assertRegex",
    "assertAlmostEqual": "assertNotAlmostEqual",
    "assertNotAlmostEqual": "assertAlmostEqual",
    "assertFalse": "assertTrue",
}


@dataclass(frozen=True, slots=True)
class Edit:
    """One field of one node of a tree, and what stands there instead."""

    node: Any
    field: str
    new: Any


class Suite:
    """The tests of one file, and ways to make each of them fail.

    Args:
        source: the file.
        helper: the module that gives it `shifted`.

    Raises:
        SyntaxError: it is not Python.
    """

    def __init__(self, source: str, helper: str) -> None:
        self._tree = parse_module(source)
        _import_helper(self._tree.body, helper)
        self._functions = dict(_functions(self._tree.body))

    def sites(self, test: str) -> int:
        """How many ways there are for a test, `test_f` or `TestC::test_f`; 0: there is no such test here."""
        function = self._functions.get(test)
        return len(_sites(function)) if function is not None else 0

    def position(self, test: str) -> int:
        """Where the test stands among the functions of the file; behind them all where it does not."""
        return list(self._functions).index(test) if test in self._functions else len(self._functions)

    def source(self, wrong: Iterable[tuple[str, int]] = (), rng: random.Random | None = None) -> str:
        """The file, printed anew in any case, with the given tests made wrong, each at one site."""
        rng = rng or random.Random(0)
        edits = [_sites(self._functions[test])[site](rng) for test, site in wrong]
        before = [Edit(edit.node, edit.field, getattr(edit.node, edit.field)) for edit in edits]
        _apply(edits)
        try:
            return ast.unparse(ast.fix_missing_locations(self._tree)) + "\n"
        finally:
            _apply(reversed(before))


def _import_helper(body: list[ast.stmt], helper: str) -> None:
    """Import it after the docstring and what must stand first."""
    at = 1 if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) else 0
    while at < len(body) and isinstance(body[at], ast.ImportFrom) and getattr(body[at], "module", "") == "__future__":
        at += 1
    body.insert(at, ast.ImportFrom(helper, [ast.alias("shifted", SHIFTED)], 0))


def _apply(edits: Iterable[Edit]) -> None:
    for edit in edits:
        setattr(edit.node, edit.field, edit.new)


def _functions(body: Sequence[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"{prefix}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}::")


def _sites(function: Any) -> list[Any]:
    """What makes an edit of a random generator, for each assertion that surely runs; else one that always fails."""
    found = list(_straight(function.body, function, sure=True))
    found = found or list(_straight(function.body, function, sure=False))
    return found or [lambda rng: Edit(function, "body", [_never(rng), *function.body])]


def _never(rng: random.Random) -> ast.stmt:
    return parse_module(f"assert {rng.randrange(1, 50)} == {rng.randrange(51, 99)}").body[0]


def _straight(body: Sequence[ast.stmt], function: Any, *, sure: bool) -> Iterator[Any]:
    for node in body:
        if isinstance(node, ast.Assert):
            yield _of_assert(node, function)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            yield from _of_with(node, function, sure=sure)
        elif _is_run(node, sure=sure):
            yield from _straight(node.body, function, sure=sure)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if _called(node.value) in _LEAVES:
                return
            yield from _of_call(node.value)
        elif _leaves(node):
            return


def _is_run(node: ast.stmt, *, sure: bool) -> TypeGuard[ast.For | ast.Try]:
    """Whether the body of a loop is run once at least, or that of a `try` with nothing that catches."""
    if isinstance(node, ast.For):
        return not sure or (isinstance(node.iter, (ast.List, ast.Tuple)) and bool(node.iter.elts))
    return isinstance(node, ast.Try) and not node.handlers


def _leaves(node: ast.stmt) -> bool:
    """Whether what stands behind it may not be run."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return False
    return any(isinstance(one, (ast.Return, ast.Raise, ast.Continue, ast.Break)) for one in ast.walk(node))


def _of_assert(node: ast.Assert, function: Any) -> Any:
    def edit(rng: random.Random) -> Edit:
        return _of_parameter(node, function, rng) or Edit(node, "test", other_expression(node.test, rng))

    return edit


def _of_with(node: Any, function: Any, *, sure: bool) -> Iterator[Any]:
    names = {_called(item.context_expr) for item in node.items}
    if not names & (_RAISES | _PASSED_BY):
        yield from _straight(node.body, function, sure=sure)
    for item in node.items:
        if _called(item.context_expr) in _RAISES and item.context_expr.args:
            yield _of_raises(item.context_expr)


def _of_raises(call: ast.Call) -> Any:
    return lambda rng: Edit(call, "args", [_unlikely(call, rng), *call.args[1:]])


def _unlikely(call: ast.Call, rng: random.Random) -> ast.expr:
    named = {node.id for node in ast.walk(call.args[0]) if isinstance(node, ast.Name)}
    return ast.Name(rng.choice([name for name in _UNLIKELY if name not in named]), ast.Load())


def _of_call(call: ast.Call) -> Iterator[Any]:
    """Of an assertion of unittest, or `pytest.raises` called with a function."""
    name = _called(call)
    if name in _RAISES and call.args:
        yield _of_raises(call)
    elif name == "assertTrue" and call.args and isinstance(call.args[0], ast.Compare):
        yield lambda rng: Edit(call, "args", [other_expression(call.args[0], rng), *call.args[1:]])
    elif name in _OPPOSITES and isinstance(call.func, ast.Attribute):
        yield lambda rng: Edit(call.func, "attr", _OPPOSITES[name])
    elif name.startswith("assert") and name.endswith("Equal") and len(call.args) > 1:
        yield lambda rng: Edit(call, "args", _unequal(call.args, rng))


def _unequal(args: list[ast.expr], rng: random.Random) -> list[ast.expr]:
    new = other_expression(ast.Compare(args[0], [ast.Eq()], [args[1]]), rng)
    assert isinstance(new, ast.Compare)
    return [new.left, new.comparators[0], *args[2:]]


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _of_parameter(node: ast.Assert, function: Any, rng: random.Random) -> Edit | None:
    """Where the expected value is a parameter that serves nothing else: other values in the table of parameters."""
    test = node.test
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return None
    name = str(getattr(test.comparators[0], "id", ""))
    if sum(isinstance(one, ast.Name) and one.id == name for one in ast.walk(ast.Module(function.body, []))) != 1:
        return None
    for decorator in function.decorator_list:
        if _called(decorator) == "parametrize" and len(decorator.args) == 2 and not decorator.keywords:
            new = _other_table(decorator.args, name, rng)
            if new is not None:
                return Edit(decorator, "args", [decorator.args[0], new])
    return None


def _other_table(args: list[ast.expr], name: str, rng: random.Random) -> ast.expr | None:
    try:
        names = ast.literal_eval(args[0])
    except ValueError:
        return None
    names = [one.strip() for one in names.split(",")] if isinstance(names, str) else list(names)
    if name not in names or not isinstance(args[1], ast.List):
        return None
    at, rows = names.index(name), args[1].elts
    new = [other_value(row, rng) if len(names) == 1 else _other_row(row, at, rng) for row in rows]
    return ast.List([row for row in new if row is not None], ast.Load()) if new and all(new) else None


def _other_row(row: ast.expr, at: int, rng: random.Random) -> ast.expr | None:
    if not isinstance(row, (ast.Tuple, ast.List)) or len(row.elts) <= at:
        return None
    value = other_value(row.elts[at], rng) or wrapped(row.elts[at])
    return type(row)([*row.elts[:at], value, *row.elts[at + 1 :]], ast.Load())
