"""The filters, installed in fresh interpreters: what the kernel then says, and that honest programs go on working."""

import os
import platform
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from assaygym.sandbox.guest import landlock, launcher
from assaygym.sandbox.guest.syscalls import ARCHITECTURES

SETUP = f"""
import ctypes, errno, os, sys
sys.path.insert(0, {launcher.HERE!r})
import launcher
launcher.name_this_folder()
sys.path.pop(0)
from assaygym.sandbox.guest import kernel
from assaygym.sandbox.guest.seccomp import filter_program
from assaygym.sandbox.guest.syscalls import numbers
libc = ctypes.CDLL(None, use_errno=True)
machine = os.uname().machine
calls = {{name: number for group in numbers(machine).values() for name, number in group.items()}}

def shut(variant):
    own = os.getpid() if variant == "alone" else None
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.install_filter(filter_program(machine, variant, own_pid=own))

def raw(call, *arguments):
    number = calls.get(call, call)
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) >= 0:
        return "done"
    return errno.errorcode[ctypes.get_errno()]

def outcome(call, *arguments):
    try:
        call(*arguments)
    except OSError as fault:
        return errno.errorcode[fault.errno]
    return "done"
"""
VARIANTS = ("run", "session", "landlock", "alone")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ARCHITECTURES, reason="there is no filter for this machine"
)


