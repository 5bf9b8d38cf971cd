"""Reads test code (trusted, only looked at): what can be called directly, what needs a test process, which names."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assaygym.errors import VerifierError
from assaygym.verifiers.code.codec import Compare, Opaque, encode, equal, read
from assaygym.verifiers.code.functions import Call, equals
from assaygym.verifiers.code.source import parse_module

__all__ = ["Plan", "direct_calls", "plan_of", "statements"]

_PYTHON_EQUALITY = Compare(bool_is_int=True)
_MAX_POWER = 64


@dataclass(frozen=True, slots=True)
class Plan:
    """What a test process must know: free names of the test code, and the names that are the candidate's by force."""

    free: tuple[str, ...]
    called_builtins: tuple[str, ...]
    assertions: int


def statements(source: str, what: str) -> list[ast.stmt]:
    """The statements of trusted code.

    Raises:
        VerifierError: it is not Python.
    """
    try:
        return parse_module(source).body
    except (SyntaxError, ValueError) as error:
        raise VerifierError(f"{what} is not Python: {error}") from error


def plan_of(body: Iterable[ast.stmt]) -> Plan:
    """The names that test code uses without being builtins, the builtins it calls, and its assertions."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    used = {node.id: None for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    called = {n.func.id: None for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    return Plan(
        free=tuple(name for name in used if not hasattr(builtins, name)),
        called_builtins=tuple(name for name in called if hasattr(builtins, name)),
        assertions=sum(isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant) for node in nodes),
    )


def direct_calls(body: Sequence[ast.stmt], name: str | None) -> list[Call] | None:
    """The calls of test code that is nothing but `f(constants) == constant` and the like; None for any other.

    Args:
        body: statements.
        name: how the test code calls the program; None: any one name.
    """
    calls: list[Call] = []
    for statement in body:
        if _does_nothing(statement):
            continue
        call = _direct(statement)
        if call is None or (name is not None and call.target != name):
            return None
        calls.append(call)
    same = len({call.target for call in calls}) == 1
    return calls if same else None


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assert):
        return isinstance(statement.test, ast.Constant) and bool(statement.test.value)
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, (ast.Constant, ast.Name))
    return isinstance(statement, ast.Pass)


def _direct(statement: ast.stmt) -> Call | None:
    if not isinstance(statement, ast.Assert):
        return None
    test, shown = statement.test, ""
    holds: Any = None
    right: Any = None
    try:
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            expected = _constant(test.comparators[0])
            holds, shown, right = _comparison(test.ops[0], expected), repr(expected), encode(expected)
            test = test.left
        elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            holds, test = (lambda got: not _truth(got)), test.operand
        else:
            holds = _truth
        return _call(test, holds, shown, right) if holds else None
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        return None


def _comparison(operator: ast.cmpop, expected: object) -> Any:
    if isinstance(operator, ast.Eq):
        return equals(expected, _PYTHON_EQUALITY)
    if isinstance(operator, ast.Is) and (expected is None or isinstance(expected, bool)):
        ours = read(encode(expected))
        return lambda got: equal(got, ours)
    return None


def _call(node: ast.expr, holds: Any, expected: str, right: Any) -> Call | None:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    named = {keyword.arg: encode(_constant(keyword.value)) for keyword in node.keywords if keyword.arg is not None}
    if len(named) != len(node.keywords):
        return None
    return Call(node.func.id, [encode(_constant(arg)) for arg in node.args], named, holds, expected, right=right)


def _truth(got: object) -> bool:
    return got.truth if isinstance(got, Opaque) else bool(getattr(got, "items", got))


_BINARY: dict[type[ast.operator], Any] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.Pow: lambda a, b: a**b,
}


def _constant(node: ast.expr) -> Any:
    """The value of a literal, or of plain arithmetic on numbers and sums of texts.

    Raises:
        ValueError: the expression is something else.
    """
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        kinds: dict[type, Any] = {ast.List: list, ast.Tuple: tuple, ast.Set: set}
        return kinds[type(node)](_constant(item) for item in node.elts)
    if isinstance(node, ast.Dict):
        return {_constant(_present(k)): _constant(v) for k, v in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.BinOp):
        return _arithmetic(node)
    return ast.literal_eval(node)


def _present(key: ast.expr | None) -> ast.expr:
    if key is None:
        raise ValueError("** in a dict")
    return key


def _arithmetic(node: ast.BinOp) -> Any:
    left, right = _constant(node.left), _constant(node.right)
    numbers = all(isinstance(side, (int, float, complex)) for side in (left, right))
    texts = isinstance(left, str) and isinstance(right, str) and isinstance(node.op, ast.Add)
    large = isinstance(node.op, ast.Pow) and (not isinstance(right, int) or abs(right) > _MAX_POWER)
    if type(node.op) not in _BINARY or not (numbers or texts) or large:
        raise ValueError("not a constant")
    return _BINARY[type(node.op)](left, right)
