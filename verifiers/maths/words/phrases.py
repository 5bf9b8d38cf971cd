"""Names and plain phrases, lists of them, and hedges."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from assaygym.verifiers.maths.words.kinds import Words
from assaygym.verifiers.maths.words.plain import fold, joined, word_list

__all__ = ["read_hedge", "read_list", "read_phrase"]

_PROSE = re.compile(r"[^\W_][\w ,.;:!?'\"&()%/-]*")
_RUN = re.compile(r"[^\W\d_]+")
_FUNCTIONS: Final = frozenset(
    word_list(
        "sin cos tan cot sec csc arcsin arccos arctan arccot sinh cosh tanh coth log ln lg exp sqrt cbrt abs "
        "max min gcd lcm mod lim inf sup det tr deg dim ker arg re im pi alpha beta gamma delta epsilon theta "
        "lambda mu sigma phi psi omega infty frac cdot times sum prod int floor ceil sgn binom pm leq geq neq"
    )
)
_SHORT_WORDS: Final = frozenset(
    word_list(
        "no yes odd all any one two six ten red tan few day can not neither nor set arc ray sum cat dog box "
        "pen boy old new top low big hot wet dry man men son mom dad car bus jar cup hat tie win won loss up "
        "on in at to by he she it is be we us do go so"
    )
)
_CONNECTIVES: Final = frozenset(
    word_list("a an the and or but of is are was with for from its has had who his her per x y")
)
_ROMAN: Final = frozenset(word_list("II III IV VI VII VIII IX"))
_LISTED = re.compile(r"\s*(?:,|;|,?\s+(?:and|&)\s)\s*")
_OR = re.compile(r"(?:,\s?|\s)(?:or|oder|ou)\s|或", re.IGNORECASE)
_HEDGES: Final = frozenset(word_list("maybe perhaps possibly probably either unsure unknown guess"))
_VOWELS: Final = frozenset("aeiouyäöüáéíóúàèâêîôû")


def read_phrase(plain: str, words: tuple[str, ...], *, marked: bool) -> Words | None:
    r"""The phrase; None where the text is rather mathematics (`abc`, `2 cm`, `f(x)`, `sin a`).

    Args:
        plain: from `plain_text`.
        words: the same, folded.
        marked: whether it was written as text (`\text{}`), so that short words are words too.
    """
    if not words or (plain[0].isdigit() and len(words) < 3) or not _PROSE.fullmatch(plain):
        return None
    runs = _RUN.findall(plain)
    if any(run.lower() in _FUNCTIONS for run in runs):
        return None
    strong = sum(_is_word(run, marked=marked) for run in runs)
    if not strong or (strong < len(runs) and not all(_may_stand_alone(run, marked) for run in runs)):
        return None
    plainly = marked or len(runs) > 1 or len(plain) > 4 or not plain.islower()
    return Words("phrase", words, joined(words), certain=plainly and not any(map(str.isdigit, plain)))


def _is_word(run: str, *, marked: bool) -> bool:
    if run in _ROMAN:
        return True
    lower = run.lower()
    if not run.isascii():
        return (len(run) > 1 or run > "\u3000") and not any("\u0370" <= letter <= "\u03ff" for letter in run)
    if len(run) < 2:
        return False
    if lower in _SHORT_WORDS or (marked and not run.isupper()):
        return True
    named = run[0].isupper() and run[1:].islower()
    return (len(run) > 3 or (named and len(run) > 2)) and not _VOWELS.isdisjoint(lower)


def _may_stand_alone(run: str, marked: bool) -> bool:
    """Whether it may stand among words without being one: `Plan A`, `point P`, `of DNA`."""
    return _is_word(run, marked=marked) or run.isupper() or run.lower() in _CONNECTIVES


def read_list(plain: str, read_item: Callable[[str], Words | None]) -> Words | None:
    """Items between commas and "and", each of which is words; None when it is not a list of words."""
    items = [item for item in _LISTED.split(plain) if item]
    if not 2 <= len(items) <= 40:
        return None
    read = [read_item(item) for item in items]
    found = tuple(item for item in read if item is not None)
    if len(found) < len(read):
        return None
    trees = tuple(item.tree for item in found if item.tree is not None)
    together = re.search(r"\s(?:and|&)\s", plain) is not None
    tree = ("list", *trees) if len(trees) == len(found) else None
    text = ",".join(item.text for item in found)
    return Words("list", (together, found), text, tree, certain=all(item.certain for item in found))


def read_hedge(plain: str, words: tuple[str, ...]) -> Words | None:
    """Several answers between "or", or one that is doubted; None when it is neither."""
    items = [item for item in _OR.split(plain) if item.strip()]
    if len(items) < 2 and _HEDGES.isdisjoint(words[:2]):
        return None
    folded = frozenset(joined(tuple(word for word in fold(item) if word != "either")) for item in items)
    doubted = len(items) < 2
    return Words("hedge", folded | {"?"} if doubted else folded, joined(words), certain=not _mathematical(items))


def _mathematical(items: list[str]) -> bool:
    """Whether an item has a digit or is one letter: `x = 3 or x = 4`, `a or b` are lists of mathematics."""
    return any(len(item.strip()) == 1 or any(map(str.isdigit, item)) for item in items)
