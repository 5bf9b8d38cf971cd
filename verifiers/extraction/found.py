"""What was found, and how it was marked."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

__all__ = ["Found", "Style"]


class Style(StrEnum):
    """Where an answer was read."""

    BOX = "box"
    HASH = "hash"
    TAG = "tag"
    ANCHOR = "anchor"
    BARE = "bare"
    SENTENCE = "sentence"
    MATH = "math"
    NUMBER = "number"


class Found(NamedTuple):
    r"""An answer and where it was read.

    Attributes:
        text: the answer as written, without the sentence, the dollars and the markup around it. Several guesses or a
            list are one text.
        style: how it was marked.
        unit: what stands right behind a box and may belong to the answer, as LaTeX to be appended to `text` (`\%`,
            `^\circ`, `\text{ cm}`): readers may try the answer with it and without it; "" for none.
        parts: the contents of several boxes that `text` joins; a reader may take them for one answer when all of them
            are the same value. Empty when there is one box.
    """

    text: str
    style: Style
    unit: str = ""
    parts: tuple[str, ...] = ()
