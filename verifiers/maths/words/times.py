"""Times of day: `7:45 a.m.`, `19:45`, `noon`, `3 o'clock`."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from assaygym.verifiers.maths.words.kinds import Words

__all__ = ["Time", "read_time", "same_time"]


class Time(NamedTuple):
    """A time of day.

    `clock` is "am" or "pm" (hour from 0 to 23), "24" for a written `15:30` or `07:45`, or "" where nothing says which
    half of the day the hour is of.
    """

    hour: int
    minute: int
    second: int
    clock: str


_TIME = re.compile(
    r"(?:at |um )?(\d{1,2})(?:(?P<point>[:.]) ?(\d{2}))?(?::(\d{2}))?\s?"
    r"(?P<mark>a\.?\s?m\.?|p\.?\s?m\.?|noon|midnight|o'? ?clock|uhr|"
    r"(?:o'? ?clock )?(?:in the (?:morning|afternoon|evening)|at night))?",
    re.IGNORECASE | re.ASCII,
)
_NAMED: Final = {"noon": (12, "pm"), "midday": (12, "pm"), "midnight": (0, "am")}
_HALF: Final = {"morning": "am", "afternoon": "pm", "evening": "pm", "noon": "pm", "midnight": "am"}


def read_time(plain: str) -> Words | None:
    """The time of day that the text is; None when it is none. `7:45` alone is a ratio as well."""
    if named := _NAMED.get(plain.lower().removeprefix("at ").removeprefix("12 ")):
        return _words(Time(named[0], 0, 0, named[1]), certain=True)
    match = _TIME.fullmatch(plain)
    if match is None or (match["point"] != ":" and match["mark"] is None):
        return None
    hour, minute, second = int(match[1]), int(match[3] or 0), int(match[4] or 0)
    if hour > 24 or minute > 59 or second > 59:
        return None
    clock = _clock(match["mark"] or "")
    if clock and not 1 <= hour <= 12:
        return None
    if clock:
        return _words(Time(hour % 12 + 12 * (clock == "pm"), minute, second, clock), certain=True)
    definite = hour > 12 or match[1].startswith("0")
    return _words(Time(hour % 24, minute, second, "24" if definite else ""), certain=bool(match["mark"]))


def _clock(mark: str) -> str:
    mark = mark.lower().replace(".", "").replace(" ", "")
    if mark in ("am", "pm"):
        return mark
    return next((half for word, half in _HALF.items() if mark.endswith(word)), "")


def _words(time: Time, *, certain: bool) -> Words:
    return Words("time", time, f"{time.hour}:{time.minute:02}:{time.second:02}{time.clock}", certain=certain)


def same_time(gold: Time, pred: Time, *, marker_required: bool) -> bool:
    """Whether they are the same time of day.

    A missing a.m. or p.m. is a missing unit: `7:45` is `7:45 PM` and `7:45 AM`, unless the gold has one and it is
    required. Beside a 24-hour clock nothing is missing: `3:30` is not `15:30`.
    """
    if (gold.minute, gold.second) != (pred.minute, pred.second):
        return False
    if "" in (gold.clock, pred.clock) and {gold.clock, pred.clock} & {"am", "pm"}:
        return gold.hour % 12 == pred.hour % 12 and not (marker_required and gold.clock)
    return gold.hour == pred.hour
