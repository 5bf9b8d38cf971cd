"""The programs of the long runs: honest ones that notice what an earlier run left, and hostile ones.

A check returns what is wrong with a result, or nothing: a hostile program's limit must have held, an honest one's
answer be right.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assaygym.benchmarks.speed.workloads import HUMANEVAL
from assaygym.sandbox import ExecResult, ExecStatus, Job, Limits

__all__ = ["HOSTILE", "Errand", "Hostile", "honest", "window"]

MIB = 1 << 20
Check = Callable[[ExecResult], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A job and the judge of its result; `kind` is "honest" or the name of a hostile program."""

    kind: str
    job: Job
    check: Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """A program that attacks the machine, its limits, and how it must end.

    Args:
        statuses: the endings that show that the limit held.
        stdout: what it prints, where it lives to print.
    """

    program: str
    statuses: frozenset[ExecStatus]
    limits: Limits = Limits(wall_seconds=5, memory_bytes=256 * MIB)  # noqa: RUF009  frozen
    stdout: str | None = None

    def check(self, result: ExecResult) -> str:
        """What is wrong, "" for nothing."""
        if result.status not in self.statuses:
            return f"ended as {result.status}, expected {' or '.join(sorted(self.statuses))}: {result.stderr[-300:]!r}"
        if self.stdout is not None and result.stdout != self.stdout:
            return f"printed {result.stdout[-300:]!r}, expected {self.stdout!r}"
        return ""


def _ends(*statuses: ExecStatus) -> frozenset[ExecStatus]:
    return frozenset(statuses)


HOSTILE = {
    "fork_bomb": Hostile(
        program="import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n",
        statuses=_ends(ExecStatus.TIMEOUT),
        limits=Limits(wall_seconds=0.2, processes=16),
    ),
    "memory": Hostile(
        program="held = []\nwhile True: held.append(bytearray(1 << 22))\n",
        statuses=_ends(ExecStatus.OUT_OF_MEMORY),
        limits=Limits(wall_seconds=5, memory_bytes=128 * MIB),
    ),
    "output": Hostile(
        program="import os\nwhile True: os.write(1, b'x' * 65536)\n",
        statuses=_ends(ExecStatus.OUTPUT_LIMIT),
        limits=Limits(wall_seconds=5, output_bytes=MIB),
    ),
    "disk": Hostile(
        program="""import sys
try:
    for number in range(100000):
        with open(f"f{number}", "wb") as file: file.write(b"x" * 1000000)
except OSError: print("full")
""",
        statuses=_ends(ExecStatus.OK),
        limits=Limits(wall_seconds=5, file_bytes=4 * MIB),
        stdout="full\n",
    ),
    "segfault": Hostile(
        program="import ctypes\nctypes.string_at(0)\n",
        statuses=_ends(ExecStatus.SIGNALED),
    ),
    "daemon": Hostile(
        program="""import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(3): os.close(number)
        time.sleep(600)
    os._exit(0)
os.wait()
print("left one behind")
""",
        statuses=_ends(ExecStatus.OK),
        stdout="left one behind\n",
    ),
    "kill_all": Hostile(
        program="""import os
if os.fork() == 0:
    import time; time.sleep(600)
try: os.kill(-1, 9)
except OSError: pass
try: os.kill(1, 9)
except OSError: pass
print("still here")
""",
        statuses=_ends(ExecStatus.OK),
        stdout="still here\n",
    ),
    "exit": Hostile(
        program="import os\nprint('lost')\nos._exit(3)\n",
        statuses=_ends(ExecStatus.NONZERO_EXIT),
        stdout="",
    ),
    "recursion": Hostile(
        program="import sys\nsys.setrecursionlimit(10**9)\ndef deep(x): return max([x], key=deep)\ndeep(1)\n",
        statuses=_ends(ExecStatus.SIGNALED, ExecStatus.OUT_OF_MEMORY, ExecStatus.NONZERO_EXIT),
    ),
    "poison": Hostile(
        program="""import builtins, os, sys, random, json
builtins.print = builtins.len = builtins.sum = lambda *a, **k: 0
json.dumps = str.join; sys.modules["math"] = None; random.seed(1)
os.environ["LEFT"] = "1"; open("left", "w").close(); open("/dev/shm/left", "w").close()
os.chmod(".", 0o777); os.umask(0); os.nice(5)
os.closerange(0, 256)
""",
        statuses=_ends(ExecStatus.OK, ExecStatus.NONZERO_EXIT),
        stdout="",
    ),
}
"""By name."""

CLEAN = """import json, math, os, random, sys
given = [int(word) for word in sys.stdin.read().split()]
left = sorted(name for name in os.listdir(".") + os.listdir("/dev/shm") if name not in ("main.py",))
print(json.dumps([sum(given), len(given), math.gcd(*given), left, "LEFT" in os.environ]))
"""
"""Reads numbers, and tells whether it found anything that another run could have left."""
ANSWER = "number = {number}\nprint(sum(range(number % 1000)), number)\n"


def honest(number: int) -> Errand:
    """The honest errand of this number: its answer is its own, so one that belongs to another is noticed."""
    turn = number % 3
    if turn == 0:
        given = [number + 1, 2 * (number + 1), 3 * (number + 1)]
        wanted = f"[{sum(given)}, 3, {number + 1}, [], false]\n"
        return _errand(Job(program=CLEAN, stdin=" ".join(map(str, given))), wanted)
    if turn == 1:
        program = f"{HUMANEVAL.program}print({number})\n"
        return _errand(Job(program=program), f"{number}\n")
    return _errand(Job(program=ANSWER.format(number=number)), f"{sum(range(number % 1000))} {number}\n")


def _errand(job: Job, stdout: str) -> Errand:
    expected = Hostile(program=job.program, statuses=_ends(ExecStatus.OK), stdout=stdout)
    return Errand(kind="honest", job=job, check=expected.check)


def window(index: int, size: int, hostile: float, seed: int) -> Iterator[Errand]:
    """The errands of one window: every window of a run has the same number of hostile ones, their kinds in turn.

    Args:
        index: which window, from 0.
        size: errands in a window.
        hostile: share of hostile ones; at least one a window where it is positive.
        seed: of the places of the hostile ones.
    """
    count = max(1, round(size * hostile)) if hostile else 0
    kinds = list(HOSTILE)
    rng = random.Random(f"{seed}:{index}")
    places = {
        place: kinds[(index * count + turn) % len(kinds)] for turn, place in enumerate(rng.sample(range(size), count))
    }
    for place in range(size):
        if place in places:
            yield _hostile(places[place])
        else:
            yield honest(index * size + place)


def _hostile(kind: str) -> Errand:
    attack = HOSTILE[kind]
    return Errand(kind=kind, job=Job(program=attack.program, limits=attack.limits), check=attack.check)
