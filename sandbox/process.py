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
from pathlib import Path

from assaygym.sandbox._interpreter import interpreter, lay_out
from assaygym.sandbox._local import KINDS, MODULES, LocalSandbox
from assaygym.sandbox._wire import Boot
from assaygym.sandbox._worker import Worker, start_worker
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
    jailed = False

    def __init__(self, workers: int | None = None, limits: Limits | None = None) -> None:
        self._python = interpreter()
        self._root = Path(tempfile.mkdtemp(prefix=f"assaygym-{os.getpid()}-"))
        self._remove = weakref.finalize(self, _remove, self._root, os.getpid())
        self._command, self._packages = lay_out(self._root / "python", self._python)
        super().__init__(workers, limits)

    def close(self) -> None:
        """Kill whatever runs and remove all folders; calling it again does nothing."""
        super().close()
        self._remove()

    def _start_worker(self, kind: str) -> Worker:
        folder = tempfile.mkdtemp(prefix="run-", dir=self._root)
        return start_worker(self._python, self._boot(kind, folder))

    def _boot(self, kind: str, folder: str) -> Boot:
        return {
            "tier": "none",
            "view": None,
            "host": os.getpid(),
            "scratch": folder,
            "scratch_bytes": self.limits.file_bytes,
            "helper": "",
            "executable": self._command,
            "packages": [self._packages],
            "modules": [*MODULES, *KINDS[kind]],
            "cgroups": [],
            "more_isolation": [],
        }


def _remove(folder: Path, owner: int) -> None:
    """Remove a folder, unless this is a fork of the process that made it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
