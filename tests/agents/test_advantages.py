import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.advantages import (
    greedy_baseline,
    group,
    group_stds,
    leave_one_out,
    optimal_baseline,
    raw,
    step_group,
    tree,
    whiten,
)
from assaygym.errors import ConfigError


def rewards(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def labels(*values: int) -> torch.Tensor:
    return torch.tensor(values)


def test_std_scale_divides_by_the_sample_deviation_of_the_group() -> None:
    # mean 1/4; deviation sqrt((9/16 + 3/16) / 3) = 1/2
    given_N = group(rewards(1, 0, 0, 0), labels(5, 5, 5, 5), eps=0.0)
    torch.testing.assert_close(given_N, rewards(1.5, -0.5, -0.5, -0.5))


def test_eps_is_added_to_the_deviation() -> None:
    deviation = math.sqrt(0.5)
    torch.testing.assert_close(
        group(rewards(1, 0), labels(0, 0), eps=1e-6), rewards(0.5, -0.5) / (deviation + 1e-6), rtol=1e-14, atol=0
    )


def test_scale_none_only_subtracts_the_mean_of_the_group() -> None:
    given_N = group(rewards(1, 0, 0, 4), labels(1, 1, 2, 2), scale="none")
    torch.testing.assert_close(given_N, rewards(0.5, -0.5, -2, 2))


def test_groups_may_be_interleaved_and_have_any_label() -> None:
    given_N = group(rewards(1, 10, 0, 30), labels(-7, 900, -7, 900), scale="none")
    torch.testing.assert_close(given_N, rewards(0.5, -10, -0.5, 10))


@pytest.mark.parametrize("scale", ["std", "none"])
def test_a_group_of_one_has_advantage_zero(scale: str) -> None:
    assert group(rewards(0.7, 1, 0), labels(3, 4, 4), scale=scale)[0] == 0.0  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", ["std", "none"])
def test_equal_rewards_give_exactly_zero_though_their_mean_rounds(scale: str) -> None:
    assert group(rewards(0.1, 0.1, 0.1), labels(0, 0, 0), scale=scale).tolist() == [0.0] * 3  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 3)), min_size=1, max_size=24))
def test_advantages_sum_to_zero_in_each_group_and_keep_the_order_of_rewards(pairs: list[tuple[int, int]]) -> None:
    rewards_N, groups_N = rewards(*(r for r, _ in pairs)), labels(*(g for _, g in pairs))
    advantages_N = group(rewards_N, groups_N)
    for label in set(groups_N.tolist()):
        own = advantages_N[groups_N == label]
        assert abs(float(own.sum())) < 1e-9
        assert torch.equal(own.argsort(stable=True), rewards_N[groups_N == label].argsort(stable=True))


@given(st.lists(st.integers(-4, 4), min_size=2, max_size=8), st.floats(0.5, 3), st.floats(-5, 5))
def test_std_scale_does_not_see_the_unit_or_the_origin_of_rewards(
    values: list[int], unit: float, origin: float
) -> None:
    groups_N = torch.zeros(len(values), dtype=torch.int64)
    plain, moved = (group(r, groups_N, eps=0.0) for r in (rewards(*values), rewards(*values) * unit + origin))
    if len(set(values)) > 1:
        torch.testing.assert_close(plain, moved)


def test_group_stds_are_those_of_the_groups_in_label_order_and_zero_without_spread() -> None:
    given_K = group_stds(rewards(1, 0, 2, 2, 5), labels(9, 9, 1, 1, 4))
    torch.testing.assert_close(given_K, rewards(0, 0, math.sqrt(0.5)))  # labels 1, 4 (a group of one), 9


def test_a_nan_reward_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match="drop INVALID episodes"):
        group(rewards(1, math.nan), labels(0, 0))


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"rewards \(2,\) and groups \(1,\)"):
        group(rewards(1, 2), labels(0))


def test_an_unknown_scale_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected 'std', 'batch' or 'none'"):
        group(rewards(1, 2), labels(0, 0), scale="sum")  # type: ignore[arg-type]


def test_batch_scale_divides_by_the_deviation_of_all_that_is_left_of_the_batch() -> None:
    given_N = group(rewards(1, 0, 4, 0), labels(1, 1, 2, 2), scale="batch", eps=0.0)
    centred = rewards(0.5, -0.5, 2, -2)
    torch.testing.assert_close(given_N, centred / math.sqrt((0.25 + 0.25 + 4 + 4) / 3))


