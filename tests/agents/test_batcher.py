"""Many callers, one batch at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from assaygym.agents.batcher import Batcher
from assaygym.errors import PolicyError


class Doubles:
    """Doubles numbers slowly and remembers its batches."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.batches: list[list[int]] = []
        self.inside = 0

    def __call__(self, requests: list[int]) -> list[int]:
        self.inside += 1
        assert self.inside == 1, "two batches ran at once"
        time.sleep(self.seconds)
        self.batches.append(requests)
        self.inside -= 1
        return [2 * request for request in requests]


def test_one_caller_gets_its_answers_in_order() -> None:
    assert Batcher(Doubles(), max_batch=8)([1, 2, 3]) == [2, 4, 6]


def test_many_callers_are_answered_in_few_batches() -> None:
    run = Doubles(0.01)
    batcher = Batcher(run, max_batch=64)
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda i: batcher([i]), range(256)))
    assert answers == [[2 * i] for i in range(256)]
    assert sorted(request for batch in run.batches for request in batch) == list(range(256))
    assert len(run.batches) < 64
    assert max(map(len, run.batches)) <= 64


def test_a_call_larger_than_a_batch_is_split() -> None:
    run = Doubles()
    assert Batcher(run, max_batch=4)(list(range(10))) == [2 * i for i in range(10)]
    assert list(map(len, run.batches)) == [4, 4, 2]


def test_an_answered_caller_does_not_wait_for_the_next_batch() -> None:
    go_on = threading.Event()
    started = threading.Event()

    def run(requests: list[str]) -> list[str]:
        if "slow" in requests:
            started.set()
            go_on.wait(10)
        return requests

    batcher = Batcher(run, max_batch=1)
    with ThreadPoolExecutor(3) as pool:
        quick = [pool.submit(batcher, ["quick"]) for _ in range(2)]
        assert [future.result(5) for future in quick] == [["quick"]] * 2
        slow = pool.submit(batcher, ["slow"])
        assert started.wait(5)
        assert not slow.done()
        go_on.set()
        assert slow.result(5) == ["slow"]


@pytest.mark.parametrize("make", [lambda: ValueError("bad shape"), lambda: PolicyError("bad shape")])
def test_a_batch_that_fails_fails_for_everyone_in_it_and_nobody_else(make: Callable[[], Exception]) -> None:
    def run(requests: list[int]) -> list[int]:
        if 13 in requests:
            raise make()
        return requests

    batcher = Batcher(run, max_batch=4)
    with pytest.raises(PolicyError, match="bad shape") as caught:
        batcher([13])
    assert isinstance(caught.value.__cause__, type(make()))
    assert batcher([1]) == [1]


def test_an_interrupt_of_the_one_at_work_is_his_and_the_others_are_served() -> None:
    first = threading.Event()

    def run(requests: list[int]) -> list[int]:
        if not first.is_set():
            first.set()
            time.sleep(0.05)
            raise KeyboardInterrupt
        return requests

    batcher = Batcher(run, max_batch=1)
    with ThreadPoolExecutor(3) as pool:
        interrupted = pool.submit(batcher, [0])
        assert first.wait(5)
        others = [pool.submit(batcher, [i]) for i in (1, 2)]
        with pytest.raises(KeyboardInterrupt):
            interrupted.result(5)
        assert [future.result(5) for future in others] == [[1], [2]]
