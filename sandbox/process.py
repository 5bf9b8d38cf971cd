"""The `process` backend: rlimits and a clean environment, and no isolation whatever.

Covered: CPU time, wall clock, memory (address space), file size and output of the program itself; its process group is
killed at its end; it starts with a clean environment, no inherited descriptors and a folder of its own, removed later.

Not covered: it reads and writes whatever its user may, reaches the network, sees and may signal other processes, may
fill the disk, and leaves behind what it detached from its process group. So it is never chosen unless asked for by
name: for debugging, and for programs that are trusted.
"""

from __future__ import annotations

import os

from assaygym.sandbox._folders import Folders
from assaygym.sandbox._interpreter import interpreter
from assaygym.sandbox._launch import start_worker
from assaygym.sandbox._local import MODULES, LocalSandbox
from assaygym.sandbox._wire import Boot
from assaygym.sandbox._worker import Worker
from assaygym.sandbox.base import Limits
from assaygym.sandbox.sessions import Opener, ReplayKeeper

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
        self._folders = Folders(self._python)
        super().__init__(workers, limits)

    def close(self) -> None:
        """Kill whatever runs and remove all folders; calling it again does nothing."""
        super().close()
        self._folders.close()

    def _start_worker(self, kind: str) -> Worker:
        return start_worker(self._python, self._boot(kind, self._folders.scratch()))

    def _new_opener(self) -> Opener:
        folders = self._folders
        return ReplayKeeper(self._python, folders.command, folders.packages, lambda: (folders.scratch(), None))

    def _boot(self, kind: str, folder: str) -> Boot:
        return {
            "tier": "none",
            "view": None,
            "host": os.getpid(),
            "scratch": folder,
            "scratch_bytes": self.limits.file_bytes,
            "helper": "",
            "executable": self._folders.command,
            "packages": [self._folders.packages],
            "modules": [*MODULES, *self._imported(kind)],
            "library": self._libraries.get(kind, ""),
            "cgroups": [],
            "more_isolation": [],
        }
