"""Test code run once, without any program: what it asks and what it expects, where neither depends on an answer.

All programs that are to pass the test can then be asked directly, with no test process beside each of them.
"""

import ast
from collections.abc import Callable
from typing import Any

from assaygym.verifiers.code.guest.pending import Stopped
from assaygym.verifiers.code.guest.wire import Encoder

CANDIDATE = 0
"""The number of the handle that stands for the program's function."""


class Unknown(Stopped):
    """What the test code does next depends on what a program would answer."""


class Recorder:
    """In the place of `Pending`: notes assertions instead of asking for them.

    Args:
        line: the test process's `Line`; whatever is asked on it is `Unknown`.
        tally: its `Tally`.
    """

    def __init__(self, line: Any, tally: Any) -> None:
        self.line, self.tally = line, tally
        self.calls: list[list[Any]] = []
        self.spoiled = False
        line.settle = self.refuse
        line.name = lambda name: line.resolve("$ref", [CANDIDATE, True])

    def refuse(self, value: Any = None) -> Any:
        """Give up, whatever the test code makes of the exception."""
        self.spoiled = True
        raise Unknown

    def holds(self, function: Any, args: tuple[Any, ...], expected: Callable[[], Any]) -> Any:
        """Note `function(*args) == expected()`."""
        if self.line.reference(function) is None:
            return function(*args) == expected()
        return self._note("equal", args, expected())

    def near(self, least: Any, function: Any, args: tuple[Any, ...], value: Any, room: Any, strict: bool) -> bool:
        """Note `least(function(*args) - value()) < room()`, or `<=`, where `least` is `abs`."""
        if least is not abs or self.line.reference(function) is None:
            self.refuse()
        return self._note("under" if strict else "within", args, value(), room())

    def items(self, kind: Any, function: Any, args: tuple[Any, ...], expected: Callable[[], Any]) -> bool:
        """Note `kind(function(*args)) == expected()`, where `kind` is `tuple` or `list`."""
        if kind not in (tuple, list) or self.line.reference(function) is None:
            self.refuse()
        return self._note(kind.__name__, args, expected())

    def _note(self, how: str, args: tuple[Any, ...], *values: Any) -> bool:
        encoder = Encoder(self.refuse)
        self.calls.append([how, encoder.items(args), encoder.items(values)])
        return True

    def settle(self) -> None:
        """Nothing waits."""

    def message(self) -> list[Any]:
        """All that was noted, where that is all that was asserted; else that it is unknown."""
        whole = not self.spoiled and self.tally.failure is None and self.tally.executed == len(self.calls)
        return ["recorded", self.calls] if whole else ["unknown"]


def recorded_form(node: ast.Assert) -> ast.stmt | None:
    """The assertion as a call of a `Recorder`; None where it has no such form."""
    odd = (ast.Await, ast.NamedExpr, ast.Yield, ast.YieldFrom)
    if any(isinstance(inner, odd) for inner in ast.walk(node.test)):
        return None
    match node.test:
        case ast.Compare(
            left=ast.Call(
                func=ast.Name() as least,
                args=[ast.BinOp(left=ast.Call(func=ast.Name(), keywords=[]) as call, op=ast.Sub(), right=value)],
                keywords=[],
            ),
            ops=[ast.Lt() | ast.LtE() as operator],
            comparators=[room],
        ):
            strict = ast.Constant(isinstance(operator, ast.Lt))
            return _asked("near", [least, *_called(call), _later(value), _later(room), strict])
        case ast.Compare(
            left=ast.Call(
                func=ast.Name(id="tuple" | "list") as kind,
                args=[ast.Call(func=ast.Name(), keywords=[]) as call],
                keywords=[],
            ),
            ops=[ast.Eq()],
            comparators=[expected],
        ):
            return _asked("items", [kind, *_called(call), _later(expected)])
        case ast.Compare(left=ast.Call(func=ast.Name(), keywords=[]) as call, ops=[ast.Eq()], comparators=[expected]):
            return _asked("holds", [*_called(call), _later(expected)])
    return None


def _called(call: ast.Call) -> list[ast.expr]:
    return [call.func, ast.Tuple(elts=call.args, ctx=ast.Load())]


def _later(value: ast.expr) -> ast.expr:
    made = ast.parse("lambda: 0", mode="eval").body
    assert isinstance(made, ast.Lambda)
    made.body = value
    return made


def _asked(how: str, arguments: list[ast.expr]) -> ast.stmt:
    made = ast.parse(f"if not __pending__.{how}(): raise AssertionError").body[0]
    assert isinstance(made, ast.If)
    assert isinstance(made.test, ast.UnaryOp)
    assert isinstance(made.test.operand, ast.Call)
    made.test.operand.args = arguments
    return made
