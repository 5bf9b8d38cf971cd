"""Landlock, really put in force in fresh interpreters."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assaygym.sandbox.guest import landlock, launcher

SETUP = f"""
import os, signal, sys
sys.path.insert(0, {launcher.HERE!r})
import launcher
launcher.name_this_folder()
sys.path.pop(0)
from assaygym.sandbox.guest import kernel
from assaygym.sandbox.guest.landlock import *
READ = [sys.prefix, sys.base_prefix, sys.exec_prefix, "/usr", "/lib", "/lib64", "/etc", {launcher.HERE!r}]
DEVICES = ["/dev/null", "/dev/zero", "/dev/urandom"]

def shut(write=(), **more):
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    with ruleset(READ, write, DEVICES, **more) as rules:
        return restrict(rules)

def outcome(call, *arguments):
    try:
        call(*arguments)
    except OSError as fault:
        return type(fault).__name__
    return "done"
"""


def told(script: str, *arguments: object) -> str:
    """What a fresh interpreter prints that runs the script with these arguments."""
    command = [sys.executable, "-I", "-S", "-c", SETUP + script, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture(scope="module", autouse=True)
def version() -> int:
    if sys.platform != "linux" or landlock.abi() == 0:
        pytest.skip("this machine's kernel has no Landlock")
    return landlock.abi()


@pytest.fixture
def needs_tcp(version: int) -> None:
    if version < landlock.TCP_ABI:
        pytest.skip(f"Landlock ABI {version} does not know TCP")


@pytest.fixture
def needs_scope(version: int) -> None:
    if version < landlock.SCOPE_ABI:
        pytest.skip(f"Landlock ABI {version} does not know scopes")


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "home" / "secret"
    path.parent.mkdir()
    path.write_text("secret")
    yield path
    assert path.read_text() == "secret"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    path = tmp_path / "scratch"
    path.mkdir()
    return path


def test_the_names_in_force_are_those_that_the_version_knows(version: int) -> None:
    known = [(1, "landlock"), (landlock.TCP_ABI, "landlock_net"), (landlock.SCOPE_ABI, "landlock_scope")]
    assert told("print(*shut())").split() == [name for first, name in known if version >= first]


def test_a_file_outside_can_be_neither_read_nor_changed(secret: Path, scratch: Path) -> None:
    script = """
secret, scratch = sys.argv[1:]
shut([scratch])
print(outcome(open, secret), outcome(open, secret, "w"), outcome(os.unlink, secret), outcome(os.truncate, secret, 0),
      outcome(os.listdir, os.path.dirname(secret)), outcome(os.rename, secret, scratch + "/mine"),
      outcome(os.link, secret, scratch + "/mine"), outcome(os.mkdir, secret + "2"), outcome(os.mkfifo, secret + "3"))
"""
    failures = told(script, secret, scratch).split()
    assert len(failures) == 9
    assert failures.count("PermissionError") >= 7
    assert "done" not in failures
    assert os.listdir(secret.parent) == ["secret"]


def test_the_scratch_folder_takes_every_kind_of_work(scratch: Path, version: int) -> None:
    script = """
scratch = sys.argv[1]
shut([scratch])
os.chdir(scratch)
os.makedirs("a/b")
with open("a/file", "w") as file:
    file.write("text")
os.truncate("a/file", 2)
os.symlink("file", "a/link")
os.mkfifo("a/pipe")
os.rename("a/file", "a/other")
print(open("a/other").read(), outcome(os.rename, "a/other", "other"), outcome(os.unlink, "a/pipe"),
      outcome(os.rmdir, "a/b"), *sorted(os.listdir("a")))
"""
    text, across, *rest = told(script, scratch).split()
    assert (text, across) == ("te", "done" if version >= 2 else "OSError")
    assert rest[:2] == ["done", "done"]


def test_the_interpreter_goes_on_working(scratch: Path) -> None:
    script = """
shut([sys.argv[1]])
import json, decimal, subprocess
print(decimal.Decimal(1) / 4, outcome(open, json.__file__), outcome(open, json.__file__, "a"),
      subprocess.run([sys.executable, "-I", "-S", "-c", "print(7)"], capture_output=True, text=True).stdout)
"""
    assert told(script, scratch).split() == ["0.25", "done", "PermissionError", "7"]


def test_a_file_to_read_cannot_be_linked_to_where_it_could_be_written(secret: Path, scratch: Path) -> None:
    script = """
secret, scratch = sys.argv[1:]
READ.append(os.path.dirname(secret))
shut([scratch])
print(open(secret).read(), outcome(os.link, secret, scratch + "/mine"), outcome(os.rename, secret, scratch + "/mine"))
"""
    text, *failures = told(script, secret, scratch).split()
    assert text == "secret"
    assert set(failures) <= {"PermissionError", "OSError"}
    assert os.listdir(scratch) == []


def test_devices_are_only_those_granted() -> None:
    script = """
shut()
with open("/dev/null", "wb") as null, open("/dev/zero", "rb") as zero:
    print(null.write(zero.read(8)), outcome(open, "/dev/full"), outcome(os.listdir, "/dev"))
