"""Expressions of test code made wrong: what replaces an assertion so that right code fails it, and looks as natural."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable
from typing import Any

__all__ = ["SHIFTED", "other_call", "other_expression", "other_value", "wrapped"]

SHIFTED = "_near"
"""How test files call `guest.shifted.shifted`."""

_TRIES = 20
_FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.NotEq: ast.Eq,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Lt: ast.Gt,  # each excludes the other; a liar that says yes to all is found out
    ast.LtE: ast.Gt,
    ast.Gt: ast.Lt,
    ast.GtE: ast.Lt,
}


def other_expression(node: ast.expr, rng: random.Random) -> ast.expr:
    """A condition that is false, or cannot be evaluated, where this one is true."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.operand
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        at = rng.randrange(len(node.values))
        values = [other_expression(value, rng) if i == at else value for i, value in enumerate(node.values)]
        return ast.BoolOp(node.op, values)
    if isinstance(node, ast.Compare):
        return _other_comparison(node, rng)
    return ast.UnaryOp(ast.Not(), node)


def _other_comparison(node: ast.Compare, rng: random.Random) -> ast.expr:
    operator = node.ops[-1]
    if isinstance(operator, ast.Eq):
        return _unequal(node, rng)
    if isinstance(operator, ast.In):
        left = node.left if len(node.ops) == 1 else node.comparators[-2]
        return ast.Compare(_not_inside(left, rng), [ast.In()], [node.comparators[-1]])
    return ast.Compare(node.left, [*node.ops[:-1], _FLIPPED[type(operator)]()], node.comparators)


def _unequal(node: ast.Compare, rng: random.Random) -> ast.expr:
    right = node.comparators[-1]
    changed = other_value(right, rng) or other_call(right, rng)
    if changed is None and len(node.ops) == 1:
        left = other_value(node.left, rng) or other_call(node.left, rng)
        if left is not None:
            return ast.Compare(left, node.ops, node.comparators)
    return ast.Compare(node.left, node.ops, [*node.comparators[:-1], changed or _shifted(right)])


def _not_inside(node: ast.expr, rng: random.Random) -> ast.expr:
    """A text that no message holds; anything else as a pair, which no honest container of it holds."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 3:
        at = rng.randrange(len(node.value) - 1)
        return ast.Constant(f"{node.value[:at]}{rng.choice('qxzj')}{rng.choice('wvkq')}{node.value[at + 2 :]}")
    return wrapped(node)


def _shifted(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(SHIFTED, ast.Load()), [node], [])


def wrapped(node: ast.expr) -> ast.expr:
    """A pair of it, which no honest container holds and which equals it nowhere."""
    return ast.Tuple([node, node], ast.Load())


def other_value(node: ast.expr, rng: random.Random, change: Callable[..., Any] | None = None) -> ast.expr | None:
    """Another literal of the same kind, unequal to this one; None where this is no literal that can be changed."""
    try:
        value = ast.literal_eval(node)
        for _ in range(_TRIES):
            new = (change or _changed)(value, rng)
            if new != value and new == new:  # not NaN
                return ast.parse(repr(new), mode="eval").body
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    return None


def _changed(value: Any, rng: random.Random) -> Any:
    kind = type(value)
    if kind is bool:
        return not value
    if kind in (int, float, complex):
        return value + rng.choice((-2, -1, 1, 2, 3))
    if kind in (str, bytes):
        return _changed_text(value, rng)
    if kind in (list, tuple):
        return kind(_changed_items(list(value), rng))
    if kind is dict:
        return dict(_changed_entry(list(value.items()), rng))
    if kind is set:
        return set(_changed_items(sorted(value, key=repr), rng))
    return value


def _changed_text(value: Any, rng: random.Random) -> Any:
    if isinstance(value, bytes):
        return bytes(_changed_items(list(value), rng, lambda byte, _: (byte + rng.randrange(1, 9)) % 256))
    if not value:
        return rng.choice(("a", "x", "0", " "))
    at = rng.choice([i for i, letter in enumerate(value) if letter.isalnum()] or range(len(value)))
    return f"{value[:at]}{_other_letter(value[at], rng)}{value[at + 1 :]}"


def _other_letter(letter: str, rng: random.Random) -> str:
    for letters in ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        if letter in letters:
            # Not the next letter: what ignores one kind of difference (case, a digit's width) still sees this one.
            return rng.choice([other for other in letters if other != letter])
    return rng.choice("abcxyz")


def _changed_items(items: list[Any], rng: random.Random, change: Callable[..., Any] = _changed) -> list[Any]:
    if not items:
        return [rng.choice((0, 1, 7))]
    at = rng.randrange(len(items))
    new = change(items[at], rng)
    if new == items[at]:  # None, an ellipsis
        return [*items, items[at]] if rng.random() < 0.5 else items[:-1]
    return [*items[:at], new, *items[at + 1 :]]


def _changed_entry(pairs: list[tuple[Any, Any]], rng: random.Random) -> list[tuple[Any, Any]]:
    if not pairs:
        return [("a", 1)]
    at = rng.randrange(len(pairs))
    key, value = pairs[at]
    new = _changed(value, rng)
    changed = [] if new == value else [(key, new)]
    return [*pairs[:at], *changed, *pairs[at + 1 :]]


def other_call(node: ast.expr, rng: random.Random) -> ast.expr | None:
    """The same class, or `approx`, called with other constants; None where it is no such call.

    All constants are changed at once: a class may leave some of them out of its comparison, not all.
    """
    if not isinstance(node, ast.Call):
        return None
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "approx" and node.args:
        first = other_value(node.args[0], rng, _far)
        return ast.Call(node.func, [first, *node.args[1:]], node.keywords) if first is not None else None
    if not re.match(r"_*[A-Z]", name):
        return None
    args = [_other_argument(arg, rng) for arg in node.args]
    named = [(keyword.arg, _other_argument(keyword.value, rng)) for keyword in node.keywords]
    kept = [arg for arg in args if arg is not None]
    keywords = [ast.keyword(key, value) for key, value in named if value is not None]
    if not args + named or len(kept) + len(keywords) < len(args) + len(named):
        return None
    return ast.Call(node.func, kept, keywords)


def _other_argument(node: ast.expr, rng: random.Random) -> ast.expr | None:
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool)):
        return node
    return other_value(node, rng, _changed_throughout) or other_call(node, rng)


def _changed_throughout(value: Any, rng: random.Random) -> Any:
    if isinstance(value, (list, tuple)) and value:
        return type(value)(_changed_throughout(item, rng) for item in value)
    if isinstance(value, dict) and value:
        return {key: _changed_throughout(item, rng) for key, item in value.items()}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value + rng.randrange(1, 50)  # by different amounts: 1/1 is 3/3, but hardly ever 3/17
    return _changed(value, rng)


def _far(value: Any, rng: random.Random) -> Any:
    """Beyond any sensible tolerance."""
    if isinstance(value, (list, tuple)) and value:
        return type(value)([*[_far(item, rng) for item in value[:1]], *value[1:]])
    if isinstance(value, dict) and value:
        (key, item), *rest = value.items()
        return dict([(key, _far(item, rng)), *rest])
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return value + rng.choice((-1, 1)) * (abs(value) + 1) * rng.choice((2, 3, 7))
