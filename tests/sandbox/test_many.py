"""Many jobs on several threads, without any sandbox."""

from __future__ import annotations

import gc
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from assaygym.sandbox._many import answers

pytestmark = pytest.mark.alone  # deadlines
SECONDS = 5.0


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    until(lambda: set(threading.enumerate()) <= before)
    assert set(threading.enumerate()) <= before


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not done() and time.monotonic() < end:
        time.sleep(0.005)


def close(found: Iterator[object]) -> None:
    cast("Iterator[object] | object", found).close()  # type: ignore[union-attr]


def test_every_job_is_answered_once_under_its_index() -> None:
    assert sorted(answers("abcdefgh", str.upper, 3, 2)) == list(enumerate("ABCDEFGH"))


def test_answers_come_in_the_order_in_which_they_finish() -> None:
    late = threading.Event()

    def answer(job: str) -> str:
        assert job == "fast" or late.wait(SECONDS)
        return job

    found = answers(["slow", "fast"], answer, 2, 2)
    first = next(found)
    late.set()
    assert [first, *found] == [(1, "fast"), (0, "slow")]


def test_no_jobs_are_no_answers() -> None:
    assert list(answers([], str, 2, 2)) == []


def test_jobs_are_taken_only_a_few_ahead_of_the_consumer() -> None:
    taken = itertools.count()
    found = answers((next(taken) for _ in range(1000)), str, 2, 3)
    next(found)
    time.sleep(0.2)
    assert next(taken) <= 1 + 3 + 2  # given, waiting, and one in the hands of each thread
    close(found)


def test_nothing_is_taken_before_the_first_answer_is_asked_for() -> None:
    taken = itertools.count()
    close(answers((next(taken) for _ in range(9)), str, 2, 2))
    assert next(taken) == 0


def test_jobs_are_taken_by_one_thread_at_a_time() -> None:
    def jobs() -> Iterator[int]:  # a generator that runs already raises when it is asked by another thread
        for number in range(200):
            time.sleep(0)
            yield number

    assert len(list(answers(jobs(), str, 8, 4))) == 200


def test_what_the_source_of_jobs_raises_reaches_the_consumer() -> None:
    def jobs() -> Iterator[str]:
        yield "one"
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        list(answers(jobs(), str, 2, 2))


def test_what_an_answer_raises_reaches_the_consumer() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        list(answers(["1", "x"] + ["2"] * 50, int, 2, 2))


@pytest.mark.parametrize("workers", [1, 4])
def test_closing_early_ends_threads_that_nobody_listens_to(workers: int) -> None:
    found = answers(itertools.count(), str, workers, 1)
    next(found)
    time.sleep(0.05)  # all of them have an answer in their hands
    start = time.monotonic()
    close(found)
    assert time.monotonic() - start < 1


def test_an_interrupted_consumer_leaves_no_thread() -> None:
    def consume() -> None:
        for _ in answers(itertools.count(), str, 2, 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        consume()


def test_a_dropped_generator_ends_its_threads() -> None:
    found = answers(itertools.count(), str, 2, 1)
    next(found)
    del found
    gc.collect()


def test_collected_as_garbage_by_a_thread_of_its_own_it_does_not_wait_for_itself() -> None:
    held = list[Iterator[object]]()
    dropped, ended = threading.Event(), threading.Event()

    def answer(job: int) -> int:
        if job and dropped.wait(SECONDS) and held:
            held.pop()  # the last reference: the generator is closed here
            ended.set()
        return job

    held.append(answers(itertools.count(), answer, 1, 1))
    next(held[0])
    dropped.set()
    assert ended.wait(SECONDS)


def test_a_thread_that_cannot_be_started_leaves_none_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    start, started = threading.Thread.start, itertools.count()

    def fails(thread: threading.Thread) -> None:
        if next(started):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", fails)
    with pytest.raises(RuntimeError, match="can't start"):
        next(answers(itertools.count(), str, 2, 1))
