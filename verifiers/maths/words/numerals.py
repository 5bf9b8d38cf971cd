"""Numbers in words: `fifteen`, `one hundred and five`, `three quarters`, `two and a half`, `3rd`, `vingt et un`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from assaygym.verifiers.maths.syntax.tree import Node
from assaygym.verifiers.maths.words.kinds import Words
from assaygym.verifiers.maths.words.plain import word_list
from assaygym.verifiers.maths.words.spelling import (
    LARGEST,
    ORDINAL_ENDS,
    SCALES,
    SMALL,
    TENS,
    other_languages,
    spelled,
)

__all__ = ["read_numeral", "unit_tree", "value_of"]

_SIGNS: Final = {"minus": -1, "negative": -1, "plus": 1, "positive": 1}
_SCALE_WORDS: Final = frozenset({"hundred", "dozen", *SCALES})
_PARTS: Final = {"half": 2, "halves": 2, "quarter": 4, "quarters": 4}
_DIGIT_ORDINAL = re.compile(r"(?:the )?(\d{1,15})\s?(?:st|nd|rd|th)", re.ASCII)
_NOT_UNITS: Final = frozenset((*SMALL, *TENS, *_SCALE_WORDS, *ORDINAL_ENDS, *_PARTS)) | frozenset(
    word_list(
        "and or point to times plus minus over by of is are not a an the divided squared cubed half more less than"
    )
)


def read_numeral(plain: str) -> Words | None:
    """The number that the words say, with a unit of one word after it if there is one; None when they say none.

    An ordinal (`third`, `3rd`) is its number, for the ending of the digits is no more than a unit.
    """
    if ordinal := _DIGIT_ORDINAL.fullmatch(plain):
        return _number(Fraction(int(ordinal[1])))
    if not plain[0].isalpha() or len(plain) > 120:
        return None
    words = plain.lower().replace("-", " ").replace(",", " ").split()
    words = words[1:] if words[0] == "the" else words
    if not words:
        return None
    value = value_of(words)
    if value is None:
        value = _foreign(words)
    return _number(value) if value is not None else _quantity(words)


def _number(value: Fraction) -> Words:
    tree = _tree(value)
    return Words("number", tree, str(value), tree)


def _tree(value: Fraction) -> Node:
    return ("num", value.numerator, value.denominator)


def _foreign(words: Sequence[str]) -> Fraction | None:
    value = other_languages().get(" ".join(words))
    return None if value is None else Fraction(value)


def _quantity(words: Sequence[str]) -> Words | None:
    """`fifteen apples`, `fifty percent`, `ninety degrees`, `two dollars`."""
    *count, unit = words
    if count[-1:] == ["per"] and unit == "cent":
        count, unit = count[:-1], "percent"
    value = value_of(count, ordinals=False) if count and unit.isalpha() and unit not in _NOT_UNITS else None
    if value is None:
        return None
    tree = unit_tree(value, unit)
    return Words("number", tree, f"{value}{unit}", tree)


def unit_tree(value: Fraction, unit: str) -> Node:
    """The tree of a number with a unit in words."""
    if unit in ("percent", "degree", "degrees"):
        return ("percent" if unit == "percent" else "deg", _tree(value))
    return ("money", _tree(value), "$") if unit in ("dollar", "dollars") else ("unit", _tree(value), unit)


def value_of(words: Sequence[str], *, ordinals: bool = True) -> Fraction | None:
    """The value of English words in lower case without hyphens: a cardinal, an ordinal, a fraction or a decimal."""
    if not words:
        return None
    if words[0] in _SIGNS:
        value = _unsigned(words[1:], ordinals=False)
        return None if value is None else _SIGNS[words[0]] * value
    return _unsigned(words, ordinals=ordinals)


def _unsigned(words: Sequence[str], *, ordinals: bool) -> Fraction | None:
    whole = cardinal(words)
    if whole is None and ordinals:
        whole = _ordinal(words)
    if whole is not None:
        return Fraction(whole)
    for read in (_fraction, _mixed, _decimal):
        value = read(words)
        if value is not None:
            return value
    return None


def _ordinal(words: Sequence[str]) -> int | None:
    if not words or words[-1] not in ORDINAL_ENDS or _is_one_part(words):
        return None
    return cardinal([*words[:-1], ORDINAL_ENDS[words[-1]]])


def _is_one_part(words: Sequence[str]) -> bool:
    """Whether it is `one hundredth`, which is 0.01 and not the number of a place."""
    return len(words) == 2 and words[0] in ("a", "one") and ORDINAL_ENDS[words[1]] in _SCALE_WORDS


def cardinal(words: Sequence[str]) -> int | None:
    """A whole number: what its words add up to, if that is spelled so."""
    if not words or len(words) > 40:
        return None
    if words[-1] == "dozen":
        return 6 if tuple(words) == ("half", "a", "dozen") else _dozens(words[:-1])
    if words[0] in ("a", "an") and words[1:] and words[1] in _SCALE_WORDS:
        words = ["one", *words[1:]]
    if len(words) == 1 and words[0] in _SCALE_WORDS:
        words = ["one", *words]
    if any(word == "and" and words[i - 1] not in _SCALE_WORDS for i, word in enumerate(words)) or words[-1] == "and":
        return None
    plain = [word for word in words if word != "and"]
    total = _added_up(plain)
    return total if total is not None and total <= LARGEST and spelled(total) == plain else None


def _dozens(words: Sequence[str]) -> int | None:
    count = 1 if tuple(words) in ((), ("a",), ("one",)) else cardinal(words)
    return None if count is None or words[-1:] == ["dozen"] else 12 * count


def _added_up(words: Sequence[str]) -> int | None:
    total = group = 0
    for word in words:
        if word in SMALL or word in TENS:
            group += SMALL.get(word, 0) + TENS.get(word, 0)
        elif word == "hundred":
            group *= 100
        elif word in SCALES:
            total, group = total + group * SCALES[word], 0
        else:
            return None
    return total + group


def _fraction(words: Sequence[str]) -> Fraction | None:
    """`two thirds`, `a half`, `half`, `three twenty fifths`, `one hundredth`."""
    if len(words) == 1:
        return Fraction(1, _PARTS[words[0]]) if words[0] in ("half", "quarter") else None
    for cut in range(1, min(len(words), 8)):
        over, under = words[:cut], words[cut:]
        above = 1 if over == ["a"] or over == ["an"] else cardinal(over)
        below = _denominator(under, plural=above != 1) if above is not None else None
        if above is not None and below:
            return Fraction(above, below)
    return None


def _denominator(words: Sequence[str], *, plural: bool) -> int | None:
    last = words[-1]
    if len(words) == 1 and last in _PARTS:
        return _PARTS[last] if plural == (last in ("halves", "quarters")) else None
    if plural != last.endswith("s") or last in ("seconds", "second", "first", "firsts"):
        return None
    end = ORDINAL_ENDS.get(last[:-1] if plural else last)
    words = [*words[:-1], end] if end else []
    return cardinal(["one", *words] if end in _SCALE_WORDS and len(words) == 1 else words)


def _mixed(words: Sequence[str]) -> Fraction | None:
    """`two and a half`."""
    if "and" not in words:
        return None
    cut = len(words) - 1 - list(reversed(words)).index("and")
    whole, part = cardinal(words[:cut]), _fraction(words[cut + 1 :])
    return whole + part if whole is not None and part is not None and part < 1 else None


def _decimal(words: Sequence[str]) -> Fraction | None:
    """`two point five`, `point two five`."""
    if "point" not in words:
        return None
    cut = list(words).index("point")
    whole = cardinal(words[:cut]) if cut else 0
    digits = [SMALL.get(word, 10) for word in words[cut + 1 :]]
    if whole is None or not digits or max(digits) > 9:
        return None
    return whole + Fraction(int("".join(map(str, digits))), 10 ** len(digits))
