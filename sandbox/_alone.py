"""The jail's tier for machines that give no user namespaces, such as a container with Docker's default profile.

Theory of operation. A worker is an ordinary process of this machine that first gives up what it can: as root its user
(for one that owns nothing, unless then it could not reach its interpreter), every capability, and by Landlock all files
but those that the jail with namespaces shows as well, TCP, and signals to others. Each program is a child of the
worker's, with a second domain of Landlock that shuts it off from the worker, and a filter of system calls that leaves
it one process with threads: no child, so nothing that could outlive it, no sockets but pairs, no signal to anybody
else, no marks on files. Its scratch is a folder of the host that the worker empties after each run.

The lists below are shown by `assay doctor` where this tier is in force.
"""

from __future__ import annotations

import os
import secrets
import stat
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from assaygym.sandbox._folders import Folders
from assaygym.sandbox._wire import Confinement, View
from assaygym.sandbox.guest.landlock import abi
from assaygym.sandbox.guest.namespaces import DEVICES, PRIVATE_IDS, is_mapped, private_id
from assaygym.sandbox.guest.syscalls import ARCHITECTURES

COVERED = (
    "files: only the interpreter, the system's libraries and the own scratch folder can be opened; no home, no /proc",
    "installed packages, and so task generators and answers, cannot be read",
    "network: none; no sockets but pairs of a program's own",
    "other processes: none can be signalled or traced; a program cannot start any, so nothing outlives the run",
    "privileges: no capability, no set-user-id; seccomp on x86-64 and aarch64",
    "CPU time, address space, wall clock, output, file size; as root also the number of threads",
    "other runs: each starts in an empty scratch folder, with its own message channel",
)
NOT_COVERED = (
    "a hole in the Linux kernel: programs share the host's kernel",
    "child processes: programs that need them fail (fork raises BlockingIOError), and compiled languages are refused",
    "shared memory: there is no /dev/shm, and so no multiprocessing, nor its pools of threads",
    "disk space: one file is limited, all files together are not",
    "names, sizes and times of files: what has a known path can be looked up, and installed packages can be listed",
    "process numbers and the host's name: other processes are seen to exist, though not reached",
    "the number of threads, where programs run as an ordinary user: their memory limit alone bounds it",
    "names of users: there is no /etc/passwd",
    "root's files in /usr/lib and the interpreter's folder, where the interpreter lies in a home that is root's alone: "
    "programs then keep root's user, without its capabilities",
    "side channels: timing, caches, the load of the machine",
)
SETTINGS = ("/etc/ssl/openssl.cnf",)
"""Files that their readers (node) can do without where there are none, but not where they may not be opened."""
NEEDED = (0, 1, 3, 6, 7)
"""Capabilities by which root makes, and later removes, folders of another user, and becomes it."""
USERS = 1 << 30
"""From so many beyond the first a worker's user is drawn at random: other containers of the machine draw as well."""


def why_not() -> str:
    """What this machine lacks for this tier; "" for nothing."""
    machine = os.uname().machine
    if machine not in ARCHITECTURES:
        return f"there is no filter of system calls for {machine}, only for {', '.join(ARCHITECTURES)}"
    if abi() == 0:
        return "the kernel offers no Landlock (Linux 5.13 or newer with landlock among the boot option lsm=)"
    return ""


class Alone:
    """What the workers of one sandbox have in common: their folders, and whether root leaves its user.

    Args:
        view: what the jail shows of this machine.
        python: the base interpreter.

    Attributes:
        folders: to be closed at the end.
        counts_processes: whether each worker has a user of its own, whose processes the kernel counts.
    """

    def __init__(self, view: View, python: str) -> None:
        self.folders = Folders(python)
        packages = list(view["packages"].values())
        self._read = [*SETTINGS, *shown(view["binds"], view["masks"]), *packages, str(self.folders.root / "python")]
        needed = [python, *_library(), *packages, str(self.folders.root.parent)]
        self._first = private_id() if _has_capabilities() and all(map(_is_open, needed)) else None
        self.counts_processes = self._first == PRIVATE_IDS[0] and is_mapped(PRIVATE_IDS[0] + USERS)

    def confinement(self) -> tuple[str, Confinement]:
        """A new scratch folder, for one more worker, and what that worker may reach."""
        user = (self._first or 0) + (1 + secrets.randbelow(USERS) if self.counts_processes else 0)
        scratch = self.folders.scratch(user)
        return scratch, {
            "user": user,
            "read": self._read,
            "look": _library(),
            "write": [scratch],
            "devices": [f"/dev/{name}" for name in DEVICES],
        }


def shown(binds: Iterable[str], masks: Iterable[str]) -> list[str]:
    """Paths that hold all that the binds hold but for the masks: Landlock grants a folder whole or not at all.

    Links are left out, since they would open what they lead to, which may lie outside.
    """
    hidden = [*masks]
    return [part for bind in binds for part in _parts(bind, hidden)]


def _parts(path: str, masks: list[str]) -> list[str]:
    if os.path.islink(path) or path in masks:
        return []
    if not any(mask.startswith(f"{path}/") for mask in masks):
        return [path]
    return [part for name in sorted(os.listdir(path)) for part in _parts(f"{path}/{name}", masks)]


def _library() -> list[str]:
    """The folders of the standard library, which imports list. Packages may lie below, so they may not be shown."""
    return sorted({os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")})


def _is_open(path: str) -> bool:
    """Whether any user can reach it."""
    real = Path(path).resolve()
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (real, *real.parents))


def _has_capabilities() -> bool:
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    effective = next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
    return all(effective >> number & 1 for number in NEEDED)
