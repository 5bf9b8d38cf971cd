"""The zygote's work done by the compiled `zygote.c`: what it leaves to Python, and the mirror of its structures.

The first field of a structure that C and Python disagree on would show in every run: the tests run on both.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import socket
import threading
import time

from assaygym.sandbox.guest.library import move_memory
from assaygym.sandbox.guest.program import become
from assaygym.sandbox.guest.protocol import BY_CROWD, BY_WALL, LIMITED, START_FAILED
from assaygym.sandbox.guest.scratch import SHARED_MEMORY, MountedScratch
from assaygym.sandbox.guest.zygote import CHUNK, LINK_FD, PIPE, Zygote

GONE, PROGRAM, SETTLE, FETCH, TIDY, FAILED, LATE = range(7)
"""What `serve` comes back for: the host is gone; we are the program to be; buffer and scratch must fit the order; files
or a failed start are to be looked at; the scratch must be renewed; the kernel refused something; the wall-clock time of
the run is over, unless more is owed to it."""
PROGRAM_NUMBER = 2
"""Of each program, in the process namespace of its run."""
u32, u64, i32, real = ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int, ctypes.c_double


class _Order(ctypes.Structure):
    _fields_ = (
        ("kind", u32),
        ("fetch", u32),
        ("number", u64),
        ("payload", u64),
        ("wall", real),
        ("cap", u64),
        ("size", u64),
    )


class _Report(ctypes.Structure):
    _fields_ = (
        ("kind", u32),
        ("files", u32),
        ("number", u64),
        ("status", i32),
        ("ended", i32),
        ("cpu", real),
        ("kernel", real),
        ("wall", real),
        ("peak", u64),
        ("used", u64 * 2),
    )


class _Start(ctypes.Structure):
    _fields_ = (("rest", u64), ("flags", u64), ("limits", u64 * (2 * len(LIMITED))))


class _Mark(ctypes.Structure):
    _fields_ = (
        ("free_blocks", u64),
        ("free_inodes", u64),
        ("device", u64),
        ("times", ctypes.c_long * 6),
        ("mode", u32),
        ("links", u32),
    )


class _State(ctypes.Structure):
    _fields_ = (
        ("places", ctypes.c_char_p * 2),
        ("mapped", u64),
        ("buffer", ctypes.c_void_p),
        ("room", u64),
        ("size", u64),
        ("which", i32 * len(LIMITED)),
        ("link", i32),
        ("stage", i32),
        ("number", i32),
        ("streams", i32 * 2),
        ("order_line", i32),
        ("watched", i32),
        ("along", i32 * 2),
        ("count", i32),
        ("failure", i32),
        ("proc", i32),
        ("order", _Order),
        ("report", _Report),
        ("start", _Start),
        ("begun", real),
        ("deadline", real),
        ("over", i32),
        ("clean", _Mark * 2),
        ("thread", ctypes.c_void_p),
        ("beginning", ctypes.c_int64 * 4),
    )


class NativeZygote(Zygote):
    """As `Zygote`, for namespaces.

    Args:
        link: the socket to the host.
        library: the compiled `zygote.c`.
        scratch: what a run may write to.
        mapped: bytes that our interpreter maps.
        proc: a descriptor of the host's /proc.
    """

    frames = 5

    def __init__(
        self, link: socket.socket, library: ctypes.PyDLL, scratch: MountedScratch, mapped: int, proc: int
    ) -> None:
        super().__init__(link, None, scratch, grouped=False, proc=proc)
        self._library, self._serve, self._remember = library, library.serve, library.remember_clean
        self._state = _State(link=LINK_FD, mapped=mapped, proc=proc)
        self._state.places[:] = [scratch.path.encode(), SHARED_MEMORY.encode()]
        self._state.which[:] = LIMITED
        self._beginning = memoryview(self._state.beginning).cast("B").cast("q")
        """Read at less cost than the structure: the process that reads it has to copy each page that it touches."""
        self._reference = ctypes.byref(self._state)
        threading.main_thread()._native_id = PROGRAM_NUMBER  # type: ignore[attr-defined]

    def serve(self) -> None:
        """Answer orders until the host closes the socket."""
        move_memory(self._library, self._state.proc, self._buffer.address)
        while event := self._serve(self._reference):
            if event == PROGRAM:
                become(self._begin)
            try:
                self._answer(event)
            except BaseException as fault:
                self._fault(fault)
                return

    def _begin(self) -> tuple[int, int, int]:
        rest, flags, channel, failure = self._beginning
        if failure:
            raise OSError(-failure, f"the program could not be limited: {os.strerror(-failure)}")
        return rest, flags, channel

    def _answer(self, event: int) -> None:
        state, order = self._state, self._state.order
        if event == LATE:
            now = time.monotonic()
            state.deadline, crowded = self._turns.until(state.begun, order.wall, now, state.number)
            state.over = (BY_CROWD if crowded else BY_WALL) * (state.deadline <= now)
            return
        if event == SETTLE:
            self._buffer.need(2 * (order.cap + PIPE) + order.fetch)
            state.buffer, state.room = self._buffer.address, len(self._buffer.view)
            self._scratch.resize(order.size)
        elif event == TIDY:
            self._scratch.make(order.size)
        elif event == FETCH:
            self._tell()
        else:
            raise OSError(state.failure, f"a run could not be prepared: {os.strerror(state.failure)}")
        state.size = order.size
        if self._remember(self._reference):
            raise OSError("the scratch cannot be looked at")

    def _tell(self) -> None:
        report, order, view = self._state.report, self._state.order, self._buffer.view
        if report.status == START_FAILED << 8:
            with socket.socket(fileno=os.dup(self._state.order_line)) as line:
                if reason := line.recv(CHUNK):
                    raise RuntimeError(f"the program could not be started: {reason.decode()}")
        names = marshal.loads(view[len(view) - order.fetch :]) if order.fetch else []
        files = self._left(names)
        report.files = len(files)
        half = order.cap + PIPE
        self._send(bytes(report), view[: report.used[0]], view[half : half + report.used[1]])
        self._send_files(files)
