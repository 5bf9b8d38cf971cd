"""The session keeper: a warm interpreter in namespaces of its own from which the processes of sessions are made.

Theory of operation. It has a user, mount, network, IPC and host-name namespace with the jail's read-only root, but no
process namespace of its own, all capabilities inside its user namespace, and the host's /proc by a descriptor from
before the pivot. It runs no code of any program, and every process it makes closes its descriptors first.

A session's process is made by one `clone` into new user, process, mount and network namespaces; below it, a copy of a
session is made in the same way *by the session's process itself*, since only a process can copy its memory. A process
that has copied itself is an ancestor of its copies and could signal them, so from then on it is a template: stopped,
its other processes ended, and resumed only to be copied again. The copies get what they may not take themselves, user
ids and new scratch folders over the old ones, from a short-lived helper (`midwife.py`). They fill the folders
themselves, from those of the template, which nobody changes meanwhile.

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
from assaygym.sandbox.guest.frames import pack, read_exactly, read_frame
from assaygym.sandbox.guest.library import load, move_memory
from assaygym.sandbox.guest.midwife import assist
from assaygym.sandbox.guest.proc import Proc
from assaygym.sandbox.guest.resident import live, lodge
from assaygym.sandbox.guest.seccomp import COPY, filter_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assaygym.sandbox._wire import Confinement, View
    from assaygym.sandbox.guest.orders import Birth, Ended, Equip, Lodge, Open, Opening, Request

SESSION = COPY | kernel.NEWNET
WARM = """
    abc argparse array base64 bisect calendar cmath collections contextlib copy csv ctypes dataclasses datetime
    decimal enum fractions functools glob hashlib heapq inspect io itertools json linecache math mmap operator os
    pathlib pickle pprint queue random re secrets shutil statistics string struct subprocess tempfile textwrap
    threading time traceback types typing unicodedata uuid warnings zlib
"""
"""Modules that sessions find loaded. Not asyncio: it loads OpenSSL, whose random state each copy then has to renew."""
STOP_SECONDS = 5.0

Answer = tuple[dict[str, object], list[int]]


class Keeper:
    """The keeper's side of its socket to the host."""

    def __init__(self, control: socket.socket, opening: Opening) -> None:
        self._control = control
        self._host = os.pidfd_open(opening["host"])
        self._proc = Proc()
        self._seal: Seal | None = None
        library = load(opening["helper"])  # while its file can be seen
        self.isolation = _enter(opening["view"]) if opening["view"] is not None else []
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        sys.path += opening["packages"]
        sys.executable = opening["executable"]
        for name in WARM.split():
            importlib.import_module(name)
        self._mapped = self._proc.own_mapped_bytes()
        self._children: set[int] = set()
        self._helpers: set[int] = set()
        if library:
            move_memory(library, self._proc.top)

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
            descriptors = self._receive(request["descriptors"])
            self._send(*self._replied(request, descriptors))
            self._reap_helpers()

    def end_all(self) -> None:
        """Kill and reap every session's process, and so everything below them."""
        everybody = self._children | self._helpers
        for pid in everybody:
            os.kill(pid, signal.SIGKILL)
        for pid in everybody:
            os.waitpid(pid, 0)

    def _replied(self, request: Request, descriptors: list[int]) -> Answer:
        try:
            return self._answer(request, descriptors)
        except (OSError, EOFError, ValueError, RuntimeError) as fault:
            return {"fault": f"{type(fault).__name__}: {fault}"}, []
        finally:
            _close(descriptors)

    def _answer(self, request: Request, descriptors: list[int]) -> Answer:
        """The reply to a request, with the descriptors to be passed on and closed."""
        match request["do"]:
            case "open":
                return _told([self._open(request, descriptors)])
            case "lodge":
                return _told([self._lodge(request, descriptors)])
            case "equip":
                self._equip(request, descriptors)
            case "stop":
                self._stop(request["pid"], descriptors[0])
            case "sweep":
                self._sweep(request["pid"], {*request["kin"]})
            case "limit":
                _limit(request["pid"], request["processes"])
            case "ended":
                return self._ended(request)
        return {}, []

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

    def _open(self, request: Open, streams: list[int]) -> int:
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
            self._proc.map_ids(pid, os.geteuid(), os.getegid())
            word: Birth = {"scratch": request["scratch"], "links": {}, "shared": []}
            ours.sendall(pack(word))
        return pid

    def _lodge(self, request: Lodge, streams: list[int]) -> int:
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

    def _equip(self, request: Equip, descriptors: list[int]) -> None:
        """Start what equips the copies; lift the limit of processes, for the kernel counts copies as the original's."""
        _limit(request["pid"], 0)
        template, report, *births = descriptors
        helper = kernel.clone(signal.SIGCHLD)
        if helper == 0:
            try:
                assist(self._proc, request, template, report, births)
            finally:
                os._exit(0)
        self._helpers.add(helper)

    def _reap_helpers(self) -> None:
        self._helpers -= {helper for helper in self._helpers if os.waitpid(helper, os.WNOHANG)[0]}

    def _stop(self, pid: int, process: int) -> None:
        signal.pidfd_send_signal(process, signal.SIGSTOP)
        deadline = time.monotonic() + STOP_SECONDS
        while not self._proc.stopped(pid):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the process of the session did not stop within {STOP_SECONDS} s")
            time.sleep(0.0001)

    def _sweep(self, pid: int, kept: set[int]) -> None:
        """End what a stopped process has started, beside its copies: orphans come up to it, level by level."""
        deadline = time.monotonic() + STOP_SECONDS
        while strangers := [child for child in self._proc.running_children(pid) if child not in kept]:
            if time.monotonic() > deadline:
                raise RuntimeError("processes that the session had started could not be ended")
            for child in strangers:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)  # unreaped as long as its parent is stopped, so the number is its
            time.sleep(0.0001)

    def _ended(self, request: Ended) -> Answer:
        """The wait status of a session's process that has ended."""
        pid = request["pid"]
        if pid not in self._children:  # its stopped parent does not reap it
            return {"status": self._proc.wait_status(pid)}, []
        self._children.discard(pid)
        return {"status": os.waitpid(pid, 0)[1]}, []


def _limit(pid: int, processes: int) -> None:
    """How many processes a session may have; 0 for as many as may be."""
    hard = prlimit(pid, RLIMIT_NPROC)[1]
    prlimit(pid, RLIMIT_NPROC, (processes or hard, hard))


def _told(pids: list[int]) -> Answer:
    return {"pids": pids}, [os.pidfd_open(pid) for pid in pids]


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
