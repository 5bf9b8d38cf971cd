"""How a session's process copies itself, and what a copy does so as to share nothing with its original.

The original makes its copies by `clone`, between two cells, and becomes a template that runs nothing any more (see
`sessions.py`). Each copy takes over, while the template is stopped: the files (copied from the template's scratch to
its own), the working directory, open files by path and offset (one that was removed is made anew with the same
content), memory that was mapped as shared. What leads to others (pipes, sockets, what polls them) leads nowhere
afterwards.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import os
import random
import resource
import select
import signal
import socket
import stat
import sys
from contextlib import suppress

from assaygym.sandbox.guest import kernel
from assaygym.sandbox.guest.cells import CHANNEL, COPIED, READY, answer, flush, identity, open_streams
from assaygym.sandbox.guest.frames import read_frame
from assaygym.sandbox.guest.seccomp import COPY
from assaygym.sandbox.guest.takeover import take_descriptors, take_memory
from assaygym.sandbox.guest.trees import copy_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assaygym.sandbox.guest.cells import Cells
    from assaygym.sandbox.guest.orders import Birth
    from assaygym.sandbox.guest.orders import Copy as Order

SCRATCH = ("/tmp", "/dev/shm")
COPY_FLAGS = COPY | kernel.NEWNET
PARTS = 4
"""Descriptors given for a copy: channel, stdout, stderr, birth socket."""
FRESH_BYTES = 32
OUR_OWN = 512
"""From here on a copy keeps what it needs while it takes over the descriptors of its original."""

_before, _after_in_original, _after_in_copy = (
    getattr(ctypes.pythonapi, name) for name in ("PyOS_BeforeFork", "PyOS_AfterFork_Parent", "PyOS_AfterFork_Child")
)
for _hook in (_before, _after_in_original, _after_in_copy):
    _hook.restype = None


def make_copies(order: Order, cells: Cells) -> bytes:
    """Make the copies that are ordered; the descriptors of each come over the channel.

    Returns:
        In the original: the number of its threads, or the error that stopped it. In a copy: whether it is ready.
    """
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or the keeper could not look at its descriptors and memory
    if order["first"]:
        _end_others()
    _reap()
    flush()  # or each copy would print what one thread printed
    original = Original()
    parts = _parts(len(order["seeds"]))
    everything = [part for own in parts for part in own]
    clone = kernel.clone if original.threads == 1 else _clone_with_hooks
    collecting = gc.isenabled()
    gc.disable()  # it would touch, and so make the kernel copy, all memory
    try:
        for own, seed in zip(parts, order["seeds"], strict=True):
            if clone(COPY_FLAGS) == 0:
                return _become_copy(original, own, everything, seed, cells)
    except OSError as error:
        return answer(COPIED, error=f"{error.errno} {error}")
    finally:
        if collecting:
            gc.enable()
        _close(everything)
    return answer(COPIED, value=str(original.threads))


class Original:
    """What a copy cannot find out by itself any more, noted before it is made."""

    def __init__(self) -> None:
        self.threads = len(sys._current_frames())
        self.random = random.getstate() if self.threads > 1 else None
        self.open = open_descriptors()
        self.directory = SCRATCH[0]
        with suppress(OSError):  # it was removed
            self.directory = os.getcwd()
        self.offsets: dict[int, int] = {}
        self.leaders: dict[int, int] = {}
        """For each descriptor of a file the first that shares its offset."""
        seen: dict[tuple[int, int], list[int]] = {}
        for number in self.open:
            status = os.fstat(number)
            if stat.S_ISREG(status.st_mode):
                self._note(number, seen.setdefault((status.st_dev, status.st_ino), []))

    def _note(self, number: int, same_file: list[int]) -> None:
        with suppress(OSError):  # opened as a mere path
            self.offsets[number] = os.lseek(number, 0, os.SEEK_CUR)
            self.leaders[number] = next((other for other in same_file if self._moves(other, number)), number)
            same_file.append(number)

    def _moves(self, one: int, other: int) -> bool:
        before = os.lseek(one, 0, os.SEEK_CUR)
        os.lseek(one, before + 1, os.SEEK_SET)
        moved = os.lseek(other, 0, os.SEEK_CUR) != self.offsets[other]
        os.lseek(one, before, os.SEEK_SET)
        return moved


def open_descriptors() -> list[int]:
    """All that this process has open; there is no /proc to ask."""
    poll = select.poll()
    numbers = range(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    for number in numbers:
        poll.register(number, 0)
    closed = {number for number, events in poll.poll(0) if events & select.POLLNVAL}
    return [number for number in numbers if number not in closed]


def _end_others() -> None:
    """Kill and reap all processes but this one: it is the first of its namespace, so all come down to it."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _parts(count: int) -> list[list[int]]:
    with socket.socket(fileno=os.dup(CHANNEL)) as line:
        return [socket.recv_fds(line, 1, PARTS)[1] for _ in range(count)]


def _clone_with_hooks(flags: int) -> int:
    """As `os.fork` does: locks that other threads held, and the list of threads, are put right in the copy."""
    _before()
    try:
        child = kernel.clone(flags)
    except OSError:
        _after_in_original()
        raise
    (_after_in_copy if child == 0 else _after_in_original)()
    return child


def _become_copy(original: Original, own: list[int], everything: list[int], seed: str | None, cells: Cells) -> bytes:
    os.setsid()  # or `kill(0, ...)` would reach the original's group
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    channel, stdout, stderr, birth = (fcntl.fcntl(part, fcntl.F_DUPFD_CLOEXEC, OUR_OWN) for part in own)
    _close(everything)
    everything.clear()
    folders = [_out_of_the_way(path) for path in SCRATCH]
    word = _birth(birth)
    os.dup2(channel, CHANNEL, inheritable=False)  # from here on, what fails is told
    trouble = None
    try:
        for folder, path in zip(folders, SCRATCH, strict=True):
            copy_tree(folder, path)
        _return_to(original.directory)
        take_descriptors(original, (stdout, stderr), cells.pipes, word["links"], folders)
        take_memory(word["shared"])
    except Exception as error:  # whatever it is: this process may not go on as if it were whole
        trouble = f"{type(error).__name__}: {error}"
    cells.pipes = (identity(stdout), identity(stderr))
    _close([channel, stdout, stderr, *folders])
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    kernel.drop_capabilities()
    if original.threads > 1:
        open_streams()
    _seed(original, seed, cells)
    if (ssl := sys.modules.get("_ssl")) is not None:  # it takes a process by its number, which is 1 in all of them
        ssl.RAND_add(os.urandom(FRESH_BYTES), FRESH_BYTES)
    cells.forget_loop()
    return answer(READY, error=trouble)


def _birth(birth: int) -> Birth:
    """Say hello to the keeper and wait for its word."""
    try:
        os.write(birth, b"h")
        word: Birth = read_frame(birth)  # type: ignore[assignment]
    except (EOFError, OSError):  # the fork was given up
        os._exit(0)
    os.close(birth)
    return word


def _out_of_the_way(path: str) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, OUR_OWN)
    os.close(descriptor)
    return moved


def _return_to(directory: str) -> None:
    try:
        os.chdir(directory)
    except OSError:  # it had been removed
        os.chdir(SCRATCH[0])


def _seed(original: Original, seed: str | None, cells: Cells) -> None:
    if seed is None:
        if original.random is not None:  # a hook has seeded anew
            random.setstate(original.random)
        return
    cells.reseed(seed)


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
