"""What the session keeper's child becomes: the process of one session, first of its own process namespace."""

from __future__ import annotations

import builtins
import errno
import fcntl
import os
import resource
import site
import struct
import sys

from assaygym.sandbox.guest import kernel
from assaygym.sandbox.guest.bpf import ALLOW, ARGUMENTS_AT, ERROR, JUMP_EQUAL, LOAD, NUMBER_AT, RETURN
from assaygym.sandbox.guest.cells import CHANNEL, READY, Cells, answer, open_streams, serve
from assaygym.sandbox.guest.copies import make_copies
from assaygym.sandbox.guest.frames import read_frame, write_all
from assaygym.sandbox.guest.scratch import place
from assaygym.sandbox.guest.seccomp import filter_program
from assaygym.sandbox.guest.shells import Shell
from assaygym.sandbox.guest.syscalls import numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from assaygym.sandbox.guest.orders import Birth, Copy, Start

OPEN_FILES = 256
WALK_FILES = 1024
"""Descriptors that a copy may have open for a moment while it takes over those of its original."""
STACK = (8 << 20, resource.RLIM_INFINITY)
ABOVE_ALL = 512
SET_LIMIT = {"x86_64": 160, "aarch64": 164}
SCRATCH = ("/tmp", "/dev/shm")
TMPFS = kernel.MS_NOSUID | kernel.MS_NODEV


def live(streams: tuple[int, int, int], birth: int, mapped_bytes: int) -> NoReturn:
    """Take the descriptors, wait for the user ids, confine this process, serve cells until the host lets go.

    Args:
        streams: our end of the socket to the host; the writing ends of two pipes, for stdout and stderr.
        birth: a socket to the keeper, closed once this process has its user ids and knows its sizes.
        mapped_bytes: address space that the bare interpreter maps.
    """
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or the files under /proc by which the keeper maps the ids are root's
    kernel.prctl(kernel.PR_SET_PDEATHSIG, 9)
    birth = wire(streams, birth)
    os.write(birth, b"h")
    word: Birth = read_frame(birth)  # type: ignore[assignment]
    os.close(birth)
    for path, options in zip(SCRATCH, word["scratch"], strict=True):
        kernel.mount("tmpfs", path, "tmpfs", TMPFS, options)
    os.setsid()
    os.chdir(SCRATCH[0])
    start: Start = read_frame(CHANNEL)  # type: ignore[assignment]
    place(start["files"], [])
    _confine(start, mapped_bytes)
    begin(start, make_copies)


def lodge(streams: tuple[int, int, int], folder: str, confine: Callable[[], list[str]], mapped_bytes: int) -> NoReturn:
    """As `live`, where there are no namespaces: in a folder of the host, and without copies.

    Args:
        streams: as of `live`.
        folder: the session's own.
        confine: shuts this process in; returns what is in force then.
        mapped_bytes: as of `live`.
    """
    os.setsid()
    isolation = confine()
    os.close(wire(streams, streams[0]))
    os.environ.update(HOME=folder, TMPDIR=folder)
    os.chdir(folder)
    start: Start = read_frame(CHANNEL)  # type: ignore[assignment]
    place(start["files"], [])
    limit(start, mapped_bytes)
    begin(start, _no_copies, isolation)


def _no_copies(order: Copy, cells: Cells) -> bytes:
    raise ValueError("there are no copies without namespaces")


def begin(start: Start, copy: Callable[[Copy, Cells], bytes], isolation: list[str] | None = None) -> NoReturn:
    """Set the interpreter up as a program finds it, and serve.

    Args:
        start: the session's order.
        copy: makes copies of this process; returns the answer, in each copy as well.
        isolation: what the host is told to be in force, where it does not know.
    """
    open_streams()
    _tidy_interpreter()
    cells = (Shell if start["language"] == "bash" else Cells)(start["seed"])
    cells.guard()
    write_all(CHANNEL, answer(READY, " ".join(isolation or ())))
    serve(cells, copy)


def wire(streams: tuple[int, int, int], birth: int) -> int:
    """Leave this process 0, 1, 2, the channel and `birth`, which moves, and none of the keeper's descriptors."""
    moved = [fcntl.fcntl(number, fcntl.F_DUPFD, ABOVE_ALL) for number in (*streams, birth)]
    null = os.open("/dev/null", os.O_RDWR)
    for source, target in ((null, 0), (moved[1], 1), (moved[2], 2)):
        os.dup2(source, target)
    os.dup2(moved[0], CHANNEL, inheritable=False)
    os.dup2(moved[3], CHANNEL - 1, inheritable=False)
    os.closerange(3, CHANNEL - 1)
    os.closerange(CHANNEL + 1, 1 << 20)
    return CHANNEL - 1


def _confine(start: Start, mapped_bytes: int) -> None:
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    limit(start, mapped_bytes)
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    resource.setrlimit(resource.RLIMIT_NPROC, (start["processes"], hard))
    machine = os.uname().machine
    if (program := filter_program(machine, "session")) is not None:
        kernel.install_filter(program)
        kernel.install_filter(keeper_only(machine))


def limit(start: Start, mapped_bytes: int) -> None:
    """The limits of this process and of each that it starts."""
    memory, file_bytes = start["memory_bytes"] + mapped_bytes, start["file_bytes"]
    for which, (soft, hard) in (
        (resource.RLIMIT_AS, (memory, memory)),
        (resource.RLIMIT_FSIZE, (file_bytes, file_bytes)),
        (resource.RLIMIT_NOFILE, (OPEN_FILES, WALK_FILES)),
        (resource.RLIMIT_CORE, (0, 0)),
        (resource.RLIMIT_STACK, STACK),
    ):
        ceiling = resource.getrlimit(which)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(which, (soft, hard))


def keeper_only(machine: str) -> bytes:
    """A second filter: the number of processes, and the order to die with the keeper, are not the program's to change.

    The hard limit of processes has to be high, because the kernel counts copies as their original's too; the keeper
    sets the soft one from outside. Foreign calling conventions are killed by the first filter.
    """
    singles = numbers(machine)["singles"]
    refuse, low, high = ERROR | errno.EPERM, ARGUMENTS_AT, ARGUMENTS_AT + 4
    lines = (
        (LOAD, 0, 0, NUMBER_AT),
        (JUMP_EQUAL, 8, 0, SET_LIMIT[machine]),
        (JUMP_EQUAL, 9, 0, singles["prctl"]),
        (JUMP_EQUAL, 0, 10, singles["prlimit64"]),
        (LOAD, 0, 0, low + 8),
        (JUMP_EQUAL, 0, 8, resource.RLIMIT_NPROC),
        (LOAD, 0, 0, low + 16),
        (JUMP_EQUAL, 0, 7, 0),
        (LOAD, 0, 0, high + 16),
        (JUMP_EQUAL, 4, 5, 0),
        (LOAD, 0, 0, low),
        (JUMP_EQUAL, 3, 2, resource.RLIMIT_NPROC),
        (LOAD, 0, 0, low),
        (JUMP_EQUAL, 1, 0, kernel.PR_SET_PDEATHSIG),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, refuse),
    )
    return b"".join(struct.pack("<HBBI", code, yes, no, operand) for code, yes, no, operand in lines)


def _tidy_interpreter() -> None:
    """Like an ordinary interpreter: `exit` and `help` are there, the working directory is looked in, we are not."""
    site.setquit()
    site.setcopyright()
    site.sethelper()
    sys.argv = [""]
    sys.path.insert(0, "")
    for name in [name for name in sys.modules if name.split(".")[0] == "assaygym"]:
        del sys.modules[name]
    builtins.__dict__.pop("_", None)
