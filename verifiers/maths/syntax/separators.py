r"""Digits and what stands between them: thousands of all conventions, repeating decimals, decimal commas.

A comma is a thousands separator where groups of three follow and no bracket is open: `1,234` is a number, `(1,234)` and
`1, 234` are two. A comma in braces, `0{,}5`, is a decimal one unless three digits follow.
Groups of two and then three are one number where they cannot be items, `1,00,000`; `12,34,567` is a list, which equals
its number as an object. (Answers hold many more lists.)
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["join_digits"]

_TYPESET: Final = re.compile(r"(?<=[0-9])(?:\{,\}|,(?:\\[!,]| ?\\! ?)|\\[!,;:]|\{\\,\}|~)[ ]?(?=[0-9]{3}(?![0-9]))")
_COMMAS: Final = re.compile(r"(?<![0-9.,A-Za-z_])[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9,])", re.ASCII)
_INDIAN: Final = re.compile(
    r"(?<![0-9.,A-Za-z_])(?:(?=[0-9,]{1,40},0)[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]+)?"
    r"|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}\.[0-9]+)(?![0-9,])",
    re.ASCII,
)
_SPACES: Final = re.compile(
    r"(?<![0-9.,] )(?<![0-9.,A-Za-z_])[1-9][0-9]{0,2}(?: [0-9]{3})+(?:,[0-9]{1,2}(?![0-9,]))?"
    r"(?![0-9]| ?/ ?[0-9]| [0-9])",
    re.ASCII,
)
_DOTS: Final = re.compile(r"(?<![0-9.,])([1-9][0-9]{0,2}(?:\.[0-9]{3})+)(?:,([0-9]+))?(?![0-9.,])")
_MARKS: Final = re.compile(r"(?<![0-9.,])[1-9][0-9]{0,2}(?:(?:'[0-9]{3})+|(?:_[0-9]{3})+)(?![0-9'_])")
_BRACED_COMMA: Final = re.compile(r"(?<=[0-9])\{,\}(?=[0-9])")
_CYCLE_IN_BRACKETS: Final = re.compile(r"(?<![0-9])([0-9]*\.[0-9]*)\(([0-9]+)\)(?![0-9])")
_CYCLE_COMMAND: Final = re.compile(
    r"(?<![0-9])([0-9]*\.[0-9]*) ?\\(?:overline|bar|dot|overset\{\\cdot\}) ?(?:\{ ?([0-9 ]+)\}|([0-9]))"
)
_TWO_DOTS: Final = re.compile(r"(?<![0-9])([0-9]*\.[0-9]*)\\dot ?\{?([0-9])\}?([0-9]*)\\dot ?\{?([0-9])\}?")
_ELLIPSIS: Final = re.compile(r"(?<![0-9])([0-9]*\.[0-9]+)(?:\.\.\.+|\\(?:dots|ldots|cdots|dotsc)(?![A-Za-z]))")
_DECIMAL_COMMA: Final = re.compile(r"(?<![0-9,])([0-9]+),([0-9]+)(?![0-9,])")
_LONG: Final = 6
"""A decimal that goes on with dots and shows no cycle is taken as written from so many digits."""


def join_digits(text: str, decimal_comma: bool) -> str:
    r"""The text with its numbers written plainly: `1{,}234` as `1234`, `0.(3)` as `0.\\overline{3}`."""
    if "." in text:
        text = _repeating(text)
        text = _DOTS.sub(_dotted, text) if text.count(".") > 1 or "," in text else text
    if "\\" in text or "~" in text or "{,}" in text:
        if "\\," in text or "\\!" in text or "\\;" in text or "~" in text or "{" in text:
            text = _TYPESET.sub("", text)
        if "{,}" in text:
            text = _BRACED_COMMA.sub(".", text)
    if decimal_comma and "," in text:
        text = _DECIMAL_COMMA.sub(r"\1.\2", text)
    if "," in text:
        text = _outside_brackets(_INDIAN, _outside_brackets(_COMMAS, text))
    if " " in text:
        text = _SPACES.sub(lambda match: match[0].replace(" ", "").replace(",", "."), text)
    if "'" in text or "_" in text:
        text = _MARKS.sub(lambda match: match[0].replace("'", "").replace("_", ""), text)
    return text


def _dotted(match: re.Match[str]) -> str:
    """`1.234.567` and `1.234,56`; `1.234` alone is a decimal, and `1.234,567` two of something."""
    whole, part = match[1], match[2]
    if whole.count(".") == 1 and (part is None or len(part) == 3):
        return match[0]
    return whole.replace(".", "") + (f".{part}" if part else "")


def _outside_brackets(pattern: re.Pattern[str], text: str) -> str:
    parts: list[str] = []
    at = depth = 0
    for match in pattern.finditer(text):
        before = text[at : match.start()]
        depth += before.count("(") + before.count("[") + before.count("\\{")
        depth -= before.count(")") + before.count("]") + before.count("\\}")
        parts.append(before)
        parts.append(match[0] if depth > 0 else match[0].replace(",", ""))
        at = match.end()
    return "".join(parts) + text[at:] if parts else text


def _repeating(text: str) -> str:
    if "\\" in text:
        text = _TWO_DOTS.sub(lambda match: f"{match[1]}\\overline{{{match[2]}{match[3]}{match[4]}}}", text)
        text = _CYCLE_COMMAND.sub(
            lambda match: f"{match[1]}\\overline{{{(match[2] or match[3]).replace(' ', '')}}}", text
        )
    if "(" in text:
        text = _CYCLE_IN_BRACKETS.sub(lambda match: f"{match[1]}\\overline{{{match[2]}}}", text)
    if "..." in text or "dots" in text:
        text = _ELLIPSIS.sub(_with_cycle, text)
    return text


def _with_cycle(match: re.Match[str]) -> str:
    """`0.1666...` as its cycle, seen three times (a longer one twice); a long decimal without one as it stands."""
    whole, _, part = match[1].partition(".")
    for length in range(1, min(len(part) // 2, 20) + 1):
        cycle = part[-length:]
        start = len(part) - length
        while start >= length and part[start - length : start] == cycle:
            start -= length
        if (len(part) - start) // length >= (3 if length == 1 else 2):
            return f"{whole}.{part[:start]}\\overline{{{cycle}}}"
    return match[1] if len(part) >= _LONG else match[0]
