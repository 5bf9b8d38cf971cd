"""The `jail` backend: one program in Linux namespaces of its own, for root and for ordinary users alike.

Theory of operation. The jail is built once for each worker, and a run costs little more than a fork. A worker starts
as a fresh interpreter that inherits one socket and nothing else (never as a fork of this process, whose memory holds
tests and keys), and becomes three processes:

- the *watcher* stays outside. It sees to it that nothing is left when this process, the keeper or the zygote ends, by
  whatever signal;
- the *keeper* joins the worker's control group, where one can be had, enters new user, mount, process, network, IPC
  and host-name namespaces (as root it first takes an id that owns nothing), and builds a root of its own on a small
  tmpfs: read-only views of the interpreter and the system's libraries, five devices, and two file systems with a size
  and an inode limit, on /tmp (the working directory, `scratch`) and on /dev/shm. It pivots there, lets go of the old
  root, and makes the new one read-only. There is no /proc, no /sys, no /home. It imports what programs commonly use,
  and from then on only mounts the scratch anew when a run left a mark on it;
- the *zygote* is the first process of the process namespace. It has one capability left (to make process namespaces),
  no_new_privs and the seccomp filter, which all runs inherit for nothing. It keeps one run prepared: a clone, in a
  process namespace of its own, with pipes for its streams, that waits for its order.

A run then goes like this.

1. The order passes through the zygote in a buffer that no child inherits, so that no program finds in its memory what
   was before it. The prepared process takes its limits and becomes the program: `__main__` of the warm interpreter,
   or by execve the command of another language. It has a session of its own, no capability, descriptors 0, 1, 2 (and
   3 for a message channel) and a fixed environment. Its parent is the first process of the run's namespace, which
   cannot be traced and which the kernel spares every signal from inside.
2. The zygote collects stdout and stderr up to their caps and ends the run at the program's end, at the wall-clock
   limit, to which it adds what the program waited for processors (`guest/turns.py`), when a stream overflows, or when
   the host asks or disappears. The first process then kills and reaps all others, so that their CPU time counts;
   should it not, it is killed itself, and the kernel kills the rest, however far they detached themselves.
3. The zygote reports through its socket, which no program ever holds. A worker that reports a fault of its own, or
   ends, is replaced, and its run is done again by another; if that fails too, it is a `SandboxError`. A program
   cannot bring one about, nor fake a report.

The zygote's part of this is written twice: in Python (`guest/zygote.py`), and in C (`guest/zygote.c`), which is
compiled on first use where there is a compiler and touches next to none of the interpreter's memory, so that neither
side has to copy it. The C also moves all memory that runs begin as copies of to large pages, and sessions' as well,
which makes a copy cheaper by a third (`guest/library.py`). ASSAYGYM_NATIVE=0 does without.

A program's folder comes first on `sys.path`, so helper modules among `files` import; its own file lies there only if
it may look for it. PYTHONHASHSEED is 0, `random` starts from the seed of the run. It has the standard library and
NumPy, where this process has it; a worker that has NumPy imported serves the programs that name it. The folders of
all other packages are hidden, for they hold what makes tasks, tests and answers (this package included).

Sessions have a keeper of their own; see `guest/sessions.py`.

Without user namespaces, programs run in a lesser tier, described in `_alone`; `ExecResult.isolation` tells which.

The lists `COVERED` and `NOT_COVERED` below are shown by `assay doctor`.
"""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from assaygym.errors import ConfigError, IsolationError, SandboxError, did_you_mean
from assaygym.sandbox._alone import Alone, why_not
from assaygym.sandbox._helper import native_helper
from assaygym.sandbox._interpreter import interpreter
from assaygym.sandbox._launch import start_worker
from assaygym.sandbox._local import MODULES, LocalSandbox
from assaygym.sandbox._view import PACKAGES_FOLDER, PYTHON, SCRATCH, STDIN_FILE, view_of_this_machine
from assaygym.sandbox._wire import Boot
from assaygym.sandbox._worker import Worker, WorkerLost
from assaygym.sandbox.base import Limits
from assaygym.sandbox.guest import cgroup
from assaygym.sandbox.languages import Language
from assaygym.sandbox.sessions import Opener, ReplayKeeper, SessionKeeper

