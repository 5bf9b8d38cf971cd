import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from assaygym.agents.ratios import LOG_RATIO_BOUND, Ratio, sequence_ratio, token_ratio, turn_ratio
from assaygym.errors import ConfigError

MASK = [[0.0, 1, 1, 0, 1], [0.0, 1, 0, 0, 0]]
OLD = [[0.0, -1, -1, 0, -1], [0.0, -2, 0, 0, 0]]
NEW = [[9.0, -0.7, -1.4, 9, -0.2], [9.0, -1.5, 9, 9, 9]]


def double(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_a_tokens_ratio_is_its_own_and_nothing_outside_the_mask() -> None:
    expected = double([[0, 0.3, -0.4, 0, 0.8], [0, 0.5, 0, 0, 0]])
    torch.testing.assert_close(token_ratio(double(NEW), double(OLD), double(MASK)).log_BT, expected)


def test_a_rows_ratio_is_the_geometric_mean_of_those_of_its_tokens() -> None:
    mean = (0.3 - 0.4 + 0.8) / 3
    expected = double([[0, mean, mean, 0, mean], [0, 0.5, 0, 0, 0]])
    torch.testing.assert_close(sequence_ratio(double(NEW), double(OLD), double(MASK)).log_BT, expected)


def test_a_turns_ratio_is_the_geometric_mean_over_the_turn() -> None:
    turns = torch.tensor([[-5, 0, 0, 7, 1], [-5, 2, 0, 0, 0]])
    expected = double([[0, -0.05, -0.05, 0, 0.8], [0, 0.5, 0, 0, 0]])
    torch.testing.assert_close(turn_ratio(double(NEW), double(OLD), double(MASK), turns).log_BT, expected)


def test_with_one_turn_a_row_turns_and_rows_agree_and_with_one_token_a_turn_turns_and_tokens() -> None:
    given = (double(NEW), double(OLD), double(MASK))
    torch.testing.assert_close(turn_ratio(*given, torch.zeros(2, 5).long()).log_BT, sequence_ratio(*given).log_BT)
    torch.testing.assert_close(turn_ratio(*given, torch.arange(5).repeat(2, 1)).log_BT, token_ratio(*given).log_BT)


def test_a_negative_turn_of_a_sampled_token_is_refused() -> None:
    with pytest.raises(ConfigError, match="negative turn"):
        turn_ratio(double(NEW), double(OLD), double(MASK), torch.full((2, 5), -1))


@given(st.floats(-1e4, 0), st.floats(-1e4, 0))
def test_no_ratio_overflows(new: float, old: float) -> None:
    given_ratio = token_ratio(double([[new]]), double([[old]]), double([[1.0]]))
    assert abs(float(given_ratio.log_BT)) <= LOG_RATIO_BOUND
    assert math.isfinite(float(given_ratio.log_BT.exp()))


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"\[B, T\]"):
        token_ratio(double(NEW), double(OLD)[:1], double(MASK))


@pytest.mark.parametrize("level", [token_ratio, sequence_ratio])
def test_each_level_passes_gradcheck(level: Callable[[Tensor, Tensor, Tensor], Ratio]) -> None:
    inputs = double(NEW).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: level(x, double(OLD), double(MASK)).log_BT, inputs)
