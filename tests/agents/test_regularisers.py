import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from assaygym.agents.regularisers import ESTIMATES, k1, k2, k3

POLICY, REFERENCE = [0.5, 0.3, 0.2], [0.2, 0.2, 0.6]


def double(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def divergence() -> float:
    return sum(p * math.log(p / q) for p, q in zip(POLICY, REFERENCE, strict=True))


@pytest.mark.parametrize("estimate", [k1, k3])
def test_k1_and_k3_are_unbiased_for_the_divergence_of_two_distributions(
    estimate: Callable[[Tensor, Tensor], Tensor],
) -> None:
    values = estimate(double(POLICY).log(), double(REFERENCE).log())
    assert float((double(POLICY) * values).sum()) == pytest.approx(divergence())


def test_the_gradient_of_k2_is_that_of_the_divergence() -> None:
    logits = double([0.3, -0.2, 0.9]).requires_grad_()
    logps = logits.log_softmax(-1)
    reference = double(REFERENCE).log()
    exact = (logps.exp() * (logps - reference)).sum()
    sampled = (logps.detach().exp() * k2(logps, reference)).sum()
    (wanted,) = torch.autograd.grad(exact, logits, retain_graph=True)
    (given,) = torch.autograd.grad(sampled, logits)
    torch.testing.assert_close(given, wanted)


def test_the_gradient_of_k1_as_a_loss_is_nothing_on_average() -> None:
    logits = double([0.3, -0.2, 0.9]).requires_grad_()
    logps = logits.log_softmax(-1)
    (slope,) = torch.autograd.grad((logps.detach().exp() * k1(logps, double(REFERENCE).log())).sum(), logits)
    torch.testing.assert_close(slope, torch.zeros_like(slope))


@pytest.mark.parametrize("name", ESTIMATES)
def test_equal_policies_have_no_divergence(name: str) -> None:
    assert ESTIMATES[name](double([[-1.5, -0.1]]), double([[-1.5, -0.1]])).tolist() == [[0.0, 0.0]]


def test_k2_gives_the_value_worked_by_hand() -> None:
    assert float(k2(double([[-1.0]]), double([[-4.0]]))) == 4.5


@pytest.mark.parametrize(
    ("x", "value"), [(0.0, 0.0), (math.log(2), 0.5 + math.log(2) - 1), (-math.log(2), 2 - math.log(2) - 1)]
)
def test_k3_gives_the_value_worked_by_hand(x: float, value: float) -> None:
    assert float(k3(double([[x]]), double([[0.0]]))) == pytest.approx(value)


@given(st.floats(-30, 30), st.floats(-30, 30))
def test_k3_is_never_negative(logp: float, reference: float) -> None:
    assert float(k3(double([[logp]]), double([[reference]]))) >= 0


def test_k3_passes_gradcheck() -> None:
    assert torch.autograd.gradcheck(k3, (double([[0.3, -1.2]]).requires_grad_(), double([[0.0, 0.1]])))
