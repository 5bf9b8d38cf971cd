"""Gives the copies of a session what they may not take themselves, while the session is still making them.

A child of the keeper that lives as long as one order to copy. It works inside the user namespace of the session, into
which there is no return: there it may map the user ids of the namespaces that the copies brought with them, and mount
new scratch folders over those of the session. A session that has threads could still change its files and its memory;
there it waits until the session is stopped.
"""

from __future__ import annotations

import os
import select
import socket
import time
from contextlib import suppress
from resource import RLIMIT_NPROC, prlimit

from assaygym.sandbox.guest import kernel, namespaces
from assaygym.sandbox.guest.frames import pack, write_all
from assaygym.sandbox.guest.resident import SCRATCH, TMPFS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assaygym.sandbox.guest.orders import Birth, Equip
    from assaygym.sandbox.guest.proc import Proc

PATIENCE_SECONDS = 30.0
CREDENTIALS_BYTES = 12


def assist(proc: Proc, request: Equip, template: int, report: int, births: list[int]) -> None:
    """Wait for each copy, equip it, and report to the host: the copies' numbers and pidfds, or what went wrong.

    Args:
        proc: the host's.
        request: what is to be had.
        template: a pidfd of the session's process.
        report: the socket to the host.
        births: our ends of the sockets to the copies.
    """
    kernel.prctl(kernel.PR_SET_PDEATHSIG, 9)
    told: dict[str, object]
    processes: list[int] = []
    try:
        pids: list[int] = []
        for birth in births:
            pids.append(_greeted(birth))
            if len(pids) == 1:  # from now on the session lets itself be entered
                kernel.enter_namespaces(template, kernel.NEWUSER)
            processes.append(os.pidfd_open(pids[-1]))
            _equip(proc, request, pids[-1], processes[-1], birth)
        told = {"pids": pids, "descriptors": len(processes)}
    except (OSError, RuntimeError) as fault:
        told, processes = {"fault": f"{type(fault).__name__}: {fault}"}, []
    with suppress(OSError):  # the host has given it up
        write_all(report, pack(told))
        if processes:
            with socket.socket(fileno=report) as line:
                socket.send_fds(line, [b"d"], processes)


def _greeted(birth: int) -> int:
    """The number of the process that said hello at the other end, as the kernel tells it."""
    poll = select.poll()
    poll.register(birth, select.POLLIN)
    poll.poll(PATIENCE_SECONDS * 1000)
    with socket.socket(fileno=os.dup(birth)) as line:
        _, ancillary, _, _ = line.recvmsg(1, socket.CMSG_SPACE(CREDENTIALS_BYTES), socket.MSG_DONTWAIT)
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            return int.from_bytes(data[:4], "little")
    raise RuntimeError("a copy of a session said no hello")


def _equip(proc: Proc, request: Equip, pid: int, process: int, birth: int) -> None:
    proc.map_ids(pid, namespaces.INNER_ID, namespaces.INNER_ID)
    prlimit(pid, RLIMIT_NPROC, (request["processes"], prlimit(pid, RLIMIT_NPROC)[1]))
    _await_quiet(proc, request["pid"])
    kernel.enter_namespaces(process, kernel.NEWNS)
    for path, options in zip(SCRATCH, request["scratch"], strict=True):
        kernel.mount("tmpfs", path, "tmpfs", TMPFS, options)
    word: Birth = {
        "scratch": request["scratch"],
        "links": proc.links(request["pid"]),
        "shared": proc.shared_memory(request["pid"]),
    }
    write_all(birth, pack(word))


def _await_quiet(proc: Proc, pid: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while proc.threads(pid) > 1 and not proc.stopped(pid):
        if time.monotonic() > deadline:
            raise RuntimeError("the threads of a session did not stop")
        time.sleep(0.0001)
