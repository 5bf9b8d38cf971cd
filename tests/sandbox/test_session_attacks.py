"""What a hostile session can do: each test is an attack on the channel, the loop, the keeper or other sessions."""

import gc
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from assaygym.errors import SandboxError
from assaygym.sandbox import ExecStatus, Limits, Session
from assaygym.sandbox._interpreter import interpreter
from assaygym.sandbox._view import view_of_this_machine
from assaygym.sandbox.contract.guarantees import DAEMON, processes_named
from assaygym.sandbox.contract.sessions import value
from assaygym.sandbox.sessions import SessionKeeper

pytestmark = pytest.mark.alone  # limits of a fraction of a second, processes and descriptors are counted
CHANNEL = 255
ROOT = Path(__file__).resolve().parents[2]
QUICK = Limits(wall_seconds=0.3)


def new_keeper() -> SessionKeeper:
    return SessionKeeper(view_of_this_machine(), interpreter())


def opened(keeper: SessionKeeper, limits: Limits | None = None) -> Session:
    return keeper.session(limits=limits)


@pytest.fixture(scope="module")
def keeper(namespaces: None) -> Iterator[SessionKeeper]:
    keeper = new_keeper()
    yield keeper
    keeper.close()


@pytest.fixture
def bystander(keeper: SessionKeeper) -> Iterator[Session]:
    """A session that must not notice anything."""
    with opened(keeper) as session:
        session.run("x = 1")
        yield session
        assert value(session, "x") == "1"


def below(pid: int) -> set[int]:
    """All processes that descend from one."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | below(child)
    return found


def gone(family: set[int]) -> bool:
    return not [pid for pid in family if os.path.exists(f"/proc/{pid}")]


def dead(family: set[int]) -> bool:
    """Gone, or waiting to be reaped by the machine's first process, whose children orphans become."""
    states = []
    for pid in family:
        with suppress(OSError):
            states.append(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0])
    return set(states) <= {"Z", "X"}


def soon(family: set[int]) -> bool:
    deadline = time.monotonic() + 10
    while not dead(family) and time.monotonic() < deadline:
        time.sleep(0.02)
    return dead(family)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def forged(kind: bytes, cut: int, value_size: int, error_size: int) -> str:
    return f"import os; os.write({CHANNEL}, {struct.pack('!cBii', kind, cut, value_size, error_size)!r})"


@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize(
    "attack",
    [
        f"import os; os.write({CHANNEL}, b'garbage' * 100)",
        f"import os; os.close({CHANNEL})",
        f"import os; os.closerange(0, {CHANNEL + 1})",
        forged(b"d", 0, 2**31 - 1, -1),
        forged(b"d", 0, -7, -1),
        forged(b"d", 0, -1, 1 << 20),
        forged(b"x", 0, -1, -1),
        forged(b"d", 7, -1, -1),
        "import sys\nf, a = sys._getframe(1), []\nwhile f: a.append(f.f_globals); f = f.f_back\n[g.clear() for g in a]",
        "import signal; signal.pthread_sigmask(0, signal.valid_signals())\nwhile True: pass",
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "import time\nwhile True:\n    try: time.sleep(9)\n    except BaseException: pass",
    ],
)
def test_an_attack_on_the_loop_ends_the_session_itself(keeper: SessionKeeper, attack: str) -> None:
    with opened(keeper) as session:
        start = time.monotonic()
        first = session.run(attack, limits=Limits(wall_seconds=0.5))
        second = session.run("6 * 7", limits=Limits(wall_seconds=0.5))
        assert time.monotonic() - start < 10
        assert ExecStatus.OK not in (first.status, second.status)
        assert (second.value, session.alive) == (None, False)


def test_a_session_that_has_itself_killed_is_told_as_killed(keeper: SessionKeeper) -> None:
    with opened(keeper) as session:
        result = session.run("import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass")
        assert (result.status, result.signal) == (ExecStatus.SIGNALED, 9)


def test_a_session_that_hides_from_its_keeper_can_be_copied(keeper: SessionKeeper) -> None:
    with opened(keeper) as session:
        assert value(session, "x = 1; import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)") == "0"
        [copy] = session.fork(1)
        assert value(copy, "x") == "1"


