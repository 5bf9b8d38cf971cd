"""One run, prepared: a first process (number 1 of a process namespace) and its child, which becomes the program.

The program is not itself the first process, because the kernel spares that one every signal it does not handle. The
first process waits for the program, then kills and reaps all others of its namespace, so that their CPU time and
memory count, and ends. It is out of the program's reach: not dumpable, all signals at their default, which the kernel
does not deliver to it from inside.

`zygote.c` does the same faster, where there was a compiler.
"""

from __future__ import annotations

import _thread
import array
import ctypes
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from assaygym.sandbox.guest import kernel
from assaygym.sandbox.guest.protocol import (
    AT_ADDRESS_SPACE,
    AT_FILE_SIZE,
    CHANNEL_FD,
    FEED_FD,
    HAS_CHANNEL,
    HAS_FEED,
    HAS_FILES,
    HAS_STDIN,
    LEAVE,
    LIMITED,
    NO_STATUS,
    ON_TOP,
    START,
    START_FAILED,
)

AWAITED = (signal.SIGUSR1, signal.SIGCHLD)
"""What a first process waits for; blocked, since the kernel drops all others that it has no handler for."""
PR_GET_TID_ADDRESS = 40
DESCRIPTORS = 256
"""How many a program may have."""
FIRST_TO_GO = b"1000"
"""The score of a program: a machine or a group short of memory kills it before the worker that makes runs."""
Prepared = tuple[int, Callable[[], int]]
"""The number of the process to wait for, and what tells the program's wait status once that one has ended."""
Begin = tuple[int, int, int]
"""Bytes of the payload that are still to be read, flags, the message channel or -1."""


class PlainCloner:
    """The first process is a copy of us, and so is its child.

    Args:
        seal: what the program to be gives up before it gets its order.
        mapped: bytes that our interpreter maps; granted to Python programs on top of their limit.
        directory: where programs work.
        proc: a descriptor of the host's /proc, for the order in which processes are killed for memory; -1 for none.
    """

    def __init__(self, seal: Callable[[], object], mapped: int, directory: str, proc: int = -1) -> None:
        self._seal, self._mapped, self._directory, self._proc = seal, mapped, directory, proc
        self._five: tuple[int, ...] = ()
        self._thread = _own_thread()

    def __call__(self, descriptors: tuple[int, ...]) -> Prepared | None:
        """Make both processes; None in the program to be, which shall have only these descriptors, as 0 to 4.

        Raises:
            OSError: the kernel refused.
        """
        ours, theirs = socket.socketpair()
        first = kernel.clone(kernel.NEWPID | signal.SIGCHLD)
        if first == 0:
            program = kernel.clone(signal.SIGCHLD)
            if program == 0:
                self._five = descriptors
                return None
            _be_first(program, theirs.fileno())
        theirs.close()
        return first, FirstProcess(ours)

    def _take(self) -> None:
        try:
            os.setsid()
            number = _thread.get_native_id()
            threading.main_thread()._native_id = number  # type: ignore[attr-defined]
            if self._thread:
                self._thread.value = number
            if self._proc >= 0:
                self._come_first()
            for number, descriptor in enumerate(self._five):
                os.dup2(descriptor, number)
            self._seal()  # which may need descriptors that are above
            os.closerange(FEED_FD + 1, 1 << 20)
            resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        except BaseException as fault:  # ours, and not yet where anybody would look for it
            os.write(self._five[CHANNEL_FD], f"{type(fault).__name__}: {fault}".encode())
            os._exit(START_FAILED)

    def _come_first(self) -> None:
        """A machine or a group short of memory shall kill a program before the worker that makes runs."""
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or the file would be root's
        with suppress(OSError):
            score = os.open("self/oom_score_adj", os.O_WRONLY, dir_fd=self._proc)
            os.write(score, FIRST_TO_GO)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)

    def await_start(self) -> Begin:
        """In the program to be: give up what is not its own, wait for the order, take what comes with it."""
        self._take()
        order = socket.socket(fileno=CHANNEL_FD)
        head, ancillary, _, _ = order.recvmsg(START.size, socket.CMSG_SPACE(8), socket.MSG_WAITALL)
        order.detach()
        if not head:
            os._exit(0)  # the worker ended
        received = array.array("i", b"".join(data for _, _, data in ancillary)).tolist()
        rest, flags, *limits = START.unpack(head)
        channel = received.pop(0) if flags & HAS_CHANNEL else -1
        if flags & HAS_STDIN:
            os.dup2(received[0], 0)
            os.close(received[0])
        if not flags & HAS_FEED:
            os.close(FEED_FD)
        os.chdir(self._directory)
        self._limit(limits, flags)
        return rest, flags, channel

    def _limit(self, limits: list[int], flags: int) -> None:
        for place, which in enumerate(LIMITED):
            pair = limits[2 * place : 2 * place + 2]
            if place == AT_ADDRESS_SPACE and flags & ON_TOP:
                pair = [size + self._mapped for size in pair]
            if pair[0] != LEAVE and not (place == AT_FILE_SIZE and flags & HAS_FILES):
                limit(which, *pair)


