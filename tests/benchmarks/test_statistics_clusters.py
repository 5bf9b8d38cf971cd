from __future__ import annotations

import math
import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.benchmarks.statistics import (
    as_plain,
    bootstrap_mean,
    clopper_pearson_interval,
    clustered_error,
    estimate_mean,
    wilson_interval,
)
from assaygym.benchmarks.statistics.intervals import Interval, need_scipy
from assaygym.errors import MissingDependencyError

VALUES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4)), min_size=2, max_size=20)


@given(VALUES)
def test_the_clustered_error_is_that_of_the_pairwise_sum(pairs: list[tuple[float, int]]) -> None:
    """Var of a mean = sum of the covariances of all pairs within a cluster, over n squared."""
    values, clusters = [value for value, _ in pairs], [cluster for _, cluster in pairs]
    mean, groups = sum(values) / len(values), len(set(clusters))
    pairwise = sum((x - mean) * (y - mean) for x, c in pairs for y, d in pairs if c == d)
    found = clustered_error(values, clusters)
    if groups < 2:
        assert math.isnan(found)
    else:
        expected = math.sqrt(max(0.0, pairwise) * groups / (groups - 1)) / len(values)
        assert found == pytest.approx(expected, abs=1e-7)


def test_the_clustered_error_gives_the_value_worked_by_hand() -> None:
    # Mean 1/2; cluster sums of deviations: x 1, y -1/2, z -1/2. sqrt(3/2 * (1 + 1/4 + 1/4)) / 4 = 3/8.
    assert clustered_error([1.0, 1.0, 0.0, 0.0], ["x", "x", "y", "z"]) == pytest.approx(0.375)


def test_where_each_task_stands_alone_the_clustered_error_is_the_plain_one() -> None:
    values = [0.1, 0.4, 0.9, 0.9]
    assert clustered_error(values) == pytest.approx(estimate_mean([[v] for v in values]).stderr)


def test_tasks_of_one_template_widen_the_interval() -> None:
    tasks = [[float(i % 2)] for i in range(12) for _ in range(4)]
    templates = [i for i in range(12) for _ in range(4)]
    alone, together = estimate_mean(tasks).interval, estimate_mean(tasks, clusters=templates).interval
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_a_task_without_a_score_takes_its_cluster_with_it() -> None:
    estimate = estimate_mean([[1.0], [], [0.0]], clusters=["x", "y", "z"])
    assert (estimate.tasks, estimate.clusters) == (2, 2)


