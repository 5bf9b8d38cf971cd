"""Two runs over the same tasks, paired by task: a pure function of their samples, and its lines of text.

    A, B --may they be compared?--> pairs by task name --> the paired result, one for each category (Holm) --> lines

Whatever differs between the runs besides the policy could be the reason for a difference in their scores, so other
prompts, another verifier or other tasks are refused unless they are allowed by name, and then stand in the result.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assaygym.benchmarks.statistics.comparable import ALLOWABLE, RunSamples, check_comparable
from assaygym.benchmarks.statistics.describe import status_counts
from assaygym.benchmarks.statistics.intervals import Interval, as_plain
from assaygym.benchmarks.statistics.means import Estimate, estimate_mean, worst_and_best
from assaygym.benchmarks.statistics.pairs import Pair, PairedResult, Reading, compare_pairs
from assaygym.benchmarks.statistics.samples import Status, TaskSamples
from assaygym.benchmarks.statistics.significance import holm
from assaygym.benchmarks.summary import bracketed, percent

__all__ = ["ALLOWABLE", "CategoryComparison", "Comparison", "RunSamples", "Side", "compare", "comparison_lines"]

FLIPS = 20
"""Names of tasks in a list of flips."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two runs, over the tasks that both have."""

    name: str
    score: Estimate
    """Over the paired tasks."""
    counts: Mapping[str, int]
    """Planned samples by `Status`."""
    extra: int
    """Tasks that only this run has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryComparison:
    """A category's own result; `p_holm` is its p-value adjusted for the number of categories."""

    name: str
    result: PairedResult
    p_holm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything `assay compare` prints. Differences are B less A, in [-1, 1]."""

    a: Side
    b: Side
    result: PairedResult
    bounds: Interval
    """The difference over all shared tasks, were every unscored sample of B wrong and of A right, and the reverse."""
    unpaired: tuple[str, ...]
    """Shared tasks without a scored sample in one of the runs: in the bounds, not in the result."""
    categories: tuple[CategoryComparison, ...]
    allowed: tuple[str, ...]
    """What differs between the runs and was allowed to, as sentences."""
    reading: Reading
    confidence: float

    @property
    def significant(self) -> bool:
        """Whether the test rejects that both runs are alike."""
        return self.result.p_value <= 1 - self.confidence

    @property
    def verdict(self) -> str:
        """The finding in one sentence."""
        result = self.result
        if not result.tasks:
            return "nothing to compare: no task has a score in both runs"
        if self.significant:
            better, worse = (self.b, self.a) if result.difference > 0 else (self.a, self.b)
            return f"{better.name} is better than {worse.name} ({_told(result.p_value)})"
        return f"no detectable difference ({_told(result.p_value)}); {_detectable(result)}"

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; NaN becomes None."""
        found = {"p_value": self.result.p_value, "test": self.result.test, "significant": self.significant}
        return {**as_plain(self), **as_plain(found), "verdict": self.verdict}


def compare(
    a: RunSamples,
    b: RunSamples,
    *,
    allow: Collection[str] = (),
    reading: Reading = "strict",
    confidence: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
) -> Comparison:
    """Compare two runs, task by task; tasks are found by name, whatever their order.

    Args:
        a: the run that differences start from.
        b: the other.
        allow: what may differ: any of `prompts`, `tasks`, `verifier`.
        reading: which score of a sample counts.
        confidence: of the intervals; the tests' level is one less this.
        resamples: of bootstrap and permutation.
        seed: of both; the same gives the same result.

    Raises:
        ConfigError: the runs differ in what was not allowed, share no task, have a task twice, or `allow` names
            something else.
        MissingDependencyError: scipy is not installed.
    """
    allowed = check_comparable(a, b, allow)
    others = {task.task: task for task in b.tasks}
    shared = [(task, others[task.task]) for task in a.tasks if task.task in others]
    pairs = {mine.task: Pair.of(mine, other, reading) for mine, other in shared if mine.scored and other.scored}

    def result(chosen: Sequence[Pair]) -> PairedResult:
        return compare_pairs(chosen, confidence=confidence, resamples=resamples, seed=seed)

    both = list(pairs.values())
    groups = [pair.group for pair in both]
    extra = len(a.tasks) - len(shared), len(b.tasks) - len(shared)
    score_a = estimate_mean([pair.a for pair in both], confidence, groups)
    score_b = estimate_mean([pair.b for pair in both], confidence, groups)
    return Comparison(
        a=Side(name=a.name, score=score_a, counts=status_counts(task for task, _ in shared), extra=extra[0]),
        b=Side(name=b.name, score=score_b, counts=status_counts(task for _, task in shared), extra=extra[1]),
        result=result(both),
        bounds=_bounds(shared, reading),
        unpaired=tuple(task.task for task, _ in shared if task.task not in pairs),
        categories=_by_category({name: result(own) for name, own in _categories(shared, pairs).items()}),
        allowed=allowed,
        reading=reading,
        confidence=confidence,
    )


