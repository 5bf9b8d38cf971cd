"""What a run is owed for its waits, by a made-up /proc; and a real program on a processor that others keep busy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assaygym.sandbox import ExecStatus, Limits, Sandbox, open_sandbox
from assaygym.sandbox._helper import VARIABLE, native_helper
from assaygym.sandbox.guest import turns
from assaygym.sandbox.guest.turns import LEAST_MORE, MOST_WALLS, Turns

TICKS = os.sysconf("SC_CLK_TCK")
WALL = 10.0


class Proc:
    """A folder like /proc, in which process 1 is the one that looks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "self").symlink_to("1")
        self.add("1")

    def add(
        self,
        number: str,
        *below: str,
        waited: float = 0,
        used: float = 0,
        thread: str = "",
        nice: str = "0",
        policy: str = "0",
        name: str = "python",
    ) -> None:
        fields = ["S", *["0"] * 38]
        fields[11], fields[16], fields[38] = str(int(used * TICKS)), nice, policy
        task = self.path / number / "task" / (thread or number)
        task.mkdir(parents=True)
        for place in (task, self.path / number):
            (place / "stat").write_text(f"{number} ({name}) {' '.join(fields)}\n")
        (task / "children").write_text("".join(f"{child} " for child in below))
        (task / "schedstat").write_text(f"{int(used * 1e9)} {int(waited * 1e9)} 5\n")

    def start(self, *below: str) -> None:
        (self.path / "1" / "task" / "1" / "children").write_text(" ".join(below))

    def until(self, now: float = WALL, wall: float = WALL, number: int = 0) -> tuple[float, bool]:
        with self.opened() as folder:
            return Turns(folder).until(0.0, wall, now, number)

    @contextmanager
    def opened(self) -> Iterator[int]:
        folder = os.open(self.path, os.O_PATH | os.O_DIRECTORY)
        try:
            yield folder
        finally:
            os.close(folder)


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


def test_a_run_that_waited_for_processors_is_owed_so_much(proc: Proc) -> None:
    proc.start("2")
    proc.add("2", waited=4)
    assert proc.until() == (14, False)


def test_what_was_owed_and_had_is_not_owed_again(proc: Proc) -> None:
    proc.start("2")
    proc.add("2", waited=4)
    assert proc.until(now=14.0) == (14, False)


def test_the_longest_wait_counts_of_all_descendants_and_threads(proc: Proc) -> None:
    proc.start("2")
    proc.add("2", "3", waited=1)
    proc.add("3", waited=2)
    proc.add("3", "5", waited=3, thread="4")
    proc.add("5", waited=6)
    assert proc.until() == (16, False)


def test_a_wait_for_others_of_the_run_is_not_owed(proc: Proc) -> None:
    proc.start("2")
    proc.add("2", "3", waited=5, used=1)
    proc.add("3", used=3)
    assert proc.until() == (12, False)


@pytest.mark.parametrize(("last", "until"), [(42, 14), (43, WALL), (7, WALL)])
def test_nothing_is_owed_to_a_run_of_which_something_has_ended_or_hides(proc: Proc, last: int, until: float) -> None:
    """Its first process has the number 40 where numbers are counted, and there are three."""
    proc.start("2")
    proc.add("2", "3")
    proc.add("3", waited=4)
    proc.add("3", thread="4")
    (proc.path / "loadavg").write_text(f"0.00 0.01 0.05 1/80 {last}\n")
    assert proc.until(number=40) == (until, False)


def test_nothing_is_owed_where_nobody_tells_how_many_there_were(proc: Proc) -> None:
    proc.start("2")
    proc.add("2", waited=4)
    assert proc.until(number=40) == (WALL, False)


@pytest.mark.parametrize(
    ("why", "doing"),
    [
        ("it slept", {}),
        ("it is nice", {"waited": 9.0, "nice": "19"}),
        ("it is idle", {"waited": 9.0, "policy": "5"}),
        ("it had its turns", {"waited": 9.0, "used": WALL}),
    ],
)
def test_who_waits_by_its_own_will_is_owed_nothing(proc: Proc, why: str, doing: dict[str, float]) -> None:
    proc.start("2")
    proc.add("2", **doing)  # type: ignore[arg-type]  # texts among them
    assert proc.until() == (WALL, False), why


def test_a_name_that_looks_like_the_fields_behind_it_changes_nothing(proc: Proc) -> None:
    proc.start("2")
    proc.add("2", waited=4, nice="19", name=f") S {'0 ' * 38}")
    assert proc.until() == (WALL, False)


def test_who_waits_for_more_than_all_the_time_that_there_is_ends_for_want_of_processors(proc: Proc) -> None:
    proc.start("2")
    proc.add("2", waited=5 * WALL)
    assert proc.until() == (MOST_WALLS * WALL, False)
    assert proc.until(now=MOST_WALLS * WALL) == (MOST_WALLS * WALL, True)


def test_a_short_time_may_grow_by_some_seconds(proc: Proc) -> None:
    proc.start("2")
    proc.add("2", waited=60)
    assert proc.until(now=0.1, wall=0.1) == (0.1 + LEAST_MORE, False)


def test_a_process_that_has_ended_takes_nothing_from_the_others(proc: Proc) -> None:
    proc.start("2", "3")
    proc.add("3", waited=4)
    assert proc.until() == (14, False)


