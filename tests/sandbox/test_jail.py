"""What a hostile program can do in the jail: each test is an attack, judged from inside and from outside."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assaygym.errors import SandboxError
from assaygym.sandbox import ExecStatus, Limits, Process, Sandbox, open_sandbox
from assaygym.sandbox import jail as jail_module
from assaygym.sandbox.contract.channels import ECHO
from assaygym.sandbox.guest import cgroup

pytestmark = [
    pytest.mark.alone,  # memory, processes, mounts and descriptors are counted
    pytest.mark.usefixtures("jail"),
]
ROOT = Path(__file__).resolve().parents[2]


def answer(jail: Sandbox, program: str, limits: Limits | None = None) -> str:
    result = jail.run(program, limits=limits)
    assert (result.status, result.stderr) == (ExecStatus.OK, "")
    return result.stdout.strip()


def test_isolation_lists_every_mechanism(jail: Sandbox) -> None:
    names = "userns mntns pidns netns ipcns utsns ro_root private_scratch no_capabilities no_new_privs seccomp rlimits"
    if os.uname().machine not in ("x86_64", "aarch64"):
        names = names.replace("seccomp ", "")
    if cgroup.find():
        names = names.replace("rlimits", "cgroup rlimits")
    assert jail.run("pass").isolation == tuple(names.split())


@pytest.fixture
def metered() -> None:
    if not cgroup.find():
        pytest.skip("no control group can be had here, so nothing sums up the memory of several processes")


EIGHT = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        held = b"x" * (50 << 20)
        time.sleep(0.5)
        os._exit(0)
print(sum(os.wait()[1] == 9 for _ in range(8)))
"""


@pytest.mark.usefixtures("metered")
def test_the_memory_of_all_processes_together_is_limited(jail: Sandbox) -> None:
    assert int(answer(jail, EIGHT, Limits(memory_bytes=100 << 20, file_bytes=1 << 20))) >= 2
    assert answer(jail, EIGHT, Limits(memory_bytes=600 << 20)) == "0"


@pytest.mark.usefixtures("metered")
def test_memory_that_only_the_kernel_holds_counts(jail: Sandbox) -> None:
    program = """
import socket
kept = []
while True:
    a, b = socket.socketpair()
    a.setblocking(False)
    a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    kept += [a, b]
    try:
        while True: a.send(b"x" * 65536)
    except BlockingIOError: pass
"""
    result = jail.run(program, limits=Limits(memory_bytes=64 << 20, file_bytes=1 << 20))
    assert result.status is ExecStatus.OUT_OF_MEMORY
    assert answer(jail, "print('the next one runs')") == "the next one runs"


@pytest.mark.usefixtures("metered")
def test_the_control_groups_vanish_with_their_workers(namespaces: None) -> None:
    def groups() -> set[str]:
        return {path for folder in Path("/sys/fs/cgroup").rglob(f"assaygym-{os.getpid()}-*") for path in [str(folder)]}

    before = groups()
    with open_sandbox("jail", workers=1) as sandbox:
        sandbox.run("pass")
        assert groups() > before
    assert groups() == before


@pytest.mark.parametrize("path", ["/proc", "/sys", "/home", "/etc/shadow", "/var", "/mnt", "/usr/share/doc", "/boot"])
def test_a_path_of_the_host_is_not_there(jail: Sandbox, path: str) -> None:
    assert answer(jail, f"import os; print(os.path.lexists({path!r}))") == "False"


def test_only_the_way_to_the_interpreter_is_left_of_the_folders_above_it(jail: Sandbox) -> None:
    program = """
import os, sys
prefix, seen = sys.base_prefix, []
while prefix != "/" and not prefix.startswith("/usr"):
    above, name = os.path.split(prefix)
    seen += [entry for entry in os.listdir(above) if entry != name] if above != "/" else []
    prefix = above
print(seen)
"""
    assert answer(jail, program) == "[]"


