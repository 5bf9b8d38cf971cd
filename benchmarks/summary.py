"""What a run amounts to: a pure function of its plan and its final records.

It depends on nothing but these, so a run that was killed and resumed has the summary of one that was not.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from assaygym.benchmarks.folder import Plan
from assaygym.benchmarks.records import EpisodeRecord, Key, Outcome
from assaygym.benchmarks.statistics import Estimate, Interval, estimate_mean, pass_at_k, worst_and_best

__all__ = ["Failure", "PassAtK", "Summary", "bracketed", "headline_of", "percent", "shape_of", "summarise"]

TYPICAL = 3
"""How many failures a summary shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassAtK:
    """Mean over tasks of the unbiased pass@k. `bounds`: every unscored sample wrong, every one right."""

    k: int
    value: float
    """Over the tasks with at least `k` scored samples; NaN when there is none."""
    tasks: int
    bounds: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An episode that shows a common way to fail; `count` episodes failed like it."""

    task_id: str
    task: int
    sample: int
    outcome: Outcome
    explanation: str
    extracted: str | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The result of a run. Scores are over scored episodes only; `bounds` covers those without a score."""

    target: str
    policy: str
    tasks: int
    samples: int
    """Samples planned for each task."""
    done: int
    """Episodes that ran, scored or not."""
    scored: int
    score: Estimate
    """Mean score: over the samples of a task, then over tasks (avg@k)."""
    pass_at: tuple[PassAtK, ...]
    bounds: Interval
    """The mean score if every planned episode without a score had been wrong, and if right."""
    counts: Mapping[str, int]
    """Episodes by outcome, every outcome named."""
    truncated: int
    """Episodes that a limit cut, scored or not."""
    flags: Mapping[str, int]
    """What hack detectors saw, and in how many episodes."""
    failures: tuple[Failure, ...]
    folder: str = field(default="", compare=False)
    """Where the records are, as the user named it."""
    ended_by: str = field(default="", compare=False)
    """The limit of the run that ended it before all was played, as a sentence; empty where none did."""

    @property
    def planned(self) -> int:
        """Episodes asked for."""
        return self.tasks * self.samples

    @property
    def complete(self) -> bool:
        """Whether every planned episode ran."""
        return self.done == self.planned

    def headline(self) -> str:
        """The score with its interval: `82.9 % [76.4, 87.9] n=164`, samples a task after the number of tasks."""
        return headline_of(self.score, self.tasks, self.samples)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; NaN becomes None."""
        row = _plain(asdict(self))
        assert isinstance(row, dict)
        return {**row, "planned": self.planned, "complete": self.complete, "headline": self.headline()}


def headline_of(score: Estimate, tasks: int, samples: int) -> str:
    """See `Summary.headline`; `tasks` and `samples` as they were planned."""
    if not score.samples:
        return f"no score n=0 of {tasks}"
    times = f"x{samples}" if samples > 1 else ""
    return f"{percent(score.mean)} {bracketed(score.interval)} n={score.tasks}{times}"


def percent(share: float) -> str:
    """`82.9 %`, or `-` for NaN."""
    return "-" if math.isnan(share) else f"{100 * share:.1f} %"


def bracketed(interval: Interval) -> str:
    """`[76.4, 87.9]`, in percent."""
    return f"[{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def summarise(target: str, policy: str, plan: Plan, records: Mapping[Key, EpisodeRecord], folder: str = "") -> Summary:
    """The summary of a plan's records; records outside the plan are passed over."""
    mine = [records[key] for key in plan.keys if key in records]
    values: dict[int, list[float]] = {task: [] for task in plan.tasks}
    for record in mine:
        if record.outcome.scored:
            values[record.task].append(record.value)
    counts = Counter(record.outcome.value for record in mine)
    return Summary(
        target=target,
        policy=policy,
        tasks=len(plan.tasks),
        samples=plan.samples,
        done=len(mine),
        scored=sum(map(len, values.values())),
        score=estimate_mean(list(values.values())),
        pass_at=tuple(_pass_at(k, plan, mine) for k in _ks(plan.samples)),
        bounds=worst_and_best(list(values.values()), [plan.samples - len(scores) for scores in values.values()]),
        counts={outcome.value: counts[outcome.value] for outcome in Outcome},
        truncated=sum(record.truncated for record in mine),
        flags=dict(sorted(Counter(flag for record in mine for flag in record.flags).items())),
        failures=_typical(mine),
        folder=folder,
    )


def _ks(samples: int) -> list[int]:
    """1, the powers of two below the number of samples, and that number."""
    return sorted({1, samples, *(2**i for i in range(samples.bit_length()) if 2**i < samples)})


def _pass_at(k: int, plan: Plan, records: Iterable[EpisodeRecord]) -> PassAtK:
    scored, right = Counter[int](), Counter[int]()
    for record in records:
        scored[record.task] += record.outcome.scored
        right[record.task] += record.outcome is Outcome.CORRECT
    known = [pass_at_k(scored[task], right[task], k) for task in plan.tasks if scored[task] >= k]
    n = plan.samples
    worst = [pass_at_k(n, right[task], k) for task in plan.tasks]
    best = [pass_at_k(n, right[task] + n - scored[task], k) for task in plan.tasks]
    return PassAtK(k=k, value=_mean(known), tasks=len(known), bounds=Interval(low=_mean(worst), high=_mean(best)))


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _typical(records: Iterable[EpisodeRecord]) -> tuple[Failure, ...]:
    """The first episode of each of the most frequent kinds of failure."""
    kinds: dict[tuple[Outcome, str], list[EpisodeRecord]] = {}
    for record in records:
        if record.outcome not in (Outcome.CORRECT, Outcome.PARTIAL):
            kinds.setdefault((record.outcome, shape_of(record.explanation)), []).append(record)
    common = sorted(kinds.values(), key=lambda alike: (-len(alike), alike[0].key))
    return tuple(_failure(alike[0], len(alike)) for alike in common[:TYPICAL])


def shape_of(explanation: str) -> str:
    """The explanation without what differs from task to task: numbers and quoted text."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`|[-+]?\d[\d.,/]*", "#", explanation)[:120]


def _failure(record: EpisodeRecord, count: int) -> Failure:
    return Failure(
        task_id=record.task_id,
        task=record.task,
        sample=record.sample,
        outcome=record.outcome,
        explanation=record.explanation,
        extracted=record.extracted,
        count=count,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
