"""Running counts of an evaluation, and the two lines that tell them.

gsm8k  148/200  reward 0.61 [0.54, 0.68]  ok 91  fail 52  cut 3  err 2  4.1 ep/s  eta 0:13
tools 3.2 calls/ep, 4 % failed  tokens 412k in / 38k out  $0.19  slowest: 77 (41 s, turn 9)
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from assaygym.benchmarks.estimate import count, duration
from assaygym.benchmarks.limits import Spending, money
from assaygym.benchmarks.measures import measure
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.statistics import Interval, wilson_interval
from assaygym.benchmarks.watch import Playing

__all__ = ["Tally", "detail_line", "progress_line", "status"]

SLOW = 3.0
"""Seconds from which an episode under way is shown."""
NAME = 40
"""Characters of its name that are shown."""


@dataclass(slots=True)
class Tally:
    """Running counts of a run; what a progress callback receives after each episode."""

    name: str
    planned: int
    resumed: int = 0
    """Episodes that were there before this start."""
    done: int = 0
    """Episodes in all, those resumed included."""
    right: int = 0
    wrong: int = 0
    """Scored below 1, partial credit included."""
    invalid: int = 0
    error: int = 0
    unfinished: int = 0
    total: float = 0.0
    """Sum of the scores."""
    measured: int = 0
    """Episodes of this start, whose turns were counted."""
    tool_calls: int = 0
    tool_errors: int = 0
    spending: Spending | None = field(default=None, repr=False)
    """What the run has used so far; None where nobody counts."""
    slowest: Callable[[], tuple[Playing, float] | None] = field(default=lambda: None, repr=False)
    """The episode that has been under way for longest, with its seconds."""
    started: float = field(default_factory=time.monotonic)
    tasks: set[int] = field(default_factory=set[int], repr=False)

    def add(self, record: EpisodeRecord, *, resumed: bool = False) -> None:
        """Count one episode."""
        self.done += 1
        self.resumed += resumed
        if record.outcome.scored:
            self.total += record.value
            self.tasks.add(record.task)
            self.right += record.outcome is Outcome.CORRECT
            self.wrong += record.outcome is not Outcome.CORRECT
        self.invalid += record.outcome is Outcome.INVALID
        self.error += record.outcome is Outcome.ERROR
        self.unfinished += record.outcome is Outcome.UNFINISHED
        if record.trajectory:
            measures = measure(record.trajectory)
            self.measured += 1
            self.tool_calls += measures.tool_calls
            self.tool_errors += measures.tool_errors

    @property
    def mean(self) -> float:
        """Mean score so far; NaN before the first."""
        scored = self.right + self.wrong
        return self.total / scored if scored else math.nan

    @property
    def interval(self) -> Interval:
        """A rough interval of the mean, as if each task had one sample; the summary has the exact one."""
        size = len(self.tasks)
        return wilson_interval(min(self.mean, 1.0) * size, size) if size else wilson_interval(0, 0)

    def rate(self, now: float) -> float:
        """Episodes a second since this start."""
        elapsed = now - self.started
        return (self.done - self.resumed) / elapsed if elapsed > 0 else 0.0

    def eta(self, now: float) -> float:
        """Seconds left at this rate; NaN while it is unknown."""
        rate = self.rate(now)
        return (self.planned - self.done) / rate if rate > 0 else math.nan


def progress_line(tally: Tally, now: float) -> str:
    """One plain line: `gsm8k  148/200  reward 0.61 [0.54, 0.68]  ok 91  fail 52  err 2  4.1 ep/s  eta 0:13`."""
    return f"{tally.name}  {tally.done}/{tally.planned}  {status(tally, now)}"


def detail_line(tally: Tally) -> str:
    """What the episodes took, and the one that is slow; empty where there is nothing to tell."""
    parts = []
    if tally.tool_calls:
        failed = 100 * tally.tool_errors / tally.tool_calls
        parts.append(f"tools {tally.tool_calls / tally.measured:.1f} calls/ep, {failed:.0f} % failed")
    if (spending := tally.spending) is not None:
        used = spending.before + spending.now
        if used.tokens:
            parts.append(f"tokens {count(used.prompt_tokens)} in / {count(used.completion_tokens)} out")
        if used.cost:
            parts.append(money(used.cost, spending.currency))
    slowest = tally.slowest()
    if slowest is not None and slowest[1] >= SLOW:
        name = " ".join(slowest[0].name.removeprefix(f"{tally.name}:").split())[:NAME]
        parts.append(f"slowest: {name} ({duration(slowest[1])}, turn {slowest[0].turn})")
    return "  ".join(parts)


def status(tally: Tally, now: float) -> str:
    """What stands after the counts of a line."""
    parts = []
    if not math.isnan(tally.mean):
        parts.append(f"reward {tally.mean:.2f} [{tally.interval.low:.2f}, {tally.interval.high:.2f}]")
    parts += [f"ok {tally.right}", f"fail {tally.wrong}"]
    rare = (("invalid", tally.invalid), ("err", tally.error), ("cut", tally.unfinished))
    parts += [f"{name} {count}" for name, count in rare if count]
    parts += [_pace(tally.rate(now)), f"eta {_clock_time(tally.eta(now))}"]
    return "  ".join(parts)


def _pace(rate: float) -> str:
    return f"{rate:.1f} ep/s" if rate >= 1 or not rate else f"{60 * rate:.1f} ep/min"


def _clock_time(seconds: float) -> str:
    if math.isnan(seconds):
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
