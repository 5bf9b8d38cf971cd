"""Training adapters: they alone move, whoever samples has them, and a checkpoint is an adapter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from assaygym.agents.checkpoint import latest_checkpoint
from assaygym.agents.lora import merged, with_new_adapter
from assaygym.agents.metrics import read_metrics
from assaygym.agents.parts.regularisers import KL
from assaygym.agents.parts.rollouts import IID
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.recipes.actor_critic import PPO
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.errors import ConfigError
from assaygym.types import Message

pytest.importorskip("peft", reason="adapters need peft")
IDS = torch.tensor([[5, 6, 7, 8]])
ASKED = (Message(role="user", content="Go 7"),)


def adapted(small: Any, policy: Any = None, **given: Any) -> Any:
    return small.trainer(policy, lora_rank=4, lora_alpha=8.0, **given)


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(IDS).logits
    return found


def test_a_new_adapter_computes_what_the_model_did_and_is_all_that_is_trained(small: Any) -> None:
    policy = small.policy()
    before = {name: weight.clone() for name, weight in policy.model.named_parameters()}
    trainer = adapted(small, policy)
    assert torch.equal(logits(trainer.model), logits(small.policy().model))
    trainer.fit()
    after = {name.replace("base_model.model.", "").replace(".base_layer", ""): weight
             for name, weight in trainer.model.named_parameters() if "lora_" not in name}  # fmt: skip
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], weight) for name, weight in before.items())
    assert not torch.equal(logits(trainer.model), logits(small.policy().model))
    assert len(trainer.updater.weights) == 2 * 7  # two matrices beside each of a layer's seven


def test_what_is_sampled_has_the_adapter(small: Any) -> None:
    policy = small.policy()
    rows = adapted(small, policy, steps=4, learning_rate=3e-2).fit()
    assert rows[-1]["sampling/sampling_logp_difference/max"] < 1e-4
    assert (logits(policy.model) - logits(small.policy().model)).abs().max() > 1e-2


def test_the_reference_is_the_model_without_its_adapter(small: Any) -> None:
    rows = adapted(small, recipe=replace(small.recipe, regularisers=(KL(0.1),)), learning_rate=3e-2).fit()
    assert rows[0]["kl"] == pytest.approx(0.0, abs=1e-9)
    assert rows[2]["kl"] > 1e-5


def test_a_checkpoint_is_an_adapter_that_the_policy_loads(small: Any, tmp_path: Path) -> None:
    policy = small.policy()
    adapted(small, policy, folder=tmp_path).fit()
    saved = latest_checkpoint(tmp_path)
    assert saved is not None
    assert not (saved / "model.safetensors").exists()
    base = small.policy()
    loaded = TransformersPolicy(base.model, base.tokenizer, adapter=str(saved))
    assert torch.equal(logits(loaded.model), logits(policy.model))
    asked, params = [Prompt(messages=ASKED, observation=ASKED)], SamplingParams(max_tokens=8, seed=1)
    assert loaded.generate(asked, params)[0].token_ids == policy.generate(asked, params)[0].token_ids


@pytest.mark.parametrize("name", ["grpo", "ppo"])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(small: Any, tmp_path: Path, name: str) -> None:
    recipe = small.recipe if name == "grpo" else replace(PPO, rollout=IID(4))
    straight, cut, resumed = small.policy(), small.policy(), small.policy()
    expected = adapted(small, straight, recipe=recipe).fit()
    adapted(small, cut, recipe=recipe, folder=tmp_path).step()
    torch.manual_seed(123)
    again = adapted(small, resumed, recipe=recipe, folder=tmp_path)
    assert again.done == 1
    again.fit()
    assert torch.equal(small.weights(straight), small.weights(resumed))
    assert small.figures(read_metrics(tmp_path)) == small.figures(expected)


def test_another_engine_gets_the_adapter_merged_into_the_weights(small: Any) -> None:
    class Engine(TransformersPolicy):
        def sync(self, model: Any) -> None:
            self.model.load_state_dict(model.state_dict())

    own = small.policy(seed=8)
    rows = adapted(small, player=Engine(own.model, own.tokenizer), learning_rate=3e-2).fit()
    assert rows[-1]["sampling/sampling_logp_difference/max"] < 1e-4


def test_merging_makes_a_copy(small: Any) -> None:
    model = with_new_adapter(small.policy().model, rank=2, alpha=4)
    torch.nn.init.normal_(next(one for name, one in model.named_parameters() if "lora_B" in name))
    whole = merged(model)
    torch.testing.assert_close(logits(whole), logits(model), atol=1e-5, rtol=1e-5)
    assert not any("lora" in name for name in whole.state_dict())
    assert any("lora" in name for name in model.state_dict())


def test_recomputed_activations_give_adapters_the_same_update(small: Any) -> None:
    kept, again = small.policy(), small.policy()
    adapted(small, kept, steps=1, learning_rate=1e-4).fit()
    adapted(small, again, steps=1, learning_rate=1e-4, gradient_checkpointing=True).fit()
    torch.testing.assert_close(small.weights(again), small.weights(kept), atol=1e-6, rtol=0)


def test_the_same_seed_makes_the_same_adapter_and_no_generator_moves(small: Any) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, second = (with_new_adapter(small.policy().model, rank=2, alpha=4, seed=3) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_model_with_an_adapter_gets_no_second_one(small: Any) -> None:
    with pytest.raises(ConfigError, match="has an adapter already"):
        adapted(small, adapted(small).policy)


def test_a_reference_that_moves_cannot_be_that_of_adapters(small: Any) -> None:
    with pytest.raises(ConfigError, match="cannot reset its reference"):
        adapted(small, recipe=replace(small.recipe, regularisers=(KL(0.1, reset_every=2),)))
