"""From an answer as it was written to plain text, or to the finding that it is a formula."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MAX_CHARS", "fold", "is_formula", "is_marked", "joined", "plain_text", "word_list"]

MAX_CHARS: Final = 400
"""Longest answer that is read as words."""

_WORDISH = re.compile(r"[^\W\d_]|\d\s?:\s?\d|\d[-/.]\d{1,2}[-/.]\d", re.ASCII)
_TEXT = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt|sc|up|normal)?|math(?:rm|bf|it|sf|tt|normal)|[mh]box|f?boxed|fbox|emph|underline"
    r"|operatorname|rm|bf|it)(?![A-Za-z])\*?"
)
_SPACE = re.compile(r"\\(?:[ ,;:!]|q?quad(?![A-Za-z])|space(?![A-Za-z]))")
_DOUBLED = re.compile(r"\\\\(?=[A-Za-z])")
_RAISED = re.compile(r"(?<=\d)\s?\^\s?(?=(?:st|nd|rd|th)\b)", re.ASCII)
_FORMULA = re.compile(r"[=<>^_+*|\\\[\]@#√±×÷≤≥≠∞∪∩∈→]")
_PUNCTUATION = re.compile(r"[;!?()\"]+|(?<!\d)[.,:]+|[.,:]+(?!\d)", re.ASCII)
_HYPHEN = re.compile(r"(?<=[^\W\d_])-+(?=[^\W\d_])")
_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_TABLE: Final = (
    _WIDE
    | dict.fromkeys(map(ord, "{}$"), "")
    | dict.fromkeys(map(ord, "~\u00a0\u2009\u202f\u3000\t\n\r"), " ")
    | dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
    | dict.fromkeys(map(ord, "‘’´`"), "'")
    | dict.fromkeys(map(ord, "“”„«»"), '"')
    | {ord("。"): ".", ord("、"): ","}
    | {ord("【"): "[", ord("】"): "]", ord("〔"): "[", ord("〕"): "]"}
)


def plain_text(text: str) -> str | None:
    r"""The answer without typesetting (`\text{}`, dollars, braces, full width, `**`) and without a full stop.

    None where it cannot be words: it is too long, has no letter (and looks like no time or date), or has a command
    that is not about text.
    """
    if len(text) > MAX_CHARS or (text.isascii() and not _WORDISH.search(text)):
        return None
    if "\\" in text:
        text = _TEXT.sub("", _SPACE.sub(" ", _DOUBLED.sub(r"\\", text)))
        text = text.replace("\\&", "&").replace("\\%", "%")
        if "\\" in text:
            return None
    text = " ".join(text.translate(_TABLE).split()).strip("*_ '\"").rstrip(".,;! ").rstrip("*_ '\"")
    return _RAISED.sub("", text) or None


def is_marked(text: str) -> bool:
    r"""Whether some of the answer was written as text: `\text{}`, `\mathrm{}`."""
    return _TEXT.search(text) is not None


def is_formula(plain: str) -> bool:
    """Whether plain text has a sign of mathematics that no words have."""
    return _FORMULA.search(plain) is not None


def fold(plain: str) -> tuple[str, ...]:
    """The words without case, punctuation, hyphens and articles; `&` is a word, and numbers are as written."""
    text = _PUNCTUATION.sub(" ", _HYPHEN.sub(" ", plain.casefold()).replace("&", " and "))
    words = text.split()
    kept = [word for i, word in enumerate(words) if not (word in _ARTICLES and len(words[i + 1 : i + 2]))]
    return tuple(kept)


_ARTICLES: Final = frozenset({"the", "a", "an"})


def joined(words: tuple[str, ...]) -> str:
    """What two spellings of a phrase have in common: `north-east`, `north east`, `Northeast`; numbers stay apart."""
    return (" " if any(any(map(str.isdigit, word)) for word in words) else "").join(words)


def word_list(words: str) -> tuple[str, ...]:
    """The words of a table, written between spaces."""
    return tuple(words.split())
