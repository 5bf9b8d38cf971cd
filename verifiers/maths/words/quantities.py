"""Quantities of several units: `2 hours 30 minutes`, `2h30m`, `5 ft 6 in`."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from assaygym.verifiers.maths.words.kinds import Words
from assaygym.verifiers.maths.words.numerals import unit_tree, value_of

__all__ = ["read_quantity", "same_quantity"]

Quantity = tuple[str, Fraction, tuple[str, ...]]

_UNITS: Final = {
    name: (kind, unit, size)
    for kind, unit, size, names in (
        ("time", "week", 604800, "week weeks wk wks"),
        ("time", "day", 86400, "day days d"),
        ("time", "hour", 3600, "hour hours hr hrs h"),
        ("time", "minute", 60, "minute minutes min mins m"),
        ("time", "second", 1, "second seconds sec secs s"),
        ("calendar", "year", 12, "year years yr yrs"),
        ("calendar", "month", 1, "month months mo mos"),
        ("length", "mile", 63360, "mile miles mi"),
        ("length", "yard", 36, "yard yards yd yds"),
        ("length", "foot", 12, "foot feet ft"),
        ("length", "inch", 1, "inch inches in"),
        ("mass", "pound", 16, "pound pounds lb lbs"),
        ("mass", "ounce", 1, "ounce ounces oz"),
        ("money", "dollar", 100, "dollar dollars"),
        ("money", "cent", 1, "cent cents"),
    )
    for name in names.split()
}
_PIECE = re.compile(
    r"\s*(?:(\d{1,12}(?:\.\d{1,12})?)\s?|([a-z][a-z -]{0,60}?) )([a-z]{1,7})\b\.?(?!')|\s*(\d{1,12})([dhms])(?=\d)"
)
_LINK = re.compile(r"\s?,?\s?(?:and\b\s?)?")


def read_quantity(plain: str) -> Words | None:
    """A quantity of one or more units of one kind, the largest first; None where the text is none.

    One unit alone is mathematics too, and so not certain; `5 m` is no time at all. The tree is in the largest unit.
    """
    found: list[tuple[Fraction, str, str, int]] = []
    text, at, names = plain.lower(), 0, []
    while at < len(text):
        piece = _PIECE.match(text, at)
        number = _amount(piece) if piece else None
        unit = _UNITS.get(piece[3] or piece[5]) if piece else None
        if piece is None or number is None or unit is None or len(found) > 4:
            return None
        found.append((number, *unit))
        at = _LINK.match(text, piece.end()).end()  # type: ignore[union-attr]  # it matches the empty text
        names.append(piece[3] or piece[5])
    if not found or (len(found) == 1 and len(names[0]) == 1):
        return None
    return _quantity(found, spelled=not plain[0].isdigit())


def _amount(piece: re.Match[str]) -> Fraction | None:
    digits = piece[1] or piece[4]
    return Fraction(digits) if digits else value_of((piece[2] or "").replace("-", " ").split(), ordinals=False)


def _quantity(found: list[tuple[Fraction, str, str, int]], *, spelled: bool) -> Words | None:
    kinds, sizes = {kind for _, kind, _, _ in found}, [size for *_, size in found]
    if len(kinds) != 1 or sizes != sorted(set(sizes), reverse=True):
        return None
    total = sum((number * size for number, _, _, size in found), Fraction())
    units = tuple(unit for _, _, unit, _ in found)
    several = len(found) > 1
    tree = unit_tree(total / sizes[0], units[0]) if several or spelled else None
    return Words("quantity", (kinds.pop(), total, units), f"{total} {units}", tree, certain=several)


def same_quantity(gold: Quantity, pred: Quantity, *, convert: bool) -> bool:
    """Whether they are the same amount; in other largest units (`150 minutes`) only where units are converted."""
    return gold[:2] == pred[:2] and (convert or gold[2][0] == pred[2][0])
