"""Sessions where there are no namespaces: ordinary processes, whose copies run all cells of the original again.

So a copy costs as much time as the original's cells took, and is the same only as far as running the same cells again
gives the same: the clock, the process number, and what was written outside the session's folder may differ. Threads and
child processes of the original are started again with the cells that started them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from assaygym.errors import SandboxError
from assaygym.sandbox._wire import Confinement
from assaygym.sandbox.base import ExecResult, Limits, Session
from assaygym.sandbox.guest.scratch import empty
from assaygym.sandbox.sessions._line import Line
from assaygym.sandbox.sessions._opener import Opener, Plan
from assaygym.sandbox.sessions._resident import Ends, Resident
from assaygym.sandbox.sessions._session import CellSession
from assaygym.sandbox.sessions._tree import Node, Sizes, ready

NO_SIZES = Sizes(("", ""), 0)


class ReplayKeeper(Opener):
    """Opens sessions without namespaces: one keeper, started with the first session and again when it was lost.

    Args:
        python: the interpreter's real executable.
        executable: the interpreter as sessions see it.
        packages: the folder of packages as they see it.
        place: makes a new folder for a session, and says how it is shut in, if at all.
    """

    def __init__(
        self, python: str, executable: str, packages: str, place: Callable[[], tuple[str, Confinement | None]]
    ) -> None:
        super().__init__()
        self._python, self._executable, self._packages, self._place = python, executable, packages, place

    def _session(self, plan: Plan) -> Session:
        return ReplayedSession(self, plan, str(plan.seed))

    def _new_line(self) -> Line:
        return Line(self._python, None, self._executable, self._packages)

    def _node(self, line: Line, plan: Plan) -> Node:
        folder, confinement = self._place()
        tidy = partial(_remove, folder)
        ends = Ends()
        try:
            reply, [process] = line.ask("lodge", ends.far, folder=folder, confinement=confinement)
        except BaseException:
            ends.close()
            tidy()
            raise
        ends.close_far()
        return Node(line, Resident(ends, reply["pids"][0], process, group=True), NO_SIZES, tidy=tidy)


class ReplayedSession(CellSession):
    """A `Session` whose copies run its cells again.

    Args:
        opener: opens the copies as well.
        plan: what it is opened with.
        seed: what its random generators started from; that of its copies is made of it and their number.
    """

    def __init__(self, opener: ReplayKeeper, plan: Plan, seed: str) -> None:
        node, isolation = opener.begun(plan)
        super().__init__(node, plan.language, plan.limits, seed, isolation)
        self._opener, self._plan = opener, plan
        self._past: list[tuple[str, Limits | None] | str] = []
        """The cells so far, with their limits; where it was made as a copy, the seed it went on with."""

    def run(self, code: str, *, limits: Limits | None = None) -> ExecResult:
        """Run one cell; see `Session.run`. Its CPU time is that of the interpreter, without processes it started.

        Raises:
            ConfigError: the limits ask for the network.
            SandboxError: the sandbox itself failed, or the session was closed.
        """
        result = super().run(code, limits=limits)
        self._past.append((code, limits))
        return result

    def fork(self, n: int) -> list[Session]:
        """`n` independent copies, each of which runs all cells so far again.

        Raises:
            ConfigError: `n` is negative.
            SandboxError: the sandbox itself failed, or the session was closed or has ended.
        """
        copies: list[Session] = []
        try:
            for seed in self._seeds(n):
                copies.append(self._copy(seed))
        except BaseException:
            for copy in copies:
                copy.close()
            raise
        return copies

    def _copy(self, seed: str) -> ReplayedSession:
        copy = ReplayedSession(self._opener, self._plan, seed)
        try:
            for step in (*self._past, seed):
                if isinstance(step, str):
                    copy._go_on_with(step)
                else:
                    copy.run(step[0], limits=step[1])
        except BaseException:
            copy.close()
            raise
        return copy

    def _go_on_with(self, seed: str) -> None:
        if not self.alive:
            raise SandboxError("a session could not be copied: run again, its cells ended the copy")
        resident = self._standing().resident
        resident.send({"do": "seed", "seed": seed})
        ready(resident)
        self._past.append(seed)


def _remove(folder: str) -> None:
    with suppress(OSError):
        os.chmod(folder, 0o700)
        empty(folder)
        os.rmdir(folder)
