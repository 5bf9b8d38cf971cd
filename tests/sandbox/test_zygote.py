"""Both implementations of the zygote, `guest/zygote.py` and `guest/zygote.c`: what programs can do to them and learn
from them, and that they answer alike.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assaygym.sandbox import ExecResult, ExecStatus, Limits, Sandbox, open_sandbox
from assaygym.sandbox._helper import SOURCE, VARIABLE, native_helper
from assaygym.sandbox.guest import scratch, zygote
from assaygym.sandbox.guest.protocol import BY_ITSELF, BY_WALL

pytestmark = pytest.mark.alone  # what holds up whom
MIB = 1 << 20
QUICK = Limits(wall_seconds=5)


@contextmanager
def opened(variant: str, workers: int) -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, "1" if variant == "native" else "0")
        if variant == "native" and not native_helper():
            pytest.skip("there is no compiler for the native helper")
        with open_sandbox("jail", workers=workers, limits=QUICK) as sandbox:
            yield sandbox


@pytest.fixture(scope="module", params=["native", "plain"])
def variant(request: pytest.FixtureRequest, namespaces: None) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def one(variant: str) -> Iterator[Sandbox]:
    """A sandbox of one worker, so that each run follows the one before."""
    with opened(variant, 1) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def two(variant: str) -> Iterator[Sandbox]:
    """A sandbox of two workers, so that runs go on side by side."""
    with opened(variant, 2) as sandbox:
        yield sandbox


# ---- what a program can do to its first process ----

FULL_QUEUE = """
import ctypes, os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
call, info = ctypes.CDLL(None).syscall, (ctypes.c_int * 32)(signal.SIGRTMIN, 0, -1)
number = {"x86_64": 129}.get(os.uname().machine, 138)
own = (number, os.getpid(), int(signal.SIGRTMIN), info)
while call(*own) == 0:  # from here on the kernel drops what is known of a signal's sender
    pass
info[0] = signal.SIGUSR1
print(call(number, 1, int(signal.SIGUSR1), info))
"""
STORM = """
import os, signal
for _ in range(2):
    if not os.fork():
        break
while True:
    os.kill(1, signal.SIGUSR1)
"""


def test_a_signal_without_a_sender_is_not_taken_for_the_order_to_end(one: Sandbox) -> None:
    result = one.run(FULL_QUEUE + "import time; time.sleep(0.2); print('alive')")
    assert (result.status, result.stdout) == (ExecStatus.OK, "0\nalive\n")


def test_a_storm_of_signals_does_not_hide_the_order_to_end(one: Sandbox) -> None:
    result = one.run(STORM, limits=Limits(wall_seconds=0.5))
    assert result.status is ExecStatus.TIMEOUT
    assert (result.cpu_seconds or 0) > 0.1  # the first process has reaped them all


def test_what_was_killed_by_the_order_is_still_counted(one: Sandbox) -> None:
    hold = "import time; block = bytearray(64 << 20); time.sleep(60)"
    result = one.run(hold, limits=Limits(wall_seconds=0.5))
    assert (result.status, result.signal) == (ExecStatus.TIMEOUT, 9)
    assert (result.peak_memory_bytes or 0) > 64 * MIB


@pytest.mark.parametrize("code", [125, 0, 120])
def test_an_exit_code_of_ours_is_a_program_s_like_any_other(one: Sandbox, code: int) -> None:
    result = one.run(f"import os; os._exit({code})")
    assert (result.exit_code, result.signal) == (code, None)


def test_a_program_with_a_channel_cannot_feign_a_failed_start(one: Sandbox) -> None:
    process = one.spawn("import os; os.write(3, b'no start'); os._exit(125)")
    assert process.finish().exit_code == 125


# ---- what a program can do to those beside it ----

MANY_PIPES = """
import fcntl, os, sys, time
held = []
try:
    while True:
        held.append(os.pipe())
        try:
            fcntl.fcntl(held[-1][1], fcntl.F_SETPIPE_SZ, 1 << 20)
        except OSError:
            pass
