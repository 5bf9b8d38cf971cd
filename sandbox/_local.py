"""What the backends of this machine share: a pool of warm workers that runs programs one at a time each."""

from __future__ import annotations

import os
import threading
import weakref
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache, partial
from typing import Any, TypeVar

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox._build import Builder
from assaygym.sandbox._channel import ChannelProcess, channel
from assaygym.sandbox._code import CodeCache
from assaygym.sandbox._many import answers, done
from assaygym.sandbox._order import PROGRAM, Order, order, usable
from assaygym.sandbox._outcome import outcome
from assaygym.sandbox._pool import Pool
from assaygym.sandbox._worker import Report, Worker, WorkerLost
from assaygym.sandbox.base import ExecResult, Job, Limits, Process, Sandbox, Session
from assaygym.sandbox.found import beyond_doubt
from assaygym.sandbox.guest.protocol import BY_ITSELF
from assaygym.sandbox.languages import Language, language
from assaygym.sandbox.sessions import Opener

T = TypeVar("T")
LOOK_AHEAD = 2
"""Results that `run_many` holds ready, per worker, before it waits for its consumer."""
TRIES = 3
"""Workers that one run may lose before its loss is told."""
SPARE = 2
"""Idle workers kept, per place: a spawned program may talk with another."""
PLAIN = "python"
KINDS = {PLAIN: (), "numpy": ("numpy", "numpy.random")}
"""Kinds of workers, and what each imports beforehand beside `MODULES`. After a space: the library it has ready."""
# fmt: off
MODULES = (
    "abc", "bisect", "collections", "contextlib", "copy", "enum", "functools", "heapq", "io", "itertools", "json",
    "math", "operator", "os", "random", "re", "string", "sys", "threading", "time", "traceback", "typing",
)
# fmt: on


