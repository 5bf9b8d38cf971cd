import gc
import os
import time
from collections.abc import Callable, Iterator

import pytest

from assaygym.errors import SandboxError
from assaygym.sandbox._alone import Alone, why_not
from assaygym.sandbox._folders import Folders
from assaygym.sandbox._interpreter import interpreter
from assaygym.sandbox._view import view_of_this_machine
from assaygym.sandbox._wire import Confinement
from assaygym.sandbox.base import ExecStatus
from assaygym.sandbox.contract.forks import ForkContract
from assaygym.sandbox.contract.guarantees import processes_named
from assaygym.sandbox.contract.sessions import SessionContract, value
from assaygym.sandbox.contract.shells import ShellContract
from assaygym.sandbox.sessions import ReplayKeeper

Place = Callable[[], tuple[str, Confinement | None]]


def keeper_in(folders: Folders, place: Place) -> ReplayKeeper:
    return ReplayKeeper(interpreter(), folders.command, folders.packages, place)


@pytest.fixture(scope="module")
def plain() -> Iterator[ReplayKeeper]:
    folders = Folders(interpreter())
    with keeper_in(folders, lambda: (folders.scratch(), None)) as keeper:
        yield keeper
    assert os.listdir(folders.root) == ["python"]
    folders.close()


@pytest.fixture(scope="module")
def alone() -> Iterator[ReplayKeeper]:
    if reason := why_not():
        pytest.skip(reason)
    shared = Alone(view_of_this_machine(), interpreter())
    with keeper_in(shared.folders, shared.confinement) as keeper:
        yield keeper
    assert os.listdir(shared.folders.root) == ["python"]
    shared.folders.close()


class Replayed(ForkContract):
    """What differs: files have new times; threads and children are started again; /dev/shm may be the host's."""

    test_all_kinds_of_files_are_copied_whole = None  # type: ignore[assignment]
    test_what_was_printed_between_cells_is_told_by_the_original_alone = None  # type: ignore[assignment]
    test_threads_and_child_processes_are_not_copied = None  # type: ignore[assignment]
    test_a_copy_cannot_reach_the_others_by_name = None  # type: ignore[assignment]


class TestPlainSessions(SessionContract):
    @pytest.fixture
    def sandbox(self, plain: ReplayKeeper) -> ReplayKeeper:
        return plain


class TestPlainForks(Replayed):
    @pytest.fixture
    def sandbox(self, plain: ReplayKeeper) -> ReplayKeeper:
        return plain


class TestPlainShells(ShellContract):
    @pytest.fixture
    def sandbox(self, plain: ReplayKeeper) -> ReplayKeeper:
        return plain


class TestSessionsAlone(SessionContract):
    @pytest.fixture
    def sandbox(self, alone: ReplayKeeper) -> ReplayKeeper:
        return alone


class TestForksAlone(Replayed):
    @pytest.fixture
    def sandbox(self, alone: ReplayKeeper) -> ReplayKeeper:
        return alone


def test_what_a_plain_session_started_ends_with_it(plain: ReplayKeeper) -> None:
    name = f"assay-plain-{os.getpid()}"
    with plain.session() as session:
        session.run(f"import subprocess; p = subprocess.Popen(['{name}', '60'], executable='/bin/sleep')")
        assert len(processes_named(name)) == 1
    deadline = time.monotonic() + 10  # what was killed needs a processor to end on
    while processes_named(name) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes_named(name) == []


def test_a_session_alone_reads_and_signals_nothing_of_the_host(alone: ReplayKeeper) -> None:
    code = f"""
import os, socket
def refused(act, *args):
    try: act(*args)
    except OSError: return True
[refused(open, '/etc/passwd'), refused(os.listdir, '/proc'), refused(os.kill, {os.getpid()}, 0),
 refused(os.kill, os.getppid(), 9), refused(os.fork), refused(socket.socket), refused(open, '/dev/shm/x', 'w')]
"""
    with alone.session() as session:
        assert value(session, code) == str([True] * 7)
        assert {"landlock", "seccomp", "no_processes"} <= set(session.run("1").isolation)


def test_two_sessions_alone_do_not_reach_each_others_files(alone: ReplayKeeper) -> None:
    with alone.session(files={"secret": b"x"}) as one, alone.session() as other:
        path = value(one, "import os; os.path.abspath('secret')")
        assert other.run(f"open({path})").error == "PermissionError"


def test_copies_of_a_session_that_ends_when_run_again_say_so(plain: ReplayKeeper) -> None:
    with plain.session() as session:
        folder = value(session, "import os; os.path.dirname(os.getcwd())")
        mark = f"{folder} + '/mark'"
        session.run(f"if os.path.exists({mark}): os._exit(1)\nopen({mark}, 'w').close()")
        with pytest.raises(SandboxError, match="run again"):
            session.fork(1)
        session.run(f"os.remove({mark})")


def test_a_keeper_of_plain_sessions_leaves_nothing() -> None:
    folders = Folders(interpreter())
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    with keeper_in(folders, lambda: (folders.scratch(), None)) as keeper:
        sessions = [keeper.session() for _ in range(2)]
        sessions += sessions[0].fork(2)
        assert [session.run("6 * 7").status for session in sessions] == [ExecStatus.OK] * 4
        sessions[1].run("import os; os.chmod('.', 0)")
    while sessions:
        sessions.pop().close()
    del keeper
    gc.collect()
    assert os.listdir(folders.root) == ["python"]
    assert len(os.listdir("/proc/self/fd")) == before
    folders.close()
