"""One engine for many threads: a thread makes it, steps it, and answers each caller when its own requests are done.

An engine of vLLM batches continuously but is not thread-safe, and on a GPU and a CPU alike what a thread sets up (the
device, the pool of workers) is that thread's. So one thread owns the engine; whoever asks only waits. A task that must
have the engine to itself (new weights, sleep) runs when what is in flight has ended, and before what was asked later.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from assaygym.errors import PolicyError, told

__all__ = ["Engine", "EngineThread", "Request"]

LINGER, LOOKS = 0.001, 20
"""Seconds between two looks at who else asks, before an idle engine starts; it starts when one finds nobody new."""
T = TypeVar("T")
Request = tuple[Any, Any]
"""(prompt, sampling parameters), as the engine's `add_request` takes them."""


class Engine(Protocol):
    """What is used of `vllm.v1.engine.llm_engine.LLMEngine`."""

    def add_request(self, request_id: str, prompt: Any, params: Any) -> Any:
        """Take in one request; raises at once where it is not valid."""
        ...

    def step(self) -> list[Any]:
        """Advance all requests by a token or so: outputs, each with `request_id` and `finished`."""
        ...

    def abort_request(self, request_ids: list[str]) -> None:
        """Forget these requests."""
        ...


class _Call:
    """What one caller asked for at once."""

    __slots__ = ("answers", "error", "left", "over", "requests")

    def __init__(self, requests: Sequence[Request]) -> None:
        self.requests = requests
        self.answers: list[Any] = [None] * len(requests)
        self.left = len(requests)
        self.error: BaseException | None = None
        self.over = threading.Event()


class _Task:
    """What must have the engine to itself."""

    __slots__ = ("error", "over", "result", "run")

    def __init__(self, run: Callable[[], Any]) -> None:
        self.run = run
        self.result: Any = None
        self.error: BaseException | None = None
        self.over = threading.Event()


