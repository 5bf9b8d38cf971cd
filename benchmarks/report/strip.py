"""The tasks of a run from the hardest to the easiest, and how much of the variance of scores lies between them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from assaygym.benchmarks.folder import Plan
from assaygym.benchmarks.records import EpisodeRecord, Key, Outcome
from assaygym.benchmarks.report.content import EpisodeRef, StripCell, TaskLine, TaskStrip

__all__ = ["task_lines", "task_strip"]

CELLS = 2000
"""In a strip; a longer run has several tasks to a cell."""
LISTED = 20
"""Of the hardest and of the flakiest tasks."""


def task_lines(plan: Plan, records: Mapping[Key, EpisodeRecord], names: Mapping[int, str]) -> list[TaskLine]:
    """One line for each planned task, in the order of the plan."""
    keys = ([(task, sample) for sample in range(plan.samples)] for task in plan.tasks)
    return [
        _line(task, names[task], plan.samples, [records[key] for key in own if key in records])
        for task, own in zip(plan.tasks, keys, strict=True)
    ]


def task_strip(lines: Iterable[TaskLine]) -> TaskStrip:
    """The lines in order, cut to what a page can show."""
    ordered = sorted(lines, key=_hardest_first)
    scored = [line for line in ordered if line.scored]
    each = math.ceil(len(ordered) / CELLS) or 1
    varying = [line for line in scored if line.variance > 0]
    return TaskStrip(
        cells=tuple(_cell(ordered[start : start + each]) for start in range(0, len(ordered), each)),
        binned=each > 1,
        hardest=tuple(line for line in scored[:LISTED] if line.mean < 1),
        flakiest=tuple(sorted(varying, key=lambda line: -line.variance)[:LISTED]),
        between=_variance([line.mean for line in scored]),
        within=_mean([line.variance for line in scored if line.scored > 1]),
        always=sum(line.right == line.scored for line in scored),
        never=sum(line.right == 0 for line in scored),
        sometimes=sum(0 < line.right < line.scored for line in scored),
    )


def _line(task: int, name: str, planned: int, records: Sequence[EpisodeRecord]) -> TaskLine:
    values = [record.value for record in records if record.outcome.scored]
    failed = next((record for record in records if record.outcome is not Outcome.CORRECT), None)
    shown = failed or (records[0] if records else None)
    return TaskLine(
        task=task,
        name=name,
        right=sum(record.outcome is Outcome.CORRECT for record in records),
        scored=len(values),
        planned=planned,
        mean=_mean(values),
        variance=_variance(values),
        example=None if shown is None else EpisodeRef(task=task, sample=shown.sample, name=name),
    )


def _hardest_first(line: TaskLine) -> tuple[bool, float, int]:
    return not line.scored, line.mean if line.scored else 0.0, line.task


def _cell(lines: Sequence[TaskLine]) -> StripCell:
    return StripCell(
        tasks=len(lines),
        label=lines[0].name,
        right=sum(line.right for line in lines),
        scored=sum(line.scored for line in lines),
        mean=_mean([line.mean for line in lines if line.scored]),
        example=lines[0].example,
    )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _variance(values: Sequence[float]) -> float:
    if len(values) < 2:
        return math.nan
    mean = _mean(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
