from __future__ import annotations

import math

import pytest

from assaygym.benchmarks.statistics import Pair, PairedResult, Sample, TaskSamples, compare_pairs


def pair(task: str, a: float | tuple[float, ...], b: float | tuple[float, ...], cluster: str = "") -> Pair:
    sides = [side if isinstance(side, tuple) else (side,) for side in (a, b)]
    return Pair(task=task, a=sides[0], b=sides[1], group=("cluster", cluster) if cluster else ("task", task))


def table(only_a: int, only_b: int, both: int, neither: int) -> PairedResult:
    outcomes = [(1.0, 0.0)] * only_a + [(0.0, 1.0)] * only_b + [(1.0, 1.0)] * both + [(0.0, 0.0)] * neither
    return compare_pairs([pair(str(i), a, b) for i, (a, b) in enumerate(outcomes)])


def test_who_solves_what_is_counted_by_task() -> None:
    found = table(1, 7, 5, 8)
    assert (len(found.only_a), len(found.only_b), found.both, found.neither) == (1, 7, 5, 8)
    assert (found.only_a, found.only_b[:2]) == (("0",), ("1", "2"))
    assert (found.mean_a, found.mean_b, found.difference) == pytest.approx((6 / 21, 12 / 21, 6 / 21))


def test_one_binary_sample_a_task_is_put_to_mcnemar() -> None:
    found = table(1, 7, 5, 8)
    assert found.mcnemar is not None
    assert found.sign_flip is None
    assert found.test == "McNemar exact"
    assert found.p_value == pytest.approx(18 / 256)


def test_paired_runs_differ_where_unpaired_ones_do_not() -> None:
    """A peer's z-test of the two proportions takes paired runs for independent ones."""
    found = table(4, 16, 120, 24)
    p, n = (found.mean_a + found.mean_b) / 2, found.tasks
    z = found.difference / math.sqrt(2 * p * (1 - p) / n)
    assert abs(z) < 1.96
    assert found.p_value < 0.02


def test_several_samples_a_task_are_put_to_the_sign_flip_test() -> None:
    found = compare_pairs([pair(str(i), (0.0, 1.0), (1.0, 1.0)) for i in range(8)])
    assert found.mcnemar is None
    assert found.test == "sign-flip permutation, exact"
    assert found.p_value == pytest.approx(2 / 2**8)


def test_graded_scores_are_put_to_the_sign_flip_test() -> None:
    found = compare_pairs([pair(str(i), 0.25, 0.5 + 0.01 * i) for i in range(20)])
    assert found.test == "sign-flip permutation, drawn"
    assert found.p_value < 0.001
    assert found.interval == found.bootstrap


def test_tasks_of_one_cluster_are_not_independent_for_mcnemar() -> None:
    alone = compare_pairs([pair(str(i), 0.0, 1.0) for i in range(12)])
    together = compare_pairs([pair(str(i), 0.0, 1.0, cluster=str(i // 3)) for i in range(12)])
    assert alone.p_value == pytest.approx(2 / 2**12)
    assert together.p_value == pytest.approx(2 / 2**4)


def test_a_task_is_solved_when_more_than_half_of_its_samples_are_right() -> None:
    found = compare_pairs([pair("x", (1.0, 0.0), (1.0, 0.0, 1.0)), pair("y", (1.0, 1.0), (0.99, 0.99))])
    assert (found.only_b, found.only_a) == (("x",), ("y",))


def test_runs_that_agree_everywhere_have_an_interval_with_a_width() -> None:
    found = table(0, 0, 30, 0)
    assert (found.bootstrap.low, found.bootstrap.high) == (0, 0)
    assert found.interval.low < 0 < found.interval.high
    assert (found.difference, found.p_value) == (0, 1.0)


def test_graded_runs_that_differ_alike_everywhere_have_an_interval_with_a_width() -> None:
    found = compare_pairs([pair(str(i), 0.5, 0.75) for i in range(10)])
    assert found.interval.low < found.difference < found.interval.high


def test_the_detectable_difference_shrinks_with_more_tasks() -> None:
    few, many = table(3, 3, 10, 10), table(30, 30, 100, 100)
    assert 0 < many.detectable < few.detectable < 1


def test_nothing_to_pair_is_nan_not_zero() -> None:
    found = compare_pairs([])
    assert all(math.isnan(x) for x in (found.difference, found.interval.low, found.p_value, found.detectable))
    assert found.mcnemar is None


def test_a_pair_takes_the_scored_samples_and_the_score_asked_for() -> None:
    a = TaskSamples(task="x", samples=(Sample(value=0.0, lenient=1.0), Sample(value=1.0)), cluster="c")
    b = TaskSamples(task="x", samples=(Sample(value=0.5),), cluster="other")
    assert (Pair.of(a, b).a, Pair.of(a, b).group) == ((0.0, 1.0), ("cluster", "c"))
    assert Pair.of(a, b, "lenient").a == (1.0, 1.0)
    assert Pair.of(a, b, "lenient").difference == -0.5
