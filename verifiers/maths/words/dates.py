"""Dates: `October 12`, `12th of October 2024`, `2024-10-12`, `Monday`, `10月12日`. No calendar but that of today."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from assaygym.verifiers.maths.words.kinds import Words
from assaygym.verifiers.maths.words.plain import word_list

__all__ = ["Date", "read_date", "same_date"]


class Date(NamedTuple):
    """What was said of a day; None for what was not."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None


_ENGLISH_MONTHS = "january february march april may june july august september october november december"
_MONTHS: Final = {name: number for number, name in enumerate(_ENGLISH_MONTHS.split(), start=1)}
_SHORT_MONTHS: Final = {name[:3]: number for name, number in _MONTHS.items()} | {"sept": 9}
_OTHER_MONTHS: Final = {
    name: number
    for names in (
        "januar februar märz april mai juni juli august september oktober november dezember",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    )
    for number, name in enumerate(names.split(), start=1)
}
_WEEKDAYS: Final = {
    name: number
    for names in (
        "monday tuesday wednesday thursday friday saturday sunday",
        "montag dienstag mittwoch donnerstag freitag samstag sonntag",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "lunes martes miércoles jueves viernes sábado domingo",
    )
    for number, name in enumerate(names.split())
}
_SHORT_WEEKDAYS: Final = {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4}
_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FILLERS: Final = frozenset(word_list("the of de del den le el am on"))
_NUMERAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?|(\d{4})", re.ASCII)
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})", re.ASCII)
_CHINESE = re.compile(r"(?:(\d{4})\s?年\s?)?(\d{1,2})\s?月\s?(?:(\d{1,2})\s?[日号])?")
_CHINESE_WEEKDAY = re.compile(r"(?:星期|周|週|礼拜)([一二三四五六日天])")


def read_date(plain: str, *, expected: bool = False) -> Words | None:
    """The date, month, weekday or ambiguous date (`10/12/2024`) that the text is; None when it is none.

    A year alone is a number, and so no date. Abbreviations and names of other languages that are words too (`Sun`,
    `Mars`) are read only beside a day, or beside a gold that is a date (`expected`).
    """
    found = _numeric(plain) or _chinese(plain)
    if isinstance(found, str):
        return Words("date", found, found, certain=False)
    if found is None and len(plain) <= 60:
        found = _worded(plain.casefold(), expected)
    if found is None or not _possible(found):
        return None
    return Words("date", found, _written(found))


def _numeric(plain: str) -> Date | str | None:
    if iso := _ISO.fullmatch(plain):
        return Date(int(iso[1]), int(iso[3]), int(iso[4]))
    numeric = _NUMERIC.fullmatch(plain)
    if numeric is None:
        return None
    first, second, year = int(numeric[1]), int(numeric[3]), int(numeric[4])
    if max(first, second) > 31 or min(first, second) > 12 or not first or not second:
        return None
    if first <= 12 and second <= 12 and first != second:
        return f"{first}/{second}/{year}"
    return Date(year, min(first, second), max(first, second))


def _chinese(plain: str) -> Date | None:
    if match := _CHINESE.fullmatch(plain):
        year, month, day = (int(part) if part else None for part in match.groups())
        return Date(year, month, day)
    weekday = _CHINESE_WEEKDAY.fullmatch(plain)
    return Date(weekday=min("一二三四五六日天".index(weekday[1]), 6)) if weekday else None


def _worded(text: str, expected: bool) -> Date | None:
    """By its words, in any order; each part at most once and no other word."""
    words = [word for word in text.replace(",", " ").replace(".", " ").split() if word not in _FILLERS]
    if not words or len(words) > 4:
        return None
    parts: dict[str, int] = {}
    for word in words:
        read = _part(word, alone=len(words) == 1 and not expected)
        if read is None or read[0] in parts:
            return None
        parts[read[0]] = read[1]
    date = Date(**parts)
    named = date.month is not None or date.weekday is not None
    return date if named and (date.month is not None or (date.day is None and date.year is None)) else None


def _part(word: str, *, alone: bool) -> tuple[str, int] | None:
    if numeral := _NUMERAL.fullmatch(word):
        return ("day", int(numeral[1])) if numeral[1] else ("year", int(numeral[2]))
    for names, part in ((_MONTHS, "month"), (_SHORT_MONTHS, "month"), (_WEEKDAYS, "weekday")):
        if word in names:
            return part, names[word]
    if word in _SHORT_WEEKDAYS:
        return "weekday", _SHORT_WEEKDAYS[word]
    if alone:
        return None
    if word in ("sat", "sun"):
        return "weekday", 5 if word == "sat" else 6
    return ("month", _OTHER_MONTHS[word]) if word in _OTHER_MONTHS else None


def _written(date: Date) -> str:
    day = "-".join("?" if part is None else str(part) for part in date[:3])
    return day if date.weekday is None else f"{day} weekday {date.weekday + 1}"


def _possible(date: Date) -> bool:
    if date.month is not None and not 1 <= date.month <= 12:
        return False
    return date.day is None or 1 <= date.day <= _DAYS[(date.month or 1) - 1]


def same_date(gold: Date | str, pred: Date | str) -> bool:
    """Whether they say the same day; a weekday may be missing where both name a day of a month."""
    if isinstance(gold, str) or isinstance(pred, str):
        return gold == pred
    weekdays = {gold.weekday, pred.weekday}
    agree = len(weekdays) == 1 or (None in weekdays and gold.day is not None)
    return gold[:3] == pred[:3] and agree
