"""What the backends of this machine share: one launcher a run, a thread pool for many."""

from __future__ import annotations

import os
import socket
import threading
import weakref
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox._channel import ChannelProcess
from assaygym.sandbox._order import order
from assaygym.sandbox._outcome import outcome
from assaygym.sandbox._run import Run
from assaygym.sandbox._wire import Spec, View
from assaygym.sandbox.base import ExecResult, Job, Limits, Process, Sandbox

LOOK_AHEAD = 2
"""Jobs taken from the iterator before their turn, per worker."""


class LocalSandbox(Sandbox):
    """A backend that starts one launcher a run on this machine.

    Args:
        workers: how many `run`s may go on at once, whatever the number of threads that ask; default: the cores this
            process may use. A spawned process takes no such place by itself, or two that talk could wait for each
            other; see `place`.
        limits: of every run that gives none.

    Raises:
        ConfigError: `workers` is not positive.
    """

    def __init__(self, workers: int | None = None, limits: Limits | None = None) -> None:
        if workers is not None and workers < 1:
            raise ConfigError(f"workers is {workers}; expected at least 1, or None for the number of cores")
        self.workers = workers or len(os.sched_getaffinity(0))
        self.limits = limits or Limits()
        self._closed = False
        self._start_anew()
        _sandboxes.add(self)

    def _start_anew(self) -> None:
        """At the beginning, and in the child of a fork: what the parent runs, holds and locks there is not ours."""
        self._places = threading.BoundedSemaphore(self.workers)
        self._lock = threading.Lock()
        self._live: set[Run] = set()

    @abstractmethod
    def _site(self) -> tuple[str, str, View | None, Callable[[], None]]:
        """Where one run takes place: the interpreter, the working directory, the jail's view, and what tidies up."""

    @abstractmethod
    def _launcher_python(self) -> str:
        """The interpreter that runs the launcher."""

    def run(
        self,
        program: str,
        *,
        language: str = "python",
        stdin: str = "",
        files: Mapping[str, bytes] | None = None,
        argv: Sequence[str] = (),
        limits: Limits | None = None,
        fetch: Sequence[str] = (),
        seed: int = 0,
    ) -> ExecResult:
        """Run one program from a clean state, in a private scratch directory that holds `files`.

        `ExecResult.files` stays empty: what a program leaves in its scratch directory vanishes with it.

        Raises:
            ConfigError: the language, a limit or a file name is not usable.
            SandboxError: the sandbox itself failed, or was closed meanwhile.
        """
        limits = limits or self.limits
        self._check(limits)
        python, directory, view, tidy = self._site()
        try:
            spec = order(
                program,
                python=python,
                directory=directory,
                view=view,
                language=language,
                stdin=stdin,
                files=files,
                argv=argv,
                limits=limits,
            )
            with self._places:
                return self._run(spec, limits)
        finally:
            tidy()

    def _run(self, spec: Spec, limits: Limits) -> ExecResult:
        run = self._start(spec)
        try:
            report = run.report()
        finally:
            run.abandon()
            self._forget(run)
        if report["ended"] == "killed":
            raise SandboxError(f"the {self.name} sandbox was closed while the program ran")
        return outcome(report, limits)

    def spawn(self, program: str, *, files: Mapping[str, bytes] | None = None, limits: Limits | None = None) -> Process:
        """Start a Python program that talks with us over a message channel.

        Raises:
            ConfigError: a limit or a file name is not usable.
            SandboxError: the sandbox itself failed.
        """
        limits = limits or self.limits
        self._check(limits)
        python, directory, view, tidy = self._site()
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                channel = theirs.fileno()
                spec = order(
                    program, python=python, directory=directory, view=view, files=files, limits=limits, channel=channel
                )
                run = self._start(spec)
        except BaseException:
            ours.close()
            tidy()
            raise
        return ChannelProcess(run, ours, limits, partial(self._let_go, run, tidy))

    def place(self) -> AbstractContextManager[object]:
        """One of the places of `run`, for a spawned program; waits until one is free."""
        return self._places

    def run_many(self, jobs: Iterable[Job]) -> Iterator[tuple[int, ExecResult | SandboxError]]:
        """Run the jobs on all workers; yields (index of the job, result) as they finish, each exactly once.

        At most twice as many jobs as workers are taken from `jobs` ahead of time. A job that cannot be run raises here,
        and the jobs not yet yielded are lost.

        Raises:
            ConfigError: a job's language, limit or file name is not usable.
            SandboxError: the sandbox itself failed.
        """
        numbered = enumerate(jobs)
        pending: dict[Future[ExecResult], int] = {}
        with ThreadPoolExecutor(self.workers, thread_name_prefix="sandbox") as pool:
            try:
                while True:
                    for index, job in islice(numbered, LOOK_AHEAD * self.workers - len(pending)):
                        pending[pool.submit(self._do, job)] = index
                    if not pending:
                        return
                    for future in wait(pending, return_when=FIRST_COMPLETED).done:
                        yield pending.pop(future), future.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _do(self, job: Job) -> ExecResult:
        return self.run(
            job.program,
            language=job.language,
            stdin=job.stdin,
            files=job.files,
            argv=job.argv,
            limits=job.limits,
        )

    def close(self) -> None:
        """Kill whatever runs; calling it again does nothing."""
        with self._lock:
            self._closed = True
            live = list(self._live)
        for run in live:
            run.kill()

    def _check(self, limits: Limits) -> None:
        if limits.network:
            raise ConfigError(f"network=True is not offered by the {self.name} sandbox; leave it False")

    def _check_open(self) -> None:
        if self._closed:
            raise SandboxError(f"the {self.name} sandbox is closed; open another with open_sandbox()")

    def _start(self, spec: Spec) -> Run:
        self._check_open()
        run = Run(self._launcher_python(), spec)
        with self._lock:
            self._live.add(run)
            if self._closed:
                run.kill()
        return run

    def _let_go(self, run: Run, tidy: Callable[[], None]) -> None:
        self._forget(run)
        tidy()

    def _forget(self, run: Run) -> None:
        with self._lock:
            self._live.discard(run)


_sandboxes: weakref.WeakSet[LocalSandbox] = weakref.WeakSet()


def _after_fork() -> None:
    for sandbox in list(_sandboxes):
        sandbox._start_anew()


os.register_at_fork(after_in_child=_after_fork)
