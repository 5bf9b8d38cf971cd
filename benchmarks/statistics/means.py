"""Means over tasks, with errors that know that the samples of a task, and the tasks of a cluster, go together."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assaygym.benchmarks.statistics.intervals import NOWHERE, Interval, wilson_interval

__all__ = ["Estimate", "bootstrap_mean", "cluster_sums", "clustered_error", "estimate_mean", "worst_and_best"]

BATCH = 2_000_000
"""Numbers that a resampling holds at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean over tasks. `stderr` is NaN with fewer than two clusters; everything is NaN when nothing was scored."""

    mean: float
    stderr: float
    interval: Interval
    tasks: int
    """Tasks with at least one scored sample."""
    samples: int
    clusters: int
    """Groups of tasks that go together; the tasks themselves where nothing else was said."""


def estimate_mean(
    values_by_task: Sequence[Sequence[float]],
    confidence: float = 0.95,
    clusters: Sequence[Hashable] | None = None,
    draws: int | None = None,
) -> Estimate:
    """Mean of the tasks' means (avg@n), with an interval that takes the samples of a task as one cluster.

    The standard error is that of `clustered_error`; where each task is its own cluster it is the spread of the tasks'
    means, `sd / sqrt(tasks)`: samples of one task are not independent. The interval is Wilson's. Its sample size is
    the number of tasks for one 0/1 sample a task; otherwise the effective one, `p (1 - p) / stderr**2`, never more
    than the samples there are (Dean and Pagano 2015, "Evaluating Confidence Interval Methods for Binomial Proportions
    in Clustered Surveys"), so it has a width even where all tasks agree.

    Args:
        values_by_task: the scored samples of each task, each in [0, 1]; a task without any is left out.
        confidence: of the interval.
        clusters: what each task belongs to (its template, source document, database); each to itself when None.
        draws: samples in all that the values were worked out from; one for each value when None.

    Raises:
        ValueError: a value is outside [0, 1] or NaN, or there are not as many clusters as tasks.
    """
    keys = range(len(values_by_task)) if clusters is None else clusters
    scored = [(key, values) for key, values in zip(keys, values_by_task, strict=True) if values]
    if any(not 0 <= value <= 1 for _, values in scored for value in values):
        raise ValueError("estimate_mean got a value outside [0, 1]; leave out what could not be scored")
    samples = sum(len(values) for _, values in scored) if draws is None else draws
    if not scored:
        return Estimate(mean=math.nan, stderr=math.nan, interval=NOWHERE, tasks=0, samples=0, clusters=0)
    means = [math.fsum(values) / len(values) for _, values in scored]
    mean = min(1.0, math.fsum(means) / len(means))
    groups = [key for key, _ in scored]
    stderr, count = clustered_error(means, groups), len(set(groups))
    plain = samples == count and all(value in (0, 1) for _, (value, *_) in scored)
    size = count if plain else _effective_size(mean, stderr, count, samples)
    interval = wilson_interval(mean * size, size, confidence)
    return Estimate(mean=mean, stderr=stderr, interval=interval, tasks=len(scored), samples=samples, clusters=count)


def clustered_error(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> float:
    """Standard error of the mean of `values`, clusters being independent of one another and values within not.

    `sqrt(G / (G - 1) * sum over the G clusters of (sum of the cluster's deviations from the mean)**2) / n`: Liang and
    Zeger 1986, "Longitudinal Data Analysis Using Generalized Linear Models", for a mean, with the usual correction for
    few clusters; Miller 2024, "Adding Error Bars to Evals".

    Returns:
        NaN with fewer than two clusters.
    """
    sums, counts = cluster_sums(values, clusters)
    groups, n = len(sums), counts.sum()
    if groups < 2:
        return math.nan
    deviations = sums - counts * (math.fsum(values) / n)
    return math.sqrt(groups / (groups - 1) * math.fsum(deviations**2)) / float(n)


def cluster_sums(
    values: Sequence[float], clusters: Sequence[Hashable] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The sum and the number of values of each cluster, in the order in which clusters first occur.

    Raises:
        ValueError: there are not as many clusters as values.
    """
    keys = range(len(values)) if clusters is None else clusters
    places: dict[Hashable, int] = {}
    where = [places.setdefault(key, len(places)) for key, _ in zip(keys, values, strict=True)]
    sums, counts = np.zeros(len(places)), np.zeros(len(places))
    np.add.at(sums, where, values)
    np.add.at(counts, where, 1)
    return sums, counts


def _effective_size(mean: float, stderr: float, clusters: int, samples: int) -> float:
    """How many independent 0/1 samples would have this standard error."""
    variance = mean * (1 - mean)
    if variance == 0 or math.isnan(stderr):
        return clusters  # all alike, or one cluster: nothing shows that what is within a cluster is independent
    return min(samples, variance / stderr**2) if stderr > 0 else samples


def bootstrap_mean(
    values: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    confidence: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
) -> Interval:
    """Percentile interval of the mean of `values`, from resampling whole clusters with replacement.

    Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13; for differences of pairs it is the paired
    bootstrap (Koehn 2004, "Statistical Significance Tests for Machine Translation Evaluation"). It has no width where
    all clusters agree, and is too narrow for few clusters: `estimate_mean` is the better interval of a mean in [0, 1].
    Clusters of one sum and size are drawn by number, multinomially, which is the same and quick for 0/1 scores.

    Args:
        values: one for each task, of any range.
        clusters: what each belongs to; each to itself when None.
        confidence: of the interval.
        resamples: how many are drawn.
        seed: the same gives the same interval.

    Returns:
        NaN ends with fewer than two clusters.
    """
    sums, counts = cluster_sums(values, clusters)
    if len(sums) < 2:
        return NOWHERE
    kinds, alike = np.unique(np.stack([sums, counts]), axis=1, return_counts=True)
    generator, means = np.random.default_rng(seed), np.empty(resamples)
    for start in range(0, resamples, size := max(1, BATCH // len(alike))):
        drawn = generator.multinomial(len(sums), alike / len(sums), size=min(size, resamples - start))
        means[start : start + size] = (drawn @ kinds[0]) / (drawn @ kinds[1])
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(low=float(low), high=float(high))


def worst_and_best(values_by_task: Sequence[Sequence[float]], missing_by_task: Sequence[int]) -> Interval:
    """Mean of the tasks' means if every missing sample were 0, and if every one were 1.

    Both ends are NaN when there is neither a value nor a missing sample.

    Raises:
        ValueError: the two sequences differ in length.
    """
    pairs = [(v, m) for v, m in zip(values_by_task, missing_by_task, strict=True) if v or m]
    if not pairs:
        return NOWHERE
    low = math.fsum(math.fsum(values) / (len(values) + missing) for values, missing in pairs)
    gap = math.fsum(missing / (len(values) + missing) for values, missing in pairs)
    return Interval(low=low / len(pairs), high=min(1.0, (low + gap) / len(pairs)))
