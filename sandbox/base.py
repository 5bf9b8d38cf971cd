"""The contract of every sandbox: limits in, result out. Knows nothing of tasks or rewards.

A program's fault (crash, time-out, flood) is data, an `ExecResult`. A fault of the sandbox raises `SandboxError`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Literal, Protocol, Self

from assaygym.errors import SandboxError

__all__ = ["ExecResult", "ExecStatus", "Job", "Limits", "Process", "Sandbox", "Session"]

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one run may use.

    Raises:
        ValueError: a limit is not positive.
    """

    cpu_seconds: float = 10.0
    """What should decide. Without what the kernel may have taken to find much memory; see `assaygym.sandbox.found`."""
    wall_seconds: float = 10.0
    """What ends those that sleep. Without that time of the kernel, and without waits for processors where the backend
    can tell: these may make it several times as long, see `assaygym.sandbox.guest.turns`."""
    memory_bytes: int = 512 * MIB
    output_bytes: int = 4 * MIB
    """Cap of stdout and of stderr, each."""
    file_bytes: int = 32 * MIB
    """Largest file the program may write, and the size of its scratch space."""
    processes: int = 64
    """Processes and threads alive at once."""
    network: bool = False

    def __post_init__(self) -> None:
        for name in ("cpu_seconds", "wall_seconds", "memory_bytes", "output_bytes", "file_bytes", "processes"):
            if not getattr(self, name) > 0:
                raise ValueError(f"Limits.{name} is {getattr(self, name)}; expected a positive number")


class ExecStatus(StrEnum):
    """How a program ended. A closed set: what is not here is a `SandboxError`."""

    OK = "ok"
    """It ended by itself with exit code 0. This proves nothing about its answer."""
    NONZERO_EXIT = "nonzero_exit"
    SIGNALED = "signaled"
    TIMEOUT = "timeout"
    """The CPU or the wall-clock limit was reached."""
    OUT_OF_MEMORY = "out_of_memory"
    OUTPUT_LIMIT = "output_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecResult:
    """What a program did. Times in seconds; `files` holds what it left of the files that were asked for."""

    status: ExecStatus
    exit_code: int | None
    signal: int | None
    stdout: str
    """Decoded as UTF-8, undecodable bytes as U+FFFD."""
    stderr: str
    truncated: bool
    """Whether stdout or stderr was cut at the limit."""
    cpu_seconds: float
    """Of all its processes. A limit is for `found.charged` of it, which is less where much memory had to be found."""
    wall_seconds: float
    peak_memory_bytes: int | None
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    isolation: tuple[str, ...] = ()
    """The mechanisms that were really in force, e.g. `("userns", "pidns", "netns", "ro_root", "rlimits")`."""
    value: str | None = None
    """Of a session's cell: `repr` of its last expression, as a notebook shows it; None where that is None or none."""
    error: str | None = None
    """Of a session's cell: the class name of the exception that ended it; the traceback is in `stderr`."""
    kernel_seconds: float = 0.0
    """Of the CPU time what was spent in the kernel, where the backend tells."""
    phase: Literal["compile", "run"] = "run"
    """What this tells of: "compile" where the program could not be compiled, with an error of its own or at a limit of
    the compile step, and so was never run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The arguments of one `Sandbox.run`, for `run_many`."""

    program: str
    language: str = "python"
    stdin: str = ""
    files: Mapping[str, bytes] | None = None
    argv: tuple[str, ...] = ()
    limits: Limits | None = None
    fetch: tuple[str, ...] = ()
    seed: int = 0


class Process(Protocol):
    """A running program with a message channel beside its standard streams.

    The program finds its end of the channel as a stream socket at file descriptor `CHANNEL_FD` (3). A message is a
    4-byte big-endian length and that many bytes. Whatever comes from the program is untrusted data.
    """

    def send(self, message: bytes, timeout: float | None = None) -> None:
        """Hand one message to the program; nothing is raised if it no longer listens (`recv` will say so)."""
        ...

    def recv(self, timeout: float) -> bytes | None:
        """Next message; None when the program ended, broke the framing, sent over 64 MiB, or nothing came in time."""
        ...

    def wait(self, timeout: float) -> bool:
        """Whether the program has ended, for which it waits so many seconds. What it sent can be received after it."""
        ...

    def finish(self) -> ExecResult:
        """Close the channel's sending side, wait for the end within the limits, and tell how it ended."""
        ...

    def kill(self) -> ExecResult:
        """End the program and everything it started, now."""
        ...


