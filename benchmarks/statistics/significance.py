"""Tests of a difference between two runs over the same tasks, and what they could have seen at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from assaygym.benchmarks.statistics.intervals import NOWHERE, Interval, need_scipy
from assaygym.benchmarks.statistics.means import BATCH, cluster_sums, clustered_error

__all__ = [
    "McNemar",
    "SignFlip",
    "bonett_price_interval",
    "detectable_difference",
    "detectable_proportion",
    "holm",
    "mcnemar",
    "sign_flip",
]

EXACT = 16
"""Up to so many clusters that differ, all their sign patterns are gone through."""
TOLERANCE = 1e-9
"""Sums of differences this close are equal: rounding must not part them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class McNemar:
    """Two-sided p-values that both runs solve a task equally often."""

    exact: float
    mid_p: float


def mcnemar(only_a: int, only_b: int) -> McNemar:
    """McNemar's test of paired 0/1 outcomes, from the tasks that only one run solves.

    Exact: `only_a` is Binomial(only_a + only_b, 1/2) when the runs are alike (McNemar 1947). Mid-p counts tables as
    far off as the observed one by half, `2 P(X <= min) - P(X = min)`, or `1 - P(X = min) / 2` when both counts are
    equal: less conservative, and rarely over the nominal level (Fagerland, Lydersen and Laake 2013, "The McNemar test
    for binary matched-pairs data: mid-p and asymptotic are better than exact conditional"). Both are 1 when no task
    differs.

    Raises:
        ValueError: a count is negative.
        MissingDependencyError: scipy is not installed.
    """
    if only_a < 0 or only_b < 0:
        raise ValueError(f"mcnemar(only_a={only_a}, only_b={only_b}); expected numbers of tasks")
    n = only_a + only_b
    if n == 0:
        return McNemar(exact=1.0, mid_p=1.0)
    need_scipy("McNemar's test")
    from scipy.stats import binom, binomtest

    exact = float(binomtest(only_a, n, 0.5).pvalue)
    alike = float(binom.pmf(only_a, n, 0.5)) * (1 if only_a == only_b else 2)
    return McNemar(exact=exact, mid_p=exact - alike / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignFlip:
    """A two-sided p-value; `exact` when all sign patterns were gone through."""

    p_value: float
    exact: bool


def sign_flip(
    differences: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    resamples: int = 9999,
    seed: int = 0,
) -> SignFlip:
    """Permutation test that paired differences are symmetric about 0: A and B may be swapped in any task.

    The share of sign patterns whose sum of differences is at least as far from 0 (Fisher 1935, "The Design of
    Experiments", section 21). The differences of a cluster change sign together. All patterns are gone through for up
    to 16 clusters that differ; otherwise `resamples` are drawn and the p-value is `(b + 1) / (resamples + 1)`, never 0
    (Phipson and Smyth 2010, "Permutation P-values Should Never Be Zero: Calculating Exact P-values When Permutations
    Are Randomly Drawn"). Differences of one size are drawn by number, binomially, which is the same.

    Args:
        differences: B less A, one for each task.
        clusters: what each task belongs to; each to itself when None.
        resamples: patterns drawn where there are too many.
        seed: the same gives the same p-value.
    """
    sums, _ = cluster_sums(differences, clusters)
    sizes = np.abs(sums)
    observed, sizes = abs(math.fsum(sums)) - TOLERANCE, sizes[sizes > TOLERANCE]  # turning a zero round changes nothing
    if len(sizes) <= EXACT:
        return SignFlip(p_value=float(np.mean(np.abs(_all_sums(sizes)) >= observed)), exact=True)
    extreme, generator = 0, np.random.default_rng(seed)
    kinds, alike = np.unique(sizes, return_counts=True)
    for start in range(0, resamples, size := max(1, BATCH // len(kinds))):
        kept = generator.binomial(alike, 0.5, size=(min(size, resamples - start), len(kinds)))
        extreme += int(np.sum(np.abs((2 * kept - alike) @ kinds) >= observed))
    return SignFlip(p_value=(extreme + 1) / (resamples + 1), exact=False)


def _all_sums(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums of the sizes under all patterns of signs."""
    sums = np.zeros(1)
    for size in sizes:
        sums = np.concatenate([sums + size, sums - size])
    return sums


def bonett_price_interval(
    differences: Sequence[float], clusters: Sequence[Hashable] | None = None, confidence: float = 0.95
) -> Interval:
    """Interval of the mean difference of paired 0/1 outcomes, which has a width even where no task differs.

    Bonett and Price 2012, "Adjusted Wald Confidence Interval for a Difference of Binomial Proportions Based on Paired
    Data": Wald's interval after one task more is counted for each run as solved by it alone. The same two tasks are
    added here for differences that are not 0/1 or come in clusters.

    Args:
        differences: B less A for each task, each in [-1, 1].
        clusters: what each task belongs to; each to itself when None.
        confidence: of the interval.

    Returns:
        NaN ends without a task.
    """
    if not len(differences):
        return NOWHERE
    sums, counts = cluster_sums(differences, clusters)
    sums, n = np.append(sums, (1.0, -1.0)), float(counts.sum()) + 2
    mean = math.fsum(sums) / n
    deviations = sums - np.append(counts, (1.0, 1.0)) * mean
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * math.sqrt(math.fsum(deviations**2)) / n
    return Interval(low=max(-1.0, mean - half), high=min(1.0, mean + half))


def detectable_proportion(tasks: int, discordant: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """Smallest true difference that McNemar's exact test at level `alpha` finds with chance `power`.

    Exact: over the number of discordant tasks, Binomial(tasks, discordant / tasks), of the chance that the test rejects
    given that number (Duffy 1984, "Asymptotic and Exact Power for the McNemar Test and its Analogue with R Controls per
    Case"). The share of discordant tasks is held as observed, or at the difference where that is more.

    Returns:
        NaN when not even a difference of 1 would be found: too few tasks.

    Raises:
        ValueError: `discordant` is outside [0, tasks].
        MissingDependencyError: scipy is not installed.
    """
    if not 0 <= discordant <= tasks:
        raise ValueError(
            f"detectable_proportion(tasks={tasks}, discordant={discordant}); expected 0 <= discordant <= tasks"
        )
    need_scipy("the smallest detectable difference")
    from scipy.stats import binom

    sizes = np.arange(tasks + 1)
    critical = binom.ppf(alpha / 2, sizes, 0.5)  # the largest count in the lower tail is this one, or one less
    critical -= binom.cdf(critical, sizes, 0.5) > alpha / 2

    def chance(difference: float) -> float:
        share = max(discordant / tasks, difference)
        lean = (share + difference) / (2 * share)
        rejects = binom.cdf(critical, sizes, lean) + binom.cdf(critical, sizes, 1 - lean)
        return float(np.sum(binom.pmf(sizes, tasks, share) * rejects))

    return _smallest(chance, power) if tasks else math.nan


def _smallest(chance: Callable[[float], float], power: float) -> float:
    """The smallest number in (0, 1] at which a rising chance reaches `power`, to 1e-6; NaN where it never does."""
    low, high = 0.0, 1.0
    if chance(high) < power:
        return math.nan
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if chance(middle) >= power else (middle, high)
    return high


def detectable_difference(
    differences: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
) -> float:
    """Smallest true mean difference that a two-sided test at level `alpha` finds with chance `power`.

    `(t(1 - alpha/2) + t(power)) * stderr`, Student's t with one degree of freedom less than the clusters, the standard
    error as in `clustered_error`: the usual formula (Miller 2024, "Adding Error Bars to Evals") for few clusters.

    Returns:
        NaN with fewer than two clusters, or where all differences are alike: nothing says how far they spread.

    Raises:
        MissingDependencyError: scipy is not installed.
    """
    stderr = clustered_error(differences, clusters)
    if math.isnan(stderr) or stderr == 0:
        return math.nan
    need_scipy("the smallest detectable difference")
    from scipy.stats import t

    freedom = len(cluster_sums(differences, clusters)[0]) - 1
    return float(t.ppf(1 - alpha / 2, freedom) + t.ppf(power, freedom)) * stderr


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given: rejecting all up to alpha errs with chance at most alpha.

    Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure": the smallest times their number, the next
    times one less, and so on; never below the one before, never above 1.

    Raises:
        ValueError: a p-value is outside [0, 1] or NaN.
    """
    if any(not 0 <= p <= 1 for p in p_values):
        raise ValueError(f"holm got {list(p_values)}; expected p-values in [0, 1]")
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = least
    return adjusted
