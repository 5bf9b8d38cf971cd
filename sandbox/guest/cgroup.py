"""A cgroup per worker, where one can be had: the one limit on the memory of all of a run's processes together.

Version 1: a group below our own in the hierarchies of `memory` and `pids`. Version 2: below our own group, or beside it
below its parent, because a group that holds processes cannot pass controllers on to groups below it; that needs a
parent that is ours to write, as under a user's systemd or for root. No process but those given to `join` is ever moved,
so in a container whose own group is all it sees, version 2 gives none.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from assaygym.sandbox.guest import room

PREFIX = "assaygym"
"""A group's name is this, the process that made it, and the name it was given, joined by `-`."""
V2_CONTROLLERS = "cgroup.controllers"
V2_PASSED_ON = "cgroup.subtree_control"
MEMBERS = "cgroup.procs"
V1_MOST = "memory.max_usage_in_bytes"
NEAR_BYTES = 4 << 20
"""A group is full where less than this is left: the kernel asks for memory in larger pieces, a large page at most."""
TRIAL_BYTES = 64 << 20
REMOVE_SECONDS = 1.0


class Group:
    """One cgroup (version 2), or one in each of two hierarchies (version 1)."""

    def __init__(self, version: int, memory: str, pids: str | None):
        self.version, self.memory, self.pids = version, memory, pids
        self._bytes: int | None = None
        self._most = room.most(os.path.dirname(memory), version)
        self._refused = 0

    @property
    def paths(self) -> tuple[str, ...]:
        """The folders, each once."""
        return tuple(dict.fromkeys(path for path in (self.memory, self.pids) if path is not None))

    def join(self, pid: int) -> None:
        """Move a process here, with what it starts from now on; memory it has already stays where it was counted.

        Raises:
            OSError: it is gone, or not ours to move.
        """
        for path in self.paths:
            _write(f"{path}/{MEMBERS}", pid)

    def set_memory(self, size: int) -> None:
        """Limit the memory of all processes here together, swap included, to no more than there is room for; free where
        it is the limit already. When more is in use and cannot be given back, version 2 kills until it fits.

        Raises:
            OSError: more is in use and cannot be given back (version 1), or the group is gone.
        """
        if (size := min(size, self._most)) == self._bytes:
            return
        if self.version == 2:
            _write(f"{self.memory}/memory.max", size)
        else:
            steps = [(_write, "memory.limit_in_bytes"), (_write_if_there, "memory.memsw.limit_in_bytes")]
            growing = self._bytes is not None and size > self._bytes  # the second is never less than the first
            for write, name in reversed(steps) if growing else steps:
                write(f"{self.memory}/{name}", size)
            _write_if_there(f"{self.memory}/{V1_MOST}", 0)
        self._bytes = size

    def oom_kills(self) -> int:
        """How many processes the kernel has killed here for want of memory: of this group, of one above, or of all.

        Raises:
            OSError: the group is gone.
        """
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        return self._count(name, "oom_kill")  # absent before Linux 4.13

    def was_full(self) -> bool:
        """Whether the limit of this very group was reached, since it was set or since this was last asked.

        Raises:
            OSError: the group is gone.
        """
        if self.version == 2:
            before, self._refused = self._refused, self._count("memory.events", "oom")
            return self._refused > before
        most = int(_read(f"{self.memory}/{V1_MOST}"))  # the counter of refusals is not kept by all kernels
        _write(f"{self.memory}/{V1_MOST}", 0)
        return self._bytes is not None and most > self._bytes - NEAR_BYTES

    def _count(self, name: str, field: str) -> int:
        fields = dict(line.split(" ", 1) for line in _read(f"{self.memory}/{name}").splitlines())
        return int(fields.get(field, "0"))

    def remove(self) -> bool:
        """Remove the empty group; waits up to a second for processes that are ending, False when it is still there."""
        deadline = time.monotonic() + REMOVE_SECONDS
        while sum(_gone(path) for path in self.paths) < len(self.paths):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True


class Hierarchy:
    """Where groups can be made.

    Attributes:
        version: 1 or 2.
        memory: the folder below which groups with a memory limit are made.
        pids: the same for limits on the number of processes; None where there is none.
    """

    def __init__(self, version: int, memory: str, pids: str | None):
        self.version, self.memory, self.pids = version, memory, pids

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hierarchy) and vars(self) == vars(other)

    def __repr__(self) -> str:
        return f"Hierarchy({self.version}, {self.memory!r}, {self.pids!r})"

    def create(self, name: str, memory_bytes: int, pids: int | None = None) -> Group | None:
        """A new group, None when it cannot be had.

        Args:
            name: unique within this process, without `/`.
            memory_bytes: what all its processes together may use, without any swap.
            pids: how many processes and threads it may hold; None for no limit of its own.
        """
        full = f"{PREFIX}-{os.getpid()}-{name}"
        counted = self.pids if pids is not None else None
        group = Group(self.version, f"{self.memory}/{full}", None if counted is None else f"{counted}/{full}")
        made: list[str] = []
        try:
            for path in group.paths:
                _gone(path)  # of an earlier process with our number
                os.mkdir(path)
                made.append(path)
            group.set_memory(memory_bytes)
            if self.version == 2:
                _write_if_there(f"{group.memory}/memory.swap.max", 0)
            if group.pids is not None:
                _write(f"{group.pids}/pids.max", f"{pids}")
        except OSError:
            for path in made:
                _gone(path)
            return None
        return group

    def sweep(self) -> int:
        """Remove what processes that live no more have left behind; how many folders that were."""
        return sum(
            _gone(f"{base}/{name}")
            for base in dict.fromkeys(base for base in (self.memory, self.pids) if base is not None)
            for name in _names(base)
            if _is_orphan(name)
        )


