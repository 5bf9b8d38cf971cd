"""Many callers, one engine."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from assaygym.agents.batcher import Batcher
from assaygym.errors import PolicyError

pytestmark = pytest.mark.alone  # who is answered before whom
WAIT = 10.0


class Counter:
    """Doubles numbers: a request of n takes n steps. `13` breaks the step that it begins in."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.left: dict[tuple[object, int], list[int]] = {}
        self.rows: list[int] = []
        self.threads: set[str] = set()
        self.dropped: list[object] = []

    @property
    def busy(self) -> bool:
        return bool(self.left)

    def add(self, call: object, requests: Sequence[int]) -> None:
        self.left |= {(call, index): [request, request] for index, request in enumerate(requests)}

    def discard(self, call: object) -> None:
        self.dropped.append(call)
        self.left = {key: value for key, value in self.left.items() if key[0] is not call}

    def step(self) -> list[tuple[object, int, int | Exception]]:
        time.sleep(self.seconds)
        self.threads.add(threading.current_thread().name)
        self.rows.append(len(self.left))
        done: list[tuple[object, int, int | Exception]] = []
        for (call, index), state in list(self.left.items()):
            state[1] -= 1
            if state[0] == 13:
                done.append((call, index, ValueError("bad shape")))
            elif state[1] <= 0:
                done.append((call, index, 2 * state[0]))
                del self.left[call, index]
        return done


def engine_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "assaygym-engine"]


def eventually(holds: Callable[[], Any], seconds: float = WAIT) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(holds())


def test_one_caller_gets_its_answers_in_order_whichever_is_done_first() -> None:
    assert Batcher(Counter())([3, 1, 2]) == [6, 2, 4]


def test_nothing_asked_is_nothing_run() -> None:
    counter = Counter()
    assert Batcher(counter)([]) == []
    assert not counter.rows


def test_many_callers_are_answered_together_by_one_thread() -> None:
    counter = Counter(0.002)
    batcher = Batcher(counter)
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda i: batcher([i % 7 + 1]), range(256)))
    assert answers == [[2 * (i % 7 + 1)] for i in range(256)]
    assert sum(counter.rows) == sum(i % 7 + 1 for i in range(256))
    assert max(counter.rows) > 16
    assert counter.threads == {"assaygym-engine"}


def test_a_short_call_is_answered_while_a_long_one_runs() -> None:
    batcher = Batcher(Counter(0.002))
    with ThreadPoolExecutor(2) as pool:
        long = pool.submit(batcher, [400])
        assert [pool.submit(batcher, [1]).result(WAIT) for _ in range(3)] == [[2]] * 3
        assert not long.done()
        assert long.result(WAIT) == [800]


def test_a_call_that_fails_fails_alone_and_its_other_requests_are_dropped() -> None:
    counter = Counter(0.002)
    batcher = Batcher(counter)
    with ThreadPoolExecutor(2) as pool:
        good = pool.submit(batcher, [50])
        with pytest.raises(PolicyError, match="generation failed: ValueError: bad shape") as caught:
            batcher([13, 100_000])
        assert isinstance(caught.value.__cause__, ValueError)
        assert good.result(WAIT) == [100]
    assert not counter.left


class Breaks(Counter):
    """A stepper with a defect of its own."""

    def step(self) -> list[tuple[object, int, int | Exception]]:
        if any(state[0] == 99 for state in self.left.values()):
            raise AssertionError("a defect")
        return super().step()


def test_a_defect_of_the_stepper_reaches_every_caller_and_the_next_call_works() -> None:
    batcher = Batcher(Breaks())
    with pytest.raises(PolicyError, match="AssertionError: a defect"):
        batcher([99])
    assert batcher([4]) == [8]


def test_an_interrupted_caller_withdraws_and_hangs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter(0.002)
    batcher = Batcher(counter)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(batcher, [60])
        assert eventually(lambda: counter.left)
        with monkeypatch.context() as patch:
            patch.setattr(threading.Event, "wait", interrupted)
            with pytest.raises(KeyboardInterrupt):
                batcher([100_000])
        assert other.result(WAIT) == [120]
    assert eventually(lambda: not counter.left)
    assert len(counter.dropped) == 1


def interrupted(self: threading.Event, timeout: float | None = None) -> bool:
    raise KeyboardInterrupt


def test_no_thread_is_left_once_the_batcher_is_dropped() -> None:
    gc.collect()
    assert eventually(lambda: not engine_threads(), 3.0)
    batcher = Batcher(Counter())
    batcher([1])
    assert len(engine_threads()) == 1
    del batcher
    gc.collect()
    assert eventually(lambda: not engine_threads(), 0.5)


def test_a_thread_without_work_ends_and_the_next_call_starts_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assaygym.agents.batcher.IDLE_SECONDS", 0.02)
    batcher = Batcher(Counter())
    for _ in range(3):
        assert batcher([2]) == [4]
        assert eventually(lambda: not engine_threads())


class Heavy(Counter):
    """Takes a while to be freed, as a model does."""

    def __del__(self) -> None:
        time.sleep(0.5)
        print("freed", flush=True)


def ended(code: str) -> str:
    """What a process that runs the code prints, once it has ended well."""
    begin = "import sys, threading, time; sys.path.insert(0, sys.argv[1]);"
    names = "from assaygym.agents.batcher import Batcher; from test_batcher import Counter, Heavy;"
    folder = str(__file__).rpartition("/")[0]
    found = subprocess.run(
        [sys.executable, "-c", begin + names + code, folder], capture_output=True, text=True, timeout=60
    )
    assert (found.returncode, "Fatal" in found.stderr) == (0, False), found.stderr
    return found.stdout


def test_a_process_that_ends_while_it_generates_ends_cleanly() -> None:
    started = time.monotonic()
    printed = ended(
        "counter = Counter(0.01); batcher = Batcher(counter);"
        "threading.Thread(target=batcher, args=([100_000],), daemon=True).start();"
        "time.sleep(0.1); assert counter.rows; print('over')"
    )
    assert printed == "over\n"
    assert time.monotonic() - started < 30


def test_a_process_does_not_end_while_the_thread_takes_down_what_it_held_last() -> None:
    """Freeing tensors while the interpreter is taken down aborts the process."""
    assert ended("batcher = Batcher(Heavy()); batcher([1]); del batcher; time.sleep(0.2)") == "freed\n"