class EngineThread:
    """Owns an engine. Every method may be called from any thread but its own.

    Args:
        make: makes the engine, on the thread that will own it; what it raises is raised here.
        end: gives up an engine's memory.
        name: of the thread, and in its errors.
    """

    def __init__(self, make: Callable[[], Engine], end: Callable[[Engine], None], *, name: str) -> None:
        self.name, self._end = name, end
        self._engine: Engine | None = None
        self.fault: BaseException | None = None
        """Why no request is answered; what waits is refused with it too. Written on this thread only."""
        self._changed = threading.Condition()
        self._waiting: deque[_Call | _Task] = deque()
        self._given_up: list[_Call] = []
        self._closed = False
        self._flying: dict[str, tuple[_Call, int]] = {}
        self._ids = itertools.count()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()
        try:
            self.replace(make)
        except BaseException:
            self.close()
            raise

    @property
    def broken(self) -> bool:
        """Whether a step or a mending task failed in a way that only `replace` mends."""
        return self.fault is not None and not isinstance(self.fault, PolicyError)

    def ask(self, requests: Sequence[Request]) -> list[Any]:
        """The finished outputs, in order. An interrupt of the waiting thread takes its requests back.

        Raises:
            PolicyError: the engine refused a request, failed, or was given up; the cause is chained.
        """
        if not requests:
            return []
        call = _Call(requests)
        self._enqueue(call)
        try:
            call.over.wait()
        except BaseException:
            with self._changed:
                self._given_up.append(call)
                self._changed.notify()
            raise
        if isinstance(call.error, PolicyError):
            raise call.error
        if call.error is not None:
            raise PolicyError(f"generation failed: {told(call.error)}") from call.error
        return call.answers

    def alone(self, task: Callable[[Any], T], *, mends: bool = False) -> T:
        """What `task` returns or raises; it has the engine to itself, may step it, and may write `fault`.

        Args:
            task: takes the engine.
            mends: run it in spite of a fault that is a `PolicyError`: that is gone when the task returns, and what it
                raises is the fault from then on.

        Raises:
            PolicyError: there is no engine that works.
        """

        def run() -> T:
            return self._mended(task, self._there()) if mends else task(self._working())

        return self._alone(run)

    def replace(self, make: Callable[[], Engine] | None, then: Callable[[Any], T] | None = None) -> T | None:
        """End the engine, make another in its place and give it to `then`; None leaves the place empty.

        What `make` and `then` raise is raised, and is the fault from then on.
        """
        return self._alone(lambda: self._replaced(make, then))

    def close(self) -> None:
        """End the engine and the thread once what is in flight has ended; what waits is refused. Twice is once."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _alone(self, run: Callable[[], T]) -> T:
        task = _Task(run)
        self._enqueue(task)
        task.over.wait()
        if task.error is not None:
            raise task.error
        result: T = task.result
        return result

    def _enqueue(self, item: _Call | _Task) -> None:
        with self._changed:
            if self._closed:
                raise PolicyError(f"{self.name} is closed")
            self._waiting.append(item)
            self._changed.notify()

    def _work(self) -> None:
        while self._goes_on():
            while self._start_one():
                pass
            if self._flying:
                self._step()
        try:
            self._end_engine()
        finally:
            for item in self._waiting:
                item.error = PolicyError(f"{self.name} is closed")
                item.over.set()

    def _goes_on(self) -> bool:
        """Wait until there is something to do; False when it is time to end."""
        with self._changed:
            idle = not self._flying
            while not (self._waiting or self._flying or self._given_up or self._closed):
                self._changed.wait()
        if idle:
            self._gather()
        with self._changed:
            given_up, self._given_up = self._given_up, []
            closed = self._closed
        for call in given_up:
            self._forget(call)
        return bool(self._flying) or not closed

    def _gather(self) -> None:
        """Let others that ask at the same time come: an engine that began with one has them wait for its next step."""
        seen = 0
        for _ in range(LOOKS):
            with self._changed:
                now = len(self._waiting)
                tasks = any(isinstance(item, _Task) for item in self._waiting)
            if now == seen or tasks:
                return
            seen = now
            time.sleep(LINGER)

    def _start_one(self) -> bool:
        """Start what has waited longest, unless it is a task and something flies: then all behind it waits as well."""
        with self._changed:
            if self._closed or not self._waiting:
                return False
            if isinstance(self._waiting[0], _Task) and self._flying:
                return False
            item = self._waiting.popleft()
        if isinstance(item, _Task):
            self._perform(item)
        else:
            self._start(item)
        return True

    def _perform(self, task: _Task) -> None:
        try:
            task.result = task.run()
        except BaseException as error:  # raised again in the thread that asked
            task.error = error
        task.over.set()

    def _start(self, call: _Call) -> None:
        try:
            engine = self._working()
            for index, (prompt, params) in enumerate(call.requests):
                request_id = str(next(self._ids))
                engine.add_request(request_id, prompt, params)
                self._flying[request_id] = (call, index)
        except Exception as error:  # an engine's refusals are of many kinds: the caller's thread raises it
            self._forget(call)
            call.error = error
            call.over.set()

    def _step(self) -> None:
        try:
            outputs = self._working().step()
        except Exception as error:  # a failed step leaves the engine's books in no known state
            self.fault = error
            calls = {id(call): call for call, _ in self._flying.values()}
            self._flying.clear()
            for call in calls.values():
                call.error = error
                call.over.set()
            return
        for output in outputs:
            if output.finished and output.request_id in self._flying:
                call, index = self._flying.pop(output.request_id)
                call.answers[index] = output
                call.left -= 1
                if not call.left:
                    call.over.set()

    def _forget(self, call: _Call) -> None:
        """Take the call's requests out of the engine, wherever they are."""
        ids = [request_id for request_id, (owner, _) in self._flying.items() if owner is call]
        for request_id in ids:
            del self._flying[request_id]
        with self._changed:
            if call in self._waiting:
                self._waiting.remove(call)
        if ids and self._engine is not None:
            self._engine.abort_request(ids)

    def _replaced(self, make: Callable[[], Engine] | None, then: Callable[[Any], T] | None) -> T | None:
        self._end_engine()
        if make is None:
            return None

        def make_and_go_on(_: object) -> T | None:
            self._engine = make()
            return then(self._engine) if then is not None else None

        return self._mended(make_and_go_on, None)

    def _mended(self, task: Callable[[Any], T], engine: Engine | None) -> T:
        self.fault = None
        try:
            return task(engine)
        except BaseException as error:
            self.fault = error
            raise

    def _end_engine(self) -> None:
        engine, self._engine, self.fault = self._engine, None, None
        if engine is not None:
            self._end(engine)

    def _there(self) -> Engine:
        if self.broken:
            cause = told(self.fault) if self.fault else ""
            raise PolicyError(f"{self.name} has failed and must be made anew: {cause}") from self.fault
        if self._engine is None:
            raise PolicyError(f"{self.name} has no engine: it was put to sleep, wake it first")
        return self._engine

    def _working(self) -> Engine:
        if isinstance(self.fault, PolicyError):
            raise self.fault
        return self._there()
