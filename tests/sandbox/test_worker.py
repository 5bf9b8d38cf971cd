"""The host's end of a worker, against far sides made up for the purpose."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from assaygym.errors import SandboxError
from assaygym.sandbox import _launch, _worker
from assaygym.sandbox._descriptors import ends, sealed
from assaygym.sandbox._launch import start_worker
from assaygym.sandbox._order import order
from assaygym.sandbox._wire import Boot
from assaygym.sandbox._worker import Report, Worker, WorkerLost
from assaygym.sandbox.base import Limits
from assaygym.sandbox.guest.cgroup import Group
from assaygym.sandbox.guest.frames import pack, read_exactly, read_frame
from assaygym.sandbox.guest.protocol import BY_HOST, BY_ITSELF, FAULT, FILE, KILL, NO_STATUS, ORDER, REPORT, RUN

pytestmark = pytest.mark.alone  # deadlines, descriptors are counted
BOOT = cast("Boot", {"scratch": "/tmp"})
ORDERED = order(b"pass", argv=["main.py"], limits=Limits(), jailed=True, fetch=["a", "b"])
READY = pack({"isolation": ["rlimits"]})
Far = Callable[[socket.socket], object]


class Double:
    """A control group that is held for some time after the worker's end."""

    def __init__(self, held: int = 0) -> None:
        self.held, self.removed, self.memory_bytes, self.kills, self.full = held, False, 0, 0, False

    def set_memory(self, size: int) -> None:
        self.memory_bytes = size

    def oom_kills(self) -> int:
        if self.removed:
            raise FileNotFoundError("memory.oom_control")
        return self.kills

    def was_full(self) -> bool:
        return self.full

    def remove(self) -> bool:
        self.held -= 1
        self.removed = self.held < 0
        return self.removed


@pytest.fixture(autouse=True)
def no_descriptor_is_left() -> Iterator[None]:
    gc.collect()
    before = os.listdir("/proc/self/fd")
    yield
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == len(before)


@contextlib.contextmanager
def worker(far: Far, group: Double | None = None) -> Iterator[Worker]:
    """One whose far side is a thread; its socket is closed when that returns."""
    ours, theirs = socket.socketpair()

    def act() -> None:
        with theirs, contextlib.suppress(OSError, EOFError):
            read_frame(theirs.fileno())
            far(theirs)

    thread = threading.Thread(target=act)
    thread.start()
    made = Worker(ours, None, BOOT, group=cast("Group", group))
    try:
        yield made
    finally:
        made.close()
        thread.join()


def gets_ready(link: socket.socket) -> bool:
    link.sendall(READY)
    return True


def takes_order(link: socket.socket) -> int:
    """Get ready and take one order; its number."""
    link.sendall(READY)
    kind, names, number, payload, *_ = ORDER.unpack(read_exactly(link.fileno(), ORDER.size))
    assert kind == RUN
    read_exactly(link.fileno(), payload + names)
    return cast("int", number)


def answer(number: int, out: bytes = b"", err: bytes = b"", kind: int = RUN, files: int = 0, status: int = 0) -> bytes:
    head = REPORT.pack(kind, files, number, status, BY_ITSELF, 0.1, 0.05, 0.2, 1 << 20, len(out), len(err))
    return head + out + err


def ran(made: Worker) -> Report:
    made.start(ORDERED)
    return made.report()


def test_a_worker_is_told_its_boot_first() -> None:
    told = []
    ours, theirs = socket.socketpair()
    with theirs:
        made = Worker(ours, None, BOOT)
        told.append(read_frame(theirs.fileno()))
        made.close()
    assert told == [BOOT]


def test_what_it_says_at_first_is_its_isolation() -> None:
    with worker(lambda link: link.sendall(READY)) as made:
        assert made.isolation == ("rlimits",)


def test_a_report_has_streams_measurements_and_the_files_that_were_left() -> None:
    def far(link: socket.socket) -> None:
        number = takes_order(link)
        link.sendall(answer(number, b"out", b"err", files=1) + FILE.pack(1, 4) + b"left")

    with worker(far) as made:
        assert ran(made) == Report(0, BY_ITSELF, b"out", b"err", 0.1, 0.2, 1 << 20, {"b": b"left"}, 0.05)


def test_a_report_that_comes_in_pieces_is_put_together() -> None:
    def far(link: socket.socket) -> None:
        for byte in answer(takes_order(link), b"o" * 30, b"e" * 30):
            link.sendall(bytes([byte]))

    with worker(far) as made:
        assert ran(made).stdout == b"o" * 30


def test_a_program_that_was_ended_from_outside_has_no_status() -> None:
    with worker(lambda link: link.sendall(answer(takes_order(link), status=NO_STATUS))) as made:
        assert ran(made).status is None


