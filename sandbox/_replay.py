"""Sessions of the `remote` backend: the server keeps no state, so each cell is run after all cells before it.

A cell that the server ended at its time limit leaves no trace: the session goes on as it was before it. What differs
from one time to the next (the clock, the order of sets of text, what other machines answer) differs between replays
too.
"""

from __future__ import annotations

import shlex
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox._fusion import NOTEBOOK_FOLDER, Fusion, checked_files, checked_limits
from assaygym.sandbox._http import TooLargeError
from assaygym.sandbox._remote_result import cell_result, ended_result, run_result
from assaygym.sandbox.base import ExecResult, ExecStatus, Limits, Session

SLOWER = 2.0
"""How many times longer than the last time a replay of the former cells may take."""
PRELUDE = """\
__import__("random").seed({seed})
get_ipython().display_formatter.formatters["text/plain"].pprint = False
get_ipython().run_line_magic("xmode", "Plain")
"""
"""The first cell of every notebook: `repr` for values, and plain tracebacks. Where the kernel is no IPython it fails in
its second line, which changes nothing."""
MARK = ".assay-alive"
MARK_DESCRIPTOR = 250


@dataclass(frozen=True, slots=True)
class Step:
    """How one cell went; `kept` says whether it is part of the replays to come, `ended` whether none can come."""

    result: ExecResult
    kept: bool
    ended: bool = False


