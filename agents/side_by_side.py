"""Calls that mostly wait, each in a thread of its own for as long as it takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

__all__ = ["side_by_side"]

T = TypeVar("T")


def side_by_side(calls: Sequence[Callable[[], T]], limit: int) -> list[T]:
    """The results of all calls, in order; one call alone runs in the calling thread.

    After a failure no further call begins, and it is raised once those under way have ended. An interrupt is raised at
    once; its threads are daemons and hold up no exit.

    Args:
        calls: each is made once.
        limit: threads at most.

    Raises:
        BaseException: what the first call that failed raised.
    """
    if len(calls) < 2:
        return [call() for call in calls]
    waiting: SimpleQueue[int] = SimpleQueue()
    ended: SimpleQueue[BaseException | None] = SimpleQueue()
    results: dict[int, T] = {}
    halt = threading.Event()
    for index in range(len(calls)):
        waiting.put(index)

    def work() -> None:
        try:
            while not halt.is_set():
                index = waiting.get_nowait()
                results[index] = calls[index]()
        except Empty:
            ended.put(None)
        except BaseException as error:  # not swallowed: the calling thread raises it
            halt.set()
            ended.put(error)
        else:
            ended.put(None)

    threads = [threading.Thread(target=work, name="assay-ask", daemon=True) for _ in range(min(limit, len(calls)))]
    try:
        for thread in threads:
            thread.start()
        failures = [failure for _ in threads if (failure := ended.get()) is not None]
    finally:
        halt.set()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return [results[index] for index in range(len(calls))]
