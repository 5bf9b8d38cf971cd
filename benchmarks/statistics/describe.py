"""One run in numbers: every estimator over its tasks, what was not scored, and what the answer's format costs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assaygym.benchmarks.statistics.at_k import BEST_OF, MAJORITY, PASS_AT, PASS_HAT, AtK, Means
from assaygym.benchmarks.statistics.comparable import check_names
from assaygym.benchmarks.statistics.intervals import Interval, as_plain
from assaygym.benchmarks.statistics.means import Estimate, estimate_mean, worst_and_best
from assaygym.benchmarks.statistics.samples import Status, TaskSamples
from assaygym.errors import ConfigError

__all__ = ["CategoryStatistics", "Disagreement", "RunStatistics", "describe", "status_counts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A sample whose answer is right and its format is not, or the reverse; `sample` counts from 0 in its task."""

    task: str
    sample: int
    strict: float
    lenient: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryStatistics:
    """A category's score; `bounds` as in `RunStatistics`."""

    name: str
    score: Estimate
    bounds: Interval
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatistics:
    """Everything a report prints about the scores of one run."""

    tasks: int
    planned: int
    """Samples asked for."""
    counts: Mapping[str, int]
    """Samples by `Status`, every status named."""
    score: Estimate
    """avg@n, format required."""
    bounds: Interval
    """The mean score, were every unscored sample wrong, and right."""
    bootstrap: Interval | None
    lenient: Estimate | None
    """avg@n of the extracted answers; None where no sample has a lenient score."""
    disagreements: tuple[Disagreement, ...]
    pass_at: tuple[AtK, ...]
    pass_hat: tuple[AtK, ...]
    majority: tuple[AtK, ...]
    """maj@k; empty where no sample has an answer."""
    best_of: tuple[AtK, ...]
    categories: tuple[CategoryStatistics, ...]
    confidence: float

    @property
    def format_gap(self) -> float:
        """Lenient less strict score; NaN where there is no lenient one."""
        return math.nan if self.lenient is None else self.lenient.mean - self.score.mean

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; NaN becomes None."""
        return {**as_plain(self), "format_gap": as_plain(self.format_gap)}


def describe(
    tasks: Sequence[TaskSamples],
    *,
    ks: Iterable[int] | None = None,
    confidence: float = 0.95,
    resamples: int = 0,
    seed: int = 0,
) -> RunStatistics:
    """All numbers of a run. A sample succeeds when its score is 1.

    Every estimator takes each task with its own number of scored samples.

    Args:
        tasks: each with its samples.
        ks: numbers of tries; 1, the powers of two and the most samples of a task when None.
        confidence: of every interval.
        resamples: of the bootstrap; 0 for none.
        seed: of the bootstrap.

    Raises:
        ConfigError: two tasks have one name, or a `k` is below 1.
    """
    check_names(tasks)
    chosen = _ks(max((task.asked for task in tasks), default=0)) if ks is None else sorted(set(ks))
    if any(k < 1 for k in chosen):
        raise ConfigError(f"ks are {chosen}; expected numbers of tries, each at least 1")
    means = Means(confidence=confidence, resamples=resamples, seed=seed)
    answered = any(sample.answer is not None for task in tasks for sample in task.scored)
    return RunStatistics(
        tasks=len(tasks),
        planned=sum(task.asked for task in tasks),
        counts=status_counts(tasks),
        score=_strict(tasks, confidence),
        bounds=_bounds(tasks),
        bootstrap=means.bootstrap([(_mean_score(task), task) for task in tasks if task.scored]),
        lenient=_lenient(tasks, confidence),
        disagreements=tuple(_disagreements(tasks)),
        pass_at=tuple(means.at_k(PASS_AT, tasks, k) for k in chosen),
        pass_hat=tuple(means.at_k(PASS_HAT, tasks, k) for k in chosen),
        majority=tuple(means.at_k(MAJORITY, tasks, k) for k in chosen) if answered else (),
        best_of=tuple(means.at_k(BEST_OF, tasks, k) for k in chosen),
        categories=tuple(_categories(tasks, confidence)),
        confidence=confidence,
    )


def status_counts(tasks: Iterable[TaskSamples]) -> dict[str, int]:
    """Planned samples by status, every status named."""
    counts = Counter[Status]()
    for task in tasks:
        counts.update(sample.status for sample in task.samples)
        counts[Status.MISSING] += task.asked - len(task.samples)
    return {status.value: counts[status] for status in Status}


def _mean_score(task: TaskSamples) -> float:
    return math.fsum(sample.value for sample in task.scored) / len(task.scored)


def _strict(tasks: Sequence[TaskSamples], confidence: float) -> Estimate:
    return estimate_mean([[s.value for s in task.scored] for task in tasks], confidence, [t.group for t in tasks])


def _lenient(tasks: Sequence[TaskSamples], confidence: float) -> Estimate | None:
    if all(sample.lenient is None for task in tasks for sample in task.scored):
        return None
    return estimate_mean([[s.leniently for s in task.scored] for task in tasks], confidence, [t.group for t in tasks])


def _bounds(tasks: Sequence[TaskSamples]) -> Interval:
    return worst_and_best([[s.value for s in task.scored] for task in tasks], [task.unscored for task in tasks])


def _disagreements(tasks: Sequence[TaskSamples]) -> Iterable[Disagreement]:
    for task in tasks:
        for number, sample in enumerate(task.samples):
            if sample.scored and sample.leniently != sample.value:
                yield Disagreement(task=task.task, sample=number, strict=sample.value, lenient=sample.leniently)


def _categories(tasks: Sequence[TaskSamples], confidence: float) -> Iterable[CategoryStatistics]:
    """Those of tasks that name one, in the order in which they first occur."""
    groups: dict[str, list[TaskSamples]] = {}
    for task in tasks:
        if task.category is not None:
            groups.setdefault(task.category, []).append(task)
    for name, own in groups.items():
        score = _strict(own, confidence)
        yield CategoryStatistics(name=name, score=score, bounds=_bounds(own), counts=status_counts(own))


def _ks(most: int) -> list[int]:
    """1, the powers of two below the most samples of a task, and that number."""
    return sorted({k for k in (1, most, *(2**i for i in range(most.bit_length()))) if 1 <= k <= most})
