"""From a server's answer to an `ExecResult`: the rule of every status of the `remote` backend stands here.

In this order: a stream is longer than its limit, or as long as the server's own cap, where it cuts in silence:
OUTPUT_LIMIT. The server ended the program, or its compiler, at the time limit, or SIGXCPU did: TIMEOUT. It failed with
a `MemoryError` as the last line of its standard error: OUT_OF_MEMORY. A negative return code: SIGNALED. Then the
return code decides; one above 128 may stem from a signal, but also from `exit(137)`, so it stays an exit code. OK
needs a return code of zero and the server's word that all went well: if the two disagree, the answer is refused.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from assaygym.sandbox._fusion import Answer, Cell, Command, Fusion, RunAnswer
from assaygym.sandbox._outcome import MEMORY_ERROR
from assaygym.sandbox.base import ExecResult, ExecStatus, Limits

ISOLATION = ("remote",)
"""All that is known of it."""
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run_result(fusion: Fusion, answer: RunAnswer, elapsed: float, limits: Limits, fetch: Sequence[str]) -> ExecResult:
    """What a program, or its compiler, did.

    Raises:
        SandboxError: the answer contradicts itself.
    """
    command = _decisive(fusion, answer)
    code, number = _ending(fusion, answer, command)
    (stdout, cut), (stderr, cut_too) = [
        _kept(text or "", limits.output_bytes, fusion.stream_bytes) for text in (command.stdout, command.stderr)
    ]
    seconds = elapsed if command.execution_time is None else command.execution_time
    return ExecResult(
        status=_status(command, code, number, stderr, cut=cut or cut_too),
        exit_code=code,
        signal=number,
        stdout=stdout,
        stderr=stderr,
        truncated=cut or cut_too,
        cpu_seconds=seconds,
        wall_seconds=seconds,
        peak_memory_bytes=None,
        files=fusion.fetched(answer, fetch),
        isolation=ISOLATION,
        phase="compile" if command is answer.compile_result else "run",
    )


def cell_result(cell: Cell, elapsed: float, limits: Limits) -> ExecResult:
    """What a cell of a notebook did."""
    trace = "".join(_trace(error) for error in cell.error)
    stdout, cut = _kept(cell.stdout, limits.output_bytes)
    stderr, cut_too = _kept(cell.stderr + trace, limits.output_bytes)
    status = ExecStatus.NONZERO_EXIT if cell.error else ExecStatus.OK
    texts = [text for shown in cell.display if isinstance(text := shown.get("text/plain"), str)]
    return ExecResult(
        status=ExecStatus.OUTPUT_LIMIT if cut or cut_too else status,
        exit_code=1 if cell.error else 0,
        signal=None,
        stdout=stdout,
        stderr=stderr,
        truncated=cut or cut_too,
        cpu_seconds=elapsed,
        wall_seconds=elapsed,
        peak_memory_bytes=None,
        isolation=ISOLATION,
        value=_kept(texts[-1], limits.output_bytes)[0] if texts and not cell.error else None,
        error=str(cell.error[-1].get("ename", "Exception")) if cell.error else None,
    )


def ended_result(status: ExecStatus, elapsed: float, *, code: int | None = None, stderr: str = "") -> ExecResult:
    """Of a cell of which the server says no more than how it ended."""
    negative = code is None or code < 0
    return ExecResult(
        status=status,
        exit_code=None if negative else code,
        signal=-code if code is not None and code < 0 else signal.SIGKILL.value if code is None else None,
        stdout="",
        stderr=stderr,
        truncated=status is ExecStatus.OUTPUT_LIMIT,
        cpu_seconds=elapsed,
        wall_seconds=elapsed,
        peak_memory_bytes=None,
        isolation=ISOLATION,
    )


def _decisive(fusion: Fusion, answer: RunAnswer) -> Command:
    """The command that tells how it went: the compiler's where it failed."""
    compiled, ran = answer.compile_result, answer.run_result
    if compiled is not None and (compiled.status != "Finished" or compiled.return_code != 0):
        return compiled
    if ran is None:
        raise fusion.broken("nothing was run, and no compiler failed", repr(answer))
    return ran


def _ending(fusion: Fusion, answer: Answer, command: Command) -> tuple[int | None, int | None]:
    """Exit code or signal; what the server ended at a time limit, it ended by SIGKILL, and it tells no code."""
    code = command.return_code
    late = command.status == "TimeLimitExceeded"
    if not late and (command.status != "Finished" or code is None):
        raise fusion.broken(f"a command is {command.status} with return_code {code}", repr(command))
    if (not late and code == 0) != (answer.status == "Success"):
        raise fusion.broken(f"status {answer.status} does not go with its results", repr(command))
    if late or code is None:
        return None, signal.SIGKILL.value
    return (code, None) if code >= 0 else (None, -code)


def _status(command: Command, code: int | None, number: int | None, stderr: str, *, cut: bool) -> ExecStatus:
    if cut:
        return ExecStatus.OUTPUT_LIMIT
    if command.status == "TimeLimitExceeded" or number == signal.SIGXCPU:
        return ExecStatus.TIMEOUT
    if code and MEMORY_ERROR.search(stderr):
        return ExecStatus.OUT_OF_MEMORY
    if number is not None:
        return ExecStatus.SIGNALED
    return ExecStatus.NONZERO_EXIT if code else ExecStatus.OK


def _kept(text: str, most: int, cap: int | None = None) -> tuple[str, bool]:
    """A stream up to its limit, and whether it was cut, here or by the server."""
    content = text.encode("utf-8", "surrogatepass")
    cut = len(content) > most or (cap is not None and len(content) >= cap)
    return content[:most].decode("utf-8", "replace"), cut


def _trace(error: dict[str, object]) -> str:
    lines = error.get("traceback")
    parts = lines if isinstance(lines, list) and lines else [f"{error.get('ename')}: {error.get('evalue')}"]
    return "".join(COLOUR.sub("", str(part)).removesuffix("\n") + "\n" for part in parts)
