"""The `remote` backend: programs run on a SandboxFusion-compatible server, reached by HTTP.

Theory of operation. Every run is one `POST /run_code`, answered when the program has ended; nothing is kept on the
server. Requests go over kept connections, at most `workers` at once. What the server lets its clients do is not
trusted: names of files are plain relative paths, only files that were asked for are taken from an answer, and an
answer must have exactly the shape below. A server that cannot be reached, breaks off, answers late, with an HTTP error
or with the status `SandboxError`, is a `SandboxError`, and never a fault of the program.

The server gives a Python program its own whole environment, a random hash seed and no limit but the wall clock; its
`memory_limit_MB` makes programs with threads fail. So a Python program is sent as the file `main.py`, and the code
that the server is told to run is a few lines that set resource limits on themselves, remove their own file, and become
the program, with a clean environment and its arguments. Where these lines fail, and where a shell says that there is
no such interpreter (exit code 127 for both), an empty program is tried: unless that runs, the server is at fault.

Sessions are replayed: `_replay` tells how. There is no message channel, so `spawn` is refused.

The format, as in bytedance/SandboxFusion (sandbox/server/sandbox_api.py, sandbox/runners/types.py, base.py and
jupyter.py, runtime/jupyter/main.py):

    POST /run_code     {code, language, stdin, compile_timeout, run_timeout, memory_limit_MB, files, fetch_files}
      ->               {status, message, compile_result, run_result, files}
    POST /run_jupyter  {cells, cell_timeout, total_timeout, kernel, files, fetch_files}
      ->               {status, message, driver, cells, files}

`files` maps paths to base64. `status` is Success, Failed or SandboxError. A result (`compile_result`, `run_result`,
`driver`) is null or {status: Finished | TimeLimitExceeded | Error, execution_time, return_code, stdout, stderr}, where
`return_code` is null after a time-out, and negative for a signal. A cell is {stdout, stderr, display, error}, the last
two being lists of what a Jupyter kernel sends. Good to know: a stream is cut in silence at 1 MiB; one that is not
UTF-8 is replaced as a whole by the text "[DecodeError] ..."; `cell_timeout` is not looked at; a notebook's kernel that
ended is waited for until the time limit; after a time-out no cell is told; a fetched file that is absent is left out;
an interpreter or compiler that the server lacks ends as its program would, with exit code 127.

The lists `COVERED` and `NOT_COVERED` below are shown by `assay doctor`.
"""

from __future__ import annotations

import math
import ssl
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from assaygym.errors import ConfigError, SandboxError, did_you_mean
from assaygym.sandbox._fusion import LANGUAGES, Fusion, RunAnswer, checked_fetch, checked_files, checked_limits
from assaygym.sandbox._http import Http
from assaygym.sandbox._many import answers, done
from assaygym.sandbox._order import PROGRAM
from assaygym.sandbox._remote_result import run_result
from assaygym.sandbox._replay import BashSession, PythonSession
from assaygym.sandbox._starter import NOT_FOUND, check_text, starter
from assaygym.sandbox.base import MIB, ExecResult, ExecStatus, Job, Limits, Process, Sandbox, Session
from assaygym.sandbox.languages import language as known_language

COVERED = (
    "this machine: no program runs here, and no path of it is ever sent or asked for",
    "wall clock, enforced by the server",
    "Python: CPU time and address space a process, file size; a clean environment, a fixed hash seed",
    "output: cut at the limit, or at the server's own cap of 1 MiB",
    "a server that fails or answers nonsense is an error, never a program's fault",
)
NOT_COVERED = (
    "isolation: whatever the server gives, which may be none; the result says only 'remote'",
    "a server without isolation can be broken by its programs: they may bring about a SandboxError, or forge a result",
    "the number of processes, scratch space, network: the server decides",
    "Python's limits, where programs run as root there: root may raise them again",
    "memory and CPU time of other languages, and of sessions; output is not stopped at its limit, only cut",
    "CPU time and memory used are not told: cpu_seconds is the time on the wall, peak_memory_bytes is None",
    "the seed of a run: its random generators start at random (those of a Python session are seeded)",
    "a fetched file may be a link that the program made to any file of the server",
    "output that is not UTF-8: it arrives as '[DecodeError] ...'",
    "sessions are replayed, each cell after all former ones; what the clock or chance decides comes out anew",
    "no message channel: verifiers that call functions of a program cannot use this backend",
)
LOOK_AHEAD = 2
"""Jobs taken from the iterator before their turn, per worker."""


