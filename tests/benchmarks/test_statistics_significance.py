from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.benchmarks.statistics import (
    bonett_price_interval,
    clustered_error,
    detectable_difference,
    detectable_proportion,
    holm,
    mcnemar,
    sign_flip,
)

COUNTS = st.integers(0, 40)


@pytest.mark.parametrize(
    ("only_a", "only_b", "exact", "mid_p"),
    [
        (1, 7, 18 / 256, 10 / 256),  # Fagerland et al. 2013, airway hyper-responsiveness: 0.070 and 0.039
        (3, 12, 1152 / 32768, 697 / 32768),  # 2 (1 + 15 + 105 + 455) / 2^15, less 455 / 2^15
        (4, 4, 1.0, 1 - 35 / 256),  # half of 70 / 2^8
        (0, 5, 2 / 32, 1 / 32),
        (0, 0, 1.0, 1.0),
    ],
)
def test_mcnemar_gives_the_values_worked_by_hand(only_a: int, only_b: int, exact: float, mid_p: float) -> None:
    found = mcnemar(only_a, only_b)
    assert (found.exact, found.mid_p) == pytest.approx((exact, mid_p), abs=1e-12)


@given(COUNTS, st.integers(1, 40))
def test_mcnemar_exact_counts_the_tables_that_are_no_likelier(only_a: int, only_b: int) -> None:
    n, away = only_a + only_b, abs(only_a - only_b)
    extreme = sum(math.comb(n, i) for i in range(n + 1) if abs(n - 2 * i) >= away) / 2**n
    beyond = sum(math.comb(n, i) for i in range(n + 1) if abs(n - 2 * i) > away) / 2**n
    found = mcnemar(only_a, only_b)
    assert found.exact == pytest.approx(extreme, abs=1e-9)
    assert found.mid_p == pytest.approx((extreme + beyond) / 2, abs=1e-9)


@given(COUNTS, COUNTS)
def test_mcnemar_does_not_care_which_run_comes_first(only_a: int, only_b: int) -> None:
    first, second = mcnemar(only_a, only_b), mcnemar(only_b, only_a)
    assert (first.exact, first.mid_p) == pytest.approx((second.exact, second.mid_p))


def test_mcnemar_refuses_negative_counts() -> None:
    with pytest.raises(ValueError, match="expected numbers of tasks"):
        mcnemar(-1, 2)


def flips_by_enumeration(sums: Sequence[float]) -> float:
    observed = abs(sum(sums))
    patterns = list(itertools.product((1, -1), repeat=len(sums)))
    return sum(abs(sum(s * d for s, d in zip(p, sums, strict=True))) >= observed - 1e-9 for p in patterns) / len(
        patterns
    )


@given(st.lists(st.sampled_from([0.0, 0.1, 0.2, -0.3, 1 / 3, -1.0, 0.5]), max_size=9))
def test_few_differences_are_flipped_in_every_way(differences: list[float]) -> None:
    found = sign_flip(differences)
    assert found.exact
    assert found.p_value == pytest.approx(flips_by_enumeration(differences), abs=1e-9)


def test_sums_that_differ_by_rounding_only_are_ties() -> None:
    # 0.1 + 0.2 - 0.3 is 5.6e-17 and not 0: no pattern is nearer to 0, so all are as far.
    assert sign_flip([0.1, 0.2, -0.3]).p_value == 1.0


def test_the_differences_of_a_cluster_flip_together() -> None:
    differences = [0.5] * 12
    assert sign_flip(differences).p_value == pytest.approx(2 / 2**12)
    assert sign_flip(differences, clusters=[i // 4 for i in range(12)]).p_value == pytest.approx(2 / 2**3)


@settings(max_examples=15)
@given(st.integers(0, 12), st.integers(17, 30))
def test_many_differences_are_drawn_close_to_the_exact_value(losses: int, wins: int) -> None:
    found = sign_flip([1.0] * wins + [-1.0] * losses)
    expected = mcnemar(losses, wins).exact  # the same test, where differences are 0 or 1
    assert not found.exact
    assert found.p_value == pytest.approx(expected, abs=0.03)


def test_graded_differences_are_drawn_as_scipy_draws_them() -> None:
    from scipy.stats import permutation_test

    generator = random.Random(7)
    differences = [generator.choice([generator.uniform(-1, 1.3), 0.25]) for _ in range(40)]
    theirs = permutation_test((differences,), sum, permutation_type="samples", n_resamples=3000, rng=1).pvalue
    assert sign_flip(differences).p_value == pytest.approx(theirs, abs=0.03)
    few = permutation_test((differences[:10],), sum, permutation_type="samples", n_resamples=3000).pvalue
    assert sign_flip(differences[:10]).p_value == pytest.approx(few, abs=1e-9)


def test_a_drawn_p_value_is_never_zero() -> None:
    assert sign_flip([1.0] * 60, resamples=99).p_value == pytest.approx(1 / 100)


def test_the_same_seed_draws_the_same_flips() -> None:
    generator = random.Random(1)
    differences = [generator.uniform(-1, 1.3) for _ in range(40)]
    assert sign_flip(differences, seed=5) == sign_flip(differences, seed=5)
    assert sign_flip(differences, seed=5) != sign_flip(differences, seed=6)


@pytest.mark.parametrize("differences", [[], [0.0, 0.0], [0.7]])
def test_flips_of_nothing_or_of_one_difference_say_nothing(differences: list[float]) -> None:
    assert sign_flip(differences).p_value == 1.0


def test_bonett_price_gives_the_value_worked_by_hand() -> None:
    # 10 tasks, B alone 5, A alone 1: 4/12 +- 1.96 sqrt((6/12 + 2/12 - (4/12)^2) / 12)
    half = 1.959964 * math.sqrt((8 / 12 - 1 / 9) / 12)
    found = bonett_price_interval([1.0] * 5 + [-1.0] + [0.0] * 4)
    assert (found.low, found.high) == pytest.approx((1 / 3 - half, 1 / 3 + half), abs=1e-6)


def test_runs_that_never_differ_have_an_interval_with_a_width() -> None:
    found = bonett_price_interval([0.0] * 30)
    assert found.low == pytest.approx(-found.high)
    assert 0.05 < found.high < 0.15


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20), st.data())
def test_the_interval_of_a_difference_stays_between_minus_one_and_one(values: list[float], data: st.DataObject) -> None:
    clusters = data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values)))
    found = bonett_price_interval(values, clusters)
    assert -1 <= found.low <= found.high <= 1


