"""The jail without namespaces, forced: what hostile programs can do in it, and when it is chosen."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assaygym.errors import ConfigError, IsolationError, SandboxError
from assaygym.sandbox import ExecStatus, Limits, Process, Sandbox
from assaygym.sandbox import jail as jail_module
from assaygym.sandbox._alone import COVERED, why_not
from assaygym.sandbox._worker import WorkerLost
from assaygym.sandbox.contract.channels import ECHO
from assaygym.sandbox.doctor import describe
from assaygym.sandbox.guest import landlock
from assaygym.sandbox.jail import JailSandbox
from tests.sandbox.attacks.attack import Attack
from tests.sandbox.landlock_attacks import BY_USER, DIFFERENCES, Ground, attacks

pytestmark = [
    pytest.mark.alone,  # processes of a user are counted
    pytest.mark.skipif(sys.platform != "linux" or why_not() != "", reason="this machine has no Landlock"),
]
ROOT = Path(__file__).resolve().parents[2]
PLAIN_PYTHON = "/usr/bin/python3"
REFUSED = """
def refused(call, *arguments):
    try:
        return f"{call.__name__} gave {call(*arguments)!r}"
    except OSError as error:
        return error.strerror
"""


@pytest.fixture(scope="module")
def alone() -> Iterator[Sandbox]:
    with JailSandbox(workers=1, tier="landlock") as opened:
        yield opened


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("secret")
    path.chmod(0o666)
    return path


def answer(sandbox: Sandbox, program: str, limits: Limits | None = None) -> str:
    result = sandbox.run(REFUSED + program, limits=limits)
    assert (result.status, result.stderr) == (ExecStatus.OK, "")
    return result.stdout.strip()


@pytest.mark.parametrize("language", ["c", "cpp"])
def test_a_language_whose_compiler_starts_processes_is_refused(alone: Sandbox, language: str) -> None:
    with pytest.raises(ConfigError, match="a compiler starts processes"):
        alone.run("int main() { return 0; }", language=language)


def test_isolation_names_what_is_in_force_and_nothing_else(alone: Sandbox) -> None:
    known = [(1, "landlock"), (landlock.TCP_ABI, "landlock_net"), (landlock.SCOPE_ABI, "landlock_scope")]
    user = ["private_user"] if "private_user" in alone.run("pass").isolation else []
    rest = ["no_capabilities", "no_new_privs", "seccomp", "no_processes", "rlimits"]
    names = [name for first, name in known if landlock.abi() >= first]
    found = alone.run("pass").isolation
    assert [name for name in found if name != "cgroup"] == names + user + rest


@pytest.mark.parametrize("path", ["/etc/shadow", "/etc/passwd", "/proc/self/environ", "/proc/1/cmdline", "/etc/hosts"])
def test_a_file_of_the_host_cannot_be_opened(alone: Sandbox, path: str) -> None:
    assert answer(alone, f"print(refused(open, {path!r}))") == "Permission denied"


def test_a_file_that_anybody_may_change_can_be_neither_read_nor_changed(alone: Sandbox, secret: Path) -> None:
    program = f"""
import os
path = {str(secret)!r}
print({{refused(open, path), refused(open, path, "w"), refused(open, path, "a"), refused(os.remove, path),
       refused(os.rename, path, "mine"), refused(os.listdir, os.path.dirname(path)), refused(os.mkdir, path + "2")}})
print(refused(os.link, path, "mine"), refused(os.truncate, path, 0), os.listdir("."))
"""
    first, second = answer(alone, program).splitlines()
    assert eval(first) <= {"Permission denied", "Invalid cross-device link"}
    assert "gave" not in second
    assert second.endswith("[]")
    assert secret.read_text() == "secret"


def test_a_link_to_a_file_of_the_host_opens_nothing(alone: Sandbox, secret: Path) -> None:
    program = f"import os; os.symlink({str(secret)!r}, 'link'); print(refused(open, 'link'))"
    assert answer(alone, program) == "Permission denied"
    fetched = alone.run(f"import os; os.symlink({str(secret)!r}, 'link')", fetch=["link"])
    assert fetched.files == {}


@pytest.mark.parametrize("folder", ["/", "/home", "/root", "/tmp", "/dev", "/dev/shm", "/proc", "/etc", "/var"])
def test_a_folder_of_the_host_can_be_neither_listed_nor_written(alone: Sandbox, folder: str) -> None:
    program = f"import os; print(refused(os.listdir, {folder!r}), refused(open, {folder!r} + '/x', 'w'))"
    assert "gave" not in answer(alone, program)


def test_modes_owners_and_times_of_readable_files_stay(alone: Sandbox) -> None:
    before = os.stat(os.__file__)
    program = "import os; os.chmod(os.__file__, 0); os.utime(os.__file__, (1, 1)); os.chown(os.__file__, 1, 1)"
    assert answer(alone, program) == ""
    after = os.stat(os.__file__)
    assert (after.st_mode, after.st_uid, after.st_mtime) == (before.st_mode, before.st_uid, before.st_mtime)


def test_what_the_hosts_process_holds_open_cannot_be_reached_through_proc(alone: Sandbox) -> None:
    reading, writing = os.pipe()
    memory = os.memfd_create("secret")
    os.write(writing, b"secret")
    os.write(memory, b"secret")
    program = f"""
