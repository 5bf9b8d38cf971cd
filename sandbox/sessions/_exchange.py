"""One cell, from the host's side: hand it over, collect what it prints, keep to its limits, take the answer."""

from __future__ import annotations

import os
import select
import time
from typing import NamedTuple

from assaygym.sandbox.base import Limits
from assaygym.sandbox.guest.cells import DONE
from assaygym.sandbox.guest.frames import pack
from assaygym.sandbox.sessions._resident import Reply, Resident

INTERRUPT_SECONDS = 1.0
"""How long an interrupted cell may take to end before its interpreter is killed."""
CPU_CHECK_SECONDS = 0.01
CHUNK = 1 << 18
DRAIN_READS = 256


class Heard(NamedTuple):
    """What came of one cell."""

    reply: Reply | None
    """None: the interpreter ended or was killed, or what it said was no answer."""
    cause: str
    """Why we interrupted it: "wall", "cpu" or "output"; "" when we did not."""
    stdout: bytes
    stderr: bytes
    truncated: bool
    cpu_seconds: float
    wall_seconds: float


class Exchange:
    """One cell's run on a resident that waits for an order.

    Args:
        resident: the process.
        order: a `Cell` of the guest's orders.
        limits: of this cell.
    """

    def __init__(self, resident: Resident, order: object, limits: Limits) -> None:
        self._resident, self._limits = resident, limits
        self._rest = memoryview(pack(order))
        early = resident.early
        resident.early = (bytearray(), bytearray())
        self._outputs = {
            number: kept[: limits.output_bytes] for number, kept in zip(resident.outputs, early, strict=True)
        }
        self._overflow = any(len(kept) > limits.output_bytes for kept in early)
        self._cause = ""
        self._cpu = resident.cpu_seconds()
        self._start = time.monotonic()
        self._cpu_check = self._start + limits.cpu_seconds
        self._last = self._start + limits.wall_seconds
        """When something must have happened: the interrupt at first, then the end."""

    def hold(self) -> Heard:
        """Run it to its end, whatever that is. Where the host itself is interrupted, the session ends with it."""
        reply = None
        try:
            reply = self._converse()
        finally:
            if reply is None:
                self._resident.kill()
        for number in self._outputs:
            for _ in range(DRAIN_READS):  # what runs on in the background may write for ever
                if not self._collect(number):
                    break
        wall, cpu = time.monotonic() - self._start, max(self._resident.cpu_seconds() - self._cpu, 0.0)
        if not self._cause:
            self._cause = "output" if self._overflow else "cpu" if cpu > self._limits.cpu_seconds else ""
        stdout, stderr = (bytes(output) for output in self._outputs.values())
        return Heard(reply, self._cause, stdout, stderr, self._overflow, cpu, wall)

    def _converse(self) -> Reply | None:
        self._feed()
        while (reply := self._resident.parsed(DONE, self._limits.output_bytes)) is None:
            ready = self._resident.wait(self._patience())
            for number in self._outputs:
                if number in ready:
                    self._collect(number)
            if ready.get(self._resident.channel.fileno(), 0) & select.POLLOUT:
                self._feed()
            if not self._resident.pull(ready) or not self._within_limits():
                break
        reply = reply or self._resident.parsed(DONE, self._limits.output_bytes)
        return reply if isinstance(reply, Reply) else None

    def _feed(self) -> None:
        """Hand over what the channel takes; the rest when it takes more."""
        if self._rest:
            self._rest = self._rest[self._resident.push(self._rest) :]
            self._resident.watch_channel(writing=bool(self._rest))

    def _patience(self) -> float:
        until = self._last if self._cause else min(self._last, self._cpu_check)
        return max(until - time.monotonic(), 0.0)

    def _within_limits(self) -> bool:
        """Interrupt the cell when it has passed a limit; False when that was in vain."""
        now = time.monotonic()
        if self._cause:
            return now < self._last
        if self._overflow:
            self._cause = "output"
        elif now >= self._last:
            self._cause = "wall"
        elif now >= self._cpu_check:
            left = self._limits.cpu_seconds - (self._resident.cpu_seconds() - self._cpu)
            self._cpu_check = now + max(left, CPU_CHECK_SECONDS)
            self._cause = "" if left > 0 else "cpu"
        if self._cause:
            self._resident.interrupt()
            self._last = now + INTERRUPT_SECONDS
        return True

    def _collect(self, number: int) -> bool:
        """Read once; False when there is nothing more to be had now."""
        try:
            part = os.read(number, CHUNK)
        except BlockingIOError:
            return False
        if not part:
            self._resident.unwatch(number)
        kept = self._outputs[number]
        room = self._limits.output_bytes - len(kept)
        kept += part[:room]
        self._overflow |= len(part) > room
        return bool(part)
