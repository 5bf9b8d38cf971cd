"""Python source to trees, from any thread."""

from __future__ import annotations

import ast
import os
import threading
from typing import Final

__all__ = ["parse_module"]

ATTEMPTS: Final = 5
_one_at_a_time = threading.Lock()


def parse_module(source: str) -> ast.Module:
    """`ast.parse`, which some versions of Python let fail by chance when several threads are in it at once.

    CPython 3.11.7 and others of before 2024 then raise SystemError, "AST constructor recursion depth mismatch"
    (github.com/python/cpython/issues/106905). One call at a time cannot meet another of ours; for those of others it
    is tried again.

    Raises:
        SyntaxError: it is not Python.
        ValueError: it has a NUL, or what no text of Python can have.
        RecursionError: it is nested too deep.
        MemoryError: likewise, for the parser.
    """
    with _one_at_a_time:
        for _ in range(ATTEMPTS - 1):
            try:
                return ast.parse(source)
            except SystemError:
                continue
        return ast.parse(source)


os.register_at_fork(
    before=_one_at_a_time.acquire, after_in_parent=_one_at_a_time.release, after_in_child=_one_at_a_time.release
)