import os
paths = [f"/proc/{os.getpid()}/fd/{{number}}" for number in ({reading}, {memory})]
print({{refused(os.open, path, os.O_RDONLY | os.O_NONBLOCK) for path in paths}})
"""
    try:
        assert answer(alone, program) == "{'Permission denied'}"
    finally:
        for descriptor in (reading, writing, memory):
            os.close(descriptor)


def test_installed_packages_cannot_be_read_and_only_numpy_can_be_imported(alone: Sandbox) -> None:
    program = f"""
import importlib.util
print([name for name in ("assaygym", "numpy", "pip", "pytest") if importlib.util.find_spec(name)])
print(refused(open, {pytest.__file__!r}), refused(open, {str(ROOT / "sandbox" / "base.py")!r}))
import numpy
print(numpy.arange(4).sum())
"""
    assert answer(alone, program) == "['numpy']\nPermission denied Permission denied\n6"


def test_no_socket_of_any_family_can_be_made(alone: Sandbox) -> None:
    program = """
import socket
print({refused(socket.socket, family, kind) for family in range(46) for kind in (1, 2, 3, 5)})
"""
    assert answer(alone, program) == "{'Address family not supported by protocol'}"


def test_unix_sockets_of_the_host_are_out_of_reach(alone: Sandbox, tmp_path: Path) -> None:
    name, path = f"assaygym-test-{os.getpid()}", str(tmp_path / "socket")
    program = f"""
import socket
one, other = socket.socketpair()
print(refused(one.connect, "\\0{name}"), refused(one.connect, {path!r}), refused(one.sendto, b"x", {path!r}))
one.sendall(b"works")
print(other.recv(9).decode())
"""
    with socket.socket(socket.AF_UNIX) as abstract, socket.socket(socket.AF_UNIX) as named:
        abstract.bind(f"\0{name}")
        named.bind(path)
        for server in (abstract, named):
            server.listen()
            server.setblocking(False)
        refusals, works = answer(alone, program).splitlines()
        for server in (abstract, named):
            with pytest.raises(BlockingIOError):
                server.accept()
    assert refusals.startswith("Operation not permitted Operation not permitted ")
    assert "gave" not in refusals
    assert works == "works"


def test_neither_the_worker_nor_the_host_nor_anybody_can_be_signalled(alone: Sandbox) -> None:
    program = f"""
import os
print({{refused(os.kill, number, 9) for number in (os.getppid(), {os.getpid()}, {os.getppid()}, 1, 0, -1)}}
      | {{refused(os.killpg, 0, 9), refused(os.pidfd_open, os.getppid())}})
"""
    assert answer(alone, program) == "{'Operation not permitted'}"


def test_a_program_may_signal_itself_and_its_threads(alone: Sandbox) -> None:
    program = """
