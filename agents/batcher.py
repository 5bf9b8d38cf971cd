"""Coalesces what many threads ask for into batches, without a thread of its own.

The first caller to find nobody at work leads: it takes what is waiting, runs it, wakes those it answered, and hands the
lead to the oldest caller that came meanwhile. A caller that is answered never waits for the next batch.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from assaygym.errors import PolicyError, told

__all__ = ["Batcher"]

Q = TypeVar("Q")
A = TypeVar("A")


class _Call(Generic[Q, A]):
    __slots__ = ("answers", "error", "requests", "woken")

    def __init__(self, requests: Sequence[Q]) -> None:
        self.requests = requests
        self.answers: list[A] | None = None
        self.error: BaseException | None = None
        self.woken = threading.Event()
        """Set when the call is answered, or is the next to lead."""


class Batcher(Generic[Q, A]):
    """`batcher(requests)` answers them through `run`, together with what other threads ask at the same time.

    Args:
        run: requests to answers, in order; only one call of it runs at any time.
        max_batch: requests a call of `run` gets at most.
        linger: seconds between two looks at the queue; a batch starts when a look finds nobody new, or after 20 looks.
    """

    def __init__(self, run: Callable[[list[Q]], list[A]], *, max_batch: int, linger: float = 0.001) -> None:
        self._run, self.max_batch, self.linger = run, max_batch, linger
        self._lock = threading.Lock()
        self._waiting: deque[_Call[Q, A]] = deque()
        self._busy = False

    def __call__(self, requests: Sequence[Q]) -> list[A]:
        """The answers, in order.

        Raises:
            PolicyError: `run` failed; the cause is chained.
        """
        call: _Call[Q, A] = _Call(requests)
        with self._lock:
            self._waiting.append(call)
            leads, self._busy = not self._busy, True
        if not leads:
            self._await(call)
        if call.answers is None and call.error is None:
            self._lead(call)
        if call.answers is None:
            error = call.error or RuntimeError("the batch gave no answer")
            raise PolicyError(f"generation failed: {told(error)}") from error
        return call.answers

    def _await(self, call: _Call[Q, A]) -> None:
        try:
            call.woken.wait()
        except BaseException:  # an interrupt: somebody else must lead in this call's place
            with self._lock:
                promoted = call.woken.is_set() and call in self._waiting
                if call in self._waiting:
                    self._waiting.remove(call)
                if promoted:
                    self._promote()
            raise

    def _lead(self, own: _Call[Q, A]) -> None:
        batch: list[_Call[Q, A]] = [own]
        try:
            batch = self._gathered()
            self._answer(batch)
        except BaseException as error:
            for call in batch:
                call.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            with self._lock:
                if own in self._waiting:
                    self._waiting.remove(own)  # interrupted before the batch was taken
                self._promote()
            for call in batch:
                call.woken.set()

    def _promote(self) -> None:
        """Hand the lead on; the lock is held."""
        self._busy = bool(self._waiting)
        if self._waiting:
            self._waiting[0].woken.set()

    def _gathered(self) -> list[_Call[Q, A]]:
        """Whole calls, the oldest first, up to `max_batch` requests (one call may hold more)."""
        seen = 0
        for _ in range(20):
            time.sleep(self.linger)
            with self._lock:
                now = sum(len(call.requests) for call in self._waiting)
            if now == seen or now >= self.max_batch:
                break
            seen = now
        batch: list[_Call[Q, A]] = []
        size = 0
        with self._lock:
            while self._waiting and (not batch or size + len(self._waiting[0].requests) <= self.max_batch):
                batch.append(self._waiting.popleft())
                size += len(batch[-1].requests)
        return batch

    def _answer(self, batch: list[_Call[Q, A]]) -> None:
        requests = [request for call in batch for request in call.requests]
        answers: list[A] = []
        for start in range(0, len(requests), self.max_batch):
            answers += self._run(requests[start : start + self.max_batch])
        position = 0
        for call in batch:
            call.answers = answers[position : position + len(call.requests)]
            position += len(call.requests)
