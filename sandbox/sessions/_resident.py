"""The host's ends of one session's process: it sends a cell, collects the output, and takes the answer as data.

Whatever comes over the channel may have been written by the program. An answer that breaks the form, like a closed
channel, means that the interpreter is no longer there; it never is an error of ours.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from contextlib import suppress
from typing import NamedTuple

from assaygym.errors import SandboxError
from assaygym.sandbox.guest.cells import ERROR_BYTES, HEAD
from assaygym.sandbox.guest.frames import pack

READY_SECONDS = 30.0
"""How long a new process may take: a loaded machine is slow."""
END_SECONDS = 30.0
_USER, _SCHEDULED = 1, 2
"""Kinds of the kernel's clocks of a process."""
CHUNK = 1 << 18
EARLY_BYTES = 1 << 22
"""Kept of what is printed between two cells, beyond what waits in the pipes."""


class Reply(NamedTuple):
    """An answer as the session's process gave it."""

    kind: bytes
    value: str | None
    cut: bool
    error: str | None


class Ends:
    """A channel and two pipes: ours, and those for the process, to be handed over and then closed here."""

    def __init__(self) -> None:
        self.channel, self._far = socket.socketpair()
        self.stdout, out = os.pipe()
        self.stderr, err = os.pipe()
        self.far = [self._far.fileno(), out, err]

    def close_far(self) -> None:
        """The process has them."""
        self._far.close()
        for descriptor in self.far[1:]:
            os.close(descriptor)
        self.far = []

    def close(self) -> None:
        """All that is open here."""
        if self.far:
            self.close_far()
        self.channel.close()
        os.close(self.stdout)
        os.close(self.stderr)


