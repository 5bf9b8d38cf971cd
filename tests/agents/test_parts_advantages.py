"""Advantages of a step, against formulas written out."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from assaygym.agents.parts.advantages import (
    GAE,
    GreedyBaseline,
    GroupAdvantage,
    LeaveOneOut,
    OptimalBaseline,
    Quantile,
    Raw,
    WhitenBaseline,
    WhitenReturns,
)
from assaygym.agents.parts.base import Advantage
from assaygym.agents.scene import Scene
from assaygym.errors import ConfigError

MakeScene = Callable[..., Scene]


def rows(advantages_BT: Tensor) -> list[float]:
    assert advantages_BT.shape[1] == 1
    found: list[float] = advantages_BT.squeeze(1).tolist()
    return found


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Raw(), [1, 0, 0.5, 1]),
        (LeaveOneOut(), [0.75, -0.75, 0, 0]),
        (OptimalBaseline(), [1 - 3 / 7, -3 / 7, 0.5 - 3 / 7, 0]),  # (1*1 + 2*0 + 4*.5) / 7
        (GroupAdvantage("none"), [0.5, -0.5, 0, 0]),
        (GroupAdvantage("std", eps=0.0), [1, -1, 0, 0]),
        (GroupAdvantage("std", eps=0.5), [0.5, -0.5, 0, 0]),
    ],
    ids=str,
)
def test_an_advantage_is_the_value_worked_by_hand_and_a_group_of_one_has_none(
    make_scene: MakeScene, part: Advantage, expected: list[float]
) -> None:
    scene = make_scene([1, 0, 0.5, 1], groups=[0, 0, 0, 1], lengths=[1, 2, 4, 3])
    assert rows(part(scene)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("part", [Raw(), LeaveOneOut(), OptimalBaseline(), GroupAdvantage()], ids=str)
def test_what_was_left_out_has_no_advantage_and_is_no_comparison(make_scene: MakeScene, part: Advantage) -> None:
    whole = make_scene([1, 0, 0.5], lengths=[1, 2, 4], keep=[True, True, False])
    alone = make_scene([1, 0], lengths=[1, 2])
    assert rows(part(whole)) == [*rows(part(alone)), 0]


def test_a_divergence_in_the_reward_counts_once_an_episode(make_scene: MakeScene) -> None:
    penalty_BT = torch.tensor([[0, 0.25, 0.25], [0, 0.0, 0.1]])
    scene = make_scene([1, 0], penalty_BT=penalty_BT)
    assert rows(LeaveOneOut()(scene)) == pytest.approx([0.6, -0.6])


# -- ReMax and QRPO: companions --------------------------------------------------------------------------------------


def test_the_greedy_reward_is_the_baseline(make_scene: MakeScene) -> None:
    scene = make_scene([1, 0], groups=[0, 1], companions_NC=torch.tensor([[0.25], [1.0]]))
    assert rows(GreedyBaseline()(scene)) == [0.75, -1]


def test_the_quantile_is_the_share_of_the_references_that_are_not_better(make_scene: MakeScene) -> None:
    references = torch.tensor([[0.0, 0.5, 1.0, math.nan]] * 3)
    scene = make_scene([0.5, 1, -0.0], companions_NC=references)
    assert rows(Quantile()(scene)) == pytest.approx([2 / 3, 1, 1 / 3])


def test_a_reward_below_all_references_counts_as_one_of_them(make_scene: MakeScene) -> None:
    scene = make_scene([0], companions_NC=torch.tensor([[1.0, 1.0, 1.0, 1.0]]))
    assert rows(Quantile()(scene)) == [0.25]


@pytest.mark.parametrize("part", [GreedyBaseline(), Quantile()], ids=str)
def test_where_no_companion_could_be_judged_the_episode_is_left_out(make_scene: MakeScene, part: Advantage) -> None:
    scene = make_scene([1, 1], groups=[0, 1], companions_NC=torch.tensor([[math.nan], [0.0]]))
    assert rows(part(scene)) == [0, 1]
    assert scene.keep_N.tolist() == [False, True]


@pytest.mark.parametrize(("part", "rollout"), [(GreedyBaseline(), "greedy_extra"), (Quantile(), "with_reference")])
def test_without_companions_the_rollout_that_has_them_is_named(
    make_scene: MakeScene, part: Advantage, rollout: str
) -> None:
    with pytest.raises(ConfigError, match=f"rollout={rollout}"):
        part(make_scene([1]))


# -- REINFORCE++ -----------------------------------------------------------------------------------------------------


def whitened(values: list[float]) -> list[float]:
    mean, deviation = statistics.mean(values), statistics.stdev(values)
    return [(value - mean) / deviation for value in values]


def test_returns_are_discounted_by_sampled_tokens_and_whitened_over_all_of_them(make_scene: MakeScene) -> None:
    scene = make_scene([1, 0.5], lengths=[2, 1], penalty_BT=torch.tensor([[0, 0.5, 0], [0, 0, 0]]))
    one, two, three = whitened([0.5 * 1 - 0.5, 1, 0.5])
    expected = torch.tensor([[0, one, two], [0, three, 0]])
    torch.testing.assert_close(WhitenReturns(gamma=0.5)(scene), expected)


def test_what_was_left_out_is_not_whitened_with(make_scene: MakeScene) -> None:
    scene = make_scene([1, 0, 0.25], lengths=[1, 1, 1], keep=[True, True, False])
    root = 0.5**0.5
    torch.testing.assert_close(WhitenReturns()(scene)[:, 1], torch.tensor([root, -root, 0]))


def test_a_batch_of_equal_rewards_teaches_nothing(make_scene: MakeScene) -> None:
    scene = make_scene([0.1, 0.1, 0.1], lengths=[1, 3, 3])
    assert not bool(WhitenReturns()(scene).any())


def test_the_groups_mean_is_taken_off_before_whitening_and_tokens_or_episodes_are_what_counts(
    make_scene: MakeScene,
) -> None:
    scene = make_scene([1, 0, 0.5, 0], groups=[0, 0, 1, 1], lengths=[1, 1, 2, 1])
    centred = [0.5, -0.5, 0.25, -0.25]
    assert rows(WhitenBaseline("episodes")(scene)) == pytest.approx(whitened(centred))
    first, second, third, _, fourth = whitened([0.5, -0.5, 0.25, 0.25, -0.25])
    expected = torch.tensor([[0, first, 0], [0, second, 0], [0, third, third], [0, fourth, 0]])
    torch.testing.assert_close(WhitenBaseline("tokens")(scene), expected)


def test_whitening_over_what_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected 'tokens' or 'episodes'"):
        WhitenBaseline("rows")  # type: ignore[arg-type]


# -- GAE -------------------------------------------------------------------------------------------------------------


def test_gae_sets_the_targets_of_the_critic_and_passes_over_what_was_left_out(make_scene: MakeScene) -> None:
    values_BT = torch.tensor([[0, 0.2, 0.4], [0, 0.1, 0.3], [0, 9.0, 9.0]])
    scene = make_scene([1, 0, 1], keep=[True, True, False], values_BT=values_BT)
    advantages_BT = GAE(gamma=1.0, lam=0.5, whiten=False)(scene)
    first = [0.2 + 0.5 * 0.6, 0.6], [0.2 + 0.5 * -0.3, -0.3]
    torch.testing.assert_close(advantages_BT[:2, 1:], torch.tensor(first))
    assert not bool(advantages_BT[2].any())
    assert scene.targets_BT is not None
    torch.testing.assert_close(scene.targets_BT[0, 1:], torch.tensor([0.7, 1.0]))


def test_gae_without_a_critic_names_the_part_that_makes_one(make_scene: MakeScene) -> None:
    with pytest.raises(ConfigError, match="regulariser `value`"):
        GAE()(make_scene([1]))