class AloneCloner(PlainCloner):
    """Without a namespace: the program is our own child, and its end tells its status."""

    def __call__(self, descriptors: tuple[int, ...]) -> Prepared | None:
        """As `PlainCloner`."""
        program = kernel.clone(signal.SIGCHLD)
        if program:
            return program, lambda: NO_STATUS
        self._five = descriptors
        return None


def limit(which: int, soft: int, hard: int) -> None:
    """Set one limit, or as near to it as is allowed."""
    soft, hard = (resource.RLIM_INFINITY if value == (1 << 64) - 1 else value for value in (soft, hard))
    try:
        resource.setrlimit(which, (soft, hard))
    except ValueError:  # above a ceiling of our own
        ceiling = resource.getrlimit(which)[1]
        resource.setrlimit(which, (_least(soft, ceiling), _least(hard, ceiling)))


def _least(*values: int) -> int:
    return min((value for value in values if value != resource.RLIM_INFINITY), default=resource.RLIM_INFINITY)


class FirstProcess:
    """The line to a first process: the order to end goes there, the program's wait status comes back."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def __call__(self) -> int:
        """The status, once the first process has ended; `NO_STATUS` where it was ended before it knew."""
        with self._line:
            try:
                text = self._line.recv(32)
            except ConnectionResetError:  # it did not read its order
                text = b""
        return int(text) if text else NO_STATUS

    def end(self) -> None:
        """Write the order; a signal must follow, which makes it look."""
        with suppress(OSError):  # it has ended
            self._line.send(b"e")


def _own_thread() -> ctypes.c_int | None:
    """Where the C library remembers the number of this thread, which it only changes in forks of its own."""
    place = ctypes.c_void_p()
    zero = ctypes.c_ulong(0)
    if ctypes.CDLL(None).prctl(PR_GET_TID_ADDRESS, ctypes.byref(place), zero, zero, zero) or not place.value:
        return None  # a kernel that does not tell
    number = ctypes.c_int.from_address(place.value)
    return number if number.value == _thread.get_native_id() else None


def _be_first(program: int, line: int) -> None:
    """Wait for the program, tell its status, end everything; never returns."""
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.dup2(line, 0)
        os.closerange(1, 1 << 20)
        os.set_blocking(0, False)
        status = _wait_for(program)
        if status != NO_STATUS:
            os.write(0, str(status).encode())
        os.kill(-1, signal.SIGKILL)
        while True:
            os.wait()
    except BaseException:
        os._exit(0)


def _wait_for(program: int) -> int:
    """Wait for the program's end, or for the order to end it.

    The order is a byte on the line. The signal that follows it alone could be anybody's: the kernel forgets who sent
    one when it is short of room.
    """
    while True:
        ordered = _is_ordered()
        while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            if ended[0] == program:
                return ended[1]
        if ordered:
            return NO_STATUS  # it may have ended by itself, its signal behind the order's: that was looked for
        signal.sigwaitinfo(AWAITED)


def _is_ordered() -> bool:
    try:
        os.read(0, 1)
    except BlockingIOError:
        return False
    return True
