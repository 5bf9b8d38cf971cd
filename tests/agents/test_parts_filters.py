"""Which episodes a filter leaves, and who they are compared with then."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from assaygym.agents.advantages import group
from assaygym.agents.parts.advantages import GroupAdvantage, Raw
from assaygym.agents.parts.filters import NonzeroStd, PositiveOnly, PruneAbs, TopK
from assaygym.agents.scene import Scene
from assaygym.agents.strategies import Independent, Refill
from assaygym.errors import ConfigError

MakeScene = Callable[..., Scene]


def test_groups_without_spread_go_by_the_rewards_of_the_environment(make_scene: MakeScene) -> None:
    scene = make_scene([1, 1, 0, 1], groups=[0, 0, 1, 1])
    scene.rewards_N = torch.tensor([1.0, 0.5, 0, 0])  # a penalty is no spread
    assert NonzeroStd()(scene).tolist() == [False, False, True, True]


def test_further_tasks_are_drawn_only_where_the_filter_wants_them() -> None:
    inner = Independent(2)
    assert isinstance(NonzeroStd(refill=True).refilled(inner, 4), Refill)
    assert NonzeroStd(refill=False).refilled(inner, 4) is inner
    assert PositiveOnly().refilled(inner, 4) is inner


def test_only_what_earned_something_as_shaped_is_learnt_from(make_scene: MakeScene) -> None:
    scene = make_scene([1, 1, 0])
    scene.rewards_N = torch.tensor([1.0, -0.5, 0])
    scene.keep_N = PositiveOnly()(scene)
    assert scene.keep_N.tolist() == [True, False, False]
    assert Raw()(scene).squeeze(1).tolist() == [1, 0, 0]


# -- GFPO ------------------------------------------------------------------------------------------------------------


def test_the_shortest_of_each_group_are_compared_with_one_another_alone(make_scene: MakeScene) -> None:
    scene = make_scene([1, 0, 1, 1, 0], groups=[0, 0, 0, 1, 1], lengths=[4, 2, 9, 3, 3])
    scene.keep_N = TopK(2)(scene)
    assert scene.keep_N.tolist() == [True, True, False, True, True]
    expected = group(torch.tensor([1.0, 0]), torch.tensor([0, 0])).tolist()
    assert GroupAdvantage()(scene).squeeze(1).tolist() == pytest.approx([*expected, 0, *expected])


def test_by_efficiency_the_most_reward_a_token_stays(make_scene: MakeScene) -> None:
    scene = make_scene([0.5, 1, 0], lengths=[2, 8, 1])
    assert TopK(1, "efficiency")(scene).tolist() == [True, False, False]
    assert TopK(1, "shortness")(scene).tolist() == [False, False, True]


def test_what_an_earlier_filter_left_out_takes_no_place(make_scene: MakeScene) -> None:
    scene = make_scene([1, 1, 1], lengths=[1, 2, 3], keep=[False, True, True])
    assert TopK(1)(scene).tolist() == [False, True, False]


# -- CPPO ------------------------------------------------------------------------------------------------------------


def pruned(scene: Scene, advantages: list[float], part: PruneAbs) -> list[bool]:
    scene.advantages_N = torch.tensor(advantages)
    found: list[bool] = part(scene).tolist()
    return found


def test_pruning_looks_at_advantages_of_the_batch_or_of_each_group(make_scene: MakeScene) -> None:
    scene = make_scene([0] * 4, groups=[0, 0, 1, 1])
    assert pruned(scene, [2, -1, 0.5, 0.1], PruneAbs(0.5, "batch")) == [True, True, False, False]
    assert pruned(scene, [2, -1, 0.5, 0.1], PruneAbs(0.5, "group")) == [True, False, True, False]


def test_episodes_that_were_left_out_before_are_not_pruned_again(make_scene: MakeScene) -> None:
    scene = make_scene([0] * 4, keep=[True, True, False, False])
    assert pruned(scene, [2, 1, 0, 0], PruneAbs(0.5)) == [True, False, False, False]


def test_pruning_comes_after_the_advantages_and_does_not_change_them() -> None:
    assert [part.after for part in (NonzeroStd, PositiveOnly, TopK, PruneAbs)] == [False, False, False, True]


@pytest.mark.parametrize(
    "refused",
    [
        lambda: TopK(0),
        lambda: TopK(by="length"),  # type: ignore[arg-type]
        lambda: PruneAbs(1.0),
        lambda: PruneAbs(scope="row"),  # type: ignore[arg-type]
    ],
)
def test_a_setting_outside_its_range_is_refused(refused: Callable[[], object]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        refused()
