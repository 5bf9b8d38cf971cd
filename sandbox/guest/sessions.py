"""The session keeper: a warm interpreter in namespaces of its own from which the processes of sessions are made.

Theory of operation. It has a user, mount, network, IPC and host-name namespace with the jail's read-only root, but no
process namespace of its own, all capabilities inside its user namespace, and the host's /proc by a descriptor from
before the pivot. It runs no code of any program, and every process it makes closes its descriptors first.

A session's process is made by one `clone` into new user, process, mount and network namespaces; below it, a copy of a
session is made in the same way *by the session's process itself*, since only a process can copy its memory. A process
that has copied itself is an ancestor of its copies and could signal them, so from then on it is a template: stopped,
its other processes ended, and resumed only to be copied again. Here, `adopt` stops it and gives the newborn copies what
they may not take themselves, by a short-lived helper inside the template's user namespace: their user ids, and new
scratch folders over the old ones. The copy fills them itself, from the template's, which nobody can change meanwhile.

Where there are no namespaces, it forks sessions that shut themselves in as far as they can, and that cannot be copied.

The keeper ends, and with it every session, when the host closes its socket or is gone.
"""

from __future__ import annotations

import importlib
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from functools import partial
from resource import RLIM_INFINITY, RLIMIT_NOFILE, RLIMIT_NPROC, getrlimit, prlimit, setrlimit

from assaygym.sandbox.guest import kernel, namespaces
from assaygym.sandbox.guest.alone import Seal, leave_root, shut_in
from assaygym.sandbox.guest.frames import pack, read_exactly, read_frame, write_all
from assaygym.sandbox.guest.resident import SCRATCH, TMPFS, live, lodge
from assaygym.sandbox.guest.seccomp import COPY, filter_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assaygym.sandbox._wire import Confinement, View
    from assaygym.sandbox.guest.orders import Birth, Opening, Request

SESSION = COPY | kernel.NEWNET
WARM = """
    abc argparse array asyncio base64 bisect calendar cmath collections contextlib copy csv ctypes dataclasses datetime
    decimal enum fractions functools glob hashlib heapq inspect io itertools json linecache math mmap operator os
    pathlib pickle pprint queue random re secrets shutil statistics string struct subprocess tempfile textwrap
    threading time traceback types typing unicodedata uuid warnings zlib
"""
"""Modules that sessions find loaded."""
STOP_SECONDS = 5.0
PAGE = os.sysconf("SC_PAGE_SIZE")


