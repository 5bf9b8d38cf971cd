r"""The last member of a chain of equations: `p(8)=\frac{q(8)+8}{63}=\frac{3}{56}`, an aligned computation."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["last_member"]

MOST_CHARS: Final = 4000
_ALIGNED = re.compile(
    r"(?:[A-Za-z ,:]{0,60}\s)?"
    r"\s*\\begin\s?\{(align(?:ed)?|gather(?:ed)?|split|eqnarray)\*?\}(.*)\\end\s?\{\1\*?\}[\s.,]*",
    re.DOTALL,
)
_ROW = re.compile(r"\\\\(?:\s?\[[^\]\n]{0,20}\])?|\\cr(?![A-Za-z])")
_CONTINUES = re.compile(r"[\s&]*(?:\\quad|\\qquad|\\;|\\,|\s|&)*+=")
_NO_VARIABLE = re.compile(
    r"(?:\\(?:[dt]?frac|sqrt|pi|cdot|times|left|right|circ|%|\$|,|!)(?![A-Za-z])|[^A-Za-z\\=<>&]){1,200}"
)
_COMPUTED = re.compile(
    r"[A-Za-z0-9)}\]!]\s*(?:[-+*/^(!]|\\(?:cdot|times|div|frac|binom))|\\(?:[dt]?frac|sqrt|binom|sum|prod|int)"
)
_BRACE = re.compile(r"\\[{}]|[{}=]|\\.|[<>]", re.DOTALL)


def last_member(text: str) -> str:
    """The value that a chain of at least three members ends with; the text itself where it is no such chain.

    The last member has no variable and an earlier one is a computation, so that `a=b=c=1` and the equations of a line
    stay whole; so does what has conditions. The rows of an aligned computation are one chain when all but the first go
    on with "=".
    """
    if len(text) > MOST_CHARS:
        return text
    aligned = _ALIGNED.fullmatch(text) if "\\begin" in text else None
    if aligned:
        rows = [row for row in _ROW.split(aligned[2]) if row.strip(" &\n\t.")]
        if len(rows) < 2 or not all(map(_CONTINUES.match, rows[1:])):
            return text
        members = _members(aligned[2].replace("&", " ").replace("\\\\", " "))
        return members[-1].strip(" \n\t.,") if len(members) > 1 else text
    if text.count("=") < 2:
        return text
    members = _members(text)
    if (
        len(members) < 3
        or "," in text
        or ";" in text
        or "\\text" in text
        or not _NO_VARIABLE.fullmatch(members[-1].strip())
    ):
        return text
    return members[-1].strip() if any(map(_COMPUTED.search, members[:-1])) else text


def _members(text: str) -> list[str]:
    """The text between the "=" outside braces; none where there are inequalities."""
    depth, start, members = 0, 0, []
    for mark in _BRACE.finditer(text):
        found = mark[0]
        if found in "{}":
            depth += 1 if found == "{" else -1
        elif found in "<>" and depth == 0:
            return []
        elif found == "=" and depth == 0:
            if (
                text[mark.start() - 1 : mark.start()] in ("!", "<", ">", ":")
                or text[mark.end() : mark.end() + 1] == "="
            ):
                return []
            members.append(text[start : mark.start()])
            start = mark.end()
    return [*members, text[start:]]
