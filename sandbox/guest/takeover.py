"""How a copy of a session's process makes its own what it still shares with its original: descriptors and memory."""

from __future__ import annotations

import ctypes
import fcntl
import os
import stat
import tempfile
from contextlib import suppress

from assaygym.sandbox.guest.cells import CHANNEL, identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assaygym.sandbox.guest.copies import Original

MODES = os.O_ACCMODE | os.O_APPEND | os.O_NONBLOCK | os.O_PATH | os.O_DIRECTORY | os.O_SYNC
SCRATCH = ("/tmp", "/dev/shm")
CHUNK = 1 << 20
RIGHTS = {"r": 1, "w": 2, "x": 4}
MAP_SHARED, MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS = 1, 2, 16, 32

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long,
)  # fmt: skip


def take_descriptors(
    original: Original,
    streams: tuple[int, int],
    pipes: tuple[tuple[int, int], tuple[int, int]],
    links: dict[int, str],
    folders: list[int],
) -> None:
    """Give every descriptor that was inherited an open file of its own.

    Args:
        original: what was noted of them.
        streams: our stdout and stderr, for the places of the original's.
        pipes: the original's stdout and stderr.
        links: what each descriptor leads to.
        folders: the original's scratch folders, which lie hidden below ours.
    """
    scratch = {identity(folder)[0]: (folder, root) for folder, root in zip(folders, SCRATCH, strict=True)}
    ours = dict(zip(pipes, streams, strict=True))
    opened: dict[int, int] = {}
    for number in original.open:
        if number == CHANNEL:
            continue
        leader = original.leaders.get(number, number)
        new = ours.get(identity(number), opened.get(leader))
        if new is None:
            new = opened[number] = _opened_anew(number, links.get(number, ""), scratch)
            if number in original.offsets:
                os.lseek(new, original.offsets[number], os.SEEK_SET)
        os.dup2(new, number, os.get_inheritable(number))
    for new in opened.values():
        os.close(new)


def _opened_anew(number: int, link: str, scratch: dict[int, tuple[int, str]]) -> int:
    status, modes = os.fstat(number), fcntl.fcntl(number, fcntl.F_GETFL) & MODES
    if stat.S_ISREG(status.st_mode):
        modes &= ~os.O_DIRECTORY  # a part of O_TMPFILE
    if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) or stat.S_ISCHR(status.st_mode):
        if _leads_to(link, status, scratch.get(status.st_dev)):
            return os.open(link, modes | os.O_CLOEXEC)
        if stat.S_ISREG(status.st_mode):
            return _made_anew(number, status, modes)
    return os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)


def _leads_to(link: str, status: os.stat_result, original: tuple[int, str] | None) -> bool:
    """Whether the file can be had by this path: in the original's scratch, of which ours is a copy, or as it is."""
    folder, root = original or (None, "/")
    with suppress(OSError, ValueError):
        found = os.stat(os.path.relpath(link, root) if original else link, dir_fd=folder, follow_symlinks=False)
        return (found.st_dev, found.st_ino) == (status.st_dev, status.st_ino)
    return False


def _made_anew(number: int, status: os.stat_result, modes: int) -> int:
    """A file that nobody can open by a path any more: a new one like it. One only open for writing has no content."""
    target, path = tempfile.mkstemp(dir="/tmp")
    os.truncate(path, status.st_size)
    at = 0
    with suppress(OSError):  # not open for reading
        while at < status.st_size and (part := os.pread(number, CHUNK, at)):
            if part.count(0) < len(part):
                os.pwrite(target, part, at)
            at += len(part)
    os.fchmod(target, stat.S_IMODE(status.st_mode))
    again = os.open(path, modes | os.O_CLOEXEC)
    os.close(target)
    os.unlink(path)
    return again


def take_memory(shared: list[tuple[int, int, str, int, str]]) -> None:
    """Put memory of our own in the place of what is shared between processes.

    Args:
        shared: of each mapping start, end, rights as /proc tells them, offset and file.
    """
    for start, end, rights, offset, path in shared:
        protection = sum(value for letter, value in RIGHTS.items() if letter in rights)
        if path.startswith(("/tmp/", "/dev/shm/")) and os.path.exists(path):
            _map_file(start, end, protection, offset, path)
        elif "w" in rights:
            _map_private(start, end, protection)


def _map_file(start: int, end: int, protection: int, offset: int, path: str) -> None:
    descriptor = os.open(path, os.O_RDWR if protection & RIGHTS["w"] else os.O_RDONLY)
    _map(start, end - start, protection, MAP_SHARED | MAP_FIXED, descriptor, offset)
    os.close(descriptor)


def _map_private(start: int, end: int, protection: int) -> None:
    both = RIGHTS["r"] | RIGHTS["w"]
    for piece in range(start, end, CHUNK):
        size = min(end - piece, CHUNK)
        content = ctypes.string_at(piece, size)
        _map(piece, size, both, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0)
        ctypes.memmove(piece, content, size)
    _libc.mprotect(ctypes.c_void_p(start), ctypes.c_size_t(end - start), protection)


def _map(start: int, size: int, protection: int, flags: int, descriptor: int, offset: int) -> None:
    if _libc.mmap(start, size, protection, flags, descriptor, offset) != start:
        number = ctypes.get_errno()
        raise OSError(number, f"mmap: {os.strerror(number)}")
