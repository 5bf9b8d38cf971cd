r"""Arithmetic written by an agent, evaluated exactly and without trust.

The text is limited to digits, `+ - * /`, parentheses and spaces before Python's parser sees it, and what the parser
returns is limited to whole numbers joined by the four operations. Nothing is evaluated before the caller has had a look
at the numbers used, so a caller that bounds them bounds the cost.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["MAX_CHARACTERS", "MAX_NESTING", "Expression", "plain_arithmetic"]

MAX_CHARACTERS = 500
MAX_NESTING = 40
MAX_OPERATIONS = 64

_FRACTION = re.compile(r"\\[dtc]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_DROPPED = re.compile(r"\\left|\\right|\\displaystyle|\\[,;:! ]|\\\(|\\\)|\\\[|\\\]|\$")
_SYMBOLS = re.compile(r"\\times|\\cdot|\\div|[×·⋅∗÷∕−–]")
_PLAIN = {"\\times": "*", "\\cdot": "*", "\\div": "/", "×": "*", "·": "*", "⋅": "*", "∗": "*"} | {
    "÷": "/",
    "∕": "/",
    "−": "-",
    "–": "-",
}
_ALLOWED = re.compile(r"[0-9+\-*/() ]+")
_OPERATIONS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: only whole numbers joined by `+ - * /`."""

    numbers: tuple[int, ...]
    """Every number written, with repetitions."""
    tree: ast.expr

    @classmethod
    def parse(cls, text: str) -> Expression:
        """The expression that this plain text writes.

        Raises:
            ValueError: it writes none, or is too long or too deeply nested; the message says which.
        """
        if len(text) > MAX_CHARACTERS:
            raise ValueError(f"the expression has {len(text)} characters, at most {MAX_CHARACTERS} are read")
        if not _ALLOWED.fullmatch(text):
            raise ValueError("only whole numbers, + - * / and parentheses are allowed")
        if _nesting(text) > MAX_NESTING:
            raise ValueError(f"parentheses are nested more than {MAX_NESTING} deep")
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise ValueError("this is no arithmetic expression") from None
        return cls(tuple(_numbers(tree)), tree)

    def value(self) -> Fraction:
        """The exact value.

        Raises:
            ZeroDivisionError: it divides by zero.
        """
        return _value(self.tree)


def plain_arithmetic(text: str) -> str:
    r"""The text with LaTeX and typographic operators written as `+ - * /`: `\frac{6}{2} \times 3` is `((6)/(2)) * 3`.

    Texts too long to be an expression come back as they are.
    """
    if len(text) > 4 * MAX_CHARACTERS:
        return text
    plain, before = _DROPPED.sub(" ", text), ""
    while plain != before:  # from the inside out
        plain, before = _FRACTION.sub(r"((\1)/(\2))", plain), plain
    return " ".join(_SYMBOLS.sub(lambda match: _PLAIN[match[0]], plain).split())


def _nesting(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        deepest = max(deepest, depth)
    return deepest


def _numbers(tree: ast.expr) -> list[int]:
    """Every number below `tree`; refuses whatever is neither a number nor one of the four operations."""
    numbers, waiting, operations = list[int](), [tree], 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Constant) and type(node.value) is int:
            numbers.append(node.value)
        elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
            waiting += (node.right, node.left)
            operations += 1
        else:
            raise ValueError(f"only + - * / between whole numbers are allowed, not {_called(node)}")
    if operations > MAX_OPERATIONS:
        raise ValueError(f"the expression has {operations} operations, at most {MAX_OPERATIONS} are allowed")
    return numbers


def _called(node: ast.expr) -> str:
    if isinstance(node, ast.UnaryOp):
        return "a sign in front of a number"
    if isinstance(node, ast.BinOp):
        return {ast.Pow: "**", ast.FloorDiv: "//"}.get(type(node.op), type(node.op).__name__)
    return "a call" if isinstance(node, ast.Call) else f"a {type(node).__name__.lower()}"


def _value(node: ast.expr) -> Fraction:
    if isinstance(node, ast.BinOp):
        return _OPERATIONS[type(node.op)](_value(node.left), _value(node.right))
    assert isinstance(node, ast.Constant)  # parse() let nothing else through
    return Fraction(int(str(node.value)))
