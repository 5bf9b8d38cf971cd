"""Assertions `f(values) == value` that wait to be asked together: each question by itself costs four process switches.

Only those wait that nothing else can tell from ones made at once: the values are immutable, and what is expected holds
no call. They are asked before anything else is asked of the program, and before a unit of tests ends.
"""

from collections.abc import Callable
from typing import Any

from assaygym.verifiers.code.guest.wire import Aborted, decode

FIXED = (int, float, bool, str, bytes, type(None))
MOST_WAITING = 256


class Stopped(BaseException):
    """An assertion that waited does not hold: the tests need not go on."""


class Pending:
    """The assertions that wait; each counts as passed until it is known not to have.

    Args:
        line: the test process's `Line`.
        tally: its `Tally`.
    """

    def __init__(self, line: Any, tally: Any) -> None:
        self.line, self.tally = line, tally
        self.waiting: list[tuple[int, list[Any], Any]] = []

    def holds(self, function: Any, args: tuple[Any, ...], expected: Callable[[], Any]) -> Any:
        """Whether `function(*args) == expected()`; True where it waits."""
        ref = self.line.reference(function)
        if ref is None or not is_fixed(args):
            return function(*args) == expected()
        value = expected()
        if not is_fixed(value):
            return function(*args) == value
        self.line.touched = True
        request = ["call", ref, self.line.encoder().items(args), {}, False]
        self.waiting.append((self.tally.executed, request, value))
        if len(self.waiting) >= MOST_WAITING:
            self.settle()
        return True

    def settle(self) -> None:
        """Ask for all that wait.

        Raises:
            Aborted: the program is gone.
            Stopped: one does not hold, and the tests stop at the first failure.
        """
        waiting, self.waiting = self.waiting, []
        left = len(waiting)
        stop = False
        answers = self.line.answers([request for _, request, _ in waiting]) if waiting else iter(())
        for (number, _, value), answer in zip(waiting, answers, strict=False):
            left -= 1
            right = answer[0] == "value" and decode(answer[1], self.line.resolve) == value
            if not right:
                self.tally.taken_back(number, answer[1] if answer[0] == "error" else "")
                stop = not self.tally.keep_going
        self.tally.passed -= left
        if left:
            raise Aborted
        if stop:
            raise Stopped


def is_fixed(value: Any) -> bool:
    """Whether a value is plain and can never change."""
    return type(value) in FIXED or (type(value) is tuple and all(map(is_fixed, value)))
