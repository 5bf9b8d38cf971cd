"""Suites, runner, statistics and report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaygym.lazy import lazy_names

if TYPE_CHECKING:
    from assaygym.benchmarks.folder import Plan as Plan
    from assaygym.benchmarks.folder import read_run as read_run
    from assaygym.benchmarks.index import final_records as final_records
    from assaygym.benchmarks.progress import ProgressDisplay as ProgressDisplay
    from assaygym.benchmarks.progress import Tally as Tally
    from assaygym.benchmarks.recorded import load_run as load_run
    from assaygym.benchmarks.recorded import run_pair as run_pair
    from assaygym.benchmarks.recorded import run_samples as run_samples
    from assaygym.benchmarks.records import EpisodeRecord as EpisodeRecord
    from assaygym.benchmarks.records import Outcome as Outcome
    from assaygym.benchmarks.records import read_records as read_records
    from assaygym.benchmarks.report.plain import load_summary as load_summary
    from assaygym.benchmarks.report.plain import markdown as markdown
    from assaygym.benchmarks.report.plain import print_summary as print_summary
    from assaygym.benchmarks.runner import RunInterrupted as RunInterrupted
    from assaygym.benchmarks.runner import evaluate as evaluate
    from assaygym.benchmarks.statistics import estimate_mean as estimate_mean
    from assaygym.benchmarks.statistics import pass_at_k as pass_at_k
    from assaygym.benchmarks.statistics import wilson_interval as wilson_interval
    from assaygym.benchmarks.suites import SUITES as SUITES
    from assaygym.benchmarks.suites import Suite as Suite
    from assaygym.benchmarks.suites import suite as suite
    from assaygym.benchmarks.summary import Summary as Summary
    from assaygym.benchmarks.summary import summarise as summarise

__all__ = [
    "SUITES",
    "EpisodeRecord",
    "Outcome",
    "Plan",
    "ProgressDisplay",
    "RunInterrupted",
    "Suite",
    "Summary",
    "Tally",
    "estimate_mean",
    "evaluate",
    "final_records",
    "load_run",
    "load_summary",
    "markdown",
    "pass_at_k",
    "print_summary",
    "read_records",
    "read_run",
    "run_pair",
    "run_samples",
    "suite",
    "summarise",
    "wilson_interval",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "folder": ("Plan", "read_run"),
        "index": ("final_records",),
        "progress": ("ProgressDisplay", "Tally"),
        "recorded": ("load_run", "run_pair", "run_samples"),
        "records": ("EpisodeRecord", "Outcome", "read_records"),
        "report.plain": ("load_summary", "markdown", "print_summary"),
        "runner": ("RunInterrupted", "evaluate"),
        "statistics": ("estimate_mean", "pass_at_k", "wilson_interval"),
        "suites": ("SUITES", "Suite", "suite"),
        "summary": ("Summary", "summarise"),
    },
)
