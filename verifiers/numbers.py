"""Numbers in prose, as exact rationals. ASCII digits only; nothing is handed to `float()` or `Fraction()` unchecked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Number", "find_numbers", "parse_decimal", "plain_numbers"]

MAX_DIGITS = 400
"""Longest number read, in characters; a longer one is not a number."""

_COSMETIC = (
    (re.compile(r"(?<=\d)(?:\{,\}|,?\\!|\\,)\s{0,3}(?=\d{3})", re.ASCII), ","),
    (re.compile(r"\s?\\[dt]?frac\s?\{\s?(-?[\d.,]{1,400})\s?\}\s?\{\s?([\d.,]{1,400})\s?\}", re.ASCII), r" \1/\2"),
    (re.compile(r"\s?\\[dt]?frac\s?(\d)\s?(\d)", re.ASCII), r" \1/\2"),
    (re.compile(r"\s?(?:\\times|\\cdot|×|\*)\s?10\s?(?:\^|\*\*)\s?\{?(-?\d{1,3})\}?(?![\d.])", re.ASCII), r"e\1"),
)
_BODY = r"(?:\d{1,3}(?:,\d{3})++(?:\.\d++)?|\d++(?:\.\d++)?|\.\d++)"
_NUMBER = re.compile(
    rf"""(?<![\w./:^])(?!(?<=\d,)\d{{3}}(?!\d))
    (?P<sign>(?<![\d)}}])-)?
    (?:\$|\\\$|€|£)?(?P<inner>-)?
    (?:(?P<whole>\d++)\s(?=\d++/\d))?
    (?P<body>{_BODY})
    (?P<exponent>[eE][-+]?\d{{1,3}}(?![\d.]))?
    (?:\s?/\s?(?P<under>{_BODY}))?
    (?![\d_])(?!\.\d)(?!,\d{{3}}(?!\d))(?![eE][-+]?\d)(?!\s?[xyznki]\b)(?!:\d)(?!/|\^(?!\s?\{{?\s?\\circ))
    (?:\s?\\?(?P<percent>%))?""",
    re.ASCII | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a text, at `text[start:end]` of the text given to `find_numbers`."""

    value: Fraction
    percent: bool
    start: int
    end: int


def find_numbers(text: str) -> list[Number]:
    """Every number of the text, in order.

    Thousands separators (`1,000`), currency signs, `1/2`, `2 1/2` and `1.5e3` are read; `plain_numbers` brings LaTeX
    into these forms first. Not numbers: other than ASCII digits, `1_000`, `3.4.5`, `7:45`, digits inside words, a
    coefficient (`2x`), an exponent of over three digits, more than 400 digits, a division by zero. A percent sign is
    noted and not applied.
    """
    return [number for match in _NUMBER.finditer(text) if (number := _number(match)) is not None]


def plain_numbers(text: str) -> str:
    r"""The text with LaTeX numbers written plainly: `1{,}000` as `1,000`, `\frac{1}{2}` as `1/2`."""
    plain = text.replace("−", "-").replace("–", "-")
    for pattern, replacement in _COSMETIC:
        plain = pattern.sub(replacement, plain)
    return plain


def _number(match: re.Match[str]) -> Number | None:
    if match.end() - match.start() > MAX_DIGITS:
        return None
    value = parse_decimal(match["body"])
    if match["exponent"]:
        value *= Fraction(10) ** int(match["exponent"][1:])
    if match["under"]:
        under = parse_decimal(match["under"])
        if not under:
            return None
        value /= under
    value += int(match["whole"] or 0)
    negative = bool(match["sign"]) != bool(match["inner"])
    return Number(-value if negative else value, bool(match["percent"]), match.start(), match.end())


def parse_decimal(text: str) -> Fraction:
    """The value of ASCII digits with at most one point and thousands commas, at most 400 characters.

    Raises:
        ValueError: the text is anything else.
    """
    if len(text) > MAX_DIGITS or not re.fullmatch(r"[\d,]*\.?\d*", text, re.ASCII) or not re.search(r"\d", text):
        raise ValueError(f"{text[:40]!r} is not a decimal of at most {MAX_DIGITS} digits")
    whole, _, part = text.replace(",", "").partition(".")
    return Fraction(int((whole + part) or "0"), 10 ** len(part))
