"""Between a test process and the candidate's: requests one way, answers the other, every one checked on its way."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from assaygym.errors import SandboxError, VerifierError
from assaygym.sandbox.base import Limits
from assaygym.sandbox.crowd import is_crowded
from assaygym.sandbox.found import charged
from assaygym.verifiers.code.answers import Answer
from assaygym.verifiers.code.candidate import Candidate
from assaygym.verifiers.code.outcome import Outcome, TestStatus
from assaygym.verifiers.code.talk import Gone, Talk

__all__ = ["relay"]

_SHARE = 2.0
"""How many times its CPU time limit a test process may take by the clock, in the candidate's time: a machine with
nothing else to do needs no more than once."""


def relay(test: Talk, candidate: Candidate, config: object, limits: Limits) -> tuple[list[Any] | None, Outcome | None]:
    """Hand over the config and carry messages until the test process says its last.

    Args:
        test: the test process.
        candidate: the program's.
        config: for the test process.
        limits: of the program.

    Returns:
        That message, `["broken", why]` where its code cannot be run this way, None where the test process ended over
        what the candidate gave it; and how the candidate ended, where it did.

    Raises:
        VerifierError: the test process ended, and not over a value of the candidate.
        SandboxError: the sandbox failed, or the candidate's time went by while the test process had no turn.
    """
    return _Relay(test, candidate, limits).run(config)


class _Relay:
    def __init__(self, test: Talk, candidate: Candidate, limits: Limits) -> None:
        self._test = test
        self._candidate = candidate
        self._limits = limits
        self._testing = 0.0
        """Seconds in which the candidate waited for the test process."""
        self._asked = 0
        self._lost: Outcome | None = None

    def run(self, config: object) -> tuple[list[Any] | None, Outcome | None]:
        self._test.send(config)
        try:
            while (message := self._heard())[0] in ("ask", "answer", "asks"):
                for answer in self._forward_all(message[1]) if message[0] == "asks" else [self._forward(message)]:
                    self._test.send(answer)
        except Gone as gone:
            if self._asked:
                return None, self._lost or gone.outcome
            raise VerifierError(f"the test process ended before the first call: {gone.outcome.status.value}") from gone
        return message, self._lost

    def _heard(self) -> Any:
        start = time.monotonic()
        try:
            return self._test.receive()
        finally:
            self._testing += time.monotonic() - start

    def _blamed(self, outcome: Outcome) -> Outcome:
        """The end of the candidate, where it is its own doing."""
        most, used = self._limits.cpu_seconds, charged(self._candidate.result)
        waited = outcome.status is TestStatus.TIME_LIMIT and used <= most and self._testing > _SHARE * most
        if waited and is_crowded():  # without the candidate, which may have kept the test process from its turns
            raise SandboxError(
                f"the machine is too busy: {self._testing:.1f} s of a program's time went by before its tests, which "
                f"may use {most:g} s of CPU time, had asked it all; use fewer workers, or raise Limits.wall_seconds"
            )
        return outcome

    def _forward_all(self, requests: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
        """The answers to requests that were asked together; the last is `abort` where the candidate ends before."""
        self._asked += len(requests)
        try:
            if self._lost is None:
                for request, answer in zip(requests, self._candidate.batch(requests), strict=True):
                    yield _for_tests(answer, wants_changes=request[-1] is True)
                return
        except Gone as gone:
            self._lost = self._blamed(gone.outcome)
        yield ["abort"]

    def _forward(self, message: Sequence[Any]) -> list[Any]:
        kind, *rest = message
        self._asked += 1
        if self._lost is not None:
            return ["abort"]
        try:
            answer = self._candidate.ask(*rest) if kind == "ask" else self._candidate.reply(*rest)
        except Gone as gone:
            self._lost = self._blamed(gone.outcome)
            return ["abort"]
        return _for_tests(answer, wants_changes=rest[0] == "call")


def _for_tests(answer: Answer, *, wants_changes: bool) -> list[Any]:
    if answer.kind != "value":
        return [answer.kind, *answer.payload]
    value, *changes = answer.payload
    return ["value", value, changes[0] if wants_changes and changes else []]
