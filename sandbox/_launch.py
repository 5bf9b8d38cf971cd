"""How the far side is started as a child of this process: workers, and keepers of sessions."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from pathlib import Path

from assaygym.errors import SandboxError
from assaygym.sandbox._order import ENVIRONMENT
from assaygym.sandbox._wire import Boot
from assaygym.sandbox._worker import Worker
from assaygym.sandbox.guest.cgroup import Group

LAUNCHER = Path(__file__).resolve().parent / "guest" / "launcher.py"
_starting = threading.Lock()
"""Held while a child gets its end of the socket: a fork with a copy of that would hide the child's end from us."""


def start_worker(python: str, boot: Boot, group: Group | None = None) -> Worker:
    """Start a worker; where that fails, its group is removed.

    Raises:
        SandboxError: the interpreter could not be started.
    """
    try:
        ours, process = _with_streams(python, boot["scratch"])
    except BaseException as error:
        if group:
            group.remove()
        if isinstance(error, OSError):
            raise SandboxError(f"the sandbox's worker could not be started with {python}: {error}") from error
        raise
    return Worker(ours, process, boot, group=group)


def _with_streams(python: str, home: str) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """A worker's interpreter makes its streams for pipes, as those of its programs will be."""
    reading, writing = os.pipe()
    try:
        return launched(python, "worker", home, streams=(reading, writing, subprocess.PIPE))
    finally:
        os.close(reading)
        os.close(writing)


def launched(
    python: str, role: str, home: str, *, streams: tuple[int, int, int], flags: tuple[str, ...] = ()
) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Our end of a socket, and a fresh interpreter that has the other and nothing else of ours.

    Args:
        python: the interpreter's real executable.
        role: the module of `guest` whose `main` it runs.
        home: its home and folder for temporary files.
        streams: its stdin, stdout and stderr, as `subprocess` takes them.
        flags: of the interpreter, beside those of all (`-I` is none of them: it would undo PYTHONHASHSEED).

    Raises:
        OSError: it could not be started.
    """
    with _starting:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = subprocess.Popen(
                    [python, "-s", "-S", "-B", *flags, str(LAUNCHER), role, str(theirs.fileno())],
                    stdin=streams[0],
                    stdout=streams[1],
                    stderr=streams[2],
                    pass_fds=[theirs.fileno()],
                    env={**ENVIRONMENT, "HOME": home, "TMPDIR": home},
                    cwd="/",
                    start_new_session=True,
                )
        except BaseException:
            ours.close()
            raise
    return ours, process


os.register_at_fork(before=_starting.acquire, after_in_parent=_starting.release, after_in_child=_starting.release)
