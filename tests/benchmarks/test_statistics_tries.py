from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.benchmarks.statistics import best_of_k, maj_at_k, pass_at_k, pass_hat_k

VOTES = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d", None]), st.sampled_from([0.0, 0.5, 1.0])), max_size=8)


@pytest.mark.parametrize(
    ("n", "c", "k", "expected"),
    [
        (1, 1, 1, 1.0),
        (4, 2, 1, 0.5),
        (4, 2, 2, 1 / 6),  # C(2,2) / C(4,2)
        (5, 4, 3, 0.4),  # 4 / 10
        (8, 8, 8, 1.0),
        (8, 3, 4, 0.0),
    ],
)
def test_pass_hat_k_gives_the_values_worked_by_hand(n: int, c: int, k: int, expected: float) -> None:
    assert pass_hat_k(n, c, k) == pytest.approx(expected, abs=1e-12)


@given(st.integers(1, 9), st.data())
def test_pass_hat_k_is_the_share_of_k_subsets_that_are_all_successes(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    subsets = list(itertools.combinations([1] * c + [0] * (n - c), k))
    assert pass_hat_k(n, c, k) == pytest.approx(sum(map(min, subsets)) / len(subsets), abs=1e-12)


@given(st.integers(1, 60), st.data())
def test_all_of_k_failing_and_any_of_k_succeeding_are_complements(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert pass_hat_k(n, n - c, k) == pytest.approx(1 - pass_at_k(n, c, k), abs=1e-12)


def test_pass_hat_k_is_nan_for_more_tries_than_samples() -> None:
    assert math.isnan(pass_hat_k(3, 3, 4))


@pytest.mark.parametrize(("n", "c", "k"), [(3, 1, 0), (3, 4, 1), (3, -1, 1)])
def test_pass_hat_k_refuses_impossible_counts(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="expected k >= 1 and 0 <= c <= n"):
        pass_hat_k(n, c, k)


def best_by_enumeration(values: Sequence[float], rewards: Sequence[float], k: int) -> float:
    worth = []
    for chosen in itertools.combinations(range(len(values)), k):
        top = max(rewards[i] for i in chosen)
        tied = [values[i] for i in chosen if rewards[i] == top]
        worth.append(sum(tied) / len(tied))
    return sum(worth) / len(worth)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.3, 1.0]), st.integers(0, 3)), min_size=1, max_size=8), st.data())
def test_best_of_k_is_the_mean_over_subsets_of_the_value_with_the_highest_reward(
    pairs: list[tuple[float, int]], data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(pairs)))
    values, rewards = [value for value, _ in pairs], [float(reward) for _, reward in pairs]
    assert best_of_k(values, k, rewards) == pytest.approx(best_by_enumeration(values, rewards, k), abs=1e-12)


def test_a_misleading_reward_makes_more_tries_worse() -> None:
    # Of the pairs, the wrong sample with the top reward is in two of three.
    assert best_of_k([1.0, 1.0, 0.0], 1, [0.1, 0.2, 0.9]) == pytest.approx(2 / 3)
    assert best_of_k([1.0, 1.0, 0.0], 2, [0.1, 0.2, 0.9]) == pytest.approx(1 / 3)


@given(st.integers(1, 30), st.data())
def test_the_best_of_k_zeros_and_ones_by_themselves_is_pass_at_k(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert best_of_k([1.0] * c + [0.0] * (n - c), k) == pytest.approx(pass_at_k(n, c, k), abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6), st.data())
def test_the_best_of_k_graded_samples_does_not_depend_on_their_order(values: list[float], data: st.DataObject) -> None:
    """The maximum of the first k, seen in a peer, does."""
    k = data.draw(st.integers(1, len(values)))
    shuffled = data.draw(st.permutations(values))
    assert best_of_k(shuffled, k) == pytest.approx(best_of_k(values, k), abs=1e-12)


def test_best_of_k_is_nan_for_more_tries_than_samples() -> None:
    assert math.isnan(best_of_k([1.0], 2))


