"""Whether a statement gives an answer at all, or says that something is not so, or might be."""

from __future__ import annotations

import re
from typing import Final

from assaygym.verifiers.extraction.gates import lacks, plain_words
from assaygym.verifiers.extraction.sentences import unmarked

__all__ = ["is_hedge", "is_negated", "is_unsure"]

_NEGATED = re.compile(
    r"(?:(?:\b(?:not(?! (?:hard|difficult|only|surprising|just|too|for nothing))|never|cannot|doubt\w*"
    r"|neither|unlikely|impossible"
    r"|rather than|instead of|except"
    r"|nicht|pas|não|non|не|no (?:es|son|puede ser))|n['’]t)\b|不是|不等于|不能|不会|不可能)"
    r"[^.,;:!?\n\d$\\\x00]{0,40}+\Z",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:(?:could|might|may)(?: also)? be|maybe|perhaps|possibly|alternatively|not sure|or (?:it|else)"
    r"|either|depending)\b",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"\b(?:(?:could|might|may)(?: also)? be|maybe|perhaps|possibly|not (?:sure|certain)|unsure|don['’]t know"
    r"|do not know"
    r"|let me try|let us try|let['’]s try)\b",
    re.IGNORECASE,
)
_UNSURE_WORDS: Final = frozenset(
    ("could", "might", "may", "maybe", "perhaps", "possibly", "not", "unsure", "don", "do", "let")
)
_SETTLED = re.compile(r"(?!\sthat\b).*(?:\b(?:and|or|is|are|equals)\b|=)", re.IGNORECASE | re.DOTALL)
_VALUE = re.compile(r"[\d\x00]")


def is_negated(text: str, position: int) -> bool:
    """Whether what stands at a position is said not to be so: "it cannot be 5", "x is never 5"."""
    return _NEGATED.search(text, max(0, position - 60), position) is not None


def is_hedge(text: str) -> bool:
    """Whether a sentence names several values as possible ones: "5, but it could be 6"."""
    prose = unmarked(text)
    hedge = _HEDGE.search(prose)
    return bool(hedge and _VALUE.search(prose, 0, hedge.start()) and _VALUE.search(prose, hedge.end()))


def is_unsure(text: str) -> bool:
    """Whether a statement is none, for it only says what might be: "it could be 5", "I don't know, maybe 5".

    "It could be 5 or 6" gives all possible values; in "the most there could be in a row is 5" it is sure.
    """
    if lacks(plain_words(text), _UNSURE_WORDS) or _UNSURE.search(text) is None:
        return False
    prose = unmarked(text)
    unsure = _UNSURE.search(prose)
    return unsure is not None and (is_hedge(text) or _SETTLED.match(prose, unsure.end()) is None)