def test_a_flood_between_cells_is_bounded_and_the_session_can_be_copied(keeper: SessionKeeper) -> None:
    flood = "import threading\ndef flood():\n    while True: print('x' * 1000)"
    with opened(keeper) as session:
        session.run(flood)
        session.run("threading.Thread(target=flood, daemon=True).start()")
        [copy] = session.fork(1)
        assert value(copy, "1") == "1"
        assert session.run("1").value == "1"


def test_copies_nest_only_so_deep_and_the_error_says_so(keeper: SessionKeeper) -> None:
    line = [opened(keeper)]
    for _ in range(28):
        line += line[-1].fork(1)

    def deeper() -> None:
        for _ in range(10):
            line.extend(line[-1].fork(1))

    with pytest.raises(SandboxError, match="30 deep"):
        deeper()
    assert value(line[-1], "6 * 7") == "42"
    for session in line:
        session.close()


def test_a_cell_that_takes_the_orders_of_the_loop_is_interrupted(keeper: SessionKeeper) -> None:
    with opened(keeper) as session:
        assert session.run(f"import os\nwhile True: os.read({CHANNEL}, 1)", limits=QUICK).status is ExecStatus.TIMEOUT
        assert value(session, "6 * 7") == "42"


def test_a_forged_answer_says_nothing_but_what_the_program_could_say(keeper: SessionKeeper) -> None:
    with opened(keeper) as session:
        assert (
            session.run(f"{forged(b'd', 0, 6, -1)[:-1]} + b'forged'); import time; time.sleep(0.5)").value == "forged"
        )
        assert session.run("1").value != "1"


@pytest.mark.parametrize(
    "attack",
    [
        "os.kill(-1, 9)",
        "os.kill(0, 9)",
        "os.killpg(0, 9)",
        "[os.kill(n, 9) for n in range(2, 40000) if not kill(n)]",
        "os.fork() or (os.kill(-1, 9), os.kill(1, 9), os.kill(0, 9))",
    ],
)
def test_signals_reach_no_other_session_nor_the_keeper(keeper: SessionKeeper, bystander: Session, attack: str) -> None:
    [copy] = bystander.fork(1)
    helper = "import os\ndef kill(n):\n    try: os.kill(n, 0)\n    except OSError: return True\n"
    for session in (copy, opened(keeper)):
        session.run(helper + attack, limits=Limits(wall_seconds=2))
        session.close()


VISIBLE = """
import os
found = []
for number in range(1, 70000):
    try: os.kill(number, 0); found.append(number)
    except OSError: pass
found
"""


def test_a_copys_process_sees_no_process_of_the_others(keeper: SessionKeeper) -> None:
    with opened(keeper) as session:
        copies = session.fork(3)
        for each in (session, *copies):
            assert value(each, VISIBLE) == "[1]"


def test_capabilities_are_none_and_privileges_no_way(keeper: SessionKeeper) -> None:
    code = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
libc.capget(header, data)
bounding = [n for n in range(40) if libc.prctl(23, n, 0, 0, 0) == 1]
tries = [libc.unshare(0x10000000), libc.mount(b'x', b'/tmp', b'tmpfs', 0, None), libc.sethostname(b'x', 1)]
list(data), bounding, tries, os.getresuid(), libc.prctl(39, 0, 0, 0, 0)
"""
    with opened(keeper) as session:
        [copy] = session.fork(1)
        for each in (session, copy):
            assert value(each, code) == "([0, 0, 0, 0, 0, 0], [], [-1, -1, -1], (1000, 1000, 1000), 1)"


def test_a_process_in_namespaces_of_its_own_making_has_no_more_power(keeper: SessionKeeper) -> None:
    code = """
import ctypes, os
libc = ctypes.PyDLL(None, use_errno=True)
r, w = os.pipe()
if libc.syscall(56, 0x10000000 | 0x20000000 | 0x20000 | 0x40000000 | 17, 0, 0, 0, 0) == 0:
    tries = [libc.mount(b'x', b'/tmp', b'tmpfs', 0, None), libc.unshare(0x20000), libc.chroot(b'/usr'),
             libc.sethostname(b'x', 1), libc.umount2(b'/tmp', 2), libc.syscall(41, 16, 3, 0)]
    os.write(w, repr(tries).encode()); os._exit(0)