import os, signal, threading
caught = []
signal.signal(signal.SIGUSR1, lambda *_: caught.append(1))
os.kill(os.getpid(), signal.SIGUSR1)
signal.raise_signal(signal.SIGUSR1)
signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
print(caught)
"""
    assert answer(alone, program) == "[1, 1, 1]"


@pytest.mark.parametrize(
    "call",
    [
        "ptrace(16, os.getppid(), 0, 0)",
        "ptrace(16, THIS_PROCESS, 0, 0)",
        "ptrace(0, 0, 0, 0)",
        "process_vm_readv(os.getppid(), 0, 0, 0, 0, 0)",
        "unshare(0x10000000)",
        "mount(b'x', b'/tmp', b'tmpfs', 0, None)",
        "chroot(b'/tmp')",
        "prctl(1, 0, 0, 0, 0)",
        "syscall(446, 0, 0)",
        "memfd_create(b'x', 0)",
        "setns(0, 0)",
        "inotify_init()",
    ],
)
def test_a_kernel_call_that_reaches_others_is_refused(alone: Sandbox, call: str) -> None:
    call = call.replace("THIS_PROCESS", str(os.getpid()))
    program = f"import ctypes, os; l = ctypes.CDLL(None, use_errno=True); print(l.{call}, ctypes.get_errno())"
    assert answer(alone, program) == "-1 1"


def test_no_process_can_be_started_by_any_means(alone: Sandbox) -> None:
    program = """
import multiprocessing, os, subprocess
print({refused(os.fork), refused(subprocess.run, ["/bin/true"]),
       refused(os.posix_spawn, "/bin/true", ["true"], {}), refused(multiprocessing.Process(target=print).start)})
"""
    assert answer(alone, program) == "{'Resource temporarily unavailable'}"
    assert alone.run("import os; os.fork()").stderr.splitlines()[-1].startswith("BlockingIOError")


def test_threads_work_and_end_with_the_program(alone: Sandbox) -> None:
    program = """
import concurrent.futures, threading, time
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(len, ["ab"] * 100)))
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
"""
    start = time.monotonic()
    assert answer(alone, program) == "200"
    assert time.monotonic() - start < 10


def test_another_program_in_the_same_process_is_under_the_same_rules(alone: Sandbox, secret: Path) -> None:
    result = alone.run(f"import os; os.execv('/bin/cat', ['cat', {str(secret)!r}])")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Permission denied" in result.stderr
    again = alone.run("import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'import os; os.fork()'])")
    assert "BlockingIOError" in again.stderr
    killer = alone.run("import os; os.execv('/bin/sh', ['sh', '-c', 'kill -9 $PPID'])")
    assert "Operation not permitted" in killer.stderr
    assert answer(alone, "print('the next one runs')") == "the next one runs"


def test_no_capability_is_left_and_none_can_be_gained(alone: Sandbox) -> None:
    program = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
data = (ctypes.c_uint32 * 6)()
libc.capget((ctypes.c_uint32 * 2)(0x20080522, 0), data)
dumpable, death = libc.prctl(3, 0, 0, 0, 0), ctypes.c_int()
libc.prctl(2, ctypes.byref(death), 0, 0, 0)
print(list(data), libc.prctl(39, 0, 0, 0, 0), dumpable, death.value)
"""
    assert answer(alone, program) == "[0, 0, 0, 0, 0, 0] 1 0 9"


def test_a_program_of_another_user_is_run_without_its_rights(alone: Sandbox) -> None:
    marked = [path for path in ("/usr/bin/su", "/usr/bin/passwd", "/bin/mount") if os.stat(path).st_mode & 0o4000]
    if not marked:
        pytest.skip("this machine has no program with the mark of another user where programs can see it")
    user = answer(alone, "import os; print(*os.getresuid())")
    process = alone.spawn(f"import os; os.write(3, b'\\0\\0\\0\\0'); os.execv({marked[0]!r}, ['x', '--version'])")
    assert process.recv(10) == b""
    assert process.finish().status in (ExecStatus.OK, ExecStatus.NONZERO_EXIT)
    assert answer(alone, "import os; print(*os.getresuid())") == user


LITTER = """
import os
os.mkdir("locked", 0); os.mkdir("other"); os.mkdir("other/inner", 0o100); os.symlink("/etc", "link"); os.mkfifo("pipe")
open("x" * 255, "w").close(); open(b"\\xff\\n", "w").close(); open(".hidden", "w").close(); os.link(".hidden", "twice")
for _ in range(1500):
    os.mkdir("d" * 250); os.chdir("d" * 250); open("f", "w").close()
"""


def test_whatever_a_program_leaves_is_gone_before_the_next(alone: Sandbox) -> None:
    for _ in range(2):
        assert answer(alone, LITTER) == ""
        assert answer(alone, "import os; print(os.listdir('.'), oct(os.stat('.').st_mode))") == "[] 0o40700"