def test_clusters_that_all_agree_still_have_a_width() -> None:
    assert estimate_mean([[1.0]] * 30, clusters=[i // 3 for i in range(30)]).interval == wilson_interval(10, 10)


def test_as_many_clusters_as_tasks_are_needed() -> None:
    with pytest.raises(ValueError, match=r"zip\(\)"):
        estimate_mean([[1.0], [0.0]], clusters=["x"])


def test_the_bootstrap_of_many_tasks_agrees_with_the_normal_interval() -> None:
    generator = random.Random(4)
    values = [generator.random() for _ in range(400)]
    mean, half = sum(values) / 400, 1.96 * clustered_error(values)
    found = bootstrap_mean(values, resamples=3000)
    assert (found.low, found.high) == pytest.approx((mean - half, mean + half), abs=0.08 * half)


def test_the_bootstrap_of_unequal_clusters_agrees_with_scipy() -> None:
    from scipy.stats import bootstrap

    generator = random.Random(3)
    clusters = [generator.randrange(25) for _ in range(120)]
    values = [generator.random() ** (1 + cluster % 3) for cluster in clusters]
    groups = [[v for v, c in zip(values, clusters, strict=True) if c == cluster] for cluster in sorted(set(clusters))]
    theirs = bootstrap(
        ([sum(g) for g in groups], [len(g) for g in groups]),
        lambda sums, counts, axis: sums.sum(axis) / counts.sum(axis),
        paired=True,
        vectorized=True,
        method="percentile",
        rng=1,
    ).confidence_interval
    ours = bootstrap_mean(values, clusters)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_the_bootstrap_draws_clusters_whole() -> None:
    once = [0.0, 1.0, 1.0, 0.0, 1.0, 0.3, 0.8, 0.2]
    alone = bootstrap_mean(once)
    doubled = bootstrap_mean(once * 2, clusters=[*range(8), *range(8)])
    as_if_free = bootstrap_mean(once * 2)
    assert (doubled.low, doubled.high) == pytest.approx((alone.low, alone.high))
    assert as_if_free.high - as_if_free.low < 0.85 * (alone.high - alone.low)


def test_the_bootstrap_weighs_clusters_by_their_tasks() -> None:
    found = bootstrap_mean([1.0] * 9 + [0.0], clusters=["big"] * 9 + ["small"])
    assert (found.low, found.high) == (0.0, 1.0)


def test_the_same_seed_gives_the_same_bootstrap_and_another_one_another() -> None:
    generator = random.Random(4)
    values = [generator.random() for _ in range(10)]
    first, again, other = (bootstrap_mean(values, seed=seed, resamples=500) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_bootstrap_of_one_cluster_is_nan() -> None:
    assert math.isnan(bootstrap_mean([0.2, 0.9], clusters=["x", "x"]).low)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (0, 10, 0.0, 1 - 0.025 ** (1 / 10)),
        (10, 10, 0.025 ** (1 / 10), 1.0),
        (1, 2, 1 - math.sqrt(0.975), math.sqrt(0.975)),
    ],
)
def test_clopper_pearson_gives_the_values_worked_by_hand(successes: int, n: int, low: float, high: float) -> None:
    found = clopper_pearson_interval(successes, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)


@given(st.integers(1, 60), st.data())
def test_the_ends_of_clopper_pearson_leave_half_of_the_rest_in_each_tail(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    found = clopper_pearson_interval(successes, n, 0.9)

    def at_least(count: int, p: float) -> float:
        return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(count, n + 1))

    assert successes == 0 or at_least(successes, found.low) == pytest.approx(0.05, abs=1e-9)
    assert successes == n or 1 - at_least(successes + 1, found.high) == pytest.approx(0.05, abs=1e-9)


@given(st.integers(1, 200), st.data())
def test_wilson_is_the_score_interval_of_scipy(n: int, data: st.DataObject) -> None:
    from scipy.stats import binomtest

    successes = data.draw(st.integers(0, n))
    theirs = binomtest(successes, n).proportion_ci(method="wilson")
    ours = wilson_interval(successes, n)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_clopper_pearson_of_no_sample_is_nan() -> None:
    assert math.isnan(clopper_pearson_interval(0, 0).high)


def test_clopper_pearson_refuses_impossible_numbers() -> None:
    with pytest.raises(ValueError, match="expected 0 <= successes <= n"):
        clopper_pearson_interval(3, 2)


def test_plain_values_have_no_nan_and_no_tuples() -> None:
    assert as_plain({"x": (Interval(low=math.nan, high=1.0),)}) == {"x": [{"low": None, "high": 1.0}]}


def test_where_scipy_is_missing_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(MissingDependencyError, match=r"a bootstrap interval needs scipy.*assaygym\[eval\]"):
        need_scipy("a bootstrap interval")


def test_a_run_is_described_without_scipy() -> None:
    code = (
        "import sys; sys.modules['scipy'] = None\n"
        "from assaygym.benchmarks.statistics import Sample, TaskSamples, describe\n"
        "print(describe([TaskSamples(task='t', samples=(Sample(value=1.0, answer='7'),))]).score.mean)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1.0"


def test_importing_assaygym_and_the_comparison_loads_no_scipy() -> None:
    code = "import sys, assaygym, assaygym.cli, assaygym.benchmarks.compare; print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