class LocalSandbox(Sandbox):
    """A backend whose workers are processes of this machine.

    Args:
        workers: how many `run`s may go on at once, whatever the number of threads that ask; default: the cores this
            process may use. A spawned process takes no such place by itself, or two that talk could wait for each
            other; see `place`.
        limits: of every run that gives none.

    Raises:
        ConfigError: `workers` is not positive.
    """

    jailed: bool
    """Whether processes are counted in a namespace of their own."""
    _opener: Opener | None
    """Opens sessions, once there is one."""
    stdin_file = ""
    """Where a program's standard input has a name; "" for nowhere."""

    def __init__(self, workers: int | None = None, limits: Limits | None = None) -> None:
        if workers is not None and workers < 1:
            raise ConfigError(f"workers is {workers}; expected at least 1, or None for the number of cores")
        self.workers = workers or len(os.sched_getaffinity(0))
        self.limits = limits or Limits()
        sentence = f"the {self.name} sandbox is closed; open another with open_sandbox()"
        self._libraries: dict[str, str] = {}
        self._pool = Pool(self._start_worker, SPARE * self.workers, sentence)
        self._builder = Builder(self._execute)
        self._start_anew()
        _sandboxes.add(self)

    def _start_anew(self) -> None:
        """At the beginning, and in the child of a fork: what the parent runs, holds and locks there is not ours."""
        self._places = threading.BoundedSemaphore(self.workers)
        self._opening, self._opener = threading.Lock(), None
        self._codes = CodeCache(self._compiled)
        self._builder.start_anew()
        self._pool.start_anew()

    @abstractmethod
    def _start_worker(self, kind: str) -> Worker:
        """A new worker."""

    def run(
        self,
        program: str,
        *,
        language: str = PLAIN,
        stdin: str = "",
        files: Mapping[str, bytes] | None = None,
        argv: Sequence[str] = (),
        limits: Limits | None = None,
        fetch: Sequence[str] = (),
        seed: int = 0,
    ) -> ExecResult:
        """Run one program from a clean state, in a private scratch directory that holds `files`.

        Raises:
            ConfigError: the language, a limit or a file name is not usable.
            SandboxError: the sandbox itself failed, or was closed meanwhile.
        """
        limits = self._checked(limits)
        found = self._language(language)
        if not found.warm:
            return self._builder.run(found, program, stdin=stdin, files=files, argv=argv, limits=limits, fetch=fetch)
        source = program.encode("utf-8", "surrogatepass")
        made = partial(self._order, source, argv=argv, stdin=stdin, files=files, fetch=fetch, seed=seed)
        with self._places:
            return self._answer(partial(made, self._codes.get(source)), limits, _kind(source))

    def _language(self, name: str) -> Language:
        return language(name)

    def _execute(
        self,
        command: Sequence[str],
        *,
        files: Mapping[str, bytes],
        executables: Collection[str] = (),
        stdin: str = "",
        limits: Limits,
        fetch: Sequence[str] = (),
        address_space: bool = True,
    ) -> ExecResult:
        """Run a command; see `_build.Execute`."""
        made = partial(
            order,
            b"",
            how="command",
            argv=command,
            files=files,
            executables=executables,
            stdin=stdin,
            stdin_file=self.stdin_file,
            fetch=fetch,
            jailed=self.jailed,
            address_space=address_space,
        )
        with self._places:
            return self._answer(made, limits)

    def _order(self, source: bytes, code: bytes | None, *, argv: Sequence[str], **named: Any) -> Order:
        how, body = ("code", code) if code else ("source", source)
        line = [PROGRAM, *argv]
        return order(body, how=how, source=source, argv=line, stdin_file=self.stdin_file, jailed=self.jailed, **named)

    def _answer(self, made: Callable[..., Order], limits: Limits, kind: str = PLAIN) -> ExecResult:
        """What becomes of an order, made with limits; with roomier ones where the kernel may have ended it wrongly."""

        def attempt(allowed: Limits) -> tuple[None, ExecResult]:
            report, isolation, short = self._report(made(limits=usable(allowed)), kind)
            return None, outcome(report, limits, isolation, short)

        return beyond_doubt(attempt, limits)[1]

    def _report(self, wanted: Order, kind: str) -> tuple[Report, tuple[str, ...], bool]:
        """Have a worker do it.

        Raises:
            SandboxError: the sandbox failed, or was closed.
        """
        return self._tried(partial(self._try, wanted, kind))

    def _tried(self, act: Callable[[], T]) -> T:
        """Do it again when a worker is lost: that says nothing about the program."""
        for _ in range(TRIES - 1):
            try:
                return act()
            except WorkerLost:
                self._check_open()
        return act()

    def _try(self, wanted: Order, kind: str) -> tuple[Report, tuple[str, ...], bool]:
        worker = self._pool.acquire(kind)
        try:
            worker.start(wanted)
            report = worker.report()
            report.check()
            short = bool(report.status) and worker.ran_short()
        except BaseException as error:
            self._discard(worker, error)
            raise
        self._pool.release(worker)
        return report, worker.isolation, short

    def _discard(self, worker: Worker, error: BaseException) -> None:
        self._pool.discard(worker)
        if isinstance(error, WorkerLost):  # by closing the sandbox, maybe
            self._check_open()

    def _compiled(self, source: bytes) -> bytes | None:
        """The marshalled code of a program, compiled by a run of its own."""
        limits = Limits(output_bytes=16 << 20)
        wanted = order(source, how="compile", argv=[PROGRAM], limits=limits, jailed=self.jailed)
        try:
            report, *_ = self._report(wanted, PLAIN)
        except WorkerLost:
            return None
        return report.stdout if report.status == 0 and report.ended == BY_ITSELF else None

    def spawn(
        self,
        program: str,
        *,
        files: Mapping[str, bytes] | None = None,
        limits: Limits | None = None,
        imports: Collection[str] = (),
        library: str = "",
    ) -> Process:
        """Start a Python program that talks with us over a message channel.

        Raises:
            ConfigError: a limit or a file name is not usable.
            SandboxError: the sandbox itself failed.
        """
        limits = self._checked(limits)
        source = program.encode("utf-8", "surrogatepass")
        if library and not program:
            wanted = _main(limits, self.jailed, tuple((files or {}).items()))
        else:
            wanted = self._order(source, self._codes.get(source), argv=(), files=files, limits=limits)
        kind = _kind(" ".join(imports).encode())
        if library:
            kind = f"{kind} {hash(library):x}"
            self._libraries[kind] = library
        return self._tried(partial(self._spawn, wanted, limits, kind))

    def _imported(self, kind: str) -> tuple[str, ...]:
        """What a worker of this kind imports beside `MODULES`."""
        return KINDS[kind.partition(" ")[0]]

    def _spawn(self, wanted: Order, limits: Limits, kind: str) -> Process:
        worker = self._pool.acquire(kind)
        try:
            ours, theirs = channel()
            try:
                with theirs:
                    worker.start(wanted, theirs.fileno())
            except BaseException:
                ours.close()
                raise
        except BaseException as error:
            self._discard(worker, error)
            raise
        return ChannelProcess(worker, ours, limits, self._pool)

    def session(
        self,
        language: str = PLAIN,
        *,
        files: Mapping[str, bytes] | None = None,
        limits: Limits | None = None,
        seed: int = 0,
    ) -> Session:
        """A stateful interpreter, "python" or "bash". It takes none of the places of `run`.

        Raises:
            ConfigError: the language, a limit or a file name is not usable.
            SandboxError: the sandbox itself failed, is closed, or has no sessions.
        """
        limits = self._checked(limits)
        with self._opening:
            self._check_open()
            if self._opener is None:
                self._opener = self._new_opener()
        return self._opener.session(language, files=files, limits=limits, seed=seed)

    def _new_opener(self) -> Opener:
        raise NotImplementedError

    def place(self) -> AbstractContextManager[object]:
        """One of the places of `run`, for a spawned program; waits until one is free."""
        return self._places

    def run_many(self, jobs: Iterable[Job]) -> Iterator[tuple[int, ExecResult | SandboxError]]:
        """Run the jobs on all workers; yields (index of the job, result) as they finish, each exactly once.

        A job that the sandbox failed to run yields the `SandboxError`; the others go on. Jobs are taken from `jobs` as
        workers get free, a few ahead of what the caller has consumed.

        Raises:
            ConfigError: a job's language, limit or file name is not usable; jobs not yet yielded are lost.
            SandboxError: the sandbox is closed.
        """
        self._check_open()
        return answers(jobs, self._do, self.workers, LOOK_AHEAD * self.workers)

    def _do(self, job: Job) -> ExecResult | SandboxError:
        try:
            return done(self, job)
        except SandboxError as error:
            self._check_open()
            return error

    def close(self) -> None:
        """Kill whatever runs; calling it again does nothing."""
        self._pool.close()
        with self._opening:
            if self._opener is not None:
                self._opener.close()

    def _checked(self, limits: Limits | None) -> Limits:
        self._check_open()
        limits = limits or self.limits
        if limits.network:
            raise ConfigError(f"network=True is not offered by the {self.name} sandbox; leave it False")
        return usable(limits)

    def _check_open(self) -> None:
        self._pool.check_open()


@lru_cache(maxsize=32)
def _main(limits: Limits, jailed: bool, files: tuple[tuple[str, bytes], ...] = ()) -> Order:
    """Of the main function of a library."""
    return order(b"", how="library", argv=[PROGRAM], files=dict(files), limits=limits, jailed=jailed)


def _kind(text: bytes) -> str:
    """The worker that suits a program best."""
    return next((kind for kind in KINDS if kind != PLAIN and kind.encode() in text), PLAIN)


_sandboxes: weakref.WeakSet[LocalSandbox] = weakref.WeakSet()


def _after_fork() -> None:
    for sandbox in list(_sandboxes):
        sandbox._start_anew()


os.register_at_fork(after_in_child=_after_fork)
