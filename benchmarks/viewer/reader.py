"""One thread that reads files for the screen, which must never wait for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

__all__ = ["Reader"]

T = TypeVar("T")


class Reader:
    """Runs what it is asked, one after the other, on a thread of its own; the answers come back to the loop.

    A daemon: leaving does not wait for a log of ten gigabytes to be read. What it opens belongs to its thread.
    """

    def __init__(self) -> None:
        self._asked: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._work, name="assay-view-reader", daemon=True).start()

    def ask(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """What the function returns or raises, once it was its turn; one that was cancelled before never runs."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            if answer.cancelled():
                return
            try:
                found = function()
            except Exception as error:  # the boundary: it is raised where it was asked for
                _tell(loop, answer, partial(answer.set_exception, error))
            else:
                _tell(loop, answer, partial(answer.set_result, found))

        self._asked.put(run)
        return answer

    def end(self, last: Callable[[], None]) -> None:
        """Run a last function after all that was asked, unless the process is gone before."""
        self._asked.put(last)
        self._asked.put(None)

    def _work(self) -> None:
        while (run := self._asked.get()) is not None:
            run()


def _tell(loop: asyncio.AbstractEventLoop, answer: asyncio.Future[T], give: Callable[[], None]) -> None:
    """Answer on the loop's own thread, if anybody still waits."""

    def settle() -> None:
        if not answer.done():
            give()

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)
