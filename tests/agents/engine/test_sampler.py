"""One draw: which token it is, and what is said of it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.agents.engine.sampler import sample


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).unsqueeze(1)


def draw(logits: list[float], u: float, temperature: float = 1.0, top_p: float = 1.0) -> int:
    token, _, _ = sample(torch.tensor([logits]), column(u), column(temperature).float(), column(top_p).float())
    return int(token)


@pytest.mark.parametrize(("u", "token"), [(0.0, 0), (0.24, 0), (0.26, 1), (0.49, 1), (0.51, 2), (0.999999, 2)])
def test_sampling_inverts_the_distribution_function(u: float, token: int) -> None:
    assert draw([0.0, 0.0, 0.6931472], u) == token


def test_a_token_of_probability_zero_is_never_drawn_and_adds_no_entropy() -> None:
    logits = [-torch.inf, 0.0, -torch.inf]
    assert draw(logits, 0.0) == draw(logits, 1 - 2**-53) == 1
    _, logp, entropy = sample(torch.tensor([logits]), column(0.5))
    assert (float(logp), float(entropy)) == (0.0, 0.0)


@pytest.mark.parametrize(("top_p", "drawn"), [(0.3, {2}), (0.5, {2}), (0.6, {1, 2}), (1.0, {0, 1, 2})])
def test_top_p_keeps_the_fewest_tokens_that_reach_it(top_p: float, drawn: set[int]) -> None:
    logits = torch.tensor([0.2, 0.29, 0.51]).log().tolist()
    assert {draw(logits, u / 100, top_p=top_p) for u in range(100)} == drawn


def test_rows_are_drawn_each_by_its_own_settings() -> None:
    logits = torch.tensor([[0.0, 1.0, 0.5]] * 4)
    temperature, top_p = column(0, 1, 2, 1).float(), column(1, 1, 1, 0.3).float()
    token, logp, _ = sample(logits, column(0.0, 0.0, 0.0, 0.9), temperature, top_p)
    assert token.tolist() == [1, 0, 0, 1]
    plain, halved = torch.log_softmax(logits[0], -1), torch.log_softmax(logits[0] / 2, -1)
    expected = [plain[1], plain[0], halved[0], plain[1]]
    assert logp.tolist() == pytest.approx([float(value) for value in expected])


def test_leaving_the_settings_out_is_temperature_and_top_p_one() -> None:
    logits, u, ones = torch.randn(8, 30), torch.rand(8, 1, dtype=torch.float64), torch.ones(8, 1)
    for short, long in zip(sample(logits, u), sample(logits, u, ones, ones), strict=True):
        torch.testing.assert_close(short, long)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-8, 8, width=32), min_size=2, max_size=6), st.floats(0, 0.999), st.floats(0.25, 4))
def test_every_draw_is_a_token_with_its_own_probability(logits: list[float], u: float, temperature: float) -> None:
    token, logp, entropy = sample(torch.tensor([logits]), column(u), column(temperature).float())
    p = torch.softmax(torch.tensor(logits, dtype=torch.float64) / temperature, -1)
    assert float(logp.exp()) == pytest.approx(float(p[int(token)]), rel=1e-3, abs=1e-6)
    assert float(entropy) == pytest.approx(float(-(p * p.log()).sum()), abs=1e-3)
    assert p[: int(token)].sum() <= u + 1e-5
    assert p[: int(token) + 1].sum() >= u - 1e-5
