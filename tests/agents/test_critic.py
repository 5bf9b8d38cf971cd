"""The value model."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch

from assaygym.agents.critic import Critic
from assaygym.agents.lora import with_new_adapter
from assaygym.agents.parts.regularisers import ValueLoss
from assaygym.agents.parts.rollouts import IID
from assaygym.agents.ranks import Ranks
from assaygym.agents.recipes.actor_critic import PPO
from assaygym.agents.scene import Scene


def critic_of(small: Any, model: Any = None, rule: ValueLoss | None = None, **settings: Any) -> Critic:
    recipe = replace(PPO, regularisers=(rule or ValueLoss(clip=None),))
    chosen = replace(small.settings, **{"learning_rate": 1e-2, **settings})
    return Critic(model or small.policy().model, recipe, chosen, Ranks())


@pytest.fixture
def scene(make_scene: Any) -> Scene:
    """Three rows of different lengths whose targets are their numbers."""
    made: Scene = make_scene([1, 0, 1], lengths=[2, 7, 4])
    mask_BT = made.batch.mask_BT
    made.values_BT = torch.zeros_like(mask_BT)
    made.targets_BT = torch.tensor([[1.0], [2.0], [3.0]]) * mask_BT
    return made


def test_a_value_at_the_start_is_zero_and_stands_at_sampled_tokens_alone(small: Any, scene: Scene) -> None:
    critic = critic_of(small)
    assert not critic.values(scene.batch).any()
    torch.nn.init.normal_(critic.head.weight)
    assert torch.equal(critic.values(scene.batch) != 0, scene.batch.mask_BT.bool())


def test_a_value_is_of_what_stands_before_the_token(small: Any, scene: Scene) -> None:
    critic = critic_of(small)
    torch.nn.init.normal_(critic.head.weight)
    changed = replace(scene.batch, tokens_BT=scene.batch.tokens_BT.clone())
    changed.tokens_BT[1, 4] = 50
    before_T, after_T = critic.values(scene.batch)[1], critic.values(changed)[1]
    torch.testing.assert_close(before_T[:5], after_T[:5])
    assert not torch.isclose(before_T[5:8], after_T[5:8]).any()


def test_it_learns_its_targets(small: Any, scene: Scene) -> None:
    critic, rows_B = critic_of(small), torch.arange(3)
    losses = [critic.update(scene, rows_B)["value_loss"] for _ in range(60)]
    assert losses[-1] < losses[0] / 5


def test_the_loss_is_half_the_mean_square_of_tokens_however_rows_are_split(small: Any, scene: Scene) -> None:
    tokens = scene.batch.mask_BT.sum(1)
    expected = 0.5 * 0.5 * float((tokens * torch.tensor([1.0, 4.0, 9.0])).sum() / tokens.sum())
    whole, split = critic_of(small), critic_of(small, micro_tokens=9)
    for critic in (whole, split):
        assert critic.update(scene, torch.arange(3))["value_loss"] == pytest.approx(expected)
        critic.update(scene, torch.arange(3))
    torch.testing.assert_close(whole.values(scene.batch), split.values(scene.batch), atol=1e-5, rtol=1e-5)


def test_the_larger_of_the_free_and_the_held_error_counts(small: Any, scene: Scene) -> None:
    assert scene.values_BT is not None
    scene.values_BT -= 5 * scene.batch.mask_BT  # far below where the value is now, and the target
    free = critic_of(small).update(scene, torch.tensor([0]))["value_loss"]
    held = critic_of(small, rule=ValueLoss(clip=0.5)).update(scene, torch.tensor([0]))["value_loss"]
    assert free == pytest.approx(0.25)
    assert held == pytest.approx(0.25 * 5.5**2)


def test_a_learning_rate_of_its_own(small: Any, scene: Scene) -> None:
    still = critic_of(small, rule=ValueLoss(learning_rate=0.0))
    still.update(scene, torch.arange(3))
    assert not still.values(scene.batch).any()


def test_its_state_gives_the_same_values_and_updates(small: Any, scene: Scene) -> None:
    first, second = critic_of(small), critic_of(small, small.policy(seed=3).model)
    first.update(scene, torch.arange(3))
    second.load(copy.deepcopy(first.state()))
    for critic in (first, second):
        critic.update(scene, torch.arange(3))
    assert torch.equal(first.values(scene.batch), second.values(scene.batch))


def test_of_a_model_with_adapters_the_adapters_alone_are_copied(small: Any, scene: Scene) -> None:
    model = with_new_adapter(small.policy().model, rank=2, alpha=4)
    critic = critic_of(small, model)
    theirs = {id(one): one.requires_grad for one in model.parameters()}
    shared = [one for one in critic.body.parameters() if id(one) in theirs]
    assert shared
    assert not any(one.requires_grad for one in shared)
    before = small.weights(type("", (), {"model": model}))
    critic.update(scene, torch.arange(3))
    critic.update(scene, torch.arange(3))
    assert critic.values(scene.batch).any()
    assert torch.equal(small.weights(type("", (), {"model": model})), before)
    other = critic_of(small, model)
    other.load(copy.deepcopy(critic.state()))
    assert torch.equal(other.values(scene.batch), critic.values(scene.batch))


def test_in_a_run_the_values_come_near_the_rewards(small: Any) -> None:
    class Generous(small.Env):  # type: ignore[misc]
        def _worth(self, text: str) -> float:
            return 1.0

    recipe = replace(PPO, rollout=IID(4))
    rows = small.trainer(make_env=Generous, recipe=recipe, steps=20, gradient_checkpointing=True).fit()
    assert rows[-1]["value_loss"] < rows[0]["value_loss"] / 5
