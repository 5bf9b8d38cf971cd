"""Tests that ask the same of every program, whatever it answers: recorded once, then asked as plain calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assaygym.sandbox.base import Limits, Sandbox
from assaygym.verifiers.code.codec import Compare, read
from assaygym.verifiers.code.functions import Call, Undecided, equals_read
from assaygym.verifiers.code.guest import TEST_HOST, start
from assaygym.verifiers.code.guest.wire import TEXT_OF
from assaygym.verifiers.code.talk import Gone, Talk

__all__ = ["Recording"]

_PYTHON_EQUALITY = Compare(bool_is_int=True)


class Recording:
    """The calls of one test, found when they are first asked for.

    Args:
        target: the function of the program.
        config: what a test process is told of the test.
    """

    def __init__(self, target: str, config: Mapping[str, Any]) -> None:
        self._target, self._config = target, config
        self._calls: Sequence[Call] | None = None
        self.foreseen: Sequence[Any] | None = None
        """Where there are no such calls: those that the test code makes if the answers are as it seems to want them;
        see `guest/ahead.py`. None before `calls` was called, and where they cannot be told."""
        self._known = False

    def calls(self, sandbox: Sandbox, limits: Limits) -> Sequence[Call] | None:
        """The calls; None where the test is not of that kind, or cannot be run without a program.

        Raises:
            SandboxError: the sandbox failed.
        """
        if not self._known:  # by two threads at once: twice the same
            found = self._told("record", sandbox, limits)
            if found is None:
                self.foreseen = self._told("foresee", sandbox, limits)
            self._calls = None if found is None else [self._call(*one) for one in found]
            self._known = True
        return self._calls

    def _told(self, how: str, sandbox: Sandbox, limits: Limits) -> Sequence[Any] | None:
        talk = Talk(start(sandbox, *TEST_HOST, limits=limits), limits)
        try:
            talk.send({**self._config, how: True})
            message = talk.receive()
        except Gone:
            return None
        finally:
            talk.close()
        return message[1] if message[0] in ("recorded", "foreseen") else None

    def _call(self, how: str, args: list[Any], values: list[Any]) -> Call:
        watched = not all(map(_is_fixed, args))
        right = values[0] if how == "equal" else None
        return Call(self._target, args, {}, _holds(how, values), TEXT_OF(values[0]), right=right, watched=watched)


def _is_fixed(wire: Any) -> bool:
    """Whether an encoded argument can never change."""
    tuple_of = wire.get("$tuple") if isinstance(wire, dict) else None
    return not isinstance(wire, (list, dict)) or (tuple_of is not None and all(map(_is_fixed, tuple_of)))


def _holds(how: str, values: Sequence[Any]) -> Callable[[Any], bool]:
    """What a read result must satisfy; see `guest/record.py`."""
    expected = read(values[0])
    if how == "equal":
        return equals_read(expected, _PYTHON_EQUALITY)
    if how in ("tuple", "list"):
        same = equals_read(expected, _PYTHON_EQUALITY)
        return lambda got: same(_listed(got, how))
    room = read(values[1])
    return lambda got: _is_near(got, expected, room, strict=how == "under")


def _listed(got: object, how: str) -> object:
    if not isinstance(got, (list, tuple)):
        raise Undecided
    return tuple(got) if how == "tuple" else list(got)


def _is_near(got: Any, expected: Any, room: Any, *, strict: bool) -> bool:
    if not isinstance(got, (int, float, complex)):
        return False
    try:
        distance = abs(got - expected)
        return bool(distance < room if strict else distance <= room)
    except (TypeError, ArithmeticError):
        return False