except OSError:
    open("full", "x").close()
time.sleep(0.8)
"""
MANY_IN_FLIGHT = """
import socket, time
line = socket.socketpair()[0]
held = []
try:
    while True:
        held.append(socket.socketpair())
        socket.send_fds(held[-1][0], [b"x"], [line.fileno()] * 253)
except OSError:
    pass
time.sleep(0.8)
"""


@pytest.mark.parametrize(("hoard", "size"), [(MANY_PIPES, 50_000), (MANY_IN_FLIGHT, 90_000)])
def test_a_hoard_of_descriptors_does_not_hold_up_another_run(two: Sandbox, hoard: str, size: int) -> None:
    hoarder = threading.Thread(target=two.run, args=(hoard,))
    hoarder.start()
    read = "import sys; print(len(sys.stdin.read()))"
    while hoarder.is_alive():
        result = two.run(read, stdin="y" * size, limits=Limits(wall_seconds=1))
        assert (result.status, result.stdout) == (ExecStatus.OK, f"{size}\n")
    hoarder.join()


# ---- what a program can learn about the one before, and about the host ----

CALLERS = """
import ctypes, sys
frame, reached = sys._getframe(), []
while frame := frame.f_back:
    reached += [value for value in list(frame.f_locals.values()) if value is not reached]
reached += [value for thing in reached for value in getattr(thing, "__dict__", {}).values()]
"""
NUMBERS = """
states = [thing for thing in reached if isinstance(thing, ctypes.Structure)]
print([(thing.report.status, thing.report.cpu, thing.report.peak) for thing in states if any(bytes(thing.report))])
print([thing.order.number for thing in states if thing.order.number])
"""
HOST = """
boots = [thing for thing in reached if isinstance(thing, dict) and "view" in thing]
print(boots)
"""


def test_a_program_finds_no_report_of_the_one_before(one: Sandbox) -> None:
    one.run("print('x' * 5000); raise SystemExit(7)")
    assert one.run(CALLERS + NUMBERS).stdout == "[]\n[]\n"


def test_a_program_finds_no_path_of_the_host_in_the_frames_that_called_it(one: Sandbox) -> None:
    assert one.run(CALLERS + HOST).stdout == "[]\n"


def test_a_program_finds_no_process_number_of_the_host(one: Sandbox) -> None:
    result = one.run("import os, threading; print(threading.main_thread().native_id - os.getpid())")
    assert result.stdout == "0\n"


def test_the_peak_of_memory_is_that_of_the_run_alone(one: Sandbox) -> None:
    before = one.run("print(1)").peak_memory_bytes or 0
    one.run("import sys; sys.stdout.write('x' * (24 << 20))", limits=Limits(output_bytes=32 * MIB))
    assert 0 < (one.run("print(1)").peak_memory_bytes or 0) < before + 8 * MIB


SCAN = """
import ctypes, os
near = (id(object()), ctypes.cast(ctypes.pythonapi.PyList_New, ctypes.c_void_p).value)
written, (reading, writing) = 0, os.pipe()
write = ctypes.CDLL(None).write
for place in near:
    first = place // 4096 * 4096 - (64 << 20)
    for page in range(max(first, 4096), first + (128 << 20), 4096):
        if write(writing, ctypes.c_void_p(page), ctypes.c_size_t(4096)) == 4096:  # else it is not mapped
            written += 1
            if b"{backwards}" in os.read(reading, 4096)[::-1]:
                print(hex(page))
