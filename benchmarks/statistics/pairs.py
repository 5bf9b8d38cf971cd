"""Two runs over the same tasks: who solves what, the difference with its interval, and one test of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assaygym.benchmarks.statistics.intervals import NOWHERE, Interval
from assaygym.benchmarks.statistics.means import bootstrap_mean
from assaygym.benchmarks.statistics.samples import Sample, TaskSamples
from assaygym.benchmarks.statistics.significance import (
    McNemar,
    SignFlip,
    bonett_price_interval,
    detectable_difference,
    detectable_proportion,
    mcnemar,
    sign_flip,
)

__all__ = ["Pair", "PairedResult", "Reading", "compare_pairs"]

Reading = Literal["strict", "lenient"]
"""Which score of a sample counts: format required, or the extracted answer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The scores of one task in both runs, at least one in each."""

    task: str
    a: tuple[float, ...]
    b: tuple[float, ...]
    group: tuple[str, str]
    """The cluster of the task."""

    @classmethod
    def of(cls, a: TaskSamples, b: TaskSamples, reading: Reading = "strict") -> Pair:
        """The pair of a task's scored samples, in the cluster that A puts it in."""
        return cls(task=a.task, a=_values(a.scored, reading), b=_values(b.scored, reading), group=a.group)

    @property
    def difference(self) -> float:
        """Mean score in B less that in A."""
        return math.fsum(self.b) / len(self.b) - math.fsum(self.a) / len(self.a)

    @property
    def binary(self) -> bool:
        """Whether it is one 0/1 outcome on either side."""
        return len(self.a) == len(self.b) == 1 and {*self.a, *self.b} <= {0.0, 1.0}


def _values(samples: Sequence[Sample], reading: Reading) -> tuple[float, ...]:
    return tuple(sample.value if reading == "strict" else sample.leniently for sample in samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedResult:
    """B against A over the paired tasks. Differences are B less A; all are NaN, the p-value too, without a pair."""

    tasks: int
    mean_a: float
    mean_b: float
    difference: float
    interval: Interval
    """Bonett and Price's for one 0/1 sample a task, or where all clusters agree; the bootstrap's otherwise."""
    bootstrap: Interval
    """Paired bootstrap over clusters; without a width where all clusters agree."""
    only_a: tuple[str, ...]
    """Tasks that A solves and B does not. Solved: more than half of the scored samples have score 1."""
    only_b: tuple[str, ...]
    both: int
    neither: int
    mcnemar: McNemar | None
    """For one 0/1 sample a task and tasks that stand alone."""
    sign_flip: SignFlip | None
    """For all else: graded scores, several samples a task, clusters."""
    detectable: float
    """The smallest true difference that would be found with chance 0.8; NaN where that cannot be told."""

    @property
    def p_value(self) -> float:
        """Of the one test that fits: exact McNemar, or the sign-flip permutation."""
        if self.mcnemar is not None:
            return self.mcnemar.exact
        return math.nan if self.sign_flip is None else self.sign_flip.p_value

    @property
    def test(self) -> str:
        """The name of that test."""
        if self.mcnemar is not None:
            return "McNemar exact"
        if self.sign_flip is None:
            return "none"
        return "sign-flip permutation, exact" if self.sign_flip.exact else "sign-flip permutation, drawn"


def compare_pairs(
    pairs: Sequence[Pair], *, confidence: float = 0.95, resamples: int = 9999, seed: int = 0
) -> PairedResult:
    """The paired result of these tasks.

    McNemar's test needs one 0/1 sample a task on both sides and independent tasks; wherever that is not so the task
    means are compared by sign-flip permutation over clusters. (For what McNemar can take the two are the same test.)

    Raises:
        MissingDependencyError: scipy is not installed.
    """
    differences, groups = [pair.difference for pair in pairs], [pair.group for pair in pairs]
    plain = all(pair.binary for pair in pairs) and len(set(groups)) == len(pairs)
    only_a = tuple(pair.task for pair in pairs if _solves(pair.a) and not _solves(pair.b))
    only_b = tuple(pair.task for pair in pairs if _solves(pair.b) and not _solves(pair.a))
    both = sum(_solves(pair.a) and _solves(pair.b) for pair in pairs)
    bootstrap = bootstrap_mean(differences, groups, confidence=confidence, resamples=resamples, seed=seed)
    flat = not bootstrap.high > bootstrap.low
    sure = bonett_price_interval(differences, groups, confidence) if plain or flat else bootstrap
    flips = None if plain else sign_flip(differences, groups, resamples=resamples, seed=seed)
    alpha = 1 - confidence
    return PairedResult(
        tasks=len(pairs),
        mean_a=_mean([math.fsum(pair.a) / len(pair.a) for pair in pairs]),
        mean_b=_mean([math.fsum(pair.b) / len(pair.b) for pair in pairs]),
        difference=_mean(differences),
        interval=sure if pairs else NOWHERE,
        bootstrap=bootstrap,
        only_a=only_a,
        only_b=only_b,
        both=both,
        neither=len(pairs) - both - len(only_a) - len(only_b),
        mcnemar=mcnemar(len(only_a), len(only_b)) if plain and pairs else None,
        sign_flip=flips,
        detectable=detectable_proportion(len(pairs), len(only_a) + len(only_b), alpha)
        if plain
        else detectable_difference(differences, groups, alpha=alpha),
    )


def _solves(values: Sequence[float]) -> bool:
    return 2 * sum(value == 1 for value in values) > len(values)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan
