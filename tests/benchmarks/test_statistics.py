from __future__ import annotations

import itertools
import math
from statistics import NormalDist

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assaygym.benchmarks.statistics import estimate_mean, pass_at_k, wilson_interval, worst_and_best

UNIT = st.floats(0, 1)
TASKS = st.lists(st.lists(UNIT, min_size=1, max_size=5), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("n", "c", "k", "expected"),
    [
        (1, 0, 1, 0.0),
        (1, 1, 1, 1.0),
        (4, 1, 1, 0.25),
        (4, 1, 2, 0.5),  # 1 - C(3,2)/C(4,2) = 1 - 3/6
        (5, 2, 3, 0.9),  # 1 - C(3,3)/C(5,3) = 1 - 1/10
        (10, 3, 5, 1 - 21 / 252),  # C(7,5) / C(10,5)
        (4, 2, 3, 1.0),  # only two failures: three samples hold a success
        (200, 0, 100, 0.0),
    ],
)
def test_pass_at_k_gives_the_values_worked_by_hand(n: int, c: int, k: int, expected: float) -> None:
    assert pass_at_k(n, c, k) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("n", "c", "k"), [(0, 0, 1), (3, 3, 4), (5, 0, 6)])
def test_pass_at_k_is_nan_for_more_tries_than_samples(n: int, c: int, k: int) -> None:
    assert math.isnan(pass_at_k(n, c, k))


@pytest.mark.parametrize(("n", "c", "k"), [(3, 1, 0), (3, 4, 1), (3, -1, 1)])
def test_pass_at_k_refuses_impossible_counts(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="expected k >= 1 and 0 <= c <= n"):
        pass_at_k(n, c, k)


@given(st.integers(1, 9), st.data())
def test_pass_at_k_is_the_share_of_k_subsets_that_hold_a_success(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    outcomes = [1] * c + [0] * (n - c)
    subsets = list(itertools.combinations(outcomes, k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(map(max, subsets)) / len(subsets), abs=1e-12)


@given(st.integers(2, 60), st.data())
def test_pass_at_k_never_falls_with_more_tries_or_more_successes(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n - 1)), data.draw(st.integers(1, n - 1))
    assert pass_at_k(n, c, k) <= pass_at_k(n, c, k + 1) + 1e-12
    assert pass_at_k(n, c, k) <= pass_at_k(n, c + 1, k) + 1e-12


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (136, 164, 0.764310, 0.879154),
        (0, 10, 0.0, 0.277533),  # high end z^2 / (n + z^2)
        (10, 10, 0.722467, 1.0),
        (30, 30, 0.886484, 1.0),  # not the zero width that a normal approximation gives
        (1, 1, 0.206549, 1.0),
        (50, 100, 0.403832, 0.596168),
    ],
)
def test_wilson_gives_the_values_worked_by_hand(successes: int, n: int, low: float, high: float) -> None:
    interval = wilson_interval(successes, n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-5)


@given(st.integers(1, 400), st.data())
def test_the_ends_of_wilson_are_the_proportions_at_z_standard_errors(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    z = NormalDist().inv_cdf(0.975)
    interval = wilson_interval(successes, n)
    for end in (interval.low, interval.high):
        assert abs(successes / n - end) == pytest.approx(z * math.sqrt(end * (1 - end) / n), abs=1e-9)


def test_wilson_of_no_sample_is_nan() -> None:
    assert math.isnan(wilson_interval(0, 0).low)


@pytest.mark.parametrize(("successes", "n", "confidence"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0), (1, 2, 0.0)])
def test_wilson_refuses_impossible_numbers(successes: int, n: int, confidence: float) -> None:
    with pytest.raises(ValueError, match="expected 0 <= successes <= n"):
        wilson_interval(successes, n, confidence)


def test_one_binary_sample_a_task_gives_the_plain_wilson_interval() -> None:
    estimate = estimate_mean([[1.0]] * 7 + [[0.0]] * 3)
    assert estimate.mean == pytest.approx(0.7)
    assert estimate.interval == wilson_interval(7, 10)


