"""The host's side of one session keeper: the process, and requests to it with descriptors in both directions."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import weakref
from contextlib import suppress
from typing import Any

from assaygym.errors import SandboxError
from assaygym.sandbox._helper import native_helper
from assaygym.sandbox._launch import launched
from assaygym.sandbox._view import SCRATCH
from assaygym.sandbox._wire import View
from assaygym.sandbox.guest.frames import pack, unpack
from assaygym.sandbox.guest.orders import Opening

PATIENCE_SECONDS = 60.0
"""How long a keeper may take for one request before it counts as lost: a loaded machine is slow."""
END_SECONDS = 10.0


class Line:
    """One keeper. Thread-safe: one request at a time.

    Args:
        python: the interpreter's real executable.
        view: what its sessions see of the machine; None: there are no namespaces.
        executable: the interpreter as its sessions see it.
        packages: the folder of packages as they see it.

    Raises:
        SandboxError: it could not be started.
    """

    def __init__(self, python: str, view: View | None, executable: str, packages: str) -> None:
        self.owner = os.getpid()
        self._lock = threading.Lock()
        self._control, self._process = _start(python)
        self._control.settimeout(PATIENCE_SECONDS)
        self._end = weakref.finalize(self, _end, self._control, self._process, self.owner)
        try:
            opening: Opening = {
                "view": view,
                "host": self.owner,
                "executable": executable,
                "packages": [packages],
                "helper": native_helper() if view else "",
            }
            self._control.sendall(pack(opening))
            opened, _ = self._answer()
        except OSError as error:
            raise self._lost(error) from error
        self.isolation: tuple[str, ...] = tuple(opened["isolation"])

    @property
    def alive(self) -> bool:
        """Whether the keeper is there, and ours."""
        return self.owner == os.getpid() and self._end.alive and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The number of the keeper's process."""
        return self._process.pid

    def ask(
        self, what: str, descriptors: list[int] | None = None, **details: object
    ) -> tuple[dict[str, Any], list[int]]:
        """One request; returns the reply and the descriptors that came with it, which are the caller's.

        Raises:
            SandboxError: the keeper has ended, or failed.
        """
        if self.owner != os.getpid():
            raise SandboxError("this session belongs to the process that was forked; open a new one here")
        passed = descriptors or []
        with self._lock:
            try:
                self._control.sendall(pack({"do": what, "descriptors": len(passed), **details}))
                if passed:
                    socket.send_fds(self._control, [b"d"], passed)
                return self._answer()
            except OSError as error:
                raise self._lost(error) from error

    def close(self) -> None:
        """End the keeper and all its sessions; calling it again does nothing."""
        self._end()

    def _answer(self) -> tuple[dict[str, Any], list[int]]:
        reply, descriptors = receive(self._control)
        if "fault" in reply:
            raise SandboxError(f"the keeper of sessions failed: {reply['fault']}")
        return reply, descriptors

    def _lost(self, error: OSError) -> SandboxError:
        self._end()
        return SandboxError(
            f"the keeper of sessions is gone ({error or type(error).__name__}), and its sessions with it; "
            "open new ones, the programs are not to blame"
        )


def receive(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """A frame and the descriptors that it announces, within the socket's own patience.

    Raises:
        OSError: they did not come.
    """
    frame: dict[str, Any] = unpack(_exactly(line, int.from_bytes(_exactly(line, 8), "big")))
    count = frame.get("descriptors", 0)
    return frame, socket.recv_fds(line, 1, count)[1] if count else []


def _exactly(line: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = line.recv(size - len(parts))
        if not part:
            raise ConnectionError("its end of the line closed")
        parts += part
    return bytes(parts)


def _start(python: str) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    null = subprocess.DEVNULL
    try:
        return launched(python, "sessions", SCRATCH, streams=(null, null, null), flags=("-P",))
    except OSError as error:
        raise SandboxError(f"the keeper of sessions could not be started with {python}: {error}") from error


def _end(control: socket.socket, process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() != owner:
        control.close()
        process.returncode = 0  # it is not this process's child, and not for it to wait for
        return
    with suppress(OSError):  # it has ended already
        control.shutdown(socket.SHUT_RDWR)  # it ends, even where a fork of ours holds a copy of the socket
    control.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
