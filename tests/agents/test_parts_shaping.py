"""What shaping declares is what the pure functions do to the rewards of a step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from assaygym.agents.advantages import group
from assaygym.agents.parts.shaping import (
    Lagrangian,
    LengthTopLambda,
    Overlong,
    Repetition,
    StopProperly,
    TokenRewards,
    TurnDecay,
    TwoPhase,
    Weights,
)
from assaygym.agents.scene import Scene
from assaygym.errors import ConfigError

MakeScene = Callable[..., Scene]


def values(shaped_N: torch.Tensor) -> Any:
    return pytest.approx(shaped_N.tolist())


def test_the_overlong_penalty_takes_its_limit_from_the_run(make_scene: MakeScene) -> None:
    scene = make_scene([1, 1, 1], lengths=[8, 9, 10])  # limit 10, of which the last 2 are the buffer
    assert values(Overlong()(scene)) == [1.0, 0.5, 0.0]
    assert values(Overlong(limit=9, buffer=0.25, factor=2.0)(scene)) == [0.0, -1.0, -1.0]


def test_an_episode_that_did_not_stop_keeps_its_share(make_scene: MakeScene) -> None:
    scene = make_scene([1, 1, 0.5], cut=[True, False, True])
    assert values(StopProperly()(scene)) == [0, 1, 0]
    assert values(StopProperly(0.5)(scene)) == [0.5, 1, 0.25]


def test_length_counts_in_the_groups_solved_most_often(make_scene: MakeScene) -> None:
    scene = make_scene([1, 1, 1, 0], groups=[0, 0, 1, 1], lengths=[2, 4, 9, 9])
    short, long = (1 - 0.4 / (1 + math.exp(-z / math.sqrt(2))) for z in (-1, 1))
    assert values(LengthTopLambda(share=0.5, alpha=0.4)(scene)) == [short, long, 1, 0]


def test_late_and_repeated_answers_earn_less(make_scene: MakeScene) -> None:
    scene = make_scene([1, 1, 0], said=[("a",), ("b", "a", "c"), ("a", "a")], lengths=[3, 3, 3])
    assert values(TurnDecay(0.5)(scene)) == [1, 0.25, 0]
    assert values(Repetition(0.5)(scene)) == [1, 1, -0.25]


# -- rewards of steps ------------------------------------------------------------------------------------------------

STEPS: dict[str, Any] = {"lengths": [3, 3], "marks": [(0, 1, 0.5), (0, 3, 0.25), (1, 2, 1.0)]}
"""Row 0 has a step that ends at its first token and one at its last; row 1 one at its second."""


def test_rewards_of_steps_count_as_they_are_without_the_part(make_scene: MakeScene) -> None:
    scene = make_scene([1, 0], **STEPS)
    assert values(scene.rewards()) == [1.75, 1.0]
    assert scene.token_rewards_BT().tolist() == [[0, 0.5, 0, 1.25], [0, 0, 1, 0]]


def test_the_part_weighs_steps_against_the_end(make_scene: MakeScene) -> None:
    scene = make_scene([1, 0], **STEPS)
    scene.rewards_N = TokenRewards(steps=2.0, end=0.5)(scene)
    assert values(scene.rewards()) == [2.0, 2.0]
    scene.rewards_N = TokenRewards(steps=0.0)(make_scene([1, 0], **STEPS))
    scene.marks_weight = 0.0
    assert values(scene.rewards()) == [1.0, 0.0]


# -- two phases ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "expected"), [(0, [0.5, 1, 0]), (2, [0.5, 1, 0]), (3, [0, 1, 0]), (9, [0, 1, 0])])
def test_from_the_step_of_the_switch_on_only_whole_solutions_earn(
    make_scene: MakeScene, step: int, expected: list[float]
) -> None:
    assert values(TwoPhase(switch=3)(make_scene([0.5, 1, 0], step=step))) == expected


def test_the_switch_by_the_share_solved_comes_after_the_step_that_reached_it_and_stays(make_scene: MakeScene) -> None:
    memory: dict[str, Any] = {}
    part = TwoPhase(solved=0.5)
    assert values(part(make_scene([0.5, 0.9], memory=memory))) == [0.5, 0.9]
    assert memory == {}
    assert values(part(make_scene([0.5, 1.0], memory=memory))) == [0.5, 1.0]
    assert values(part(make_scene([0.5, 0.9], memory=memory))) == [0, 0]


def test_the_dense_reward_may_be_a_measure(make_scene: MakeScene) -> None:
    scene = make_scene([0, 1], metrics=[{"share": 0.75}, {"share": 1.0}])
    assert values(TwoPhase(switch=5, metric="share")(scene)) == [0.75, 1.0]


# -- measures --------------------------------------------------------------------------------------------------------

MEASURED = [{"right": 1.0, "form": 0.0}, {"right": 0.0, "form": 1.0}, {"right": 0.0, "form": 1.0}]


def test_weights_add_up_what_was_measured_and_the_reward(make_scene: MakeScene) -> None:
    scene = make_scene([0.5, 0.25, 1], metrics=MEASURED)
    assert values(Weights("right:1, form:0.5")(scene)) == [1, 0.5, 0.5]
    assert values(Weights("reward:2,right:-1")(scene)) == [0, 0.5, 2]


def test_normalised_first_each_measure_is_compared_within_its_group(make_scene: MakeScene) -> None:
    scene = make_scene([0, 0, 0], metrics=MEASURED)
    right, form = torch.tensor([1.0, 0, 0]), torch.tensor([0, 1.0, 1])
    expected = group(right, scene.batch.groups_N) + 0.5 * group(form, scene.batch.groups_N)
    assert values(Weights("right:1,form:0.5", normalise=True)(scene)) == expected.tolist()


def test_an_episode_without_the_measure_is_left_out_and_not_compared_with(make_scene: MakeScene) -> None:
    scene = make_scene([1, 1, 1], metrics=[{"right": 1.0}, {}, {"right": 0.0}])
    shaped_N = Weights("right:1", normalise=True)(scene)
    assert scene.keep_N.tolist() == [True, False, True]
    assert shaped_N[[0, 2]].tolist() == pytest.approx([0.5**0.5, -(0.5**0.5)], rel=1e-5)


def test_a_measure_that_nobody_took_is_told_with_the_nearest(make_scene: MakeScene) -> None:
    with pytest.raises(ConfigError, match="no verifier of this step measured 'rigt'; did you mean 'right'"):
        Weights("rigt:1")(make_scene([0, 0, 0], metrics=MEASURED))


@pytest.mark.parametrize("terms", ["", "right", "right=1", "right:x", ":1", "right:nan", "a:1,,b:2"])
def test_terms_that_are_not_written_so_are_refused(terms: str) -> None:
    with pytest.raises(ConfigError, match="NAME:WEIGHT"):
        Weights(terms)


# -- a constraint ----------------------------------------------------------------------------------------------------


def test_the_weight_of_a_cost_is_remembered_from_step_to_step(make_scene: MakeScene) -> None:
    memory: dict[str, Any] = {}
    costly = [{"cost": 1.0}, {"cost": 0.0}]
    part = Lagrangian(limit=0.25, rate=0.4)
    assert values(part(make_scene([1, 0], metrics=costly, memory=memory))) == [0, 0]  # λ = 1
    assert memory == {"lagrangian": pytest.approx(0.1)}
    weight = math.exp(0.1)
    expected = [(1 - weight) / (1 + weight), 0]
    assert values(part(make_scene([1, 0], metrics=costly, memory=memory))) == expected


def test_an_episode_of_unknown_cost_moves_nothing_and_is_left_out(make_scene: MakeScene) -> None:
    memory: dict[str, Any] = {}
    scene = make_scene([1, 1], metrics=[{"cost": 0.5}, {}], memory=memory)
    Lagrangian(limit=0.5)(scene)
    assert (memory["lagrangian"], scene.keep_N.tolist()) == (0.0, [True, False])


@pytest.mark.parametrize(
    "refused",
    [
        lambda: TwoPhase(),
        lambda: TwoPhase(switch=-1),
        lambda: TwoPhase(solved=0.0),
        lambda: TokenRewards(0.0, 0.0),
        lambda: Lagrangian(start=0.0),
        lambda: Lagrangian(rate=-1.0),
    ],
)
def test_a_setting_outside_its_range_is_refused(refused: Callable[[], object]) -> None:
    with pytest.raises(ConfigError, match=r"expected|give"):
        refused()