def run(script: str, *arguments: object, code: int = 0) -> str:
    """What a fresh interpreter prints that runs the script with these arguments."""
    command = [sys.executable, "-I", "-S", "-c", SETUP + script, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == code, result.stderr
    return result.stdout.strip()


REFUSED_EVERYWHERE = """
import fcntl, socket
shut(sys.argv[1])
path = sys.argv[2]
print(raw("ptrace", 0), raw("mount", 0, 0, 0, 0, 0), raw("unshare", 0), raw("memfd_create", 0, 0), raw("bpf", 0, 0, 0),
      raw("io_uring_setup", 1, 0), raw("keyctl", 0), raw("shmget", 0, 4096, 0o600), raw("kexec_load", 0, 0, 0, 0),
      raw("clone", 0x20000 | 17), outcome(fcntl.ioctl, 0, 0x5412, b" "), outcome(fcntl.fcntl, 0, 1024, 0),
      raw("prlimit64", 1, 7, 0, 0), raw("setpriority", 2, 0, 0), raw("sched_setaffinity", 1, 0, 0), "|",
      outcome(os.setxattr, path, "user.mark", b"x"), outcome(os.removexattr, path, "user.mark"), "|",
      raw("clone3", 0, 0), raw(452, 0, 0, 0, 0), raw(457), "|",
      outcome(socket.socket, socket.AF_INET), outcome(socket.socketpair, socket.AF_NETLINK), "|",
      outcome(os.sync), raw("syncfs", -1), outcome(os.nice, 1), outcome(os.sched_setaffinity, 0, {0, 1}))
"""


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_kernel_gives_the_errors_that_the_policy_says(variant: str, tmp_path: Path) -> None:
    if len(os.sched_getaffinity(0) & {0, 1}) < 2:
        pytest.skip("the processors 0 and 1 are not both ours")
    refused, marks, unknown, sockets, fine = run(REFUSED_EVERYWHERE, variant, tmp_path).split("|")
    assert set(refused.split()) == {"EPERM"}
    assert marks.split() == ["ENOTSUP"] * 2
    assert unknown.split() == ["ENOSYS"] * 3
    assert set(sockets.split()) == {"EAFNOSUPPORT"}
    assert fine.split() == ["done"] * 4


@pytest.mark.parametrize("variant", VARIANTS)
def test_landlock_can_be_asked_for_its_version_in_its_own_variant_alone(variant: str) -> None:
    found = run("shut(sys.argv[1]); print(raw('landlock_create_ruleset', 0, 0, 1))", variant)
    assert found in (("done", "ENOSYS", "ENOTSUP") if variant == "landlock" else ("EPERM",))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other machines have no second convention")
def test_a_call_in_a_foreign_convention_kills() -> None:
    assert run("shut('run'); print('in', flush=True); raw(0x40000000 + 39)", code=-signal.SIGSYS) == "in"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs the right to make process namespaces")
def test_a_run_gets_a_process_namespace_and_no_other() -> None:
    script = """
shut("run")
if (child := libc.syscall(ctypes.c_long(calls["clone"]), ctypes.c_long(0x20000000 | 17), 0, 0, 0, 0)) == 0:
    os.write(1, f"number {os.getpid()} ".encode())
    os._exit(0)
os.waitpid(child, 0)
print(*(raw("clone", kind | 17) for kind in (0x20020000, 0x30020000, 0x70020000, 0x20001000)))
"""
    assert run(script) == "number 1 EPERM EPERM EPERM EPERM"


@pytest.mark.usefixtures("namespaces")
def test_a_session_copies_itself_into_namespaces_of_its_own_and_into_no_others() -> None:
    script = """
shut("session")
for flags in (0x70020011, 0x30020011):
    if (child := libc.syscall(ctypes.c_long(calls["clone"]), ctypes.c_long(flags), 0, 0, 0, 0)) == 0:
        os.write(1, f"number {os.getpid()} ".encode())
        os._exit(0)
    os.waitpid(child, 0)
print(*(raw("clone", kind | 17) for kind in (0x10000000, 0x20020000, 0x78020000, 0x74020000, 0x70020100)))
"""
    assert run(script) == "number 1 number 1 EPERM EPERM EPERM EPERM EPERM"


ORDINARY = """
import asyncio, concurrent.futures, fcntl, shutil, signal, socket, tempfile, threading, time
shut(sys.argv[1])
os.chdir(sys.argv[2])
with open("text", "w") as file:
    file.write("text")
    file.truncate(2)
shutil.copy2("text", "copy")
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    assert list(pool.map(abs, range(-50, 0))) == list(range(50, 0, -1))
async def work():
    reader, writer = await asyncio.open_connection(sock=ours)
    writer.write(b"line\\n")
    return await asyncio.wait_for(reader.readline(), 5)
ours, theirs = socket.socketpair()
threading.Thread(target=lambda: theirs.sendall(theirs.recv(5))).start()
assert asyncio.run(work()) == b"line\\n"
caught = []
signal.signal(signal.SIGUSR1, lambda *_: caught.append(1))
signal.signal(signal.SIGALRM, lambda *_: caught.append(2))
os.kill(os.getpid(), signal.SIGUSR1)
signal.raise_signal(signal.SIGUSR1)
signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
signal.setitimer(signal.ITIMER_REAL, 0.01)
time.sleep(0.05)
assert caught == [1, 1, 1, 2], caught
with tempfile.TemporaryDirectory(dir=".") as folder, tempfile.NamedTemporaryFile(dir=folder) as file:
    fcntl.flock(file, fcntl.LOCK_EX)
os.rename("copy", "other")
os.symlink("other", "link")
os.remove("text")
os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
print(open("link").read(), flush=True)
os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", "print('another')"])
"""


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_ordinary_program_of_one_process_works(variant: str, tmp_path: Path) -> None:
    assert run(ORDINARY, variant, tmp_path).split() == ["te", "another"]


@pytest.mark.parametrize("variant", ["run", "session", "landlock"])
def test_an_ordinary_program_of_many_processes_works(variant: str) -> None:
    script = """
import multiprocessing, subprocess
shut(sys.argv[1])
context = multiprocessing.get_context("fork")
with context.Pool(2) as pool:
    print(*pool.map(abs, [-3, -4]))
child = subprocess.Popen(["sleep", "10"])
os.sched_setaffinity(child.pid, os.sched_getaffinity(0))
os.setpriority(os.PRIO_PROCESS, child.pid, 3)
child.terminate()
print(child.wait())
"""
    assert run(script, variant).split() == ["3", "4", "-15"]


def test_alone_no_process_can_be_started() -> None:
    script = """
import subprocess
shut("alone")
print(outcome(os.fork), outcome(subprocess.run, ["true"]), outcome(os.posix_spawn, "/bin/true", ["true"], {}),
      raw("clone", 17), raw("clone", 0x4111), raw("clone", 0x8011), raw("fork"), raw("vfork"))
"""
    found = run(script).split()
    assert len(found) == 8
    assert set(found) == {"EAGAIN"}


def test_alone_no_other_process_can_be_reached() -> None:
    script = """
import fcntl, signal
shut("alone")
parent = os.getppid()
ours, theirs = os.pipe()
print(outcome(os.kill, parent, 0), outcome(os.kill, 0, 0), outcome(os.kill, -1, 0), outcome(os.killpg, os.getpgrp(), 0),
      raw("tkill", parent, 0), raw("tgkill", parent, parent, 0), raw("rt_sigqueueinfo", parent, 10, 0),
      outcome(os.pidfd_open, parent), raw("pidfd_send_signal", 0, 0, 0, 0),
      outcome(fcntl.fcntl, ours, 8, parent), outcome(fcntl.fcntl, ours, 8, -parent & 0xFFFFFFFF),
      outcome(fcntl.fcntl, ours, 15, b" " * 8),
      outcome(os.setpriority, os.PRIO_PROCESS, parent, 5), outcome(os.setpriority, os.PRIO_PGRP, 0, 5),
      outcome(os.sched_setaffinity, parent, {0}), raw("prlimit64", parent, 7, 0, 0), raw("ioprio_set", 2, 0, 0),
      outcome(kernel.prctl, kernel.PR_SET_PDEATHSIG, 0), "|",
      outcome(os.kill, os.getpid(), 0), outcome(fcntl.fcntl, ours, 8, os.getpid()), outcome(os.nice, 1),
      outcome(os.pidfd_open, os.getpid()), raw("prlimit64", os.getpid(), 7, 0, 0))
"""
    others, own = run(script).split("|")
    assert set(others.split()) == {"EPERM"}
    assert own.split() == ["done"] * 5


def test_alone_no_socket_of_the_host_can_be_reached(tmp_path: Path) -> None:
    script = """
import socket
shut("alone")
address = sys.argv[1]
ours, theirs = socket.socketpair()
print(outcome(socket.socket, socket.AF_UNIX), outcome(socket.socketpair, socket.AF_UNIX, socket.SOCK_DGRAM),
      outcome(socket.socketpair, socket.AF_UNIX, socket.SOCK_RAW), outcome(ours.connect, address),
      outcome(ours.sendto, b"x", address), outcome(ours.sendmsg, [b"x"], [], 0, address))
pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
pair[0].sendto(b"x", address)
print(pair[1].recv(1).decode())
"""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "host"))
        found = run(script, tmp_path / "host").split()
        assert found[:4] == ["EAFNOSUPPORT"] * 3 + ["EPERM"]
        assert set(found[4:6]) <= {"EISCONN", "EOPNOTSUPP"}
        assert found[6] == "x"
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.recv(1)


