"""Which words a text has, so that costly patterns run only where a word of theirs occurs."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

__all__ = ["first_word", "lacks", "plain_words"]

_WORD = re.compile("[a-z]+")


def plain_words(text: str) -> frozenset[str] | None:
    """The runs of letters of an ASCII text in lower case; None for other texts, whose words are not told so."""
    return frozenset(_WORD.findall(text.lower())) if text.isascii() else None


def lacks(words: frozenset[str] | None, wanted: AbstractSet[str]) -> bool:
    """Whether none of the wanted words occurs, for sure."""
    return words is not None and words.isdisjoint(wanted)


def first_word(text: str) -> str:
    """The run of ASCII letters that a text begins with, in lower case."""
    found = _WORD.match(text[:24].lower())
    return found[0] if found else ""