@pytest.mark.parametrize(("values", "k", "rewards"), [([1.0], 0, None), ([1.0], 1, [1.0, 2.0]), ([math.nan], 1, None)])
def test_best_of_k_refuses_what_it_cannot_read(values: list[float], k: int, rewards: list[float] | None) -> None:
    with pytest.raises(ValueError, match="expected k >= 1, as many rewards as values, and no NaN"):
        best_of_k(values, k, rewards)


def majority_by_enumeration(answers: Sequence[str | None], values: Sequence[float], k: int) -> float:
    worth = []
    for chosen in itertools.combinations(range(len(answers)), k):
        votes = Counter(answers[i] for i in chosen if answers[i] is not None)
        winners = [answer for answer, count in votes.items() if count == max(votes.values())]
        means = []
        for winner in winners:
            own = [values[i] for i in chosen if answers[i] == winner]
            means.append(sum(own) / len(own))
        worth.append(sum(means) / len(means) if means else 0.0)
    return sum(worth) / len(worth)


@given(VOTES.filter(bool), st.data())
def test_maj_at_k_is_the_mean_over_subsets_and_over_ties(
    votes: list[tuple[str | None, float]], data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(votes)))
    answers, values = [answer for answer, _ in votes], [value for _, value in votes]
    assert maj_at_k(answers, values, k) == pytest.approx(majority_by_enumeration(answers, values, k), abs=1e-9)


@pytest.mark.parametrize(
    ("answers", "right", "k", "expected"),
    [
        ("aab", "a", 1, 2 / 3),
        ("aab", "a", 2, 2 / 3),  # aa is right, ab twice a tie
        ("aab", "a", 3, 1.0),
        ("aabb", "a", 4, 0.5),
        ("aabbc", "a", 5, 0.5),
        ("abc", "a", 3, 1 / 3),
        ("abbb", "a", 3, 0.0),  # the three pairs of b outvote a, and bbb
        ("aaab", "b", 1, 0.25),
    ],
)
def test_maj_at_k_gives_the_values_worked_by_hand(answers: str, right: str, k: int, expected: float) -> None:
    values = [float(answer == right) for answer in answers]
    assert maj_at_k(list(answers), values, k) == pytest.approx(expected, abs=1e-12)


def test_samples_of_one_answer_vote_together_whatever_their_scores() -> None:
    """Counting (answer, score) pairs, seen in two peers, splits a's four votes in 2 and 2, and b wins by 3."""
    answers, values = ["a"] * 4 + ["b"] * 3, [1.0, 1.0, 0.8, 0.8, 0.0, 0.0, 0.0]
    assert maj_at_k(answers, values, 7) == pytest.approx(0.9)


def test_an_answer_that_was_not_read_casts_no_vote() -> None:
    assert maj_at_k([None, None, None, "a"], [0.0, 0.0, 0.0, 1.0], 4) == 1.0


def test_a_vote_without_any_answer_is_worth_nothing() -> None:
    assert maj_at_k([None, None], [0.0, 0.0], 2) == 0.0


def test_maj_at_k_is_nan_for_more_votes_than_samples() -> None:
    assert math.isnan(maj_at_k(["a"], [1.0], 2))


def test_maj_at_k_of_many_samples_neither_overflows_nor_leaves_the_unit_interval() -> None:
    answers = [str(i % 40) for i in range(1200)]
    assert maj_at_k(answers, [1.0] * 1200, 30) == pytest.approx(1.0, abs=1e-9)
    assert maj_at_k(answers, [1.0] * 1200, 30) <= 1


def test_two_camps_follow_the_hypergeometric_law() -> None:
    # 60 of 100 are right; 41 vote: right when 21 or more of them are, and there are no ties.
    ways = [math.comb(60, right) * math.comb(40, 41 - right) for right in range(21, 42)]
    expected = sum(ways) / math.comb(100, 41)
    assert maj_at_k(["a"] * 60 + ["b"] * 40, [1.0] * 60 + [0.0] * 40, 41) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(("answers", "values", "k"), [(["a"], [1.0], 0), (["a"], [], 1), (["a"], [math.nan], 1)])
def test_maj_at_k_refuses_what_it_cannot_read(answers: list[str], values: list[float], k: int) -> None:
    with pytest.raises(ValueError, match="expected k >= 1, as many values as answers, and no NaN"):
        maj_at_k(answers, values, k)