def test_alone_modes_owners_times_and_contents_of_the_hosts_files_stay(tmp_path: Path) -> None:
    script = """
import fcntl
shut("alone")
path = sys.argv[1]
descriptor = os.open(path, os.O_RDONLY)
print(outcome(os.chmod, path, 0o777), outcome(os.fchmod, descriptor, 0o777), outcome(os.chown, path, 1, 1),
      outcome(os.utime, path, (1, 1)), outcome(os.lchown, path, 1, 1), "|",
      outcome(os.truncate, path, 0), outcome(os.open, path, os.O_RDONLY | os.O_TRUNC),
      outcome(os.open, path, 3 | os.O_TRUNC), outcome(os.open, path, 3), raw("inotify_init1", 0),
      raw("inotify_add_watch", 0, 0, 0), "|", raw("openat2", 0, 0, 0, 0), "|",
      outcome(fcntl.ioctl, descriptor, 0x40806685, b" " * 128), outcome(fcntl.ioctl, descriptor, 0x40087602, b" " * 8),
      outcome(fcntl.ioctl, descriptor, 0x40086602, b" " * 8), "|", outcome(fcntl.ioctl, descriptor, 0x5451, 0),
      outcome(fcntl.ioctl, descriptor, 0x541B, b" " * 4), os.isatty(descriptor))
"""
    path = tmp_path / "file"
    path.write_text("text")
    before = path.stat()
    pretended, refused, unknown, requests, ordinary = run(script, path).split("|")
    assert pretended.split() == ["done"] * 5
    assert refused.split() == ["EPERM"] * 6
    assert unknown.split() == ["ENOSYS"]
    assert requests.split() == ["ENOTTY"] * 3
    assert ordinary.split() == ["done", "done", "False"]
    after = path.stat()
    assert path.read_text() == "text"
    assert (after.st_mode, after.st_uid, after.st_mtime) == (before.st_mode, before.st_uid, before.st_mtime)


def test_rules_and_filters_go_together_as_a_tier_without_namespaces(tmp_path: Path) -> None:
    if landlock.abi() == 0:
        pytest.skip("this machine's kernel has no Landlock")
    script = """
from assaygym.sandbox.guest.landlock import restrict, ruleset
read = [sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64"]
scope = ruleset(files=False, network=False)
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
with ruleset(read, [sys.argv[1]], ["/dev/null"], scope=False) as rules:
    restrict(rules)
shut("landlock")
for _ in range(2):  # the program of one run, then of the next
    if os.fork() == 0:
        names = restrict(scope)
        shut("alone")
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", sys.argv[2], *names])
    os.wait()
"""
    program = """
import os, sys
def refused(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        return True
print(*sys.argv[1:], refused(os.fork), refused(os.kill, os.getppid(), 0), refused(open, "/proc/self/stat"),
      refused(os.listdir, "/"), refused(open, "/dev/null", "w"))
"""
    scope = "landlock_scope " if landlock.abi() >= landlock.SCOPE_ABI else ""
    assert run(script, tmp_path, program).splitlines() == [scope + "True True True True None"] * 2
