"""What a program may answer, and the look at it: whatever else comes over the channel is no answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assaygym.verifiers.code.codec import CodecError, read

__all__ = ["Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the program answered: `value` or `callback` data, or an exception by builtin class name and message.

    An `expected` one is, letter for letter, what its request expects.
    """

    kind: str
    payload: tuple[Any, ...]

    @property
    def error(self) -> str:
        """The exception in words that any file can hold."""
        words = ": ".join(part for part in self.payload if part)
        return words.encode("utf-8", "backslashreplace").decode()

    @classmethod
    def of(cls, message: object, number: int) -> Answer:
        """The answer that a message holds to the request of this number.

        Raises:
            CodecError: it holds none.
        """
        if not isinstance(message, list) or len(message) < 3 or type(message[0]) is not int or message[0] != number:
            raise CodecError("a message out of turn")
        kind, *payload = message[1:]
        shape = _SHAPES.get(kind) if isinstance(kind, str) else None
        if shape is None or not shape(payload):
            raise CodecError("a malformed answer")
        return cls(kind, tuple(payload))


def _is_value(payload: list[Any]) -> bool:
    read(payload[0])
    return len(payload) == 1 or (len(payload) == 2 and _are_changes(payload[1]))


def _are_changes(changes: object) -> bool:
    if not isinstance(changes, list):
        return False
    for change in changes:
        if not isinstance(change, list) or len(change) != 2 or type(change[0]) is not int:
            return False
        read(change[1])
    return True


def _is_error(payload: list[Any]) -> bool:
    return len(payload) == 2 and all(isinstance(part, str) and len(part) < 1000 for part in payload)


def _is_callback(payload: list[Any]) -> bool:
    if len(payload) != 3 or type(payload[0]) is not int or not isinstance(payload[2], dict):
        return False
    return isinstance(read(payload[1]), list) and all(isinstance(name, str) for name in payload[2]) and _reads(payload)


def _reads(payload: list[Any]) -> bool:
    for value in payload[2].values():
        read(value)
    return True


_SHAPES = {"value": _is_value, "error": _is_error, "callback": _is_callback}
