"""The host's side of one run: a fresh launcher, the spec to it, its report back."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import cast

from assaygym.errors import SandboxError
from assaygym.sandbox._wire import Report, Spec
from assaygym.sandbox.guest.frames import pack, unpack

LAUNCHER = Path(__file__).resolve().parent / "guest" / "launcher.py"
GRACE_SECONDS = 30.0
"""How much longer than the wall-clock limit a launcher may take before it counts as lost: a loaded machine is slow."""
ABANDON_SECONDS = 5.0


class Run:
    """One launcher and its program, from start to report.

    Args:
        python: the interpreter's real executable, for the launcher.
        spec: what to run; its `channel` is the program's end of a socket, passed on and closed here by the caller.

    Raises:
        SandboxError: the launcher could not be started.
    """

    def __init__(self, python: str, spec: Spec) -> None:
        self._wall = spec["wall_seconds"]
        self._report: Report | None = None
        self._owner = os.getpid()
        self.control, theirs = socket.socketpair()
        with theirs:
            self._launcher = _start(python, theirs, spec["channel"])
        try:
            self.deadline = time.monotonic() + self._wall + GRACE_SECONDS
            self.control.settimeout(GRACE_SECONDS)
            self.control.sendall(pack(spec))
        except OSError as error:
            raise self._lost(f"did not take its order ({error})") from error

    def kill(self) -> None:
        """Have the program and everything it started killed; the report still comes."""
        try:
            self.control.send(b"k")
        except OSError:
            return  # the launcher has ended, or the report was read: nothing to kill

    def report(self) -> Report:
        """Wait for the end.

        Raises:
            SandboxError: the launcher failed, vanished or hangs.
        """
        if self._report is None:
            try:
                size = int.from_bytes(self._receive(8), "big")
                self._report = cast("Report", unpack(self._receive(size)))
            except OSError as error:
                raise self._lost(f"gave no report ({error or type(error).__name__})") from error
            self.abandon()
        if "fault" in self._report:
            raise SandboxError(f"the sandbox failed before the program could run: {self._report['fault']}")
        return self._report

    def abandon(self) -> None:
        """End everything without waiting for the report; does nothing after the report was read, nor in a fork."""
        if os.getpid() == self._owner:
            with suppress(OSError):
                self.control.shutdown(socket.SHUT_RDWR)  # the order to kill, even where a fork holds a copy
        self.control.close()
        if os.getpid() != self._owner:
            return
        if self._launcher.poll() is None:
            if not _ends(self._launcher.pid, ABANDON_SECONDS):
                self._launcher.kill()
            self._launcher.wait()

    def _receive(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            self.control.settimeout(max(self.deadline - time.monotonic(), 0.001))
            part = self.control.recv(min(size - len(parts), 1 << 20))
            if not part:
                raise ConnectionError("its end of the line closed")
            parts += part
        return bytes(parts)

    def _lost(self, what: str) -> SandboxError:
        self.abandon()
        code = self._launcher.returncode
        return SandboxError(f"the sandbox's launcher {what}; it ended with status {code}, the program is not to blame")


def _ends(pid: int, seconds: float) -> bool:
    """Whether a child, not yet reaped, ends in time."""
    watched = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(watched)


def _start(python: str, control: socket.socket, channel: int) -> subprocess.Popen[bytes]:
    passed = [control.fileno(), *([channel] if channel >= 0 else [])]
    command = [python, "-I", "-S", str(LAUNCHER), str(control.fileno())]
    null = subprocess.DEVNULL
    try:
        return subprocess.Popen(
            command,
            stdin=null,
            stdout=null,
            stderr=null,
            pass_fds=passed,
            env={"LANG": "C.UTF-8"},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"the sandbox's launcher could not be started with {python}: {error}") from error