os.read(r, 100)
"""
    if os.uname().machine != "x86_64":
        pytest.skip("the number of clone is that of x86-64")
    with opened(keeper) as session:
        assert value(session, code) == "b'[-1, -1, -1, -1, -1, -1]'"


def test_the_number_of_processes_is_limited_and_cannot_be_raised(keeper: SessionKeeper) -> None:
    code = """
import os, resource, time
for attempt in (lambda: resource.setrlimit(resource.RLIMIT_NPROC, (5000, 5000)),
                lambda: resource.prlimit(0, resource.RLIMIT_NPROC, (5000, -1))):
    try: attempt(); print('raised')
    except (OSError, ValueError): pass
count = 0
try:
    while count < 100:
        if os.fork() == 0: time.sleep(60)
        count += 1
except BlockingIOError: pass
count, resource.getrlimit(resource.RLIMIT_NPROC)[0]
"""
    with opened(keeper, Limits(processes=10)) as session:
        [copy] = session.fork(1)
        for each in (copy, session, *session.fork(1)):
            result = each.run(code)
            assert (result.value, result.stdout) == ("(9, 10)", "")


def test_a_session_cannot_outlive_its_keeper_by_refusing_the_signal(keeper: SessionKeeper) -> None:
    with opened(keeper) as session:
        assert value(session, "import ctypes; ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)") == "-1"


def test_what_detached_itself_ends_with_the_session(keeper: SessionKeeper) -> None:
    name = f"assay-session-{os.getpid()}"
    with opened(keeper) as session:
        session.run(f"import os\n{DAEMON.format(name=name)}")
        assert len(processes_named(name)) == 1
    assert processes_named(name) == []


def test_a_fork_ends_what_the_session_had_started(keeper: SessionKeeper) -> None:
    name = f"assay-fork-{os.getpid()}"
    with opened(keeper) as session:
        session.run(f"import os\n{DAEMON.format(name=name)}")
        [copy] = session.fork(1)
        assert processes_named(name) == []
        assert value(copy, "1") == "1"


def test_a_session_that_resists_being_copied_fails_alone(keeper: SessionKeeper, bystander: Session) -> None:
    with opened(keeper) as session:
        session.run("import os; os.wait = lambda: os._exit(1)")
        with pytest.raises(SandboxError, match="session"):
            session.fork(1)
        assert value(bystander, "x") == "1"


def test_nothing_is_left_after_close(namespaces: None) -> None:
    gc.collect()
    files, others = open_files(), below(os.getpid())
    keeper = new_keeper()
    sessions = [opened(keeper) for _ in range(3)]
    sessions += [copy for original in sessions for copy in original.fork(3)]
    sessions[0].run("import subprocess; subprocess.Popen(['/bin/sleep', '60'])")
    family = below(os.getpid()) - others
    assert len(family) >= 13
    while sessions:
        sessions.pop(0).close()
    assert len(below(os.getpid()) - others) == 1, "the keeper alone is left"
    keeper.close()
    assert gone(family)
    del keeper
    assert open_files() == files


def test_closing_the_keeper_ends_all_sessions(namespaces: None) -> None:
    others = below(os.getpid())
    keeper = new_keeper()
    session = opened(keeper)
    copies = session.fork(2)
    family = below(os.getpid()) - others
    keeper.close()
    assert gone(family)
    for each in (session, *copies):
        assert not each.alive
        with pytest.raises(SandboxError):
            each.run("1")
        each.close()
    with pytest.raises(SandboxError, match="closed"):
        opened(keeper)


def test_a_session_that_is_dropped_ends(keeper: SessionKeeper) -> None:
    gc.collect()
    before = below(os.getpid())
    session = opened(keeper)
    assert len(below(os.getpid())) == len(before) + 1
    del session
    gc.collect()
    assert below(os.getpid()) == before


def test_a_lost_keeper_is_a_fault_of_the_sandbox_and_is_replaced(namespaces: None) -> None:
    others = below(os.getpid())
    keeper = new_keeper()
    session = opened(keeper)
    copies = session.fork(2)
    family = below(os.getpid()) - others
    os.kill(min(family), signal.SIGKILL)
    assert soon(family), "its sessions die with it"
    for each in (session, *copies):
        with pytest.raises(SandboxError, match="keeper"):
            each.run("1")
    with opened(keeper) as again:
        assert value(again, "1") == "1"
    for each in (session, *copies):
        each.close()
    keeper.close()


def test_a_fork_of_the_host_leaves_its_sessions_alone(keeper: SessionKeeper, bystander: Session) -> None:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            bystander.run("x = 2")
        except SandboxError as error:
            os.write(write, str(error).encode())
        bystander.close()
        keeper.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert b"forked" in os.read(read, 1000)
    os.close(read)
    os.close(write)


HOST = """
import json, os, sys, time
from assaygym.sandbox._interpreter import interpreter
from assaygym.sandbox._view import view_of_this_machine
from assaygym.sandbox.sessions import SessionKeeper
keeper = SessionKeeper(view_of_this_machine(), interpreter())
session = keeper.session()
copies = session.fork(2)
session.run("import subprocess; p = subprocess.Popen(['/bin/sleep', '60'])")
print(json.dumps([each.run("6 * 7").value for each in (session, *copies)]), flush=True)
time.sleep(60)
"""


def test_nothing_is_left_when_the_host_is_killed(namespaces: None) -> None:
    host = subprocess.Popen([sys.executable, "-c", HOST], stdout=subprocess.PIPE, text=True)
    assert host.stdout is not None
    assert json.loads(host.stdout.readline()) == ["42", "42", "42"]
    family = below(host.pid)
    assert len(family) >= 5
    host.kill()
    host.communicate()
    assert soon(family)


AS_USER = """
import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.path.insert(0, {folder!r})
from assaygym.sandbox import Limits
from assaygym.sandbox._interpreter import interpreter
from assaygym.sandbox._view import view_of_this_machine
from assaygym.sandbox.sessions import SessionKeeper
with SessionKeeper(view_of_this_machine(), interpreter()) as keeper:
    session = keeper.session(limits=Limits(processes=5))
    session.run("import os; x = 1; open('f', 'w').write('f'); os.chmod('f', 0)")
    copies = session.fork(2)
    [again] = copies[0].fork(1)
    copies[0].run("x = 2")
    for each in (session, *copies, again):
        print(each.run("x, os.getuid(), oct(os.stat('f').st_mode), os.path.exists('/proc')").value)
    bomb = "import time\\nn = 0\\ntry:\\n  while n < 50: n += 1; os.fork() or time.sleep(9)\\nexcept OSError: pass\\nn"
    print(again.run(bomb).value)
    print(keeper.session("bash").run("id -u").stdout)
"""


def test_sessions_and_copies_work_for_an_ordinary_user() -> None:
    if os.geteuid() != 0:
        pytest.skip("these tests run as an ordinary user already")
    python = "/usr/bin/python3"
    probe = "import sys; sys.exit(sys.version_info < (3, 11))"
    if not os.path.exists(python) or subprocess.run([python, "-c", probe], check=False).returncode:
        pytest.skip(f"{python} 3.11 or newer is needed: the present interpreter may lie where only root reads")
    folder = Path(tempfile.mkdtemp())
    try:
        shutil.copytree(ROOT / "sandbox", folder / "assaygym" / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "assaygym" / "__init__.py").touch()
        shutil.copy(ROOT / "assaygym" / "errors.py", folder / "assaygym")
        subprocess.run(["chmod", "-R", "a+rX", str(folder)], check=True)
        program = AS_USER.format(folder=str(folder))
        seen = subprocess.run([python, "-B", "-c", program], capture_output=True, text=True, timeout=60, check=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert seen.stderr == ""
    first = "(1, 1000, '0o100000', False)"
    assert seen.stdout.splitlines() == [first, first.replace("1", "2", 1), first, first, "5", "1000", ""]