class RemoteSandbox(Sandbox):
    """Runs programs on a server; see the module.

    Args:
        url: of the server, such as http://sandbox:8080, or https; a path is put before those of the end points.
        workers: how many requests may be under way at once; default 16.
        limits: of every run that gives none.
        timeout: seconds that an answer may take beyond what the program itself may: queueing there, and the way.
        connect_timeout: seconds that making a connection may take.
        compile_timeout: seconds that a compiler may take.
        retries: how often a request is tried again after what may be gone at the next try.
        token: sent as `Authorization: Bearer ...`.
        headers: sent with every request.
        context: of TLS; default: the system's certificates, checked.
        stream_bytes: where the server cuts stdout and stderr.

    Raises:
        ConfigError: an argument is not usable.
    """

    name = "remote"

    def __init__(
        self,
        url: str,
        workers: int | None = None,
        limits: Limits | None = None,
        *,
        timeout: float = 60.0,
        connect_timeout: float = 10.0,
        compile_timeout: float = 30.0,
        retries: int = 4,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        context: ssl.SSLContext | None = None,
        stream_bytes: int = MIB,
    ) -> None:
        if workers is not None and workers < 1:
            raise ConfigError(f"workers is {workers}; expected at least 1, or None for 16")
        if retries < 0 or not all(0 < seconds < math.inf for seconds in (timeout, connect_timeout, compile_timeout)):
            raise ConfigError("the remote sandbox needs retries of at least 0 and time-outs above 0 seconds")
        self.workers = workers or 16
        self.limits = limits or Limits()
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        http = Http(
            url,
            at_once=self.workers,
            connect_seconds=connect_timeout,
            retries=retries,
            headers={**(headers or {}), **bearer},
            context=context,
        )
        self._fusion = Fusion(
            http=http, grace_seconds=timeout, compile_seconds=compile_timeout, stream_bytes=stream_bytes
        )

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
        """Run one program; `seed` is not passed on, and `argv` only to Python.

        Raises:
            ConfigError: the language, a limit, an argument or a file name is not usable.
            SandboxError: the server failed, or the sandbox was closed meanwhile.
        """
        limits = checked_limits(limits or self.limits)
        spoken, fetch, placed = _spoken(language), checked_fetch(fetch), checked_files(files)
        check_text("stdin", stdin)
        if spoken == "python":
            placed[PROGRAM] = program.encode("utf-8", "surrogatepass")
            code = starter(argv, limits)
        elif argv:
            raise ConfigError(f"argv is not offered by the remote sandbox for {language}; leave it empty")
        else:
            code = program.encode("utf-8", "replace").decode("utf-8")
        answer, elapsed = self._fusion.run_code(
            code, spoken, seconds=limits.wall_seconds, stdin=stdin, files=placed, fetch=fetch, limits=limits
        )
        result = run_result(self._fusion, answer, elapsed, limits, fetch)
        if result.exit_code == NOT_FOUND and not self._can_run(spoken, answer):
            raise SandboxError(f"the sandbox at {self._fusion.http.url} cannot run {spoken}: {result.stderr[:300]!r}")
        return result

    def _can_run(self, spoken: str, answer: RunAnswer) -> bool:
        """After an answer as of a missing interpreter, which a program can imitate: is it there?"""
        if answer.compile_result is not None:
            return answer.run_result is not None
        roomy = Limits(wall_seconds=30.0)
        python = spoken == "python"
        probe, elapsed = self._fusion.run_code(
            starter((), roomy) if python else "",
            spoken,
            seconds=roomy.wall_seconds,
            files={PROGRAM: b""} if python else {},
            limits=roomy,
        )
        return run_result(self._fusion, probe, elapsed, roomy, ()).status is ExecStatus.OK

    def spawn(
        self,
        program: str,
        *,
        files: Mapping[str, bytes] | None = None,
        limits: Limits | None = None,
        imports: Collection[str] = (),
        library: str = "",
    ) -> Process:
        """Always refused: a program cannot talk with us through this API while it runs.

        Raises:
            SandboxError: always.
        """
        self._fusion.http.check_open()
        raise SandboxError(
            "the remote sandbox has no message channel, so it cannot run what calls a program's functions; "
            "use the jail, or compare the output of run() instead"
        )

    def run_many(self, jobs: Iterable[Job]) -> Iterator[tuple[int, ExecResult | SandboxError]]:
        """Run the jobs on all workers; yields (index of the job, result) as they finish, each exactly once.

        Jobs are taken from `jobs` as workers get free, a few ahead of what the caller has consumed.

        Raises:
            ConfigError: a job is not usable; the jobs not yet yielded are lost.
        """
        return answers(jobs, self._do, self.workers, LOOK_AHEAD * self.workers)

    def _do(self, job: Job) -> ExecResult | SandboxError:
        try:
            return done(self, job)
        except SandboxError as error:
            return error

    def session(
        self,
        language: str = "python",
        *,
        files: Mapping[str, bytes] | None = None,
        limits: Limits | None = None,
        seed: int = 0,
    ) -> Session:
        """A session by replay, "python" or "bash"; `seed` is of Python's `random`.

        Raises:
            ConfigError: the language, a limit or a file name is not usable.
            SandboxError: the sandbox was closed.
        """
        kinds = {"python": PythonSession, "bash": BashSession}
        if language not in kinds:
            raise ConfigError(f"there are no {language!r} sessions; {did_you_mean(language, kinds)}")
        self._fusion.http.check_open()
        return kinds[language](self._fusion, files, limits or self.limits, seed)

    def close(self) -> None:
        """Break off whatever is under way, which the server ends by its limits; calling it again does nothing."""
        self._fusion.http.close()


def _spoken(name: str) -> str:
    """The server's name of a language, by any of the names that we know for it.

    Raises:
        ConfigError: this backend does not offer it.
    """
    try:
        key = known_language(name, here=False).name
    except ConfigError:
        key = name.lower()  # the server has more languages than this package
    if key not in LANGUAGES:
        raise ConfigError(f"no language {name!r} on a remote sandbox; it has: {', '.join(LANGUAGES)}")
    return LANGUAGES[key]