class ReplaySession(Session):
    """A session without an interpreter of its own; see the module.

    Args:
        fusion: the server.
        files: what lies in the working directory before the first cell.
        limits: of each cell.
        seed: of the random generators, where the language lets us.

    Raises:
        ConfigError: a limit or a file name is not usable.
    """

    def __init__(self, fusion: Fusion, files: Mapping[str, bytes] | None, limits: Limits, seed: int) -> None:
        self._fusion, self._files, self._seed = fusion, checked_files(files), seed
        self._limits = checked_limits(limits)
        self._cells: tuple[str, ...] = ()
        self._seconds = 0.0
        self._ended: ExecResult | None = None
        self._closed = False

    @abstractmethod
    def _play(self, cells: tuple[str, ...], seconds: float, limits: Limits) -> tuple[Step, float]:
        """Run all cells within `seconds`: how the last one went, and how long everything took."""

    @property
    def alive(self) -> bool:
        """Whether the next cell can be run."""
        return not self._closed and self._ended is None

    def run(self, code: str, *, limits: Limits | None = None) -> ExecResult:
        """Run one cell after all those before it; see `Session.run`.

        Raises:
            ConfigError: a limit is not usable.
            SandboxError: the server failed, or the session was closed.
        """
        limits = checked_limits(limits or self._limits)
        self._check_open()
        if self._ended is not None:
            return self._ended
        cells = (*self._cells, code.encode("utf-8", "replace").decode("utf-8"))
        step, elapsed = self._play(cells, self._seconds * SLOWER + limits.wall_seconds, limits)
        if step.ended:
            self._ended = step.result
        elif step.kept:
            self._cells, self._seconds = cells, elapsed
        return step.result

    def fork(self, n: int) -> list[Session]:
        """`n` sessions that start from the same cells, each to be replayed on its own.

        Raises:
            ConfigError: `n` is not positive.
            SandboxError: the session was closed or has ended.
        """
        self._check_open()
        if self._ended is not None:
            raise SandboxError("the session has ended and cannot be forked; open another with session()")
        if n < 1:
            raise ConfigError(f"fork({n}) asks for no session; expected at least 1")
        return [self._copy() for _ in range(n)]

    def __deepcopy__(self, memo: dict[int, Any]) -> Session:
        """A fork: a copy of what holds this session goes on from the same cells, apart from it."""
        memo[id(self)] = copy = self.fork(1)[0]
        return copy

    def _copy(self) -> ReplaySession:
        copy = type(self)(self._fusion, self._files, self._limits, self._seed)
        copy._cells, copy._seconds = self._cells, self._seconds
        return copy

    def _check_open(self) -> None:
        self._fusion.http.check_open()
        if self._closed:
            raise SandboxError("the session is closed; open another with session()")

    def close(self) -> None:
        """Forget the cells; calling it again does nothing."""
        self._closed, self._cells = True, ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class PythonSession(ReplaySession):
    """By POST /run_jupyter, which hands back what each cell put out."""

    def __init__(self, fusion: Fusion, files: Mapping[str, bytes] | None, limits: Limits, seed: int) -> None:
        super().__init__(fusion, files, limits, seed)
        if taken := [name for name in self._files if name.split("/")[0] == NOTEBOOK_FOLDER]:
            raise ConfigError(
                f"files holds {taken[0]!r}, but the server keeps its own in {NOTEBOOK_FOLDER}/ while a notebook runs; "
                f"choose another folder"
            )

    def _play(self, cells: tuple[str, ...], seconds: float, limits: Limits) -> tuple[Step, float]:
        notebook = [PRELUDE.format(seed=self._seed), *cells]
        try:
            answer, elapsed = self._fusion.run_jupyter(notebook, seconds=seconds, files=self._files, limits=limits)
        except TooLargeError:
            return Step(ended_result(ExecStatus.OUTPUT_LIMIT, 0.0), kept=False), 0.0
        if answer.status == "Success" and len(answer.cells) == len(notebook):
            own = max(elapsed - self._seconds, 0.0)
            return Step(cell_result(answer.cells[-1], own, limits), kept=True), elapsed
        driver = answer.driver
        if answer.status == "Success" or driver is None:
            raise self._fusion.broken(f"{len(answer.cells)} results came for {len(notebook)} cells", repr(answer))
        if driver.status == "TimeLimitExceeded":
            return Step(ended_result(ExecStatus.TIMEOUT, elapsed), kept=False), elapsed
        self._blame(cells, driver.stderr or "")
        code = driver.return_code
        status = ExecStatus.SIGNALED if code is not None and code < 0 else ExecStatus.NONZERO_EXIT
        return Step(ended_result(status, elapsed, code=code or 1), kept=False, ended=True), elapsed

    def _blame(self, cells: tuple[str, ...], told: str) -> None:
        """The server's own driver failed: the last cell is to blame if without it all goes well.

        Raises:
            SandboxError: it does not.
        """
        notebook = [PRELUDE.format(seed=self._seed), *cells[:-1]]
        seconds = self._seconds * SLOWER + self._limits.wall_seconds
        answer, _ = self._fusion.run_jupyter(notebook, seconds=seconds, files=self._files, limits=self._limits)
        if answer.status != "Success":
            raise SandboxError(f"the notebooks of the sandbox at {self._fusion.http.url} fail: {told[-300:]!r}")


class BashSession(ReplaySession):
    """By POST /run_code of one script; the former cells run in it with their output thrown away."""

    def _play(self, cells: tuple[str, ...], seconds: float, limits: Limits) -> tuple[Step, float]:
        *former, last = (f"eval {shlex.quote(cell)}" for cell in cells)
        script = [
            f"exec {MARK_DESCRIPTOR}>{MARK}",
            *(f"{cell} </dev/null >/dev/null 2>&1" for cell in former),
            last,
            f'{{ set -- "$?"; printf 1 >&{MARK_DESCRIPTOR}; exit "$1"; }}',
        ]
        answer, elapsed = self._fusion.run_code(
            "\n".join(script) + "\n", "bash", seconds=seconds, files=self._files, fetch=(MARK,), limits=limits
        )
        result = run_result(self._fusion, answer, elapsed, limits, ())
        if answer.run_result is not None and answer.run_result.status == "TimeLimitExceeded":
            return Step(result, kept=False), elapsed
        ended = self._fusion.fetched(answer, (MARK,)).get(MARK) != b"1"
        return Step(result, kept=not ended, ended=ended), elapsed
