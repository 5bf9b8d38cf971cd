"""Many inputs of one program in one run of a jail: the program is begun anew for each, in a process of its own.

Theory of operation. A process of ours holds the program's code and forks for each input; it never runs any of the code
and has no input or output in memory that a fork inherits (`guest/inputs.py`). After each input everything that the
program started is killed and reaped. Each has its own streams, time and memory limit.

What the inputs of one run share, and those of several runs do not: the process namespace, in which numbers count up;
one control group and one limit of processes; the scratch, as long as nobody touches it; and, where the program looks
through its own memory, how long earlier inputs took and how much was printed. The process of ours has the program's
user: it can be stopped, killed, slowed down. Whatever is not as it was before an input (a folder, the scheduling of
our process), and every end that is not an exit or a limit, ends the sharing, and so does the wall clock, since only
the jail can tell whether an input waited for processors: that input, where its end is in doubt, and all later ones are
runs of their own. So a program can give up the sharing, and gains nothing by it.
"""

from __future__ import annotations

import math
import os
import signal
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from assaygym.errors import SandboxError
from assaygym.sandbox._order import PIPE_BYTES, WANTS_ITS_FILE
from assaygym.sandbox._outcome import outcome
from assaygym.sandbox._worker import Report
from assaygym.sandbox.base import MIB, ExecResult, Limits, Process, Sandbox
from assaygym.sandbox.found import in_doubt
from assaygym.sandbox.guest.inputs import BY_ITSELF, BY_WALL, HEAD, READY, TOLD

__all__ = ["SharedRun"]

GRACE_SECONDS = 10.0
"""How much longer than its wall-clock limit an input may take before our process counts as stopped."""
COMPILE_SECONDS = 10.0
LONGEST_SECONDS = 86_400.0
"""Of a whole run: its inputs have limits of their own."""
ROOM_BYTES = 64 * MIB
"""What our process may hold beside the outputs."""


class SharedRun:
    """A program, and the one run that its inputs share as long as that goes well. A context manager; for one thread.

    Each input has a run of its own instead where the sandbox has no such process of ours to offer (no jail with
    namespaces, no channel), where the program may look for its own file or for its standard input by name, and where
    its text does not compile.

    Args:
        sandbox: where to run.
        program: source text, Python.
        most: the limits of the run; those of an input may have less memory, and other times.
    """

    def __init__(self, sandbox: Sandbox, program: str, most: Limits) -> None:
        self._sandbox, self._program, self._most = sandbox, program, most
        self._process: Process | None = None
        source = program.encode("utf-8", "surrogatepass")
        self._shares = not WANTS_ITS_FILE.search(source) and b"/dev/stdin" not in source
        self._room = replace(
            most,
            cpu_seconds=LONGEST_SECONDS,
            wall_seconds=LONGEST_SECONDS,
            memory_bytes=math.ceil(most.memory_bytes) + ROOM_BYTES + 2 * math.ceil(most.output_bytes),
            processes=most.processes + 1,
        )
        self.shared = 0
        """How many inputs were done in the one run."""
        self.isolation: tuple[str, ...] = ()
        """What was in force in that run, once it is closed; the results of its inputs do not tell."""

    def run(self, stdin: str, limits: Limits) -> ExecResult:
        """What the program does with an input.

        Raises:
            SandboxError: the sandbox failed.
        """
        fed = stdin.encode("utf-8", "surrogatepass")
        if self._shares and len(fed) <= PIPE_BYTES and self._has_room(limits):
            with self._sandbox.place():
                result = self._asked(fed, limits)
            if result is not None:
                self.shared += 1
                return result
        return self._sandbox.run(self._program, stdin=stdin, limits=limits)

    def close(self) -> None:
        """End the run; calling it again does nothing."""
        self._shares = False
        if self._process is not None:
            with suppress(SandboxError):  # a lost worker, which takes nothing from the inputs: all have their results
                self.isolation = self._process.kill().isolation
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _has_room(self, limits: Limits) -> bool:
        mine, most = replace(limits, cpu_seconds=1, wall_seconds=1), replace(self._most, cpu_seconds=1, wall_seconds=1)
        return mine.memory_bytes <= most.memory_bytes and mine == replace(most, memory_bytes=mine.memory_bytes)

    def _asked(self, fed: bytes, limits: Limits) -> ExecResult | None:
        """What the process of ours tells; None, and the sharing is over, where that is not to be relied on."""
        process = self._process or self._begun()
        if process is None:
            return None
        less = self._room.memory_bytes - math.ceil(limits.memory_bytes)
        process.send(HEAD.pack(limits.cpu_seconds, limits.wall_seconds, less, math.ceil(limits.output_bytes)) + fed)
        message = process.recv(limits.wall_seconds + GRACE_SECONDS)
        report, unchanged = _report(message) if message else (None, False)
        result = outcome(report, limits, ()) if report else None
        relied_on = result is not None and not in_doubt(result, limits)
        if not (relied_on and unchanged):
            self.close()
        return result if relied_on else None

    def _begun(self) -> Process | None:
        imports = ("numpy",) if "numpy" in self._program else ()
        try:
            self._process = self._sandbox.spawn("", limits=self._room, imports=imports, library=_library())
        except SandboxError:  # which the run of its own says again, unless it is for want of a channel
            self._shares = False
            return None
        self._process.send(self._program.encode("utf-8", "surrogatepass"))
        if self._process.recv(COMPILE_SECONDS) != READY:
            self.close()
        return self._process


@cache
def _library() -> str:
    return (Path(__file__).parent / "guest" / "inputs.py").read_text("utf-8")


def _report(message: bytes) -> tuple[Report | None, bool]:
    """What became of an input, where its end is beyond doubt, and whether it left nothing behind."""
    why, status, cpu, kernel, wall, peak, unchanged, out, _ = TOLD.unpack_from(message)
    stdout, stderr = message[TOLD.size : TOLD.size + out], message[TOLD.size + out :]
    report = Report(status, why, stdout, stderr, cpu, wall, peak, {}, kernel)
    if why == BY_WALL:  # only the jail knows whether it waited for processors
        return None, False
    if why == BY_ITSELF and os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGXCPU:
        return None, False
    return report, unchanged
