"""How numbers are spelled: English without a bound that matters, other languages from 0 to 99."""

from __future__ import annotations

from functools import cache
from typing import Final

from assaygym.verifiers.maths.words.plain import word_list

__all__ = ["LARGEST", "ORDINAL_ENDS", "SCALES", "SMALL", "TENS", "other_languages", "spelled"]

_SMALL: Final = word_list(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS: Final = word_list("twenty thirty forty fifty sixty seventy eighty ninety")
SMALL: Final = {word: value for value, word in enumerate(_SMALL)}
TENS: Final = {word: value for value, word in zip(range(20, 100, 10), _TENS, strict=True)}
SCALES: Final = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
LARGEST: Final = 10**15 - 1
ORDINAL_ENDS: Final = {
    "zeroth": "zero", "first": "one", "second": "two", "third": "three", "fifth": "five", "eighth": "eight",
    "ninth": "nine", "twelfth": "twelve",
    **{f"{word}th": word for word in ("four", "six", "seven", "ten", "eleven", *_SMALL[13:], "hundred", *SCALES)},
    **{f"{word[:-1]}ieth": word for word in _TENS},
}  # fmt: skip
"""The last word of an ordinal, and the cardinal it is made from."""


def spelled(number: int) -> list[str]:
    """The English words of a number from 0 to `LARGEST`, without "and" and hyphens."""
    if number < 20:
        return [_SMALL[number]]
    if number < 100:
        return [_TENS[number // 10 - 2], *([_SMALL[number % 10]] if number % 10 else [])]
    size, scale = (100, "hundred") if number < 1000 else _scale(number)
    return [*spelled(number // size), scale, *(spelled(number % size) if number % size else [])]


def _scale(number: int) -> tuple[int, str]:
    return max((size, name) for name, size in SCALES.items() if size <= number)


@cache
def _german() -> dict[str, int]:
    small = word_list(
        "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
        "siebzehn achtzehn neunzehn"
    )
    tens = word_list("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
    ones = ("ein", *small[2:10])
    rest = {f"{one}und{ten}": 10 * t + o for t, ten in enumerate(tens, 2) for o, one in enumerate(ones, 1)}
    words = {word: n for n, word in enumerate(small)} | {ten: 10 * t for t, ten in enumerate(tens, 2)} | rest
    del words["null"]  # a program's word for no value
    return words


@cache
def _french() -> dict[str, int]:
    small = word_list(
        "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
        "dix-huit dix-neuf"
    )
    words = {word: n for n, word in enumerate(small)}
    for base, ten in (
        (20, "vingt"),
        (30, "trente"),
        (40, "quarante"),
        (50, "cinquante"),
        (60, "soixante"),
        (80, "quatre-vingt"),
    ):
        words[ten if base != 80 else "quatre-vingts"] = base
        for one in range(1, 20 if base >= 60 else 10):
            linked = one in (1, 11) and base != 80
            words[f"{ten} et {small[one]}" if linked else f"{ten}-{small[one]}"] = base + one
    return {word.replace("-", " "): n for word, n in words.items()}


@cache
def _spanish() -> dict[str, int]:
    small = word_list(
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
        "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
        "veintiocho veintinueve"
    )
    tens = word_list("treinta cuarenta cincuenta sesenta setenta ochenta noventa")
    words = {word: n for n, word in enumerate(small)} | {ten: 10 * t for t, ten in enumerate(tens, 3)}
    return words | {f"{ten} y {small[o]}": 10 * t + o for t, ten in enumerate(tens, 3) for o in range(1, 10)}


@cache
def _chinese() -> dict[str, int]:
    digits = "零一二三四五六七八九"
    words = {digit: n for n, digit in enumerate(digits)} | {"两": 2, "兩": 2, "十": 10}
    words |= {f"十{digits[o]}": 10 + o for o in range(1, 10)} | {f"{digits[t]}十": 10 * t for t in range(1, 10)}
    return words | {f"{digits[t]}十{digits[o]}": 10 * t + o for t in range(1, 10) for o in range(1, 10)}


@cache
def other_languages() -> dict[str, int]:
    """German, French, Spanish and Chinese words for 0 to 99, without hyphens; none of them says two numbers."""
    words: dict[str, int] = {}
    for table in (_german(), _french(), _spanish(), _chinese()):
        words |= table
    return words