def test_no_boot_can_be_given_to_a_worker_that_is_gone() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with pytest.raises(WorkerLost, match="did not take its first message"):
        Worker(ours, None, BOOT)


def test_a_boot_that_cannot_be_told_leaves_nothing() -> None:
    ours, theirs = socket.socketpair()
    with theirs, pytest.raises(ValueError, match="unmarshallable"):
        Worker(ours, None, cast("Boot", {"view": object()}))
    assert ours.fileno() == -1


def test_a_worker_that_cannot_build_its_surroundings_is_a_fault_and_closed() -> None:
    group = Double()
    with worker(lambda link: link.sendall(pack({"fault": "no namespaces"})), group) as made:
        with pytest.raises(SandboxError, match="could not be set up: no namespaces") as caught:
            ran(made)
        assert not isinstance(caught.value, WorkerLost)
        assert made.link.fileno() == -1


def too_early(link: socket.socket) -> None:
    link.sendall(READY[:-3])


def amid_report(link: socket.socket) -> None:
    link.sendall(answer(takes_order(link), b"out")[:-1])


def amid_files(link: socket.socket) -> None:
    link.sendall(answer(takes_order(link), files=2) + FILE.pack(0, 0))


@pytest.mark.parametrize(
    ("far", "said"),
    [
        (lambda link: None, "did not get ready"),
        (too_early, "did not get ready"),
        (takes_order, "gave no report"),
        (amid_report, "gave no report"),
        (amid_files, "gave no report"),
        (lambda link: link.sendall(answer(takes_order(link) + 1)), "answered order 2 in place of 1"),
        (lambda link: link.sendall(answer(takes_order(link), b"OSError: x", kind=FAULT)), "failed: OSError: x"),
    ],
)
def test_a_worker_that_fails_is_lost_at_whatever_stage(far: Far, said: str) -> None:
    with worker(far) as made, pytest.raises(WorkerLost, match=f"worker {said}.*the program is not to blame"):
        ran(made)


def test_an_order_that_nobody_takes_is_a_lost_worker() -> None:
    with worker(lambda link: link.sendall(READY)) as made:
        assert made.isolation
        time.sleep(0.05)
        with pytest.raises(WorkerLost, match="did not take its order"):
            ran(made)


def test_a_worker_that_hangs_is_lost_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_worker, "GRACE_SECONDS", 0.3)
    quick = order(b"", argv=[], limits=Limits(wall_seconds=0.1), jailed=True)

    def far(link: socket.socket) -> None:
        takes_order(link)
        link.recv(1)  # until the host has enough

    with worker(far) as made:
        made.start(quick)
        start = time.monotonic()
        with pytest.raises(WorkerLost, match="gave no report"):
            made.report()
    assert 0.3 < time.monotonic() - start < 3


def test_a_worker_waits_until_it_ends_or_says_something() -> None:
    with worker(lambda link: (gets_ready(link), link.recv(1))) as made:
        assert made.isolation
        assert made.waits
        made.shut()
        assert not made.waits


def test_to_kill_names_the_run() -> None:
    heard = []

    def far(link: socket.socket) -> None:
        takes_order(link)
        heard.append(ORDER.unpack(read_exactly(link.fileno(), ORDER.size))[:3])

    with worker(far) as made:
        made.start(ORDERED)
        made.kill()
    assert heard == [(KILL, 0, 1)]


def test_shutting_it_ends_the_wait_of_another_thread() -> None:
    with worker(lambda link: (takes_order(link), link.recv(1))) as made:
        made.start(ORDERED)
        threading.Timer(0.05, made.shut).start()
        with pytest.raises(WorkerLost, match="gave no report"):
            made.report()


@pytest.mark.parametrize(("status", "ended"), [(None, BY_ITSELF), (None, BY_HOST), (0, BY_HOST)])
def test_a_run_ended_by_somebody_else_does_not_count(status: int | None, ended: int) -> None:
    with pytest.raises(WorkerLost, match="killed from outside"):
        Report(status, ended, b"", b"", 0, 0, 0, {}).check()


def test_the_group_gets_the_limit_of_each_order_and_tells_what_was_killed() -> None:
    group = Double()
    with worker(lambda link: link.sendall(answer(takes_order(link))), group) as made:
        ran(made)
        assert group.memory_bytes == ORDERED.memory_bytes
        assert not made.ran_short()
        group.kills, group.full = 1, True
        assert (made.ran_short(), made.ran_short()) == (True, False)


