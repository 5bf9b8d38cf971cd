import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.advantages import group
from assaygym.agents.filters import nonzero_std, positive_only, prune_abs_advantage, top_k_by
from assaygym.errors import ConfigError


def double(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def labels(*values: int) -> torch.Tensor:
    return torch.tensor(values)


def test_groups_whose_rewards_do_not_differ_go() -> None:
    kept = nonzero_std(double(1, 0.1, 0, 0.1, 0.1, 7), labels(4, 9, 4, 9, 9, 2))
    assert kept.tolist() == [True, False, True, False, False, False]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=20))
def test_what_goes_had_no_advantage(pairs: list[tuple[int, int]]) -> None:
    rewards, groups = double(*(r for r, _ in pairs)), labels(*(g for _, g in pairs))
    kept = nonzero_std(rewards, groups)
    assert bool((group(rewards, groups)[~kept] == 0).all())


def test_only_rewards_above_the_bound_stay() -> None:
    assert positive_only(double(1, 0, -1, 0.1)).tolist() == [True, False, False, True]
    assert positive_only(double(1, 0.5), above=0.5).tolist() == [True, False]


def test_the_shortest_of_each_group_stay() -> None:
    kept = top_k_by(double(30, 10, 20, 5, 40), labels(1, 1, 1, 0, 0), 2)
    assert kept.tolist() == [False, True, True, True, True]


def test_the_largest_of_each_group_stay_where_they_are_asked_for_and_of_equal_ones_the_first() -> None:
    kept = top_k_by(double(1, 2, 2, 2), labels(0, 0, 0, 0), 2, largest=True)
    assert kept.tolist() == [False, True, True, False]


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 3)), min_size=1, max_size=20), st.integers(1, 5))
def test_each_group_keeps_k_of_its_own_and_none_better_goes(pairs: list[tuple[int, int]], k: int) -> None:
    kept = top_k_by(double(*(m for m, _ in pairs)), labels(*(g for _, g in pairs)), k).tolist()
    for label in {g for _, g in pairs}:
        stay = [m for (m, g), keep in zip(pairs, kept, strict=True) if g == label and keep]
        go = [m for (m, g), keep in zip(pairs, kept, strict=True) if g == label and not keep]
        assert len(stay) == min(k, len(stay) + len(go))
        assert not go or max(stay) <= min(go)


def test_the_smallest_advantages_of_the_whole_batch_go() -> None:
    assert prune_abs_advantage(double(-3, 0.1, 2, -0.5), 0.5).tolist() == [True, False, True, False]


@pytest.mark.parametrize(("rate", "left"), [(0.0, 5), (0.1, 5), (0.5, 3), (0.99, 1)])
def test_the_rate_is_rounded_so_that_no_more_than_it_goes(rate: float, left: int) -> None:
    assert int(prune_abs_advantage(double(1, 2, 3, 4, 5), rate).sum()) == left


@pytest.mark.parametrize("rate", [-0.1, 1.0, math.nan])
def test_a_rate_that_leaves_nothing_is_refused(rate: float) -> None:
    with pytest.raises(ConfigError, match=r"\[0, 1\)"):
        prune_abs_advantage(double(1, 2), rate)


def test_top_k_refuses_nothing_and_what_is_no_number() -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        top_k_by(double(1), labels(0), 0)
    with pytest.raises(ConfigError, match="not NaN"):
        top_k_by(double(math.nan), labels(0), 1)
