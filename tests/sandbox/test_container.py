"""The container around the workers, with a stand-in for the launcher: transport, confinement, and its end."""

import ctypes
import gc
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from assaygym.errors import ConfigError, IsolationError, MissingDependencyError, SandboxError
from assaygym.sandbox import Limits
from assaygym.sandbox._confinement import options
from assaygym.sandbox._container import GUEST, Container, connect
from tests.sandbox.containers import eventually, is_known

pytestmark = pytest.mark.alone  # containers and descriptors are counted
MIB = 1 << 20
LIMITS = Limits(memory_bytes=128 * MIB, file_bytes=2 * MIB, processes=16)

PROGRAM = """
import ctypes, os, signal, socket, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
host = socket.socket(fileno=int(sys.argv[-1]))
while True:
    code, descriptors, _, _ = socket.recv_fds(host, 65536, 1)
    if not code:
        break
    try:
        answer = repr(eval(code, globals()))
    except BaseException as error:
        answer = type(error).__name__
    host.sendall(answer.encode())
"""
STAND_IN = "stand_in.py"
UNUSED_INFO = {"NCPU": 8, "Architecture": "x86_64", "SecurityOptions": ["name=seccomp,profile=default"]}


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guest")
    folder.chmod(0o755)
    shutil.copytree(GUEST, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / STAND_IN).write_text(PROGRAM, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def container(docker_image: str, guest: Path) -> Iterator[Container]:
    with closing(Container(connect(), docker_image, 2, LIMITS, guest)) as opened:
        yield opened


@pytest.fixture
def worker(container: Container) -> Iterator[socket.socket]:
    with start(container) as opened:
        yield opened


@contextmanager
def start(container: Container, *arguments: str, **how: Any) -> Iterator[socket.socket]:
    link, last_words = container.connect_worker(*arguments, script=STAND_IN, **how)
    with link, last_words:
        link.settimeout(20)
        yield link


def ask(worker: socket.socket, code: str) -> Any:
    """What the stand-in makes of an expression; the name of an exception as a plain text."""
    worker.sendall(code.encode())
    answer = worker.recv(65536).decode()
    return answer if answer.isidentifier() and answer not in ("True", "False", "None") else eval(answer)


class TestTransport:
    def test_a_worker_hears_and_answers(self, worker: socket.socket) -> None:
        assert ask(worker, "6 * 7") == 42

    def test_a_descriptor_from_inside_is_readable_outside(self, worker: socket.socket) -> None:
        worker.sendall(b"(pipe := os.pipe(), os.write(pipe[1], b'hello'), socket.send_fds(host, [b'x'], [pipe[0]]))")
        _, descriptors, _, _ = socket.recv_fds(worker, 1, 1)
        with os.fdopen(descriptors[0], "rb", buffering=0) as pipe:
            assert pipe.read(5) == b"hello"

    def test_a_descriptor_from_outside_is_readable_inside(self, worker: socket.socket) -> None:
        with os.fdopen(os.memfd_create("order"), "r+b", buffering=0) as memory:
            memory.write(b"order")
            socket.send_fds(worker, [b"os.pread(descriptors[0], 5, 0)"], [memory.fileno()])
        assert eval(worker.recv(100)) == b"order"

    def test_workers_are_processes_of_one_container(self, container: Container, worker: socket.socket) -> None:
        with start(container) as other:
            assert ask(worker, "os.getpid()") != ask(other, "os.getpid()")
            assert ask(worker, "os.getppid()") == ask(other, "os.getppid()") == 1

    def test_a_worker_inherits_its_socket_and_no_other_descriptor(self, worker: socket.socket) -> None:
        inherited = {0, 1, 2, ask(worker, "host.fileno()")}
        listing = ask(worker, "sorted(map(int, os.listdir('/proc/self/fd')))")
        assert inherited < set(listing)
        assert len(listing) == len(inherited) + 1  # the listing itself

    def test_its_standard_streams_are_pipes_that_lead_nowhere_and_never_block(self, worker: socket.socket) -> None:
        assert ask(worker, "[os.fstat(number).st_mode >> 12 for number in range(3)]") == [1, 1, 1]
        assert ask(worker, "os.read(0, 1)") == b""
        assert ask(worker, "os.write(1, b'x')") == "BrokenPipeError"

    def test_its_last_words_come_to_us(self, container: Container) -> None:
        link, last_words = container.connect_worker(script=STAND_IN)
        with link, last_words:
            link.sendall(b"(os.write(2, b'help'), os._exit(1))")
            assert last_words.read() == b"help"

    def test_a_launcher_gets_its_arguments_flags_and_environment(self, container: Container) -> None:
        how = {"flags": ["-S", "-B"], "environment": {"PYTHONHASHSEED": "7"}}
        with start(container, "a", "b", **how) as worker:
            flags = "(sys.flags.isolated, sys.flags.dont_write_bytecode, sys.flags.hash_randomization)"
            assert ask(worker, flags) == (0, 1, 1)
            assert ask(worker, "sys.argv[:-1]") == ["/run/assaygym/guest/stand_in.py", "a", "b"]
            assert ask(worker, "int(sys.argv[-1]) == host.fileno()") is True
            assert ask(worker, "sorted(os.environ)") == ["PATH", "PYTHONHASHSEED"]


class TestConfinement:
    def test_it_is_nobody_without_capabilities_and_new_privileges(self, worker: socket.socket) -> None:
        assert ask(worker, "os.getresuid() + os.getresgid()") == (65534,) * 6
        status = ask(worker, "open('/proc/self/status').read()")
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert {fields[name] for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
        assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")

    @pytest.mark.parametrize("path", ["/x", "/etc/x", "/usr/x", "/run/assaygym/guest/x"])
    def test_nothing_can_be_written_beside_scratch(self, worker: socket.socket, path: str) -> None:
        assert ask(worker, f"open({path!r}, 'w')") in ("OSError", "PermissionError")

    def test_scratch_is_limited(self, worker: socket.socket) -> None:
        write = "open('/tmp/x', 'wb', 0).write"
        assert ask(worker, f"{write}(bytes({MIB}))") == MIB
        assert ask(worker, f"{write}(bytes({64 * MIB})) < {5 * MIB}")
        assert ask(worker, "os.remove('/tmp/x')") is None

    def test_there_is_no_network(self, worker: socket.socket) -> None:
        assert ask(worker, "sorted(os.listdir('/sys/class/net'))") in (["lo"], ["ifb0", "ifb1", "lo"], ["lo", "sit0"])
        assert ask(worker, "socket.create_connection(('127.0.0.1', 1))") == "PermissionError"

    @pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"])
    def test_sockets_are_unix_ones(self, worker: socket.socket, family: str) -> None:
        assert ask(worker, f"socket.socket(socket.{family}, socket.SOCK_DGRAM)") == "PermissionError"

    def test_the_folder_of_the_call_is_gone_from_the_host_and_empty_inside(self, worker: socket.socket) -> None:
        assert ask(worker, "os.listdir('/run/assaygym/host')") == []

    def test_the_first_process_hides_its_memory(self, worker: socket.socket) -> None:
        assert ask(worker, "open('/proc/1/mem', 'rb')") == "PermissionError"

    def test_a_worker_can_make_namespaces_and_mount_in_them(self, worker: socket.socket) -> None:
        assert ask(worker, "libc.unshare(0x10000000 | 0x20000 | 0x20000000 | 0x40000000)") == 0
        assert ask(worker, "libc.mount(b'tmpfs', b'/mnt', b'tmpfs', 0, None)") == 0
        assert ask(worker, "' /mnt rw,' in open('/proc/self/mountinfo').read()") is True

    @pytest.mark.parametrize("call", ["ptrace", "bpf", "keyctl", "io_uring_setup", "perf_event_open", "fsopen"])
    def test_calls_that_no_worker_needs_are_refused(self, worker: socket.socket, call: str) -> None:
        number = {
            "ptrace": 101,
            "bpf": 321,
            "keyctl": 250,
            "io_uring_setup": 425,
            "perf_event_open": 298,
            "fsopen": 430,
        }
        if os.uname().machine != "x86_64":
            pytest.skip("the numbers are those of x86-64")
        assert ask(worker, f"(libc.syscall({number[call]}, 0, 0, 0, 0), ctypes.get_errno() in (1, 38))") == (-1, True)

    def test_landlock_is_there_as_outside(self, worker: socket.socket) -> None:
        version = ctypes.CDLL(None).syscall(444, None, 0, 1)
        assert ask(worker, "libc.syscall(444, None, 0, 1)") == version

    def test_there_is_a_limit_on_processes(self, worker: socket.socket) -> None:
        assert ask(worker, "[subprocess.Popen(['sleep', '100']) for _ in range(200)]") == "BlockingIOError"

    def test_a_worker_starts_as_soon_as_one_that_took_all_processes_is_let_go(self, container: Container) -> None:
        with start(container) as greedy:
            ask(greedy, "[subprocess.Popen(['sleep', '100']) for _ in range(200)]")
        with start(container) as worker:
            assert ask(worker, "1") == 1


class TestEnd:
    def test_letting_go_of_the_socket_kills_the_worker_and_its_group(
        self, container: Container, worker: socket.socket
    ) -> None:
        with start(container) as doomed:
            children = ask(doomed, "[os.getpid()] + [subprocess.Popen(['sleep', '100']).pid for _ in range(3)]")
        gone = f"not any(os.path.exists(f'/proc/{{pid}}') for pid in {children})"
        assert eventually(lambda: bool(ask(worker, gone)))

    def test_what_left_the_group_goes_too_with_all_that_it_started(
        self, container: Container, worker: socket.socket
    ) -> None:
        daemon = "import os, subprocess as s; s.Popen(['sleep', '100'], start_new_session=True).wait()"
        with start(container) as doomed:
            ask(doomed, f"subprocess.Popen([sys.executable, '-c', {daemon!r}], start_new_session=True).pid")
            assert eventually(lambda: b"sleep" in ask(worker, NAMES))
        assert eventually(lambda: b"sleep" not in ask(worker, NAMES))

    def test_the_end_of_a_worker_ends_its_socket_and_its_group(
        self, container: Container, worker: socket.socket
    ) -> None:
        with start(container) as ending:
            ending.settimeout(20)
            child = ask(ending, "subprocess.Popen(['sleep', '100']).pid")
            ending.sendall(b"os._exit(3)")
            assert ending.recv(1) == b""
        assert eventually(lambda: not ask(worker, f"os.path.exists('/proc/{child}')"))

    def test_a_folder_of_a_worker_is_gone_when_its_socket_ends(
        self, container: Container, worker: socket.socket
    ) -> None:
        deep = "[(os.mkdir('d'), os.chdir('d')) for _ in range(3000)]"
        with start(container, folder="/tmp/mine") as ending:
            assert ask(ending, "os.chdir('/tmp/mine')") is None
            assert len(ask(ending, deep)) == 3000
            ending.sendall(b"(os.chmod('/tmp/mine', 0), os._exit(0))")
            assert ending.recv(1) == b""
        assert ask(worker, "os.path.exists('/tmp/mine')") is False

    def test_many_workers_leave_nothing_behind(self, container: Container, worker: socket.socket) -> None:
        count = "len([name for name in os.listdir('/proc') if name.isdigit()])"
        assert eventually(lambda: bool(ask(worker, count) == 2))
        before = len(os.listdir("/proc/self/fd"))
        for number in range(12):
            with start(container) as other:
                assert ask(other, "1") == 1
                if number % 2:
                    other.sendall(b"os.kill(os.getpid(), 9)")
        assert eventually(lambda: bool(ask(worker, count) == 2))
        assert len(os.listdir("/proc/self/fd")) == before

    def test_close_removes_the_container_and_a_second_close_does_nothing(
        self, docker_client: Any, docker_image: str, guest: Path
    ) -> None:
        container = Container(connect(), docker_image, 1, LIMITS, guest)
        with start(container) as worker:
            assert is_known(docker_client, container.id)
            container.close()
            assert not is_known(docker_client, container.id)
            assert worker.recv(1) == b""
        container.close()
        with pytest.raises(SandboxError, match="takes no orders"):
            container.connect_worker()

    def test_a_container_that_nobody_holds_is_removed(self, docker_client: Any, docker_image: str, guest: Path) -> None:
        container = Container(connect(), docker_image, 1, LIMITS, guest)
        name = container.id
        del container
        gc.collect()
        assert not is_known(docker_client, name)

    @pytest.mark.parametrize("forks", [False, True])
    def test_the_container_goes_when_its_owner_is_killed_though_a_fork_of_it_lives_on(
        self, docker_client: Any, docker_image: str, guest: Path, forks: bool
    ) -> None:
        owner = subprocess.Popen(
            [sys.executable, "-c", OWNER, docker_image, str(guest), str(forks)], stdout=subprocess.PIPE, text=True
        )
        assert owner.stdout is not None
        with owner.stdout as lines:
            name, child = lines.readline().split()
            try:
                assert is_known(docker_client, name)
                owner.kill()
                owner.wait()
                assert eventually(lambda: not is_known(docker_client, name))
                assert forks == Path(f"/proc/{child}").exists()
            finally:
                if forks:
                    os.kill(int(child), signal.SIGKILL)


NAMES = "[open(f'/proc/{name}/comm', 'rb').read().strip() for name in os.listdir('/proc') if name.isdigit()]"
OWNER = """
import os, sys, time
from pathlib import Path
from assaygym.sandbox import Limits
from assaygym.sandbox._container import Container, connect
container = Container(connect(), sys.argv[1], 1, Limits(), Path(sys.argv[2]))
child = os.fork() if sys.argv[3] == "True" else -1
if child:
    print(container.id, child, flush=True)
time.sleep(100)
"""


class TestRefusal:
    def test_no_daemon_is_said_with_what_mends_it(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        pytest.importorskip("docker")
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
        with pytest.raises(IsolationError, match=r"no docker daemon answers.*scripts/docker\.sh"):
            connect()

    def test_a_missing_sdk_is_said_with_the_command_that_installs_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "docker", None)
        with pytest.raises(MissingDependencyError, match=r"pip install 'assaygym\[docker\]'"):
            connect()

    def test_an_unknown_image_is_the_callers_error(self, docker_client: Any) -> None:
        with closing(connect()) as ours, pytest.raises(ConfigError, match=r"no image 'assaygym-none:1'"):
            Container(ours, "assaygym-none:1", 1, LIMITS)

    def test_an_image_without_python_leaves_no_container_behind(self, docker_client: Any) -> None:
        name = f"assaygym-test:{uuid.uuid4().hex[:12]}"
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("nothing"))
        docker_client.api.import_image_from_data(content.getvalue(), *name.split(":"))
        try:
            with closing(connect()) as ours, pytest.raises(IsolationError, match="python3"):
                Container(ours, name, 1, LIMITS)
            assert docker_client.api.containers(all=True, filters={"ancestor": name}) == []
        finally:
            docker_client.images.remove(name, force=True)

    def test_a_container_that_ends_at_once_is_said_so(
        self, docker_client: Any, docker_image: str, tmp_path: Path
    ) -> None:
        with closing(connect()) as ours, pytest.raises(IsolationError, match="ended before it was ready"):
            Container(ours, docker_image, 1, LIMITS, tmp_path)

    def test_a_failed_start_leaves_no_folder_behind(
        self, docker_client: Any, docker_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(scratch))
        with closing(connect()) as ours, suppress(IsolationError):
            Container(ours, docker_image, 1, LIMITS, tmp_path)
        assert list(scratch.iterdir()) == []


class TestOptions:
    def test_limits_are_those_of_all_workers(self) -> None:
        one, four = (options(UNUSED_INFO, workers, LIMITS) for workers in (1, 4))
        assert four["mem_limit"] == four["memswap_limit"] == 4 * one["mem_limit"]
        assert one["mem_limit"] > LIMITS.memory_bytes + LIMITS.file_bytes
        assert four["pids_limit"] > 4 * LIMITS.processes
        assert four["nano_cpus"] == 4_000_000_000

    def test_no_more_processors_are_asked_for_than_there_are(self) -> None:
        assert options(UNUSED_INFO, 100, LIMITS)["nano_cpus"] == 8_000_000_000

    @pytest.mark.parametrize(
        ("daemon", "expected"),
        [
            ("name=apparmor", "apparmor=unconfined"),
            ("name=selinux", "label=disable"),
            ("name=seccomp,profile=default", "seccomp={"),
        ],
    )
    def test_rules_are_loosened_only_where_they_are_on(self, daemon: str, expected: str) -> None:
        given = options({**UNUSED_INFO, "SecurityOptions": [daemon]}, 1, LIMITS)["security_opt"]
        assert [entry.startswith(expected) for entry in given] == [False, True]
        assert options({**UNUSED_INFO, "SecurityOptions": None}, 1, LIMITS)["security_opt"] == given[:1]

    def test_an_unknown_machine_gets_dockers_own_profile(self) -> None:
        given = options({**UNUSED_INFO, "Architecture": "riscv64"}, 1, LIMITS)["security_opt"]
        assert given == ["no-new-privileges:true"]

    def test_the_profile_names_no_call_twice_and_none_of_the_machine(self) -> None:
        (text,) = (entry for entry in options(UNUSED_INFO, 1, LIMITS)["security_opt"] if entry.startswith("seccomp="))
        names = [name for rule in json.loads(text.removeprefix("seccomp="))["syscalls"] for name in rule["names"]]
        assert len(names) == len(set(names))
        dangerous = {
            "bpf",
            "init_module",
            "kexec_load",
            "keyctl",
            "ptrace",
            "reboot",
            "clock_settime",
            "io_uring_setup",
        }
        assert not dangerous & set(names)
