import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from assaygym.agents.advantages import group
from assaygym.agents.shaping import (
    Lagrangian,
    kl_in_reward,
    length_top_lambda,
    overlong,
    repetition,
    stop_properly,
    token_rewards,
    turn_decay,
    two_phase,
    weighted,
)
from assaygym.errors import ConfigError


def double(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize(("length", "penalty"), [(0, 0), (80, 0), (85, -0.25), (90, -0.5), (100, -1), (250, -1)])
def test_the_overlong_penalty_falls_within_the_buffer_and_no_lower(length: int, penalty: float) -> None:
    assert float(overlong(torch.tensor([length]), limit=100, buffer=20)) == pytest.approx(penalty)


def test_the_overlong_penalty_is_scaled_by_its_factor() -> None:
    assert float(overlong(torch.tensor([90]), limit=100, buffer=20, factor=0.5)) == pytest.approx(-0.25)


def test_a_truncated_episode_keeps_its_share() -> None:
    cut = torch.tensor([True, False, True])
    assert stop_properly(double([1, 1, 0.5]), cut).tolist() == [0, 1, 0]
    assert stop_properly(double([1, 1, 0.5]), cut, share=0.5).tolist() == [0.5, 1, 0.25]


def test_only_right_answers_of_the_easiest_groups_lose_by_their_length() -> None:
    rewards, groups = double([1, 1, 0, 1, 0, 0]), torch.tensor([0, 0, 0, 1, 1, 1])
    shaped = length_top_lambda(rewards, groups, torch.tensor([10, 30, 99, 50, 5, 5]), share=0.5, alpha=0.4)
    near, far = (1 - 0.4 / (1 + math.exp(-z / math.sqrt(2))) for z in (-1, 1))
    torch.testing.assert_close(shaped, double([near, far, 0, 1, 0, 0]))


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(1, 99)), min_size=1, max_size=20))
def test_the_length_of_right_answers_never_makes_them_wrong(rows: list[tuple[int, int, int]]) -> None:
    rewards, groups, lengths = (torch.tensor(column) for column in zip(*rows, strict=True))
    shaped = length_top_lambda(rewards.double(), groups, lengths, share=1.0, alpha=0.5)
    assert bool((shaped[rewards == 0] == 0).all())
    assert bool((shaped[rewards == 1] >= 0.5).all())


def test_the_dense_phase_gives_way_to_the_binary_one() -> None:
    dense, binary = double([0.5, 1]), double([0, 1])
    assert [two_phase(dense, binary, step=step, switch=3) is dense for step in (0, 2, 3, 9)] == [
        True,
        True,
        False,
        False,
    ]


def test_a_later_turn_is_worth_less() -> None:
    assert turn_decay(double([1, 1, 1, 0]), torch.tensor([0, 1, 3, 0])).tolist() == [1, 0.5, 0.125, 0]


def test_repeated_answers_cost_their_share() -> None:
    assert repetition(double([4, 1, 0]), double([4, 4, 0])).tolist() == [0, -0.375, 0]


def test_the_divergence_is_taken_off_sampled_tokens_alone_and_has_no_gradient() -> None:
    logps = double([[-1.0, -2.0, -3.0]]).requires_grad_()
    shaped = kl_in_reward(double([[0.0, 0, 1]]), logps, double([[-2.0, -2, -1]]), double([[1.0, 0, 1]]), beta=0.1)
    torch.testing.assert_close(shaped, double([[-0.1, 0, 1.2]]))
    assert not shaped.requires_grad


def test_rewards_of_steps_stand_at_their_tokens_and_add_up() -> None:
    mask = double([[0.0, 1, 1], [1.0, 1, 0]])
    given_BT = token_rewards(torch.tensor([0, 0, 1]), torch.tensor([2, 2, 0]), double([0.5, 0.25, 1]), mask)
    assert given_BT.tolist() == [[0, 0, 0.75], [1, 0, 0]]


def test_a_reward_at_a_token_that_was_not_sampled_is_refused() -> None:
    with pytest.raises(ConfigError, match="not sampled"):
        token_rewards(torch.tensor([0]), torch.tensor([0]), double([1]), double([[0.0, 1]]))


def test_normalising_first_keeps_apart_what_the_sum_makes_equal() -> None:
    groups = torch.tensor([0, 0, 0])
    parts = {"right": double([1, 0, 0]), "format": double([0, 1, 1])}
    weights = {"right": 1.0, "format": 1.0}
    assert weighted(parts, weights, groups).tolist() == [1, 1, 1]
    expected = group(parts["right"], groups) + 0.5 * group(parts["format"], groups)
    given_N = weighted(parts, {**weights, "format": 0.5}, groups, normalise=True)
    torch.testing.assert_close(given_N, expected)
    assert bool((given_N != 0).any())


def test_a_reward_without_a_weight_is_refused() -> None:
    with pytest.raises(ConfigError, match="same names"):
        weighted({"a": double([1])}, {"b": 1.0}, torch.tensor([0]))


def test_the_weight_of_a_cost_rises_while_it_is_above_its_limit() -> None:
    constraint = Lagrangian(limit=0.25, rate=0.5)
    torch.testing.assert_close(constraint.shape(double([1, 0]), double([1, 0])), double([0, 0]))
    constraint.update(double([1, 0.5]))
    assert constraint.log_weight == pytest.approx(0.25)
    constraint.update(double([0.0]))
    assert constraint.log_weight == pytest.approx(0.125)


@pytest.mark.parametrize(
    "refused",
    [
        lambda x: overlong(x, limit=10, buffer=0),
        lambda x: overlong(x, limit=10, buffer=11),
        lambda x: overlong(x, limit=10, buffer=5, factor=-1),
        lambda x: stop_properly(x, x, share=2),
        lambda x: length_top_lambda(x, x, x, share=-1),
        lambda x: length_top_lambda(x, x, x, alpha=2),
        lambda x: turn_decay(x, x, base=0),
    ],
)
def test_a_setting_outside_its_range_is_refused(refused: Callable[[Tensor], Tensor]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        refused(double([1.0]))
