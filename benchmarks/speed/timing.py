"""Interleaved rounds: in each round every contender does every workload, so that a noisy neighbour hits all of them.

A figure is the median over the rounds; a ratio is taken within each round, and its median is told.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from assaygym.benchmarks.speed.contender import Contender, WrongResult
from assaygym.benchmarks.speed.workloads import Workload

__all__ = ["Cell", "Figures", "Plan", "Probe", "measure", "percentile", "ratio"]

Probe = Callable[[int, float], list[float]]
"""Seconds of each of so many calls, as many as begin before so many seconds have passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured.

    Args:
        rounds: times that everything is measured.
        runs: units of work in each measurement of a latency, and, for each worker, of a throughput.
        seconds: no unit of a measurement begins later than this after its start, apart from the first few.
        workers: how many work at once for the throughput.
    """

    rounds: int
    runs: int
    seconds: float
    workers: int


@dataclass(slots=True)
class Cell:
    """What one contender took for one workload: the p50 and p99 of each round in seconds, and its units a second."""

    p50s: list[float] = field(default_factory=list[float])
    p99s: list[float] = field(default_factory=list[float])
    rates: list[float] = field(default_factory=list[float])
    units: int = 0
    """Units that were timed one by one, over all rounds."""

    @property
    def p50(self) -> float:
        """Median of the rounds' medians; NaN where nothing was measured."""
        return _median(self.p50s)

    @property
    def p99(self) -> float:
        """Median of the rounds' 99th percentiles; NaN where nothing was measured."""
        return _median(self.p99s)

    @property
    def rate(self) -> float:
        """Median of the rounds' units a second; NaN where nothing was measured."""
        return _median(self.rates)

    def add(self, seconds: Sequence[float]) -> None:
        """The times of one round's units."""
        self.units += len(seconds)
        self.p50s.append(percentile(seconds, 0.5))
        self.p99s.append(percentile(seconds, 0.99))


@dataclass(slots=True)
class Figures:
    """All that was measured; a contender that failed on the way has its reason in `failed` and no cells."""

    cells: dict[tuple[str, str], Cell] = field(default_factory=dict[tuple[str, str], Cell])
    """By the contender's name and the workload's."""
    probes: dict[str, Cell] = field(default_factory=dict[str, Cell])
    failed: dict[str, str] = field(default_factory=dict[str, str])

    def fail(self, name: str, reason: str) -> None:
        """Forget what was measured of it: half a row misleads."""
        self.failed[name] = reason
        self.probes.pop(name, None)
        self.cells = {key: cell for key, cell in self.cells.items() if key[0] != name}


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed (nearest rank).

    Raises:
        ValueError: there is no value, or `share` is outside (0, 1].
    """
    if not values or not 0 < share <= 1:
        raise ValueError(f"percentile of {len(values)} values at {share}; expected at least one, and 0 < share <= 1")
    return sorted(values)[math.ceil(share * len(values)) - 1]


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Median over the rounds of one figure over another of the same round; NaN where there is none."""
    return _median([a / b for a, b in zip(above, below, strict=True)]) if below else math.nan


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else math.nan


def measure(
    contenders: Sequence[Contender],
    workloads: Sequence[Workload],
    plan: Plan,
    probes: Mapping[str, Probe] | None = None,
    step: Callable[[str], object] = repr,
) -> Figures:
    """Measure all of them, round by round; every second round goes through them backwards.

    Args:
        contenders: their first units, not timed, come before the first round.
        workloads: what they do; one that a contender cannot do is left out for it.
        plan: how much.
        probes: what else is measured once a round, by name.
        step: told, before each measurement, what comes.
    """
    figures = Figures()
    pairs = [(one, workload) for workload in workloads for one in contenders if one.can(workload)]
    for one, workload in pairs:
        _guarded(figures, one.name, partial(one.latency, workload, 2, 0))
    for number in range(plan.rounds):
        for one, workload in pairs if number % 2 == 0 else reversed(pairs):
            step(f"round {number + 1}/{plan.rounds}  {workload.name}  {one.name}")
            _guarded(figures, one.name, partial(_cell, figures, one, workload, plan))
        for name, probe in (probes or {}).items():
            step(f"round {number + 1}/{plan.rounds}  {name}")
            _guarded(figures, name, partial(_probe, figures, name, probe, plan))
    return figures


def _guarded(figures: Figures, name: str, act: Callable[[], object]) -> None:
    if name in figures.failed:
        return
    try:
        act()
    except WrongResult as error:
        figures.fail(name, str(error))


def _cell(figures: Figures, one: Contender, workload: Workload, plan: Plan) -> None:
    seconds = one.latency(workload, plan.runs, plan.seconds)
    done, wall = one.throughput(workload, plan.runs * plan.workers, plan.seconds)
    cell = figures.cells.setdefault((one.name, workload.name), Cell())
    cell.add(seconds)
    cell.rates.append(done / wall)


def _probe(figures: Figures, name: str, probe: Probe, plan: Plan) -> None:
    figures.probes.setdefault(name, Cell()).add(probe(plan.runs, plan.seconds))
