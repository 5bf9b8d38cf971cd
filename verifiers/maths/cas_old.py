"""Ask sympy, in worker processes that can be killed.

A worker is a fresh interpreter (never a fork of this process) that reads our own trees as JSON over a pipe. It has a
memory limit; past its deadline it is killed and the next question finds a new one. Deadlines count the worker's CPU
time where the system tells it, so that a busy machine changes no verdict. What fails after the gold side was worked out
is the prediction's doing (`unknown`, `time-out`); what fails before is ours and raises. A worker that dies, at either
stage, is replaced once: it may have been killed from outside, or filled by an earlier question.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import select
import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from assaygym.errors import MissingDependencyError, VerifierError
from assaygym.verifiers.maths.lexicon import Node

__all__ = ["Reply", "WorkerPool", "library_paths", "shared_pool"]

DEADLINE_SECONDS = 1.0
GOLD_SHARE = 5
"""How many deadlines the gold side may take: no prediction must be able to make it overstay."""
STRETCH = 10
"""How many times its CPU time a worker may take by the clock."""
START_SECONDS = 60.0
PROGRAM = Path(__file__).resolve().with_name("cas_worker.py")


class Reply(NamedTuple):
    """`verdict` is equal, different, unknown or time-out."""

    verdict: str
    why: str
    seconds: float = 0.0
    """CPU time of the prediction's part of the question."""


_DIED = Reply("unknown", "the worker died, out of memory or stack", DEADLINE_SECONDS)
_DIED_EARLY = Reply("unknown", "the worker died before the gold side was done")