class Resident:
    """One process that serves cells.

    Args:
        ends: our ends, which this object closes.
        pid: its number as we see it.
        process: a pidfd of it, which this object closes.
        group: whether to kill its process group as well: without namespaces, what it started does not end with it.
    """

    def __init__(self, ends: Ends, pid: int, process: int, *, group: bool = False) -> None:
        self.pid, self.process, self._group = pid, process, group
        self._ends = ends
        self._closed = False
        self._received = bytearray()
        self.early = (bytearray(), bytearray())
        """What came on stdout and stderr while no cell ran: it belongs to the next one."""
        self.peak: int | None = None
        """`peak_bytes` at the end of the last cell."""
        ends.channel.setblocking(False)
        self._poll = select.poll()
        for descriptor in (ends.channel.fileno(), ends.stdout, ends.stderr, process):
            self._poll.register(descriptor, select.POLLIN)
        for descriptor in (ends.stdout, ends.stderr):
            os.set_blocking(descriptor, False)

    def peak_bytes(self) -> int | None:
        """The most memory the process has had in use at once, its copied past included; None where it is not told."""
        with suppress(OSError, IndexError), open(f"/proc/{self.pid}/status", "rb") as status:
            return int(status.read().split(b"VmHWM:")[1].split()[0]) * 1024
        return None

    @property
    def channel(self) -> socket.socket:
        """Our end of the channel."""
        return self._ends.channel

    def send(self, order: object) -> None:
        """Hand an order to a process that waits for one.

        Raises:
            SandboxError: it does not take it.
        """
        self.channel.settimeout(READY_SECONDS)
        try:
            self.channel.sendall(pack(order))
        except OSError as error:
            raise SandboxError(f"a session's process does not take its order ({error or 'it is slow'})") from error
        finally:
            self.channel.setblocking(False)

    def pass_on(self, descriptors: list[int]) -> None:
        """Hand descriptors to a process that was ordered to take them.

        Raises:
            SandboxError: it does not take them.
        """
        self.channel.settimeout(READY_SECONDS)
        try:
            socket.send_fds(self.channel, [b"d"], descriptors)
        except OSError as error:
            raise SandboxError(f"a session's process takes no descriptors ({error or 'it is slow'})") from error
        finally:
            self.channel.setblocking(False)

    @property
    def outputs(self) -> tuple[int, int]:
        """Our ends of stdout and stderr, not blocking."""
        return self._ends.stdout, self._ends.stderr

    def wait(self, seconds: float) -> dict[int, int]:
        """The descriptors on which something happened, of channel, outputs and process."""
        return dict(self._poll.poll(seconds * 1000))

    def watch_channel(self, *, writing: bool) -> None:
        """Whether to wait for room on the channel as well."""
        self._poll.register(self.channel, select.POLLIN | (select.POLLOUT if writing else 0))

    def unwatch(self, output: int) -> None:
        """Wait no longer for an output that has ended."""
        with suppress(KeyError):
            self._poll.unregister(output)

    def inherit(self, original: Resident) -> None:
        """Take over what the process that this one goes on for, which is stopped, had printed already."""
        while original._hear(original.wait(0)):
            pass
        self.early = original.early

    def _hear(self, ready: dict[int, int]) -> bool:
        """Keep some of what was printed; False when there was nothing."""
        heard = False
        for output, early in zip(self.outputs, self.early, strict=True):
            if output in ready:
                part = os.read(output, CHUNK)
                early += part[: EARLY_BYTES - len(early)]
                heard |= bool(part)
                if not part:
                    self.unwatch(output)
        return heard

    def push(self, data: memoryview) -> int:
        """Send what the channel takes now; all counts as sent when nobody listens, since `pull` will say so."""
        try:
            return self.channel.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)

    def reply(self, kind: bytes, cap: int = ERROR_BYTES) -> Reply | None:
        """The answer to an order other than a cell; None when the process ended, broke the form or took too long."""
        deadline = time.monotonic() + READY_SECONDS
        while (reply := self.parsed(kind, cap)) is None:
            ready = self.wait(max(deadline - time.monotonic(), 0))
            self._hear(ready)
            if not ready or not self.pull(ready):
                return None
        return reply if isinstance(reply, Reply) else None

    def cpu_seconds(self) -> float:
        """CPU time of the process so far, without what it started; read from its clock, whoever owns it."""
        return self._clock(_SCHEDULED)

    def user_seconds(self) -> float:
        """What of it was not the kernel's, as far as the kernel's ticks tell."""
        return self._clock(_USER)

    def _clock(self, kind: int) -> float:
        with suppress(OSError):
            return time.clock_gettime((~self.pid << 3) | kind)
        return 0.0

    def interrupt(self) -> None:
        """SIGINT, as Ctrl-C does."""
        self.signal(signal.SIGINT)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when the process has ended."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.process, number)

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether the process has ended, waiting for it for some time."""
        poll = select.poll()
        poll.register(self.process, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def kill(self) -> None:
        """End it, and with it all processes it started, and wait until they are gone.

        Raises:
            SandboxError: it does not end.
        """
        if self._group:  # once only: when it was reaped, its number may pass to another
            self._group = False
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self.signal(signal.SIGKILL)
        if not self.ended(END_SECONDS):
            raise SandboxError(f"a session's process {self.pid} did not end {END_SECONDS} s after SIGKILL")

    def close(self) -> None:
        """Let go of the descriptors; calling it again does nothing."""
        if not self._closed:
            self._closed = True
            self._ends.close()
            os.close(self.process)

    def pull(self, ready: dict[int, int]) -> bool:
        """Take what has come over the channel; False when nothing will come any more."""
        if self.channel.fileno() not in ready:
            return self.process not in ready
        try:
            part = self.channel.recv(CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._received += part
        return bool(part)

    def parsed(self, kind: bytes, cap: int) -> Reply | bool | None:
        """The answer; None while it is not complete, False when it will never be one."""
        data = self._received
        if len(data) < HEAD.size:
            return None
        told, cut, value, error = HEAD.unpack_from(data)
        if told != kind or cut not in (0, 1) or not -1 <= value <= cap or not -1 <= error <= ERROR_BYTES:
            return False
        size = HEAD.size + max(value, 0) + max(error, 0)
        if len(data) != size:
            return None if len(data) < size else False
        body = bytes(data[HEAD.size :])
        data.clear()
        split = max(value, 0)
        texts = (body[:split].decode("utf-8", "replace"), body[split:].decode("utf-8", "replace"))
        return Reply(told, texts[0] if value >= 0 else None, bool(cut), texts[1] if error >= 0 else None)