COVERED = (
    "files: only the interpreter and the system's libraries are visible, read-only; no home, no /proc, no host /tmp",
    "installed packages, and so task generators and answers, are hidden",
    "network: none, not even the machine's own loopback; only Unix sockets inside the jail",
    "other processes: none is visible; nothing outlives the run, however it detached itself",
    "privileges: no capability, no set-user-id, no new namespace; seccomp on x86-64 and aarch64",
    "CPU time and address space a process, wall clock, output, file size, scratch space, number of processes",
    "memory of all processes together and of the kernel for them, where a control group can be had (cgroup in force)",
    "other runs: each has an empty scratch, its own process numbers and message channel, and no memory of those before",
)
NOT_COVERED = (
    "a hole in the Linux kernel: programs share the host's kernel",
    "without a control group, memory summed over the program's processes and kernel memory (pipes, sockets): each "
    "process has its own limit",
    "CPU time summed over the program's processes is judged at the end, without that of children it had the kernel "
    "reap; until then only the wall clock bounds it",
    "/proc, /dev/stdout, /dev/fd: there are none, and programs that need them fail",
    "waits for processors, which prolong a wall-clock limit: none is counted of a run of which a process or a thread "
    "has ended, and in the tier without namespaces; who waits on a disk or on a lock of the kernel is charged with it",
    "several programs at once that together take more memory than the machine has: their runs may be without a verdict",
    "side channels: timing, caches, the load of the machine",
    "what stands in /usr/bin, /usr/lib and the interpreter's folder can be read",
)
OLDEST_KERNEL = (5, 14)
"""The first that counts processes per user namespace."""
INSTEAD = "Or, for programs that you trust: open_sandbox('process'), which isolates nothing."
SWITCHES = {
    "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    "/proc/sys/user/max_user_namespaces": ("0", "sysctl -w user.max_user_namespaces=10000"),
}
"""Settings that forbid user namespaces: the value that does, and the command that mends it."""

TIERS = ("userns", "landlock")
"""Strongest first."""

_proven = set[str]()
_settled = ""
"""What "auto" came to in this process."""


_numbers = itertools.count()
"""Of the control groups of this process, whatever the number of sandboxes."""
TRIAL_BYTES = 256 << 20
"""Of a control group until its first run."""


