"""What a query is before SQLite sees it: one statement that reads, by sqlglot's parser for SQLite's dialect.

sqlglot refuses, SQLite decides. A text is refused here only for what can never be right: several statements, a
statement that is no query (EXPLAIN is none), or one that writes inside it. Where the two differ, nobody is punished:

- sqlglot cannot read it (a syntax it does not know, deep nesting, a text that takes it more than `MOST_STEPS`): the
  parser of SQLite and the authorizer of `sqlite_guest` judge alone, and the score's metric `parsed` is 0;
- sqlglot reads it and SQLite does not: SQLite has the last word, and the query fails there.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

from assaygym.errors import MissingDependencyError

__all__ = ["Reading", "need_sqlglot", "read_query"]

MOST_NESTED = 100
"""Brackets in brackets; SQLite's own parser gives up at about as many."""
MOST_STEPS = 30_000
"""Of sqlglot's parser, about half a second: it takes one or two a token, but 2^n for n joins without ON."""
ROOM = 300
"""Frames left free below sqlglot's, which calls itself as deep as a text is nested: at the recursion limit a finalizer
that the garbage collector happens to call fails, and what it was to close stays open."""
_STARTS = ("SELECT", "WITH", "VALUES")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found."""

    parsed: bool
    """Whether sqlglot could read the text as far as was needed."""
    refused: str = ""
    """Why the query is not run; "" where SQLite is to judge it."""


class _Tired(Exception):
    """sqlglot took too many steps, or too many into the depth."""


def need_sqlglot() -> None:
    """Nothing, where sqlglot can be imported.

    Raises:
        MissingDependencyError: it is not installed.
    """
    if find_spec("sqlglot") is None:
        raise MissingDependencyError.of("sqlglot", "sql", "the SQL verifier")


def read_query(query: str) -> Reading:
    """Whether the text is one statement that only reads.

    Raises:
        MissingDependencyError: sqlglot is not installed.
    """
    need_sqlglot()
    try:
        return _read(query.lstrip("\ufeff \t\r\n\f"))  # SQLite skips a byte order mark as well
    except Exception:  # whatever sqlglot raises at a text of an agent's, RecursionError too
        return Reading(False)


def _read(query: str) -> Reading:
    from sqlglot.dialects.dialect import Dialect

    tokens = Dialect.get_or_raise("sqlite").tokenize(query)
    if next((name for token in tokens if (name := token.token_type.name) != "SEMICOLON"), "") not in _STARTS:
        return Reading(True, "it is no query; expected SELECT, WITH or VALUES")
    if any(token.token_type.name == "PIPE_GT" for token in tokens):
        return Reading(False)  # `|>` is not of SQLite's language, and sqlglot copies the whole query at each
    if _nested(tokens) > MOST_NESTED:
        return Reading(True, f"its brackets are nested more than {MOST_NESTED} deep")
    return _judged(_parser()(dialect="sqlite").parse(tokens, query))


def _nested(tokens: Sequence[Any]) -> int:
    deepest = depth = 0
    for token in tokens:
        name = token.token_type.name
        depth += (name == "L_PAREN") - (name == "R_PAREN")
        deepest = max(deepest, depth)
    return deepest


def _judged(statements: Sequence[Any]) -> Reading:
    from sqlglot import expressions

    exp: Any = expressions
    found = [each for each in statements if each is not None and not isinstance(each, exp.Semicolon)]
    if len(found) != 1:
        return Reading(True, f"it is {len(found)} statements, expected one")
    writes = (exp.DDL, exp.DML, exp.Command, exp.Pragma, exp.Attach, exp.Detach, exp.Drop, exp.Alter, exp.Into)
    for node in found[0].walk():
        if isinstance(node, writes):
            return Reading(True, f"it holds {type(node).__name__.upper()}, expected a query that only reads")
    return Reading(isinstance(found[0], (exp.Query, exp.Values)))


def _is_deep() -> bool:
    try:
        sys._getframe(sys.getrecursionlimit() - ROOM)
    except ValueError:  # there are not so many
        return False
    return True


@cache
def _parser() -> Any:
    from sqlglot.dialects.sqlite import SQLite

    base: Any = SQLite.Parser

    class Counted(base):  # type: ignore[misc]
        """Gives up after `MOST_STEPS` or near the recursion limit, and writes no text of an agent's to the log."""

        steps = 0

        def _advance(self, times: int = 1) -> None:
            self.steps += 1
            if self.steps > MOST_STEPS or _is_deep():
                raise _Tired
            super()._advance(times)

        def _warn_unsupported(self) -> None:
            """Silence."""

    return Counted
