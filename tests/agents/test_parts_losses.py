"""What a loss declares is the surrogate it names, on the rows of a forward pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from assaygym.agents.parts.aggregations import SeqMeanTokenMean, SeqMeanTokenSum, SeqSumConst, TokenMean, TokenSum
from assaygym.agents.parts.base import Aggregation, Loss
from assaygym.agents.parts.corrections import TIS, IcePop
from assaygym.agents.parts.losses import CISPO, GVPO, QRPO, SAPO, Clip, GeoMean, Plain
from assaygym.agents.parts.registry import PARTS
from assaygym.agents.scene import Rows
from assaygym.errors import ConfigError

MASK = [[1.0, 1, 1, 1], [1.0, 1, 0, 0]]


def rows(log_ratios: object, advantages: object = ((1.0,), (-1.0,)), **fields: Any) -> Rows:
    """Two rows; the policy sampled with log-probability -1."""
    logps_BT = torch.tensor(log_ratios, dtype=torch.float64) - 1
    given: dict[str, Any] = {
        "logps_BT": logps_BT,
        "old_BT": torch.full_like(logps_BT, -1.0),
        "mask_BT": torch.tensor(MASK, dtype=torch.float64),
        "turns_BT": torch.tensor([[0, 0, 1, 1], [0, 1, 0, 0]]),
        "advantages_BT": torch.tensor(advantages, dtype=torch.float64).expand_as(logps_BT),
        "groups_B": torch.tensor([0, 0]),
        "episodes_B": torch.tensor([0, 1]),
    }
    return Rows(**{**given, **fields})


MOVED = [[0.1, 0.3, -0.2, 0.0], [0.05, -0.15, 7, 7]]


def exponents(*logs: float) -> Any:
    return pytest.approx([math.exp(log) for log in logs])


@pytest.mark.parametrize(
    ("level", "logs"),
    [("token", [0.1, 0.3, -0.2, 0.0]), ("turn", [0.2, 0.2, -0.1, -0.1]), ("sequence", [0.05] * 4)],
)
def test_the_ratio_is_that_of_the_token_the_turn_or_the_row(level: Any, logs: list[float]) -> None:
    loss_BT = Clip(1.0, 9.0, level=level)(rows(MOVED)).loss_BT
    assert (-loss_BT[0]).tolist() == exponents(*logs)


def test_clip_higher_and_the_dual_bound_are_fields() -> None:
    out = Clip(0.2, 0.28, dual=1.05)(rows(MOVED))
    assert (-out.loss_BT[0]).tolist() == pytest.approx([math.exp(0.1), 1.28, math.exp(-0.2), 1.0])
    assert out.loss_BT[1, :2].tolist() == pytest.approx([1.05, math.exp(-0.15)])
    assert out.clipped_BT[:, :2].tolist() == [[False, True], [True, False]]


def test_at_the_level_of_rows_the_straight_through_form_has_the_same_gradient() -> None:
    """At each token verl writes `s_i exp(lp - sg(lp))`; TRL and this project write the mean itself."""
    given = rows(MOVED)
    mask_BT, logps_BT = given.mask_BT, given.logps_BT.clone().requires_grad_()
    tokens_B1 = mask_BT.sum(1, keepdim=True)
    weights_BT = mask_BT / tokens_B1
    here = Clip(0.9, 9.0, level="sequence")(rows(MOVED, logps_BT=logps_BT)).loss_BT * weights_BT
    (ours,) = torch.autograd.grad(here.sum(), logps_BT)
    log_B1 = ((logps_BT - given.old_BT) * mask_BT).sum(1, keepdim=True) / tokens_B1
    through_BT = log_B1.detach().exp() * (logps_BT - logps_BT.detach()).exp()
    (theirs,) = torch.autograd.grad((-given.advantages_BT * through_BT * weights_BT).sum(), logps_BT)
    torch.testing.assert_close(ours, theirs)


def test_the_geometric_mean_holds_the_pushed_side_and_takes_a_rows_mean_advantage() -> None:
    out = GeoMean(0.2)(rows(MOVED, [[2.0, 0.0, 1.0, 1.0], [-1.0, -1.0, 9, 9]]))
    first = -math.exp((0.1 + 0.2 - 0.2 + 0.0) / 4)
    second = math.exp((0.05 - 0.15) / 2)
    assert out.loss_BT[:, 0].tolist() == pytest.approx([first, second])


@pytest.mark.parametrize(("part", "weights"), [(CISPO(high=1.2), [0.1, math.log(1.2)]), (CISPO(1.15, 9), [None, 0.3])])
def test_cispo_holds_the_ratio_itself(part: CISPO, weights: list[float | None]) -> None:
    """As TRL has it. verl's bounds are `1 - low` and `1 + high`: `CISPO(1 - low, 1 + high)` here."""
    loss = part(rows(MOVED)).loss_BT[0]
    logps = [-0.9, -0.7]
    expected = [-(1.15 if log is None else math.exp(log)) * logp for log, logp in zip(weights, logps, strict=True)]
    assert loss[:2].tolist() == pytest.approx(expected)


