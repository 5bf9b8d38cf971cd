import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from assaygym.agents.corrections import icepop, mismatch, truncated
from assaygym.errors import ConfigError

MASK = [[0.0, 1, 1, 1], [0.0, 1, 0, 0]]
RATIOS = [[9.0, 0.25, 1, 8], [9.0, 3, 9, 9]]


def double(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def given_pair() -> tuple[Tensor, Tensor, Tensor]:
    """(old, sampled, mask) with `RATIOS` between the first two."""
    sampled = double([[-1.0] * 4] * 2)
    return sampled + double(RATIOS).log(), sampled, double(MASK)


def test_the_mismatch_of_a_token_is_the_ratio_of_its_probabilities_and_one_elsewhere() -> None:
    torch.testing.assert_close(mismatch(*given_pair()), double([[1, 0.25, 1, 8], [1, 3, 1, 1]]))


def test_the_mismatch_of_a_row_is_the_product_over_its_tokens() -> None:
    torch.testing.assert_close(mismatch(*given_pair(), level="sequence"), double([[1, 2, 2, 2], [1, 3, 1, 1]]))


def test_truncation_bounds_above_alone() -> None:
    torch.testing.assert_close(truncated(*given_pair(), high=2.0), double([[1, 0.25, 1, 2], [1, 2, 1, 1]]))


def test_icepop_drops_what_is_outside_on_either_side() -> None:
    torch.testing.assert_close(icepop(*given_pair()), double([[1, 0, 1, 0], [1, 3, 1, 1]]))


@given(st.floats(-50, 0), st.floats(-50, 0))
def test_no_weight_overflows_and_none_has_a_gradient(old: float, sampled: float) -> None:
    logps = double([[old]]).requires_grad_()
    weight = mismatch(logps, double([[sampled]]), double([[1.0]]), level="sequence")
    assert math.isfinite(float(weight))
    assert not weight.requires_grad


def test_an_engine_that_agrees_changes_nothing() -> None:
    same = double([[-1.0, -2]])
    for correct in (truncated, icepop):
        assert correct(same, same, torch.ones_like(same)).tolist() == [[1, 1]]


def test_the_mean_mismatch_of_a_row_is_the_geometric_mean_of_its_tokens() -> None:
    root = 2 ** (1 / 3)
    expected = double([[1, root, root, root], [1, 3, 1, 1]])
    torch.testing.assert_close(mismatch(*given_pair(), level="sequence_mean"), expected)


def test_a_weight_may_be_held_from_below_too() -> None:
    held = truncated(*given_pair(), low=0.5, high=4.0)
    torch.testing.assert_close(held, double([[1, 0.5, 1, 4], [1, 3, 1, 1]]))


def test_senseless_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="level"):
        mismatch(*given_pair(), level="turn")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="expected 0 <= low"):
        truncated(*given_pair(), high=0.9)
    with pytest.raises(ConfigError, match="expected 0 <= low"):
        truncated(*given_pair(), low=1.1)
    with pytest.raises(ConfigError, match="expected 0 <= low"):
        icepop(*given_pair(), low=2.0)
