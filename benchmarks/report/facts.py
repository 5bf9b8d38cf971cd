"""The facts of a report, worked out of a recorded run in one pass over its episodes.

RecordedRun --statistics--------------------+
Entry, ... --histograms, failures, flags,   +--> ReportFacts
             latencies, totals--------------+
run.json ---attempts------------------------+
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from assaygym.benchmarks.index import Entry
from assaygym.benchmarks.limits import Used, used_before
from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.recorded import RecordedRun, run_samples
from assaygym.benchmarks.records import EpisodeRecord, Key, Outcome
from assaygym.benchmarks.report.content import (
    Curve,
    Difference,
    EpisodeRef,
    FormatGap,
    Headline,
    Provenance,
    ReportFacts,
)
from assaygym.benchmarks.report.costs import Latencies, Totals, attempts_of, ended_by
from assaygym.benchmarks.report.flags import Flags
from assaygym.benchmarks.report.histograms import Histograms
from assaygym.benchmarks.report.strip import task_lines, task_strip
from assaygym.benchmarks.report.taxonomy import Failures
from assaygym.benchmarks.statistics import AtK, RunStatistics, describe
from assaygym.benchmarks.summary import headline_of

__all__ = ["ReportFacts", "report_facts"]

DIFFERENCES = 50
"""Rows shown whose strict and lenient scores differ."""
CURVES = {
    "pass@k": "at least one of k tries is right (unbiased)",
    "pass^k": "all of k tries are right (unbiased)",
    "maj@k": "the answer that most of k tries give is right, ties broken at random",
    "best-of-k": "expected score of the best of k tries; shown where scores are graded",
}


def report_facts(run: RecordedRun, document: Mapping[str, Any], entries: Iterable[Entry]) -> ReportFacts:
    """Everything a report says of a run. Pure, in one pass.

    Args:
        run: the scores: of the run, or of a later scoring (`load_run` of its `rescored-N.json`).
        document: the `run.json`.
        entries: of the run's log, by task and sample; those that the run has no record of are passed over. A record
            without an entry counts with nothing measured.
    """
    samples = run_samples(run, answers=run.plan.samples > 1)
    names = {task: sample.task for task, sample in zip(run.plan.tasks, samples.tasks, strict=True)}
    found = describe(samples.tasks)
    pass_over = _Pass(names=names)
    for record, measures in _joined(run, entries):
        pass_over.add(record, measures)
    attempts, used = attempts_of(document), used_before(document["attempts"], run.records.values())
    return ReportFacts(
        headline=_headline(run, found, document),
        categories=found.categories,
        curves=tuple(_curves(found)) if run.plan.samples > 1 else (),
        histograms=pass_over.histograms.facts(),
        failures=pass_over.failures.facts(),
        strip=task_strip(task_lines(run.plan, run.records, names)),
        latency=pass_over.latencies.facts(),
        flags=pass_over.flags.facts(),
        format_gap=_format_gap(run, found, names),
        provenance=_provenance(run, document),
        speed=pass_over.totals.facts(attempts, used.cost, _currency(document)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass:
    """What looks at each episode once."""

    names: Mapping[int, str]
    histograms: Histograms = field(default_factory=Histograms)
    failures: Failures = field(default_factory=Failures)
    flags: Flags = field(default_factory=Flags)
    latencies: Latencies = field(default_factory=Latencies)
    totals: Totals = field(default_factory=Totals)

    def add(self, record: EpisodeRecord, measures: Measures) -> None:
        ref = EpisodeRef(task=record.task, sample=record.sample, name=self.names[record.task])
        self.histograms.add(record, measures)
        self.failures.add(record, measures, ref)
        self.flags.add(record, measures, ref)
        self.latencies.add(record, measures, ref)
        self.totals.add(measures)


def _joined(run: RecordedRun, entries: Iterable[Entry]) -> Iterator[tuple[EpisodeRecord, Measures]]:
    """Each planned record with its measures."""
    left = set[Key](run.plan.keys) & run.records.keys()
    for entry in entries:
        if entry.record.key in left:
            left.remove(entry.record.key)
            record = run.records[entry.record.key]
            yield record, _with_usage(entry.measures, record)
    for key in sorted(left):
        yield run.records[key], _with_usage(Measures(), run.records[key])


def _with_usage(measures: Measures, record: EpisodeRecord) -> Measures:
    """The measures with the tokens that a server charged, where the policy itself has none."""
    used = Used.of(record.usage)
    if measures.sampled_tokens or not used.completion_tokens:
        return measures
    return replace(measures, prompt_tokens=used.prompt_tokens, sampled_tokens=used.completion_tokens)


def _headline(run: RecordedRun, found: RunStatistics, document: Mapping[str, Any]) -> Headline:
    mine = [run.records[key] for key in run.plan.keys if key in run.records]
    counts = Counter(record.outcome.value for record in mine)
    planned = len(run.plan.tasks) * run.plan.samples
    return Headline(
        target=str(run.target["id"]),
        policy=str(run.config["policy"]["name"]),
        text=headline_of(found.score, len(run.plan.tasks), run.plan.samples),
        score=found.score,
        bounds=found.bounds,
        confidence=found.confidence,
        tasks=len(run.plan.tasks),
        samples=run.plan.samples,
        planned=planned,
        done=len(mine),
        scored=sum(record.outcome.scored for record in mine),
        counts={**{outcome.value: counts[outcome.value] for outcome in Outcome}, "missing": planned - len(mine)},
        truncated=sum(record.truncated for record in mine),
        ended_by=ended_by(document, complete=len(mine) == planned),
        rescored=_rescored(run),
    )


def _rescored(run: RecordedRun) -> str:
    if run.name == run.folder:
        return ""
    return (
        f"The scores are those of {PurePath(run.name).name}, by {run.verifier}; what the episodes took (turns, tokens, "
        "seconds, the verifier's included) is of the run itself."
    )


def _curves(found: RunStatistics) -> Iterator[Curve]:
    graded = any(_differs(a, b) for a, b in zip(found.best_of, found.pass_at, strict=True))
    best = found.best_of if graded else ()
    every = (found.pass_at, found.pass_hat, found.majority, best)
    for (name, meaning), points in zip(CURVES.items(), every, strict=True):
        if points:
            yield Curve(name=name, meaning=meaning, points=points)


def _differs(a: AtK, b: AtK) -> bool:
    return abs(a.estimate.mean - b.estimate.mean) > 1e-12


def _format_gap(run: RecordedRun, found: RunStatistics, names: Mapping[int, str]) -> FormatGap | None:
    if found.lenient is None:
        return None
    rows = [run.records[key] for key in run.plan.keys if key in run.records and _parts(run.records[key])]
    return FormatGap(
        strict=found.score,
        lenient=found.lenient,
        gap=found.format_gap,
        count=len(rows),
        rows=tuple(
            Difference(
                episode=EpisodeRef(task=row.task, sample=row.sample, name=names[row.task]),
                strict=row.value,
                lenient=math.nan if row.lenient is None else row.lenient,
                extracted=row.extracted,
            )
            for row in rows[:DIFFERENCES]
        ),
    )


def _parts(record: EpisodeRecord) -> bool:
    """Whether the strict and the lenient score differ."""
    return record.outcome.scored and record.lenient is not None and record.lenient != record.value


def _currency(document: Mapping[str, Any]) -> str:
    told = [str(start.get("usage", {}).get("currency") or "") for start in document["attempts"]]
    return next(filter(None, told), "")


def _provenance(run: RecordedRun, document: Mapping[str, Any]) -> Provenance:
    seed = run.config.get("seed")
    return Provenance(
        folder=run.folder,
        assaygym=str(run.config.get("assaygym", "unknown")),
        config_hash=str(document["config_hash"]),
        config=run.config,
        verifier=run.verifier,
        data=run.data,
        seed=seed if isinstance(seed, int) else None,
        attempts=attempts_of(document),
        gaps=tuple(run.gaps()),
    )