def test_the_interval_of_no_difference_is_nan() -> None:
    assert math.isnan(bonett_price_interval([]).low)


def power_by_enumeration(n: int, only_a: float, only_b: float) -> float:
    """Chance that exact McNemar rejects at 5 %, over all tables of `n` tasks."""
    return sum(
        math.comb(n, a) * math.comb(n - a, b) * only_a**a * only_b**b * max(0.0, 1 - only_a - only_b) ** (n - a - b)
        for a in range(n + 1)
        for b in range(n + 1 - a)
        if mcnemar(a, b).exact <= 0.05
    )


@pytest.mark.parametrize(("tasks", "discordant"), [(12, 4), (20, 0), (20, 9), (16, 16)])
def test_the_detectable_proportion_is_where_the_power_reaches_four_in_five(tasks: int, discordant: int) -> None:
    found = detectable_proportion(tasks, discordant)
    for difference, enough in ((found, True), (found - 2e-3, False)):
        share = max(discordant / tasks, difference)
        power = power_by_enumeration(tasks, (share - difference) / 2, (share + difference) / 2)
        assert (power >= 0.8 - 1e-9) is enough


def test_five_tasks_can_show_no_difference_at_all() -> None:
    assert math.isnan(detectable_proportion(5, 3))  # 5 against 0 has p = 0.0625
    assert math.isnan(detectable_proportion(0, 0))
    assert detectable_proportion(6, 0) > 0.9


def test_a_larger_test_detects_less() -> None:
    found = [detectable_proportion(n, n // 5) for n in (50, 200, 800)]
    assert found == sorted(found, reverse=True)


def test_impossible_numbers_of_discordant_tasks_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 <= discordant <= tasks"):
        detectable_proportion(3, 4)


def test_the_detectable_difference_has_a_power_of_four_in_five() -> None:
    from scipy.stats import nct, t

    generator = random.Random(2)
    differences = [generator.gauss(0, 0.3) for _ in range(25)]
    shift = detectable_difference(differences) / clustered_error(differences)
    power = nct.sf(t.ppf(0.975, 24), 24, shift)  # of the t test with this true shift in standard errors
    assert power == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("differences", [[], [0.3], [0.0] * 9, [0.5] * 9])
def test_what_shows_no_spread_tells_nothing_of_what_could_be_detected(differences: list[float]) -> None:
    assert math.isnan(detectable_difference(differences))


def test_holm_gives_the_values_worked_by_hand() -> None:
    # Sorted .005 x 4, .01 x 3, .03 x 2, .04 x 1; the last may not be below the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_rejects_what_its_step_down_procedure_rejects(p_values: list[float]) -> None:
    for alpha in (0.01, 0.05, 0.3):
        rejected = set[int]()
        for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
            if p_values[place] * (len(p_values) - rank) > alpha:
                break
            rejected.add(place)
        assert {place for place, p in enumerate(holm(p_values)) if p <= alpha} == rejected


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_the_p_values_and_bonferroni(p_values: list[float]) -> None:
    for adjusted, p in zip(holm(p_values), p_values, strict=True):
        assert p <= adjusted <= 1
    assert min(holm(p_values)) == pytest.approx(min(1.0, min(p_values) * len(p_values)))


def test_holm_refuses_what_is_no_p_value() -> None:
    with pytest.raises(ValueError, match=r"expected p-values in \[0, 1\]"):
        holm([0.2, math.nan])
