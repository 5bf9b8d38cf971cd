"""What a contender is: something that can do a unit of a workload, one after another or on all cores."""

from __future__ import annotations

import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from assaygym.benchmarks.speed.loop import FEWEST, timed
from assaygym.benchmarks.speed.workloads import Workload

__all__ = ["Absent", "CallContender", "Contender", "WrongResult", "on_threads"]


class Absent(Exception):
    """This machine lacks what the contender needs; the message is the reason that is printed."""


class WrongResult(Exception):
    """A contender did not do the work: its times would mean nothing."""


class Contender(ABC):
    """One row of the table.

    Args:
        name: as `--only` takes it, or that with what is special about this row.
        about: what is measured, in one line.
    """

    def __init__(self, name: str, about: str) -> None:
        self.name = name
        self.about = about

    def can(self, workload: Workload) -> bool:
        """Whether it can do this workload at all."""
        return True

    @abstractmethod
    def latency(self, workload: Workload, runs: int, seconds: float) -> list[float]:
        """Seconds of each of `runs` units, one after another; fewer where they take longer than `seconds` in all.

        Raises:
            WrongResult: a unit did not end as it must.
        """

    @abstractmethod
    def throughput(self, workload: Workload, runs: int, seconds: float) -> tuple[int, float]:
        """Do units on all workers: how many, and the seconds from the first one's start to the last one's end.

        Raises:
            WrongResult: a unit did not end as it must.
        """

    def close(self) -> None:  # noqa: B027  most have nothing to end
        """End what it started; calling it again does nothing."""


class CallContender(Contender):
    """A contender whose unit of work is one call in this process, by threads for the throughput."""

    def __init__(self, name: str, about: str, workers: int) -> None:
        super().__init__(name, about)
        self.workers = workers

    @abstractmethod
    def once(self, workload: Workload) -> None:
        """Do one unit.

        Raises:
            WrongResult: it did not end as it must.
        """

    def latency(self, workload: Workload, runs: int, seconds: float) -> list[float]:
        """See `Contender.latency`."""
        return timed(lambda: self.once(workload), runs, seconds)

    def throughput(self, workload: Workload, runs: int, seconds: float) -> tuple[int, float]:
        """See `Contender.throughput`."""
        return on_threads(lambda: self.once(workload), self.workers, runs, seconds)


def on_threads(once: Callable[[], object], workers: int, runs: int, seconds: float) -> tuple[int, float]:
    """Call it on threads: the number of calls, and the seconds they took together."""
    numbers = itertools.count()
    end = time.perf_counter() + seconds

    def work() -> int:
        done = 0
        while next(numbers) < runs and (time.perf_counter() < end or done < FEWEST):
            once()
            done += 1
        return done

    with ThreadPoolExecutor(workers) as pool:
        start = time.perf_counter()
        futures = [pool.submit(work) for _ in range(workers)]
        done = sum(future.result() for future in futures)
        return done, time.perf_counter() - start