def test_the_host_scratch_and_the_folder_of_this_package_are_not_seen(jail: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    for path in (tmp_path, ROOT):
        assert answer(jail, f"import os; print(os.path.exists({str(path)!r}))") == "False"
    assert answer(jail, "import os; print(os.listdir('/tmp'))") == "[]"


def test_of_the_installed_packages_only_numpy_is_importable_and_none_is_visible_at_its_place(jail: Sandbox) -> None:
    program = """
import glob, importlib.util, sys
print([name for name in ("assaygym", "numpy", "pip", "pytest") if importlib.util.find_spec(name)])
print([p for place in (sys.base_prefix, "/usr", "/usr/local") for d in ("site", "dist")
       for p in glob.glob(f"{place}/lib/python3*/{d}-packages/*")])
"""
    assert answer(jail, program) == "['numpy']\n[]"


@pytest.mark.parametrize("folder", ["/", "/etc", "/usr", "/usr/lib", "/dev", "/opt/python", "/root"])
def test_nothing_outside_scratch_can_be_written(jail: Sandbox, folder: str) -> None:
    program = f"try: open({folder!r} + '/x', 'w'); print('written')\nexcept OSError: print('refused')"
    assert answer(jail, program) == "refused"


def test_all_but_scratch_is_mounted_read_only(jail: Sandbox) -> None:
    program = "import os, sys\nfor p in ('/', '/usr/lib', sys.base_prefix + '/lib', os.__file__, '/tmp'):"
    assert answer(jail, program + "\n    print(os.statvfs(p).f_flag & os.ST_RDONLY)").split() == ["1"] * 4 + ["0"]


def test_the_interpreter_itself_cannot_be_changed(jail: Sandbox) -> None:
    program = """
import os, sys
for act in (lambda: open(os.__file__, "a"), lambda: os.remove(os.__file__), lambda: os.chmod(sys.executable, 0)):
    try: act(); print("changed")
    except OSError as error: print(error.errno in (1, 13, 30))
"""
    assert answer(jail, program) == "True\nTrue\nTrue"


def test_only_unix_sockets_can_be_made(jail: Sandbox) -> None:
    program = """
import socket
for family in range(46):
    try: socket.socket(family).close(); print(family)
    except OSError: pass
"""
    assert answer(jail, program) == "1"


def test_an_abstract_unix_socket_of_the_host_is_out_of_reach(jail: Sandbox) -> None:
    name = f"assaygym-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen()
        result = jail.run(f"import socket; socket.socket(socket.AF_UNIX).connect('\\0{name}')")
    assert "ConnectionRefusedError" in result.stderr


def test_the_user_is_nobody_special_and_has_no_capability(jail: Sandbox) -> None:
    program = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
data = (ctypes.c_uint32 * 6)()
libc.capget((ctypes.c_uint32 * 2)(0x20080522, 0), data)
bounding = [number for number in range(64) if libc.prctl(23, number, 0, 0, 0) == 1]
print(os.getuid(), os.getgid(), list(data), bounding, libc.prctl(39, 0, 0, 0, 0))
"""
    assert answer(jail, program) == "1000 1000 [0, 0, 0, 0, 0, 0] [] 1"


@pytest.mark.parametrize(
    "call",
    [
        "unshare(0x10000000)",
        "unshare(0x20000)",
        "mount(b'x', b'/tmp', b'tmpfs', 0, None)",
        "umount2(b'/tmp', 2)",
        "chroot(b'/tmp')",
        "ptrace(16, 1, 0, 0)",
        "syscall(435, 0, 0)",
        "syscall(425, 8, 0)",
        "syscall(438, 0, 0, 0)",
        "syscall(460)",
        "sethostname(b'x', 1)",
        "memfd_create(b'x', 0)",
        "inotify_init()",  # it would tell which files other runs and the host open
        "personality(0x40000)",
    ],
)
def test_a_kernel_call_that_no_honest_program_needs_is_refused(jail: Sandbox, call: str) -> None:
    program = (
        f"import ctypes, errno; l = ctypes.CDLL(None, use_errno=True); print(l.{call}, ctypes.get_errno() in (1, 38))"
    )
    assert answer(jail, program) == "-1 True"


def test_the_first_process_cannot_be_killed_traced_or_frozen(jail: Sandbox) -> None:
    program = """
import os, time
for number in [n for n in range(1, 65) if n not in (32, 33)]:
    os.kill(1, number)
time.sleep(0.05)
print("alive")
raise SystemExit(5)
"""
    result = jail.run(program)
    assert (result.exit_code, result.stdout) == (5, "alive\n")


@pytest.mark.parametrize("limit", ["RLIMIT_CPU", "RLIMIT_AS", "RLIMIT_NOFILE", "RLIMIT_STACK", "RLIMIT_NPROC"])
def test_the_limits_of_the_first_process_cannot_be_set(jail: Sandbox, limit: str) -> None:
    program = f"""
import os, resource, signal, time
try:
    resource.prlimit(1, resource.{limit}, (0, 0))
except PermissionError:
    print("refused")
end = time.monotonic() + 0.2
while time.monotonic() < end:
    os.kill(1, signal.SIGCHLD)
"""
    assert answer(jail, program) == "refused"


def test_a_program_may_set_its_own_limits(jail: Sandbox) -> None:
    program = """
import resource
resource.setrlimit(resource.RLIMIT_STACK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))
print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    assert answer(jail, program) == "(10, 10)"


