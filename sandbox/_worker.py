"""The host's end of one worker: orders to it, reports from it, its end."""

from __future__ import annotations

import marshal
import os
import select
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, cast

from assaygym.errors import SandboxError
from assaygym.sandbox._descriptors import ends, sealed
from assaygym.sandbox._order import Order
from assaygym.sandbox._wire import Boot
from assaygym.sandbox.guest.cgroup import Group
from assaygym.sandbox.guest.frames import pack, unpack
from assaygym.sandbox.guest.protocol import (
    BY_HOST,
    BY_ITSELF,
    FAULT,
    FILE,
    HAS_CHANNEL,
    HAS_STDIN,
    KILL,
    NO_STATUS,
    ORDER,
    REPORT,
    RUN,
)
from assaygym.sandbox.guest.turns import MOST_WALLS

GRACE_SECONDS = 30.0
"""How much longer than a run can last a worker may take before it counts as lost: a loaded machine is slow."""
END_SECONDS = 10.0
"""How long a worker may take to end by itself, and how long its last processes may hold its control group."""
WORDS_BYTES = 2000


class WorkerLost(SandboxError):
    """The worker ended or hangs, and its run is unanswered: another may be asked. The program is not to blame."""


@dataclass(frozen=True, slots=True)
class Report:
    """How a run went."""

    status: int | None
    """The program's wait status; None when it was ended from outside before it ended by itself."""
    ended: int
    """Why it was ended: see `guest.protocol`."""
    stdout: bytes
    stderr: bytes
    cpu_seconds: float
    wall_seconds: float
    peak_memory_bytes: int
    files: dict[str, bytes]
    kernel_seconds: float = 0.0
    """Of the CPU seconds."""

    def check(self) -> None:
        """See to it that the run was ended by nobody but itself or its limits.

        Raises:
            WorkerLost: its first process was killed by somebody else, or we had it killed.
        """
        if self.ended == BY_HOST or (self.status is None and self.ended == BY_ITSELF):
            raise WorkerLost("the first process of a run was killed from outside; the program is not to blame")


