"""One engine for many threads, with an engine that counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from assaygym.agents import vllm_engine
from assaygym.agents.vllm_engine import EngineThread
from assaygym.agents.vllm_requests import drive
from assaygym.errors import PolicyError


@dataclass(frozen=True)
class Output:
    request_id: str
    finished: bool
    answer: Any


class Counting:
    """Answers a prompt `n` after `n` steps, with the steps it was there; a negative prompt is refused at once."""

    def __init__(self, gate: threading.Semaphore | None = None) -> None:
        self.left: dict[str, int] = {}
        self.asked: dict[str, int] = {}
        self.widest = 0
        self.aborted: list[str] = []
        self.threads = {threading.current_thread()}
        self.ended = False
        self.gate = gate

    def add_request(self, request_id: str, prompt: int, params: Any) -> None:
        if prompt < 0:
            raise ValueError(f"prompt {prompt}")
        self.left[request_id] = self.asked[request_id] = prompt

    def step(self) -> list[Output]:
        if self.gate is not None:
            self.gate.acquire()
        self.threads.add(threading.current_thread())
        self.widest = max(self.widest, len(self.left))
        if any(self.asked[request_id] == 13 for request_id in self.left):
            raise RuntimeError("out of memory")
        for request_id in self.left:
            self.left[request_id] -= 1
        done = [request_id for request_id, left in self.left.items() if left <= 0]
        for request_id in done:
            del self.left[request_id]
        return [Output(request_id, True, self.asked[request_id]) for request_id in done] + [
            Output(request_id, False, None) for request_id in self.left
        ]

    def abort_request(self, request_ids: list[str]) -> None:
        self.aborted += request_ids
        for request_id in request_ids:
            del self.left[request_id]


def end(engine: Any) -> None:
    engine.ended = True


@pytest.fixture
def thread() -> Iterator[EngineThread]:
    made = EngineThread(Counting, end, name="counting")
    yield made
    made.close()


def engine_of(thread: EngineThread) -> Counting:
    return thread.alone(lambda engine: engine, mends=True)  # type: ignore[no-any-return]


def ask(thread: EngineThread, *prompts: int) -> list[Any]:
    return [output.answer for output in thread.ask([(prompt, None) for prompt in prompts])]


def wait_for(seen: Callable[[], object]) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if seen():
            return
        pause.wait(0.005)
    raise AssertionError("it did not come")


def test_answers_come_in_the_order_of_the_requests(thread: EngineThread) -> None:
    assert ask(thread, 5, 1, 3) == [5, 1, 3]
    assert ask(thread) == []


def test_many_threads_share_one_engine_that_only_its_own_thread_touches(thread: EngineThread) -> None:
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda n: ask(thread, n, 1 + n % 5), [n for n in range(1, 300) if n != 13]))
    assert [pair[0] for pair in answers] == [n for n in range(1, 300) if n != 13]
    engine = engine_of(thread)
    assert len(engine.threads) == 1
    assert threading.current_thread() not in engine.threads
    assert engine.widest > 2


def test_nobody_waits_for_the_slowest() -> None:
    gate = threading.Semaphore(0)
    thread = EngineThread(lambda: Counting(gate), end, name="counting")
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(ask, thread, 100)
        quick = pool.submit(ask, thread, 3)
        for _ in range(8):
            gate.release()
        assert quick.result(10) == [3]
        assert not slow.done()
        gate.release(200)
        assert slow.result(10) == [100]
    thread.close()


def test_a_refused_request_fails_its_own_call_and_takes_the_rest_of_it_back(thread: EngineThread) -> None:
    with pytest.raises(PolicyError, match="generation failed: ValueError: prompt -1"):
        ask(thread, 50, -1)
    engine = engine_of(thread)
    assert len(engine.aborted) == 1
    assert not engine.left
    assert ask(thread, 2) == [2]


def test_a_failed_step_fails_all_that_flies_and_what_comes_until_the_engine_is_made_anew(thread: EngineThread) -> None:
    with pytest.raises(PolicyError, match="generation failed: RuntimeError: out of memory"):
        ask(thread, 13)
    with pytest.raises(PolicyError, match="has failed and must be made anew: RuntimeError: out of memory"):
        ask(thread, 1)
    assert thread.broken
    with pytest.raises(PolicyError, match="has failed and must be made anew"):
        engine_of(thread)
    thread.replace(Counting)
    assert ask(thread, 1) == [1]


def test_a_task_waits_for_what_flies_and_holds_back_what_comes_after_it() -> None:
    gate = threading.Semaphore(0)
    thread = EngineThread(lambda: Counting(gate), end, name="counting")
    seen: list[int] = []
    with ThreadPoolExecutor(3) as pool:
        before = pool.submit(ask, thread, 4)
        wait_for(lambda: thread._flying)
        task = pool.submit(thread.alone, lambda engine: seen.append(len(engine.left)))
        wait_for(lambda: thread._waiting)
        after = pool.submit(ask, thread, 1)
        wait_for(lambda: len(thread._waiting) == 2)
        gate.release(3)
        assert not task.done()
        gate.release(50)
        assert before.result(10) == [4]
        task.result(10)
        assert after.result(10) == [1]
    assert seen == [0]
    thread.close()


def test_a_task_may_drive_the_engine_itself(thread: EngineThread) -> None:
    outputs = thread.alone(lambda engine: drive(engine, [(4, None), (2, None)]))
    assert [output.answer for output in outputs] == [4, 2]


def test_what_a_task_raises_is_raised_where_it_was_asked_for_and_harms_nobody(thread: EngineThread) -> None:
    with pytest.raises(ZeroDivisionError):
        thread.alone(lambda engine: 1 / 0)
    assert ask(thread, 1) == [1]


def test_a_mending_task_that_fails_leaves_the_engine_refused_until_one_succeeds(thread: EngineThread) -> None:
    def wrong(engine: Any) -> None:
        raise PolicyError("wrong weights")

    with pytest.raises(PolicyError, match="wrong weights"):
        thread.alone(wrong, mends=True)
    with pytest.raises(PolicyError, match="wrong weights"):
        ask(thread, 1)
    thread.alone(lambda engine: None, mends=True)
    assert ask(thread, 1) == [1]


def test_what_waits_behind_a_replacement_that_fails_is_refused_and_not_answered_by_it(thread: EngineThread) -> None:
    held = threading.Event()

    def wrong(engine: Any) -> None:
        held.wait(10)
        raise PolicyError("wrong weights")

    with ThreadPoolExecutor(2) as pool:
        replacing = pool.submit(thread.replace, Counting, wrong)
        wait_for(lambda: not thread._waiting)
        behind = pool.submit(ask, thread, 1)
        wait_for(lambda: thread._waiting)
        held.set()
        for future in (replacing, behind):
            with pytest.raises(PolicyError, match="wrong weights"):
                future.result(10)


def test_an_engine_that_cannot_be_made_is_told_and_leaves_no_thread() -> None:
    def make() -> Any:
        raise PolicyError("no memory")

    with pytest.raises(PolicyError, match="no memory"):
        EngineThread(make, end, name="never-made")
    assert "never-made" not in {thread.name for thread in threading.enumerate()}


def test_an_empty_place_refuses_and_can_be_filled_again(thread: EngineThread) -> None:
    thread.replace(None)
    with pytest.raises(PolicyError, match="has no engine"):
        ask(thread, 1)
    thread.replace(Counting)
    assert ask(thread, 1) == [1]


def test_an_interrupted_caller_takes_its_requests_back(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Semaphore(0)
    thread = EngineThread(lambda: Counting(gate), end, name="counting")

    class Interrupted(vllm_engine._Call):
        def __init__(self, requests: Any) -> None:
            super().__init__(requests)
            self.over = Pressed()

    class Pressed(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            wait_for(lambda: thread._flying)
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(vllm_engine, "_Call", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            ask(thread, 1000)
    gate.release(5)
    engine = engine_of(thread)
    assert (engine.aborted, engine.left) == (["0"], {})
    assert ask(thread, 2) == [2]
    thread.close()


def test_closing_ends_the_engine_and_the_thread_and_refuses_what_comes(thread: EngineThread) -> None:
    engine = engine_of(thread)
    thread.close()
    thread.close()
    assert engine.ended
    assert not thread._thread.is_alive()
    with pytest.raises(PolicyError, match="counting is closed"):
        ask(thread, 1)
    with pytest.raises(PolicyError, match="counting is closed"):
        thread.alone(lambda engine: None)


def test_what_flies_when_it_is_closed_is_still_answered() -> None:
    gate = threading.Semaphore(0)
    thread = EngineThread(lambda: Counting(gate), end, name="counting")
    with ThreadPoolExecutor(2) as pool:
        flying = pool.submit(ask, thread, 5)
        wait_for(lambda: thread._flying)
        closing = pool.submit(thread.close)
        gate.release(10)
        assert flying.result(10) == [5]
        closing.result(10)
