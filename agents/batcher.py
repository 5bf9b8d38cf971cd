"""Lets many threads share one engine: each caller is answered as soon as its own requests are done.

One thread steps the engine while there is anything to do. It starts with the first request, ends after a moment without
any, and ends at once when the batcher is dropped.
"""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from assaygym.errors import PolicyError, told

__all__ = ["Batcher", "Stepper"]

Q = TypeVar("Q")
A = TypeVar("A")
Q_in = TypeVar("Q_in", contravariant=True)
A_out = TypeVar("A_out", covariant=True)

LINGER_SECONDS = 0.001
"""Between two looks at what has come, before a batch begins: it begins when a look finds nobody new."""
LINGERS = 20
"""Looks at most."""
IDLE_SECONDS = 1.0
"""How long the thread waits for work before it ends."""
EXIT_SECONDS = 60.0
"""How long a process that ends waits for a thread, which is at one step or lets go of a model."""


class Stepper(Protocol[Q_in, A_out]):
    """What a batcher shares; used by its thread alone."""

    @property
    def busy(self) -> bool:
        """Whether a step would do anything."""
        ...

    def add(self, call: object, requests: Sequence[Q_in]) -> None:
        """Take the requests of a call."""
        ...

    def discard(self, call: object) -> None:
        """Forget a call, wherever its requests are."""
        ...

    def step(self) -> Iterable[tuple[object, int, A_out | Exception]]:
        """Go on a little; (call, index of the request in it, answer) of all that is done."""
        ...


class _Call(Generic[Q, A]):
    __slots__ = ("answers", "done", "error", "requests")

    def __init__(self, requests: Sequence[Q]) -> None:
        self.requests = requests
        self.answers: dict[int, A] = {}
        self.error: BaseException | None = None
        self.done = threading.Event()


class Batcher(Generic[Q, A]):
    """`batcher(requests)` answers them through `stepper`, beside what other threads ask at the same time."""

    def __init__(self, stepper: Stepper[Q, A]) -> None:
        self._worker = _Worker(stepper)
        weakref.finalize(self, self._worker.stop).atexit = False

    def __call__(self, requests: Sequence[Q]) -> list[A]:
        """The answers, in order. An interrupt of the caller withdraws its requests.

        Raises:
            PolicyError: the stepper failed; the cause is chained.
        """
        call: _Call[Q, A] = _Call(requests)
        if not requests:
            return []
        try:
            self._worker.submit(call)
            call.done.wait()
        except BaseException:
            self._worker.withdraw(call)
            raise
        if call.error is not None:
            raise PolicyError(f"generation failed: {told(call.error)}") from call.error
        return [call.answers[index] for index in range(len(requests))]


class _Worker(Generic[Q, A]):
    """The thread and what it shares with callers. It does not know the batcher, so that one can be dropped."""

    def __init__(self, stepper: Stepper[Q, A]) -> None:
        self._stepper = stepper
        self._changed = threading.Condition()
        self._new: deque[_Call[Q, A]] = deque()
        self._withdrawn: deque[_Call[Q, A]] = deque()
        self._open: dict[_Call[Q, A], None] = {}
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._crowded = True
        """Whether calls come together."""

    def submit(self, call: _Call[Q, A]) -> None:
        with self._changed:
            self._new.append(call)
            if self._thread is None or not self._thread.is_alive():  # a fork leaves a thread that is not alive
                self._thread = threading.Thread(target=self._serve, name="assaygym-engine", daemon=True)
                _WORKERS.add(self)
                _THREADS.add(self._thread)
                self._thread.start()
            self._changed.notify()

    def withdraw(self, call: _Call[Q, A]) -> None:
        with self._changed:
            self._withdrawn.append(call)

    def stop(self) -> None:
        """End the thread after the step it is at; open calls get an error."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _serve(self) -> None:
        while True:
            try:
                while self._take():
                    for call, index, answer in self._stepper.step():
                        self._answer(call, index, answer)
                return
            except BaseException as error:  # whoever waits must hear of it
                self._abandon(error)

    def _take(self) -> bool:
        """Give the stepper what is new; False when the thread is to end."""
        if not self._stepper.busy:
            with self._changed:
                self._changed.wait_for(lambda: self._new or self._stopped, IDLE_SECONDS)
            self._linger()
        with self._changed:
            if self._stopped or not (self._new or self._stepper.busy):
                self._thread = None
                self._fail(PolicyError("the policy was closed while it generated"))
                return False
            new, withdrawn = list(self._new), list(self._withdrawn)
            self._new.clear()
            self._withdrawn.clear()
            self._crowded = len(self._open) + len(new) > 1 or (self._crowded and not new)
            self._open.update(dict.fromkeys(new))
        for call in new:
            self._stepper.add(call, call.requests)
        for call in withdrawn:
            self._close(call)
        return True

    def _linger(self) -> None:
        """Wait while calls keep coming, unless the last one was alone."""
        for _ in range(LINGERS if self._crowded else 0):
            known = len(self._new)
            time.sleep(LINGER_SECONDS)
            if len(self._new) == known or self._stopped:
                break

    def _answer(self, call: object, index: int, answer: A | Exception) -> None:
        assert isinstance(call, _Call)  # it is one of those that were added
        if isinstance(answer, Exception):
            call.error = answer
            self._close(call)
        else:
            call.answers[index] = answer
        if call.error is not None or len(call.answers) == len(call.requests):
            self._open.pop(call, None)
            call.done.set()

    def _close(self, call: _Call[Q, A]) -> None:
        self._stepper.discard(call)
        self._open.pop(call, None)

    def _abandon(self, error: BaseException) -> None:
        with self._changed:
            calls = list(self._open)
            self._fail(error)
        for call in calls:
            self._stepper.discard(call)

    def _fail(self, error: BaseException) -> None:
        """Answer everyone with an error; the lock is held."""
        for call in (*self._open, *self._new):
            call.error = error
            call.done.set()
        self._open.clear()
        self._new.clear()
        self._withdrawn.clear()


_WORKERS: weakref.WeakSet[_Worker[Any, Any]] = weakref.WeakSet()
_THREADS: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
"""Apart from the workers: a thread outlives its worker, whose model it may be the last to hold and then takes down."""


@atexit.register
def _stop_all() -> None:
    """A thread that computes, or frees tensors, while the interpreter is taken down aborts the process."""
    for worker in list(_WORKERS):
        worker.stop()
    for thread in list(_THREADS):
        thread.join(EXIT_SECONDS)
