"""Calls at once, each in a thread of its own."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from assaygym.agents.side_by_side import side_by_side


def test_results_come_in_the_order_of_the_calls() -> None:
    def late(number: int) -> int:
        time.sleep(0.02 * (5 - number))
        return number

    assert side_by_side([partial(late, number) for number in range(5)], 5) == [0, 1, 2, 3, 4]


def test_no_more_than_the_limit_run_at_once_and_each_runs_once() -> None:
    lock, running, most, made = threading.Lock(), 0, 0, list[int]()

    def work(number: int) -> None:
        nonlocal running, most
        with lock:
            running, most = running + 1, max(most, running + 1)
            made.append(number)
        time.sleep(0.005)
        with lock:
            running -= 1

    side_by_side([partial(work, number) for number in range(20)], 4)
    assert most == 4
    assert sorted(made) == list(range(20))


def test_one_call_runs_in_the_calling_thread() -> None:
    assert side_by_side([threading.get_ident], 9) == [threading.get_ident()]
    assert side_by_side([], 9) == []


def test_after_a_failure_no_call_begins_and_those_under_way_end() -> None:
    ended: list[int] = []

    def work(number: int) -> None:
        if number == 0:
            raise ValueError("first")
        time.sleep(0.05)
        ended.append(number)

    before = threading.active_count()
    with pytest.raises(ValueError, match="first"):
        side_by_side([partial(work, number) for number in range(50)], 3)
    assert len(ended) <= 4
    assert threading.active_count() == before