class Session(Protocol):
    """A stateful interpreter: names, files and the working directory survive from one `run` to the next.

    A context manager. To be used by one thread at a time; different sessions may be used by different threads.
    """

    @property
    def alive(self) -> bool:
        """Whether the interpreter is there to take another cell."""
        ...

    def run(self, code: str, *, limits: Limits | None = None) -> ExecResult:
        """Run one cell: its output, the value of its last expression, or the exception that ended it.

        An exception is NONZERO_EXIT, with the traceback on `stderr`, and the session goes on. A cell over its limits is
        interrupted, and the session goes on where the interrupt took effect (`alive` tells). When the interpreter
        itself ended, this cell and all later ones tell how: that is the program's doing, hence no error.

        Args:
            code: source text of the cell.
            limits: of this cell; default: the session's. They cannot exceed the session's memory, files and processes.

        Raises:
            SandboxError: the sandbox itself failed, or the session was closed; or the machine was too busy to tell
                whether the cell needs too long: then it is closed now.
        """
        ...

    def fork(self, n: int) -> list[Session]:
        """`n` independent copies of the live interpreter and its files; this session goes on as well.

        No variable, file, descriptor or random state is shared afterwards. Threads and child processes are not copied.

        Raises:
            SandboxError: the sandbox itself failed, or the session was closed or has ended.
        """
        ...

    def close(self) -> None:
        """End the interpreter and everything it started; calling it again does nothing."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Sandbox(ABC):
    """Runs untrusted programs. Thread-safe; a context manager; `close` leaves nothing behind."""

    name: str
    """The backend's name, as `open_sandbox` takes it."""

    @abstractmethod
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

        Args:
            program: source text.
            language: one of `assaygym.sandbox.languages`.
            stdin: fed to the program as UTF-8.
            files: relative path to content.
            argv: its arguments after its name.
            limits: of this run; default: the sandbox's.
            fetch: relative paths of the files to hand back in `ExecResult.files`, where the program left them.
            seed: of the program's global random generators; a run is repeated by its seed.

        Raises:
            ConfigError: the language or a file name is not usable.
            SandboxError: the sandbox itself failed.
        """

    @abstractmethod
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

        Args:
            program: source text; "" with a library: its `main()` is called.
            files: relative path to content, laid into its working directory.
            limits: of the whole run; default: the sandbox's.
            imports: packages that it will likely import, beyond what its source says: a hint, for speed only.
            library: source text of a module that it finds as `library`, in the state in which importing it leaves it.
                Workers are kept that have it ready, so it should be one of few, and must not come from a program. They
                call its `rehearse()`, if there is one, before the first program: see `guest/program.py`.

        Raises:
            SandboxError: the sandbox itself failed.
        """

    @abstractmethod
    def run_many(self, jobs: Iterable[Job]) -> Iterator[tuple[int, ExecResult | SandboxError]]:
        """Run the jobs on all workers; yields (index of the job, result) as they finish, each exactly once.

        A job that the sandbox failed to run yields the `SandboxError`, which says nothing about the program; the other
        jobs go on.

        Raises:
            ConfigError: a job is not usable.
        """

    def place(self) -> AbstractContextManager[object]:
        """A place among the programs that work at once, to be held while a spawned program works.

        Too many at once would run into their wall-clock limits without being at fault. Hold one only, and do not call
        `run` meanwhile: it takes a place of its own.
        """
        return nullcontext()

    def session(
        self,
        language: str = "python",
        *,
        files: Mapping[str, bytes] | None = None,
        limits: Limits | None = None,
        seed: int = 0,
    ) -> Session:
        """A stateful interpreter, "python" or "bash".

        Args:
            language: what its cells are written in.
            files: relative path to content, laid into its working directory.
            limits: of each cell and, for memory, files and processes, of the whole session.
            seed: of the session's global random generators.

        Raises:
            ConfigError: the language or a file name is not usable.
            SandboxError: the sandbox itself failed.
        """
        raise SandboxError(f"the {self.name} sandbox has no {language} sessions; call run() for each program instead")

    @abstractmethod
    def close(self) -> None:
        """End every worker; calling it again does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


CHANNEL_FD = 3
