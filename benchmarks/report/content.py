"""What a report says, as plain values: everything on its first page. Its size does not grow with the episodes, only
with the categories.

`assaygym.benchmarks.report.facts` works it out; the page, the Markdown and `--json` show it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assaygym.benchmarks.report.content_run import Attempt, EpisodeRef, Latency, Provenance, Speed
from assaygym.benchmarks.statistics import AtK, Estimate, Interval, as_plain
from assaygym.benchmarks.statistics.describe import CategoryStatistics

__all__ = [
    "Attempt",
    "Curve",
    "Difference",
    "EpisodeRef",
    "FailureKind",
    "Flag",
    "FormatGap",
    "Headline",
    "Histogram",
    "Latency",
    "Provenance",
    "Reason",
    "ReportFacts",
    "Speed",
    "StripCell",
    "TaskLine",
    "TaskStrip",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The score and what it rests on. Scores are over scored episodes only."""

    target: str
    policy: str
    text: str
    """`82.9 % [76.4, 87.9] n=164`, or what there is instead of a score."""
    score: Estimate
    """avg@k, format required."""
    bounds: Interval
    """The score, were every planned episode without one wrong, and right."""
    confidence: float
    tasks: int
    samples: int
    """Planned for each task."""
    planned: int
    done: int
    """Episodes that ran, scored or not."""
    scored: int
    counts: Mapping[str, int]
    """Episodes by outcome, every `Outcome` named, and `missing`: planned and never run. They sum to `planned`."""
    truncated: int
    """Episodes that a limit cut, scored or not."""
    ended_by: str = ""
    """The limit that ended the run before all was played, in words; empty where none did."""
    rescored: str = ""
    """The sentence to show where these are later scores of the episodes; empty for the scores of the run itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """An estimator over numbers of tries."""

    name: str
    """`pass@k`, `pass^k`, `maj@k` or `best-of-k`."""
    meaning: str
    points: tuple[AtK, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How many episodes had how much of something: right, wrong, and without a score.

    A bin holds `edges[i] <= value < edges[i + 1]`, the last one its upper edge too. Every episode is in one bin, or
    among the unmeasured (its value is NaN or infinite).
    """

    name: str
    """`reward`, `tokens`, `characters`, `turns`, `tool_calls` or `seconds`."""
    label: str
    edges: tuple[float, ...]
    right: tuple[int, ...]
    wrong: tuple[int, ...]
    unscored: tuple[int, ...]
    unmeasured: int
    median_right: float
    """NaN where there is none, as the next."""
    median_wrong: float
    whole: bool = False
    """Whether the values are whole numbers: a bin then holds `edges[i]` to `edges[i + 1] - 1`."""
    logarithmic: bool = False
    """Whether the edges grow by a factor; the first bin then goes down to 0."""

    @property
    def episodes(self) -> int:
        """Those in bins and the unmeasured."""
        return sum(self.right) + sum(self.wrong) + sum(self.unscored) + self.unmeasured


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A typical explanation: `count` episodes have one that differs only in numbers and quoted text."""

    text: str
    count: int
    example: EpisodeRef


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureKind:
    """A way not to be right. Each episode that ran and is not right is of one kind."""

    name: str
    """`format`, `wrong`, `partial`, `truncated`, `tool_error`, `policy`, `invalid`, `error` or `unfinished`."""
    limit: str
    """Which limit cut a truncated or unfinished one (a `StopReason`, or `answer_length`); else empty."""
    meaning: str
    ours: bool
    """Whether a part of ours failed, so that it does not count against the agent."""
    count: int
    reasons: tuple[Reason, ...]
    """The most frequent first; never empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """One task's samples."""

    task: int
    name: str
    right: int
    scored: int
    planned: int
    mean: float
    """Score over its scored samples; NaN without any."""
    variance: float
    """Of its scored samples' scores, unbiased; NaN with fewer than two."""
    example: EpisodeRef | None
    """The first of its samples that ran and is not right, else the first that ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripCell:
    """One task, or, in a long run, several with neighbouring scores."""

    tasks: int
    label: str
    """The task's name; in a long run the first of them."""
    right: int
    scored: int
    mean: float
    """Of the tasks' mean scores; NaN where none has a score."""
    example: EpisodeRef | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStrip:
    """All tasks from the hardest to the easiest, those without a score last."""

    cells: tuple[StripCell, ...]
    binned: bool
    """Whether a cell is more than one task."""
    hardest: tuple[TaskLine, ...]
    """Those with the lowest mean score, below 1."""
    flakiest: tuple[TaskLine, ...]
    """Those whose samples differ most."""
    between: float
    """Variance of the tasks' mean scores, unbiased; NaN with fewer than two tasks."""
    within: float
    """Mean variance of the samples of one task; NaN where no task has two."""
    always: int
    """Tasks right in every scored sample."""
    never: int
    """Tasks right in none."""
    sometimes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something worth a look. It is never a verdict: a right answer may carry it, and a cheat may not."""

    name: str
    source: str
    """`verifier` (recorded with the episode), `report` (seen by comparing episodes) or `check` (must find nothing)."""
    meaning: str
    count: int
    """Episodes that carry it; 0 only for a check."""
    rewarded: int
    """Of these, the right ones."""
    examples: tuple[EpisodeRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An episode whose answer is right and its format is not, or the reverse."""

    episode: EpisodeRef
    strict: float
    lenient: float
    extracted: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatGap:
    """The score with the format required and of the extracted answers alone."""

    strict: Estimate
    lenient: Estimate
    gap: float
    """Lenient less strict."""
    count: int
    """Episodes in which the two differ."""
    rows: tuple[Difference, ...]
    """The first of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """All of it."""

    headline: Headline
    categories: tuple[CategoryStatistics, ...]
    curves: tuple[Curve, ...]
    histograms: tuple[Histogram, ...]
    """Those of which anything was measured."""
    failures: tuple[FailureKind, ...]
    """The most frequent first."""
    strip: TaskStrip
    latency: Latency | None
    """None where nobody measured it."""
    flags: tuple[Flag, ...]
    format_gap: FormatGap | None
    """None where the two scores cannot differ."""
    provenance: Provenance
    speed: Speed

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; NaN and infinities become None."""
        row = _finite(as_plain(self))
        assert isinstance(row, dict)
        return row


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _finite(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
