"""What this process and its descendants hold of the machine, read from /proc: memory, descriptors, mounts, cgroups."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

__all__ = ["Census", "Family", "Identity", "is_program"]

PROC = Path("/proc")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Identity(NamedTuple):
    """A process beyond the reuse of its number: its number, and the clock tick of its start."""

    pid: int
    started: int


class _Stat(NamedTuple):
    identity: Identity
    parent: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """What there is at one moment. Memory in bytes, resident; shared pages count in every process that has them."""

    memory: int
    """Of this process."""
    family_memory: int
    """Of its descendants."""
    processes: int
    """Descendants, those without a parent left included."""
    threads: int
    descriptors: int
    mounts: int
    """In this process's mount namespace, whoever made them: others who mount meanwhile count as well."""
    family_mounts: int | None
    """The most in a descendant's mount namespace; None where this user may not look."""
    cgroups: int
    """Those other than ours that a descendant was ever seen in, and that still exist."""


class Family:
    """The descendants of this process; one that was seen once is followed even when its parents die."""

    def __init__(self) -> None:
        self._seen: set[Identity] = set()
        self._cgroups: set[Path] = set()
        self._own = set(_cgroups_of(os.getpid()))

    def members(self) -> list[Identity]:
        """Those alive, and the dead that one of us has yet to reap: a stranger who adopts reaps in its own time."""
        stats = {stat.identity.pid: stat for stat in _processes()}
        known = {pid for pid, stat in stats.items() if stat.identity in self._seen} | {os.getpid()}
        grown = True
        while grown:
            more = {pid for pid, stat in stats.items() if stat.parent in known} - known
            known |= more
            grown = bool(more)
        ours = [stats[pid] for pid in known - {os.getpid()}]
        found = sorted(stat.identity for stat in ours if stat.state != "Z" or stat.parent in known)
        self._seen = set(found)
        return found

    def note_cgroups(self, pid: int) -> None:
        """Remember the cgroups of a descendant, to see later whether they are gone."""
        self._cgroups.update(set(_cgroups_of(pid)) - self._own)

    def census(self) -> Census:
        """Count everything."""
        members = self.members()
        for member in members:
            self.note_cgroups(member.pid)
        self._cgroups = {path for path in self._cgroups if path.is_dir()}
        mounts = [count for count in (_mounts(member.pid) for member in members) if count is not None]
        return Census(
            memory=_resident(os.getpid()),
            family_memory=sum(_resident(member.pid) for member in members),
            processes=len(members),
            threads=threading.active_count(),
            descriptors=len(os.listdir(PROC / "self" / "fd")) - 1,  # that of the listing itself
            mounts=_mounts(os.getpid()) or 0,
            family_mounts=max(mounts, default=None),
            cgroups=len(self._cgroups),
        )

    def wait_until_gone(self, seconds: float) -> Census:
        """The census when nothing of the family is left, or after so many seconds."""
        end = time.monotonic() + seconds
        while True:
            census = self.census()
            if time.monotonic() > end or not (census.processes or census.cgroups):
                return census
            time.sleep(0.05)


def is_program(pid: int) -> bool:
    """Whether it is an untrusted program or its child: inside a process namespace of its own, and not the first there.

    Killing such a process from outside ends the program by a signal, and that is then its result.
    """
    for line in _read(pid, "status").splitlines():
        if line.startswith("NSpid:"):
            numbers = line.split()[1:]
            return len(numbers) > 1 and numbers[-1] != "1"
    return False


def _processes() -> Iterator[_Stat]:
    for name in os.listdir(PROC):
        if name.isdecimal():
            fields = _read(int(name), "stat").rpartition(")")[2].split()  # a process's name may hold anything
            if fields:
                yield _Stat(Identity(int(name), int(fields[19])), int(fields[1]), fields[0])


def _read(pid: int, name: str) -> str:
    try:
        return (PROC / str(pid) / name).read_text(encoding="utf-8", errors="replace")
    except OSError:  # it has ended, or is not ours to look at
        return ""


def _resident(pid: int) -> int:
    fields = _read(pid, "statm").split()
    return int(fields[1]) * PAGE if fields else 0


def _mounts(pid: int) -> int | None:
    return _read(pid, "mountinfo").count("\n") or None


def _cgroups_of(pid: int) -> Iterator[Path]:
    """The folders of the process's cgroups, in every hierarchy that is mounted here."""
    with suppress(OSError, ValueError):
        places = _hierarchies()
        for line in _read(pid, "cgroup").splitlines():
            _, controllers, path = line.split(":", 2)
            place = places.get(controllers)
            if place is not None and path != "/":  # where an exiting process is shown, and which is nobody's to remove
                yield place / path.lstrip("/")


def _hierarchies() -> dict[str, Path]:
    """Where each hierarchy is mounted: by its controllers as /proc/PID/cgroup names them, "" for version 2."""
    found: dict[str, Path] = {}
    for line in _read(os.getpid(), "mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split()[:3]
        point = Path(before.split()[4])
        if kind == "cgroup2":
            found[""] = point
        elif kind == "cgroup":
            for line_of in _read(os.getpid(), "cgroup").splitlines():
                controllers = line_of.split(":", 2)[1]
                if set(controllers.split(",")) <= set(options.split(",")):
                    found[controllers] = point
    return found
