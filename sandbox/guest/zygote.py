"""The process that makes the runs: it keeps one prepared, gives it its order, watches it, reports its end.

No byte of a program, of its input or of its output is ever in memory that the next program inherits: all pass through
one buffer that is left out of every copy of this process (madvise(2), MADV_DONTFORK).
"""

from __future__ import annotations

import _socket
import array
import ctypes
import marshal
import mmap
import os
import select
import signal
import socket
import time
from contextlib import suppress

from assaygym.sandbox.guest.program import become
from assaygym.sandbox.guest.protocol import (
    BY_CROWD,
    BY_HOST,
    BY_ITSELF,
    BY_OUTPUT,
    BY_WALL,
    FAULT,
    FILE,
    KILL,
    ORDER,
    REPORT,
    RUN,
    START_FAILED,
)
from assaygym.sandbox.guest.scratch import open_left
from assaygym.sandbox.guest.turns import Turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PIPE = 1 << 16
CHUNK = 1 << 18
ANCILLARY = socket.CMSG_SPACE(8)
KEPT = 1 << 20
"""Memory of the buffer that is kept from one run to the next."""
END_MILLISECONDS = 1000
"""How long the first process of a run may take to kill and reap all others before it is killed itself."""
LINK_FD = 60
"""Where the socket to the host is, out of the way of what a program is given."""
FIRST_OWN = 8
"""Descriptors below are the program's: none of ours has such a number."""


