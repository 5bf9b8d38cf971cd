"""What the host's /proc tells of processes, by a descriptor from before the root was left."""

from __future__ import annotations

import os
from contextlib import suppress

from assaygym.sandbox.guest import namespaces

PAGE = os.sysconf("SC_PAGE_SIZE")
ENDED = "ZX"
"""States of a process that does nothing any more."""


class Proc:
    """The folder as it was when this object was made.

    Attributes:
        top: a descriptor of it.
    """

    def __init__(self) -> None:
        self.top = os.open("/proc", os.O_PATH | os.O_DIRECTORY)

    def map_ids(self, pid: int, user: int, group: int) -> None:
        """Give a process in a new user namespace its ids, made of these of ours."""
        folder = os.open(str(pid), os.O_PATH | os.O_DIRECTORY, dir_fd=self.top)
        try:
            namespaces._map_ids(folder, user, group)
        finally:
            os.close(folder)

    def threads(self, pid: int) -> int:
        """How many threads a process has."""
        return len(self._list(f"{pid}/task"))

    def own_mapped_bytes(self) -> int:
        """The address space that this process maps."""
        return int(self._read("self/statm").split()[0]) * PAGE

    def stopped(self, pid: int) -> bool:
        """Whether no thread of a process runs."""
        return all(self._state(f"{pid}/task/{task}") in "T" + ENDED for task in self._list(f"{pid}/task"))

    def running_children(self, pid: int) -> list[int]:
        """The children of a process that have not ended."""
        lists = [self._read(f"{pid}/task/{task}/children").split() for task in self._list(f"{pid}/task")]
        return [int(child) for children in lists for child in children if self._state(child) not in ENDED]

    def wait_status(self, pid: int) -> int | None:
        """How a process ended that nobody has reaped yet; None where the kernel does not tell."""
        with suppress(OSError, ValueError):
            return int(self._read(f"{pid}/stat").rsplit(")", 1)[1].split()[-1])
        return None

    def links(self, pid: int) -> dict[int, str]:
        """What each descriptor of a process leads to; one that it closes meanwhile is left out."""
        folder = os.open(f"{pid}/fd", os.O_RDONLY | os.O_DIRECTORY, dir_fd=self.top)
        found = {}
        try:
            for name in os.listdir(folder):
                with suppress(FileNotFoundError):
                    found[int(name)] = os.readlink(name, dir_fd=folder)
        finally:
            os.close(folder)
        return found

    def shared_memory(self, pid: int) -> list[tuple[int, int, str, int, str]]:
        """The memory that a process may share with others: start, end, rights, offset and file of each mapping."""
        found = []
        for line in self._read(f"{pid}/maps").splitlines():
            span, rights, offset, _, _, *path = line.split(maxsplit=5)
            if rights[3] == "s":
                start, end = (int(part, 16) for part in span.split("-"))
                found.append((start, end, rights[:3], int(offset, 16), path[0] if path else ""))
        return found

    def _state(self, place: str) -> str:
        try:
            return self._read(f"{place}/stat").rsplit(")", 1)[1].split()[0]
        except OSError:
            return "X"

    def _list(self, path: str) -> list[str]:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self.top)
        try:
            return os.listdir(folder)
        finally:
            os.close(folder)

    def _read(self, path: str) -> str:
        descriptor = os.open(path, os.O_RDONLY, dir_fd=self.top)
        with open(descriptor, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