print(written > 1000)
"""
MARK = "a-mark-of-the-run-before"


def test_no_memory_of_a_program_holds_a_byte_of_the_one_before(one: Sandbox) -> None:
    one.run(f"import sys; sys.stdout.write('{MARK}' * 90_000); print(sys.stdin.read())", stdin=MARK * 2000)
    assert one.run(SCAN.format(backwards=MARK[::-1])).stdout == "True\n"


def test_the_scan_finds_what_is_there(one: Sandbox) -> None:
    assert "0x" in one.run(f"held = '{MARK}' * 9\n" + SCAN.format(backwards=MARK[::-1])).stdout


def test_the_code_of_the_compiled_zygote_is_not_in_pages_of_files(namespaces: None) -> None:
    with opened("native", 1) as sandbox:
        sandbox.run("")
        found = [path.read_text() for path in Path("/proc").glob("[0-9]*/maps") if is_below(int(path.parent.name))]
    assert sorted({"/libc" in maps for maps in found}) == [False, True]  # the watcher's and the keeper's is


def is_below(process: int) -> bool:
    """Whether a process comes down from this one, which is not meant itself."""
    while process > 1:
        try:
            process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        except FileNotFoundError:
            return False
        if process == os.getpid():
            return True
    return False


FIELDS = ("f_bfree", "f_ffree", "st_dev", "st_mode", "st_nlink", "st_atime_ns", "st_mtime_ns", "st_ctime_ns")


@pytest.mark.parametrize("field", FIELDS)
def test_each_thing_that_a_folder_shows_is_a_mark_whatever_the_others_are(
    monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    shown = SimpleNamespace(**dict.fromkeys(FIELDS, 1))
    monkeypatch.setattr(scratch, "os", SimpleNamespace(stat=lambda _: shown, statvfs=lambda _: shown))
    clean = scratch._state("/tmp")
    setattr(shown, field, 2)
    assert scratch._state("/tmp") != clean


# ---- that both answer alike ----

ENDINGS: dict[str, tuple[str, Limits]] = {
    "nothing": ("", QUICK),
    "an exit code": ("raise SystemExit(3)", QUICK),
    "both streams": ("import sys; print('o' * 70000); print('e' * 70000, file=sys.stderr)", QUICK),
    "an exception": ("def f(): return 1 / 0\nf()", QUICK),
    "a signal": ("import os; os.kill(os.getpid(), 15)", QUICK),
    "killed by itself": ("import os; os.kill(os.getpid(), 9)", QUICK),
    "a stop": ("import os; print('so far', flush=True); os.kill(os.getpid(), 19)", Limits(wall_seconds=0.3)),
    "all killed by itself": ("import os; os.fork(); os.kill(-1, 9); os.kill(os.getpid(), 9)", QUICK),
    "too much": ("while True: print('x' * 1000)", Limits(output_bytes=10_000, wall_seconds=5)),
    "too much on stderr": ("import os\nwhile True: os.write(2, b'x' * 999)", Limits(output_bytes=10_000)),
    "as much as is allowed": ("import os; os.write(1, b'x' * 10000)", Limits(output_bytes=10_000)),
    "one more than is allowed": (
        "import os, time; os.write(1, b'x' * 10001); time.sleep(9)",
        Limits(output_bytes=10_000),
    ),
    "closed streams": ("import os, time; os.close(1); os.close(2); time.sleep(0.1); os._exit(5)", QUICK),
    "closed streams and no end": (
        "import os, time; os.close(1); os.close(2); time.sleep(60)",
        Limits(wall_seconds=0.3),
    ),
    "a child that goes on": (
        "import os, time\nif not os.fork(): time.sleep(60)\nprint('parent', flush=True); os._exit(4)",
        QUICK,
    ),
    "a child that writes to the end": (
        "import os\nif not os.fork():\n  while True: os.write(1, b'x')\nos._exit(4)",
        Limits(output_bytes=50 * MIB),
    ),
    "the end of the first thread": (
        "import threading, time, ctypes, os\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), os.write(1, b'thread'), os._exit(6))).start()\n"
        "ctypes.CDLL(None).syscall({'x86_64': 60}.get(os.uname().machine, 93), 0)",
        QUICK,
    ),
    "a write to the interpreter's code": (
        "import ctypes; ctypes.memset(ctypes.cast(ctypes.pythonapi.PyList_New, ctypes.c_void_p).value, 0, 1)",
        QUICK,
    ),
    "a write to the interpreter's constants": (
        "import ctypes; get = ctypes.pythonapi.Py_GetCopyright; get.restype = ctypes.c_void_p\n"
        "ctypes.memset(get(), 0, 1)",
        QUICK,
    ),
    "another program": ("import os; os.execv('/bin/sh', ['sh', '-c', 'echo shell; exit 9'])", QUICK),
    "another program by a thread": (
        "import os, threading\n"
        "threading.Thread(target=lambda: os.execv('/bin/sh', ['sh', '-c', 'echo shell; exit 9'])).start()\n"
        "import time; time.sleep(60)",
        QUICK,
    ),
    "a pipe in packets": ("import fcntl, os; fcntl.fcntl(1, 4, 0o40000); os.write(1, b'a'); os.write(1, b'b')", QUICK),
    "a pipe that does not wait": (
        "import os\nos.set_blocking(1, False)\ntry:\n  while True: os.write(1, b'x' * 4096)\n"
        "except BlockingIOError: os._exit(2)",
        Limits(output_bytes=50 * MIB),
    ),
    "files": ("open('a', 'w').write('1'); open('b', 'w').write('22'); import os; os.symlink('a', 'c')", QUICK),
}
UNSTEADY = ("a child that writes to the end", "a pipe that does not wait")
"""How much these write is a matter of time."""


def told(name: str, result: ExecResult) -> tuple[object, ...]:
    output = () if name in UNSTEADY else (result.stdout, result.stderr)
    return (result.status, result.exit_code, result.signal, result.truncated, result.files, *output)


@pytest.fixture(scope="module")
def both(namespaces: None) -> Iterator[tuple[Sandbox, Sandbox]]:
    with opened("native", 1) as native:
        native.run("")  # starts the worker while the variable says so
        with opened("plain", 1) as plain:
            plain.run("")
            yield native, plain


@pytest.mark.parametrize("name", ENDINGS)
def test_both_implementations_tell_the_same_end(both: tuple[Sandbox, Sandbox], name: str) -> None:
    program, limits = ENDINGS[name]
    native, plain = (
        told(name, sandbox.run(program, limits=limits, fetch=["a", "b", "c", "d"], stdin="in")) for sandbox in both
    )
    assert native == plain


def test_endings_of_all_kinds_leave_no_descriptor_behind(one: Sandbox) -> None:
    numbers = "import os; descriptors = os.pipe(); print(descriptors)"
    before = one.run(numbers).stdout
    for program, limits in list(ENDINGS.values())[:8]:
        one.run(program, limits=limits, fetch=["a"], stdin="y" * 90_000)
    assert one.run(numbers).stdout == before


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no compiler")
def test_the_source_compiles_without_a_warning(tmp_path: Path) -> None:
    command = [
        "cc",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-shared",
        "-fPIC",
        "-o",
        str(tmp_path / "zygote.so"),
        str(SOURCE),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# ---- what the one in Python does by itself ----


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """The writing ends of what it watches, a quiet link among them."""
    pairs = {name: os.pipe() for name in ("watched", "out", "err", "link")}
    monkeypatch.setattr(zygote, "LINK_FD", pairs["link"][0])
    yield {name: pair[1] for name, pair in pairs.items()} | {f"from {name}": pair[0] for name, pair in pairs.items()}
    for pair in pairs.values():
        for number in pair:
            os.close(number)


@pytest.mark.parametrize(("said", "why"), [(["watched"], BY_ITSELF), (["out"], BY_WALL), ([], BY_WALL)])
def test_an_end_that_lies_there_when_the_time_is_over_came_in_time(
    streams: dict[str, int], said: list[str], why: int
) -> None:
    for name in said:
        os.write(streams[name], b"x")
    run: Any = SimpleNamespace(**{name: streams[f"from {name}"] for name in ("watched", "out", "err")})
    watching = object.__new__(zygote.Zygote)
    watching._buffer = zygote.Buffer()
    watching._buffer.need(1 << 16)
    assert watching._watch(run, 1, time.monotonic() - 1, 10, [0, 0]) == why
