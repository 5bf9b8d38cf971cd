"""What an answer that is no formula says: which kind it is, tried in a fixed order."""

from __future__ import annotations

import re

from assaygym.verifiers.maths.words.choices import read_choice, read_labelled
from assaygym.verifiers.maths.words.dates import read_date
from assaygym.verifiers.maths.words.foreign import read_foreign
from assaygym.verifiers.maths.words.kinds import Words
from assaygym.verifiers.maths.words.numerals import read_numeral
from assaygym.verifiers.maths.words.phrases import read_hedge, read_list, read_phrase
from assaygym.verifiers.maths.words.plain import MAX_CHARS, fold, is_formula, is_marked, plain_text
from assaygym.verifiers.maths.words.quantities import read_quantity
from assaygym.verifiers.maths.words.sayings import read_saying
from assaygym.verifiers.maths.words.times import read_time

__all__ = ["read_words"]

_STATED = re.compile(r"\A(?:it is|it's|this is|that is|they are|the answer is) (?=\S)", re.IGNORECASE)
_SIGN = re.compile(
    r"[=<>+|]|\\(?:frac|sqrt|pi|log|ln|sin|cos|tan|infty|cup|cdot|times|theta|begin|circ|left|binom|overline|pm|sum|int)"
    r"(?![A-Za-z])|\\[{}$]|[0-9]_\{?[0-9]"
)
"""What makes a text a formula wherever it stands in it."""
_CHOICE = re.compile(r"[A-J]|[^\x00-\x7f]")
"""What there has to be for a formula to be a choice all the same."""
_DIRECTIONS = ("north", "south", "east", "west")


def read_words(text: str, gold: Words | None = None) -> Words | None:
    r"""The answer that a text gives in words; None when it is mathematics or nothing known.

    Args:
        text: an answer as it was written, LaTeX or not (`\text{(E)}`, `7:45 \text{ a.m.}`, `the hexagon`).
        gold: the other answer, where that is words: it decides what a lone letter may be. `b` is a choice beside a
            choice, `E` a direction beside a direction.

    Takes time linear in the text, of which at most 400 characters are read, and never raises.
    """
    if gold is None and _SIGN.search(text) and not _CHOICE.search(text):
        return None  # a formula, as is told in more steps below
    plain = plain_text(text)
    if plain is None:
        return _beyond_plain(text, gold)
    kind = gold.kind if gold is not None else ""
    if kind == "saying" and gold is not None and gold.value.startswith(_DIRECTIONS):
        direction = read_saying(plain, fold(plain), directions=True)
        if direction is not None:
            return direction
    choice = read_choice(plain, expected=kind == "choice") or read_labelled(text, expected=kind == "choice")
    if choice is not None:
        return choice
    return None if is_formula(plain) else _read(_STATED.sub("", plain, count=1), marked=is_marked(text), kind=kind)


def _beyond_plain(text: str, gold: Words | None) -> Words | None:
    """What has commands of mathematics: a letter before a formula, or, beside a choice, letters in braces."""
    if len(text) > MAX_CHARS or "\\" not in text:
        return None
    expected = gold is not None and gold.kind == "choice"
    bare = text.replace("\\{", "").replace("\\}", "") if expected else text
    plain = plain_text(bare) if bare != text else None
    return read_choice(plain, expected=True) if plain else read_labelled(text, expected=expected)


def _read(plain: str, *, marked: bool, kind: str) -> Words | None:
    words = fold(plain)
    found = read_saying(plain, words) or read_time(plain) or read_date(plain, expected=kind == "date")
    found = found or read_quantity(plain)
    if found is None and words:
        found = read_hedge(plain, words) or read_numeral(plain) or read_foreign(plain)
    if found is None:
        found = read_list(plain, lambda item: _item(item, marked=marked)) or read_phrase(plain, words, marked=marked)
    return found


def _item(plain: str, *, marked: bool) -> Words | None:
    words = fold(plain)
    if not words:
        return None
    found = read_saying(plain, words) or read_date(plain)
    return found or read_numeral(plain) or read_phrase(plain, words, marked=marked)
