"""Messages with one jailed process, until its limits or its end."""

from __future__ import annotations

import time
from typing import Any

from assaygym.sandbox.base import ExecResult, Limits, Process
from assaygym.sandbox.guest.turns import MOST_WALLS
from assaygym.verifiers.code.codec import CodecError, loads
from assaygym.verifiers.code.guest.wire import TEXT_OF
from assaygym.verifiers.code.outcome import Outcome, TestStatus, status_of

__all__ = ["Gone", "Talk", "parsed"]

_PATIENCE_SECONDS = 0.01
_GRACE_SECONDS = 30.0
"""The sandbox ends a program at its limits, and we hear of it at once; only a lost one lets us wait so much longer."""


class Gone(Exception):
    """The process will not answer any more; `outcome` says how the test that asked ends."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


class Talk:
    """Messages with one process, until its limits or its end."""

    def __init__(self, process: Process, limits: Limits) -> None:
        self._process = process
        self._deadline = time.monotonic() + MOST_WALLS * limits.wall_seconds + _GRACE_SECONDS
        self._result: ExecResult | None = None

    def send(self, message: object) -> None:
        """Hand over one message; a process that no longer listens is found out by `receive`."""
        self.send_text(TEXT_OF(message))

    def send_text(self, message: str) -> None:
        """Hand over one message of JSON."""
        self._process.send(message.encode(), timeout=self._left())

    def receive(self) -> Any:
        """The next message, as JSON data.

        Raises:
            Gone: there is none and there will be none.
            SandboxError: the sandbox failed.
        """
        return parsed(self.receive_bytes())

    def receive_bytes(self) -> bytes:
        """The next message as it came; raises as `receive`."""
        data = self._process.recv(self._left())
        if data is None:
            raise Gone(self.ended())
        return data

    def be_patient(self) -> None:
        """Let the process come to its end, if that is near, before its messages are looked at.

        Who waits for a message is woken by each; one that ends by itself need not be ended.
        """
        self._process.wait(min(_PATIENCE_SECONDS, self._left()))

    def ended(self) -> Outcome:
        """How a test ends whose process is no more; ends it.

        Not by killing it, where it closed the channel: that it ran into a limit is told a moment later.

        Raises:
            SandboxError: nobody can tell; the sandbox failed.
        """
        if self._result is None:
            self._result = self._process.finish()
        return Outcome(status_of(self._result), "the program ended before it answered")

    def close(self) -> ExecResult:
        """End the process and everything it started; the same result when called again."""
        if self._result is None:
            self._result = self._process.kill()
        return self._result

    def _left(self) -> float:
        return max(self._deadline - time.monotonic(), 0.01)


def parsed(data: bytes) -> Any:
    """A message as JSON data.

    Raises:
        Gone: it is none.
    """
    try:
        return loads(data)
    except CodecError as error:
        raise Gone(Outcome(TestStatus.RUNTIME_ERROR, str(error))) from error
