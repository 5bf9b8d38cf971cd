"""What the backends of this machine share: forks of the host, limits of any size, workers that are lost, the end."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox import ExecStatus, Limits, Sandbox, open_sandbox
from assaygym.sandbox._local import TRIES, LocalSandbox
from assaygym.sandbox._worker import Report, Worker, WorkerLost

pytestmark = pytest.mark.alone  # deadlines, much memory
FORKS = """
import gc, os, sys, threading, time
from assaygym.sandbox import open_sandbox
with open_sandbox({backend!r}, workers=1) as sandbox:
    seen = []
    thread = threading.Thread(target=lambda: seen.append(sandbox.run("import time; time.sleep(1); print(1)").stdout))
    thread.start()
    process = sandbox.spawn("import time; time.sleep(1)")
    time.sleep(0.3)
    child = os.fork()
    if child == 0:
        print("child", sandbox.run("print(7)").stdout.strip(), flush=True)
        del process
        gc.collect()
        sandbox.close()
        os._exit(0)
    os.waitpid(child, 0)
    thread.join()
    print("parent", seen, process.finish().status)
    process = sandbox.spawn("import time; time.sleep(60)")
    child = os.fork()
    if child == 0:
        time.sleep(60)
    start = time.monotonic()
    process.kill()
    del process
    print("at once" if time.monotonic() - start < 3 else "late")
    os.kill(child, 9)
