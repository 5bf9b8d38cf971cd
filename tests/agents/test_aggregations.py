from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from assaygym.agents.aggregations import (
    seq_mean_token_mean,
    seq_mean_token_sum,
    seq_sum_const,
    token_mean,
    token_sum,
)
from assaygym.errors import ConfigError

MASK = [[0.0, 1, 1, 1], [0.0, 1, 0, 0], [0.0, 0, 0, 0]]


def double(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_token_sum_weighs_every_token_with_one() -> None:
    torch.testing.assert_close(token_sum(double(MASK)), double(MASK))


def test_seq_mean_token_sum_divides_by_the_rows_that_hold_a_token() -> None:
    torch.testing.assert_close(seq_mean_token_sum(double(MASK)), double(MASK) / 2)


def test_token_mean_weighs_all_tokens_alike() -> None:
    torch.testing.assert_close(token_mean(double(MASK)), double(MASK) / 4)


def test_seq_mean_token_mean_weighs_rows_alike_and_leaves_out_the_empty_row() -> None:
    expected = double([[0, 1 / 6, 1 / 6, 1 / 6], [0, 1 / 2, 0, 0], [0, 0, 0, 0]])
    torch.testing.assert_close(seq_mean_token_mean(double(MASK)), expected)


def test_seq_sum_const_divides_every_token_by_the_same_constant() -> None:
    torch.testing.assert_close(seq_sum_const(double(MASK), constant=8), double(MASK) / 8 / 2)


def test_seq_sum_const_refuses_a_constant_of_zero() -> None:
    with pytest.raises(ConfigError, match="longest completion"):
        seq_sum_const(double(MASK), constant=0)


@pytest.mark.parametrize(
    "aggregate",
    [token_mean, token_sum, seq_mean_token_mean, seq_mean_token_sum, lambda mask: seq_sum_const(mask, constant=3)],
)
def test_a_batch_without_sampled_tokens_weighs_nothing(aggregate: Callable[[Tensor], Tensor]) -> None:
    assert aggregate(torch.zeros(2, 3)).tolist() == [[0.0] * 3] * 2


@given(
    st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=6).filter(lambda m: any(map(any, m)))
)
def test_both_means_of_a_constant_are_that_constant(mask: list[list[bool]]) -> None:
    mask_BT = double(mask)
    for aggregate in (token_mean, seq_mean_token_mean):
        assert float((aggregate(mask_BT) * 3.5).sum()) == pytest.approx(3.5)
