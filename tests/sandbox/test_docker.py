"""The `docker` backend: the contract, and what happens when containers and workers end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox import Limits, Sandbox
from assaygym.sandbox._alone import why_not
from assaygym.sandbox.contract import SandboxContract
from assaygym.sandbox.contract.channels import ECHO
from assaygym.sandbox.docker import DockerSandbox
from tests.sandbox.containers import eventually, is_known

OWNER = """
import os, sys, time
from assaygym.sandbox.docker import DockerSandbox
sandbox = DockerSandbox(1, image=sys.argv[1])
process = sandbox.spawn("import os, time\\nos.fork(); os.write(3, b'\\\\0\\\\0\\\\0\\\\0'); time.sleep(60)")
process.recv(10)
child = os.fork() if sys.argv[2] == "True" else -1
if child:
    print(sandbox._usable().id, child, flush=True)
time.sleep(100)
"""
FORKED = """
import os, sys
from assaygym.sandbox.docker import DockerSandbox
with DockerSandbox(1, image=sys.argv[1]) as sandbox:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        sandbox.run("pass")
        os.write(writing, sandbox._usable().id.encode())
        sandbox.close()
        os._exit(0)
    os.waitpid(child, 0)
    sandbox.run("pass")
    print(sandbox._usable().id, os.read(reading, 100).decode())