class _Worker:
    """One process and its pipes; used by one thread at a time."""

    def __init__(self, program: Path) -> None:
        command = [sys.executable, "-I", "-S", "-B", str(program), *library_paths()]
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0, cwd="/",
                env={"PYTHONHASHSEED": "0"}, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise VerifierError(f"the math worker could not be started with {sys.executable}: {error}") from error
        self.buffer = b""
        self.ready = False
        self.ended = False

    def wait_ready(self) -> None:
        if not self.ready and self.read(START_SECONDS, START_SECONDS) != {"stage": "ready"}:
            self.kill()
            raise VerifierError(
                f"the math worker did not come up within {START_SECONDS:g} s (exit code {self.process.returncode}); "
                f"run {PROGRAM.name} by hand to see why"
            )
        self.ready = True

    def send(self, line: bytes) -> bool:
        assert self.process.stdin is not None
        try:
            return self.process.stdin.write(line) == len(line)
        except BrokenPipeError:
            return False

    def clock(self) -> float:
        """CPU seconds that the process has used; the time of day where the system does not tell them."""
        if sys.platform != "linux":
            return time.monotonic()
        try:
            return time.clock_gettime((~self.process.pid << 3) | 2)  # as clock_getcpuclockid(3) has it
        except OSError:  # it has ended
            return 0.0

    def read(self, seconds: float, wall: float) -> dict[str, str] | None:
        """The next message; None when the process `ended`, or used up its `seconds` of CPU time or the `wall` time."""
        assert self.process.stdout is not None
        poll = select.poll()
        poll.register(self.process.stdout, select.POLLIN | select.POLLHUP)
        start, until = self.clock(), time.monotonic() + wall
        while b"\n" not in self.buffer:
            left = min(seconds - (self.clock() - start), until - time.monotonic())
            if not poll.poll(max(0.0, left) * 1000):
                if left <= 0:
                    return None
                continue
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                self.ended = True
                return None
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\n")
        message: dict[str, str] = json.loads(line)
        return message

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.abandon()

    def abandon(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class WorkerPool:
    """At most `size` workers, started when first needed. Thread-safe: a thread waits for a free one."""

    def __init__(self, size: int, *, deadline: float = DEADLINE_SECONDS, program: Path = PROGRAM) -> None:
        self.deadline = deadline
        self._program = program
        self._free = threading.Semaphore(size)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self.killed = 0
        """Workers that were ended because they overstayed or died."""

    def ask(
        self,
        op: str,
        gold: Node,
        pred: Node,
        points: list[dict[str, Fraction]],
        tolerance: Fraction | None = None,
        seconds: float | None = None,
    ) -> Reply:
        """What sympy can tell of two trees; `points` are where expressions with variables are compared.

        `seconds` is the deadline, where it shall be shorter than the pool's own.

        Raises:
            MissingDependencyError: sympy is not installed.
            VerifierError: no worker can be started, or the gold side alone overstays its deadline or ends two workers.
        """
        line = _request(op, gold, pred, points, tolerance)
        limit = self.deadline if seconds is None else min(seconds, self.deadline)
        with self._free:
            reply = self._reply(self._take(), line, limit)
            if reply in (_DIED, _DIED_EARLY):
                reply = self._reply(self._take(fresh=True), line, limit)
        if reply is _DIED_EARLY:
            raise VerifierError("working out the gold answer alone ended the worker; write it in a simpler form")
        return reply

    def _take(self, fresh: bool = False) -> _Worker:
        with self._lock:
            worker = self._idle.pop() if self._idle and not fresh else _Worker(self._program)
        worker.wait_ready()
        return worker

    def _reply(self, worker: _Worker, line: bytes, seconds: float) -> Reply:
        limit = GOLD_SHARE * self.deadline
        first = worker.read(limit, STRETCH * self.deadline) if worker.send(line) else None
        if first is None:
            overstayed = worker.process.poll() is None and not worker.ended
            self._replace(worker)
            if overstayed:
                raise VerifierError(
                    f"working out the gold answer alone took over {limit:g} s; write it in a simpler form"
                )
            return _DIED_EARLY
        start = worker.clock()
        last = worker.read(seconds, STRETCH * seconds) if "stage" in first else first
        if last is None:
            self._replace(worker)
            return _DIED if worker.ended else Reply("time-out", "killed at the deadline", seconds)
        spent = worker.clock() - start
        with self._lock:
            self._idle.append(worker)
        return Reply(last["verdict"], last["why"], max(0.0, spent))

    def _replace(self, worker: _Worker) -> None:
        """Kill one, and start the next at once, so that the next question need not wait for sympy to load."""
        worker.kill()
        with self._lock:
            self.killed += 1
            self._idle.append(_Worker(self._program))

    def close(self) -> None:
        """End the idle workers; the pool can be used again."""
        with self._lock:
            while self._idle:
                self._idle.pop().kill()

    def forget(self) -> None:
        """In a forked child: let go of the parent's workers without ending them."""
        self._lock = threading.Lock()
        for worker in self._idle:
            worker.abandon()
            worker.process.returncode = 0  # else its finaliser would warn of a child that is not ours
        self._idle = []


def _request(op: str, gold: Node, pred: Node, points: list[dict[str, Fraction]], tolerance: Fraction | None) -> bytes:
    body: dict[str, Any] = {"op": op, "gold": gold, "pred": pred}
    body["points"] = [{name: value.as_integer_ratio() for name, value in point.items()} for point in points]
    if tolerance is not None:
        body["tolerance"] = tolerance.as_integer_ratio()
    return json.dumps(body).encode() + b"\n"


def library_paths() -> list[str]:
    """Where sympy and mpmath live; the worker gets these directories and no other.

    Raises:
        MissingDependencyError: one of them is not installed.
    """
    paths = []
    for package in ("sympy", "mpmath"):
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise MissingDependencyError.of(package, "math", "the math verifier")
        paths.append(str(Path(spec.origin).parent.parent))
    return list(dict.fromkeys(paths))


_shared: WorkerPool | None = None
_shared_lock = threading.Lock()


def shared_pool() -> WorkerPool:
    """The pool of this process, with a worker for each two cores (at most four)."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = WorkerPool(min(4, max(1, (os.cpu_count() or 1) // 2)))
            atexit.register(_shared.close)
        return _shared


def _after_fork() -> None:
    global _shared, _shared_lock
    _shared_lock = threading.Lock()
    if _shared is not None:
        _shared.forget()
    _shared = None


os.register_at_fork(after_in_child=_after_fork)
