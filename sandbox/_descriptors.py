"""What the kernel gives by a descriptor: a file that nobody can change, the end of a process."""

from __future__ import annotations

import os
import select

from assaygym.errors import SandboxError


def sealed(content: bytes) -> int:
    """A file in memory, open for reading only.

    Raises:
        SandboxError: this process has no descriptor or no memory left for it.
    """
    try:
        written = os.memfd_create("stdin", os.MFD_CLOEXEC)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(written, rest) :]
            return os.open(f"/proc/self/fd/{written}", os.O_RDONLY | os.O_CLOEXEC)
        finally:
            os.close(written)
    except OSError as error:
        raise SandboxError(f"standard input of {len(content)} bytes could not be handed over: {error}") from error


def ends(pid: int, seconds: float) -> bool:
    """Whether a child of ours ends in time; False as well where that cannot be watched."""
    try:
        watched = os.pidfd_open(pid)
    except OSError:  # another thread has reaped it, or there is no descriptor left
        return False
    try:
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(watched)
