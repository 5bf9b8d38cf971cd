"""The estimators of `k` tries as means over tasks, with bounds for what was not scored."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assaygym.benchmarks.statistics.estimators import best_of_k, pass_at_k, pass_hat_k
from assaygym.benchmarks.statistics.intervals import Interval
from assaygym.benchmarks.statistics.majority import maj_at_k
from assaygym.benchmarks.statistics.means import Estimate, bootstrap_mean, estimate_mean
from assaygym.benchmarks.statistics.samples import Sample, TaskSamples

__all__ = ["BEST_OF", "MAJORITY", "PASS_AT", "PASS_HAT", "AtK", "Estimator", "Means"]

CAMP = "\0unscored"
"""The answer of samples that are made up for a bound, where no real one will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtK:
    """An estimator of `k` tries: its mean over the tasks that have at least `k` scored samples."""

    k: int
    estimate: Estimate
    bounds: Interval
    """The mean over all tasks with `k` planned samples, were every unscored sample wrong, and right."""
    bootstrap: Interval | None = None
    """From resampling clusters, where that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimator:
    """A number of one task's scored samples and `k`, and how to make up those without a score for its bounds."""

    of: Callable[[Sequence[Sample], int], float]
    filled: Callable[[TaskSamples, bool], Sequence[Sample]]
    """The task's samples, were all unscored ones wrong (False) or right (True)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """How means over tasks are made: the confidence of intervals, the bootstrap's resamples (0 for none) and seed."""

    confidence: float
    resamples: int
    seed: int

    def at_k(self, estimator: Estimator, tasks: Sequence[TaskSamples], k: int) -> AtK:
        """The mean of an estimator over the tasks with `k` scored samples; the bounds over those with `k` planned."""
        known = [(estimator.of(task.scored, k), task) for task in tasks if len(task.scored) >= k]
        whole = [value for value, task in known if not task.unscored]
        holed = [task for task in tasks if task.unscored and task.asked >= k]
        groups = [task.group for _, task in known]
        draws = sum(len(task.scored) // k for _, task in known)
        return AtK(
            k=k,
            estimate=estimate_mean([[value] for value, _ in known], self.confidence, groups, draws),
            bounds=Interval(
                low=_mean([*whole, *(estimator.of(estimator.filled(task, False), k) for task in holed)]),
                high=_mean([*whole, *(estimator.of(estimator.filled(task, True), k) for task in holed)]),
            ),
            bootstrap=self.bootstrap(known),
        )

    def bootstrap(self, known: Sequence[tuple[float, TaskSamples]]) -> Interval | None:
        """The interval of the mean of the tasks' numbers; None when no resamples were asked for."""
        if not self.resamples:
            return None
        values, groups = [value for value, _ in known], [task.group for _, task in known]
        return bootstrap_mean(values, groups, confidence=self.confidence, resamples=self.resamples, seed=self.seed)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _right(samples: Sequence[Sample]) -> int:
    return sum(sample.value == 1 for sample in samples)


def _majority(samples: Sequence[Sample], k: int) -> float:
    return maj_at_k([sample.answer for sample in samples], [sample.value for sample in samples], k)


def _best_of(samples: Sequence[Sample], k: int) -> float:
    rewards = [sample.value if sample.reward is None else sample.reward for sample in samples]
    return min(1.0, best_of_k([sample.value for sample in samples], k, rewards))  # rounding may step past the end


def _filled(task: TaskSamples, right: bool) -> Sequence[Sample]:
    return [*task.scored, *[Sample(value=float(right))] * task.unscored]


def _filled_votes(task: TaskSamples, right: bool) -> Sequence[Sample]:
    """All vote for the strongest right, or wrong, answer."""
    votes = Counter(s.answer for s in task.scored if s.answer is not None and s.value == right)
    camp = votes.most_common(1)[0][0] if votes else CAMP
    return [*task.scored, *[Sample(value=float(right), answer=camp)] * task.unscored]


def _filled_rewards(task: TaskSamples, right: bool) -> Sequence[Sample]:
    """All are selected before any other, where something else than the score selects."""
    if all(sample.reward is None for sample in task.scored):
        return _filled(task, right)
    return [*task.scored, *[Sample(value=float(right), reward=math.inf)] * task.unscored]


PASS_AT = Estimator(of=lambda samples, k: pass_at_k(len(samples), _right(samples), k), filled=_filled)
PASS_HAT = Estimator(of=lambda samples, k: pass_hat_k(len(samples), _right(samples), k), filled=_filled)
MAJORITY = Estimator(of=_majority, filled=_filled_votes)
"""maj@k. The bounds were found to hold by enumeration of small cases with 0/1 scores, not by proof."""
BEST_OF = Estimator(of=_best_of, filled=_filled_rewards)
"""best-of-k by reward, or by the score itself."""
