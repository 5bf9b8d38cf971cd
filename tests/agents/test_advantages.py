import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.advantages import group, group_stds
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
    with pytest.raises(ConfigError, match="expected 'std' or 'none'"):
        group(rewards(1, 2), labels(0, 0), scale="batch")  # type: ignore[arg-type]
