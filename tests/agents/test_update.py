"""The update: which rows go through the model together, and that how they are split changes nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.batch import Batch, make_batch
from assaygym.agents.micro import inputs_of, micro_batches, mini_batches, share_of
from assaygym.agents.parts.corrections import TIS
from assaygym.agents.parts.losses import Clip
from assaygym.agents.parts.regularisers import KL, Entropy
from assaygym.agents.parts.rollouts import IID
from assaygym.agents.passes import Passes
from assaygym.agents.ranks import Ranks
from assaygym.agents.settings import TrainSettings
from assaygym.errors import ConfigError
from assaygym.types import Completion, Message, StopReason, Trajectory, Turn

LENGTHS = st.lists(st.integers(1, 30), min_size=1, max_size=20)
GROUP = st.integers(1, 4)


def batch_of(lengths: list[int], size: int = 1) -> Batch:
    """One episode a row, `size` a group; a row has one id more than was sampled."""
    said = Message(role="assistant", content="")
    answers = [Completion(message=said, prompt_ids=(1,), token_ids=(2,) * n, logprobs=(-1.0,) * n) for n in lengths]
    episodes = [
        Trajectory(
            env_id="test/x-v0",
            task_id="x",
            seed=0,
            split="train",
            turns=(Turn(observation=(), completion=answer, reward=1.0),),
            score=None,
            stop_reason=StopReason.COMPLETED,
        )
        for answer in answers
    ]
    return make_batch(episodes, [i // size for i in range(len(lengths))], pad_id=0)


class Second(Ranks):
    rank, world = 1, 3


# -- which rows ------------------------------------------------------------------------------------------------------


@given(LENGTHS, st.integers(1, 100), GROUP)
def test_micro_batches_hold_each_row_once_within_the_budget(lengths: list[int], budget: int, size: int) -> None:
    batch = batch_of(lengths, size)
    groups_B = batch.groups_N if size > 1 else None
    rows_B = share_of(Ranks(), batch, torch.arange(len(lengths)), groups_B)
    parts = list(micro_batches(rows_B, batch, budget, groups_B))
    assert sorted(torch.cat(parts).tolist()) == list(range(len(lengths)))
    for part_B in parts:
        alone = len(set(batch.groups_N[part_B].tolist())) == 1
        assert alone or len(part_B) * int(batch.lengths_B[part_B].max()) <= budget
        assert size == 1 or not set(batch.groups_N[part_B].tolist()) & {
            int(label) for other_B in parts if other_B is not part_B for label in batch.groups_N[other_B]
        }


def test_long_rows_share_a_micro_batch_with_long_ones() -> None:
    batch = batch_of([1, 9, 2, 9])
    parts = micro_batches(share_of(Ranks(), batch, torch.arange(4)), batch, 20)
    assert [part.tolist() for part in parts] == [[1, 3], [2, 0]]


@given(LENGTHS, GROUP)
def test_processes_share_rows_evenly_and_never_a_group(lengths: list[int], size: int) -> None:
    batch = batch_of(lengths, size)
    shares = []
    for rank in range(3):
        ranks = Second()
        ranks.rank = rank
        shares.append(share_of(ranks, batch, torch.arange(len(lengths)), batch.groups_N).tolist())
    assert sorted(row for share in shares for row in share) == list(range(len(lengths)))
    labels = [set(batch.groups_N[share].tolist()) for share in shares]
    assert not any(a & b for i, a in enumerate(labels) for b in labels[i + 1 :])
    assert max(map(len, labels)) - min(map(len, labels)) <= 1


@given(LENGTHS, GROUP, st.integers(1, 5))
def test_mini_batches_hold_whole_groups(lengths: list[int], size: int, parts: int) -> None:
    batch = batch_of(lengths, size)
    found = [set(rows_B.tolist()) for rows_B in mini_batches(batch, parts)]
    assert len(found) == min(parts, math.ceil(len(lengths) / size))
    assert sorted(row for rows in found for row in rows) == list(range(len(lengths)))
    for rows in found:
        assert {row for row in range(len(lengths)) if row // size in {one // size for one in rows}} == rows


def test_inputs_are_as_wide_as_the_longest_of_their_rows() -> None:
    tokens_BT, mask_BT, lengths_B = inputs_of(batch_of([1, 9, 2]), torch.tensor([0, 2]))
    assert (tokens_BT.tolist(), lengths_B.tolist()) == ([[1, 2, 0], [1, 2, 2]], [2, 3])
    assert mask_BT.tolist() == [[0, 1, 0], [0, 1, 1]]


# -- what does not change it -----------------------------------------------------------------------------------------


def one_step(small: Any, recipe: Any = None, **settings: Any) -> tuple[dict[str, float], torch.Tensor]:
    policy = small.policy()
    settings = {"steps": 1, "prompts": 3, "learning_rate": 1e-4, **settings}
    (row,) = small.trainer(policy, recipe=recipe or small.recipe, **settings).fit()
    return row, small.weights(policy)


class Together(Clip):
    grouped = True


@pytest.mark.parametrize("what", ["plain", "kl", "entropy", "grouped"])
def test_micro_batches_do_not_change_the_update(small: Any, what: str) -> None:
    recipe = {
        "plain": small.recipe,
        "kl": replace(small.recipe, regularisers=(KL(0.5),)),
        "entropy": replace(small.recipe, regularisers=(Entropy(0.5),)),
        "grouped": replace(small.recipe, loss=Together()),
    }[what]
    whole, expected = one_step(small, recipe, updates=2)
    split, weights = one_step(small, recipe, updates=2, micro_tokens=40)
    same = ("loss", "grad_norm", "entropy", "kl", "sampling/sampling_logp_difference/max")
    assert {k: split[k] for k in same if k in split} == pytest.approx(
        {k: whole[k] for k in same if k in whole}, abs=1e-6
    )
    torch.testing.assert_close(weights, expected, atol=1e-6, rtol=0)


def test_activations_that_are_computed_again_do_not_change_the_update(small: Any) -> None:
    kept, expected = one_step(small)
    again, weights = one_step(small, gradient_checkpointing=True)
    assert again["grad_norm"] == pytest.approx(kept["grad_norm"], rel=1e-5)
    torch.testing.assert_close(weights, expected, atol=1e-6, rtol=0)


def test_recomputing_layers_keep_less_and_no_dropout_acts(small: Any) -> None:
    def kept(again: bool) -> tuple[int, torch.Tensor]:
        model, sizes = small.policy(layers=4).model, list[int]()
        for layer in model.model.layers:
            layer.self_attn.attention_dropout = 0.9
        passes = Passes(model, TrainSettings(gradient_checkpointing=again))

        def noted(tensor: torch.Tensor) -> torch.Tensor:
            sizes.append(tensor.numel())
            return tensor

        hooks = torch.autograd.graph.saved_tensors_hooks(noted, lambda x: x)
        with hooks, passes.forward():
            logits = model(torch.arange(30).view(2, 15)).logits
        assert not any(module.training for module in model.modules())
        return sum(sizes), logits

    (few, logits), (many, expected) = kept(True), kept(False)
    assert few < many / 2
    torch.testing.assert_close(logits, expected)


def test_a_model_without_such_layers_is_refused() -> None:
    model = torch.nn.Linear(2, 2)
    model.device = torch.device("cpu")  # type: ignore[assignment]
    with pytest.raises(ConfigError, match="Linear has no layers that recompute"):
        Passes(model, TrainSettings(gradient_checkpointing=True))


def test_in_half_precision_the_weights_stay_whole_and_the_start_of_the_update_is_computed_alike(small: Any) -> None:
    full, expected = one_step(small, learning_rate=1e-2)
    row, weights = one_step(small, precision="bfloat16", learning_rate=1e-2)
    assert weights.dtype == torch.float32
    assert row["clip_ratio/region_mean"] == 0  # old and new round alike
    assert 1e-6 < row["sampling/sampling_logp_difference/mean"] < 0.05
    assert row["grad_norm"] == pytest.approx(full["grad_norm"], rel=0.1)
    assert not torch.equal(weights, expected)


# -- what goes into it -----------------------------------------------------------------------------------------------


def rows_seen(small: Any, recipe: Any) -> tuple[int, int]:
    """Rows that went through the layers while the weights could get a gradient, and episodes with an advantage."""

    class Even(small.Env):  # type: ignore[misc]
        """Every second task pays the same for everything."""

        def _worth(self, text: str) -> float:
            return 0.5 if self._running().seed % 2 else super()._worth(text)

    policy, seen = small.policy(), list[int]()
    trainer = small.trainer(policy, make_env=Even, recipe=recipe, prompts=4, steps=1)

    def count(module: Any, args: Any, kwargs: Any) -> None:
        if torch.is_grad_enabled() and kwargs["input_ids"].shape[1] > 1:
            seen.append(len(kwargs["input_ids"]))

    policy.model.model.register_forward_pre_hook(count, with_kwargs=True)
    advantages = trainer._advantages
    moved: list[int] = []

    def noted(scene: Any) -> torch.Tensor:
        found: torch.Tensor = advantages(scene)
        moved.append(int(found.any(1).sum()))
        return found

    trainer._advantages = noted
    trainer.step()
    return sum(seen), moved[0]


def test_rows_without_an_advantage_do_not_go_through_the_model(small: Any) -> None:
    rows, moved = rows_seen(small, small.recipe)
    assert 2 <= rows == moved <= 8


def test_a_divergence_in_the_loss_has_a_gradient_in_every_row(small: Any) -> None:
    assert rows_seen(small, replace(small.recipe, regularisers=(KL(0.1),)))[0] == 16


def test_gradients_are_clipped_to_the_norm_that_is_reported_before(small: Any) -> None:
    policy = small.policy()
    row = small.trainer(policy, max_grad_norm=0.01).step()
    found = torch.cat([weight.grad.flatten() for weight in policy.model.parameters()]).norm()
    assert row["grad_norm"] > 0.02
    assert float(found) == pytest.approx(0.01, rel=1e-3)


def test_a_batch_without_spread_leaves_the_weights_alone(small: Any) -> None:
    before = small.weights(small.policy())
    row, weights = one_step(small, replace(small.recipe, rollout=IID(1)))
    assert (row["loss"], row["grad_norm"], row["frac_reward_zero_std"]) == (0.0, 0.0, 1.0)
    assert torch.equal(before, weights)


def test_each_mini_batch_is_a_step_of_the_optimiser(small: Any) -> None:
    trainer = small.trainer(prompts=3, mini_batches=3, updates=2)
    trainer.step()
    (count,) = {int(state["step"]) for state in trainer.updater.optimizer.state.values()}
    assert count == 6


def test_a_second_update_on_a_batch_meets_a_ratio_that_is_not_one(small: Any) -> None:
    tight = replace(small.recipe, loss=Clip(0.01, 0.01))
    assert one_step(small, tight, learning_rate=1e-2)[0]["clip_ratio/region_mean"] == 0
    twice, _ = one_step(small, tight, learning_rate=1e-2, updates=2)
    assert twice["clip_ratio/region_mean"] > 0
    sides = twice["clip_ratio/low_mean"] + twice["clip_ratio/high_mean"]
    assert sides == pytest.approx(twice["clip_ratio/region_mean"])


def test_a_correction_weighs_tokens_by_what_the_sampler_gave_them(small: Any) -> None:
    corrected = replace(small.recipe, correction=TIS(high=2.0))

    def gradient(shift: float) -> float:
        trainer = small.trainer(recipe=corrected, steps=1)
        generate = trainer.policy.generate

        def shifted(prompts: Any, params: Any) -> Any:
            return [replace(one, logprobs=tuple(x - shift for x in one.logprobs)) for one in generate(prompts, params)]

        trainer.policy.generate = shifted
        return float(trainer.step()["grad_norm"])

    exact = gradient(0.0)
    assert gradient(math.log(1.5)) == pytest.approx(1.5 * exact, rel=1e-3)
    assert gradient(math.log(4.0)) == pytest.approx(2.0 * exact, rel=1e-3)


# -- the reference ---------------------------------------------------------------------------------------------------


def test_the_divergence_from_the_start_model_is_zero_at_first_and_pulls_back_later(small: Any) -> None:
    rows = small.trainer(recipe=replace(small.recipe, regularisers=(KL(0.1),))).fit()
    assert rows[0]["kl"] == pytest.approx(0.0, abs=1e-9)
    assert rows[2]["kl"] > 1e-4


def test_a_reference_is_kept_only_where_a_recipe_needs_it(small: Any) -> None:
    assert small.trainer().updater.reference is None
    assert small.trainer(recipe=replace(small.recipe, regularisers=(KL(0.1),))).updater.reference is not None


def test_after_a_reset_the_policy_is_its_own_reference_and_the_optimiser_has_forgotten(small: Any) -> None:
    trainer = small.trainer(recipe=replace(small.recipe, regularisers=(KL(0.1, reset_every=2),)))
    rows = trainer.fit()
    assert rows[1]["kl"] > 1e-4
    assert rows[2]["kl"] == pytest.approx(0.0, abs=1e-9)
    (count,) = {int(state["step"]) for state in trainer.updater.optimizer.state.values()}
    assert count == 1


def test_a_model_that_is_all_frozen_is_refused(small: Any) -> None:
    policy = small.policy()
    policy.model.requires_grad_(False)
    with pytest.raises(ConfigError, match="all weights of the model are frozen"):
        small.trainer(policy)