def test_equal_rewards_in_each_group_give_zero_with_the_deviation_of_the_batch() -> None:
    assert group(rewards(0.1, 0.1, 0.7, 0.7), labels(0, 0, 1, 1), scale="batch").tolist() == [0.0] * 4


def test_raw_is_the_reward() -> None:
    torch.testing.assert_close(raw(rewards(1, 0, 0.5), labels(0, 0, 1)), rewards(1, 0, 0.5))


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 3)), min_size=1, max_size=24))
def test_leave_one_out_is_the_distance_to_the_mean_of_the_others(pairs: list[tuple[int, int]]) -> None:
    given_N = leave_one_out(rewards(*(r for r, _ in pairs)), labels(*(g for _, g in pairs)))
    for i, (reward, label) in enumerate(pairs):
        others = [r for j, (r, g) in enumerate(pairs) if g == label and j != i]
        assert float(given_N[i]) == pytest.approx(reward - sum(others) / len(others) if others else 0.0)


def test_the_optimal_baseline_weighs_rewards_by_length() -> None:
    given_N = optimal_baseline(rewards(1, 0, 0.5), labels(0, 0, 1), labels(30, 10, 7))
    torch.testing.assert_close(given_N, rewards(0.25, -0.75, 0))


def test_with_equal_lengths_the_optimal_baseline_is_the_mean() -> None:
    given = (rewards(1, 0, 0.25, 3), labels(0, 0, 0, 1))
    torch.testing.assert_close(optimal_baseline(*given, labels(5, 5, 5, 5)), group(*given, scale="none"))


def test_a_length_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="above 0"):
        optimal_baseline(rewards(1, 0), labels(0, 0), labels(3, 0))


def test_the_greedy_baseline_is_the_reward_of_the_greedy_episode() -> None:
    torch.testing.assert_close(greedy_baseline(rewards(1, 0), labels(0, 1), rewards(0.25, 0.75)), rewards(0.75, -0.75))


def test_whitened_values_have_mean_zero_and_deviation_one() -> None:
    given_N = whiten(rewards(1, 2, 3, 6), eps=0.0)
    assert float(given_N.mean()) == pytest.approx(0, abs=1e-12)
    assert float(given_N.std()) == pytest.approx(1)


@pytest.mark.parametrize("values", [(0.1, 0.1, 0.1), (7.0,)])
def test_equal_values_are_whitened_to_exactly_zero(values: tuple[float, ...]) -> None:
    assert whiten(rewards(*values)).tolist() == [0.0] * len(values)


def test_a_turn_is_compared_with_turns_taken_in_the_same_state_of_the_same_task() -> None:
    # two episodes of task 0 (rewards 1 and 0) with two turns each, one of task 1; states 5 and 6
    given_N = step_group(
        rewards(1, 1, 0, 0, 1),
        labels(0, 0, 0, 0, 1),
        rewards(0.9, 1, 0.5, 0, 1),
        labels(5, 6, 5, 7, 5),
        weight=2.0,
        scale="none",
    )
    # episode: mean 1/2; state 5 of task 0: 0.9 and 0.5, mean 0.7; states 6 and 7 and task 1 stand alone
    torch.testing.assert_close(given_N, rewards(0.5 + 0.4, 0.5, -0.5 - 0.4, -0.5, 0))


def test_the_advantage_in_a_tree_is_that_among_all_leaves_plus_that_among_its_own() -> None:
    given_N = tree(rewards(1, 0, 1, 1), labels(3, 3, 3, 3), labels(0, 0, 1, 1), scale="none")
    torch.testing.assert_close(given_N, rewards(0.25 + 0.5, -0.75 - 0.5, 0.25, 0.25))


def test_trees_of_other_tasks_with_the_same_number_are_other_trees() -> None:
    given_N = tree(rewards(1, 0), labels(0, 1), labels(0, 0), scale="none")
    assert given_N.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "refused",
    [
        lambda r, g: raw(r, g),
        lambda r, g: leave_one_out(r, g),
        lambda r, g: optimal_baseline(r, g, g + 1),
        lambda r, g: greedy_baseline(torch.zeros_like(r), g, r),
        lambda r, g: step_group(r, g, r, g),
    ],
)
def test_every_advantage_refuses_an_episode_that_nobody_judged(refused: Callable[..., torch.Tensor]) -> None:
    with pytest.raises(ConfigError, match="drop INVALID"):
        refused(rewards(1, math.nan), labels(0, 0))
