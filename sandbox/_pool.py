"""The workers of one sandbox: kept warm while idle, replaced when lost, never shared by two runs at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from assaygym.errors import SandboxError
from assaygym.sandbox._worker import Worker


class Pool:
    """Workers by kind.

    Args:
        start: starts one of a kind.
        keep: how many idle ones of each kind are kept.
        closed: the sentence when a worker is asked for too late.
    """

    def __init__(self, start: Callable[[str], Worker], keep: int, closed: str) -> None:
        self._start, self._keep, self._sentence = start, keep, closed
        self.start_anew()
        self.closed = False

    def start_anew(self) -> None:
        """At the beginning, and in the child of a fork: the parent's workers are not ours."""
        for worker in [*self._idle_workers(), *getattr(self, "_busy", {})]:
            worker.abandon()
        self._lock = threading.Lock()
        self._idle: dict[str, list[Worker]] = {}
        self._busy: dict[Worker, str] = {}

    def acquire(self, kind: str) -> Worker:
        """A worker for the caller alone, to be released or discarded.

        Raises:
            SandboxError: none can be started, or the pool is closed.
        """
        worker, dead = self._take(kind)
        for lost in dead:
            lost.close()
        if worker:
            return worker
        worker = self._start(kind)
        with self._lock:
            if not self.closed:
                self._busy[worker] = kind
                return worker
        worker.close()
        raise SandboxError(self._sentence)

    def _take(self, kind: str) -> tuple[Worker | None, list[Worker]]:
        """An idle one, and those that were found dead: several may have been killed at once."""
        dead = list[Worker]()
        with self._lock:
            self.check_open()
            idle = self._idle.get(kind, [])
            while idle:
                worker = idle.pop()
                if worker.waits:
                    self._busy[worker] = kind
                    return worker, dead
                dead.append(worker)
        return None, dead

    def release(self, worker: Worker) -> None:
        """Give back a worker that has answered all it was asked."""
        with self._lock:
            kind = self._busy.pop(worker, None)
            if kind is not None and not self.closed and len(self._idle.setdefault(kind, [])) < self._keep:
                self._idle[kind].append(worker)
                return
        worker.close()

    def discard(self, worker: Worker) -> None:
        """End a worker that cannot be trusted with another run."""
        with self._lock:
            self._busy.pop(worker, None)
        worker.close()

    def close(self) -> None:
        """End all workers and wait until nothing of them is left; those at work lose their runs."""
        with self._lock:
            self.closed = True
            idle, busy = self._idle_workers(), list(self._busy)
            self._idle, self._busy = {}, {}
        for worker in [*idle, *busy]:
            worker.shut()
        for worker in idle:
            worker.close()
        for worker in busy:  # closed by who holds it, maybe later
            worker.wait()

    def check_open(self) -> None:
        """Raises `SandboxError` when it is closed."""
        if self.closed:
            raise SandboxError(self._sentence)

    def _idle_workers(self) -> list[Worker]:
        return [worker for workers in getattr(self, "_idle", {}).values() for worker in workers]
