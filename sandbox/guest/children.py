"""What the launcher's child becomes: the program, or in a jail the first process, whose child is the program."""

from __future__ import annotations

import fcntl
import os
import resource
import select
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assaygym.sandbox._wire import Spec

INTERPRETER_BYTES = 64 << 20
"""Address space that the bare interpreter maps; granted on top of the memory limit."""
CHANNEL_FD = 3
ABOVE_ALL = 64
"""A descriptor number that is out of the way of those a program is given."""
STACK = (8 << 20, resource.RLIM_INFINITY)
"""What it has at first is also what each of its threads reserves; how far it may go is bounded by its memory limit."""
OPEN_FILES = 256
DEFAULTED = (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ)
"""The signals that an interpreter changes for itself."""


def become(spec: Spec, streams: tuple[int, int, int], order: int, tell: int) -> None:
    """In the forked child; never returns.

    Args:
        spec: what to run.
        streams: the program's ends of its standard streams.
        order: in a jail, ends when everything shall be killed.
        tell: takes the program's wait status in a jail, and `!` with a reason when it cannot be started.
    """
    try:
        if spec["view"] is not None:
            _be_first_process(spec, streams, order, tell)
        else:
            _become_program(spec, streams, tell)
    except BaseException as fault:  # nothing of this process may go on as a second launcher
        os.write(tell, f"!{type(fault).__name__}: {fault}".encode())
    finally:
        os._exit(127)


def _be_first_process(spec: Spec, streams: tuple[int, int, int], order: int, tell: int) -> None:
    """Start the program, reap all orphans, and at its end or by order kill and reap everything, then tell its status.

    The program is not itself the first process because the kernel spares that one every signal it does not handle. All
    are reaped, not left to the kernel, so that their CPU time and memory are counted.
    """
    from assaygym.sandbox.guest.namespaces import shut_out_children

    shut_out_children()
    for number in DEFAULTED:
        signal.signal(number, signal.SIG_DFL)
    wakes, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    program = os.fork()
    if program == 0:
        _become_program(spec, streams, tell)
    for descriptor in streams:
        os.close(descriptor)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, "".format)  # does nothing; no Python function, which a flood would nest in itself
    status = _wait_for(program, order, wakes)
    _kill_all()
    if status is not None:
        os.write(tell, str(status).encode())
    os._exit(0)


def _wait_for(program: int, order: int, wakes: int) -> int | None:
    """The program's wait status; None when the order to kill came first."""
    poll = select.poll()
    poll.register(order, select.POLLIN)
    poll.register(wakes, select.POLLIN)
    while True:
        while (reaped := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            if reaped[0] == program:
                return reaped[1]
        ready = dict(poll.poll())
        if order in ready:
            return None
        os.read(wakes, 4096)


def _kill_all() -> None:
    """Kill all other processes of the namespace and reap them."""
    try:
        os.kill(-1, signal.SIGKILL)
        while True:
            os.wait()
    except (ProcessLookupError, ChildProcessError):
        return  # none is left


def _become_program(spec: Spec, streams: tuple[int, int, int], tell: int) -> None:
    try:
        os.setsid()
        for number in DEFAULTED:
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
    tell = fcntl.fcntl(tell, fcntl.F_DUPFD_CLOEXEC, ABOVE_ALL)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    first = CHANNEL_FD
    if channel >= 0:
        spare = fcntl.fcntl(channel, fcntl.F_DUPFD_CLOEXEC, ABOVE_ALL)
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
