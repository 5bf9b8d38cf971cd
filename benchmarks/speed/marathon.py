"""Many programs in a row, in windows: each result judged, and after each window what is held of the machine.

Between two windows the sandbox stands idle, so that counts are exact. The verdict compares the last tenth of the
windows with the first: the rate of the honest programs, and everything a `Census` counts. A yardstick that has nothing
to do with the sandbox, taken at each window, tells how much of a change is the machine's own.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assaygym.benchmarks.records import mend
from assaygym.benchmarks.speed.census import Census, Family
from assaygym.benchmarks.speed.loop import timed
from assaygym.benchmarks.speed.programs import Errand, window
from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox import Sandbox, open_sandbox

__all__ = ["Course", "Lap", "Report", "read_log", "report", "run_course"]

TOLERANCE = 0.05
"""How far the rate of the last tenth may lie below that of the first."""
SLACK_BYTES = 8 << 20
SLACK_SHARE = 0.05
"""Growth of memory that is no leak: this, and this share of what was there."""
COUNTED = ("processes", "threads", "descriptors", "mounts", "family_mounts", "cgroups")
YARDSTICKS = 20
COMPLAINTS = 20
"""Complaints of a window that are written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What is run; another one's log is not continued."""

    window: int = 1000
    hostile: float = 0.01
    seed: int = 0
    backend: str = "jail"
    workers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lap:
    """One window: a line of the log."""

    index: int
    start: int
    """Which start of the command ran it, from 1: memory and descriptors are compared within a start only."""
    runs: int
    honest: int
    seconds: float
    rate: float
    """Honest programs a second."""
    yardstick_ms: float
    """Median time to start a program of the system and wait for its end."""
    statuses: dict[str, int]
    """Results by "kind status"."""
    complaints: list[str]
    census: dict[str, int | None]
    date: str


@dataclass(slots=True)
class Report:
    """What the laps say. `left` is what this start left behind after its sandbox was closed."""

    runs: int
    wrong: int
    first_rate: float
    last_rate: float
    machine: float
    """How the machine itself changed, by the yardstick: -0.05 is 5 % slower."""
    leaks: list[str]
    complaints: list[str]
    left: list[str] = field(default_factory=list[str])

    @property
    def change(self) -> float:
        """Of the rate, from the first tenth to the last: -0.05 is 5 % slower."""
        return round(self.last_rate / self.first_rate - 1, 6)

    @property
    def steady(self) -> bool:
        """Whether the rate held, by itself or once what the machine lost is taken off."""
        return max(self.change, (1 + self.change) / (1 + self.machine) - 1) >= -TOLERANCE

    @property
    def clean(self) -> bool:
        """Whether every result was right and nothing leaked."""
        return not (self.wrong or self.leaks or self.left)