"""
    assert told(script).split() == ["8", "PermissionError", "PermissionError"]


def test_proc_is_closed() -> None:
    script = "shut(); print(outcome(open, '/proc/self/environ'), outcome(open, f'/proc/{os.getppid()}/cmdline'))"
    assert set(told(script).split()) == {"PermissionError"}


@pytest.mark.usefixtures("needs_tcp")
def test_no_port_can_be_bound_or_reached() -> None:
    script = """
import socket
port = int(sys.argv[1])
before = socket.create_connection(("127.0.0.1", port))
shut()
print(outcome(socket.create_connection, ("127.0.0.1", port)), outcome(socket.create_server, ("127.0.0.1", 0)))
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert told(script, server.getsockname()[1]).split() == ["PermissionError", "PermissionError"]


@pytest.mark.usefixtures("needs_scope")
def test_signals_reach_oneself_and_own_children_but_not_the_parent() -> None:
    script = """
shut()
child = os.fork()
if child == 0:
    signal.pause()
print(outcome(os.kill, os.getppid(), 0), outcome(os.kill, os.getpid(), 0), outcome(os.kill, child, 9))
os.waitpid(child, 0)
"""
    assert told(script).split() == ["PermissionError", "done", "done"]


@pytest.mark.usefixtures("needs_scope")
def test_a_scope_of_its_own_keeps_a_program_from_what_shares_its_other_rules() -> None:
    script = """
shut()
parent = os.getpid()
if os.fork() == 0:
    print(outcome(os.kill, parent, 0))
    with ruleset(files=False, network=False) as rules:
        print(*restrict(rules))
    print(outcome(os.kill, parent, 0), outcome(os.kill, os.getpid(), 0), outcome(open, "/proc/self/stat"), flush=True)
    os._exit(0)
os.wait()
"""
    assert told(script).splitlines() == ["done", "landlock_scope", "PermissionError done PermissionError"]


@pytest.mark.usefixtures("needs_scope")
def test_an_abstract_socket_of_the_host_is_out_of_reach() -> None:
    script = """
import socket
shut()
print(outcome(socket.socket(socket.AF_UNIX).connect, "\\0" + sys.argv[1]))
"""
    name = f"assaygym-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()
        assert told(script, name) == "PermissionError"


def test_a_path_that_does_not_exist_grants_nothing(secret: Path) -> None:
    script = "print(shut([sys.argv[1] + '/none', '/none'])[0], outcome(open, sys.argv[1]))"
    assert told(script, secret) == "landlock PermissionError"


def test_a_single_file_can_be_granted(secret: Path) -> None:
    script = "READ += sys.argv[1:]; shut(); print(open(sys.argv[1]).read(), outcome(open, sys.argv[1], 'a'))"
    assert told(script, secret) == "secret PermissionError"


def test_rules_before_no_new_privileges_are_an_error_that_says_so() -> None:
    script = """
if os.geteuid() == 0:
    kernel.drop_capabilities()
try:
    with ruleset(READ) as rules:
        restrict(rules)
except OSError as fault:
    print(fault)
"""
    assert "set 'no new privileges' first" in told(script)


def test_closed_rules_and_rules_for_nothing_put_nothing_in_force(secret: Path) -> None:
    with landlock.ruleset(["/usr"]) as rules:
        assert rules.descriptor is not None
    assert landlock.restrict(rules) == ()
    nothing = landlock.ruleset(files=False, network=False, scope=False)
    assert (nothing.descriptor, landlock.restrict(nothing)) == (None, ())
    assert secret.read_text() == "secret"


@pytest.mark.parametrize(
    ("version", "names", "handled"),
    [
        (0, (), []),
        (1, ("landlock",), [(0x1FFF, 0, 0)]),
        (2, ("landlock",), [(0x3FFF, 0, 0)]),
        (3, ("landlock",), [(0x7FFF, 0, 0)]),
        (4, ("landlock", "landlock_net"), [(0x7FFF, 3, 0)]),
        (5, ("landlock", "landlock_net"), [(0xFFFF, 3, 0)]),
        (6, ("landlock", "landlock_net", "landlock_scope"), [(0xFFFF, 3, 3)]),
        (9, ("landlock", "landlock_net", "landlock_scope"), [(0xFFFF, 3, 3)]),
    ],
)
def test_an_older_kernel_is_asked_only_for_what_it_knows(
    monkeypatch: pytest.MonkeyPatch, version: int, names: tuple[str, ...], handled: list[tuple[int, ...]]
) -> None:
    asked: list[tuple[int, ...]] = []

    def create(*fields: int) -> int:
        asked.append(fields)
        return os.open("/", os.O_PATH)

    monkeypatch.setattr(landlock, "_create", create)
    monkeypatch.setattr(landlock, "abi", lambda: version)
    with landlock.ruleset() as rules:
        assert rules.names == names
    assert asked == handled


def test_what_a_kernel_does_not_know_is_left_out_of_what_is_granted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 1)
    with landlock.ruleset(["/usr"], [str(tmp_path)], ["/dev/null"]) as rules:
        assert rules.names == ("landlock",)