def test_the_mean_is_over_tasks_not_over_samples() -> None:
    assert estimate_mean([[1.0, 1.0, 1.0, 1.0], [0.0]]).mean == 0.5


def test_the_standard_error_is_clustered_by_task() -> None:
    # Task means 1, 0, 1, 0: sd = sqrt(1/3), over sqrt(4) tasks. Taken as 32 free samples it would be 0.0898.
    estimate = estimate_mean([[1.0] * 8, [0.0] * 8, [1.0] * 8, [0.0] * 8])
    assert estimate.stderr == pytest.approx(math.sqrt(1 / 3) / 2)
    assert (estimate.tasks, estimate.samples) == (4, 32)


def test_samples_that_only_repeat_their_task_narrow_the_interval_no_further() -> None:
    once = estimate_mean([[1.0], [0.0]] * 20).interval
    often = estimate_mean([[1.0] * 8, [0.0] * 8] * 20).interval
    assert often.high - often.low >= once.high - once.low


def test_all_tasks_alike_still_has_a_width() -> None:
    estimate = estimate_mean([[1.0, 1.0]] * 30)
    assert estimate.interval == wilson_interval(30, 30)
    assert estimate.stderr == 0


def test_a_single_task_has_no_standard_error_and_a_wide_interval() -> None:
    estimate = estimate_mean([[1.0, 0.0, 1.0, 1.0]])
    assert math.isnan(estimate.stderr)
    assert estimate.interval.high - estimate.interval.low > 0.5


def test_a_task_without_a_scored_sample_is_left_out_not_counted_as_zero() -> None:
    estimate = estimate_mean([[1.0], [], [1.0]])
    assert (estimate.mean, estimate.tasks) == (1.0, 2)


def test_nothing_scored_is_nan_not_zero() -> None:
    estimate = estimate_mean([[], []])
    assert math.isnan(estimate.mean)
    assert math.isnan(estimate.interval.low)


@pytest.mark.parametrize("value", [math.nan, -0.1, 1.5])
def test_a_value_that_is_no_score_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"outside \[0, 1\]"):
        estimate_mean([[value]])


@given(TASKS)
@example([[0.0] * 4, [0.0] * 4 + [5e-324]])
def test_the_interval_holds_the_mean_and_stays_in_the_unit_interval(tasks: list[list[float]]) -> None:
    estimate = estimate_mean(tasks)
    assert 0 <= estimate.interval.low <= estimate.mean + 1e-9
    assert estimate.mean - 1e-9 <= estimate.interval.high <= 1


@given(TASKS)
def test_the_estimate_does_not_depend_on_the_order(tasks: list[list[float]]) -> None:
    shuffled = [list(reversed(values)) for values in reversed(tasks)]
    first, second = estimate_mean(tasks), estimate_mean(shuffled)
    assert first.mean == pytest.approx(second.mean, abs=1e-12)
    assert first.interval.low == pytest.approx(second.interval.low, abs=1e-6)


def test_missing_samples_bound_the_mean_from_both_sides() -> None:
    # Task means (1 + 0)/2 and 1 if missing are wrong; 1 and 1 if they are right.
    bounds = worst_and_best([[1.0], [1.0, 1.0]], [1, 0])
    assert (bounds.low, bounds.high) == (0.75, 1.0)


def test_a_task_whose_samples_are_all_missing_counts_in_the_bounds() -> None:
    bounds = worst_and_best([[1.0], []], [0, 3])
    assert (bounds.low, bounds.high) == (0.5, 1.0)


def test_bounds_of_nothing_are_nan() -> None:
    assert math.isnan(worst_and_best([[]], [0]).low)


@given(TASKS, st.integers(0, 4))
def test_the_bounds_hold_every_way_the_missing_samples_could_have_come_out(
    tasks: list[list[float]], missing: int
) -> None:
    bounds = worst_and_best(tasks, [missing] * len(tasks))
    for value in (0.0, 0.5, 1.0):
        filled = estimate_mean([values + [value] * missing for values in tasks]).mean
        assert bounds.low - 1e-9 <= filled <= bounds.high + 1e-9
