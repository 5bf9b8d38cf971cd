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
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from assaygym.errors import ConfigError, IsolationError, MissingDependencyError, SandboxError
from assaygym.sandbox import ExecResult, Limits, Process
from assaygym.sandbox._confinement import options
from assaygym.sandbox._container import GUEST, Container, connect
from assaygym.sandbox._image import worker_image
from assaygym.sandbox.docker import DockerSandbox

MIB = 1 << 20
LIMITS = Limits(memory_bytes=128 * MIB, file_bytes=2 * MIB, processes=16)

STAND_IN = """
import ctypes, os, signal, socket, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
host = socket.socket(fileno=int(sys.argv[1]))
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
UNUSED_INFO = {"NCPU": 8, "Architecture": "x86_64", "SecurityOptions": ["name=seccomp,profile=default"]}


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    pytest.importorskip("docker")
    try:
        opened = connect()
    except IsolationError as error:
        pytest.skip(str(error))
    with closing(opened):
        yield opened


@pytest.fixture(scope="module")
def image(client: Any) -> str:
    return worker_image(client)


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guest")
    folder.chmod(0o755)
    shutil.copy(GUEST / "container.py", folder)
    for name in ("launcher.py", "other.py"):
        (folder / name).write_text(STAND_IN, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def container(image: str, guest: Path) -> Iterator[Container]:
    with closing(Container(connect(), image, 2, LIMITS, guest)) as opened:
        yield opened


@pytest.fixture
def worker(container: Container) -> Iterator[socket.socket]:
    with container.connect_worker() as opened:
        opened.settimeout(20)
        yield opened


def ask(worker: socket.socket, code: str) -> Any:
    """What the stand-in makes of an expression; the name of an exception as a plain text."""
    worker.sendall(code.encode())
    answer = worker.recv(65536).decode()
    return answer if answer.isidentifier() and answer not in ("True", "False", "None") else eval(answer)


def eventually(true: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


def is_known(client: Any, name: str) -> bool:
    return bool(client.api.containers(all=True, filters={"id": name}))


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
        with container.connect_worker() as other:
            assert ask(worker, "os.getpid()") != ask(other, "os.getpid()")
            assert ask(worker, "os.getppid()") == ask(other, "os.getppid()") == 1

    def test_a_worker_inherits_its_socket_and_no_other_descriptor(self, worker: socket.socket) -> None:
        inherited = {0, 1, 2, ask(worker, "host.fileno()")}
        listing = ask(worker, "sorted(map(int, os.listdir('/proc/self/fd')))")
        assert inherited < set(listing)
        assert len(listing) == len(inherited) + 1  # the listing itself

    def test_what_a_worker_prints_goes_nowhere_and_never_blocks(self, worker: socket.socket) -> None:
        assert ask(worker, "sum(os.write(1, bytes(65536)) for _ in range(64))") == 64 * 65536

    def test_a_launcher_of_another_name_gets_its_flags_and_environment(self, container: Container) -> None:
        with container.connect_worker("other.py", ["-S", "-B"], {"PYTHONHASHSEED": "7"}) as worker:
            flags = "(sys.flags.isolated, sys.flags.dont_write_bytecode, sys.flags.hash_randomization)"
            assert ask(worker, flags) == (0, 1, 1)
            assert ask(worker, "(os.environ['PYTHONHASHSEED'], sys.argv[0])") == ("7", "/opt/assaygym/guest/other.py")


class TestConfinement:
    def test_it_is_nobody_without_capabilities_and_new_privileges(self, worker: socket.socket) -> None:
        assert ask(worker, "os.getresuid() + os.getresgid()") == (65534,) * 6
        status = ask(worker, "open('/proc/self/status').read()")
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert {fields[name] for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
        assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")

    @pytest.mark.parametrize("path", ["/x", "/etc/x", "/usr/x", "/opt/assaygym/guest/x"])
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
        assert ask(worker, "os.listdir('/opt/assaygym/host')") == []

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
        with container.connect_worker() as greedy:
            ask(greedy, "[subprocess.Popen(['sleep', '100']) for _ in range(200)]")
        with container.connect_worker() as worker:
            assert ask(worker, "1") == 1


class TestEnd:
    def test_letting_go_of_the_socket_kills_the_worker_and_its_group(
        self, container: Container, worker: socket.socket
    ) -> None:
        with container.connect_worker() as doomed:
            children = ask(doomed, "[os.getpid()] + [subprocess.Popen(['sleep', '100']).pid for _ in range(3)]")
        gone = f"not any(os.path.exists(f'/proc/{{pid}}') for pid in {children})"
        assert eventually(lambda: bool(ask(worker, gone)))

    def test_what_left_the_group_goes_too_with_all_that_it_started(
        self, container: Container, worker: socket.socket
    ) -> None:
        daemon = "import os, subprocess as s; s.Popen(['sleep', '100'], start_new_session=True).wait()"
        with container.connect_worker() as doomed:
            ask(doomed, f"subprocess.Popen([sys.executable, '-c', {daemon!r}], start_new_session=True).pid")
            assert eventually(lambda: b"sleep" in ask(worker, NAMES))
        assert eventually(lambda: b"sleep" not in ask(worker, NAMES))

    def test_the_end_of_a_worker_ends_its_socket_and_its_group(
        self, container: Container, worker: socket.socket
    ) -> None:
        with container.connect_worker() as ending:
            ending.settimeout(20)
            child = ask(ending, "subprocess.Popen(['sleep', '100']).pid")
            ending.sendall(b"os._exit(3)")
            assert ending.recv(1) == b""
        assert eventually(lambda: not ask(worker, f"os.path.exists('/proc/{child}')"))

    def test_many_workers_leave_nothing_behind(self, container: Container, worker: socket.socket) -> None:
        count = "len([name for name in os.listdir('/proc') if name.isdigit()])"
        assert eventually(lambda: bool(ask(worker, count) == 2))
        before = len(os.listdir("/proc/self/fd"))
        for number in range(12):
            with container.connect_worker() as other:
                assert ask(other, "1") == 1
                if number % 2:
                    other.sendall(b"os.kill(os.getpid(), 9)")
        assert eventually(lambda: bool(ask(worker, count) == 2))
        assert len(os.listdir("/proc/self/fd")) == before

    def test_close_removes_the_container_and_a_second_close_does_nothing(
        self, client: Any, image: str, guest: Path
    ) -> None:
        container = Container(connect(), image, 1, LIMITS, guest)
        with container.connect_worker() as worker:
            assert is_known(client, container.id)
            container.close()
            assert not is_known(client, container.id)
            assert worker.recv(1) == b""
        container.close()
        with pytest.raises(SandboxError, match="takes no orders"):
            container.connect_worker()

    def test_a_container_that_nobody_holds_is_removed(self, client: Any, image: str, guest: Path) -> None:
        container = Container(connect(), image, 1, LIMITS, guest)
        name = container.id
        del container
        gc.collect()
        assert not is_known(client, name)

    @pytest.mark.parametrize("forks", [False, True])
    def test_the_container_goes_when_its_owner_is_killed_though_a_fork_of_it_lives_on(
        self, client: Any, image: str, guest: Path, forks: bool
    ) -> None:
        owner = subprocess.Popen(
            [sys.executable, "-c", OWNER, image, str(guest), str(forks)], stdout=subprocess.PIPE, text=True
        )
        assert owner.stdout is not None
        with owner.stdout as lines:
            name, child = lines.readline().split()
            try:
                assert is_known(client, name)
                owner.kill()
                owner.wait()
                assert eventually(lambda: not is_known(client, name))
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


class Bare(DockerSandbox):
    """The backend without what drives its workers."""

    def run(self, *_: Any, **__: Any) -> ExecResult:
        raise NotImplementedError

    def spawn(self, *_: Any, **__: Any) -> Process:
        raise NotImplementedError

    def run_many(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


class TestSandbox:
    def test_a_container_that_was_removed_is_replaced(self, client: Any, image: str) -> None:
        with Bare(1, image=image) as sandbox:
            sandbox._connect_worker().close()
            first = sandbox._usable()
            client.containers.get(first.id).remove(force=True)
            assert eventually(lambda: not is_known(client, first.id))
            sandbox._connect_worker().close()
            assert sandbox._usable().id != first.id

    def test_a_closed_sandbox_starts_no_worker(self, client: Any, image: str) -> None:
        sandbox = Bare(1, image=image)
        sandbox.close()
        sandbox.close()
        with pytest.raises(SandboxError, match="is closed"):
            sandbox._connect_worker()

    def test_the_child_of_a_fork_has_a_container_of_its_own(self, client: Any, image: str) -> None:
        answer = subprocess.run(
            [sys.executable, "-c", FORKED, image], capture_output=True, text=True, check=True, timeout=60
        )
        mine, child = answer.stdout.split()
        assert mine != child
        assert not is_known(client, mine)
        assert not is_known(client, child)

    def test_workers_have_to_be_positive(self) -> None:
        with pytest.raises(ConfigError, match="workers is 0"):
            Bare(0)


FORKED = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_docker import Bare
with Bare(1, image=sys.argv[1]) as sandbox:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        sandbox._connect_worker().close()
        os.write(writing, sandbox._usable().id.encode())
        sandbox.close()
        os._exit(0)
    os.waitpid(child, 0)
    sandbox._connect_worker().close()
    print(sandbox._usable().id, os.read(reading, 100).decode())
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

    def test_an_unknown_image_is_the_callers_error(self, client: Any) -> None:
        with closing(connect()) as ours, pytest.raises(ConfigError, match=r"no image 'assaygym-none:1'"):
            Container(ours, "assaygym-none:1", 1, LIMITS)

    def test_an_image_without_python_leaves_no_container_behind(self, client: Any) -> None:
        name = f"assaygym-test:{uuid.uuid4().hex[:12]}"
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("nothing"))
        client.api.import_image_from_data(content.getvalue(), *name.split(":"))
        try:
            with closing(connect()) as ours, pytest.raises(IsolationError, match="python3"):
                Container(ours, name, 1, LIMITS)
            assert client.api.containers(all=True, filters={"ancestor": name}) == []
        finally:
            client.images.remove(name, force=True)

    def test_a_container_that_ends_at_once_is_said_so(self, client: Any, image: str, tmp_path: Path) -> None:
        with closing(connect()) as ours, pytest.raises(IsolationError, match="ended before it was ready"):
            Container(ours, image, 1, LIMITS, tmp_path)

    def test_a_failed_start_leaves_no_folder_behind(
        self, client: Any, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(scratch))
        with closing(connect()) as ours, suppress(IsolationError):
            Container(ours, image, 1, LIMITS, tmp_path)
        assert list(scratch.iterdir()) == []


class TestScript:
    SCRIPT = Path(__file__).parents[2] / "scripts" / "docker.sh"

    def run(self, *arguments: str, **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            [str(self.SCRIPT), *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def test_where_a_daemon_answers_it_does_nothing(self, client: Any) -> None:
        before = client.info()["ID"]
        assert self.run() == (0, "")
        assert client.info()["ID"] == before

    def test_a_daemon_elsewhere_is_not_its_business(self) -> None:
        code, said = self.run(DOCKER_HOST="tcp://127.0.0.1:9")
        assert (code, "expected unix:///path" in said) == (2, True)

    def test_a_word_it_does_not_know_is_refused(self) -> None:
        assert self.run("restart") == (2, "usage: scripts/docker.sh [start|stop], not 'restart'\n")


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
