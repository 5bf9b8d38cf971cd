"""The `process` backend: rlimits and a clean environment, and no isolation whatever.

Covered: CPU time, wall clock, memory (address space), file size and output of the program itself; its process group is
killed at its end; it starts with a clean environment, no inherited descriptors and a folder of its own, removed later.

Not covered: it reads and writes whatever its user may, reaches the network, sees and may signal other processes, may
fill the disk, and leaves behind what it detached from its process group. So it is never chosen unless asked for by
name: for debugging, and for programs that are trusted.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

from assaygym.sandbox._interpreter import interpreter, lay_out
from assaygym.sandbox._local import LocalSandbox
from assaygym.sandbox._wire import View
from assaygym.sandbox.base import Limits

COVERED = (
    "CPU time, wall clock, address space, file size and output are limited",
    "the program's process group is killed at its end",
    "clean environment, no inherited descriptors, a private folder that is removed",
)
NOT_COVERED = (
    "files: it reads and writes whatever the user may",
    "network: it reaches what the machine reaches",
    "other processes: it sees them and may signal the user's own",
    "processes that it detaches from its group survive it",
    "the process that watches over it: a program that kills this one makes its run a fault of the sandbox",
    "disk space, the number of processes, and memory summed over processes",
)


class ProcessSandbox(LocalSandbox):
    """Runs programs as ordinary processes of this user. Isolates nothing; see the module's two lists."""

    name = "process"

    def __init__(self, workers: int | None = None, limits: Limits | None = None) -> None:
        super().__init__(workers, limits)
        self._python = interpreter()
        self._root = Path(tempfile.mkdtemp(prefix="assaygym-"))
        self._remove = weakref.finalize(self, _remove, self._root, os.getpid())
        self._command = lay_out(self._root / "python", self._python)

    def close(self) -> None:
        """Kill whatever runs and remove all folders; calling it again does nothing."""
        super().close()
        self._remove()

    def _launcher_python(self) -> str:
        return self._python

    def _site(self) -> tuple[str, str, View | None, Callable[[], None]]:
        self._check_open()
        folder = tempfile.mkdtemp(prefix="run-", dir=self._root)
        return self._command, folder, None, partial(_remove, Path(folder), os.getpid())


def _remove(folder: Path, owner: int) -> None:
    """Remove a folder, unless this is a fork of the process that made it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