"""
PROCESSES = 7
"""With a program and a child of it: the container's first, watcher, keeper, zygote, the run's first, and these two."""


def chain(container: Any) -> list[int]:
    """The processes of a container, each after the one that started it: ours first, then those of a worker."""
    answer = container.top()
    number, parent = (answer["Titles"].index(title) for title in ("PID", "PPID"))
    rows = {int(row[number]): int(row[parent]) for row in answer["Processes"]}
    return sorted(rows, key=lambda process: len(list(above(process, rows))))


def above(process: int, parents: dict[int, int]) -> Iterator[int]:
    while process := parents.get(process, 0):
        yield process


@pytest.fixture(scope="module")
def shared(namespaces: None, docker_image: str) -> Iterator[DockerSandbox]:
    with DockerSandbox(2, image=docker_image) as opened:
        yield opened


class TestContract(SandboxContract):
    differences = frozenset({"sessions", "forks"})

    @pytest.fixture
    def sandbox(self, shared: DockerSandbox, docker_image: str, closes: bool) -> Iterator[Sandbox]:
        with DockerSandbox(2, image=docker_image) if closes else nullcontext(shared) as opened:
            yield opened


@pytest.fixture(scope="module")
def alone(docker_image: str) -> Iterator[DockerSandbox]:
    with DockerSandbox(2, image=docker_image, tier="landlock") as opened:
        yield opened


@pytest.mark.skipif(why_not() != "", reason=f"this machine has no such tier: {why_not()}")
class TestContractWithoutNamespaces(SandboxContract):
    differences = frozenset({"sessions", "forks", "child_processes", "scratch_limit"})

    @pytest.fixture
    def sandbox(self, alone: DockerSandbox, docker_image: str, closes: bool) -> Iterator[Sandbox]:
        with DockerSandbox(2, image=docker_image, tier="landlock") if closes else nullcontext(alone) as opened:
            yield opened


@pytest.mark.alone  # takes times, ends what runs
class TestSandbox:
    @pytest.fixture
    def sandbox(self, namespaces: None, docker_image: str) -> Iterator[DockerSandbox]:
        with DockerSandbox(1, image=docker_image) as opened:
            yield opened

    def test_the_jail_stands_in_the_container(self, sandbox: DockerSandbox) -> None:
        isolation = sandbox.run("pass").isolation
        assert {"docker", "userns", "pidns", "netns", "ro_root", "no_capabilities", "seccomp"} <= set(isolation)

    def test_a_program_sees_the_files_of_the_image_and_none_of_ours(self, sandbox: DockerSandbox) -> None:
        program = "import os; print(*sorted(os.listdir('/')), *os.listdir('/etc'), os.path.exists('/run'))"
        seen = sandbox.run(program).stdout.split()
        assert {"usr", "tmp", "dev", "passwd"} <= set(seen)
        assert not {"proc", "sys", "run", "var", "mnt", "hosts", "resolv.conf", "True"} & set(seen)

    def test_numpy_is_imported_beforehand_where_the_image_has_it(self, sandbox: DockerSandbox) -> None:
        pytest.importorskip("numpy")
        sandbox.run("import numpy")
        result = sandbox.run("import sys; warm = 'numpy' in sys.modules; import numpy; print(warm, numpy.arange(3))")
        assert result.stdout == "True [0 1 2]\n"

    def test_a_run_in_a_container_that_is_removed_is_done_again_in_a_new_one(
        self, docker_client: Any, sandbox: DockerSandbox
    ) -> None:
        first = sandbox._usable().id
        killer = threading.Timer(0.5, lambda: docker_client.containers.get(first).remove(force=True))
        killer.start()
        result = sandbox.run("import time; time.sleep(1); print('done')")
        killer.join()
        assert result.stdout == "done\n"
        assert sandbox._usable().id != first

    def test_a_spawned_program_whose_container_is_removed_is_our_fault(
        self, docker_client: Any, sandbox: DockerSandbox
    ) -> None:
        process = sandbox.spawn(ECHO)
        process.send(b"up")
        assert process.recv(10) == b"pu"
        docker_client.containers.get(sandbox._usable().id).remove(force=True)
        assert process.recv(10) is None
        with pytest.raises(SandboxError, match="the program is not to blame"):
            process.finish()
        assert sandbox.run("print(1)").stdout == "1\n"

    def test_idle_workers_of_a_removed_container_are_not_asked(
        self, docker_client: Any, sandbox: DockerSandbox
    ) -> None:
        processes = [sandbox.spawn("pass") for _ in range(2)]
        assert [process.finish().exit_code for process in processes] == [0, 0]
        first = sandbox._usable().id
        docker_client.containers.get(first).remove(force=True)
        assert eventually(lambda: not is_known(docker_client, first))
        assert sandbox.run("print(1)").stdout == "1\n"

    @pytest.mark.parametrize("whom", ["none", "watcher", "keeper", "zygote"])
    def test_a_worker_that_ends_leaves_nothing_in_the_container(
        self, docker_client: Any, sandbox: DockerSandbox, whom: str
    ) -> None:
        container = docker_client.containers.get(sandbox._usable().id)
        process = sandbox.spawn("import os, time\nif os.fork() == 0: os.setsid()\ntime.sleep(60)")
        assert eventually(lambda: len(chain(container)) == PROCESSES)
        if whom == "none":
            sandbox._pool.close()
        else:
            os.kill(chain(container)[("watcher", "keeper", "zygote").index(whom) + 1], signal.SIGKILL)
        with pytest.raises(SandboxError, match="closed" if whom == "none" else "the program is not to blame"):
            process.finish()
        assert eventually(lambda: len(chain(container)) == 1)

    @pytest.mark.parametrize("forks", [False, True])
    def test_nothing_outlives_a_killed_host(self, docker_client: Any, docker_image: str, forks: bool) -> None:
        command = [sys.executable, "-c", OWNER, docker_image, str(forks)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
            assert owner.stdout is not None
            name, child = owner.stdout.readline().split()
            try:
                processes = chain(docker_client.containers.get(name))
                assert len(processes) == PROCESSES
                owner.kill()
                assert eventually(lambda: not is_known(docker_client, name))
                assert not [number for number in processes if Path(f"/proc/{number}").exists()]
            finally:
                if forks:
                    os.kill(int(child), signal.SIGKILL)

    def test_the_child_of_a_fork_has_a_container_of_its_own(self, docker_client: Any, docker_image: str) -> None:
        command = [sys.executable, "-W", "ignore", "-c", FORKED, docker_image]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        mine, child = answer.stdout.split()
        assert mine != child
        assert not is_known(docker_client, mine)
        assert not is_known(docker_client, child)

    def test_a_run_is_much_faster_than_a_process_started_by_the_daemon(
        self, docker_client: Any, sandbox: DockerSandbox
    ) -> None:
        container = docker_client.containers.get(sandbox._usable().id)

        def seconds(run: Callable[[], object]) -> float:
            start = time.perf_counter()
            run()
            return time.perf_counter() - start

        ours = median(seconds(lambda: sandbox.run("print(1)")) for _ in range(9))
        daemons = median(seconds(lambda: container.exec_run(["python3", "-c", "print(1)"])) for _ in range(5))
        assert ours < daemons / 2

    def test_a_closed_sandbox_runs_nothing(self, sandbox: DockerSandbox) -> None:
        sandbox.close()
        sandbox.close()
        with pytest.raises(SandboxError, match="is closed"):
            sandbox.run("pass")

    def test_closing_ends_what_runs_and_says_so(self, docker_client: Any, sandbox: DockerSandbox) -> None:
        name = sandbox._usable().id
        process = sandbox.spawn("import time; time.sleep(60)", limits=Limits(wall_seconds=60))
        sandbox.close()
        assert not is_known(docker_client, name)
        with pytest.raises(SandboxError, match="closed"):
            process.finish()

    def test_workers_have_to_be_positive(self) -> None:
        with pytest.raises(ConfigError, match="workers is 0"):
            DockerSandbox(0)
