"""What a claim in miniature is: a sentence with its source, a measurement of one seed, and checks fixed beforehand.

A check looks at the paired effect of each seed: a figure less another one, or their ratio. Its verdict comes from the
95 % interval (Student's t) of the mean effect: `held` where the whole interval lies inside the wanted range, `did not
hold` where it lies outside, `undecided` where it crosses a border. A claim holds where all checks that decide it hold.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, stdev

from assaygym.benchmarks.statistics.intervals import NOWHERE, Interval, need_scipy
from assaygym.errors import DataError

__all__ = ["Check", "Claim", "Figures", "Finding", "Verdict", "above", "alike", "below", "t_interval", "verdict_of"]

Figures = Mapping[str, float]
"""What was measured with one seed, by name."""

ROUNDING = 1e-9


class Verdict(StrEnum):
    """What came out."""

    HELD = "held"
    FAILED = "did not hold"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A check with what was found: the mean effect, its interval and the verdict."""

    says: str
    effect: float
    interval: Interval
    ratio: bool
    """Whether the effect is a ratio; the mean is then the geometric one."""
    seeds: int
    decides: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One comparison, and the open range in which its effect is wanted.

    Raises:
        DataError: from `found`, when a figure is missing.
    """

    says: str
    left: str
    """Name of a figure."""
    right: str | float
    """Name of another, or a number."""
    low: float
    high: float
    ratio: bool = False
    """left / right instead of left - right."""
    decides: bool = True
    """Whether the claim's verdict depends on it; the others are shown beside."""

    def found(self, rows: Sequence[Figures]) -> Finding:
        """The finding over these seeds; undecided with fewer than two, or where one of them has no ratio."""
        effects = [self._effect(row) for row in rows]
        mean = fmean(effects) if effects else math.nan
        interval = NOWHERE if math.isnan(mean) else t_interval(effects)
        if self.ratio:
            mean, interval = math.exp(mean), Interval(low=math.exp(interval.low), high=math.exp(interval.high))
        return Finding(
            says=self.says,
            effect=mean,
            interval=interval,
            ratio=self.ratio,
            seeds=len(effects),
            decides=self.decides,
            verdict=self._verdict(interval),
        )

    def _effect(self, row: Figures) -> float:
        right = row.get(self.right, math.nan) if isinstance(self.right, str) else self.right
        left = row.get(self.left, math.nan)
        if math.isnan(left) or math.isnan(right):
            raise DataError(f"{self.left} is {left} and {self.right} is {right}; expected figures of one seed")
        if not self.ratio:
            return left - right
        return math.log(left / right) if min(left, right) > 0 else math.nan

    def _verdict(self, interval: Interval) -> Verdict:
        if self.low + ROUNDING < interval.low and interval.high < self.high - ROUNDING:
            return Verdict.HELD
        if interval.high <= self.low + ROUNDING or interval.low >= self.high - ROUNDING:
            return Verdict.FAILED
        return Verdict.UNDECIDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim of a paper, and how it is put to the test at a size that a CPU core does in a few minutes."""

    name: str
    source: str
    says: str
    """What is claimed, in our words."""
    setting: str
    """What was done instead of what the paper did."""
    checks: tuple[Check, ...]
    measure: Callable[[int, bool], Figures]
    """The figures of a seed; with True at a size for tests, whose figures mean nothing."""

    @property
    def key(self) -> str:
        """Changes whenever the sentence, the setting or a rule does: figures of another key are not mixed in."""
        told = repr((self.name, self.says, self.setting, self.checks))
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def findings(self, rows: Sequence[Figures]) -> tuple[Finding, ...]:
        """One for each check, from the figures of several seeds."""
        return tuple(check.found(rows) for check in self.checks)


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """The claim's verdict: the worst of the checks that decide it."""
    given = {finding.verdict for finding in findings if finding.decides}
    return next((one for one in (Verdict.FAILED, Verdict.UNDECIDED) if one in given), Verdict.HELD)


def below(
    says: str, left: str, right: str | float, *, ratio: bool = False, by: float | None = None, decides: bool = True
) -> Check:
    """Wanted: left is less than right, or with `by` less than right + by (right * by for ratios)."""
    high = (1.0 if ratio else 0.0) if by is None else by
    return Check(says=says, left=left, right=right, low=-math.inf, high=high, ratio=ratio, decides=decides)


def above(
    says: str, left: str, right: str | float, *, ratio: bool = False, by: float | None = None, decides: bool = True
) -> Check:
    """Wanted: left is more than right, or with `by` more than right + by (right * by for ratios)."""
    low = (1.0 if ratio else 0.0) if by is None else by
    return Check(says=says, left=left, right=right, low=low, high=math.inf, ratio=ratio, decides=decides)


def alike(says: str, left: str, right: str | float, *, within: float, decides: bool = True) -> Check:
    """Wanted: the ratio is 1 but for this share."""
    low, high = 1 / (1 + within), 1 + within
    return Check(says=says, left=left, right=right, low=low, high=high, ratio=True, decides=decides)


def t_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Student's interval of the mean; without a width where all values agree, NaN with fewer than two.

    Raises:
        MissingDependencyError: scipy is not installed.
    """
    if len(values) < 2:
        return NOWHERE
    need_scipy("intervals over few seeds")
    from scipy.stats import t

    mean = fmean(values)
    half = float(t.ppf(0.5 + confidence / 2, len(values) - 1)) * stdev(values, mean) / math.sqrt(len(values))
    return Interval(low=mean - half, high=mean + half)
