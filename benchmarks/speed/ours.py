"""The sandboxes of this package as contenders, and their sessions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import cycle, islice

from assaygym.benchmarks.speed.contender import Absent, CallContender, Contender, WrongResult
from assaygym.benchmarks.speed.loop import FEWEST, timed
from assaygym.benchmarks.speed.workloads import Case, Workload
from assaygym.errors import SandboxError
from assaygym.sandbox import ExecResult, ExecStatus, Job, Sandbox, Session, open_sandbox

__all__ = ["BatchContender", "RunContender", "Sessions", "open_pair", "warm_modules"]

STATE = "state = [bytes([number % 251]) * (1 << 20) for number in range(50)]"
"""Fifty megabytes that the interpreter really holds."""
COPIES = 8


def open_pair(backend: str, workers: int, stack: ExitStack) -> tuple[Sandbox, Sandbox]:
    """A sandbox of one worker, and one of `workers`; both are closed with the stack.

    Raises:
        Absent: this machine does not give this backend.
    """
    try:
        return stack.enter_context(open_sandbox(backend, 1)), stack.enter_context(open_sandbox(backend, workers))
    except (SandboxError, ImportError) as error:
        raise Absent(str(error)) from error


def warm_modules(sandbox: Sandbox) -> list[str]:
    """What a program finds imported: the modules that the bare fork's interpreter has to hold as well."""
    result = sandbox.run("import sys\nprint(*sorted(sys.modules))")
    names = result.stdout.split()
    if result.status is not ExecStatus.OK or "sys" not in names:
        raise WrongResult(f"a program that lists its modules ended as {result.status}: {result.stderr}")
    return names


class RunContender(CallContender):
    """`run`, once for each case: one after another on one worker, and by threads on all workers."""

    def __init__(self, name: str, one: Sandbox, all_workers: Sandbox, workers: int) -> None:
        super().__init__(name, f"run() of the {one.name} sandbox; runs/s by threads that call it", workers)
        self._one, self._all = one, all_workers
        self.isolation = one.run("pass").isolation

    def latency(self, workload: Workload, runs: int, seconds: float) -> list[float]:
        """See `Contender.latency`."""
        return timed(lambda: _run_all(self._one, workload), runs, seconds)

    def once(self, workload: Workload) -> None:
        """Do one unit on the sandbox of all workers."""
        _run_all(self._all, workload)


class BatchContender(Contender):
    """`run_many`: the cases of one unit in one call, and as many units as are wanted in one call."""

    def __init__(self, name: str, all_workers: Sandbox) -> None:
        super().__init__(name, f"run_many() of the {all_workers.name} sandbox on all workers")
        self._all = all_workers

    def latency(self, workload: Workload, runs: int, seconds: float) -> list[float]:
        """See `Contender.latency`."""
        return timed(lambda: self._units(workload, 1, seconds), runs, seconds)

    def throughput(self, workload: Workload, runs: int, seconds: float) -> tuple[int, float]:
        """See `Contender.throughput`."""
        start = time.perf_counter()
        done = self._units(workload, runs, seconds)
        return done, time.perf_counter() - start

    def _units(self, workload: Workload, units: int, seconds: float) -> int:
        size = len(workload.cases)
        done = 0
        for index, result in self._all.run_many(_jobs(workload, units, seconds)):
            _demand(workload, workload.cases[index % size], result)
            done += 1
        return done // size


def _jobs(workload: Workload, units: int, seconds: float) -> Iterator[Job]:
    """Whole units only; none begins after `seconds`, apart from the first few."""
    end = time.perf_counter() + seconds
    for unit in range(units):
        if unit >= FEWEST and time.perf_counter() > end:
            return
        yield from (Job(program=workload.program, stdin=case.stdin) for case in workload.cases)


def _run_all(sandbox: Sandbox, workload: Workload) -> None:
    for case in workload.cases:
        _demand(workload, case, sandbox.run(workload.program, stdin=case.stdin))


def _demand(workload: Workload, case: Case, result: ExecResult | SandboxError) -> None:
    if isinstance(result, SandboxError):
        raise WrongResult(f"a run of {workload.name} failed: {result}") from result
    if result.status is not ExecStatus.OK or result.stdout != case.stdout:
        raise WrongResult(
            f"a run of {workload.name} ended as {result.status} with {result.stdout[-200:]!r} where "
            f"{case.stdout!r} was due: {result.stderr[-500:]}"
        )


class Sessions:
    """Two live sessions: an empty one for calls, and one with fifty megabytes of state for copies.

    Raises:
        Absent: the sandbox has no sessions; the message says why.
    """

    def __init__(self, sandbox: Sandbox, stack: ExitStack) -> None:
        try:
            self._plain = stack.enter_context(sandbox.session())
            self._full = stack.enter_context(sandbox.session())
            _call(self._full, STATE, None)
            self._copies(check=True)
        except (SandboxError, NotImplementedError) as error:
            raise Absent(str(error)) from error

    def calls(self, runs: int, seconds: float) -> list[float]:
        """Seconds of each call of a session that adds two numbers."""
        numbers = cycle(range(100))

        def once() -> None:
            number = next(numbers)
            _call(self._plain, f"{number} + 1", str(number + 1))

        return timed(once, runs, seconds)

    def forks(self, runs: int, seconds: float) -> list[float]:
        """Seconds of each `fork(8)` of the session with state; ending the copies does not count."""
        found: list[float] = []
        end = time.perf_counter() + seconds
        for number in islice(range(runs), runs):
            if number >= FEWEST and time.perf_counter() > end:
                break
            found.append(self._copies(check=number == 0))
        return found

    def _copies(self, check: bool) -> float:
        start = time.perf_counter()
        copies = self._full.fork(COPIES)
        taken = time.perf_counter() - start
        try:
            if check:
                for copy in copies:
                    _call(copy, "sum(map(len, state)) >> 20", "50")
        finally:
            _close(copies)
        return taken


def _close(sessions: Iterable[Session]) -> None:
    for session in sessions:
        session.close()


def _call(session: Session, code: str, value: str | None) -> None:
    result = session.run(code)
    if result.status is not ExecStatus.OK or result.value != value:
        raise WrongResult(f"a session's {code!r} gave {result.status}, {result.value!r}: {result.stderr[-500:]}")