def test_killing_everything_in_reach_kills_only_itself(jail: Sandbox) -> None:
    program = "import os\nif os.fork() == 0:\n    import time; time.sleep(60)\nos.kill(-1, 9)\nprint(os.wait()[1])"
    assert answer(jail, program.replace("os.kill(-1, 9)", "\ntry: os.kill(-1, 9)\nexcept OSError: pass")) == "9"
    assert jail.run("import os; os.kill(0, 9)").signal == 9
    assert answer(jail, "print('the next one runs')") == "the next one runs"


def test_a_fork_bomb_ends_at_the_wall_limit_and_leaves_nothing(jail: Sandbox) -> None:
    before = children()
    program = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    result = jail.run(program, limits=Limits(wall_seconds=0.7, processes=20))
    assert result.status is ExecStatus.TIMEOUT
    assert children() == before


def test_cpu_time_of_a_killed_program_is_counted(jail: Sandbox) -> None:
    result = jail.run("while True: pass", limits=Limits(wall_seconds=0.6))
    assert result.status is ExecStatus.TIMEOUT
    assert result.cpu_seconds > 0.1


def test_scratch_holds_no_more_files_than_its_inodes(jail: Sandbox) -> None:
    program = "n = 0\ntry:\n    while True: open(str(n), 'w').close(); n += 1\nexcept OSError: print(n < 10_000)"
    assert answer(jail, program) == "True"


def test_shared_memory_is_private_and_limited(jail: Sandbox) -> None:
    program = "import os\nprint(os.listdir('/dev/shm')); open('/dev/shm/x', 'wb').write(b'x' * 3_000_000)"
    result = jail.run(program, limits=Limits(file_bytes=2_000_000))
    assert result.stdout == "[]\n"
    assert "OSError" in result.stderr


def test_two_runs_at_once_do_not_see_each_other(jail: Sandbox) -> None:
    one = jail.spawn("open('/dev/shm/mine', 'w').write('x'); open('mine', 'w').write('x')\n" + ECHO)
    one.send(b"up")
    assert one.recv(10) == b"pu"
    program = "import os; print(os.listdir('/tmp'), os.listdir('/dev/shm'), os.getpid())"
    try:
        assert answer(jail, program) == "[] [] 2"
    finally:
        one.kill()


def test_a_program_cannot_forge_the_report_of_its_end(jail: Sandbox) -> None:
    program = """
import os
for number in range(3, 1024):
    try: os.write(number, b"0")
    except OSError: pass
os._exit(9)
"""
    assert jail.run(program).exit_code == 9


def test_a_limit_too_small_for_the_interpreter_is_still_the_programs_result(jail: Sandbox) -> None:
    result = jail.run("x = 'x' * (80 << 20)", limits=Limits(memory_bytes=1))
    assert result.status is ExecStatus.OUT_OF_MEMORY


@pytest.fixture
def own(jail: Sandbox) -> Iterator[Sandbox]:
    """A jail with no worker yet."""
    with open_sandbox("jail") as opened:
        yield opened


def running(own: Sandbox) -> tuple[Process, dict[str, int]]:
    """A program that answers, and the processes of its worker."""
    before = set(children())
    process = own.spawn(ECHO)
    process.send(b"up")
    assert process.recv(10) == b"pu"
    [watcher] = set(children()) - before
    found = {"watcher": watcher}
    for above, name in zip(
        ("watcher", "keeper", "zygote", "first"), ("keeper", "zygote", "first", "program"), strict=True
    ):
        [found[name]] = children(found[above])
    return process, found


