"""Sessions of the jail: processes in namespaces, whose copies are forks of them."""

from __future__ import annotations

from collections.abc import Mapping

from assaygym.sandbox._order import PAGE
from assaygym.sandbox._view import PACKAGES_FOLDER, PYTHON
from assaygym.sandbox._wire import View
from assaygym.sandbox.base import Session
from assaygym.sandbox.guest.scratch import INODES, SHARED_MEMORY_BYTES
from assaygym.sandbox.sessions._line import Line
from assaygym.sandbox.sessions._opener import Opener, Plan
from assaygym.sandbox.sessions._resident import Ends, Resident
from assaygym.sandbox.sessions._session import ForkedSession
from assaygym.sandbox.sessions._tree import Node, Sizes


class SessionKeeper(Opener):
    """Opens sessions in namespaces: one keeper, started with the first session and again when it was lost.

    Args:
        view: what sessions see of the machine.
        python: the interpreter's real executable.
    """

    def __init__(self, view: View, python: str) -> None:
        super().__init__()
        self._view, self._python = view, python

    def _session(self, plan: Plan) -> Session:
        node, isolation = self.begun(plan)
        return ForkedSession(node, plan.language, plan.limits, str(plan.seed), isolation)

    def _new_line(self) -> Line:
        return Line(self._python, self._view, f"{PYTHON}/bin/python3", PACKAGES_FOLDER)

    def _node(self, line: Line, plan: Plan) -> Node:
        sizes = Sizes(_scratch(plan.limits.file_bytes, plan.files), plan.limits.processes)
        ends = Ends()
        try:
            reply, [process] = line.ask("open", ends.far, scratch=sizes.scratch)
        except BaseException:
            ends.close()
            raise
        ends.close_far()
        return Node(line, Resident(ends, reply["pids"][0], process), sizes)


def _scratch(file_bytes: int, files: Mapping[str, bytes]) -> tuple[str, str]:
    """Mount options; what we place does not count against the session's share."""
    ours = sum(len(content) + 2 * PAGE for content in files.values())
    inodes = INODES + 8 * len(files)
    sizes = (file_bytes + ours, min(file_bytes, SHARED_MEMORY_BYTES))
    first, second = (f"size={size},nr_inodes={inodes},mode=1777" for size in sizes)
    return first, second