class Worker:
    """A worker, from its start to its end. To be used by one thread at a time, but for `kill` and `shut`.

    Args:
        link: our end of the socket, connected to a worker that waits for its boot frame; closed when that fails.
        process: what is to be waited for at its end; None where somebody else does.
        boot: what it is told.
        last_words: the reading end of its stderr, where that is not the process's.
        group: what limits and counts the memory of all its processes.
    """

    def __init__(
        self,
        link: socket.socket,
        process: subprocess.Popen[bytes] | None,
        boot: Boot,
        last_words: IO[bytes] | None = None,
        group: Group | None = None,
    ) -> None:
        self._group, self._killed_for_memory = group, 0
        self.link, self._process = link, process
        self._last_words = process.stderr if process else last_words
        self._owner = os.getpid()
        self._number = 0
        self._order: Order | None = None
        self.deadline = time.monotonic() + GRACE_SECONDS
        self._ready: tuple[str, ...] | None = None
        try:
            link.settimeout(GRACE_SECONDS)
            link.sendall(pack(boot))
        except OSError as error:
            raise self._lost(f"did not take its first message ({error})") from error
        except BaseException:
            self.close()
            raise

    @property
    def isolation(self) -> tuple[str, ...]:
        """What is in force; waits until the worker is ready.

        Raises:
            WorkerLost: it ended instead.
            SandboxError: it could not build its surroundings; the message says why.
        """
        if self._ready is None:
            try:
                frame = unpack(self._receive(int.from_bytes(self._receive(8), "big")))
            except OSError as error:
                raise self._lost(f"did not get ready ({error or type(error).__name__})") from error
            if "fault" in frame:
                self.close()
                raise SandboxError(f"the sandbox could not be set up: {frame['fault']}")
            self._ready = tuple(cast("list[str]", frame["isolation"]))
            self._hear_no_more()
        return self._ready

    @property
    def waits(self) -> bool:
        """Whether one that has answered all it was asked is still there."""
        poll = select.poll()
        poll.register(self.link, select.POLLIN)
        return not poll.poll(0)

    def start(self, order: Order, channel: int = -1) -> None:
        """Send one order; `report` must be called before the next.

        Raises:
            WorkerLost: nobody takes it.
            SandboxError: this process has no descriptor or no memory left for its standard input.
        """
        _ = self.isolation
        self._number += 1
        self._order = order
        if self._group:
            with suppress(OSError):  # more is held at the moment; then the former limit stays
                self._group.set_memory(order.memory_bytes)
        along = HAS_CHANNEL * (channel >= 0) | HAS_STDIN * bool(order.stdin)
        payload = order.packed(along)
        names = marshal.dumps(list(order.fetch)) if order.fetch else b""
        head = ORDER.pack(
            RUN,
            len(names),
            self._number,
            len(payload),
            order.wall_seconds,
            order.output_bytes,
            order.scratch_bytes,
        )
        descriptors = [channel] if channel >= 0 else []
        stdin = sealed(order.stdin) if order.stdin else -1
        try:
            self._send(head + payload + names, [*descriptors, *([stdin] if stdin >= 0 else [])])
        except OSError as error:
            raise self._lost(f"did not take its order ({error})") from error
        finally:
            if stdin >= 0:
                os.close(stdin)
        self.deadline = time.monotonic() + MOST_WALLS * order.wall_seconds + GRACE_SECONDS

    def ran_short(self) -> bool:
        """Whether the kernel has killed something of the last run for want of memory.

        Raises:
            WorkerLost: it has, and not because the run had too much: the machine had too little. Or nobody knows, since
                the worker ended meanwhile.
        """
        if not self._group:
            return False
        try:
            before, self._killed_for_memory = self._killed_for_memory, self._group.oom_kills()
            killed = self._killed_for_memory > before
            innocent = killed and not self._group.was_full()
        except OSError as error:
            raise self._lost(f"ended before its memory was looked at ({error})") from error
        if innocent:
            raise self._lost("had a process killed because the machine, or its container, ran out of memory")
        return killed

    def kill(self) -> None:
        """Have the run's processes killed; the report still comes."""
        with suppress(OSError):
            self.link.send(ORDER.pack(KILL, 0, self._number, 0, 0.0, 0, 0))

    def report(self) -> Report:
        """Wait for the end of the run.

        Raises:
            WorkerLost: there is no report, and there will be none.
        """
        try:
            head = REPORT.unpack(self._receive(REPORT.size))
            kind, files, number, status, ended, cpu, kernel, wall, peak, out, err = head
            stdout, stderr = self._receive(out), self._receive(err)
            if kind == FAULT:
                raise self._lost(f"failed: {stdout.decode('utf-8', 'replace')}")
            if number != self._number:
                raise self._lost(f"answered order {number} in place of {self._number}")
            found = dict(self._file() for _ in range(files))
        except OSError as error:
            raise self._lost(f"gave no report ({error or type(error).__name__})") from error
        own = None if status == NO_STATUS else status
        return Report(own, ended, stdout, stderr, cpu, wall, peak, found, kernel)

    def _file(self) -> tuple[str, bytes]:
        index, size = FILE.unpack(self._receive(FILE.size))
        assert self._order is not None
        return self._order.fetch[index], self._receive(size)

    def close(self) -> None:
        """End the worker and wait until nothing of it is left."""
        self.abandon()
        self.wait()
        self._hear_no_more()

    def wait(self) -> None:
        """Wait until nothing is left of a worker that was told to end, also while another thread does; see `shut`."""
        if self._process is None or os.getpid() != self._owner:
            return
        if self._process.poll() is None and not ends(self._process.pid, END_SECONDS):
            self._process.kill()
        self._process.wait()
        deadline = time.monotonic() + END_SECONDS
        while self._group and not self._group.remove() and time.monotonic() < deadline:
            pass  # the worker does so itself, unless it was killed; its processes end, but not at once

    def shut(self) -> None:
        """Have the worker end, also while another thread waits for its report; in a fork do nothing."""
        if os.getpid() == self._owner:
            with suppress(OSError):
                self.link.shutdown(socket.SHUT_RDWR)  # even where a fork holds a copy

    def abandon(self) -> None:
        """Have the worker end, without waiting for it; in a fork only let go of it."""
        self.shut()
        self.link.close()
        if os.getpid() != self._owner:
            self._hear_no_more()
            if self._process:
                self._process.returncode = 0  # another's child: nothing to be waited for, nothing to be warned of

    def _hear_no_more(self) -> None:
        if self._last_words:
            self._last_words.close()
            self._last_words = None

    def _send(self, data: bytes, descriptors: list[int]) -> None:
        self.link.settimeout(GRACE_SECONDS)
        sent = socket.send_fds(self.link, [data], descriptors) if descriptors else self.link.send(data)
        if sent < len(data):
            self.link.sendall(memoryview(data)[sent:])

    def _receive(self, size: int) -> bytes:
        part = b""
        if size:
            self.link.settimeout(max(self.deadline - time.monotonic(), 0.001))
            part = self.link.recv(min(size, 1 << 20))
        if len(part) == size:
            return part
        parts = bytearray(part)
        while part and len(parts) < size:
            self.link.settimeout(max(self.deadline - time.monotonic(), 0.001))
            part = self.link.recv(min(size - len(parts), 1 << 20))
            parts += part
        if len(parts) < size:
            raise ConnectionError("its end of the line closed")
        return bytes(parts)

    def _lost(self, what: str) -> WorkerLost:
        self.abandon()
        self.wait()
        code = f"; it ended with status {self._process.returncode}" if self._process else ""
        words = self._words()
        self._hear_no_more()
        said = f", saying: {words}" if words else ""
        return WorkerLost(f"the sandbox's worker {what}{code}{said}; the program is not to blame")

    def _words(self) -> str:
        """What it has said, without waiting for more."""
        if self._last_words is None:
            return ""
        os.set_blocking(self._last_words.fileno(), False)
        return (self._last_words.read(WORDS_BYTES) or b"").decode("utf-8", "replace").strip()
