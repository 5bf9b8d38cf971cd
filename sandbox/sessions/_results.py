"""From what was heard of a cell to its `ExecResult`: the rule of every status stands here."""

from __future__ import annotations

import re
import signal
from dataclasses import replace

from assaygym.sandbox._outcome import ending
from assaygym.sandbox.base import ExecResult, ExecStatus, Limits
from assaygym.sandbox.sessions._exchange import Heard

LATE = ExecStatus.TIMEOUT
STATUSES = {"wall": LATE, "crowd": LATE, "cpu": LATE, "output": ExecStatus.OUTPUT_LIMIT}


def of_cell(heard: Heard, isolation: tuple[str, ...]) -> ExecResult:
    """Of a cell that the interpreter answered: what interrupted it comes first, then the exception that ended it."""
    assert heard.reply is not None
    error, value = heard.reply.error, heard.reply.value
    status = ExecStatus.OK if error is None else ExecStatus.NONZERO_EXIT
    if error == "MemoryError":
        status = ExecStatus.OUT_OF_MEMORY
    code = None if heard.cause else 0 if error is None else 1
    status = STATUSES.get(heard.cause, status)
    return _result(heard, status, code, None, isolation, value=value, error=error)


def of_command(heard: Heard, limits: Limits, isolation: tuple[str, ...]) -> ExecResult:
    """Of a Bash command that was answered: its exit code or signal, and the CPU time of all it waited for."""
    assert heard.reply is not None
    status, seconds = _told(heard.reply.value)
    cpu = max(heard.cpu_seconds, seconds)
    heard = heard._replace(reply=None, cpu_seconds=cpu, kernel_seconds=0.0, peak_memory_bytes=None)
    code, number = (status, None) if status >= 0 else (None, -status)
    over = number == signal.SIGXCPU or heard.cpu_seconds > limits.cpu_seconds
    cause = heard.cause or ("cpu" if over else "")
    kind = ExecStatus.SIGNALED if number else ExecStatus.NONZERO_EXIT if code else ExecStatus.OK
    if cause:
        kind, code, number = STATUSES[cause], None, int(signal.SIGKILL) if heard.cause else number
    return _result(heard, kind, code, number, isolation, value=None, error=None)


def _told(value: str | None) -> tuple[int, float]:
    """What the session's process said of a command; one that was interrupted says nothing."""
    match = re.fullmatch(r"(-?\d{1,3}) (\d{1,9}\.\d{1,9}|0)", value or "", re.ASCII)
    return (int(match[1]), float(match[2])) if match else (-int(signal.SIGKILL), 0.0)


def of_end(heard: Heard, wait_status: int | None, isolation: tuple[str, ...]) -> ExecResult:
    """Of the cell in which the interpreter ended: never OK, whatever its exit code, since the cell was not finished."""
    code, number = ending(wait_status)
    status = STATUSES.get(heard.cause, ExecStatus.NONZERO_EXIT if number is None else ExecStatus.SIGNALED)
    if heard.cause:
        code, number = None, int(signal.SIGKILL)
    return _result(heard, status, code, number, isolation, value=None, error=None)


def of_later(end: ExecResult) -> ExecResult:
    """Of every cell after that one."""
    how = f"signal {end.signal}" if end.signal is not None else f"exit code {end.exit_code}"
    told = f"the session has ended in an earlier cell ({end.status.value}, {how}); open another one\n"
    return replace(end, stdout="", stderr=told, truncated=False, cpu_seconds=0.0, wall_seconds=0.0)


def _result(
    heard: Heard,
    status: ExecStatus,
    code: int | None,
    number: int | None,
    isolation: tuple[str, ...],
    *,
    value: str | None,
    error: str | None,
) -> ExecResult:
    return ExecResult(
        status=status,
        exit_code=code,
        signal=number,
        stdout=heard.stdout.decode("utf-8", "replace"),
        stderr=heard.stderr.decode("utf-8", "replace"),
        truncated=heard.truncated or (heard.reply is not None and heard.reply.cut),
        cpu_seconds=heard.cpu_seconds,
        wall_seconds=heard.wall_seconds,
        kernel_seconds=heard.kernel_seconds,
        peak_memory_bytes=heard.peak_memory_bytes,
        isolation=isolation,
        value=value,
        error=error,
    )