@pytest.mark.parametrize("name", ["watcher", "keeper", "zygote"])
def test_a_worker_killed_by_somebody_else_is_a_fault_of_the_sandbox(own: Sandbox, name: str) -> None:
    process, found = running(own)
    os.kill(found[name], 9)
    assert gone(found)
    with pytest.raises(SandboxError, match="the program is not to blame"):
        process.finish()
    assert own.run("print(1)").stdout == "1\n"


def test_a_first_process_killed_by_somebody_else_is_a_fault_of_the_sandbox(own: Sandbox) -> None:
    process, found = running(own)
    os.kill(found["first"], 9)
    with pytest.raises(SandboxError, match="killed from outside"):
        process.finish()


def test_the_first_process_is_closed_to_those_inside_by_the_kernels_own_rule(own: Sandbox) -> None:
    process, found = running(own)
    for name in ("keeper", "zygote", "first"):  # not dumpable: its files in /proc belong to root
        assert os.stat(f"/proc/{found[name]}/environ").st_uid == 0
    process.kill()


@pytest.mark.parametrize("number", [59, 60, 61, 255])
def test_a_worker_starts_whatever_number_its_socket_has(number: int) -> None:
    script = f"""
import os, socket
from assaygym.sandbox import open_sandbox
pair = socket.socketpair
def numbered():
    ours, theirs = pair()
    os.dup2(theirs.fileno(), {number})
    theirs.close()
    return ours, socket.socket(fileno={number})
socket.socketpair = numbered
with open_sandbox("jail", workers=1) as sandbox:
    print(sandbox.run("print('up')").stdout)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.split(), done.stderr) == (["up"], "")


def test_no_process_of_a_worker_outlives_the_process_that_started_it() -> None:
    script = r"""