"""


@pytest.mark.parametrize("backend", ["jail", "process"])
def test_a_sandbox_works_on_both_sides_of_a_fork(jail: Sandbox, backend: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKS.format(backend=backend)]
    seen = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert seen.stderr == ""
    assert seen.stdout.splitlines() == ["child 7", "parent ['1\\n'] ok", "at once"]


def test_spawned_programs_that_hold_a_place_are_not_late_through_each_other(jail: Sandbox) -> None:
    busy = "import time\nwhile time.process_time() < 0.1: pass"
    with open_sandbox("jail", workers=1) as sandbox:

        def one(_: int) -> ExecStatus:
            with sandbox.place():
                return sandbox.spawn(busy, limits=Limits(cpu_seconds=5, wall_seconds=3)).finish().status

        with ThreadPoolExecutor(40) as pool:
            assert set(pool.map(one, range(40))) == {ExecStatus.OK}


@pytest.fixture(params=["jail", "process"])
def own(request: pytest.FixtureRequest, namespaces: None) -> Iterator[LocalSandbox]:
    """A sandbox with one worker, ready or not."""
    with open_sandbox(request.param, workers=1) as sandbox:
        assert isinstance(sandbox, LocalSandbox)
        yield sandbox


ENDLESS = float("inf")
HUGE = 1 << 70


@pytest.mark.parametrize(
    "limits",
    [
        {"wall_seconds": 1e9},
        {"wall_seconds": ENDLESS, "cpu_seconds": ENDLESS},
        {"memory_bytes": 1 << 50},
        {"memory_bytes": HUGE, "file_bytes": HUGE, "processes": HUGE},
        {"memory_bytes": 1e9, "file_bytes": 1e6, "output_bytes": 1e3, "processes": 9.5},
        {"output_bytes": 2, "file_bytes": 1, "processes": 1},
    ],
)
def test_a_limit_of_any_size_is_kept(own: LocalSandbox, limits: dict[str, float]) -> None:
    result = own.run("print(1)", limits=Limits(**limits))  # type: ignore[arg-type]
    assert (result.status, result.stdout) == (ExecStatus.OK, "1\n")


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        (Limits(wall_seconds=0.001), ExecStatus.TIMEOUT),
        (Limits(cpu_seconds=1e-6), ExecStatus.TIMEOUT),
        (Limits(output_bytes=1), ExecStatus.OUTPUT_LIMIT),
    ],
)
def test_a_limit_that_is_next_to_nothing_is_a_result(own: LocalSandbox, limits: Limits, status: ExecStatus) -> None:
    assert own.run("print(12)\nimport time\ntime.sleep(0.1)", limits=limits).status is status


def test_more_output_than_memory_can_keep_is_refused(own: LocalSandbox) -> None:
    with pytest.raises(ConfigError, match=f"output_bytes is {1 << 40}; expected at most"):
        own.run("print(1)", limits=Limits(output_bytes=1 << 40))


def test_much_output_is_no_memory_of_the_programs(own: LocalSandbox) -> None:
    program = "import sys\nfor _ in range(100): sys.stdout.buffer.write(bytes(1 << 20))"
    result = own.run(program, limits=Limits(output_bytes=120 << 20, memory_bytes=16 << 20, file_bytes=1 << 20))
    assert (result.status, len(result.stdout)) == (ExecStatus.OK, 100 << 20)


def test_what_a_program_is_given_may_be_larger_than_its_memory(own: LocalSandbox) -> None:
    program = "import os, sys; print(os.path.getsize('a'), len(sys.argv), len(sys.stdin.read(60 << 10)))"
    result = own.run(
        program,
        files={"a": bytes(100 << 20)},
        argv=[str(number) for number in range(200_000)],
        stdin="x" * (100 << 20),
        limits=Limits(memory_bytes=1 << 20),
    )
    assert (result.status, result.stdout) == (ExecStatus.OK, f"{100 << 20} 200001 {60 << 10}\n")


@pytest.mark.parametrize("argv", [["x"] * 300_000, ["x" * 200_000]])
def test_a_command_line_that_the_kernel_does_not_take_is_refused(own: LocalSandbox, argv: list[str]) -> None:
    with pytest.raises(ConfigError, match="a command takes at most"):
        own.run("echo", language="bash", argv=argv)


def test_a_program_cannot_write_to_its_standard_input(own: LocalSandbox) -> None:
    program = "import os\ntry: os.write(0, b'x')\nexcept OSError as error: print(error.errno)"
    assert own.run(program, stdin="x" * 100_000).stdout == "9\n"


def test_the_seed_is_a_number_whatever_its_class(own: LocalSandbox) -> None:
    class Five:
        def __index__(self) -> int:
            return 5

    program = "import random; print(random.random())"
    assert own.run(program, seed=cast("int", Five())).stdout == own.run(program, seed=5).stdout


def test_a_run_that_is_interrupted_loses_its_worker_and_no_other_does(
    own: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(worker: Worker) -> Report:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Worker, "report", interrupted)
        with pytest.raises(KeyboardInterrupt):
            own.run("print('unheard')")
    assert own.run("print(1)").stdout == "1\n"


def test_an_interrupted_run_is_told_as_such_even_when_the_sandbox_is_closed(
    own: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(worker: Worker) -> Report:
        own.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(Worker, "report", interrupted)
    with pytest.raises(KeyboardInterrupt):
        own.run("pass")


def losing(monkeypatch: pytest.MonkeyPatch, name: str, times: int) -> None:
    """Have the first few calls lose their worker."""
    left, original = iter(range(times)), getattr(Worker, name)

    def lost(worker: Worker, *arguments: object) -> object:
        if next(left, None) is not None:
            raise WorkerLost("killed")
        return original(worker, *arguments)

    monkeypatch.setattr(Worker, name, lost)


def test_a_run_may_lose_two_workers(own: LocalSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    losing(monkeypatch, "report", TRIES - 1)
    assert own.run("print(1)").stdout == "1\n"


def test_a_run_that_loses_all_its_workers_is_a_fault_of_the_sandbox(
    own: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    losing(monkeypatch, "report", TRIES)
    with pytest.raises(SandboxError, match="killed"):
        own.run("print(1)")


def test_a_program_is_spawned_though_its_worker_died_before_it_began(
    own: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    losing(monkeypatch, "start", TRIES - 1)
    assert own.spawn("print(1)").finish().status is ExecStatus.OK


def test_a_worker_lost_in_a_conversation_is_a_fault_of_the_sandbox_however_often_asked(own: LocalSandbox) -> None:
    process = own.spawn("import time; time.sleep(60)", limits=Limits(wall_seconds=60))
    [worker] = own._pool._busy
    assert worker._process is not None
    worker._process.kill()
    for ask in (process.finish, process.kill, process.finish):
        with pytest.raises(WorkerLost, match="gave no report"):
            ask()
    process.send(b"x")
    assert process.recv(60) is None
    assert own.run("print(1)").stdout == "1\n"


def test_a_channel_that_cannot_be_made_costs_no_worker_for_good(
    own: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError(24, "Too many open files")

    own.run("pass")
    with monkeypatch.context() as patched:
        patched.setattr("assaygym.sandbox._channel.socket.socketpair", fails)
        with pytest.raises(SandboxError, match="channel could not be made"):
            own.spawn("pass")
    assert not own._pool._busy


def test_a_spawned_program_can_be_awaited_without_end(own: LocalSandbox) -> None:
    process = own.spawn("import os; os.write(3, b'\\0\\0\\0\\1x')", limits=Limits(wall_seconds=ENDLESS))
    assert process.recv(ENDLESS) == b"x"
    assert process.finish().status is ExecStatus.OK


def test_closing_leaves_no_process_of_a_spawned_program_that_nobody_dropped(own: LocalSandbox) -> None:
    process = own.spawn("import time; time.sleep(60)", limits=Limits(wall_seconds=60))
    [worker] = own._pool._busy
    assert worker._process is not None
    own.close()
    assert worker._process.returncode is not None
    with pytest.raises(SandboxError, match="closed"):
        process.finish()


def test_closing_ends_what_other_threads_run(own: LocalSandbox) -> None:
    def run(_: int) -> str:
        with pytest.raises(SandboxError, match="is closed"):
            own.run("import time; time.sleep(60)", limits=Limits(wall_seconds=60))
        return "told"

    with ThreadPoolExecutor(3) as pool:
        told = pool.map(run, range(3))
        time.sleep(0.4)
        own.close()
        assert list(told) == ["told"] * 3


def test_no_session_is_opened_while_the_sandbox_closes(own: LocalSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = own._checked

    def closed_meanwhile(limits: Limits | None) -> Limits:
        found = checked(limits)
        own.close()
        return found

    monkeypatch.setattr(own, "_checked", closed_meanwhile)
    with pytest.raises(SandboxError, match="is closed"):
        own.session()
    assert own._opener is None


EXIT = """
import sys
from assaygym.sandbox import open_sandbox
sandbox = open_sandbox({backend!r}, workers=1)
process = sandbox.spawn("import time; time.sleep(60)")
sandbox.run("pass")
jobs = sandbox.run_many([])
"""


@pytest.mark.parametrize("backend", ["jail", "process"])
def test_an_interpreter_that_exits_with_everything_open_ends_at_once_and_silently(jail: Sandbox, backend: str) -> None:
    seen = subprocess.run(
        [sys.executable, "-c", EXIT.format(backend=backend)], capture_output=True, text=True, timeout=20, check=False
    )
    assert (seen.returncode, seen.stderr) == (0, "")
