"""One run, prepared: a first process (number 1 of a process namespace) and its child, which becomes the program.

The program is not itself the first process, because the kernel spares that one every signal it does not handle. The
first process waits for the program, then kills and reaps all others of its namespace, so that their CPU time and
memory count, and ends. It is out of the program's reach: not dumpable, all signals at their default, which the kernel
does not deliver to it from inside.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
from collections.abc import Callable

from assaygym.sandbox.guest import kernel
from assaygym.sandbox.guest.protocol import NO_STATUS

AWAITED = (signal.SIGUSR1, signal.SIGCHLD)
"""What a first process waits for; blocked, since the kernel drops all others that it has no handler for."""
Prepared = tuple[int, Callable[[], int]]
"""The number of the process to wait for, and what tells the program's wait status once that one has ended."""


class NativeCloner:
    """With the C helper: the first process shares our memory.

    Args:
        path: the compiled `clone.c`.
    """

    def __init__(self, path: str) -> None:
        library = ctypes.PyDLL(path)
        self._clone, self._status = library.clone_run, library.status_of_program
        self._clone.argtypes = (ctypes.c_long,)
        self._status.argtypes = ()

    def __call__(self) -> Prepared | None:
        """Make both processes; None in the program to be.

        Raises:
            OSError: the kernel refused.
        """
        first = self._clone(kernel.NEWPID)
        if first < 0:
            raise OSError(-first, f"clone: {os.strerror(-first)}")
        return (first, self._status) if first else None


class PlainCloner:
    """In Python: the first process is a copy of us, and so is its child."""

    def __call__(self) -> Prepared | None:
        """As `NativeCloner`."""
        told, tell = os.pipe()
        first = kernel.clone(kernel.NEWPID | signal.SIGCHLD)
        if first == 0:
            program = kernel.clone(signal.SIGCHLD)
            if program == 0:
                return None
            _be_first(program, tell)
        os.close(tell)
        return first, lambda: _read_status(told)


def _be_first(program: int, tell: int) -> None:
    """Wait for the program, tell its status, end everything; never returns."""
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
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
    while True:
        while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            if ended[0] == program:
                return ended[1]
        what = signal.sigwaitinfo(AWAITED)
        if what.si_signo == signal.SIGUSR1 and what.si_code == 0 and what.si_pid == 0:
            return NO_STATUS


def _read_status(told: int) -> int:
    text = os.read(told, 32)
    os.close(told)
    return int(text) if text else NO_STATUS


class AloneCloner:
    """Without a namespace: the program is our own child, and its end tells its status."""

    def __call__(self) -> Prepared | None:
        """As `NativeCloner`."""
        program = kernel.clone(signal.SIGCHLD)
        return (program, lambda: NO_STATUS) if program else None


def cloner(helper: str) -> NativeCloner | PlainCloner:
    """The fastest that works here."""
    if helper:
        try:
            return NativeCloner(helper)
        except OSError as error:
            if error.errno not in (None, errno.ENOENT):
                raise
    return PlainCloner()
