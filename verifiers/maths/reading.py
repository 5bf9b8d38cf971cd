"""An answer read: from its text to what it means, as mathematics and as words."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from assaygym.verifiers.maths.kept import KEPT_CHARS
from assaygym.verifiers.maths.objects import Thing, interpret
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse
from assaygym.verifiers.maths.syntax.tree import MAX_CHARS, MathSyntaxError, Node
from assaygym.verifiers.maths.words import Words, read_words

__all__ = ["Reading", "read", "read_fresh"]

KEPT: Final = 2048
"""How many readings of short answers are kept: the completions of a group often give the same one."""
_SPELLED = re.compile(r"(?<![A-Za-z\\])[A-Za-z]{3}|\^\{?\\text")
"""What has to be there for a text to be read as words although it is a formula: `two and a half`, `3^{\text{rd}}`."""


class Reading(NamedTuple):
    """What an answer says.

    Attributes:
        source: its text as written.
        normal: the text without what is only typesetting; two answers with the same one are the same.
        thing: what it means as mathematics; None where it is none.
        words: what it means as words, mathematics or not; None where that is nothing known.
        problem: why there is no thing.
        unworded: whether it was looked for words in vain.
    """

    source: str
    normal: str
    thing: Thing | None
    words: Words | None
    problem: str = ""
    unworded: bool = False


def read_fresh(text: str, decimal_comma: bool = False) -> Reading:
    """What the text of an answer says; `decimal_comma` as in `MathPolicy`. Takes time linear in the text."""
    if len(text) > MAX_CHARS:
        return Reading(text, "", None, None, f"{len(text)} characters, over the limit of {MAX_CHARS}")
    normal = normalise(text, decimal_comma)
    tree, problem = _parsed(normal)
    unread = tree is None or tree[0] == "words"
    spelled = unread or _SPELLED.search(text) is not None
    words = read_words(text) if spelled else None
    if words is not None and (unread or (words.certain and words.tree is not None)):
        tree = words.tree
    return Reading(
        text, normal, interpret(tree) if tree is not None else None, words, problem, spelled and words is None
    )


def _parsed(normal: str) -> tuple[Node | None, str]:
    try:
        return parse(normal), ""
    except MathSyntaxError as error:
        return None, str(error)


_keep = lru_cache(maxsize=KEPT)(read_fresh)


def read(text: str, decimal_comma: bool = False) -> Reading:
    """`read_fresh`, which keeps what short texts said."""
    return _keep(text, decimal_comma) if len(text) <= KEPT_CHARS else read_fresh(text, decimal_comma)
