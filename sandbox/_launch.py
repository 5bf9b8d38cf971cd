"""How a worker is started as a child of this process."""

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
"""Held while a worker gets its end of the socket: a fork with a copy of that would hide the worker's end from us."""


def start_worker(python: str, boot: Boot, group: Group | None = None) -> Worker:
    """Start a worker; where that fails, its group is removed.

    Raises:
        SandboxError: the interpreter could not be started.
    """
    try:
        ours, process = _connected(python, boot)
    except BaseException as error:
        if group:
            group.remove()
        if isinstance(error, OSError):
            raise SandboxError(f"the sandbox's worker could not be started with {python}: {error}") from error
        raise
    return Worker(ours, process, boot, group=group)


def _connected(python: str, boot: Boot) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Our end of the socket, and the process that has the other."""
    with _starting:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                return ours, _launched(python, boot, theirs.fileno())
        except BaseException:
            ours.close()
            raise


def _launched(python: str, boot: Boot, link: int) -> subprocess.Popen[bytes]:
    reading, writing = os.pipe()
    try:
        return subprocess.Popen(
            [python, "-s", "-S", "-B", str(LAUNCHER), "worker", str(link)],
            stdin=reading,
            stdout=writing,
            stderr=subprocess.PIPE,
            pass_fds=[link],
            env={**ENVIRONMENT, "HOME": boot["scratch"], "TMPDIR": boot["scratch"]},
            cwd="/",
            start_new_session=True,
        )
    finally:
        os.close(reading)
        os.close(writing)


os.register_at_fork(before=_starting.acquire, after_in_parent=_starting.release, after_in_child=_starting.release)