def run_course(course: Course, runs: int, log: Path, step: Callable[[Lap], object] = repr) -> Report:
    """Run the windows that the log lacks, `runs` programs in all (rounded up to whole windows).

    Args:
        course: what is run.
        runs: how many, those of earlier starts included.
        log: JSON lines, one for each window after a first one that holds the course.
        step: told after each window.

    Raises:
        ConfigError: the log belongs to another course, or hostile programs would run without isolation.
        IsolationError: the machine does not give the backend.
    """
    laps = _begin(course, log)
    start = laps[-1].start + 1 if laps else 1
    family = Family()
    before = family.census()
    wanted = -(-runs // course.window)
    if len(laps) < wanted:
        with open_sandbox(course.backend, course.workers) as sandbox, log.open("a", encoding="utf-8") as file:
            _demand_isolation(course, sandbox)
            for index in range(len(laps), wanted):
                errands = list(window(index, course.window, course.hostile, course.seed))
                lap = _lap(index, start, errands, sandbox.run_many, family)
                laps.append(lap)
                print(json.dumps(asdict(lap)), file=file, flush=True)
                step(lap)
    found = report(laps)
    found.left = left_behind(before, family.wait_until_gone(5))
    return found


def _demand_isolation(course: Course, sandbox: Sandbox) -> None:
    """Hostile programs kill every process and fill every disk in their reach."""
    bare = sandbox.name == "process" or set(sandbox.run("pass").isolation) <= {"rlimits"}
    if course.hostile and bare:
        raise ConfigError(
            f"the {course.backend} sandbox isolates nothing, so hostile programs would hit this machine; "
            "use another backend, or --hostile 0"
        )


def _lap(index: int, start: int, errands: Sequence[Errand], run_many: Callable[..., Any], family: Family) -> Lap:
    statuses: Counter[str] = Counter()
    complaints: list[str] = []
    answered: Counter[int] = Counter()
    begun = time.perf_counter()
    for number, result in run_many(errand.job for errand in errands):
        errand = errands[number]
        answered[number] += 1
        failed = isinstance(result, SandboxError)
        wrong = f"failed: {result}" if failed else errand.check(result)
        statuses[f"{errand.kind} {'failed' if failed else result.status}"] += 1
        if wrong:
            complaints.append(f"{errand.kind}: {wrong}")
    seconds = time.perf_counter() - begun
    for number in range(len(errands)):
        if answered[number] != 1:
            complaints.append(f"{errands[number].kind}: answered {answered[number]} times")
    honest = sum(errand.kind == "honest" for errand in errands)
    return Lap(
        index=index,
        start=start,
        runs=len(errands),
        honest=honest,
        seconds=round(seconds, 4),
        rate=round(honest / seconds, 2),
        yardstick_ms=round(1e3 * statistics.median(timed(_yardstick, YARDSTICKS, 1)), 4),
        statuses=dict(statuses),
        complaints=complaints[:COMPLAINTS],
        census=asdict(family.census()),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _yardstick() -> None:
    subprocess.run(["/bin/true"], stdin=subprocess.DEVNULL, check=True)


def _begin(course: Course, log: Path) -> list[Lap]:
    """The laps of the log, which is begun where it is not there."""
    header = asdict(course)
    log.parent.mkdir(parents=True, exist_ok=True)
    mend(log)
    if not log.exists() or log.stat().st_size == 0:
        log.write_text(f"{json.dumps(header)}\n", encoding="utf-8")
    found, laps = read_log(log)
    if found != header:
        raise ConfigError(f"{log} belongs to another run, {found}, and this is {header}; name another file with --log")
    return laps


def read_log(log: Path) -> tuple[dict[str, Any], list[Lap]]:
    """The course of a log, and its laps."""
    header, *lines = log.read_text(encoding="utf-8").splitlines()
    return json.loads(header), [Lap(**json.loads(line)) for line in lines]


def report(laps: Sequence[Lap]) -> Report:
    """What the laps say, of which there is at least one; figures are medians over a tenth of them."""
    first, last = _ends(laps)
    starts = sorted({lap.start for lap in laps})
    return Report(
        runs=sum(lap.runs for lap in laps),
        wrong=sum(len(lap.complaints) for lap in laps),
        first_rate=_median([lap.rate for lap in first]),
        last_rate=_median([lap.rate for lap in last]),
        machine=_median([lap.yardstick_ms for lap in first]) / _median([lap.yardstick_ms for lap in last]) - 1,
        leaks=[leak for start in starts for leak in _leaks([lap for lap in laps if lap.start == start])],
        complaints=[complaint for lap in laps for complaint in lap.complaints][:COMPLAINTS],
    )


def _median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 4)


def _ends(laps: Sequence[Lap]) -> tuple[Sequence[Lap], Sequence[Lap]]:
    tenth = max(1, len(laps) // 10)
    return laps[:tenth], laps[-tenth:]


def _leaks(laps: Sequence[Lap]) -> list[str]:
    """What grew from the first tenth of one start's laps to the last."""
    first, last = _ends(laps)
    found = []
    for name in laps[0].census:
        was, now = (_middle(part, name) for part in (first, last))
        if was is None or now is None:
            continue
        allowed = was if name in COUNTED else was * (1 + SLACK_SHARE) + SLACK_BYTES
        if now > allowed:
            found.append(f"{name} grew from {was:,} to {now:,} (start {laps[0].start}, {len(laps)} windows)")
    return found


def _middle(laps: Sequence[Lap], name: str) -> int | None:
    values = [value for lap in laps if (value := lap.census[name]) is not None]
    return statistics.median_low(values) if values else None


def left_behind(before: Census, after: Census) -> list[str]:
    """What is held after the sandbox was closed that was not held before it was opened."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in COUNTED if name != "family_mounts")
    return [f"{name}: {was} before, {now} after" for name, was, now in pairs if now > was]
