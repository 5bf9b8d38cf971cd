r"""Python literals as answers: found in a response, read as plain data without evaluating anything.

The answer stands between `<answer>` and `</answer>`; a `\boxed{}` will do, and so will a response of one line.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from assaygym.verifiers.extraction.cleaning import visible

__all__ = ["NotLiteral", "answer_text", "read_arguments", "read_literal", "same"]

MAX_CHARS = 8_000
MAX_DEPTH = 40
_TAGGED = re.compile(r"<answer>((?:(?!</?answer>).){0,9000}?)</answer>", re.DOTALL | re.IGNORECASE)
_FENCED = re.compile(r"\A\s*(`{3,})[a-z]*\n(.*?)\n\s*\1\s*\Z", re.DOTALL)
_BOX = r"\boxed{"


class NotLiteral(ValueError):
    """The text is no Python literal, or is beyond the caps; the message says which."""


def answer_text(response: str) -> str | None:
    r"""What the response states as its answer, code marks taken off: the last tag, the last box, or its only line."""
    text = visible(response)
    if tags := _TAGGED.findall(text):
        return _bare(tags[-1])
    if _BOX in text:
        return _boxed(text)
    line = text.strip()
    return _bare(line) if line and "\n" not in line and len(line) <= MAX_CHARS else None


def _boxed(text: str) -> str | None:
    begin = text.rindex(_BOX) + len(_BOX)
    depth = 1
    for end in range(begin, min(len(text), begin + MAX_CHARS)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if not depth:
            return _bare(text[begin:end])
    return None


def _bare(text: str) -> str:
    fenced = _FENCED.match(text)
    inner = fenced[2] if fenced else text.strip().strip("`")
    return inner.strip()


def read_literal(text: str) -> Any:
    """The value of a literal of numbers, strings, True, False, None, lists, tuples, sets and dicts.

    Raises:
        NotLiteral: it is something else, over `MAX_CHARS` characters or `MAX_DEPTH` levels.
    """
    return _value(_parsed(text.strip()))


def read_arguments(text: str, name: str) -> tuple[Any, ...]:
    """The arguments of a call `name(..)`, or of a list of literals with commas between them.

    Raises:
        NotLiteral: as in `read_literal`, or an argument is passed by keyword.
    """
    text = text.strip()
    call = _parsed(text if re.match(rf"{re.escape(name)}\s*\(", text) else f"{name}({text})")
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.keywords:
        raise NotLiteral("expected the arguments alone, with commas between them")
    return tuple(_value(argument) for argument in call.args)


def _parsed(text: str) -> ast.expr:
    if len(text) > MAX_CHARS or _depth(text) > MAX_DEPTH or "\\" in text or "\0" in text:
        raise NotLiteral(f"over {MAX_CHARS} characters or {MAX_DEPTH} levels, or with backslashes")
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NotLiteral("not a Python literal") from error


def _depth(text: str) -> int:
    deepest = depth = run = 0
    for character in text:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(character, 0)
        run = run + 1 if character in "-+~ " else 0
        deepest = max(deepest, depth, run)
    return deepest


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and node.value is not Ellipsis:
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        number = _value(node.operand)
        if isinstance(node.operand, ast.Constant) and type(number) in (int, float):
            return -number if isinstance(node.op, ast.USub) else number
    if isinstance(node, ast.List):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(item) for item in node.elts)
    return _hashed(node)


def _hashed(node: ast.expr) -> Any:
    try:
        if isinstance(node, ast.Set):
            return {_value(item) for item in node.elts}
        if isinstance(node, ast.Dict) and None not in node.keys:
            pairs = zip(node.keys, node.values, strict=True)
            return {_value(key): _value(value) for key, value in pairs if key is not None}
    except TypeError as error:
        raise NotLiteral("a list, set or dict as a key or a member") from error
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "set" and not node.args:
        return set[Any]()
    raise NotLiteral(f"not plain data: {type(node).__name__}")


def same(one: object, other: object) -> bool:
    """Whether two values are equal and of the same types all the way down: True is not 1, a list is no tuple."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        kinds = {(type(key), key) for key in one} == {(type(key), key) for key in other}
        return kinds and all(same(one[key], other[key]) for key in one)
    return one == other
