"""CPU time that the kernel takes to find memory is not the program's; who was ended for it has a second attempt."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.sandbox import ExecResult, ExecStatus, Limits, Sandbox, found, inputs
from assaygym.sandbox.base import MIB
from assaygym.sandbox.found import beyond_doubt, charged, in_doubt, roomier

LIMITS = Limits(cpu_seconds=1.0, wall_seconds=2.0, memory_bytes=576 * MIB)
SHOW = "import resource\nprint(resource.getrlimit(resource.RLIMIT_CPU)[0])"


def ended(cpu: float, peak: float = 500, number: int = signal.SIGXCPU, kernel: float = 0.0) -> ExecResult:
    return ExecResult(
        status=ExecStatus.TIMEOUT,
        exit_code=None,
        signal=int(number),
        stdout="",
        stderr="",
        truncated=False,
        cpu_seconds=cpu,
        kernel_seconds=kernel,
        wall_seconds=1.0,
        peak_memory_bytes=int(peak * MIB),
    )


@given(st.floats(0, 100), st.floats(0, 100), st.integers(0, 1 << 40))
def test_a_program_is_charged_with_all_that_it_computes(own: float, kernel: float, peak: int) -> None:
    assert own - 1e-9 <= charged(ended(own + kernel, peak / MIB, kernel=kernel)) <= own + kernel


def test_the_kernel_s_time_is_taken_off_as_far_as_memory_explains_it() -> None:
    assert charged(ended(1.0, 64, kernel=0.9)) == 1.0
    assert charged(ended(1.0, 576, kernel=0.9)) == pytest.approx(0.1)
    assert charged(ended(9.0, 576, kernel=8.0)) == pytest.approx(7.0)


@pytest.mark.parametrize(
    ("result", "doubtful"),
    [
        (ended(1.0, kernel=0.9), True),
        (ended(0.9, kernel=0.9), False),
        (ended(0.99), False),
        (ended(1.0, kernel=0.9, peak=60), False),
        (ended(1.0, kernel=0.9, number=signal.SIGKILL), False),
        (ended(2.1, kernel=0.5, number=signal.SIGKILL), False),
        (ended(2.1, kernel=1.5, number=signal.SIGKILL), True),
        (ended(1.8, kernel=1.5, number=signal.SIGKILL), False),
        (ended(2.1, kernel=1.5, peak=60, number=signal.SIGKILL), False),
        (replace(ended(2.1, kernel=1.5, number=signal.SIGKILL), status=ExecStatus.SIGNALED), False),
    ],
)
def test_in_doubt_is_who_was_ended_with_much_memory_and_time_left(result: ExecResult, doubtful: bool) -> None:
    assert in_doubt(result, LIMITS) is doubtful


def test_who_computed_in_all_its_short_wall_clock_time_was_ended_rightly() -> None:
    limits = replace(LIMITS, cpu_seconds=10, wall_seconds=2)
    assert not in_doubt(ended(2.1, kernel=0.1, number=signal.SIGKILL), limits)
    assert in_doubt(ended(2.1, kernel=0.5, number=signal.SIGKILL), limits)


@pytest.mark.parametrize(
    ("times", "attempts", "kept"),
    [
        ([(0.99, 0)], [1.0], 0),
        ([(1.0, 0.9), (0.9, 0)], [1.0, 1.4], 1),
        ([(1.0, 0.9), (1.1, 0)], [1.0, 1.4], 0),
        ([(1.0, 0.9), (1.3, 0.4)], [1.0, 1.4], 1),
        ([(1.0, 0.9), (2.3, 1.7)], [1.0, 1.4], 0),
    ],
    ids=["beyond doubt", "right after all", "too slow after all", "found at hand", "not found at hand"],
)
def test_a_second_attempt_counts_within_the_limit(
    times: list[tuple[float, float]], attempts: list[float], kept: int
) -> None:
    seen: list[float] = []

    def attempt(limits: Limits) -> tuple[int, ExecResult]:
        seen.append(limits.cpu_seconds)
        cpu, kernel = times[len(seen) - 1]
        return len(seen) - 1, ended(cpu, kernel=kernel)

    assert beyond_doubt(attempt, LIMITS)[0] == kept
    assert seen == attempts


def test_a_second_attempt_takes_twice_the_time_at_most_whatever_memory_it_may_have() -> None:
    limits = roomier(replace(LIMITS, memory_bytes=1 << 40))
    assert (limits.cpu_seconds, limits.wall_seconds) == (2.0, 3.0)


def test_a_run_in_doubt_is_run_again_with_more_time(jail: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "in_doubt", lambda result, limits: True)
    assert jail.run(SHOW, limits=LIMITS).stdout == "2\n"
    assert jail.run('echo "$(ulimit -t)"', language="bash", limits=LIMITS).stdout == "2\n"


def test_an_input_in_doubt_has_a_run_of_its_own(jail: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "in_doubt", lambda result, limits: True)
    with inputs.SharedRun(jail, SHOW, LIMITS) as run:
        assert run.run("", LIMITS).stdout == "1\n"
        assert run.shared == 0


def test_a_program_that_fills_its_memory_is_charged_with_next_to_nothing(jail: Sandbox) -> None:
    program = "import resource\nx = bytearray(160 << 20)\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_stime)"
    result = jail.run(program, limits=LIMITS)
    assert result.kernel_seconds >= float(result.stdout) > 0
    assert charged(result) <= max(result.cpu_seconds - float(result.stdout), result.cpu_seconds - 0.3)
    assert found.FREE_BYTES < (result.peak_memory_bytes or 0) < LIMITS.memory_bytes