def test_the_scratch_folder_itself_cannot_be_taken_away(alone: Sandbox) -> None:
    program = """
import os
here = os.getcwd()
print("gave" in refused(os.rename, here, here + "-2") + refused(os.rmdir, here) + refused(os.mkdir, here + "-3"))
"""
    assert answer(alone, program) == "False"
    assert answer(alone, "import os; print(os.listdir(os.getcwd()))") == "[]"


def test_runs_at_once_cannot_see_each_others_scratch() -> None:
    with JailSandbox(workers=2, tier="landlock") as sandbox:
        one = sandbox.spawn("import os; open('mine', 'w').write('x'); os.write(3, b'\\0\\0\\0\\0')\n" + ECHO)
        assert one.recv(10) == b""
        program = """
import glob, os
print(refused(os.listdir, os.path.dirname(os.getcwd())), os.listdir("."))
"""
        assert answer(sandbox, program) == "Permission denied []"
        one.kill()


@pytest.mark.parametrize("tail", ["", "; import time; time.sleep(60)"])
def test_one_program_cannot_poison_the_next(alone: Sandbox, tail: str) -> None:
    hostile = (
        f"import builtins, os, sys; builtins.print = None; sys.path.clear(); os.environ.clear(); os.chdir('/'){tail}"
    )
    alone.run(hostile, limits=Limits(wall_seconds=0.3))
    program = "import os, sys; print(len(sys.path) > 3, os.getcwd() == os.environ['HOME'] == os.environ['TMPDIR'])"
    assert answer(alone, program) == "True True"


def test_a_program_cannot_forge_the_report_of_its_end(alone: Sandbox) -> None:
    program = "import os\nfor n in range(3, 1024):\n    try: os.write(n, b'0')\n    except OSError: pass\nos._exit(9)"
    assert alone.run(program).exit_code == 9


def test_standard_input_has_its_name(alone: Sandbox) -> None:
    for size in (3, 300_000):
        assert alone.run("print(len(open('/dev/stdin').read()))", stdin="x" * size).stdout == f"{size}\n"


def running() -> tuple[JailSandbox, Process, list[int]]:
    """A program that answers, and the processes of its worker: watcher, zygote, program."""
    before = set(children(os.getpid()))
    sandbox = JailSandbox(workers=1, tier="landlock")
    process = sandbox.spawn(ECHO)
    process.send(b"up")
    assert process.recv(10) == b"pu"
    [watcher] = set(children(os.getpid())) - before
    [zygote] = children(watcher)
    [program] = children(zygote)
    return sandbox, process, [watcher, zygote, program]


@pytest.mark.parametrize("which", [0, 1])
def test_a_worker_killed_by_somebody_else_takes_its_program_along(which: int) -> None:
    sandbox, process, found = running()
    with sandbox:
        os.kill(found[which], 9)
        assert gone(found)
        with pytest.raises(SandboxError, match="the program is not to blame"):
            process.finish()
        assert sandbox.run("print(1)").stdout == "1\n"


def test_the_kernel_chooses_a_program_before_its_worker_when_memory_is_short() -> None:
    sandbox, process, (_, zygote, program) = running()
    with sandbox:
        scores = [int(Path(f"/proc/{number}/oom_score_adj").read_text()) for number in (zygote, program)]
        process.kill()
    assert 500 <= scores[0] < scores[1] == 1000


def test_closing_leaves_no_process_and_no_folder() -> None:
    sandbox, process, found = running()
    folder = Path(answer(sandbox, "import os; print(os.getcwd())")).parent
    assert folder.is_dir()
    process.kill()
    second = sandbox.spawn(ECHO)
    sandbox.close()
    assert gone(found)
    assert not folder.exists()
    with pytest.raises(SandboxError):
        second.finish()


def test_no_process_outlives_the_host() -> None:
    script = r"""
import time
from assaygym.sandbox.jail import JailSandbox
sandbox = JailSandbox(workers=1, tier="landlock")
process = sandbox.spawn("import os, time; os.write(3, b'\\0\\0\\0\\0'); time.sleep(60)")
process.recv(10)
print(sandbox._alone.folders.root, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        folder = host.stdout.readline().strip()
        below = descendants(host.pid)
        assert len(below) == 3
        host.kill()
    shutil.rmtree(folder)
    assert gone(below)


def gone(processes: list[int], seconds: float = 5) -> bool:
    """Whether all end soon."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not [number for number in processes if is_alive(number)]:
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


