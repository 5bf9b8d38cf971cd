"""Workers killed at random while jobs run: every job answered once, by its right result or a `SandboxError`.

Killed are the processes that belong to the sandbox: this process's descendants apart from the programs themselves,
whose end by a signal would be their result. Telling them apart takes process namespaces: a backend or a tier
without them cannot be judged in this way.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from assaygym.benchmarks.speed.census import Family, Identity, is_program
from assaygym.benchmarks.speed.marathon import left_behind
from assaygym.benchmarks.speed.programs import honest
from assaygym.errors import SandboxError
from assaygym.sandbox import Sandbox, open_sandbox

__all__ = ["ChaosReport", "Killer", "run_chaos"]

PATIENCE = 10.0
"""Seconds that the last processes have to end after the sandbox was closed."""


@dataclass(slots=True)
class ChaosReport:
    """What became of the jobs. Right when nothing is lost, repeated, false or left."""

    jobs: int
    right: int = 0
    failed: int = 0
    """Answered by a `SandboxError`."""
    false: list[str] = field(default_factory=list[str])
    """Results that are not the program's."""
    lost: list[int] = field(default_factory=list[int])
    repeated: list[int] = field(default_factory=list[int])
    kills: int = 0
    reasons: dict[str, int] = field(default_factory=dict[str, int])
    """The `SandboxError`s by their first words."""
    left: list[str] = field(default_factory=list[str])
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether every job was answered once, none falsely, and nothing is left."""
        return not (self.false or self.lost or self.repeated or self.left)


class Killer:
    """A thread that kills a random process of the sandbox every so many seconds; a context manager."""

    def __init__(self, family: Family, every: float, seed: int) -> None:
        self.kills = 0
        self._family = family
        self._every = every
        self._rng = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="killer")
        self._failure: BaseException | None = None

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        try:
            while not self._stop.wait(self._every):
                self.kill_one()
        except BaseException as error:  # raised again where the context ends
            self._failure = error

    def kill_one(self) -> bool:
        """Kill one of those that are there now; False where there is none, or it ended by itself."""
        members = [member for member in self._family.members() if not is_program(member.pid)]
        if not members:
            return False
        victim = self._rng.choice(members)
        self._family.note_cgroups(victim.pid)
        killed = _kill(victim, self._family)
        self.kills += killed
        return killed


def _kill(victim: Identity, family: Family) -> bool:
    """Kill this very process, even if its number were given to another meanwhile."""
    try:
        handle = os.pidfd_open(victim.pid)
    except ProcessLookupError:
        return False
    try:
        if victim not in family.members() or is_program(victim.pid):
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def run_chaos(
    jobs: int,
    kill_every: float,
    *,
    seed: int = 0,
    backend: str = "jail",
    workers: int | None = None,
    step: Callable[[ChaosReport], object] = repr,
) -> ChaosReport:
    """Run jobs while workers are killed.

    Args:
        jobs: how many.
        kill_every: seconds between two kills.
        seed: of the choice of the victims.
        backend: as `open_sandbox` takes it.
        workers: as `open_sandbox` takes it.
        step: told after each answer.

    Raises:
        IsolationError: the machine does not give the backend.
    """
    family = Family()
    before = family.census()
    found = ChaosReport(jobs=jobs)
    begun = time.perf_counter()
    with open_sandbox(backend, workers) as sandbox:
        with Killer(family, kill_every, seed) as killer:
            _answer_all(sandbox, found, killer, step)
        found.seconds = time.perf_counter() - begun
    found.left = left_behind(before, family.wait_until_gone(PATIENCE))
    return found


def _answer_all(sandbox: Sandbox, found: ChaosReport, killer: Killer, step: Callable[[ChaosReport], object]) -> None:
    answered: Counter[int] = Counter()
    reasons: Counter[str] = Counter()
    for number, result in sandbox.run_many(honest(number).job for number in range(found.jobs)):
        answered[number] += 1
        if isinstance(result, SandboxError):
            found.failed += 1
            reasons[" ".join(str(result).split()[:8])] += 1
        elif wrong := honest(number).check(result):
            found.false.append(f"job {number}: {wrong}")
        else:
            found.right += 1
        found.kills, found.reasons = killer.kills, dict(reasons)
        step(found)
    found.lost = [number for number in range(found.jobs) if not answered[number]]
    found.repeated = [number for number, times in answered.items() if times > 1]