class Buffer:
    """Memory that no child inherits, as large as was ever needed."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, KEPT, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._map.madvise(mmap.MADV_DONTFORK)
        self.view = memoryview(self._map)

    def need(self, size: int) -> None:
        """Have room for so many bytes; what it held is lost."""
        if size > len(self.view):
            self.view.release()
            self._map.close()
            self._map = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            self._map.madvise(mmap.MADV_DONTFORK)
            self.view = memoryview(self._map)

    @property
    def address(self) -> int:
        """Where it lies."""
        return ctypes.addressof(ctypes.c_char.from_buffer(self._map))

    def forget(self, used: int) -> None:
        """Give back the memory of a large content."""
        if used > KEPT:
            self._map.madvise(mmap.MADV_DONTNEED)


class HostGone(Exception):
    """The host closed its end."""


class Waiting:
    """A run that is prepared: cloned, and waiting for its order."""

    def __init__(self, clone: Any) -> None:
        self.stdin, self.feed = os.pipe()
        self.out, self.stdout = os.pipe()
        self.err, self.stderr = os.pipe()
        self.order, theirs = _socket.socketpair()
        prepared = clone((self.stdin, self.stdout, self.stderr, theirs.fileno(), self.feed))
        if prepared is None:
            become(clone.await_start)
        self.number, self.own_status = prepared
        self.watched = os.pidfd_open(self.number)
        for descriptor in (self.stdin, self.feed, self.stdout, self.stderr, theirs.detach()):
            os.close(descriptor)

    def close(self) -> None:
        """Let go of the descriptors of a run that was reaped."""
        for descriptor in (self.out, self.err, self.watched, self.order.detach()):
            os.close(descriptor)


class Zygote:
    """Serves one host over one socket, one run at a time.

    Args:
        link: the socket, as descriptor `LINK_FD`.
        clone: makes the processes of a run.
        scratch: what a run may write to.
        grouped: whether a run must be ended by its process group, for want of a namespace.
        proc: a descriptor of the host's /proc; -1 for none.
    """

    frames = 7
    """Of its, and of `become`, below a program: what the program's own recursion is granted on top."""

    def __init__(self, link: socket.socket, clone: Any, scratch: Any, *, grouped: bool, proc: int = -1) -> None:
        self._link = link
        self._turns = Turns(proc)
        self._clone, self._scratch, self._grouped = clone, scratch, grouped
        self._buffer = Buffer()

    def tell(self, data: bytes) -> None:
        """Send the host something beside reports."""
        self._send(data)

    def serve(self) -> None:
        """Answer orders until the host closes the socket."""
        try:
            while True:
                run = Waiting(self._clone)
                try:
                    self._one(run)
                except HostGone:
                    self._end(run, BY_HOST)
                    return
        except BaseException as fault:
            self._fault(fault)

    def _one(self, run: Waiting) -> None:
        fetch, number, payload, wall, cap, size, descriptors = self._next_order()
        self._scratch.resize(size)
        self._buffer.need(max(2 * (cap + PIPE), CHUNK))
        start = time.monotonic()
        self._hand_over(run, payload, descriptors)
        names: list[str] = marshal.loads(self._link.recv(fetch, socket.MSG_WAITALL)) if fetch else []
        why, used = self._watched(run, number, start, wall, cap)
        status, usage = self._end(run, why)
        seconds = time.monotonic() - start
        if status == START_FAILED << 8 and (reason := run.order.recv(CHUNK)):
            raise RuntimeError(f"the program could not be started: {reason.decode()}")
        if max(used) > cap or why != BY_ITSELF:
            used = self._drain(run, used, cap)
        if max(used) > cap:
            why, used = BY_OUTPUT, (min(used[0], cap), min(used[1], cap))
        run.close()
        self._report(number, (status, why), usage, seconds, used, cap + PIPE, names)
        self._buffer.forget(sum(used))
        self._scratch.tidy()

    def _report(
        self,
        number: int,
        end: tuple[int, int],
        usage: Any,
        seconds: float,
        used: tuple[int, int],
        half: int,
        names: list[str],
    ) -> None:
        files = self._left(names) if names else []
        times = usage.ru_utime + usage.ru_stime, usage.ru_stime, seconds
        head = REPORT.pack(RUN, len(files), number, *end, *times, usage.ru_maxrss * 1024, *used)
        self._send(head, self._buffer.view[: used[0]], self._buffer.view[half : half + used[1]])
        self._send_files(files)

    def _fault(self, fault: BaseException) -> None:
        """Whatever failed here is ours: say so, whatever it is."""
        text = f"{type(fault).__name__}: {fault}".encode()
        with suppress(OSError):
            self._send(REPORT.pack(FAULT, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0, len(text), 0), text)

    def _next_order(self) -> tuple[Any, ...]:
        while (message := self._next())[0] != RUN:
            pass  # to kill a run that has ended by itself
        return message[1:]

    def _next(self) -> tuple[Any, ...]:
        """The next message's head and the descriptors that came along."""
        head, ancillary, _, _ = self._link.recvmsg(ORDER.size, ANCILLARY, socket.MSG_WAITALL)
        if len(head) != ORDER.size:
            raise HostGone
        descriptors = array.array("i")
        for _, _, data in ancillary:
            descriptors.frombytes(data)
        return (*ORDER.unpack(head), descriptors.tolist())

    def _hand_over(self, run: Waiting, left: int, descriptors: list[int]) -> None:
        """Pass the payload on to the process that waits for it, and with its beginning the descriptors."""
        along = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        view, lost = self._buffer.view, False
        while left:
            got = self._link.recv_into(view, min(left, CHUNK))
            if not got:
                raise HostGone
            left -= got
            if not lost:
                try:
                    sent = run.order.sendmsg((view[:got],), along)
                    if sent < got:
                        run.order.sendall(view[sent:got])
                except ConnectionError:
                    lost = True  # it was killed from outside; the rest must be read all the same
            along = []
        for descriptor in descriptors:
            os.close(descriptor)

    def _watched(self, run: Waiting, number: int, start: float, wall: float, cap: int) -> tuple[int, tuple[int, int]]:
        """Watch a run, as long as it is owed time for what it waited; why it ended, and how much it wrote."""
        used, deadline = [0, 0], start + wall
        while (why := self._watch(run, number, deadline, cap, used)) == BY_WALL:
            deadline, crowded = self._turns.until(start, wall, now := time.monotonic(), run.number)
            if deadline <= now:
                why = BY_CROWD if crowded else BY_WALL
                break
        return why, (used[0], used[1])

    def _watch(self, run: Waiting, number: int, deadline: float, cap: int, used: list[int]) -> int:
        """Collect output until the run ends, passes a limit, or the host speaks."""
        poll = select.poll()
        for descriptor in (run.watched, run.out, run.err, LINK_FD):  # the end first: what it left is seen after it
            poll.register(descriptor, select.POLLIN)
        left = 1.0
        while left > 0:  # once when it is over, too: the end may lie there, and we be late ourselves
            left = deadline - time.monotonic()
            ready = poll.poll(max(left, 0.0) * 1000)
            ended = ready and ready[0][0] == run.watched
            for descriptor, events in ready:
                if descriptor == run.watched:
                    continue
                if descriptor == LINK_FD:
                    if not ended and self._is_kill(number):
                        return BY_HOST
                elif events & select.POLLIN:
                    self._collect(run, descriptor, used, cap, whole=bool(ended))
                    if max(used) > cap:
                        return BY_OUTPUT
                else:
                    poll.unregister(descriptor)  # closed by all that could write
            if ended:
                return BY_ITSELF
        return BY_WALL

    def _is_kill(self, number: int) -> bool:
        kind, _, whom, *_ = self._next()
        return bool(kind == KILL and whom == number)

    def _collect(self, run: Waiting, descriptor: int, used: list[int], cap: int, *, whole: bool) -> None:
        """Read a stream that has something; once, or while more than a pipe's load may have waited."""
        stream = int(descriptor == run.err)
        first = stream * (cap + PIPE)
        while used[stream] <= cap:
            room = self._buffer.view[first + used[stream] : first + cap + 1]
            try:
                got = os.readv(descriptor, [room])
            except BlockingIOError:
                return
            used[stream] += got
            if not whole or not got:
                return
            os.set_blocking(descriptor, False)

    def _drain(self, run: Waiting, used: tuple[int, int], cap: int) -> tuple[int, int]:
        """Collect what a run that was ended left in its pipes."""
        counts = list(used)
        for descriptor in (run.out, run.err):
            os.set_blocking(descriptor, False)
            self._collect(run, descriptor, counts, cap, whole=True)
        return counts[0], counts[1]

    def _end(self, run: Waiting, why: int) -> tuple[int, Any]:
        """Kill what is left and reap: the program's wait status, and the usage of all."""
        if self._grouped:
            with suppress(ProcessLookupError):
                os.killpg(run.number, signal.SIGKILL)
            os.kill(run.number, signal.SIGKILL)
        elif why != BY_ITSELF:
            self._order_end(run)
            os.kill(run.number, signal.SIGKILL)
        _, status, usage = os.wait4(run.number, 0)
        return (status if self._grouped else run.own_status()), usage

    def _order_end(self, run: Waiting) -> None:
        """Have the first process reap all others, so that they are counted; should it not, the kernel ends them."""
        poll = select.poll()
        poll.register(run.watched, select.POLLIN)
        if not poll.poll(0):
            run.own_status.end()
            os.kill(run.number, signal.SIGUSR1)
            poll.poll(END_MILLISECONDS)

    def _left(self, names: list[str]) -> list[tuple[int, int, int]]:
        """Index, descriptor and size of each wanted file that a run left."""
        found = [(index, open_left(name)) for index, name in enumerate(names)]
        return [(index, *file) for index, file in found if file is not None]

    def _send_files(self, files: list[tuple[int, int, int]]) -> None:
        for index, descriptor, size in files:
            self._send(FILE.pack(index, size))
            left = size
            while left:
                got = os.readv(descriptor, [self._buffer.view[: min(left, CHUNK)]])
                if not got:
                    raise OSError("a file grew shorter after its program had ended")
                self._send(self._buffer.view[:got])
                left -= got
            os.close(descriptor)

    def _send(self, *parts: Any) -> None:
        sent = self._link.sendmsg(parts)
        for part in parts:
            skipped = min(sent, len(part))
            sent -= skipped
            if skipped < len(part):
                self._link.sendall(memoryview(part)[skipped:])
