"""The first process of a container: `python3 -I -S -B launcher.py container SOCKET`. The theory is in `docker.py`.

It holds the line to the host, starts one launcher per socket that comes along it, and ends, and the whole container
with it, when the host is gone. What it starts lives no longer than the host's end of its socket. Its standard streams
are pipes, as a program's are: an empty one to read, and one that nobody reads, or the host's for what it says last.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import signal
import socket
import sys

from assaygym.sandbox.guest import kernel
from assaygym.sandbox.guest.scratch import empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HERE = os.path.dirname(os.path.realpath(__file__))
ORDER_BYTES = 1 << 16
STARTED = b"started"
FULL = b"the limit of processes is reached"
PASSED_ON = ("PATH", "LD_LIBRARY_PATH")
"""All that a launcher gets of the image's environment: what its interpreter may need."""


class Container:
    """The launchers of this container, each with the far end of its socket, which tells when the host lets go.

    Args:
        line: to the host.
        alarm: readable whenever a child ended.
    """

    def __init__(self, line: socket.socket, alarm: int) -> None:
        self._line = line
        self._alarm = alarm
        self._stdin, self._stdout = deaf_pipes()
        self._pids: dict[int, int] = {}
        self._folders: dict[int, str] = {}
        self._poll = select.poll()
        self._poll.register(line, select.POLLIN)
        self._poll.register(alarm, select.POLLIN)

    def serve(self) -> None:
        """Start, watch and reap until the host is gone."""
        while True:
            descriptor, _ = self._poll.poll()[0]  # one at a time: what is done about it may outdate the others
            if descriptor == self._alarm:
                self._reap()
            elif descriptor != self._line.fileno():
                self._end(descriptor)
            elif not self._take_order():
                return

    def _take_order(self) -> bool:
        """Start a launcher for the socket that the host sends; False when the host is gone."""
        try:
            order, received, _, _ = socket.recv_fds(self._line, ORDER_BYTES, 2)
            if not order:
                return False
            for descriptor in received:
                os.set_inheritable(descriptor, False)
            self._line.send(self._start(json.loads(order), *received))
        except ConnectionError:
            return False
        return True

    def _start(self, order: dict[str, Any], end: int, stderr: int) -> bytes:
        folder = order.pop("folder")
        try:
            if folder:
                os.mkdir(folder, 0o700)
            self._folders[end] = folder
            self._pids[end] = start_launcher(end, (self._stdin, self._stdout, stderr), **order)
        except OSError as error:
            self._let_go(end)
            return FULL if error.errno == errno.EAGAIN else str(error).encode()
        finally:
            os.close(stderr)
        self._poll.register(end, 0)  # a hang-up is always told
        return STARTED

    def _end(self, end: int) -> None:
        """The host let go of a launcher."""
        self._poll.unregister(end)
        os.killpg(self._pids[end], signal.SIGKILL)

    def _reap(self) -> None:
        """Let go of what ended: the host sees its socket's end, after the launcher's group is dead.

        What fell to us because its parent ended is killed; so is, when that was reaped, what it has left in turn.
        """
        os.read(self._alarm, 4096)
        while (ended := waiting_child()) is not None:
            for end in [end for end, pid in self._pids.items() if pid == ended]:
                os.killpg(ended, signal.SIGKILL)
                self._forget(end)
            os.waitpid(ended, 0)
        for orphan in children_of(os.getpid()) - set(self._pids.values()):
            os.kill(orphan, signal.SIGKILL)

    def _forget(self, end: int) -> None:
        del self._pids[end]
        with contextlib.suppress(KeyError):
            self._poll.unregister(end)
        self._let_go(end)

    def _let_go(self, end: int) -> None:
        if folder := self._folders.pop(end, ""):
            with contextlib.suppress(OSError):
                os.chmod(folder, 0o700)  # whatever its programs made of it
                empty(folder)
                os.rmdir(folder)
        os.close(end)


def start_launcher(
    end: int,
    streams: tuple[int, int, int],
    script: str,
    arguments: list[str],
    flags: list[str],
    environment: dict[str, str],
) -> int:
    """Start a launcher that inherits the socket and its streams; returns its process number, also its group's."""
    command = [sys.executable, *flags, os.path.join(HERE, script), *arguments, str(end)]
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    actions = [(os.POSIX_SPAWN_DUP2, descriptor, number) for number, descriptor in enumerate(streams)]
    os.set_inheritable(end, True)
    try:
        return os.posix_spawn(command[0], command, {**passed, **environment}, file_actions=actions, setpgroup=0)
    finally:
        os.set_inheritable(end, False)


def deaf_pipes() -> tuple[int, int]:
    """The reading end of a pipe that nobody writes to, and the writing end of one that nobody reads."""
    stdin, closed = os.pipe()
    os.close(closed)
    closed, stdout = os.pipe()
    os.close(closed)
    return stdin, stdout


def children_of(parent: int) -> set[int]:
    """The living and the dead children of a process."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as state:
            if int(state.read().rpartition(b")")[2].split()[1]) == parent:
                found.add(int(name))
    return found


def waiting_child() -> int | None:
    """A child that ended and is to be reaped."""
    try:
        state = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return state.si_pid if state is not None else None


def child_alarm() -> int:
    """A descriptor that is readable whenever a child ended."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    return reading


def main(path: str) -> None:
    """Call the host and serve it."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # its memory is none of its user's other processes' business
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as host:
        host.connect(path)
        Container(host, child_alarm()).serve()
