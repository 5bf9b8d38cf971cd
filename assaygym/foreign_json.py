"""JSON that a model, a server or a file of a user's wrote: a leaf module, standard library only.

`json.loads` follows nested text until the interpreter's recursion limit. There it is at the mercy of its caller's own
depth, and so is everything that happens to run meanwhile: a finalizer that the garbage collector calls at the bottom
fails, and what it was to close stays open. Text nested beyond a fixed depth is refused here before it is decoded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

__all__ = ["MAX_DEPTH", "check_depth", "read_json", "read_json_at", "read_object"]

MAX_DEPTH = 200
"""Levels of lists and objects, as many as pydantic's reader takes."""


def read_json(text: str | bytes, **hooks: Callable[[Any], Any]) -> Any:
    """The value of a JSON text, as `json.loads` gives it with the same hooks.

    Raises:
        ValueError: it is not JSON, or nested deeper than `MAX_DEPTH`.
        TypeError: it is no text.
    """
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    if isinstance(text, str):
        check_depth(text)
    return json.loads(text, **hooks)  # type: ignore[arg-type]  # no hook is named cls


def read_json_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at `start`, and where it ends; what follows may be anything.

    Raises:
        ValueError: no value begins there, or it is nested deeper than `MAX_DEPTH`.
    """
    if text.startswith(("[", "{"), start):
        _walk(text, MAX_DEPTH, start)
    return _DECODER.raw_decode(text, start)


def read_object(text: str) -> dict[str, Any] | None:
    """The object that a JSON text stands for; None where it is none, or not read by `read_json`."""
    try:
        found = read_json(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def check_depth(text: str, limit: int = MAX_DEPTH) -> None:
    """Refuse a JSON text nested deeper than `limit`; text that is not JSON may pass.

    Raises:
        ValueError: it is.
    """
    if text.count("[") + text.count("{") > limit:
        _walk(text, limit, 0)


def _walk(text: str, limit: int, start: int) -> None:
    depth = 0
    for found in _NEXT_BRACKET.finditer(text, start):
        depth += _STEPS[found[1]]
        if depth > limit:
            raise ValueError(f"nested deeper than {limit} levels")
        if depth <= 0:
            return


_DECODER = json.JSONDecoder()
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1, "": 0}
_NEXT_BRACKET = re.compile(r'(?:[^\[\]{}"]++|"(?:[^"\\]++|\\.)*+"?)*+([\[\]{}]|\Z)', re.DOTALL)
"""A bracket or the end, after any number of strings (the last may lack its end) and what stands between them."""
