"""Estimators and intervals of an evaluation: pure functions, standard library only.

A task is sampled `n` times and `c` of them succeed. What could not be scored (a fault of ours, no verdict) never
enters an estimate as a zero; `worst_and_best` says how far it could move the mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

__all__ = ["Estimate", "Interval", "estimate_mean", "pass_at_k", "wilson_interval", "worst_and_best"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A two-sided confidence interval of a number in [0, 1]."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean over tasks. `stderr` is NaN with fewer than two tasks; everything is NaN when nothing was scored."""

    mean: float
    stderr: float
    interval: Interval
    tasks: int
    """Tasks with at least one scored sample."""
    samples: int


def pass_at_k(n: int, c: int, k: int) -> float:
    """Unbiased chance that at least one of `k` samples succeeds: `1 - C(n-c, k) / C(n, k)`, as a product.

    Chen et al. 2021, "Evaluating Large Language Models Trained on Code", equation 1.

    Returns:
        NaN when `k > n`: fewer samples than `k` cannot tell.

    Raises:
        ValueError: `k < 1`, or `c` is outside [0, n].
    """
    if k < 1 or not 0 <= c <= n:
        raise ValueError(f"pass_at_k(n={n}, c={c}, k={k}); expected k >= 1 and 0 <= c <= n")
    if k > n:
        return math.nan
    if n - c < k:
        return 1.0
    return 1.0 - math.prod((n - c - i) / (n - i) for i in range(k))


def wilson_interval(successes: float, n: float, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a proportion (Wilson 1927); sensible at 0 and at 1, and for small `n`.

    `n` may be fractional: an effective sample size. Both ends are NaN when `n` is 0.

    Raises:
        ValueError: `successes` is outside [0, n], or `confidence` outside (0, 1).
    """
    if not 0 < confidence < 1 or not 0 <= successes <= n:
        raise ValueError(
            f"wilson_interval(successes={successes}, n={n}, confidence={confidence}); "
            "expected 0 <= successes <= n and 0 < confidence < 1"
        )
    if n == 0:
        return Interval(low=math.nan, high=math.nan)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = successes / n
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if successes == 0 else max(0.0, (centre - half) / scale)  # rounding may step past the ends
    high = 1.0 if successes == n else min(1.0, (centre + half) / scale)
    return Interval(low=min(low, p), high=max(high, p))


def estimate_mean(values_by_task: Sequence[Sequence[float]], confidence: float = 0.95) -> Estimate:
    """Mean of the tasks' means, with an interval that takes the samples of a task as one cluster.

    The standard error is the spread of the tasks' means, `sd / sqrt(tasks)`: samples of one task are not independent.
    The interval is Wilson's. Its sample size is the number of tasks for one 0/1 sample a task; otherwise the effective
    one, `p (1 - p) / stderr**2`, never more than the samples there are (Dean and Pagano 2015, "Evaluating Confidence
    Interval Methods for Binomial Proportions in Clustered Surveys"), so it has a width even where all tasks agree.

    Args:
        values_by_task: the scored samples of each task, each in [0, 1]; a task without any is left out.
        confidence: of the interval.

    Raises:
        ValueError: a value is outside [0, 1] or NaN.
    """
    scored = [values for values in values_by_task if values]
    if any(not 0 <= value <= 1 for values in scored for value in values):
        raise ValueError("estimate_mean got a value outside [0, 1]; leave out what could not be scored")
    samples = sum(map(len, scored))
    if not scored:
        nowhere = Interval(low=math.nan, high=math.nan)
        return Estimate(mean=math.nan, stderr=math.nan, interval=nowhere, tasks=0, samples=0)
    means = [math.fsum(values) / len(values) for values in scored]
    mean = min(1.0, math.fsum(means) / len(means))
    stderr = _standard_error(means, mean)
    plain = samples == len(scored) and all(value in (0, 1) for (value,) in scored)
    size = len(scored) if plain else _effective_size(mean, stderr, len(scored), samples)
    interval = wilson_interval(mean * size, size, confidence)
    return Estimate(mean=mean, stderr=stderr, interval=interval, tasks=len(scored), samples=samples)


def _standard_error(means: Sequence[float], mean: float) -> float:
    """Standard error of the mean of independent `means`; NaN for a single one."""
    count = len(means)
    if count < 2:
        return math.nan
    return math.sqrt(math.fsum((value - mean) ** 2 for value in means) / (count * (count - 1)))


def _effective_size(mean: float, stderr: float, tasks: int, samples: int) -> float:
    """How many independent 0/1 samples would have this standard error."""
    variance = mean * (1 - mean)
    if variance == 0 or math.isnan(stderr):
        return tasks  # all alike, or one task: nothing shows that a task's samples are independent
    return min(samples, variance / stderr**2) if stderr > 0 else samples


def worst_and_best(values_by_task: Sequence[Sequence[float]], missing_by_task: Sequence[int]) -> Interval:
    """Mean of the tasks' means if every missing sample were 0, and if every one were 1.

    Both ends are NaN when there is neither a value nor a missing sample.

    Raises:
        ValueError: the two sequences differ in length.
    """
    pairs = [(v, m) for v, m in zip(values_by_task, missing_by_task, strict=True) if v or m]
    if not pairs:
        return Interval(low=math.nan, high=math.nan)
    low = math.fsum(math.fsum(values) / (len(values) + missing) for values, missing in pairs)
    gap = math.fsum(missing / (len(values) + missing) for values, missing in pairs)
    return Interval(low=low / len(pairs), high=min(1.0, (low + gap) / len(pairs)))
