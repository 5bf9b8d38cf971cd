"""The first process of a container: `python3 -I -S container.py SOCKET`. Theory of operation in `docker.py`.

It holds the line to the host, starts one launcher per socket that comes along it, and ends, and the whole container
with it, when the host is gone. What it starts lives no longer than the host's end of its socket.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import select
import signal
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HERE = os.path.dirname(os.path.realpath(__file__))
ORDER_BYTES = 1 << 16
STARTED = b"started"
FULL = b"the limit of processes is reached"
PR_SET_DUMPABLE = 4


class Container:
    """The launchers of this container, each with the far end of its socket, which tells when the host lets go.

    Args:
        line: to the host.
        alarm: readable whenever a child ended.
    """

    def __init__(self, line: socket.socket, alarm: int) -> None:
        self._line = line
        self._alarm = alarm
        self._pids: dict[int, int] = {}
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
            order, ends, _, _ = socket.recv_fds(self._line, ORDER_BYTES, 1)
            if not order:
                return False
            self._line.send(self._start(json.loads(order), ends[0]))
        except ConnectionError:
            return False
        return True

    def _start(self, order: dict[str, Any], end: int) -> bytes:
        try:
            self._pids[end] = start_launcher(end, **order)
        except OSError as error:
            os.close(end)
            return FULL if error.errno == errno.EAGAIN else str(error).encode()
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
        os.close(end)


def start_launcher(end: int, script: str, flags: list[str], environment: dict[str, str]) -> int:
    """Start a launcher that inherits the socket and nothing else; returns its process number, also its group's."""
    os.set_inheritable(end, True)
    try:
        arguments = [sys.executable, *flags, os.path.join(HERE, script), str(end)]
        return os.posix_spawn(sys.executable, arguments, {**os.environ, **environment}, setpgroup=0)
    finally:
        os.set_inheritable(end, False)


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


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # its memory is none of its user's other processes' business
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as host:
        host.connect(sys.argv[1])
        Container(host, child_alarm()).serve()