def children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
        except OSError:
            continue
        if f"PPid:\t{parent}\n" in status and "State:\tZ" not in status:
            found.append(int(folder.name))
    return found


def test_an_unknown_tier_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="did you mean 'landlock'"):
        JailSandbox(tier="landlok")


@pytest.fixture
def unproven(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a fresh process."""
    monkeypatch.setattr(jail_module, "_proven", set[str]())
    monkeypatch.setattr(jail_module, "_settled", "")


@pytest.mark.usefixtures("unproven")
def test_without_landlock_the_tier_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jail_module, "why_not", lambda: "the kernel offers no Landlock")
    with pytest.raises(IsolationError, match="cannot do without namespaces here: the kernel offers no Landlock"):
        JailSandbox(tier="landlock")


@pytest.mark.usefixtures("unproven")
def test_a_lost_worker_is_no_reason_for_less_isolation(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*_: object, **__: object) -> None:
        raise WorkerLost("the sandbox's worker did not get ready")

    monkeypatch.setattr(JailSandbox, "run", lose)
    with pytest.raises(IsolationError, match="did not get ready"):
        JailSandbox()
    assert jail_module._settled == ""


FORBIDDEN = {
    "by a limit": """
import ctypes
assert ctypes.CDLL(None).unshare(0x10000000) == 0
open("/proc/self/setgroups", "w").write("deny")
open("/proc/self/uid_map", "w").write(f"0 {user} 1")
open("/proc/self/gid_map", "w").write(f"0 {group} 1")
open("/proc/sys/user/max_user_namespaces", "w").write("0")
""",
    "by a filter such as Docker's": """
from assaygym.sandbox.guest import bpf, kernel
from assaygym.sandbox.guest.syscalls import ARCHITECTURES, numbers
table = numbers(os.uname().machine)
denied, permitted = bpf.Rule(bpf.ERROR | 1), bpf.Rule(bpf.ALLOW)
calls = {number: denied for group in ("mounts", "namespaces") for number in table[group].values()}
clone = {"x86_64": 56}.get(os.uname().machine, 220)
calls[clone] = bpf.Rule(bpf.ALLOW, (bpf.Check(0, "&", 0x7E020000, bpf.ERROR | 1),))
calls[435] = bpf.Rule(bpf.ERROR | 38)
rules = {0: permitted}
for number in sorted(calls):
    rules[number] = calls[number]
    if number + 1 not in calls:
        rules[number + 1] = permitted
if os.geteuid():
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
kernel.install_filter(bpf.compile_filter(ARCHITECTURES[os.uname().machine], rules))
""",
}
OPEN = """
from assaygym.sandbox import open_sandbox
from assaygym.sandbox.jail import JailSandbox
for _ in range(2):
    with open_sandbox() as sandbox:
        result = sandbox.run("print(6 * 7)")
        print(sandbox.name, result.stdout.strip(), *result.isolation)
from assaygym.errors import IsolationError
try: JailSandbox(tier="userns")
except IsolationError as error: print("refused:", "unshare" in str(error))
"""


@pytest.mark.parametrize("how", FORBIDDEN)
def test_where_namespaces_are_forbidden_auto_comes_up_without(namespaces: None, how: str) -> None:
    script = "import os\nuser, group = os.geteuid(), os.getegid()\n" + FORBIDDEN[how] + OPEN
    seen = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert seen.stderr == ""
    first, second, refused = seen.stdout.splitlines()
    assert first == second
    assert first.startswith("jail 42 landlock ")
    assert "userns" not in first
    assert refused == "refused: True"


def test_where_namespaces_are_given_auto_takes_them(jail: Sandbox) -> None:
    assert jail.run("pass").isolation[0] == "userns"


@pytest.mark.usefixtures("unproven")
def test_the_doctor_tells_what_is_covered_without_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jail_module, "_settled", "landlock")
    report = next(report for report in describe() if report.name == "jail")
    assert report.covered == COVERED
    assert any("disk space" in sentence for sentence in report.not_covered)


@pytest.fixture(scope="module")
def tree() -> Iterator[Path]:
    """A copy of what is needed, where every user can read it."""
    probe = "import sys; sys.exit(sys.version_info < (3, 11))"
    if not os.path.exists(PLAIN_PYTHON) or subprocess.run([PLAIN_PYTHON, "-c", probe], check=False).returncode:
        pytest.skip(f"{PLAIN_PYTHON} 3.11 or newer is needed: the present interpreter may lie where only root reads")
    folder = Path("/tmp") / f"assaygym-test-{os.getpid()}-alone"
    try:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "sandbox", folder / "assaygym" / "sandbox", ignore=ignored)
        shutil.copytree(ROOT / "tests" / "sandbox", folder / "tests" / "sandbox", ignore=ignored)
        (folder / "assaygym" / "__init__.py").touch()
        shutil.copy(ROOT / "assaygym" / "errors.py", folder / "assaygym")
        subprocess.run(["chmod", "-R", "a+rX", str(folder)], check=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_as(user: str, tree: Path, *arguments: str) -> str:
    """What the system's own interpreter prints as that user, to be had by root alone."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    number = {"root": None, "nobody": 65534}[user]
    seen = subprocess.run(
        [PLAIN_PYTHON, "-B", *arguments],
        cwd=tree,
        env={"PATH": os.environ["PATH"]},
        user=number,
        group=number,
        extra_groups=None if number is None else (),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert seen.stderr == ""
    return seen.stdout


AS_ANOTHER = """
import os
from assaygym.sandbox.jail import JailSandbox
program = '''
import os, threading
print(*os.getresuid(), *os.getresgid(), os.getgroups())
made = 0
try:
    while made < 200:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        made += 1
except RuntimeError:
    pass
print(made)
print(set(os.listdir(".")) - {"main.py"}, os.access("/etc/shadow", os.R_OK))
'''
with JailSandbox(workers=1, tier="landlock") as one, JailSandbox(workers=1, tier="landlock") as other:
    for sandbox in (one, other):
        result = sandbox.run(program)
        print(result.stdout + result.stderr, *result.isolation)
        sandbox.run("open('left', 'w')")
        sandbox.run("pass")  # which begins when the worker has tidied up
    print([os.listdir(folder) for folder in one._alone.folders.root.glob("run-*")])
print(os.path.exists(one._alone.folders.root))
"""


def test_root_gives_every_worker_a_user_of_its_own_whose_threads_are_counted(tree: Path) -> None:
    lines = run_as("root", tree, "-c", AS_ANOTHER).splitlines()
    users = []
    for ids, made, files, isolation in (lines[:4], lines[4:8]):
        numbers = ids.removesuffix(" []").split()
        assert len(set(numbers)) == 1
        users.append(int(numbers[0]))
        assert int(made) < 70
        assert files == "set() False"
        assert "private_user" in isolation.split()
    assert users[0] != users[1]
    assert min(users) > 2_000_000_000
    assert lines[8:] == ["[[]]", "False"]


def test_an_ordinary_user_keeps_its_id_and_gets_the_rest(tree: Path) -> None:
    ids, _, files, isolation, *_ = run_as("nobody", tree, "-c", AS_ANOTHER).splitlines()
    assert ids == " ".join(["65534"] * 6) + " []"
    assert files == "set() False"
    assert "private_user" not in isolation
    assert {"landlock", "no_capabilities", "no_new_privs", "seccomp", "no_processes"} <= set(isolation.split())


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with Ground() as ground:
        yield ground


@pytest.mark.slow  # every day the jail runs the same tables, in test_attacks.py
@pytest.mark.parametrize("attack", [pytest.param(attack, id=f"{kind}: {attack.name}") for kind, attack in attacks()])
def test_the_attack_fails(attack: Attack, ground: Ground) -> None:
    if ground.lacks(attack):
        pytest.skip(f"this tier has no {attack.needs}")
    if found := ground.judge(attack):
        ground.host.undo()
        ground.host.steady()
        pytest.fail("\n".join(found), pytrace=False)


def test_every_declared_difference_names_an_attack() -> None:
    names = {attack.name for _, attack in attacks()}
    assert {*DIFFERENCES, *(name for table in BY_USER.values() for name in table)} <= names


@pytest.mark.slow
@pytest.mark.parametrize(("user", "programs"), [("root", "private"), ("nobody", "ordinary")])
def test_every_attack_fails_for_other_users_too(tree: Path, user: str, programs: str) -> None:
    told = json.loads(run_as(user, tree, "-m", "tests.sandbox.landlock_attacks", "--slow"))
    assert told == {"user": programs, "wrong": {}}
