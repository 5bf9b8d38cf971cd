"""The rule of every status, on reports made up for the purpose."""

import signal

import pytest

from assaygym.errors import SandboxError
from assaygym.sandbox import _outcome
from assaygym.sandbox._outcome import outcome
from assaygym.sandbox._worker import Report
from assaygym.sandbox.base import ExecStatus, Limits
from assaygym.sandbox.guest.protocol import BY_CROWD, BY_HOST, BY_ITSELF, BY_OUTPUT, BY_WALL

MIB = 1 << 20
LIMITS = Limits(cpu_seconds=1, memory_bytes=100 * MIB)
KILLED = int(signal.SIGKILL)


def report(
    status: int | None, *, ended: int = BY_ITSELF, stderr: bytes = b"", cpu: float = 0.1, memory: int = 10 * MIB
) -> Report:
    return Report(status, ended, b"", stderr, cpu, 0.2, memory, {})


@pytest.mark.parametrize(
    ("given", "status", "code", "number"),
    [
        (report(0), ExecStatus.OK, 0, None),
        (report(3 << 8), ExecStatus.NONZERO_EXIT, 3, None),
        (report(int(signal.SIGSEGV)), ExecStatus.SIGNALED, None, 11),
        (report(KILLED), ExecStatus.SIGNALED, None, 9),
        (report(KILLED, memory=95 * MIB), ExecStatus.OUT_OF_MEMORY, None, 9),
        (report(int(signal.SIGTERM), memory=95 * MIB), ExecStatus.SIGNALED, None, 15),
        (report(int(signal.SIGXCPU)), ExecStatus.TIMEOUT, None, 24),
        (report(KILLED, cpu=1.5), ExecStatus.TIMEOUT, None, 9),
        (report(0, cpu=1.5), ExecStatus.TIMEOUT, 0, None),
        (report(None, ended=BY_WALL), ExecStatus.TIMEOUT, None, 9),
        (report(None, ended=BY_OUTPUT), ExecStatus.OUTPUT_LIMIT, None, 9),
        (report(0, ended=BY_OUTPUT), ExecStatus.OUTPUT_LIMIT, 0, None),
        (report(None, ended=BY_HOST), ExecStatus.SIGNALED, None, 9),
        (report(None, ended=BY_HOST, memory=95 * MIB), ExecStatus.SIGNALED, None, 9),
        (report(1 << 8, stderr=b"Traceback\nMemoryError\n"), ExecStatus.OUT_OF_MEMORY, 1, None),
        (report(1 << 8, stderr=b"MemoryError: too big"), ExecStatus.OUT_OF_MEMORY, 1, None),
        (report(1 << 8, stderr=b"x\nnumpy.core._ArrayMemoryError: no\n"), ExecStatus.OUT_OF_MEMORY, 1, None),
        (report(1 << 8, stderr=b"MemoryError\nValueError\n"), ExecStatus.NONZERO_EXIT, 1, None),
        (report(1 << 8, stderr=b"ValueError: MemoryError\n"), ExecStatus.NONZERO_EXIT, 1, None),
        (report(0, stderr=b"MemoryError\n"), ExecStatus.OK, 0, None),
    ],
)
def test_a_report_becomes_this_status(given: Report, status: ExecStatus, code: int | None, number: int | None) -> None:
    result = outcome(given, LIMITS, ("rlimits",))
    assert (result.status, result.exit_code, result.signal) == (status, code, number)


def test_who_waited_for_processors_too_long_may_be_right_where_others_want_them_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_outcome, "is_crowded", lambda: True)
    with pytest.raises(SandboxError, match=r"too busy: in 0\.2 s a program got 0\.1 s"):
        outcome(report(None, ended=BY_CROWD), LIMITS, ())


def test_who_waited_where_nobody_else_wants_a_processor_waited_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_outcome, "is_crowded", lambda: False)
    assert outcome(report(None, ended=BY_CROWD), LIMITS, ()).status is ExecStatus.TIMEOUT


def test_who_used_more_than_its_cpu_time_is_wrong_however_long_it_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_outcome, "is_crowded", lambda: True)
    assert outcome(report(None, ended=BY_CROWD, cpu=1.1), LIMITS, ()).status is ExecStatus.TIMEOUT


def test_time_of_the_kernel_that_memory_explains_is_no_cpu_time() -> None:
    given = Report(0, BY_ITSELF, b"", b"", 1.2, 0.2, 576 * MIB, {}, 0.75)
    result = outcome(given, LIMITS, ())
    assert (result.status, result.cpu_seconds, result.kernel_seconds) == (ExecStatus.OK, 1.2, 0.75)


def test_the_measurements_and_the_isolation_are_passed_on() -> None:
    result = outcome(report(0), LIMITS, ("rlimits",))
    assert (result.cpu_seconds, result.wall_seconds, result.peak_memory_bytes) == (0.1, 0.2, 10 * MIB)
    assert (result.isolation, result.truncated, dict(result.files)) == (("rlimits",), False, {})
