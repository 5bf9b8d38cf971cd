"""The worker processes of this process: started when first needed, shared by its threads, never outliving it.

A worker is a fresh interpreter (never a fork of this process) that runs `program.py`. Its children carry their own
limits of CPU time; the limit by the clock here is a backstop for a machine on which nothing moves.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import assaygym
from assaygym.errors import MissingDependencyError, VerifierError

__all__ = ["Crew", "library_paths", "shared_crew"]

PROGRAM = Path(__file__).resolve().with_name("program.py")
ROOT = Path(assaygym.__file__).absolute().parents[1]
"""The folder that holds `assaygym`."""
START_SECONDS = 60.0
WALL_SECONDS = 15.0
MOST = 4
"""Workers at most."""


class WorkerEndedError(Exception):
    """It is gone; another one may do."""


class OverstayedError(Exception):
    """It did not answer within the limit by the clock."""


class Worker:
    """One process and its pipes; used by one thread at a time."""

    def __init__(self, program: Path) -> None:
        command = [sys.executable, "-I", "-S", "-B", str(program), str(ROOT), *library_paths()]
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0, cwd="/",
                env={"PYTHONHASHSEED": "0"}, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise VerifierError(f"the math worker could not be started with {sys.executable}: {error}") from error
        self._buffer = b""
        self._ready = False

    def wait_ready(self) -> None:
        """Return once it has loaded what it needs.

        Raises:
            VerifierError: it does not come up.
        """
        try:
            if self._ready or self.read(START_SECONDS) == {"stage": "ready"}:
                self._ready = True
                return
        except (WorkerEndedError, OverstayedError):
            pass
        self.kill()
        raise VerifierError(
            f"the math worker did not come up within {START_SECONDS:g} s (exit code {self.process.returncode}); "
            f"run {PROGRAM.name} by hand to see why"
        )

    def send(self, frame: bytes) -> None:
        """One question.

        Raises:
            WorkerEndedError: nobody is there to read it.
        """
        assert self.process.stdin is not None  # it was given a pipe
        data = memoryview(len(frame).to_bytes(4, "little") + frame)
        try:
            while data:
                data = data[self.process.stdin.write(data) or 0 :]
        except BrokenPipeError as error:
            raise WorkerEndedError from error

    def read(self, seconds: float) -> dict[str, str]:
        """The next message.

        Raises:
            WorkerEndedError: it ended instead.
            OverstayedError: the time is over.
        """
        assert self.process.stdout is not None  # it was given a pipe
        poll = select.poll()
        poll.register(self.process.stdout, select.POLLIN | select.POLLHUP)
        until = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
                raise OverstayedError
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                raise WorkerEndedError
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, str] = json.loads(line)
        return message

    def kill(self) -> None:
        """End it, with its child; nothing of it is left."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.abandon()

    def abandon(self) -> None:
        """Let go of its pipes."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class Crew:
    """At most `size` workers. Thread-safe: a thread waits for a free one."""

    def __init__(self, size: int, program: Path = PROGRAM) -> None:
        self._program = program
        self._free = threading.Semaphore(size)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []

    def ask(self, frame: bytes) -> tuple[dict[str, str], bool]:
        """The verdict's message, and whether the gold side was worked out before it.

        A worker that ends by itself is replaced once: it may have been killed from outside.

        Raises:
            MissingDependencyError: sympy is not installed.
            VerifierError: no worker can be started.
        """
        with self._free:
            try:
                return self._ask(frame)
            except WorkerEndedError:
                pass
            try:
                return self._ask(frame)
            except WorkerEndedError:
                return {"verdict": "died", "why": "the worker ended twice"}, False

    def _ask(self, frame: bytes) -> tuple[dict[str, str], bool]:
        worker, gold_done = self._take(), False
        try:
            worker.wait_ready()
            worker.send(frame)
            while "verdict" not in (message := worker.read(WALL_SECONDS)):
                gold_done = True
        except BaseException as error:
            worker.kill()
            if not isinstance(error, OverstayedError):
                raise
            self._put(Worker(self._program))  # the next question need not wait for all of its start
            return {"verdict": "time-out", "why": "over the limit by the clock"}, gold_done
        self._put(worker)
        return message, gold_done

    def _take(self) -> Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return Worker(self._program)

    def _put(self, worker: Worker) -> None:
        with self._lock:
            self._idle.append(worker)

    @property
    def idle(self) -> list[int]:
        """The process ids of the workers that wait for questions."""
        with self._lock:
            return [worker.process.pid for worker in self._idle]

    def close(self) -> None:
        """End the idle workers; the crew can be used again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()

    def forget(self) -> None:
        """In a forked child: let go of the parent's workers without ending them."""
        for worker in self._idle:
            worker.abandon()
            worker.process.returncode = 0  # else its finaliser would warn of a child that is not ours
        self._idle = []


def library_paths() -> list[str]:
    """Where sympy and mpmath live; a worker gets these folders and no other.

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


_shared: Crew | None = None
_shared_lock = threading.Lock()


def shared_crew() -> Crew:
    """The crew of this process: a worker for each core, at most four."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Crew(min(MOST, os.cpu_count() or 1))
            atexit.register(_shared.close)
        return _shared


def _after_fork() -> None:
    global _shared, _shared_lock
    _shared_lock = threading.Lock()
    if _shared is not None:
        _shared.forget()
    _shared = None


os.register_at_fork(after_in_child=_after_fork)