class JailSandbox(LocalSandbox):
    """Runs programs in namespaces of their own, or, where there are none, within Landlock; see the module.

    Args:
        workers: see `LocalSandbox`.
        limits: see `LocalSandbox`.
        tier: "userns", "landlock", or "auto": the first of these that this machine can.

    Raises:
        ConfigError: there is no such tier, or `workers` is not positive.
        IsolationError: this machine cannot; the message says why and what mends it.
    """

    name = "jail"
    jailed = True
    stdin_file = STDIN_FILE

    def __init__(self, workers: int | None = None, limits: Limits | None = None, *, tier: str = "auto") -> None:
        if tier not in ("auto", *TIERS):
            raise ConfigError(f"there is no tier {tier!r} of the jail; {did_you_mean(tier, ('auto', *TIERS))}")
        _require_linux()
        self._python = interpreter()
        self._view = view_of_this_machine()
        self._alone: Alone | None = None
        self._hierarchy = cgroup.find()
        if self._hierarchy:
            self._hierarchy.sweep()
        super().__init__(workers, limits)
        try:
            self._choose(tier)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Kill whatever runs and remove all folders; calling it again does nothing."""
        super().close()
        if self._alone:
            self._alone.folders.close()

    def _start_worker(self, kind: str) -> Worker:
        boot = self._boot_alone(kind, self._alone) if self._alone else self._boot(kind)
        group = self._hierarchy.create(str(next(_numbers)), TRIAL_BYTES) if self._hierarchy else None
        if group:
            boot["cgroups"], boot["more_isolation"] = list(group.paths), ["cgroup"]
        return start_worker(self._python, boot, group)

    def _new_opener(self) -> Opener:
        if self._alone is None:
            return SessionKeeper(self._view, self._python)
        folders = self._alone.folders
        return ReplayKeeper(self._python, folders.command, folders.packages, self._alone.confinement)

    def _boot(self, kind: str) -> Boot:
        return {
            "tier": "userns",
            "view": self._view,
            "host": os.getpid(),
            "scratch": SCRATCH,
            "scratch_bytes": self.limits.file_bytes,
            "helper": native_helper(),
            "executable": f"{PYTHON}/bin/python3",
            "packages": [PACKAGES_FOLDER],
            "modules": [*MODULES, *self._imported(kind)],
            "library": self._libraries.get(kind, ""),
            "cgroups": [],
            "more_isolation": [],
        }

    def _boot_alone(self, kind: str, alone: Alone) -> Boot:
        scratch, confinement = alone.confinement()
        return {
            **self._boot(kind),
            "tier": "landlock",
            "view": None,
            "scratch": scratch,
            "helper": "",
            "executable": alone.folders.command,
            "packages": [alone.folders.packages],
            "confinement": confinement,
        }

    def _language(self, name: str) -> Language:
        found = super()._language(name)
        if self._alone and found.compile:  # or the compiler's failure would be told as the program's
            raise ConfigError(
                f"{found.name} programs cannot be compiled in the jail's tier 'landlock', since a compiler starts "
                "processes; let the machine make user namespaces, or use open_sandbox('docker')"
            )
        return found

    def _choose(self, tier: str) -> None:
        global _settled
        wanted = (_settled if tier == "auto" else tier) or "userns"
        if wanted == "userns":
            try:
                self._prove(wanted)
            except IsolationError as error:
                if tier != "auto" or isinstance(error.__cause__, WorkerLost):  # which says nothing of the machine
                    raise
                if lacks := why_not():
                    raise IsolationError(f"{error} Without namespaces it cannot do either: {lacks}.") from error
                wanted = "landlock"
        if wanted == "landlock":
            self._go_without_namespaces()
        if tier == "auto":
            _settled = wanted

    def _go_without_namespaces(self) -> None:
        if lacks := why_not():
            raise IsolationError(f"the jail cannot do without namespaces here: {lacks}. {INSTEAD}")
        self._alone = Alone(self._view, self._python)
        self.jailed, self.stdin_file = self._alone.counts_processes, ""
        self._prove("landlock")

    def _prove(self, tier: str) -> None:
        """Run one program for real, once a process: what the kernel allows is only known by asking."""
        if tier in _proven:
            return
        try:
            result = self.run("print(6 * 7)")
        except SandboxError as error:
            mend = f" {remedy(_setting)}" if tier == "userns" else ""
            raise IsolationError(f"{error}.{mend} {INSTEAD}") from error
        if result.stdout != "42\n":
            raise IsolationError(
                f"a first program in the jail did not run: {result.status}, {result.stderr!r}. {INSTEAD}"
            )
        _proven.add(tier)


def _require_linux() -> None:
    if sys.platform != "linux":
        raise IsolationError(f"the jail needs Linux, and this is {sys.platform}; use a Linux machine. {INSTEAD}")
    release = os.uname().release
    version = tuple(int(part) for part in re.findall(r"\d+", release)[:2])
    if version < OLDEST_KERNEL:
        needed = ".".join(map(str, OLDEST_KERNEL))
        raise IsolationError(f"the jail needs Linux {needed} or newer, and this is {release}; update it. {INSTEAD}")


def _setting(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def remedy(setting: Callable[[str], str]) -> str:
    """What would let this machine make user namespaces.

    Args:
        setting: the value of a kernel setting by its path, "" where there is none.
    """
    mends = [mend for path, (value, mend) in SWITCHES.items() if setting(path) == value]
    if mends:
        return f"User namespaces are switched off here; mend it with: {'; '.join(mends)}."
    return (
        "In a container, start it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
        "(the default profile of Docker forbids namespaces)."
    )
