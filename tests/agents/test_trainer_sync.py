"""Another engine samples: it gets the weights, and is caught when it does not have them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from assaygym.agents.parts.corrections import TIS
from assaygym.agents.sync import WeightSync
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.errors import ConfigError, PolicyError, WeightMismatchError


class Engine(TransformersPolicy):
    """Samples with a model of its own; `takes` says of which syncs it takes the weights, from 0."""

    def __init__(self, small: Any, takes: Any = lambda sync: True) -> None:
        own = small.policy(seed=8)
        super().__init__(own.model, own.tokenizer)
        self.takes, self.syncs = takes, 0

    def sync(self, model: Any) -> None:
        if self.takes(self.syncs):
            self.model.load_state_dict(model.state_dict())
        self.syncs += 1


def test_a_player_gets_the_weights_before_each_step_and_samples_with_them(small: Any) -> None:
    alone, policy, player = small.policy(), small.policy(), Engine(small)
    expected = small.trainer(alone).fit()
    rows = small.trainer(policy, player=player).fit()
    assert player.syncs == 3
    assert [row["reward"] for row in rows] == [row["reward"] for row in expected]
    torch.testing.assert_close(small.weights(policy), small.weights(alone), atol=1e-5, rtol=0)
    assert {"sync_time", "sampling_time", "scoring_time", "update_time", "step_time"} <= set(rows[0])


@pytest.mark.parametrize("missed", [0, 1], ids=["never", "the second time"])
@pytest.mark.parametrize("old_logps", ["auto", "sampler"])
def test_a_player_that_silently_keeps_old_weights_is_caught_before_anything_is_learnt(
    small: Any, missed: int, old_logps: str
) -> None:
    policy = small.policy()
    trainer = small.trainer(policy, player=Engine(small, lambda sync: sync < missed), old_logps=old_logps)
    for _ in range(missed):
        trainer.step()
    before = small.weights(policy)
    with pytest.raises(WeightMismatchError, match=r"does not have the trainer's weights: .* differ by up to"):
        trainer.step()
    assert torch.equal(small.weights(policy), before)


def test_the_tolerance_is_the_players_own_where_it_has_one(small: Any) -> None:
    player: Any = Engine(small, lambda sync: sync == 0)
    player.tolerance = 100.0
    rows = small.trainer(player=player).fit()
    assert rows[0]["sampling/sampling_logp_difference/max"] < 1e-5
    assert rows[2]["sampling/sampling_logp_difference/max"] > 1e-3


def test_the_ratio_to_the_sampler_is_reported_by_the_names_of_trl(small: Any) -> None:
    player: Any = Engine(small)
    player.tolerance = 100.0
    generate = player.generate

    def shifted(prompts: Any, params: Any) -> Any:
        said = generate(prompts, params)
        return [replace(one, logprobs=tuple(x - 0.5 for x in one.logprobs)) for one in said]

    player.generate = shifted
    row = small.trainer(player=player, recipe=replace(small.recipe, correction=TIS())).step()
    expected = {"min": 1.6487, "mean": 1.6487, "max": 1.6487}
    assert {name: row[f"sampling/importance_sampling_ratio/{name}"] for name in expected} == pytest.approx(
        expected, abs=1e-3
    )
    assert row["sampling/sampling_logp_difference/mean"] == pytest.approx(0.5, abs=1e-4)
    assert row["clip_ratio/region_mean"] == 0  # the trainer's own log-probabilities are the start of the update


def test_a_player_without_sync_is_refused(small: Any) -> None:
    with pytest.raises(ConfigError, match=r"has no sync\(model\)"):
        small.trainer(player=small.policy())


def test_a_player_without_log_probabilities_is_refused(small: Any) -> None:
    player: Any = Engine(small)
    generate = player.generate
    player.generate = lambda prompts, params: [replace(one, logprobs=None) for one in generate(prompts, params)]
    with pytest.raises(PolicyError, match="without log-probabilities"):
        small.trainer(player=player).step()


def test_the_tolerance_follows_the_type_of_the_model(small: Any) -> None:
    model = small.policy().model
    fine = WeightSync(Engine(small), model, temperature=1.0).tolerance
    assert WeightSync(Engine(small), model.to(torch.bfloat16), temperature=1.0).tolerance > 100 * fine