def test_sapo_takes_its_temperature_by_the_sign_of_the_advantage() -> None:
    loss_BT = SAPO(2.0, 3.0)(rows(MOVED)).loss_BT
    up, down = (4 / tau / (1 + math.exp(-tau * (math.exp(log) - 1))) for tau, log in ((2.0, 0.1), (3.0, 0.05)))
    assert loss_BT[:, 0].tolist() == pytest.approx([-up, down])


def test_plain_is_the_log_probability_alone() -> None:
    assert Plain()(rows(MOVED)).loss_BT[0].tolist() == pytest.approx([0.9, 0.7, 1.2, 1.0])


def test_gvpo_compares_the_rows_of_a_group_and_qrpo_each_with_the_reference() -> None:
    gap = 0.5 * (0.2 - (0.2 - 0.1) / 2) - 1
    assert GVPO(0.5)(rows(MOVED)).loss_BT[0, 0] == pytest.approx(gap**2)  # ½ · 2 / (2 - 1)
    given = rows(MOVED, [[0.5], [1.0]], reference_BT=torch.full((2, 4), -1.0, dtype=torch.float64))
    target = math.log(0.5) - 0.5 * math.log(1 / 3)
    assert QRPO(0.5, "log")(given).loss_BT[0, 0] == pytest.approx((target - 0.5 * 0.2) ** 2)


@pytest.mark.parametrize("name", PARTS["loss"])
def test_one_step_against_the_gradient_makes_the_better_row_likelier(name: str) -> None:
    part = PARTS["loss"][name]()
    assert isinstance(part, Loss)
    start = torch.full((2, 4), -1.0, dtype=torch.float64)
    logps_BT = start.clone().requires_grad_()
    advantages = [[1.0], [0.1]] if name == "qrpo" else [[1.0], [-1.0]]  # quantiles
    given = rows([[0.0] * 4] * 2, advantages, logps_BT=logps_BT, reference_BT=start)
    weights_BT = SeqMeanTokenMean().weights(max_tokens=4)(given.mask_BT)
    (by_logps,) = torch.autograd.grad((part(given).loss_BT * weights_BT).sum(), logps_BT)
    assert bool((by_logps[0] < 0).all())
    assert bool((by_logps[1, :2] > 0).all())
    assert not bool(by_logps[1, 2:].any())


@pytest.mark.parametrize("refused", [lambda: GVPO(0.0), lambda: QRPO(-1.0), lambda: QRPO(transform="exp")])  # type: ignore[arg-type]
def test_a_setting_outside_its_range_is_refused(refused: Callable[[], object]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        refused()


# -- aggregations and corrections ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (TokenMean(), 6 / 6),
        (TokenSum(), 6.0),
        (SeqMeanTokenMean(), 1.0),
        (SeqMeanTokenSum(), 3.0),
        (SeqSumConst(), 3 / 8),
        (SeqSumConst(2.0), 1.5),
    ],
    ids=str,
)
def test_the_weights_of_an_aggregation_add_up_as_it_says(part: Aggregation, expected: float) -> None:
    assert float(part.weights(max_tokens=8)(torch.tensor(MASK)).sum()) == pytest.approx(expected)


W = [[0.25, 1, 4, 1], [3.0, 3, 1, 1]]
"""What the trainer's probability is in multiples of the sampler's."""


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (TIS(2.0), [[0.25, 1, 2, 1], [2, 2, 1, 1]]),
        (TIS(2.0, low=0.5), [[0.5, 1, 2, 1], [2, 2, 1, 1]]),  # OpenRLHF's; verl and TRL bound it above alone
        (TIS(5.0, level="sequence"), [[1, 1, 1, 1], [5, 5, 1, 1]]),
        (TIS(5.0, level="sequence_mean"), [[1, 1, 1, 1], [3, 3, 1, 1]]),
        (IcePop(0.5, 3.5), [[0, 1, 0, 1], [3, 3, 1, 1]]),
        (IcePop(0.5, 5.0, "sequence"), [[1, 1, 1, 1], [0, 0, 1, 1]]),
    ],
    ids=str,
)
def test_a_correction_weighs_each_token_as_it_says(part: TIS | IcePop, expected: list[list[float]]) -> None:
    sampled_BT: Tensor = torch.full((2, 4), -2.0)
    weights_BT = part(sampled_BT + torch.tensor(W).log(), sampled_BT, torch.tensor(MASK))
    torch.testing.assert_close(weights_BT * torch.tensor(MASK), torch.tensor(expected) * torch.tensor(MASK))
