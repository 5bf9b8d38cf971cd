"""Estimators, intervals and tests of an evaluation: pure functions of plain values.

What could not be scored (a fault of ours, no verdict) never enters an estimate as a zero: it is counted, and bounds say
how far it could move the result. Needs numpy only, except what says that it needs scipy (the extra `eval`).
"""

from __future__ import annotations

from assaygym.benchmarks.statistics.at_k import AtK
from assaygym.benchmarks.statistics.comparable import RunSamples
from assaygym.benchmarks.statistics.describe import RunStatistics, describe
from assaygym.benchmarks.statistics.estimators import best_of_k, pass_at_k, pass_hat_k
from assaygym.benchmarks.statistics.intervals import Interval, as_plain, clopper_pearson_interval, wilson_interval
from assaygym.benchmarks.statistics.majority import maj_at_k
from assaygym.benchmarks.statistics.means import (
    Estimate,
    bootstrap_mean,
    clustered_error,
    estimate_mean,
    worst_and_best,
)
from assaygym.benchmarks.statistics.pairs import Pair, PairedResult, Reading, compare_pairs
from assaygym.benchmarks.statistics.samples import Sample, Status, TaskSamples
from assaygym.benchmarks.statistics.significance import (
    McNemar,
    SignFlip,
    bonett_price_interval,
    detectable_difference,
    detectable_proportion,
    holm,
    mcnemar,
    sign_flip,
)

__all__ = [
    "AtK",
    "Estimate",
    "Interval",
    "McNemar",
    "Pair",
    "PairedResult",
    "Reading",
    "RunSamples",
    "RunStatistics",
    "Sample",
    "SignFlip",
    "Status",
    "TaskSamples",
    "as_plain",
    "best_of_k",
    "bonett_price_interval",
    "bootstrap_mean",
    "clopper_pearson_interval",
    "clustered_error",
    "compare_pairs",
    "describe",
    "detectable_difference",
    "detectable_proportion",
    "estimate_mean",
    "holm",
    "maj_at_k",
    "mcnemar",
    "pass_at_k",
    "pass_hat_k",
    "sign_flip",
    "wilson_interval",
    "worst_and_best",
]
