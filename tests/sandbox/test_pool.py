"""The pool, with workers that are only counted."""

from __future__ import annotations

import os
import threading
from typing import cast

import pytest

from assaygym.errors import SandboxError
from assaygym.sandbox._pool import Pool
from assaygym.sandbox._worker import Worker

pytestmark = pytest.mark.alone  # who waits for whom


class Fake:
    """What a pool needs of a worker."""

    def __init__(self, kind: str, told: list[str]) -> None:
        self.kind, self.waits = kind, True
        self._told = told

    def __getattr__(self, name: str) -> object:
        return lambda: self._told.append(f"{name} {self.kind}")


class Made:
    """A pool, what it has started, and what its workers were told."""

    def __init__(self, keep: int = 2) -> None:
        self.started, self.told = list[str](), list[str]()
        self.pool = Pool(self._start, keep, "the sandbox is closed")

    def _start(self, kind: str) -> Worker:
        self.started.append(kind)
        return cast("Worker", Fake(kind, self.told))

    def acquire(self, number: int, kind: str = "k") -> list[Worker]:
        return [self.pool.acquire(kind) for _ in range(number)]


def test_a_worker_is_started_when_none_is_idle() -> None:
    made = Made()
    one, other = made.acquire(2)
    assert one is not other
    assert made.started == ["k", "k"]


def test_an_idle_worker_is_used_again() -> None:
    made = Made()
    [worker] = made.acquire(1)
    made.pool.release(worker)
    assert made.acquire(1) == [worker]
    assert (made.started, made.told) == (["k"], [])


def test_the_worker_used_last_is_the_next() -> None:
    made = Made()
    one, other = made.acquire(2)
    made.pool.release(one)
    made.pool.release(other)
    assert made.acquire(2) == [other, one]


def test_no_more_idle_workers_are_kept_than_wanted() -> None:
    made = Made(keep=1)
    for worker in made.acquire(3):
        made.pool.release(worker)
    assert made.told == ["close k", "close k"]


def test_an_idle_worker_that_has_died_is_closed_and_not_given() -> None:
    made = Made()
    dead, alive = made.acquire(2)
    for worker in (alive, dead):
        made.pool.release(worker)
    cast("Fake", dead).waits = False
    assert made.acquire(1) == [alive]
    assert made.told == ["close k"]


def test_closing_the_dead_keeps_nobody_waiting() -> None:
    made = Made()
    dead, other = made.acquire(2)
    made.pool.release(dead)
    cast("Fake", dead).waits = False
    dead.close = lambda: made.pool.release(other)  # type: ignore[method-assign]  # which takes the pool's lock
    thread = threading.Thread(target=made.acquire, args=[1], daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()


def test_workers_of_different_kinds_are_kept_apart() -> None:
    made = Made(keep=1)
    one, other = *made.acquire(1, "a"), *made.acquire(1, "b")
    made.pool.release(one)
    made.pool.release(other)
    assert made.acquire(1, "a") == [one]
    assert made.acquire(1, "b") == [other]
    assert made.told == []


def test_a_worker_that_was_discarded_is_not_given_again() -> None:
    made = Made()
    [worker] = made.acquire(1)
    made.pool.discard(worker)
    assert made.told == ["close k"]
    assert made.acquire(1) != [worker]


def test_a_worker_that_was_discarded_is_not_kept_when_it_is_released() -> None:
    made = Made()
    [worker] = made.acquire(1)
    made.pool.discard(worker)
    made.pool.release(worker)
    assert made.acquire(1) != [worker]


def test_a_start_that_fails_is_told_and_the_next_one_is_tried() -> None:
    made = Made()
    made.pool._start = lambda kind: (_ for _ in ()).throw(SandboxError("no"))
    with pytest.raises(SandboxError, match="no"):
        made.acquire(1)
    made.pool._start = made._start
    assert len(made.acquire(1)) == 1


def test_closing_ends_the_idle_and_has_the_busy_end_before_it_returns() -> None:
    made = Made()
    one, _ = made.acquire(2)
    made.pool.release(one)
    made.pool.close()
    assert made.told == ["shut k", "shut k", "close k", "wait k"]


def test_closing_twice_does_nothing_more() -> None:
    made = Made()
    made.acquire(1)
    made.pool.close()
    told = list(made.told)
    made.pool.close()
    assert made.told == told


def test_a_closed_pool_gives_no_worker() -> None:
    made = Made()
    made.pool.close()
    with pytest.raises(SandboxError, match="the sandbox is closed"):
        made.acquire(1)
    assert made.started == []


def test_a_worker_that_was_being_started_meanwhile_is_closed() -> None:
    made = Made()

    def start(kind: str) -> Worker:
        made.pool.close()
        return made._start(kind)

    made.pool._start = start
    with pytest.raises(SandboxError, match="the sandbox is closed"):
        made.acquire(1)
    assert made.told == ["close k"]


def test_a_worker_released_after_the_end_is_closed() -> None:
    made = Made()
    [worker] = made.acquire(1)
    made.pool.close()
    made.told.clear()
    made.pool.release(worker)
    assert made.told == ["close k"]


def test_in_a_fork_all_workers_are_let_go_and_none_is_given_again() -> None:
    made = Made()
    one, _ = made.acquire(2)
    made.pool.release(one)
    made.pool.start_anew()
    assert made.told == ["abandon k", "abandon k"]
    assert made.acquire(1) != [one]


def test_a_lock_that_another_thread_held_at_the_fork_stops_nobody() -> None:
    made = Made()
    with made.pool._lock:
        child = os.fork()
        if child == 0:
            made.pool.start_anew()
            os._exit(len(made.acquire(1)) - 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