def test_what_was_killed_though_its_group_had_room_was_killed_for_others() -> None:
    group = Double()
    with worker(lambda link: link.sendall(answer(takes_order(link))), group) as made:
        ran(made)
        group.kills = 1
        with pytest.raises(WorkerLost, match="the machine, or its container, ran out of memory"):
            made.ran_short()


def test_a_group_that_is_gone_means_that_the_worker_is() -> None:
    group = Double()
    with worker(lambda link: link.sendall(answer(takes_order(link))), group) as made:
        ran(made)
        group.removed = True
        with pytest.raises(WorkerLost, match="ended before its memory was looked at"):
            made.ran_short()


def child(script: str, group: Double | None = None) -> Worker:
    """A worker that is a shell, once it was told the first; its descriptor of the socket is its standard input."""
    ours, theirs = socket.socketpair()
    told = f"head -c 1 > /dev/null; {script}"
    with theirs:
        process = subprocess.Popen(["/bin/sh", "-c", told], stdin=theirs.fileno(), stderr=subprocess.PIPE)
    return Worker(ours, process, BOOT, group=cast("Group", group))


def test_the_last_words_and_the_status_are_in_the_message() -> None:
    made = child("echo no such module >&2; exit 3")
    with pytest.raises(WorkerLost, match="it ended with status 3, saying: no such module;"):
        _ = made.isolation


def test_words_are_not_waited_for_when_somebody_else_holds_the_stream() -> None:
    made = child("echo words >&2; sleep 8 <&- & exit 1")
    start = time.monotonic()
    with pytest.raises(WorkerLost, match="saying: words"):
        _ = made.isolation
    assert time.monotonic() - start < 5


def test_a_worker_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_worker, "END_SECONDS", 0.1)
    made = child("exec sleep 60")
    made.close()
    assert made._process is not None
    assert made._process.returncode == -9


def test_a_group_that_is_held_for_a_while_is_removed_all_the_same() -> None:
    group = Double(held=3)
    child("exit 0", group).close()
    assert group.removed


def test_closing_twice_does_nothing_more() -> None:
    group = Double()
    made = child("exit 0", group)
    made.close()
    made.close()
    assert group.removed


def test_several_threads_may_wait_for_its_end() -> None:
    made = child("sleep 0.1")
    waiting = [threading.Thread(target=made.wait) for _ in range(4)]
    for thread in waiting:
        thread.start()
    made.close()
    for thread in waiting:
        thread.join()
    assert made._process is not None
    assert made._process.returncode == 0


def test_in_a_fork_closing_only_lets_go() -> None:
    group = Double()
    made = child("read line; exit 0", group)
    forked = os.fork()
    if forked == 0:
        made.close()
        os._exit(int(group.removed))
    assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == 0
    assert made.waits
    made.close()


@pytest.mark.parametrize("python", ["/nonexistent/python", "/dev/null"])
def test_an_interpreter_that_cannot_be_started_leaves_no_group(python: str) -> None:
    group = Double()
    with pytest.raises(SandboxError, match=f"could not be started with {python}"):
        start_worker(python, BOOT, cast("Group", group))
    assert group.removed


@pytest.mark.parametrize("name", ["socket.socketpair", "os.pipe", "subprocess.Popen"])
@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), KeyboardInterrupt()])
def test_a_start_cut_short_anywhere_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str, error: BaseException
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    group = Double()
    with monkeypatch.context() as patched:
        patched.setattr(f"{_launch.__name__}.{name}", fails)
        with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else SandboxError):
            start_worker(sys.executable, BOOT, cast("Group", group))
    assert group.removed


def test_a_fork_waits_until_no_worker_is_half_started() -> None:
    done = threading.Event()

    def fork() -> None:
        forked = os.fork()
        if forked == 0:
            os._exit(0)
        os.waitpid(forked, 0)
        done.set()

    with _launch._starting:
        thread = threading.Thread(target=fork)
        thread.start()
        assert not done.wait(0.2)
    assert done.wait(5)
    thread.join()


def test_a_sealed_file_holds_its_content_and_cannot_be_written() -> None:
    descriptor = sealed(b"x" * 100_000)
    try:
        assert os.read(descriptor, 200_000) == b"x" * 100_000
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(descriptor, b"y")
    finally:
        os.close(descriptor)


def test_no_room_for_standard_input_is_a_fault_of_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "memfd_create", fails)
    with pytest.raises(SandboxError, match="standard input of 3 bytes could not be handed over"):
        sealed(b"abc")


def test_the_end_of_a_child_is_seen_within_the_time_or_not() -> None:
    with subprocess.Popen(["sleep", "0.2"]) as process:
        assert not ends(process.pid, 0.01)
        assert ends(process.pid, 10)


def test_a_child_that_was_reaped_already_cannot_be_watched() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
        assert not ends(process.pid, 10)