def _bounds(shared: Sequence[tuple[TaskSamples, TaskSamples]], reading: Reading) -> Interval:
    asked = [pair for pair in shared if pair[0].asked and pair[1].asked]
    mine, others = (
        worst_and_best(
            [[s.value if reading == "strict" else s.leniently for s in pair[side].scored] for pair in asked],
            [pair[side].unscored for pair in asked],
        )
        for side in (0, 1)
    )
    return Interval(low=others.low - mine.high, high=others.high - mine.low)


def _categories(shared: Sequence[tuple[TaskSamples, TaskSamples]], pairs: Mapping[str, Pair]) -> dict[str, list[Pair]]:
    """Pairs by the category that A, or else B, gives their task; none when there is but one category."""
    found: dict[str, list[Pair]] = {}
    for mine, other in shared:
        name = mine.category or other.category
        if name and mine.task in pairs:
            found.setdefault(name, []).append(pairs[mine.task])
    return found if len(found) > 1 else {}


def _by_category(results: Mapping[str, PairedResult]) -> tuple[CategoryComparison, ...]:
    adjusted = holm([result.p_value for result in results.values()])
    return tuple(
        CategoryComparison(name=name, result=result, p_holm=p)
        for (name, result), p in zip(results.items(), adjusted, strict=True)
    )


def comparison_lines(comparison: Comparison, flips: int = FLIPS) -> list[str]:
    """The comparison as plain text, a line each.

    Args:
        comparison: what to write.
        flips: names of tasks that are listed on either side.
    """
    return [
        *_head(comparison),
        *_caveats(comparison),
        *_table(comparison.categories),
        *_flips(comparison.result, flips),
    ]


def _head(comparison: Comparison) -> Iterator[str]:
    result = comparison.result
    for letter, side in (("A", comparison.a), ("B", comparison.b)):
        samples = f", {side.score.samples} samples" if side.score.samples != side.score.tasks else ""
        score = f"{percent(side.score.mean)} {bracketed(side.score.interval)}" if side.score.tasks else "no score"
        yield f"{letter}: {side.name}: {score} n={side.score.tasks}{samples}"
    if result.tasks:
        sure = f"{100 * comparison.confidence:g} % interval {_points(result.interval)}"
        yield f"B - A: {_signed(result.difference)} points, {sure}, paired bootstrap {_points(result.bootstrap)}"
        only = f"A only {len(result.only_a)}, B only {len(result.only_b)}"
        yield f"solved by {only}, both {result.both}, neither {result.neither}"
        mid = f"; mid-p: {_told(result.mcnemar.mid_p)}" if result.mcnemar is not None else ""
        yield f"{result.test}: {_told(result.p_value)}{mid}"
    yield comparison.verdict


def _caveats(comparison: Comparison) -> Iterator[str]:
    """What the comparison leaves out or takes as alike."""
    if comparison.reading == "lenient":
        yield "scores are of the extracted answers, whatever their format"
    for side in (comparison.a, comparison.b):
        unscored = [f"{n} {name}" for name, n in side.counts.items() if n and name != Status.SCORED]
        if unscored:
            yield f"without a score in {side.name}: {', '.join(unscored)}"
    if comparison.bounds.low != comparison.bounds.high:
        low, high = _signed(comparison.bounds.low), _signed(comparison.bounds.high)
        yield f"had those been wrong in one run and right in the other: B - A from {low} to {high} points"
    if comparison.unpaired:
        yield f"not paired, for want of a score in one run: {len(comparison.unpaired)} tasks"
    for told in comparison.allowed:
        yield f"compared although they differ: {told}"


def _table(categories: Sequence[CategoryComparison]) -> Iterator[str]:
    if not categories:
        return
    width = max(len("category"), *(len(category.name) for category in categories))
    yield f"{'category':<{width}}  {'n':>5}  {'A':>7}  {'B':>7}  {'B - A':>7}  {'p':>7}  {'p Holm':>7}"
    for category in categories:
        own = category.result
        means = f"{percent(own.mean_a):>7}  {percent(own.mean_b):>7}  {_signed(own.difference):>7}"
        yield f"{category.name:<{width}}  {own.tasks:>5}  {means}  {_p(own.p_value):>7}  {_p(category.p_holm):>7}"


def _flips(result: PairedResult, most: int) -> Iterator[str]:
    for letter, tasks in (("A", result.only_a), ("B", result.only_b)):
        if tasks and most:
            more = f" and {len(tasks) - most} more" if len(tasks) > most else ""
            yield f"only {letter}: {', '.join(tasks[:most])}{more}"


def _detectable(result: PairedResult) -> str:
    if math.isnan(result.detectable):
        return "what could be detected cannot be told from so few tasks"
    return f"smallest detectable here is {100 * result.detectable:.1f} points (four times in five)"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _told(p_value: float) -> str:
    return f"p {_p(p_value)}" if p_value < 0.001 else f"p = {_p(p_value)}"


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}"


def _points(interval: Interval) -> str:
    return f"[{_signed(interval.low)}, {_signed(interval.high)}]"
