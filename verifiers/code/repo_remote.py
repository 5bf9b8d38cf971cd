"""Whether tests of a repository can run where none of its code is, and which modules are remote there.

They can where they treat the code as functions of plain data. Decided by looking at trusted files alone, so that no
patch chooses the weaker form: the tests, and the repository before the repair.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Mapping
from typing import Any

from assaygym.verifiers.code.source import parse_module

__all__ = ["remote_modules"]

_PURE = {"__future__", "math", "re", "json", "string", "textwrap", "typing", "operator", "functools", "pytest"}
_PYTEST = {"mark", "raises", "approx", "param", "fixture", "fail"}
_ERRORS = {
    *("ArithmeticError", "AttributeError", "Exception", "IndexError", "KeyError", "LookupError", "MemoryError"),
    *("NotImplementedError", "OverflowError", "RuntimeError", "TypeError", "ValueError", "ZeroDivisionError"),
}
_BUILTINS = {
    *("abs", "all", "any", "bool", "bytes", "dict", "divmod", "enumerate", "float", "frozenset", "int", "isinstance"),
    *("len", "list", "max", "min", "pow", "range", "reversed", "round", "set", "sorted", "str", "sum", "tuple", "zip"),
}
_CONSUMERS = {"all", "any", "dict", "frozenset", "list", "max", "min", "set", "sorted", "sum", "tuple", "join"}
_OWN_ATTRIBUTES = {
    "value",
    *(name for kind in (str, bytes, list, dict, set, tuple, int, float) for name in dir(kind) if name[0] != "_"),
}
_FIXTURES = {
    *("cache", "capfd", "capfdbinary", "caplog", "capsys", "capsysbinary", "capteesys", "doctest_namespace"),
    *("monkeypatch", "pytestconfig", "pytester", "record_property", "record_testsuite_property"),
    *("record_xml_attribute", "recwarn", "request", "subtests", "testdir", "tmp_path", "tmp_path_factory", "tmpdir"),
    "tmpdir_factory",
}
_FORBIDDEN = (ast.AsyncFunctionDef, ast.AsyncWith, ast.AsyncFor, ast.Await, ast.Global, ast.Nonlocal, ast.Match)
_OPAQUE = {"array", "collections", "datetime", "decimal", "enum", "fractions", "ipaddress", "numpy", "pathlib", "uuid"}
"""Modules whose objects are no plain data: code that uses them may return such."""


class _Unfit(Exception):
    """The tests need the code in their own process."""


def remote_modules(tests: Mapping[str, str], code: Mapping[str, str]) -> tuple[str, ...] | None:
    """The modules that the tests import from the repository, or None where they must share a process with it.

    Args:
        tests: trusted files that pytest will load.
        code: the repository before the repair.

    Raises:
        SyntaxError: a test file is not Python.
    """
    trees = [parse_module(source) for path, source in tests.items() if path.endswith(".py")]
    own = {path.rpartition("/")[2].removesuffix(".py") for path in tests} | {path.split("/")[0] for path in tests}
    modules: dict[str, None] = {}
    known = _Repository(code)
    try:
        known.check_plain()
        for tree in trees:
            modules.update(_Look(tree, own, known).modules())
    except _Unfit:
        return None
    return tuple(modules) or None


class _Repository:
    """What the code is like before the repair."""

    def __init__(self, code: Mapping[str, str]) -> None:
        self._trees: list[ast.Module] = []
        for path, source in code.items():
            if path.endswith(".py"):
                try:
                    self._trees.append(parse_module(source))
                except SyntaxError:
                    continue  # which the repair may mend
        self._unfit = {name for tree in self._trees for node in tree.body for name in _not_plain(node)}

    def check_plain(self) -> None:
        """See to it that its functions seem to return plain data only."""
        for node in (node for tree in self._trees for node in ast.walk(tree)):
            if isinstance(node, ast.ClassDef) and not _is_error(node):
                raise _Unfit
            if isinstance(node, (ast.AsyncFunctionDef, ast.Yield, ast.YieldFrom)) or _imported(node) & _OPAQUE:
                raise _Unfit

    def check_name(self, name: str) -> None:
        """See to it that what a module has by that name seems to be a function, a module or an immutable constant.

        A container would be a copy, which does not see what becomes of it over there.
        """
        if name in self._unfit or (name[0].isupper() and not name.isupper()):
            raise _Unfit


def _not_plain(node: ast.stmt) -> set[str]:
    """The names that a statement gives to something else than a function or an immutable constant."""
    if isinstance(node, ast.ClassDef):
        return {node.name}
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or isinstance(node.value, ast.Constant):
        return set()
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}


def _is_error(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id in _ERRORS for base in node.bases)


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    return {(node.module or "").split(".")[0]} if isinstance(node, ast.ImportFrom) and not node.level else set()


class _Look:
    """Looks at one test file.

    Args:
        tree: the file.
        own: names of modules that belong to the tests.
        known: the repository.
    """

    def __init__(self, tree: ast.Module, own: Collection[str], known: _Repository) -> None:
        self._tree, self._own, self._known = tree, own, known
        self._modules: dict[str, None] = {}
        self._bound: set[str] = set()
        self._consumed: set[int] = set()

    def modules(self) -> dict[str, None]:
        """The modules of the repository that it imports.

        Raises:
            _Unfit: it does more than call functions with plain data.
        """
        nodes = list(ast.walk(self._tree))
        for node in nodes:
            self._import(node)
        for node in nodes:
            check = getattr(self, f"_on_{type(node).__name__}", None)
            if isinstance(node, _FORBIDDEN):
                raise _Unfit
            if check:
                check(node)
        return self._modules

    def _import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self._add(alias.name)
                self._bound.add(alias.asname or alias.name.split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            if node.level or not node.module or node.names[0].name == "*":
                raise _Unfit
            if self._add(node.module):
                for alias in node.names:
                    self._known.check_name(alias.name)
            self._bound.update(alias.asname or alias.name for alias in node.names)

    def _add(self, module: str) -> bool:
        top = module.split(".")[0]
        if top in _PURE:
            return False
        if top in sys.stdlib_module_names or top in self._own:
            raise _Unfit
        self._modules[module] = None
        return True

    def _on_Attribute(self, node: ast.Attribute) -> None:
        base: Any = node.value
        if not isinstance(node.ctx, ast.Load) and getattr(base, "id", "") != "self":
            raise _Unfit
        while isinstance(base, ast.Attribute):
            base = base.value
        if isinstance(base, ast.Name) and base.id == "pytest":
            if isinstance(node.value, ast.Name) and node.attr not in _PYTEST:
                raise _Unfit
        elif isinstance(base, ast.Name) and base.id in self._bound:
            self._known.check_name(node.attr)
        elif not (isinstance(base, ast.Name) and base.id == "self") and node.attr not in _OWN_ATTRIBUTES:
            raise _Unfit

    def _on_Name(self, node: ast.Name) -> None:
        import builtins

        if hasattr(builtins, node.id) and node.id not in _BUILTINS | _ERRORS:
            raise _Unfit

    def _on_ClassDef(self, node: ast.ClassDef) -> None:
        if node.bases or node.keywords or not node.name.startswith("Test"):
            raise _Unfit

    def _on_arg(self, node: ast.arg) -> None:
        if node.arg in _FIXTURES:
            raise _Unfit

    def _on_Call(self, node: ast.Call) -> None:
        name = _name(node)
        if name in _CONSUMERS and len(node.args) == 1:
            self._consumed.add(id(node.args[0]))
        if name == "isinstance" and not all(
            part.id in _BUILTINS for part in ast.walk(node.args[-1]) if isinstance(part, ast.Name)
        ):
            raise _Unfit

    def _on_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        if id(node) not in self._consumed:  # calls are met before what they hold
            raise _Unfit

    def _on_Compare(self, node: ast.Compare) -> None:
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, (ast.Is, ast.IsNot)) and not isinstance(right, ast.Constant):
                raise _Unfit

    def _on_With(self, node: ast.With) -> None:
        for item in node.items:
            call = item.context_expr
            if not isinstance(call, ast.Call) or _name(call) != "raises":
                raise _Unfit


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))