class Keeper:
    """The keeper's side of its socket to the host."""

    def __init__(self, control: socket.socket, opening: Opening) -> None:
        self._control = control
        self._host = os.pidfd_open(opening["host"])
        self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
        self._seal: Seal | None = None
        self.isolation = _enter(opening["view"]) if opening["view"] is not None else []
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        sys.path += opening["packages"]
        sys.executable = opening["executable"]
        for name in WARM.split():
            importlib.import_module(name)
        self._mapped = int(self._read("self/statm").split()[0]) * PAGE
        self._children: set[int] = set()

    def serve(self) -> None:
        """Answer requests until the host closes the socket or ends."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._host, select.POLLIN)
        while True:
            if self._host in dict(poll.poll()):
                return
            try:
                request: Request = read_frame(self._control.fileno())  # type: ignore[assignment]
            except (EOFError, OSError):
                return
            descriptors = self._receive(request.get("descriptors", 0))
            try:
                reply, passed = self._answer(request, descriptors)
            except (OSError, EOFError, ValueError, RuntimeError) as fault:
                reply, passed = {"fault": f"{type(fault).__name__}: {fault}"}, []
            finally:
                _close(descriptors)
            self._send(reply, passed)

    def end_all(self) -> None:
        """Kill and reap every session's process, and so everything below them."""
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        for pid in self._children:
            os.waitpid(pid, 0)

    def _answer(self, request: Request, descriptors: list[int]) -> tuple[dict[str, object], list[int]]:
        if request["do"] in ("open", "lodge"):
            pid = (self._open if request["do"] == "open" else self._lodge)(request, descriptors)
            return {"pids": [pid]}, [os.pidfd_open(pid)]
        if request["do"] == "adopt":
            pids = self._adopt(request, descriptors[0], descriptors[1:])
            return {"pids": pids}, [os.pidfd_open(pid) for pid in pids]
        if request["do"] == "limit":
            self._limit(request["pid"], request["processes"])
            return {}, []
        return {"status": self._ended(request["pid"])}, []

    def _receive(self, count: int) -> list[int]:
        if not count:
            return []
        _, descriptors, _, _ = socket.recv_fds(self._control, 1, count)
        return descriptors

    def _send(self, reply: dict[str, object], descriptors: list[int]) -> None:
        self._control.sendall(pack({**reply, "descriptors": len(descriptors)}))
        if descriptors:
            socket.send_fds(self._control, [b"d"], descriptors)
            _close(descriptors)

    def _open(self, request: Request, streams: list[int]) -> int:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            pid = kernel.clone(SESSION)
            if pid == 0:
                try:
                    live((streams[0], streams[1], streams[2]), theirs.fileno(), self._mapped)
                finally:
                    os._exit(127)
            self._children.add(pid)
            theirs.close()
            read_exactly(ours.fileno(), 1)
            self._map_ids(pid, os.geteuid(), os.getegid())
            word: Birth = {"scratch": request["scratch"], "links": {}, "shared": []}
            ours.sendall(pack(word))
        return pid

    def _lodge(self, request: Request, streams: list[int]) -> int:
        """Open a session without namespaces."""
        confinement = request["confinement"]
        if confinement is not None and self._seal is None:
            self._seal = Seal()
        pid = kernel.clone(signal.SIGCHLD)
        if pid == 0:
            try:
                confine = partial(self._shut_in, confinement)
                lodge((streams[0], streams[1], streams[2]), request["folder"], confine, self._mapped)
            finally:
                os._exit(127)
        self._children.add(pid)
        return pid

    def _shut_in(self, confinement: Confinement | None) -> list[str]:
        if confinement is None or self._seal is None:
            kernel.prctl(kernel.PR_SET_PDEATHSIG, 9)
            return []
        leave_root(confinement["user"])
        isolation = shut_in(confinement)
        self._seal()
        return isolation

    def _adopt(self, request: Request, template: int, births: list[int]) -> list[int]:
        pids = [_greeted(birth) for birth in births]
        self._stop(request["pid"], template)
        self._sweep(request["pid"], {*pids, *request["kin"]})
        for pid in pids:
            self._limit(pid, request["processes"])
        word: Birth = {
            "scratch": request["scratch"],
            "links": self._links(request["pid"]),
            "shared": self._shared(request["pid"]),
        }
        self._help(template, pids, births, word)
        return pids

    def _stop(self, pid: int, process: int) -> None:
        signal.pidfd_send_signal(process, signal.SIGSTOP)
        deadline = time.monotonic() + STOP_SECONDS
        while any(self._state(f"{pid}/task/{task}") not in "TZ" for task in self._list(f"{pid}/task")):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the process of the session did not stop within {STOP_SECONDS} s")
            time.sleep(0.0001)

    def _sweep(self, pid: int, kept: set[int]) -> None:
        """End what a stopped process has started, beside its copies: orphans come up to it, level by level."""
        deadline = time.monotonic() + STOP_SECONDS
        while strangers := [child for child in self._running_children(pid) if child not in kept]:
            if time.monotonic() > deadline:
                raise RuntimeError("processes that the session had started could not be ended")
            for child in strangers:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)  # unreaped as long as its parent is stopped, so the number is its
            time.sleep(0.0001)

    def _running_children(self, pid: int) -> list[int]:
        found = [
            child for task in self._list(f"{pid}/task") for child in self._read(f"{pid}/task/{task}/children").split()
        ]
        return [int(child) for child in found if self._state(child) not in "ZX"]

    def _help(self, template: int, pids: list[int], births: list[int], word: Birth) -> None:
        """What must be done from inside the template's user namespace, into which there is no return."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            helper = kernel.clone(signal.SIGCHLD)
            if helper == 0:
                try:
                    kernel.prctl(kernel.PR_SET_PDEATHSIG, 9)
                    write_all(theirs.fileno(), self._equip(template, pids, births, word).encode())
                finally:
                    os._exit(0)
            theirs.close()
            trouble = b"".join(iter(lambda: ours.recv(1 << 12), b"")).decode()
            os.waitpid(helper, 0)
        if trouble != "done":
            raise RuntimeError(f"the copies of a session could not be equipped: {trouble or 'the helper vanished'}")

    def _equip(self, template: int, pids: list[int], births: list[int], word: Birth) -> str:
        try:
            kernel.enter_namespaces(template, kernel.NEWUSER)
            for pid, birth in zip(pids, births, strict=True):
                self._map_ids(pid, namespaces.INNER_ID, namespaces.INNER_ID)
                process = os.pidfd_open(pid)
                kernel.enter_namespaces(process, kernel.NEWNS)
                for path, options in zip(SCRATCH, word["scratch"], strict=True):
                    kernel.mount("tmpfs", path, "tmpfs", TMPFS, options)
                write_all(birth, pack(word))
        except OSError as error:
            return str(error)
        return "done"

    def _map_ids(self, pid: int, user: int, group: int) -> None:
        folder = os.open(str(pid), os.O_PATH | os.O_DIRECTORY, dir_fd=self._proc)
        try:
            namespaces._map_ids(folder, user, group)
        finally:
            os.close(folder)

    def _limit(self, pid: int, processes: int) -> None:
        """How many processes a session may have; 0 for as many as may be, while it copies itself."""
        hard = prlimit(pid, RLIMIT_NPROC)[1]
        prlimit(pid, RLIMIT_NPROC, (processes or hard, hard))

    def _ended(self, pid: int) -> int | None:
        """The wait status of a session's process that has ended; None where the kernel does not tell."""
        if pid in self._children:
            self._children.discard(pid)
            return os.waitpid(pid, 0)[1]
        with suppress(OSError, ValueError):  # its stopped parent does not reap it
            return int(self._read(f"{pid}/stat").rsplit(")", 1)[1].split()[-1])
        return None

    def _links(self, pid: int) -> dict[int, str]:
        folder = os.open(f"{pid}/fd", os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._proc)
        try:
            return {int(name): os.readlink(name, dir_fd=folder) for name in os.listdir(folder)}
        finally:
            os.close(folder)

    def _shared(self, pid: int) -> list[tuple[int, int, str, int, str]]:
        found = []
        for line in self._read(f"{pid}/maps").splitlines():
            span, rights, offset, _, _, *path = line.split(maxsplit=5)
            if rights[3] == "s":
                start, end = (int(part, 16) for part in span.split("-"))
                found.append((start, end, rights[:3], int(offset, 16), path[0] if path else ""))
        return found

    def _state(self, place: str) -> str:
        try:
            return self._read(f"{place}/stat").rsplit(")", 1)[1].split()[0]
        except OSError:
            return "X"

    def _list(self, path: str) -> list[str]:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._proc)
        try:
            return os.listdir(folder)
        finally:
            os.close(folder)

    def _read(self, path: str) -> str:
        descriptor = os.open(path, os.O_RDONLY, dir_fd=self._proc)
        with open(descriptor, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()


def _greeted(birth: int) -> int:
    """The number of the process that said hello at the other end, as the kernel tells it."""
    with socket.socket(fileno=os.dup(birth)) as line:
        _, ancillary, _, _ = line.recvmsg(1, socket.CMSG_SPACE(12))
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            return int.from_bytes(data[:4], "little")
    raise RuntimeError("a copy of a session said no hello")


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _enter(view: View) -> list[str]:
    """As the jail does, without a process namespace and keeping the capabilities."""
    isolation = namespaces.enter_jail(view, processes=False)
    os.chdir("/")
    isolation += ["private_scratch", "no_capabilities", "no_new_privs"]
    if filter_program(os.uname().machine, "session") is not None:
        isolation.append("seccomp")
    return [*isolation, "rlimits"]


def main(control: str) -> None:
    """The keeper's whole life, on its socket to the host; `launcher.py` calls this."""
    os.umask(0o022)
    hard = getrlimit(RLIMIT_NOFILE)[1]
    if hard != RLIM_INFINITY:
        setrlimit(RLIMIT_NOFILE, (hard, hard))
    line = socket.socket(fileno=int(control))
    opening: Opening = read_frame(line.fileno())  # type: ignore[assignment]
    try:
        keeper = Keeper(line, opening)
    except BaseException as fault:  # whatever failed here is ours: say so, whatever it is
        line.sendall(pack({"fault": f"{type(fault).__name__}: {fault}"}))
        os._exit(1)
    line.sendall(pack({"isolation": keeper.isolation}))
    try:
        keeper.serve()
    finally:
        keeper.end_all()
        os._exit(0)
