"""The launcher's work: build the surroundings, start the program, watch it, end everything it started, report.

Only modules that load in a millisecond are imported: a run pays for each. The program reaches neither this process
nor its socket; a failure here is reported as a `fault`, which the host turns into `SandboxError`.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import time
from contextlib import suppress

from assaygym.sandbox.guest.children import become
from assaygym.sandbox.guest.frames import pack, read_frame, write_all
from assaygym.sandbox.guest.pump import Pump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assaygym.sandbox._wire import Report, Spec

END_MILLISECONDS = 2000
"""How long the first process of a jail may take to kill and reap all others before it is killed itself."""


def serve(control: int) -> None:
    """Take one spec from the socket, run it, answer with one report, end."""
    try:
        report: object = _run(read_frame(control), control)  # type: ignore[arg-type]
    except BaseException as fault:  # whatever failed here is ours: say so, whatever it is
        report = {"fault": f"{type(fault).__name__}: {fault}"}
    write_all(control, pack(report))
    os._exit(0)  # an orderly end of the interpreter would only cost time


def _run(spec: Spec, control: int) -> Report:
    os.umask(0o022)
    isolation = _surround(spec)
    os.chdir(spec["directory"])
    _place(spec["files"])
    (stdin, feed), (out, stdout), (err, stderr), (told, tell), (order, command) = [os.pipe() for _ in range(5)]
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        _close(feed, out, err, told, command, control)
        become(spec, (stdin, stdout, stderr), order, tell)
    _close(stdin, stdout, stderr, tell, order, spec["channel"])
    pump = Pump(feed, (out, err), spec["stdin"], spec["output_bytes"])
    watched = os.pidfd_open(child)
    ended = pump.watch(watched, control, spec["wall_seconds"])
    os.close(command)
    usage, wait_status = _end(child, watched, jailed=spec["view"] is not None)
    seconds = time.monotonic() - start
    pump.drain()
    return {
        "status": _own_status(spec, told, wait_status, ended),
        "ended": "output" if pump.overflow else ended,
        "stdout": bytes(pump.outputs[out]),
        "stderr": bytes(pump.outputs[err]),
        "truncated": pump.overflow,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "wall_seconds": seconds,
        "peak_memory_bytes": usage.ru_maxrss * 1024,
        "isolation": [*isolation, "rlimits"],
    }


def _surround(spec: Spec) -> list[str]:
    if spec["view"] is None:
        return []
    from assaygym.sandbox.guest.namespaces import enter_jail

    return enter_jail(spec["view"], spec["file_bytes"], spec["files"])


def _place(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        folder = os.path.dirname(name)
        if folder:
            os.makedirs(folder, exist_ok=True)
        with open(name, "xb") as file:
            file.write(content)


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        if descriptor >= 0:
            os.close(descriptor)


def _end(child: int, watched: int, *, jailed: bool) -> tuple[resource.struct_rusage, int]:
    """Kill what is left and reap the child: its usage, with all that it reaped, and its wait status."""
    if jailed:  # it has its order; when it does not follow, its end is the end of its namespace all the same
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        if not poll.poll(END_MILLISECONDS):
            os.kill(child, signal.SIGKILL)
    else:  # before the child is reaped, so that the group's number cannot have passed to another
        with suppress(ProcessLookupError):  # it has not become a group of its own yet
            os.killpg(child, signal.SIGKILL)
        os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    return usage, status


def _own_status(spec: Spec, told: int, wait_status: int, ended: str) -> int | None:
    """The program's own wait status, None when it was ended from outside.

    Raises:
        RuntimeError: it could not be started, or somebody else killed the process that watches over it.
    """
    news = b"".join(iter(lambda: os.read(told, 1 << 16), b""))
    if news[:1] == b"!":
        raise RuntimeError(f"the program could not be started: {news[1:].decode()}")
    if spec["view"] is None:
        return None if ended else wait_status
    if not news and not ended:
        raise RuntimeError(f"the first process of the jail ended with wait status {wait_status} and told nothing")
    return int(news) if news else None