def find() -> Hierarchy | None:
    """Where this process can really make groups and move its children to; None where nowhere."""
    try:
        mountinfo, membership = _read("/proc/self/mountinfo"), _read("/proc/self/cgroup")
    except OSError:
        return None
    return next((found for found in candidates(mountinfo, membership) if _works(found)), None)


def candidates(mountinfo: str, membership: str) -> list[Hierarchy]:
    """Where groups may be possible, the best first, by the texts of /proc/self/mountinfo and /proc/self/cgroup."""
    mounts, paths = _mounts(mountinfo), _memberships(membership)
    memory, pids = (_folder(mounts, name, paths.get(name)) for name in ("memory", "pids"))
    found = [] if memory is None else [Hierarchy(1, memory[0], pids and pids[0])]
    own = _folder(mounts, "", paths.get(""))
    if own is not None:
        folder, top = own
        bases = [folder] if folder == top else [folder, os.path.dirname(folder)]
        found += [Hierarchy(2, base, base) for base in bases]
    return found


def _works(hierarchy: Hierarchy) -> bool:
    """Whether a group can be made and, as far as permissions tell, a process be moved to it."""
    if hierarchy.version == 2:
        passed_on = _pass_on(hierarchy.memory)
        if "memory" not in passed_on:
            return False
        hierarchy.pids = hierarchy.memory if "pids" in passed_on else None
    elif hierarchy.pids is not None and not os.access(hierarchy.pids, os.W_OK):
        hierarchy.pids = None
    group = hierarchy.create("trial", TRIAL_BYTES)
    if group is None:
        return False
    ends = [*group.paths, *([hierarchy.memory] if hierarchy.version == 2 else [])]  # there, the common ancestor too
    movable = all(os.access(f"{path}/{MEMBERS}", os.W_OK) for path in ends)
    return group.remove() and movable


def _pass_on(base: str) -> list[str]:
    """The controllers that groups below get; `memory` and `pids` are asked for where they are not among them."""
    try:
        offered = _read(f"{base}/{V2_CONTROLLERS}").split()
        for name in ("memory", "pids"):
            if name in offered and name not in _read(f"{base}/{V2_PASSED_ON}").split():
                with suppress(OSError):  # it holds processes, or is not ours
                    _write(f"{base}/{V2_PASSED_ON}", f"+{name}")
        return _read(f"{base}/{V2_PASSED_ON}").split()
    except OSError:
        return []


def _mounts(mountinfo: str) -> list[tuple[list[str], str, str]]:
    """Per mount of cgroups its controllers ("" for version 2), the part of the hierarchy it shows, and where."""
    found = []
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        kind, *_, options = right.split(" ")
        root, point = (_unescaped(field) for field in left.split(" ")[3:5])
        if kind in ("cgroup", "cgroup2"):
            found.append(([""] if kind == "cgroup2" else options.split(","), root, point))
    return found


def _unescaped(field: str) -> str:
    for code in ("\\040", "\\011", "\\012", "\\134"):  # the backslash last
        field = field.replace(code, chr(int(code[1:], 8)))
    return field


def _memberships(text: str) -> dict[str, str]:
    """Our group per controller; "" for version 2."""
    paths = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), path))
    return paths


def _folder(mounts: list[tuple[list[str], str, str]], controller: str, path: str | None) -> tuple[str, str] | None:
    """Our group's folder and the uppermost one that is visible; None when our group is not visible."""
    for controllers, root, point in mounts:
        if path is None or controller not in controllers or ".." in (*path.split("/"), *root.split("/")):
            continue
        below = os.path.relpath(path, root)
        if not below.startswith(".."):
            return os.path.normpath(f"{point}/{below}"), point
    return None


def _is_orphan(name: str) -> bool:
    prefix, _, rest = name.partition("-")
    maker = rest.partition("-")[0]
    if prefix != PREFIX or not maker.isdecimal():
        return False
    try:
        os.kill(int(maker), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _gone(path: str) -> bool:
    try:
        os.rmdir(path)
    except FileNotFoundError:
        return True
    except OSError:  # it still holds processes
        return False
    return True


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def _write(path: str, value: int | str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, str(value).encode())
    finally:
        os.close(descriptor)


def _write_if_there(path: str, value: int) -> None:
    """For files that kernels without accounting for swap do not have."""
    with suppress(FileNotFoundError):
        _write(path, value)
