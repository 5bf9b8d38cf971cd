"""How long a run has waited for its turn on a processor. A wall-clock limit is for what a program does, not for that.

The kernel counts it, in the host's /proc, which no program sees. It is looked at when a run's wall-clock time is over,
and at its beginning only where processes are older than the run, as those of a session are than its cell. The longest
wait of a thread counts, since those of several go on at once, without the CPU time of all others of the run: it may
have waited for these. A program that sleeps waits for no processor, one that gave itself a lower priority waits by its
own will, and one whose processes have used as much CPU time as its wall-clock time was had its turns: these are owed
nothing. Nor is one of whose threads or processes some have ended: a process whose parent ignores SIGCHLD takes with it
what it used, so that nobody can tell whom the others waited for.
"""

from __future__ import annotations

import mmap
import os
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

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
LAST_NUMBER = 4
"""Place in `loadavg` of the number given last in the process namespace of the reader."""
_NOT_THERE = (OSError, ValueError, IndexError)
"""What comes of it where the files that this reads are not, or are others."""


class Turns:
    """What some processes have waited and used.

    Args:
        proc: a descriptor of the host's /proc; -1 for none: nothing is owed then.
        first: the number of the process that is looked at, with all below it; 0 for those below this one.
        like: that of a process whose priority is what they began with; 0 for this one.
    """

    def __init__(self, proc: int, first: int = 0, like: int = 0) -> None:
        self._proc, self._first, self._like = proc, str(first or ""), str(like or "self")
        self._text: mmap.mmap | None = None
        self._before: tuple[dict[str, int], int] = {}, 0

    def begin(self) -> None:
        """From here on it counts: what these processes waited and used before is not of the run."""
        try:
            self._before = self._look()
        except _NOT_THERE:
            self._before = {}, 0

    def until(self, start: float, wall: float, now: float, number: int = 0) -> tuple[float, bool]:
        """When the time of a run is over, the waits added; and whether that is for want of processors alone.

        Args:
            start: when it began.
            wall: its wall-clock seconds.
            now: the time; what is returned is no later if nothing is owed.
            number: of the first process of the run, in our process namespace, where only the run has made others since;
                0 where nobody can tell how many it made.
        """
        try:
            owed = self._owed(wall, number)
        except _NOT_THERE:
            owed = 0.0
        over, last = start + wall + owed, start + max(wall * MOST_WALLS, wall + LEAST_MORE)
        if over - now < LEAST_SECONDS:
            return now, False
        return (now, True) if last - now < LEAST_SECONDS else (min(over, last), False)

    def _owed(self, wall: float, number: int) -> float:
        (wants, ticks), (wants_before, ticks_before) = self._look(), self._before
        used = (ticks - ticks_before) / os.sysconf("SC_CLK_TCK")
        if used >= wall or not self._all_patient(wants) or (number and self._made(number) != len(wants)):
            return 0.0
        return max((want - wants_before.get(thread, 0) for thread, want in wants.items()), default=0) / 1e9 - used

    def _made(self, number: int) -> int:
        """How many processes and threads there have been since this one, with it. The kernel numbers them in order."""
        return int(self._read("loadavg").split()[LAST_NUMBER]) - number + 1

    def _all_patient(self, threads: Iterable[str]) -> bool:
        """Whether none has changed its priority."""
        as_begun = self._priority(f"{self._like}/stat")
        for thread in threads:
            with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
                if self._priority(f"{thread}/stat") != as_begun:
                    return False
        return True

    def _look(self) -> tuple[dict[str, int], int]:
        """How many nanoseconds each thread has had or wanted a processor, and how many ticks all have used.

        Raises:
            OSError, ValueError, IndexError: there are no such files here.
        """
        if self._proc < 0:
            return {}, 0
        own = self._first or os.readlink("self", dir_fd=self._proc)
        wants, ticks, todo = dict[str, int](), 0, [own]
        while todo:
            process = todo.pop()
            counts = bool(self._first) or process != own
            with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
                if counts:
                    ticks += sum(map(int, self._stat(f"{process}/stat")[TIMES]))
                for thread in self._threads(process):
                    todo += self._read(f"{thread}/children").split()
                    if counts:
                        wants[thread] = sum(map(int, self._read(f"{thread}/schedstat").split()[:2]))
            if len(wants) > MOST_THREADS:
                raise ValueError("more threads than a run may have")
        return wants, ticks

    def _threads(self, process: str) -> list[str]:
        """Where it is told of each."""
        folder = os.open(f"{process}/task", os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._proc)
        try:
            return [f"{process}/task/{thread}" for thread in os.listdir(folder)]
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
