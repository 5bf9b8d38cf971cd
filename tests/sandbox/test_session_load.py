"""What a busy machine does to a cell is not the cell's doing: it waits for it, or gives no result at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest

from assaygym.errors import SandboxError
from assaygym.sandbox import ExecStatus, Limits, Sandbox
from assaygym.sandbox.base import MIB
from assaygym.sandbox.guest.turns import LEAST_MORE, Turns
from assaygym.sandbox.sessions import _exchange, _session
from assaygym.sandbox.sessions._resident import Resident
from assaygym.sandbox.sessions._session import CellSession

QUICK = Limits(wall_seconds=0.2)
Until = Callable[[Turns, float, float, float], tuple[float, bool]]


@pytest.fixture
def session(jail: Sandbox) -> Iterator[CellSession]:
    with jail.session() as session:
        assert isinstance(session, CellSession)
        yield session


def owes(monkeypatch: pytest.MonkeyPatch, *answers: Until) -> None:
    """Have the waits of the next cells be these, one after the other, the last for ever."""
    told = chain(answers, repeat(answers[-1]))
    monkeypatch.setattr(Turns, "until", lambda *given: next(told)(*given))


def much(turns: Turns, start: float, wall: float, now: float) -> tuple[float, bool]:
    return start + wall + 60, False


def crowded(turns: Turns, start: float, wall: float, now: float) -> tuple[float, bool]:
    return now, True


def nothing(turns: Turns, start: float, wall: float, now: float) -> tuple[float, bool]:
    return now, False


def test_a_cell_that_waited_for_processors_has_so_much_more_time(
    session: CellSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    owes(monkeypatch, much)
    result = session.run("import time\ntime.sleep(0.4)\n7", limits=QUICK)
    assert (result.status, result.value) == (ExecStatus.OK, "7")
    assert result.wall_seconds >= 0.4


def test_a_cell_that_never_had_its_turn_has_no_result_and_its_session_is_closed(
    session: CellSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    owes(monkeypatch, crowded)
    monkeypatch.setattr(_session, "is_crowded", lambda: True)
    with pytest.raises(SandboxError, match="the machine is too busy"):
        session.run("import time\ntime.sleep(60)", limits=QUICK)
    with pytest.raises(SandboxError, match="closed"):
        session.run("1")


def test_a_cell_that_waited_where_nobody_else_wants_a_processor_waited_for_itself(
    session: CellSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    owes(monkeypatch, crowded)
    monkeypatch.setattr(_session, "is_crowded", lambda: False)
    assert session.run("import time\ntime.sleep(60)", limits=QUICK).status is ExecStatus.TIMEOUT
    assert not session.alive


def test_a_cell_that_used_its_cpu_time_is_over_however_long_it_waited(
    session: CellSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    owes(monkeypatch, crowded)
    clock = chain([0.0], repeat(11.0))
    monkeypatch.setattr(Resident, "cpu_seconds", lambda resident: next(clock))
    result = session.run("import time\ntime.sleep(60)", limits=QUICK)
    assert (result.status, session.alive) == (ExecStatus.TIMEOUT, True)


def test_an_answer_that_came_while_we_had_no_turn_came_in_time(
    session: CellSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = Resident.wait

    def late(resident: Resident, seconds: float) -> dict[int, int]:
        ready = wait(resident, 60)
        time.sleep(0.3)
        return ready

    monkeypatch.setattr(Resident, "wait", late)
    result = session.run("7", limits=QUICK)
    assert (result.status, result.value) == (ExecStatus.OK, "7")
    assert result.wall_seconds > QUICK.wall_seconds


@pytest.mark.parametrize(("ending", "alive"), [(much, True), (nothing, False), (crowded, False)])
def test_an_interrupted_cell_that_waits_has_more_time_to_end_and_is_a_timeout_in_any_case(
    session: CellSession, monkeypatch: pytest.MonkeyPatch, ending: Until, alive: bool
) -> None:
    owes(monkeypatch, nothing, ending)
    monkeypatch.setattr(_exchange, "INTERRUPT_SECONDS", 0.1)
    slow = "import time\ntry: time.sleep(60)\nexcept KeyboardInterrupt: time.sleep(0.4)"
    assert session.run(slow, limits=QUICK).status is ExecStatus.TIMEOUT
    assert session.alive is alive


def test_the_waits_of_former_cells_are_not_owed_to_a_later_one(
    session: CellSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Turns._look

    def waited_long_ago(turns: Turns) -> tuple[dict[str, int], int]:
        threads, ticks = look(turns)
        assert threads
        return {thread: wait + 10**12 for thread, wait in threads.items()}, ticks

    monkeypatch.setattr(Turns, "_look", waited_long_ago)
    result = session.run("import time\ntime.sleep(60)", limits=QUICK)
    assert result.status is ExecStatus.TIMEOUT
    assert result.wall_seconds < QUICK.wall_seconds + LEAST_MORE


def test_the_processes_of_a_session_are_looked_at_with_all_below_them(session: CellSession) -> None:
    session.run("import threading, subprocess, time\nthread = threading.Thread(target=time.sleep, args=(60,))")
    session.run("thread.daemon = True\nthread.start()\nchild = subprocess.Popen(['/bin/sleep', '60'])")
    assert session._place.node is not None
    waits, ticks = session._place.node.turns._look()
    assert len(waits) == 3
    assert session._place.node.turns._all_patient(waits)
    assert ticks >= 0


def test_a_session_goes_on_in_a_copy_whose_waits_are_its_own(session: CellSession) -> None:
    with session.fork(1)[0] as copy:
        assert isinstance(copy, CellSession)
        copy.run("1")
        assert copy._place.node is not None
        assert session._place.node is not None
        assert copy._place.node.turns._first == str(copy._place.node.resident.pid)
        assert copy._place.node.turns._first != session._place.node.turns._first


def test_time_of_the_kernel_that_memory_explains_is_not_charged_to_a_cell(
    session: CellSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = chain([0.0], repeat(11.0))
    user = chain([0.0], repeat(9.5))
    monkeypatch.setattr(Resident, "cpu_seconds", lambda resident: next(clock))
    monkeypatch.setattr(Resident, "user_seconds", lambda resident: next(user))
    peak = chain([0], repeat(512 * MIB))
    monkeypatch.setattr(Resident, "peak_bytes", lambda resident: next(peak))
    result = session.run("7", limits=Limits(cpu_seconds=10))
    assert (result.status, result.cpu_seconds, result.kernel_seconds) == (ExecStatus.OK, 11.0, 1.5)


def test_nor_is_it_to_the_wall_clock_of_a_cell(session: CellSession, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds: list[float] = []

    def until(turns: Turns, start: float, wall: float, now: float) -> tuple[float, bool]:
        seconds.append(wall)
        return now, False

    monkeypatch.setattr(Turns, "until", until)
    clock, user = chain([0.0], repeat(4.0)), chain([0.0], repeat(2.5))
    monkeypatch.setattr(Resident, "cpu_seconds", lambda resident: next(clock))
    monkeypatch.setattr(Resident, "user_seconds", lambda resident: next(user))
    peak = chain([0], repeat(512 * MIB))
    monkeypatch.setattr(Resident, "peak_bytes", lambda resident: next(peak))
    assert session.run("import time\ntime.sleep(60)", limits=QUICK).status is ExecStatus.TIMEOUT
    assert seconds == [QUICK.wall_seconds + 1.5]


@pytest.mark.parametrize(
    ("user", "before", "peak"),
    [(10.5, 0, 512 * MIB), (9.5, 0, 64 * MIB), (9.5, 512 * MIB, 512 * MIB), (9.5, 9 * MIB, None)],
    ids=["computed", "little memory", "memory of earlier cells", "nobody tells"],
)
def test_what_memory_of_the_cell_does_not_explain_is_charged(
    session: CellSession, monkeypatch: pytest.MonkeyPatch, user: float, before: int, peak: int | None
) -> None:
    clocks = {
        "cpu_seconds": chain([0.0], repeat(11.0)),
        "user_seconds": chain([0.0], repeat(user)),
        "peak_bytes": chain([before], repeat(peak)),
    }
    for name, clock in clocks.items():
        monkeypatch.setattr(Resident, name, lambda resident, clock=clock: next(clock))
    assert session.run("7", limits=Limits(cpu_seconds=10)).status is ExecStatus.TIMEOUT


def test_memory_is_looked_at_once_a_cell(session: CellSession, monkeypatch: pytest.MonkeyPatch) -> None:
    session.run("1")
    looks = iter([9 * MIB])
    monkeypatch.setattr(Resident, "peak_bytes", lambda resident: next(looks))
    assert session.run("2").peak_memory_bytes == 9 * MIB


def test_the_clocks_of_a_session_tell_the_kernel_s_share(session: CellSession) -> None:
    result = session.run("x = bytearray(200 << 20)\ndel x")
    assert 0 < result.kernel_seconds <= result.cpu_seconds
