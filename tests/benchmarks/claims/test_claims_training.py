"""What the miniatures train with: equal beginnings, thresholds, losses that are watched."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch

from assaygym.agents.parts.advantages import GroupAdvantage
from assaygym.agents.parts.losses import Clip, GeoMean
from assaygym.agents.scene import Rows
from assaygym.agents.settings import TrainSettings
from assaygym.benchmarks.claims.common import PLAIN, START, bare, settings
from assaygym.benchmarks.claims.stale import Watched
from assaygym.benchmarks.claims.table import effect_text, number
from assaygym.benchmarks.claims.training import Start, policy_of, reach, run
from assaygym.benchmarks.claims.turns import Timed
from assaygym.benchmarks.claims.worlds import reverse

SMALL = Start(make_env=reverse("train"), teacher=bare, hidden=16, layers=1)


@dataclass
class Steps:
    """In the place of a trainer: every step draws three tasks."""

    settings: TrainSettings
    done: int = 0

    def step(self) -> dict[str, float]:
        self.done += 1
        return {"tasks_drawn": 3.0}


@dataclass
class Rising:
    """A judge that says a tenth more each time."""

    asked: list[float] = field(default_factory=list[float])

    def __call__(self) -> float:
        self.asked.append(0.1 * (len(self.asked) + 1))
        return self.asked[-1]


def reached(threshold: float, cap: int, every: int = 5) -> tuple[Any, Steps]:
    trainer: Any = Steps(TrainSettings(steps=cap))
    return reach(trainer, Rising(), threshold, every=every, episodes=8), trainer


def test_training_ends_at_the_look_that_finds_the_threshold() -> None:
    found, trainer = reached(0.25, 100)
    assert (found.steps, found.samples, found.reached) == (15, 15 * 3 * 8, 1.0)
    assert found.success == pytest.approx(0.3)
    assert trainer.done == 15


def test_a_threshold_that_is_not_reached_counts_as_the_cap() -> None:
    found, trainer = reached(0.9, 12)
    assert (found.steps, found.samples, found.reached) == (12, 12 * 3 * 8, 0.0)
    assert trainer.done == 12


def weights(policy: Any) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in policy.model.parameters()])


def test_the_arms_of_a_seed_begin_with_the_same_weights_and_do_not_share_them() -> None:
    first, second, other = policy_of(SMALL, 0, True), policy_of(SMALL, 0, True), policy_of(SMALL, 1, True)
    assert torch.equal(weights(first), weights(second))
    assert not torch.equal(weights(first), weights(other))
    with torch.no_grad():
        next(first.model.parameters()).zero_()
    assert torch.equal(weights(policy_of(SMALL, 0, True)), weights(second))


def test_a_run_repeats_bit_for_bit() -> None:
    ends = []
    for _ in range(2):
        policy = policy_of(SMALL, 0, True)
        run(policy, [reverse("train")], PLAIN, settings(0, steps=2, prompts=2, max_tokens=4))
        ends.append(weights(policy))
    assert torch.equal(*ends)


def rows(moved: list[float], advantage: float = 1.0) -> Rows:
    old = torch.full((1, len(moved)), -1.0)
    zeros = torch.zeros(1, dtype=torch.int64)
    return Rows(
        logps_BT=old + torch.tensor([moved]),
        old_BT=old,
        mask_BT=torch.tensor([[1.0] * (len(moved) - 1) + [0.0]]),
        turns_BT=torch.zeros(1, len(moved), dtype=torch.int64),
        advantages_BT=torch.full((1, len(moved)), advantage),
        groups_B=zeros,
        episodes_B=zeros,
    )


@pytest.mark.parametrize("inner", [Clip(0.2, 0.2), GeoMean(0.4)])
def test_a_watched_loss_is_the_loss_itself(inner: Clip | GeoMean) -> None:
    watched, given = Watched(inner), rows([0.1, 0.5, -0.3, 9.0])
    assert torch.equal(watched(given).loss_BT, inner(given).loss_BT)
    assert watched.widest == [pytest.approx(0.5)]
    assert watched.clipped == [pytest.approx(1 / 3)]


def test_the_timed_advantage_trains_as_the_plain_one() -> None:
    ends = []
    for advantage in (GroupAdvantage(), timed := Timed()):
        policy = policy_of(SMALL, 0, True)
        chosen = settings(0, steps=1, prompts=2, max_tokens=4)
        run(policy, [reverse("train")], replace(PLAIN, advantage=advantage), chosen)
        ends.append(weights(policy))
    assert torch.equal(*ends)
    assert len(timed.plain) == len(timed.steps) == 5


def test_a_start_is_known_by_what_it_is_not_by_what_it_says() -> None:
    assert replace(START) != START


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.12345, "0.123"), (12345.6, "12,346"), (-3.0, "-3"), (1234.0, "1,234")]
)
def test_numbers_are_told_with_three_digits_or_so(value: float | None, text: str) -> None:
    assert number(value) == text


def test_a_ratio_has_its_sign() -> None:
    assert effect_text({"ratio": True, "effect": 0.5}) == "x 0.5"
    assert effect_text({"ratio": False, "effect": 0.5}) == "0.5"
