"""One run, prepared: a first process (number 1 of a process namespace) and its child, which becomes the program.

The program is not itself the first process, because the kernel spares that one every signal it does not handle. The
first process waits for the program, then kills and reaps all others of its namespace, so that their CPU time and
memory count, and ends. It is out of the program's reach: not dumpable, all signals at their default, which the kernel
does not deliver to it from inside.

`zygote.c` does the same faster, where there was a compiler.
"""

from __future__ import annotations

import array
import os
import resource
import signal
import socket
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

    def __call__(self, descriptors: tuple[int, ...]) -> Prepared | None:
        """Make both processes; None in the program to be, which shall have only these descriptors, as 0 to 4.

        Raises:
            OSError: the kernel refused.
        """
        told, tell = os.pipe()
        first = kernel.clone(kernel.NEWPID | signal.SIGCHLD)
        if first == 0:
            program = kernel.clone(signal.SIGCHLD)
            if program == 0:
                self._five = descriptors
                return None
            _be_first(program, tell)
        os.close(tell)
        return first, lambda: _read_status(told)

    def _take(self) -> None:
        try:
            os.setsid()
            if self._proc >= 0:
                self._come_first()
            for number, descriptor in enumerate(self._five):
                os.dup2(descriptor, number)
            self._seal()  # which may need descriptors that are above
            os.closerange(FEED_FD + 1, 1 << 20)
        except BaseException as fault:  # ours, and not yet where anybody would look for it
            os.write(self._five[CHANNEL_FD], f"{type(fault).__name__}: {fault}".encode())
            os._exit(START_FAILED)

    def _come_first(self) -> None:
        """A machine or a group short of memory shall kill a program before the worker that makes runs."""
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or the file would be root's
        with suppress(OSError):
            score = os.open("self/oom_score_adj", os.O_WRONLY, dir_fd=self._proc)
            os.write(score, b"1000")
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


def _be_first(program: int, tell: int) -> None:
    """Wait for the program, tell its status, end everything; never returns."""
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.dup2(tell, 0)
        os.closerange(1, 1 << 20)
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

    The order is SIGUSR1 from outside, whose sender has no number here. One from inside has a number, or a negative code
    where it was made up.
    """
    ordered = False
    while True:
        while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            if ended[0] == program:
                return ended[1]
        if ordered:
            return NO_STATUS  # it may have ended by itself, its signal behind the order's: that was looked for
        what = signal.sigwaitinfo(AWAITED)
        ordered = what.si_signo == signal.SIGUSR1 and what.si_code == 0 and what.si_pid == 0


def _read_status(told: int) -> int:
    text = os.read(told, 32)
    os.close(told)
    return int(text) if text else NO_STATUS
