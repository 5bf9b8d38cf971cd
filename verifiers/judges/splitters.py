"""Where the steps of an answer begin and end."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from assaygym.errors import ConfigError, did_you_mean

__all__ = ["SPLITTERS", "Span", "Splitter", "splitter_of"]

Span = tuple[int, int]
"""Characters [start, end) of a text; neither the first nor the last is white space."""
Splitter = Callable[[str], list[Span]]
"""The steps of a text, in order, none of them empty."""

_HEADING = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]*|\*\*)?(?:step[ \t]+\d+\b|\d{1,3}[.)](?=[ \t]))", re.IGNORECASE | re.MULTILINE
)
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n\s*")
_SENTENCE = re.compile(r"(?<=[.!?])[ \t]+(?=[A-Z(\\$])|\n+")


def lines(text: str) -> list[Span]:
    """Every line that is not blank."""
    return _between(text, [match.span() for match in re.finditer(r"\n", text)])


def paragraphs(text: str) -> list[Span]:
    """What stands between blank lines: the steps of PRM800K and of most process reward models."""
    return _between(text, [match.span() for match in _PARAGRAPH.finditer(text)])


def numbered(text: str) -> list[Span]:
    """From each "Step 2", "## Step 2" or "2." at the beginning of a line to the next; what precedes all is one."""
    return _between(text, [(match.start(), match.start()) for match in _HEADING.finditer(text)])


def sentences(text: str) -> list[Span]:
    """Sentences and lines, as far as punctuation tells them."""
    return _between(text, [match.span() for match in _SENTENCE.finditer(text)])


SPLITTERS: Final[dict[str, Splitter]] = {
    "lines": lines,
    "numbered": numbered,
    "paragraphs": paragraphs,
    "sentences": sentences,
}
"""The splitters by name."""


def splitter_of(name: str) -> Splitter:
    """The splitter of this name.

    Raises:
        ConfigError: there is none.
    """
    if name not in SPLITTERS:
        raise ConfigError(f"there is no splitter {name!r}; {did_you_mean(name, SPLITTERS)}")
    return SPLITTERS[name]


def _between(text: str, cuts: list[Span]) -> list[Span]:
    """What remains around the cuts, without white space at its ends and without what is empty."""
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(text)]
    return [span for start, end in zip(starts, ends, strict=True) if (span := _stripped(text, start, end)) is not None]


def _stripped(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    return (left, right) if left < right else None
