"""One cell, from the host's side: hand it over, collect what it prints, keep to its limits, take the answer.

Whatever has a time by the clock, the cell and then its interruption, has it without its waits for processors
(`guest/turns.py`); and an answer that lies there when its time is looked at came in time, for we may be late ourselves.
"""

from __future__ import annotations

import os
import select
import time
from typing import NamedTuple

from assaygym.sandbox.base import Limits
from assaygym.sandbox.found import charged
from assaygym.sandbox.guest.cells import DONE
from assaygym.sandbox.guest.frames import pack
from assaygym.sandbox.guest.turns import Turns
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
    """Why we interrupted it: "wall", "cpu" or "output"; "crowd" when we ended it, since it had waited for processors in
    all the time there is for that; "" when we did neither."""
    stdout: bytes
    stderr: bytes
    truncated: bool
    wall_seconds: float
    cpu_seconds: float
    kernel_seconds: float
    peak_memory_bytes: int | None


class Used(NamedTuple):
    """By the interpreter, in one cell; the memory, up to its end."""

    cpu_seconds: float
    kernel_seconds: float
    peak_memory_bytes: int | None


class Exchange:
    """One cell's run on a resident that waits for an order.

    Args:
        resident: the process.
        order: a `Cell` of the guest's orders.
        limits: of this cell.
        turns: of the resident's processes.
    """

    def __init__(self, resident: Resident, order: object, limits: Limits, turns: Turns) -> None:
        self._resident, self._limits, self._turns = resident, limits, turns
        self._rest = memoryview(pack(order))
        early = resident.early
        resident.early = (bytearray(), bytearray())
        self._outputs = {
            number: kept[: limits.output_bytes] for number, kept in zip(resident.outputs, early, strict=True)
        }
        self._overflow = any(len(kept) > limits.output_bytes for kept in early)
        self._cause = ""
        self._cpu, self._user = resident.cpu_seconds(), resident.user_seconds()
        self._peak = resident.peak or resident.peak_bytes()
        self._start = time.monotonic()
        self._cpu_check = self._start + limits.cpu_seconds

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
        wall, used = time.monotonic() - self._start, self._used()
        self._resident.peak = used.peak_memory_bytes
        if not self._cause:
            over = self._charged(used) > self._limits.cpu_seconds
            self._cause = "output" if self._overflow else "cpu" if over else ""
        stdout, stderr = (bytes(output) for output in self._outputs.values())
        return Heard(reply, self._cause, stdout, stderr, self._overflow, wall, *used)

    def _used(self) -> Used:
        cpu = max(self._resident.cpu_seconds() - self._cpu, 0.0)
        kernel = cpu - (self._resident.user_seconds() - self._user)
        return Used(cpu, min(max(kernel, 0.0), cpu), self._resident.peak_bytes())

    def _charged(self, used: Used) -> float:
        """The CPU time of the cell, less what its own memory explains: what earlier cells had is at hand."""
        more = (used.peak_memory_bytes or 0) - (self._peak or 0)
        return charged(used._replace(peak_memory_bytes=more))

    def _converse(self) -> Reply | None:
        self._feed()
        self._allow(self._limits.wall_seconds)  # while the cell begins: to look at what was before takes a moment
        reply = self._answer()
        while reply is None:
            ready = self._resident.wait(self._patience())
            for number in self._outputs:
                if number in ready:
                    self._collect(number)
            if ready.get(self._resident.channel.fileno(), 0) & select.POLLOUT:
                self._feed()
            listening = self._resident.pull(ready)
            reply = self._answer()
            if reply is None and not (listening and self._within_limits()):
                break
        return reply if isinstance(reply, Reply) else None

    def _answer(self) -> Reply | bool | None:
        return self._resident.parsed(DONE, self._limits.output_bytes)

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
            return not self._late(now)
        self._cause = "output" if self._overflow else self._over(now)
        if self._cause and self._cause != "crowd":
            self._resident.interrupt()
            self._allow(INTERRUPT_SECONDS)
        return self._cause != "crowd"

    def _over(self, now: float) -> str:
        """Which time the cell has used up, if any; its CPU time is looked at first."""
        if now >= min(self._last, self._cpu_check):
            left = self._limits.cpu_seconds - self._charged(self._used())
            self._cpu_check = now + max(left, CPU_CHECK_SECONDS)
            if left <= 0:
                return "cpu"
        return self._late(now)

    def _allow(self, seconds: float) -> None:
        """From now on so much time is given, for the cell at first, then for its end."""
        self._turns.begin()
        self._since, self._seconds = time.monotonic(), seconds
        self._last = self._since + seconds

    def _late(self, now: float) -> str:
        """Whether it is over, "wall" or "crowd", with what is owed for waits, and for memory to a cell; "" if not."""
        if now < self._last:
            return ""
        used = self._used()
        more = 0.0 if self._cause else used.cpu_seconds - self._charged(used)
        self._last, crowded = self._turns.until(self._since, self._seconds + more, now)
        return "" if now < self._last else "crowd" if crowded else "wall"

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
