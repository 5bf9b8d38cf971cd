"""One run that begins the same program anew for each of many inputs: a copy of this process for each.

This process holds the program's code and runs none of it. Inputs and outputs pass through a buffer that copies do not
have. After each input all processes but this one are killed and reaped, and what the program could have changed is
compared with how it was. The text of this module is a library of workers: it stands alone.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import linecache
import mmap
import os
import random
import resource
import select
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from types import CodeType, ModuleType
from typing import Any

HEADER_BYTES = 4
HEAD = struct.Struct("<ddQQ")
"""Of one input, which follows: CPU seconds, wall-clock seconds, how many bytes of memory less than this process it may
have, cap of each output."""
TOLD = struct.Struct("<iidddQ?QQ")
"""Of its end: why, wait status, CPU seconds, those of them in the kernel, wall seconds, peak memory in bytes, whether
nothing is changed, bytes of stdout, bytes of stderr. Both follow."""
BY_ITSELF, BY_WALL, BY_OUTPUT = range(3)
READY, UNFIT = b"ready", b"unfit"
PIPE = 1 << 16
CHANNEL = 3
FIRST, OURS = 1, 2
"""Numbers of the first process of a jailed run and of its child, which is this one. Nowhere else have both these."""
PR_SET_CHILD_SUBREAPER = 36
SCHEDULING = {"x86_64": (315, 252), "aarch64": (275, 31)}
"""Per machine the numbers of sched_getattr(2) and ioprio_get(2)."""
FOLDERS = (".", "/dev/shm")
_call = ctypes.CDLL(None, use_errno=True).syscall


def main() -> None:
    """Serve; in each copy, run the program."""
    code = Host(socket.socket(fileno=CHANNEL)).serve()
    sys.setrecursionlimit(sys.getrecursionlimit() + 1)
    exec(code, sys.modules["__main__"].__dict__)


class Host:
    """Takes the program and its inputs from the socket, tells how each ended."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self.buffer = memoryview(b"")
        self.used = [0, 0]

    def serve(self) -> CodeType:
        """The program's code, in a copy that is to run it; the process itself ends in here."""
        source = self.receive(self.size())
        code = compiled(source)
        if code is None or not is_alone():
            self.tell(UNFIT)
            os._exit(0)
        linecache.cache[file_name()] = (lambda: source.decode("utf-8", "replace"),)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a handler could be reached by the program
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        clean = state()
        clean = state()
        gc.freeze()
        self.tell(READY)
        while not self.one(clean):
            pass
        return code

    def one(self, clean: tuple[Any, ...]) -> bool:
        """Begin the program for the next input, tell of its end; whether this is the copy that is to run it."""
        size = self.size() - HEAD.size
        cpu, wall, less, cap = HEAD.unpack(self.receive(HEAD.size))
        self.make_room(size, cap)
        start = time.monotonic()
        streams = [os.pipe(), os.pipe(), os.pipe()]
        self.feed(streams[0][1], size)
        ours = (streams[1][0], streams[2][0])
        number = os.fork()
        if number == 0:
            self.link.detach()
            become((streams[0][0], streams[1][1], streams[2][1]), cpu, less)
            return True
        for descriptor in (streams[0][0], streams[1][1], streams[2][1]):
            os.close(descriptor)
        why = self.watch(number, ours, start + wall, cap)
        before = seconds_of_ended()
        status, peak = end(number)
        used_cpu, used_kernel = (now - then for now, then in zip(seconds_of_ended(), before, strict=True))
        seconds = time.monotonic() - start
        if why != BY_ITSELF:
            why = self.drain(ours, why, cap)
        for descriptor in ours:
            os.close(descriptor)
        used = [min(count, cap) for count in self.used]
        head = TOLD.pack(why, status, used_cpu, used_kernel, seconds, peak, is_as(clean), *used)
        self.tell(head, self.buffer[: used[0]], self.buffer[cap + PIPE : cap + PIPE + used[1]])
        return False

    def make_room(self, size: int, cap: int) -> None:
        """Have a new buffer, which holds nothing: copies of this process have it not."""
        made = mmap.mmap(-1, max(size, 2 * (cap + PIPE)), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        made.madvise(mmap.MADV_DONTFORK)
        self.buffer = memoryview(made)
        self.used = [0, 0]

    def feed(self, descriptor: int, size: int) -> None:
        """Put an input into its pipe."""
        room, read = self.buffer[:size], 0
        while read < size:
            read += self.got(self.link.recv_into(room[read:]))
        os.set_blocking(descriptor, False)
        if size and os.write(descriptor, room) < size:
            os._exit(1)  # short of room for pipes: each input is to be a run of its own
        os.close(descriptor)

    def watch(self, number: int, streams: tuple[int, int], deadline: float, cap: int) -> int:
        """Collect output until the program ends or passes a limit."""
        watched = os.pidfd_open(number)
        poll = select.poll()
        for descriptor in (watched, *streams):
            poll.register(descriptor, select.POLLIN)
        why = BY_WALL
        while (left := deadline - time.monotonic()) > 0:
            ready = dict(poll.poll(left * 1000))
            ended = watched in ready
            for place, descriptor in enumerate(streams):
                if ready.get(descriptor, 0) & select.POLLIN or ended:
                    self.collect(place, descriptor, cap, whole=ended)
                elif descriptor in ready:
                    poll.unregister(descriptor)  # closed by all that could write
            if max(self.used) > cap or ended:
                why = BY_OUTPUT if max(self.used) > cap else BY_ITSELF
                break
        os.close(watched)
        return why

    def collect(self, place: int, descriptor: int, cap: int, *, whole: bool) -> None:
        """Read a stream: once, or all that waits."""
        if whole:
            os.set_blocking(descriptor, False)
        first = place * (cap + PIPE)
        while self.used[place] <= cap:
            try:
                got = os.readv(descriptor, [self.buffer[first + self.used[place] : first + cap + 1]])
            except BlockingIOError:
                return
            self.used[place] += got
            if not whole or not got:
                return

    def drain(self, streams: tuple[int, int], why: int, cap: int) -> int:
        """Collect what a program that was ended left in its pipes; why it was, then."""
        for place, descriptor in enumerate(streams):
            self.collect(place, descriptor, cap, whole=True)
        return BY_OUTPUT if max(self.used) > cap else why

    def size(self) -> int:
        """Of the next message."""
        return int.from_bytes(self.receive(HEADER_BYTES), "big")

    def receive(self, size: int) -> bytes:
        """So many bytes, which hold nothing of an input."""
        data = b""
        while len(data) < size:
            part = self.link.recv(size - len(data))
            self.got(len(part))
            data += part
        return data

    def got(self, count: int) -> int:
        """The count; at the end of the channel the process ends."""
        return count or os._exit(0)

    def tell(self, *parts: Any) -> None:
        """Send one message."""
        self.link.sendall(sum(map(len, parts)).to_bytes(HEADER_BYTES, "big"))
        for part in parts:
            self.link.sendall(part)


def compiled(source: bytes) -> CodeType | None:
    """The program's code; None where it has none."""
    try:
        source.decode()
        return compile(source, file_name(), "exec", dont_inherit=True)
    except Exception:
        return None


def file_name() -> str:
    """What the program's file would be called."""
    return str(sys.modules["__main__"].__file__)


def is_alone() -> bool:
    """Whether all other processes that we could kill are the program's, and we can tell what it changes of us."""
    return (os.getpid(), os.getppid()) == (OURS, FIRST) and os.uname().machine in SCHEDULING


def state() -> tuple[Any, ...]:
    """What a program could change of this process and of the folders that it may write to."""
    attributes = ctypes.create_string_buffer(56)
    scheduling, priority = SCHEDULING[os.uname().machine]
    _call(scheduling, 0, attributes, len(attributes), 0)
    found: list[Any] = [attributes.raw, _call(priority, 1, 0), os.sched_getaffinity(0)]
    for path in FOLDERS:
        space, folder = os.statvfs(path), os.stat(path)
        times = (folder.st_atime_ns, folder.st_mtime_ns, folder.st_ctime_ns)
        found.append((space.f_bfree, space.f_ffree, folder.st_mode, folder.st_nlink, *times))
    return tuple(found)


def is_as(clean: tuple[Any, ...]) -> bool:
    """Whether nothing of that was changed."""
    try:
        return state() == clean
    except OSError:  # a folder that may not be looked at any more
        return False


def become(streams: tuple[int, int, int], cpu: float, less: int) -> None:
    """In a copy: be as a program that was started by itself."""
    try:
        os.setsid()
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
        os.closerange(CHANNEL, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        signal.signal(signal.SIGINT, signal.default_int_handler)
        whole = -int(-cpu // 1)
        resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 1))
        size = resource.getrlimit(resource.RLIMIT_AS)[0]
        if size != resource.RLIM_INFINITY:
            resource.setrlimit(resource.RLIMIT_AS, (size - less, size - less))
        random.seed(0)
        fresh = ModuleType("__main__")  # the frozen one would not be collected
        fresh.__dict__.update(sys.modules["__main__"].__dict__)
        sys.modules["__main__"] = fresh
        atexit.register(drop_main)  # which is then the last
    except BaseException:
        os.kill(os.getpid(), signal.SIGKILL)  # ours: seen as what no program's end is taken for


def drop_main() -> None:
    """Let go of the program's names, so that its open files are written and its objects finalized."""
    sys.modules.pop("__main__", None)
    gc.collect()


def seconds_of_ended() -> tuple[float, float]:
    """The CPU time of all processes that were reaped, and what of it was the kernel's."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime, usage.ru_stime


def end(number: int) -> tuple[int, int]:
    """Kill and reap all other processes: the wait status of the program, and the most memory that one of them held."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    status, peak = 0, 0
    with suppress(ChildProcessError):
        while True:
            reaped, how, usage = os.wait4(-1, 0)
            status = how if reaped == number else status
            peak = max(peak, usage.ru_maxrss * 1024)
    return status, peak
