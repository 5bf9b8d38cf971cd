"""Who a warm start imitates beside the oracle, and how what they say is shown."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from assaygym.agents import warmstart
from assaygym.agents.demonstrations import AnswerPolicy, Mixture
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.rollout import rollout
from assaygym.agents.scripted import ConstantPolicy, OraclePolicy
from assaygym.agents.tiny import tiny_model, tiny_tokenizer
from assaygym.agents.warmstart import Demonstrator, warm_start
from assaygym.envs.core import Env
from assaygym.envs.registration import make
from assaygym.errors import ConfigError, PolicyError
from assaygym.types import Message

SAID_NOWHERE = Prompt(messages=(Message(role="user", content="2*2?"),))


def calculator() -> Env:
    return make("assay/Calculator-v0", terse=True)


def turns(policy: Any, seed: int) -> list[str]:
    episode = rollout(calculator(), policy, seed=seed, strict=True)
    assert episode.reward == 1.0
    return [turn.completion.message.content for turn in episode.turns]


def test_the_answer_is_said_at_once() -> None:
    (said,) = turns(AnswerPolicy(), 3)
    assert said.isdigit()


def test_a_task_whose_answer_is_no_plain_value_cannot_be_answered() -> None:
    with pytest.raises(PolicyError, match="has none that is text or a whole number; use the oracle"):
        rollout(make("assay/TicTacToe-v0"), AnswerPolicy(), seed=0, strict=True)


@pytest.mark.parametrize("policy", [AnswerPolicy(), Mixture(AnswerPolicy(), OraclePolicy(), share=0.5)])
def test_a_prompt_without_an_environment_is_refused(policy: Any) -> None:
    with pytest.raises(PolicyError, match=r"no task|without one"):
        policy.generate([SAID_NOWHERE], SamplingParams())


@pytest.mark.parametrize("share", [0.0, 0.15, 0.5, 1.0])
def test_a_mixture_divides_the_tasks_by_its_share(share: float) -> None:
    mixture = Mixture(OraclePolicy(), AnswerPolicy(), share=share)
    asked = sum(len(turns(mixture, seed)) == 2 for seed in range(200))
    assert abs(asked / 200 - share) <= 0.07
    assert share not in (0.0, 1.0) or asked == 200 * share


def test_who_plays_a_task_depends_on_the_seed_and_the_task_alone() -> None:
    played = {seed: [len(turns(Mixture(OraclePolicy(), AnswerPolicy(), share=0.5, seed=seed), task))
                     for task in range(30)] for seed in (0, 0, 1)}  # fmt: skip
    again = [len(turns(Mixture(OraclePolicy(), AnswerPolicy(), share=0.5), task)) for task in range(30)]
    assert again == played[0] != played[1]


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_its_range_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="from 0 to 1"):
        Mixture(OraclePolicy(), AnswerPolicy(), share=share)


def test_what_another_policy_says_is_shown_with_ids() -> None:
    tokenizer = tiny_tokenizer()
    env = calculator()
    episode = rollout(env, Demonstrator(tokenizer, ConstantPolicy("C12*34;")), seed=1, strict=True)
    first, second = (turn.completion for turn in episode.turns)
    assert tokenizer.decode(list(first.token_ids)) == "C12*34;<end>"
    assert str(tokenizer.decode(list(second.prompt_ids))).endswith("C12*34;<end><user>408|<end><assistant>")


def test_rows_of_unlike_lengths_are_taught_as_if_they_went_together(monkeypatch: pytest.MonkeyPatch) -> None:
    def taught() -> tuple[list[float], list[torch.Tensor]]:
        tokenizer, losses = tiny_tokenizer(), list[float]()
        model = tiny_model(tokenizer, hidden=16, layers=1, heads=2)
        teacher = Mixture(OraclePolicy(), AnswerPolicy(), share=0.5)
        warm_start(
            model, tokenizer, calculator, steps=3, batch_size=8, teacher=teacher, on_step=lambda _, x: losses.append(x)
        )
        return losses, [weight.detach() for weight in model.parameters()]

    apart, weights = taught()
    monkeypatch.setattr(warmstart, "ALIKE", 0.0)
    together, others = taught()
    assert apart == pytest.approx(together, rel=1e-5)
    assert all(torch.allclose(one, other, atol=1e-4) for one, other in zip(weights, others, strict=True))


def test_parts_hold_every_row_once_and_little_padding() -> None:
    lengths = torch.tensor([5, 30, 28, 5, 4, 29, 12, 30, 4])
    parts = list(warmstart._alike(lengths))
    assert sorted(int(row) for part in parts for row in part) == list(range(9))
    assert len(parts) == 3
    for part in parts:
        assert int(lengths[part].min()) >= warmstart.ALIKE * int(lengths[part].max())
