"""From a worker's report to an `ExecResult`: the rule of every status stands here.

In this order: a stream passed its cap: OUTPUT_LIMIT. The wall clock ran out, SIGXCPU, or more CPU time than the limit:
TIMEOUT; but who waited for processors in all the time there is for that may be right, and that is an error of ours
where the machine is crowded without it, too (`crowd.py`). It failed with a `MemoryError` as the last line of its
standard error, or was killed with SIGKILL by neither us nor the CPU limit when it had held nearly all of its memory
(the kernel's out-of-memory killer): OUT_OF_MEMORY. Another signal: SIGNALED. Then the exit code decides. A program can
only fake a *failure* in this way, never OK.
"""

from __future__ import annotations

import os
import re
import signal

from assaygym.errors import SandboxError
from assaygym.sandbox._worker import Report
from assaygym.sandbox.base import ExecResult, ExecStatus, Limits
from assaygym.sandbox.crowd import is_crowded
from assaygym.sandbox.found import charged
from assaygym.sandbox.guest.protocol import BY_CROWD, BY_HOST, BY_ITSELF, BY_OUTPUT, BY_WALL

MEMORY_ERROR = re.compile(r"(?:\A|\n)[\w.]*MemoryError\b[^\n]*\n?\Z")
NEARLY_ALL = 0.8


def outcome(report: Report, limits: Limits, isolation: tuple[str, ...], short: bool = False) -> ExecResult:
    """What a program did, from the report of its end.

    Args:
        report: from the worker.
        limits: of the run.
        isolation: what was in force.
        short: whether the kernel killed something of this run for want of memory.

    Raises:
        SandboxError: the machine is too busy to tell whether the program needs too long.
    """
    code, number = ending(report.status)
    stderr = report.stderr.decode("utf-8", "replace")
    return ExecResult(
        status=_status(report, limits, code, number, stderr, short),
        exit_code=code,
        signal=number,
        stdout=report.stdout.decode("utf-8", "replace"),
        stderr=stderr,
        truncated=report.ended == BY_OUTPUT,
        cpu_seconds=report.cpu_seconds,
        kernel_seconds=report.kernel_seconds,
        wall_seconds=report.wall_seconds,
        peak_memory_bytes=report.peak_memory_bytes,
        files=report.files,
        isolation=isolation,
    )


def ending(status: int | None) -> tuple[int | None, int | None]:
    """Exit code or signal; a program that was ended from outside ended by SIGKILL."""
    if status is None:
        return None, int(signal.SIGKILL)
    code = os.waitstatus_to_exitcode(status)
    return (code, None) if code >= 0 else (None, -code)


def too_busy(wall_seconds: float, cpu_seconds: float) -> SandboxError:
    """What to raise where nobody can tell whether a program needs too long: it used and waited for so much."""
    return SandboxError(
        f"the machine is too busy: in {wall_seconds:.1f} s a program got {cpu_seconds:.1f} s of CPU time and waited "
        "for processors; use fewer workers, or raise Limits.wall_seconds"
    )


def _status(
    report: Report, limits: Limits, code: int | None, number: int | None, stderr: str, short: bool
) -> ExecStatus:
    if report.ended == BY_OUTPUT:
        return ExecStatus.OUTPUT_LIMIT
    over = charged(report) > limits.cpu_seconds
    if report.ended == BY_WALL or number == signal.SIGXCPU or over:
        return ExecStatus.TIMEOUT
    if report.ended == BY_CROWD:
        if is_crowded():
            raise too_busy(report.wall_seconds, report.cpu_seconds)
        return ExecStatus.TIMEOUT
    if code and MEMORY_ERROR.search(stderr):
        return ExecStatus.OUT_OF_MEMORY
    if report.ended == BY_HOST or number is None:
        return ExecStatus.SIGNALED if number else ExecStatus.NONZERO_EXIT if code else ExecStatus.OK
    full = short or report.peak_memory_bytes >= NEARLY_ALL * limits.memory_bytes
    by_kernel = number == signal.SIGKILL and report.ended == BY_ITSELF and full
    return ExecStatus.OUT_OF_MEMORY if by_kernel else ExecStatus.SIGNALED
