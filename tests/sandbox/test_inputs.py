"""Inputs that share one run: the same ends as in runs of their own, and nothing of one in the next."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from assaygym.errors import ConfigError, IsolationError, SandboxError
from assaygym.sandbox import ExecResult, ExecStatus, Limits, Sandbox, open_sandbox
from assaygym.sandbox.guest.inputs import SCHEDULING
from assaygym.sandbox.inputs import SharedRun

LIMITS = Limits(cpu_seconds=1.0, wall_seconds=30.0, memory_bytes=128 << 20, output_bytes=1 << 16)


@pytest.fixture(scope="module")
def jail() -> Iterator[Sandbox]:
    """A jail with one worker for the runs of their own, and others for shared ones."""
    try:
        box = open_sandbox("jail", 1)
    except IsolationError as error:
        pytest.skip(f"this machine cannot isolate programs: {error}")
    with box:
        if "pidns" not in box.run("").isolation:
            pytest.skip("this machine has no process namespaces")
        yield box


def shared(jail: Sandbox, program: str, *inputs: str, limits: Limits = LIMITS) -> tuple[list[ExecResult], int]:
    """The result of each input, and how many of them shared the run."""
    with SharedRun(jail, program, limits) as run:
        return [run.run(one, limits) for one in inputs], run.shared


def test_each_input_has_its_own_output(jail: Sandbox) -> None:
    results, count = shared(jail, "import sys\nprint(input())\nprint('e', file=sys.stderr)", "a", "b", "", "c")
    assert [result.stdout for result in results] == ["a\n", "b\n", "", "c\n"]
    assert [result.status for result in results][:2] == [ExecStatus.OK] * 2
    assert results[0].stderr == "e\n"
    assert "EOFError" in results[2].stderr
    assert count == 3


def test_the_isolation_of_the_run_is_told_at_its_end(jail: Sandbox) -> None:
    with SharedRun(jail, "", LIMITS) as run:
        run.run("", LIMITS)
        assert run.isolation == ()
    assert run.isolation == jail.run("").isolation


ENDS = {
    "ok": "print(1)",
    "an exit code": "raise SystemExit(3)",
    "an exit from inside": "import os\nprint('lost')\nos._exit(0)",
    "a message": "import sys\nsys.exit('words')",
    "an exception": "1 / 0",
    "a signal": "import os\nos.kill(os.getpid(), 15)",
    "a segmentation fault": "import ctypes\nctypes.string_at(0)",
    "an abort": "import os\nos.abort()",
    "an interrupt": "raise KeyboardInterrupt",
    "too much memory": "x = bytearray(1 << 30)",
    "much memory by and by": "x = []\nwhile True: x.append('x' * 10 ** 6)",
    "too much output": "while True: print('x' * 999)",
    "too much on standard error": "import sys\nwhile True: print('x' * 999, file=sys.stderr)",
    "CPU time": "while True: pass",
    "a text that does not compile": "print(",
    "not UTF-8": "import os\nos.write(1, b'\\xff')",
    "a closed stdout": "import os\nos.close(1)\nprint(1)",
    "an exit function": "import atexit\natexit.register(print, 'late')",
    "a last word": "class Last:\n    def __del__(self): print('last')\nkept = Last()",
    "an open file": "open('/dev/stdout', 'w').write('unflushed')",
    "deep recursion": "def f(n): return n and 1 + f(n - 1)\nprint(f(990))",
    "too deep recursion": "def f(): f()\nf()",
    "chance": "import random\nprint(random.random(), hash('x'))",
    "its arguments": "import sys\nprint(sys.argv, sys.flags, __name__)",
    "its source": "import inspect\ndef f(): pass\nprint(inspect.getsource(f))",
    "a file": "open('note', 'w').write('6')\nprint(open('note').read())",
    "a child": "import os\nif os.fork() == 0: os._exit(0)\nprint(os.wait()[1])",
    "limits": "import resource as r\nprint([r.getrlimit(w) for w in (r.RLIMIT_CPU, r.RLIMIT_NOFILE, r.RLIMIT_FSIZE)])",
    "signals": "import signal\nprint([signal.getsignal(n) for n in (2, 13, 15, 17, 25)])",
    "descriptors": "import os\nprint([n for n in range(300) if os.path.exists(f'/dev/fd/{n}')])\n"
    "for n in range(3, 250):\n    try: print(os.fstat(n))\n    except OSError: pass",
    "no end of input": "import sys\nsys.stdin.read()\nprint(sys.stdin.seekable(), sys.stdin.isatty())",
}  # fmt: skip


@pytest.mark.timeout(120)
@pytest.mark.parametrize("program", ENDS.values(), ids=ENDS)
def test_a_program_ends_as_in_a_run_of_its_own(jail: Sandbox, program: str) -> None:
    results, _ = shared(jail, program, "", "1\n", "2\n")
    alone = jail.run(program, limits=LIMITS)
    for result in results:
        assert (result.status, result.exit_code, result.signal) == (alone.status, alone.exit_code, alone.signal)
        assert result.truncated == alone.truncated
        if alone.status is not ExecStatus.TIMEOUT:
            assert result.stdout == alone.stdout


def test_an_input_that_runs_into_the_clock_is_run_again_by_itself(jail: Sandbox) -> None:
    program = "import time\ntime.sleep(60 * int(input()))\nprint(1)"
    limits = Limits(wall_seconds=0.5)
    results, count = shared(jail, program, "0", "1", "0", limits=limits)
    alone = jail.run(program, stdin="1", limits=limits)
    assert [result.stdout for result in results] == ["1\n", "", "1\n"]
    assert (results[1].status, results[1].signal) == (alone.status, alone.signal) == (ExecStatus.TIMEOUT, 9)
    assert count == 1


def test_an_input_may_have_less_memory_than_the_run(jail: Sandbox) -> None:
    program = "x = bytearray(150 << 20)\nprint(len(x))"
    with SharedRun(jail, program, Limits(memory_bytes=256 << 20)) as run:
        found = [run.run("", Limits(memory_bytes=size << 20)).status for size in (256, 64, 256)]
    assert found == [ExecStatus.OK, ExecStatus.OUT_OF_MEMORY, ExecStatus.OK]


def test_cpu_time_and_memory_are_those_of_the_input(jail: Sandbox) -> None:
    program = "x = bytearray(int(input()) << 20)\nimport time\nwhile time.process_time() < len(x) / 4e8: pass"
    (large, small), count = shared(jail, program, "80", "0")
    assert count == 2
    assert large.cpu_seconds > 0.15 > small.cpu_seconds
    assert (large.peak_memory_bytes or 0) > (small.peak_memory_bytes or 0) + (60 << 20)


def test_time_of_children_counts(jail: Sandbox) -> None:
    child = "import os, time\nif os.fork() == 0:\n    while time.process_time() < 0.6: pass\n    os._exit(0)\n"
    (result,), _ = shared(jail, f"{child}{child}os.wait(); os.wait()", "")
    assert result.status is ExecStatus.TIMEOUT
    assert result.cpu_seconds > 1.0


# The first input leaves something, the second looks for it.
LEFT = {
    "a name": ("leaked = 6", "print(globals().get('leaked'))", "None"),
    "a patched module": ("import math\nmath.sqrt = print", "import math\nprint(math.sqrt(4))", "2.0"),
    "a module": ("import sys\nsys.modules['json'] = None", "import json\nprint(json.dumps(1))", "1"),
    "the environment": ("import os\nos.environ['LEAKED'] = '6'", "import os\nprint(os.environ.get('LEAKED'))", "None"),
    "the working directory": ("import os\nos.chdir('/')", "import os\nprint(os.getcwd() == '/')", "False"),
    "a file": ("open('leaked', 'w').write('6')", "import os\nprint(os.listdir('.'))", "[]"),
    "shared memory": ("open('/dev/shm/leaked', 'w')", "import os\nprint(os.listdir('/dev/shm'))", "[]"),
    "the time of a folder": ("import os\nos.utime('.', (5, 5))",
                             "import os\nprint(os.stat('.').st_mtime == 5)", "False"),
    "the mode of a folder": ("import os\nos.chmod('.', 0)", "import os\nprint(os.stat('.').st_mode & 7)", "7"),
    "a limit": ("import resource as r\nr.setrlimit(r.RLIMIT_NOFILE, (9, 9))",
                "import resource as r\nprint(r.getrlimit(r.RLIMIT_NOFILE)[0] == 9)", "False"),
    "a priority": ("import os\nos.setpriority(os.PRIO_PROCESS, os.getppid(), 5)",
                   "import os\nprint(os.getpriority(os.PRIO_PROCESS, 0))", "0"),
    "a scheduler": ("import os\nos.sched_setscheduler(os.getppid(), os.SCHED_BATCH, os.sched_param(0))",
                    "import os\nprint(os.sched_getscheduler(0))", "0"),
    "processors": ("import os\nos.sched_setaffinity(os.getppid(), {min(os.sched_getaffinity(0))})",
                   "import os\nprint(len(os.sched_getaffinity(0)) > 1 or os.cpu_count() == 1)", "True"),
    "a daemon": ("import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork(): os._exit(0)\n"
                 "    time.sleep(0.3)\n    os.write(1, b'late')\n    time.sleep(60)",
                 "import os, time\ntime.sleep(0.5)\nfound = []\nfor n in range(3, 200):\n"
                 "    try: os.kill(n, 0)\n    except OSError: continue\n    found.append(n)\n"
                 "print(found == [os.getpid()])", "True"),
    "an abstract socket": ("import socket, os, time\nif os.fork() == 0:\n    s = socket.socket(socket.AF_UNIX)\n"
                           "    s.bind('\\0leaked')\n    s.listen()\n    time.sleep(60)\ntime.sleep(0.1)",
                           "import socket\ns = socket.socket(socket.AF_UNIX)\nprint(s.connect_ex('\\0leaked') == 0)",
                           "False"),
    "a stopped process": ("import os\nif os.fork() == 0: os.kill(os.getpid(), 19)", "print(1)", "1"),
    "a handler of exits": ("import atexit\natexit.register(print, 'late')", "print(1)", "1"),
    "many processes": ("import os, time\nfor _ in range(40):\n    if os.fork() == 0: time.sleep(60); os._exit(0)",
                       "import os\nfor _ in range(40):\n    if os.fork() == 0: os._exit(0)\nprint(1)", "1"),
}  # fmt: skip


@pytest.mark.parametrize(("leaves", "looks", "clean"), LEFT.values(), ids=LEFT)
def test_an_input_finds_nothing_of_the_one_before(jail: Sandbox, leaves: str, looks: str, clean: str) -> None:
    parts = ["\n".join(f"    {line}" for line in part.split("\n")) for part in (leaves, looks)]
    program = f"if input() == 'leave':\n{parts[0]}\nelse:\n{parts[1]}"
    results, count = shared(jail, program, "leave", "look", "look")
    assert [result.stdout for result in results[1:]] == [f"{clean}\n"] * 2, results[1].stderr
    assert count >= 1


# Looks for the mark in its memory, each letter moved on by one, so that the search is not found itself.
SEARCH = """
import ctypes, os
word = input()
if word == "look":
    libc, moved, found = ctypes.CDLL(None), bytes((n + 1) % 256 for n in range(256)), 0
    libc.sbrk.restype = ctypes.c_void_p
    reads, writes = os.pipe()
    for around in (id(word), libc.sbrk(0)):
        for page in range((around >> 12) - 8192, (around >> 12) + 8192):
            if libc.write(writes, ctypes.c_void_p(page << 12), 4096) == 4096:
                found += b"MFGUMFGU" in os.read(reads, 4096).translate(moved)
    print(found)
