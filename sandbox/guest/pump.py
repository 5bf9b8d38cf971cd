"""Moves a program's standard streams without ever blocking on one of them. Runs in the launcher."""

from __future__ import annotations

import os
import select
import time

CHUNK = 1 << 16


class Pump:
    """Feeds standard input and collects standard output and error up to a cap each.

    Args:
        stdin: our writing end; closed once `data` is written or nobody reads any more.
        outputs: our reading ends of stdout and stderr.
        data: what to feed.
        cap: bytes kept of each output.
    """

    def __init__(self, stdin: int, outputs: tuple[int, int], data: bytes, cap: int) -> None:
        self.outputs = {descriptor: bytearray() for descriptor in outputs}
        self.overflow = False
        self._stdin, self._rest, self._cap = stdin, memoryview(data), cap
        self._poll = select.poll()
        for descriptor in outputs:
            os.set_blocking(descriptor, False)
            self._poll.register(descriptor, select.POLLIN)
        os.set_blocking(stdin, False)
        self._poll.register(stdin, select.POLLOUT)
        self._feed()

    def watch(self, child: int, control: int, seconds: float) -> str:
        """Pump until the child ends, a limit is passed or the host speaks.

        Args:
            child: a pidfd, readable at the child's end.
            control: the host's socket; a byte or its end mean "kill".
            seconds: the wall-clock limit.

        Returns:
            Why the child must be ended: "wall", "output", "killed"; "" when it ended by itself.
        """
        self._poll.register(child, select.POLLIN)
        self._poll.register(control, select.POLLIN)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            ready = {descriptor for descriptor, _ in self._poll.poll(left * 1000)}
            if child in ready:
                return ""
            if control in ready:
                return "killed"
            self._move(ready)
            if self.overflow:
                return "output"
        return "wall"

    def drain(self) -> None:
        """Collect what an ended program left in its pipes, and close our ends."""
        for descriptor in self.outputs:
            while self._collect(descriptor):
                pass
            os.close(descriptor)
        self._stop_feeding()

    def _move(self, ready: set[int]) -> None:
        if self._stdin in ready:
            self._feed()
        for descriptor in ready & self.outputs.keys():
            if not self._collect(descriptor):
                self._poll.unregister(descriptor)

    def _feed(self) -> None:
        try:
            while self._rest:
                self._rest = self._rest[os.write(self._stdin, self._rest[:CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            pass
        self._stop_feeding()

    def _stop_feeding(self) -> None:
        if self._stdin >= 0:
            self._poll.unregister(self._stdin)
            os.close(self._stdin)
        self._stdin = -1

    def _collect(self, descriptor: int) -> bool:
        """Read once; False when there is nothing more to be had from this stream now or ever."""
        kept = self.outputs[descriptor]
        try:
            part = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return False
        room = self._cap - len(kept)
        kept += part[:room]
        self.overflow |= len(part) > room
        return bool(part) and not self.overflow
