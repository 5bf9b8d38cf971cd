"""The launcher's work: build the surroundings, start the program, watch it, end everything it started, report.

Only modules that load in a millisecond are imported: a run pays for each. The program reaches neither this process
nor its socket; a failure here is reported as a `fault`, which the host turns into `SandboxError`.
"""

from __future__ import annotations

import os
import resource
import signal
import time
from contextlib import suppress

from assaygym.sandbox._frames import pack, read_frame, write_all
from assaygym.sandbox._pump import Pump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assaygym.sandbox._wire import Report, Spec

INTERPRETER_BYTES = 64 << 20
"""Address space that the bare interpreter maps; granted on top of the memory limit."""
CHANNEL_FD = 3
STACK = (8 << 20, 64 << 20)
OPEN_FILES = 256


def serve(control: int) -> None:
    """Take one spec from the socket, run it, answer with one report."""
    try:
        report: object = _run(read_frame(control), control)  # type: ignore[arg-type]
    except BaseException as fault:  # whatever failed here is ours: say so, whatever it is
        report = {"fault": f"{type(fault).__name__}: {fault}"}
    write_all(control, pack(report))


def _run(spec: Spec, control: int) -> Report:
    os.umask(0o022)
    isolation = _surround(spec)
    os.chdir(spec["directory"])
    _place(spec["files"])
    (stdin, feed), (out, stdout), (err, stderr), (told, tell) = [os.pipe() for _ in range(4)]
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        _become_child(spec, (stdin, stdout, stderr), tell)
    for descriptor in (stdin, stdout, stderr, tell, spec["channel"]):
        if descriptor >= 0:
            os.close(descriptor)
    pump = Pump(feed, (out, err), spec["stdin"], spec["output_bytes"])
    watched = os.pidfd_open(child)
    ended = pump.watch(watched, control, spec["wall_seconds"])
    usage, wait_status = _end(child, jailed=spec["view"] is not None)
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
    from assaygym.sandbox._namespaces import enter_jail

    return enter_jail(spec["view"], spec["file_bytes"], spec["files"])


def _place(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        folder = os.path.dirname(name)
        if folder:
            os.makedirs(folder, exist_ok=True)
        with open(name, "xb") as file:
            file.write(content)


def _end(child: int, *, jailed: bool) -> tuple[resource.struct_rusage, int]:
    """Kill what is left and reap the child: its usage (descendants included) and wait status."""
    if jailed:  # the child is the first process of its namespace: with it everything inside ends
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


def _become_child(spec: Spec, streams: tuple[int, int, int], tell: int) -> None:
    """In the forked child: become the program, or in a jail the first process, whose child is the program."""
    try:
        if spec["view"] is not None:
            _be_first_process(spec, streams, tell)
        else:
            _become_program(spec, streams, tell)
    except BaseException as fault:  # nothing of this process may go on as a second launcher
        os.write(tell, f"!{type(fault).__name__}: {fault}".encode())
    finally:
        os._exit(127)


def _be_first_process(spec: Spec, streams: tuple[int, int, int], tell: int) -> None:
    """Start the program, reap whatever becomes an orphan, tell the program's status, and end, which ends all others.

    The program is not itself the first process because the kernel spares that one every signal it does not handle.
    """
    from assaygym.sandbox._namespaces import shut_out_children

    shut_out_children()
    for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    program = os.fork()
    if program == 0:
        _become_program(spec, streams, tell)
    os.closerange(0, tell)
    os.closerange(tell + 1, 1 << 16)
    status = -1
    reaped = 0
    while reaped != program:
        reaped, status = os.wait()
    os.write(tell, str(status).encode())
    os._exit(0)


def _become_program(spec: Spec, streams: tuple[int, int, int], tell: int) -> None:
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        tell = _wire_descriptors(streams, spec["channel"], tell)
        _limit(spec)
        os.execve(spec["command"][0], spec["command"], spec["environment"])
    except BaseException as fault:
        os.write(tell, f"!{type(fault).__name__}: {fault}".encode())
    finally:
        os._exit(127)


def _wire_descriptors(streams: tuple[int, int, int], channel: int, tell: int) -> int:
    """Leave the program 0, 1, 2 and perhaps the channel; `tell` moves out of the way and closes at the exec."""
    import fcntl

    tell = fcntl.fcntl(tell, fcntl.F_DUPFD_CLOEXEC, 64)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    first = CHANNEL_FD
    if channel >= 0:
        spare = fcntl.fcntl(channel, fcntl.F_DUPFD_CLOEXEC, 64)
        os.dup2(spare, CHANNEL_FD)
        os.close(spare)
        first += 1
    os.closerange(first, tell)
    os.closerange(tell + 1, 1 << 16)
    return tell


def _limit(spec: Spec) -> None:
    cpu = int(-(-spec["cpu_seconds"] // 1))
    memory = spec["memory_bytes"] + INTERPRETER_BYTES
    limits = [
        (resource.RLIMIT_CPU, (cpu, cpu + 1)),
        (resource.RLIMIT_AS, (memory, memory)),
        (resource.RLIMIT_FSIZE, (spec["file_bytes"], spec["file_bytes"])),
        (resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES)),
        (resource.RLIMIT_CORE, (0, 0)),
        (resource.RLIMIT_STACK, STACK),
    ]
    if spec["view"] is not None:  # elsewhere it would count all of the user's processes
        own = 2  # the launcher and the first process
        limits.append((resource.RLIMIT_NPROC, (spec["processes"] + own, spec["processes"] + own)))
    for which, (soft, hard) in limits:
        ceiling = resource.getrlimit(which)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(which, (soft, hard))
