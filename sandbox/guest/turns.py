"""How long a run has waited for its turn on a processor. A wall-clock limit is for what a program does, not for that.

The kernel counts it, in the host's /proc, which no program sees. It is looked at when a run's wall-clock time is over,
and never else. The longest wait of a thread counts, since those of several go on at once. A program that sleeps waits
for no processor, one that gave itself a lower priority waits by its own will, and one whose processes have used as much
CPU time as its wall-clock time was had its turns: these are owed nothing.
"""

from __future__ import annotations

import mmap
import os
from contextlib import suppress

MOST_WALLS = 5.0
"""How many times its wall-clock time a run may last, the waits counted."""
LEAST_MORE = 3.0
"""Seconds that it may last longer in any case: on a busy machine a short time is soon over."""
LEAST_SECONDS = 0.01
"""A shorter wait is not worth another look."""
ROOM = 4096
MOST_THREADS = 1000
NICE, POLICY = 16, 38
"""Places in a thread's `stat` behind its name."""
TIMES = slice(11, 15)
"""There: of the process and of its children that were reaped, in user and in kernel mode, in ticks."""


class Turns:
    """What the processes below this one have waited and used.

    Args:
        proc: a descriptor of the host's /proc; -1 for none: nothing is owed then.
    """

    def __init__(self, proc: int) -> None:
        self._proc = proc
        self._text: mmap.mmap | None = None

    def until(self, start: float, wall: float, now: float) -> tuple[float, bool]:
        """When the time of a run is over, the waits added; and whether that is for want of processors alone.

        Args:
            start: when it began.
            wall: its wall-clock seconds.
            now: the time; what is returned is no later if nothing is owed.
        """
        try:
            owed = self._owed(wall)
        except (OSError, ValueError, IndexError):  # no such files here
            owed = 0.0
        over, last = start + wall + owed, start + max(wall * MOST_WALLS, wall + LEAST_MORE)
        if over - now < LEAST_SECONDS:
            return now, False
        return (now, True) if last - now < LEAST_SECONDS else (min(over, last), False)

    def _owed(self, wall: float) -> float:
        own = os.readlink("self", dir_fd=self._proc) if self._proc >= 0 else ""
        if not own:
            return 0.0
        as_ours, waited, ticks = self._priority(f"{own}/stat"), 0, 0
        for process in self._below(own):
            with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
                ticks += sum(map(int, self._stat(f"{process}/stat")[TIMES]))
                for thread in self._threads(process):
                    if self._priority(f"{process}/task/{thread}/stat") != as_ours:
                        return 0.0
                    waited = max(waited, int(self._read(f"{process}/task/{thread}/schedstat").split()[1]))
        return waited / 1e9 if ticks / os.sysconf("SC_CLK_TCK") < wall else 0.0

    def _below(self, number: str) -> list[str]:
        """The numbers of a process's descendants."""
        processes, left = list[str](), MOST_THREADS
        todo = [number]
        while todo:
            process = todo.pop()
            with suppress(FileNotFoundError, ProcessLookupError):
                for thread in self._threads(process):
                    todo += self._read(f"{process}/task/{thread}/children").split()
                    left -= 1
            processes.append(process)
            if left < 0:
                raise ValueError("more threads than a run may have")
        return processes[1:]

    def _threads(self, process: str) -> list[str]:
        folder = os.open(f"{process}/task", os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._proc)
        try:
            return os.listdir(folder)
        finally:
            os.close(folder)

    def _priority(self, path: str) -> tuple[str, str]:
        fields = self._stat(path)
        return fields[NICE], fields[POLICY]

    def _stat(self, path: str) -> list[str]:
        """The fields behind the name."""
        return self._read(path, b") ").split()

    def _read(self, path: str, behind: bytes = b"") -> str:
        """What stands behind the last such bytes. A name, which a program chose, is in no memory that runs inherit."""
        if self._text is None:
            self._text = mmap.mmap(-1, ROOM, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            self._text.madvise(mmap.MADV_DONTFORK)
        file = os.open(path, os.O_RDONLY, dir_fd=self._proc)
        try:
            size = os.readv(file, [self._text])
        finally:
            os.close(file)
        first = self._text.rfind(behind, 0, size) + len(behind) if behind else 0
        return self._text[first:size].decode()
