"""From small Python functions of ours to programs of the stack machine: the reference solutions.

Understood: assignments, `while`, `if`, a final `return`, integer arithmetic, conditional expressions and comparisons.
Variables live in registers where the machine has them; else the function is one expression over its parameters.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

__all__ = ["compile_function"]

_DIRECT = {ast.Add: "ADD", ast.Sub: "SUB", ast.Mult: "MUL", ast.FloorDiv: "DIV", ast.Mod: "MOD"}


def compile_function(source: str, operations: Sequence[str]) -> str:
    """A program for the first function in `source` that uses these operations only.

    Where MUL, DIV or MOD are missing they become loops: the second factor, and both operands of a division, must not be
    negative then.
    """
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    return _Compiler(operations).compile(function)


class _Compiler:
    def __init__(self, operations: Sequence[str]) -> None:
        self._operations = operations
        self._lines: list[str] = []
        self._registers: dict[str, int] = {}
        self._parameters: list[str] = []
        self._depth = 0
        self._labels = 0

    def compile(self, function: ast.FunctionDef) -> str:
        self._parameters = [argument.arg for argument in function.args.args]
        self._depth = len(self._parameters)
        if self._has_registers:
            for name in reversed(self._parameters):
                self._emit(f"STORE {self._register(name)}", -1)
        for statement in function.body:
            self._statement(statement)
        for _ in range(self._depth - 1):
            self._emit("SWAP", 0)
            self._emit("POP", -1)
        return "\n".join(self._lines)

    @property
    def _has_registers(self) -> bool:
        return "STORE" in self._operations

    def _emit(self, line: str, change: int) -> None:
        self._lines.append(line)
        self._depth += change

    def _label(self) -> str:
        self._labels += 1
        return f"L{self._labels}"

    def _register(self, name: str) -> int:
        return self._registers.setdefault(name, len(self._registers))

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Return) and node.value is not None:
            self._expression(node.value)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            self._expression(node.value)
            self._emit(f"STORE {self._register(node.targets[0].id)}", -1)
        elif isinstance(node, ast.While):
            start, end = self._label(), self._label()
            self._lines.append(f"{start}:")
            self._unless(node.test, end)
            self._block(node.body)
            self._lines += [f"JMP {start}", f"{end}:"]
        elif isinstance(node, ast.If):
            other, end = self._label(), self._label()
            self._unless(node.test, other)
            self._block(node.body)
            self._lines += [f"JMP {end}", f"{other}:"]
            self._block(node.orelse)
            self._lines.append(f"{end}:")
        else:
            raise AssertionError(ast.dump(node))

    def _block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _expression(self, node: ast.expr) -> None:
        """Push its value."""
        if isinstance(node, ast.Constant):
            self._emit(f"PUSH {node.value!r}", 1)
        elif isinstance(node, ast.Name):
            self._variable(node.id)
        elif isinstance(node, ast.BinOp):
            self._expression(node.left)
            self._expression(node.right)
            self._binary(_DIRECT[type(node.op)])
        elif isinstance(node, ast.UnaryOp):
            self._emit("PUSH 0", 1)
            self._expression(node.operand)
            self._emit("SUB", -1)
        else:
            assert isinstance(node, ast.IfExp), ast.dump(node)
            other, end = self._label(), self._label()
            self._unless(node.test, other)
            self._expression(node.body)
            self._lines += [f"JMP {end}", f"{other}:"]
            self._depth -= 1
            self._expression(node.orelse)
            self._lines.append(f"{end}:")

    def _variable(self, name: str) -> None:
        if self._has_registers:
            self._emit(f"LOAD {self._register(name)}", 1)
        else:
            self._emit(f"PICK {self._depth - 1 - self._parameters.index(name)}", 1)

    def _binary(self, operation: str) -> None:
        if operation in self._operations:
            self._emit(operation, -1)
        else:
            self._looped(operation)

    def _looped(self, operation: str) -> None:
        """MUL, DIV or MOD of the two topmost values, by adding or subtracting over and over."""
        left, right, total = (self._register(f"{name} of {operation}") for name in ("left", "right", "total"))
        start, end = self._label(), self._label()
        head = [f"STORE {right}", f"STORE {left}", "PUSH 0", f"STORE {total}", f"{start}:"]
        if operation == "MUL":
            body = [f"LOAD {right}", f"JZ {end}", f"LOAD {total}", f"LOAD {left}", "ADD", f"STORE {total}"]
            body += [f"LOAD {right}", "PUSH 1", "SUB", f"STORE {right}"]
        else:
            body = [f"LOAD {right}", "PUSH 1", "SUB", f"LOAD {left}", "LT", f"JZ {end}"]
            body += [f"LOAD {left}", f"LOAD {right}", "SUB", f"STORE {left}"]
            body += [f"LOAD {total}", "PUSH 1", "ADD", f"STORE {total}"]
        result = left if operation == "MOD" else total
        self._lines += [*head, *body, f"JMP {start}", f"{end}:", f"LOAD {result}"]
        self._depth -= 1

    def _unless(self, test: ast.expr, label: str) -> None:
        """Go to the label where the comparison does not hold."""
        assert isinstance(test, ast.Compare), ast.dump(test)
        kind, left, right = type(test.ops[0]), test.left, test.comparators[0]
        if kind in (ast.Gt, ast.LtE):
            left, right = right, left
        self._expression(left)
        self._expression(right)
        if kind in (ast.Lt, ast.Gt):
            self._lines += ["LT", f"JZ {label}"]
        elif kind is ast.NotEq:
            self._lines += ["SUB", f"JZ {label}"]
        else:
            holds = self._label()
            compare = "SUB" if kind is ast.Eq else "LT"
            self._lines += [compare, f"JZ {holds}", f"JMP {label}", f"{holds}:"]
        self._depth -= 2