else:
    print(word)
"""
MARK = "LEFT" * 200


@pytest.mark.parametrize(("held", "found"), [("", False), ("held = 'LEFT' * 200", True)], ids=["", "where it is held"])
def test_nothing_of_an_output_is_in_the_memory_of_the_next(jail: Sandbox, held: str, found: bool) -> None:
    (before, after), count = shared(jail, f"{held}\n{SEARCH}", MARK, "look")
    assert before.stdout == f"{MARK}\n"
    assert count == 2
    assert (int(after.stdout) > 0) is found, after.stderr


GIVES_UP = {
    "kills the process that forks": "import os\nos.kill(os.getppid(), 9)\nprint(input())",
    "interrupts it": "import os, time\nos.kill(os.getppid(), 2)\ntime.sleep(0.1)\nprint(input())",
    "kills all others": "import os\nos.kill(-1, 9)\nprint(input())",
    "leaves a file": "open('x', 'w')\nprint(input())",
    "crashes": "import os\nprint(input(), flush=True)\nos.kill(os.getpid(), 11)",
}


@pytest.mark.parametrize("program", GIVES_UP.values(), ids=GIVES_UP)
def test_who_ends_the_sharing_is_judged_by_runs_of_its_own(jail: Sandbox, program: str) -> None:
    results, count = shared(jail, program, "a\n", "b\n", "c\n")
    alone = [jail.run(program, stdin=text) for text in ("a\n", "b\n", "c\n")]
    assert [(one.status, one.stdout) for one in results] == [(one.status, one.stdout) for one in alone]
    assert count <= 1


def test_a_process_of_ours_that_is_stopped_is_not_waited_for(jail: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assaygym.sandbox.inputs.GRACE_SECONDS", 0.1)
    results, count = shared(jail, "import os\nos.kill(os.getppid(), 19)\nprint(input())", "a\n", "b\n",
                            limits=Limits(wall_seconds=0.5))  # fmt: skip
    assert ([result.stdout for result in results], count) == (["a\n", "b\n"], 0)


def test_what_was_written_to_the_channel_is_not_believed(jail: Sandbox) -> None:
    program = (
        "import os\nfor n in range(3, 99):\n    try: os.write(n, bytes(200))\n    except OSError: pass\nprint(input())"
    )
    results, count = shared(jail, program, "a\n", "b\n")
    assert ([result.stdout for result in results], count) == (["a\n", "b\n"], 2)


ALONE = {
    "its own file": "print(open(__file__).read()[:5])",
    "its input by name": "print(open('/dev/stdin').read())",
    "a text that does not compile": "print(",
    "a text with NUL": "print('\0')",
}


@pytest.mark.parametrize("program", ALONE.values(), ids=ALONE)
def test_a_program_that_cannot_share_has_runs_of_its_own(jail: Sandbox, program: str) -> None:
    results, count = shared(jail, program, "a", "b")
    assert count == 0
    assert results[1].stdout == jail.run(program, stdin="b").stdout


def test_a_large_input_has_a_run_of_its_own(jail: Sandbox) -> None:
    results, count = shared(jail, "print(len(input()))", "x" * 5, "x" * 100_000, "x" * 7)
    assert [result.stdout for result in results] == ["5\n", "100000\n", "7\n"]
    assert count == 2


def test_other_limits_have_a_run_of_their_own(jail: Sandbox) -> None:
    with SharedRun(jail, "print(1)", LIMITS) as run:
        assert run.run("", Limits(memory_bytes=LIMITS.memory_bytes + 1)).stdout == "1\n"
        assert run.run("", Limits(memory_bytes=1 << 26)).stdout == "1\n"
        assert run.shared == 0


def test_where_processes_are_not_alone_each_input_has_its_own_run() -> None:
    with open_sandbox("process") as box:
        results, count = shared(box, "print(input())", "a", "b")
    assert ([result.stdout for result in results], count) == (["a\n", "b\n"], 0)


def test_a_closed_sandbox_says_so() -> None:
    with open_sandbox("process") as box:
        run = SharedRun(box, "print(1)", LIMITS)
    with pytest.raises((SandboxError, ConfigError), match="closed"):
        run.run("", LIMITS)


def test_the_numbers_of_system_calls_are_those_of_this_machine() -> None:
    assert os.uname().machine in SCHEDULING