import sys, time
from assaygym.sandbox import open_sandbox
sandbox = open_sandbox("jail", workers=1)
process = sandbox.spawn("import os, time\nos.fork(); os.write(3, b'\\0\\0\\0\\0'); time.sleep(60)")
process.recv(10)
print("up", flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == "up\n"
        below = {str(number): number for number in descendants(host.pid)}
        assert len(below) >= 6
        host.kill()
    assert gone(below)


def gone(processes: dict[str, int], seconds: float = 5) -> bool:
    """Whether all end soon."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not [n for n in processes.values() if is_alive(n)]:
            return True
        time.sleep(0.02)
    return False


def is_alive(number: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except OSError:
        return False


def descendants(number: int) -> list[int]:
    below = children(number)
    return below + [deeper for child in below for deeper in descendants(child)]


def children(parent: int | None = None) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
        except OSError:
            continue
        if f"PPid:\t{parent or os.getpid()}\n" in status and "State:\tZ" not in status:
            found.append(int(folder.name))
    return found


def test_closing_ends_what_runs_and_says_so(jail: Sandbox) -> None:
    with jail_module.JailSandbox() as own:
        process = own.spawn("import time; time.sleep(60)", limits=Limits(wall_seconds=60))
        start = time.monotonic()
    with pytest.raises(SandboxError, match="closed"):
        process.finish()
    assert time.monotonic() - start < 10


def test_a_dropped_process_is_ended(own: Sandbox) -> None:
    process, found = running(own)
    del process
    assert gone(found)


def test_many_runs_leave_no_process_mount_folder_or_descriptor(jail: Sandbox) -> None:
    def state() -> tuple[object, ...]:
        mounts = Path("/proc/self/mounts").read_text()
        temporary = sorted(name for name in os.listdir("/tmp") if name.startswith(f"assaygym-{os.getpid()}-"))
        return children(), mounts, temporary, len(os.listdir("/proc/self/fd"))

    jail.run("pass")
    before = state()
    for number in range(100):
        if number % 10 == 0:
            process = jail.spawn(ECHO)
            process.send(b"x")
            process.finish()
        else:
            jail.run("import os; os.fork(); open('x', 'w')")
    assert state() == before


def test_the_jail_works_for_an_ordinary_user(tmp_path_factory: pytest.TempPathFactory) -> None:
    if os.geteuid() != 0:
        pytest.skip("these tests run as an ordinary user already")
    python = "/usr/bin/python3"
    probe = "import sys; sys.exit(sys.version_info < (3, 11))"
    if not os.path.exists(python) or subprocess.run([python, "-c", probe], check=False).returncode:
        pytest.skip(f"{python} 3.11 or newer is needed: the present interpreter may lie where only root reads")
    folder = Path("/tmp") / f"assaygym-test-{os.getpid()}"
    try:
        shutil.copytree(ROOT / "sandbox", folder / "assaygym" / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "assaygym" / "__init__.py").touch()
        shutil.copy(ROOT / "assaygym" / "errors.py", folder / "assaygym")
        subprocess.run(["chmod", "-R", "a+rX", str(folder)], check=True)
        program = f"""
import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.path.insert(0, {str(folder)!r})
from assaygym.sandbox import Limits, open_sandbox
with open_sandbox() as sandbox:
    result = sandbox.run("import os; print(os.getuid(), os.listdir('/tmp'), os.path.exists('/proc'))")
    print(sandbox.name, result.stdout, *result.isolation)
    bomb = "import os\\nwhile True:\\n    try: os.fork()\\n    except OSError: pass"
    print(sandbox.run(bomb, limits=Limits(wall_seconds=0.5)).status)
    print(sandbox.run("open('/etc/x', 'w')").stderr.splitlines()[-1])
    print(sandbox.run("import socket; socket.create_connection(('127.0.0.1', 1))").exit_code)
"""
        seen = subprocess.run([python, "-B", "-c", program], capture_output=True, text=True, timeout=60, check=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert seen.stderr == ""
    first, second, *rest = seen.stdout.splitlines()
    assert first == "jail 1000 [] False"
    assert {"userns", "pidns", "netns", "ro_root", "no_capabilities", "rlimits"} <= set(second.split())
    assert rest == ["timeout", "OSError: [Errno 30] Read-only file system: '/etc/x'", "1"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"/proc/sys/kernel/unprivileged_userns_clone": "0"}, "sysctl -w kernel.unprivileged_userns_clone=1"),
        (
            {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1"},
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        ({"/proc/sys/user/max_user_namespaces": "0"}, "sysctl -w user.max_user_namespaces=10000"),
        ({}, "--security-opt seccomp=unconfined"),
    ],
)
def test_the_remedy_names_what_forbids_namespaces(settings: dict[str, str], expected: str) -> None:
    assert expected in jail_module.remedy(lambda path: settings.get(path, ""))


def test_another_platform_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SandboxError, match="needs Linux, and this is darwin"):
        jail_module.JailSandbox()


def test_forbidden_namespaces_are_an_isolation_error(jail: Sandbox) -> None:
    """In a process that may not make user namespaces, and that a filter keeps from Landlock."""
    script = f"""
import ctypes, sys
libc = ctypes.CDLL(None)
assert libc.unshare(0x10000000) == 0
open("/proc/self/setgroups", "w").write("deny")
open("/proc/self/uid_map", "w").write("0 {os.geteuid()} 1")
open("/proc/self/gid_map", "w").write("0 {os.getegid()} 1")
open("/proc/sys/user/max_user_namespaces", "w").write("0")
from assaygym.errors import IsolationError
from assaygym.sandbox import open_sandbox
from assaygym.sandbox.guest.bpf import ALLOW, ERROR, Rule, compile_filter
from assaygym.sandbox.guest.kernel import install_filter
from assaygym.sandbox.guest.syscalls import ARCHITECTURES
no_landlock = {{0: Rule(ALLOW), 444: Rule(ERROR | 38), 447: Rule(ALLOW)}}
install_filter(compile_filter(ARCHITECTURES[{os.uname().machine!r}], no_landlock))
try: open_sandbox()
except IsolationError as error: print(error)
"""
    seen = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert seen.stderr == ""
    assert "unshare" in seen.stdout
    assert "sysctl -w user.max_user_namespaces=10000" in seen.stdout
    assert "open_sandbox('process')" in seen.stdout
    assert "no Landlock" in seen.stdout