@pytest.mark.parametrize(
    ("waited", "used", "until"), [(3, 0, WALL), (7, 9, WALL + 4), (7, WALL + 8, WALL), (7, WALL + 7.5, WALL + 4)]
)
def test_of_a_session_only_what_its_processes_did_since_the_cell_began_counts(
    proc: Proc, waited: float, used: float, until: float
) -> None:
    proc.start("2", "3")
    proc.add("2", waited=3, used=8, nice="5")
    proc.add("3", waited=9)
    proc.add("4", nice="5")
    with proc.opened() as folder:
        turns = Turns(folder, 2, like=4)
        turns.begin()
        shutil.rmtree(proc.path / "2")
        proc.add("2", waited=waited, used=used, nice="5")
        assert turns.until(0.0, WALL, WALL) == (until, False)


def test_without_such_files_nothing_is_owed(tmp_path: Path) -> None:
    assert Turns(-1).until(0.0, WALL, WALL) == (WALL, False)
    folder = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
    assert Turns(folder).until(0.0, WALL, WALL) == (WALL, False)
    os.close(folder)


def test_more_threads_than_a_run_may_have_are_not_looked_at(proc: Proc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_THREADS", 3)
    proc.start("2")
    for number in range(2, 6):
        proc.add("2", waited=4, thread=str(number))
    assert proc.until() == (WALL, False)


@pytest.fixture(scope="module", params=["1", "0"], ids=["native", "plain"])
def jailed(request: pytest.FixtureRequest, namespaces: None) -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, request.param)
        if request.param == "1" and not native_helper():
            pytest.skip("there is no compiler for the native helper")
        with open_sandbox("jail", workers=1) as sandbox:
            yield sandbox


@pytest.fixture
def crowded() -> Iterator[int]:
    """A processor that has three others to serve."""
    processor = max(os.sched_getaffinity(0))
    spin = f"import os\nos.sched_setaffinity(0, [{processor}])\nwhile True: pass"
    others = [subprocess.Popen([sys.executable, "-c", spin], start_new_session=True) for _ in range(3)]
    yield processor
    for other in others:
        other.kill()
        other.wait()


@pytest.mark.alone
def test_on_a_busy_processor_only_who_has_much_to_do_gets_more_time(jailed: Sandbox, crowded: int) -> None:
    limits = Limits(cpu_seconds=2, wall_seconds=1)
    there = f"import os, time\nos.sched_setaffinity(0, [{crowded}])\n"
    busy = jailed.run(f"{there}while time.process_time() < 0.4: pass\nprint('done')", limits=limits)
    asleep = jailed.run(f"{there}time.sleep(60)", limits=limits)
    assert (busy.status, busy.stdout) == (ExecStatus.OK, "done\n")
    assert asleep.status is ExecStatus.TIMEOUT
    assert asleep.wall_seconds < busy.wall_seconds + 0.5


SHORT = Limits(cpu_seconds=4, wall_seconds=0.4)
PINNED = "import os, signal, threading, time\nos.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
CHILDREN = """
def spin(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
def child(seconds):
    if os.fork() == 0:
        spin(seconds)
        os._exit(0)
{before}
child(0)
time.sleep(0.05)
while True:
    for _ in range(8): child(0.02)
    spin(0.002)
"""
IGNORED = "signal.signal(signal.SIGCHLD, signal.SIG_IGN)"
NOT_KEPT = """
import ctypes
class Action(ctypes.Structure):
    _fields_ = [("does", ctypes.c_long), ("mask", ctypes.c_long * 16), ("flags", ctypes.c_int), ("rest", ctypes.c_long)]
ctypes.CDLL(None).sigaction(signal.SIGCHLD, ctypes.byref(Action(flags=2)), None)
"""
ENDED_THREADS = """
def work():
    for _ in range(10000): pass
while True:
    for _ in range(8):
        threading.Thread(target=work, daemon=True).start()
    while threading.active_count() > 4: pass
"""
WAITERS = {
    "children that the kernel reaps": CHILDREN.format(before=IGNORED),
    "children that nobody keeps": CHILDREN.format(before=NOT_KEPT),
    "threads that end": ENDED_THREADS,
}
"""What makes itself wait for processors by what leaves no trace of the time it used."""


@pytest.mark.alone
@pytest.mark.parametrize("program", WAITERS.values(), ids=WAITERS)
def test_who_waits_for_what_it_began_itself_is_late_and_owed_nothing(jailed: Sandbox, program: str) -> None:
    result = jailed.run(PINNED + program, limits=SHORT)
    assert (result.status, result.stderr) == (ExecStatus.TIMEOUT, "")
    assert result.wall_seconds < SHORT.wall_seconds + LEAST_MORE / 2


@pytest.mark.alone
def test_a_run_is_known_by_the_numbers_of_its_processes(jailed: Sandbox, crowded: int) -> None:
    """However many runs, processes and threads there were before."""
    jailed.run("import os, threading\nfor _ in range(3): threading.Thread(target=os.getpid).start()\nos.system('true')")
    others = (
        "import threading, time\nfor _ in range(3): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()"
    )
    busy = (
        f"import os, time\nos.sched_setaffinity(0, [{crowded}])\nwhile time.process_time() < 0.3: pass\nprint('done')"
    )
    result = jailed.run(f"{others}\n{busy}", limits=Limits(cpu_seconds=2, wall_seconds=0.6))
    assert (result.status, result.stdout) == (ExecStatus.OK, "done\n")
