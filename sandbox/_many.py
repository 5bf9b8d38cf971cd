"""Many jobs on several threads: the results as they finish, a few ahead of the consumer and no more."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

from assaygym.sandbox.base import ExecResult, Job, Sandbox

J = TypeVar("J")
R = TypeVar("R")
LOOK_SECONDS = 0.05
"""How often a thread that waits to hand over a result looks whether it is still wanted."""


class _Work:
    """What the threads share."""

    def __init__(self, jobs: Iterable[object], answer: Callable[..., object], room: int) -> None:
        self._numbered, self._answer = enumerate(jobs), answer
        self._lock = threading.Lock()
        self.stop = threading.Event()
        self.results: queue.Queue[tuple[int, object] | BaseException | None] = queue.Queue(room)

    def go_on(self) -> None:
        """Take jobs and answer them until there are no more, or one cannot be taken or answered."""
        while not self.stop.is_set():
            try:
                with self._lock:
                    taken = next(self._numbered, None)
                if taken is None:
                    break
                self._hand_over((taken[0], self._answer(taken[1])))
            except BaseException as error:  # for the consumer to raise
                self._hand_over(error)
                return
        self._hand_over(None)

    def _hand_over(self, result: tuple[int, object] | BaseException | None) -> None:
        while not self.stop.is_set():
            with suppress(queue.Full):
                self.results.put(result, timeout=LOOK_SECONDS)
                return


def done(sandbox: Sandbox, job: Job) -> ExecResult:
    """One job, as `Sandbox.run` does it."""
    return sandbox.run(
        job.program,
        language=job.language,
        stdin=job.stdin,
        files=job.files,
        argv=job.argv,
        limits=job.limits,
        fetch=job.fetch,
        seed=job.seed,
    )


def answers(jobs: Iterable[J], answer: Callable[[J], R], workers: int, room: int) -> Iterator[tuple[int, R]]:
    """(Index of the job, its answer), in the order in which they finish.

    Args:
        jobs: taken one by one, by one thread at a time.
        answer: called on several threads.
        workers: how many.
        room: how many answers may wait for the consumer before the threads wait for it.

    Raises:
        BaseException: what `jobs` or `answer` raised; what was not yet yielded is lost.
    """
    work = _Work(jobs, answer, room)
    threads = [threading.Thread(target=work.go_on, name=f"sandbox-{n}", daemon=True) for n in range(workers)]
    ended = 0
    try:
        for thread in threads:
            thread.start()
        while ended < workers:
            result = work.results.get()
            if isinstance(result, BaseException):
                raise result
            if result is None:
                ended += 1
            else:
                yield result  # type: ignore[misc]  # what `answer` gave
    finally:
        work.stop.set()
        if threading.current_thread() not in threads:  # whose garbage this generator may be
            for thread in threads:
                if thread.ident is not None:  # it was started
                    thread.join()
