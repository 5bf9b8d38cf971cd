"""Whether a stop string has been sampled."""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["StopStrings"]

WINDOW = 4
"""Tokens looked at for each character of a stop string: one character is at most four byte tokens."""
TORN = "\ufffd"
"""What part of a character decodes to."""


class StopStrings:
    """Looks for stop strings in the text of the last ids, and only where the last id can have completed one.

    Args:
        text_of: ids to text.
    """

    def __init__(self, text_of: Callable[[Sequence[int]], str]) -> None:
        self._text_of = text_of
        self._completing: dict[tuple[tuple[str, ...], int], bool] = {}

    def reached(self, stop: tuple[str, ...], ids: Sequence[int]) -> bool:
        """Whether one of `stop` stands in the text that `ids` end with; asked after each id, from the first on."""
        key = stop, ids[-1]
        if (completing := self._completing.get(key)) is None:
            completing = self._completing[key] = self._can_complete(*key)
        if not completing:
            return False
        text = self._text_of(ids[-WINDOW * (max(map(len, stop)) + 1) :])
        return any(string in text for string in stop)

    def _can_complete(self, stop: tuple[str, ...], last: int) -> bool:
        """An id brings the last character of the string, or a part of it; alone it may lose a space at its start."""
        piece = self._text_of([last])
        return TORN in piece or any(string[-1:].isspace() or string[-1:] in piece for string in stop)
