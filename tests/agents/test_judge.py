"""Policies as judges; step rewards on tokens."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from assaygym.agents import (
    EndogenousReward,
    Prompt,
    SamplingParams,
    ScriptedPolicy,
    TransformersPolicy,
    as_chat_model,
    tiny_model,
    tiny_tokenizer,
    token_places,
)
from assaygym.agents.policy import said
from assaygym.errors import ConfigError, PolicyError
from assaygym.types import Completion, Message, Verdict
from assaygym.verifiers import Asked, generative, judge
from assaygym.verifiers.judges import ChatModel
from assaygym.verifiers.judges.base import OPINION

ASKED = Asked(prompt="Reverse ab.")


class Recorder:
    name = "recorder"

    def __init__(self) -> None:
        self.calls: list[tuple[Sequence[Prompt], SamplingParams]] = []

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        self.calls.append((prompts, params))
        return [said(f"reply {params.seed}")]


def test_any_policy_is_a_chat_model() -> None:
    policy = Recorder()
    model = as_chat_model(policy, SamplingParams(temperature=0.3, seed=99))
    question = Message(role="user", content="Well?")
    assert isinstance(model, ChatModel)
    assert (model.name, model.ask([question], seed=7)) == ("recorder", "reply 7")
    [([prompt], params)] = policy.calls
    assert prompt == Prompt(messages=(question,), observation=(question,))
    assert params == SamplingParams(temperature=0.3, seed=7)


def test_a_policy_judges() -> None:
    def vote(prompt: Prompt) -> str:
        found = re.search(r"the mark (\w+)", prompt.messages[0].content)
        assert found is not None
        return f"SCORE {found[1]}: 10"

    score = generative(as_chat_model(ScriptedPolicy(vote)), votes=2)("ba", ASKED)
    assert (score.value, score.metrics["votes"], score.flags) == (1.0, 2, (OPINION,))


def test_a_policy_that_cannot_answer_makes_the_score_invalid() -> None:
    def refuse(prompt: Prompt) -> str:
        raise PolicyError("no route to the model")

    score = judge(generative(as_chat_model(ScriptedPolicy(refuse))), "ba", ASKED)
    assert score.verdict is Verdict.INVALID
    assert "no route to the model" in score.explanation


@pytest.fixture(scope="module")
def policy() -> TransformersPolicy:
    tokenizer = tiny_tokenizer()
    return TransformersPolicy(tiny_model(tokenizer, hidden=16, layers=1, heads=2), tokenizer)


def by_definition(policy: TransformersPolicy, response: str, alpha: float) -> float:
    """α Σ log π + V(s_1) of the whole turn, end included, from one plain forward."""
    prompt = policy.chat.render_ids(ASKED.messages, generation=True)
    ids = [*prompt, *policy.chat.encode(response), policy.tokenizer.eos_token_id]
    with torch.no_grad():
        logits_TV = policy.model(torch.tensor([ids])).logits[0].double()
    logps_TV = (logits_TV / alpha).log_softmax(-1)
    logps = sum(float(logps_TV[t - 1, ids[t]]) for t in range(len(prompt), len(ids)))
    return alpha * logps + alpha * float((logits_TV[len(prompt) - 1] / alpha).logsumexp(-1))


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_the_endogenous_reward_of_a_model_is_that_of_the_definition(policy: TransformersPolicy, alpha: float) -> None:
    score = EndogenousReward(policy, alpha=alpha)("ba", ASKED)
    assert score.metrics["tokens"] == 3
    assert score.metrics["raw_sum"] == pytest.approx(by_definition(policy, "ba", alpha), rel=1e-4)
    assert score.metrics["raw_mean"] == pytest.approx(score.metrics["raw_sum"] / 3)
    assert score.value == pytest.approx(1 / (1 + math.exp(-score.metrics["raw_mean"])))
    assert score.flags == (OPINION,)


def test_the_sum_and_another_scale_may_be_squashed(policy: TransformersPolicy) -> None:
    score = EndogenousReward(policy, reduce="sum", center=-10.0, scale=4.0)("ba", ASKED)
    assert score.value == pytest.approx(1 / (1 + math.exp(-(score.metrics["raw_sum"] + 10) / 4)))


def test_what_does_not_fit_the_context_is_cut_and_its_expected_value_taken(policy: TransformersPolicy) -> None:
    context = len(policy.chat.render_ids(ASKED.messages, generation=True)) + 2
    reward = EndogenousReward(policy)
    whole = reward.rewards(ASKED, "bac")
    reward.policy = _with_context(policy, context)
    assert reward.rewards(ASKED, "bac") == pytest.approx(whole[:2], rel=1e-4)
    reward.policy = _with_context(policy, context - 2)
    score = judge(reward, "bac", ASKED)
    assert score.verdict is Verdict.INVALID
    assert "the prompt has" in score.explanation


def _with_context(policy: TransformersPolicy, context: int) -> Any:
    class Short:
        name, model, chat = policy.name, policy.model, policy.chat

    short: Any = Short()
    short.context = context
    return short


def test_it_needs_the_question_and_an_answer(policy: TransformersPolicy) -> None:
    assert "needs the question" in judge(EndogenousReward(policy), "ba", "ab").explanation
    assert EndogenousReward(policy)(" ", ASKED).verdict is Verdict.UNPARSED


@pytest.mark.parametrize("options", [{"alpha": 0.0}, {"reduce": "max"}, {"scale": 0.0}])
def test_options_that_mean_nothing_are_refused(policy: TransformersPolicy, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        EndogenousReward(policy, **options)


PIECES = ["Step", " one", ".\n", "\n", "Two", "", "."]


def joined(ids: Sequence[int]) -> str:
    return "".join(PIECES[i] for i in ids)


def test_a_step_ends_at_the_token_that_completes_it() -> None:
    assert joined(range(7)) == "Step one.\n\nTwo."
    assert token_places(joined, range(7), [1, 4, 5, 9, 10, 15]) == (0, 0, 1, 2, 2, 6)


def test_places_are_those_of_a_real_tokenizer() -> None:
    tokenizer = tiny_tokenizer()
    ids = tokenizer("ab\n\nc", add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
    places = token_places(lambda some: str(tokenizer.decode(list(some), skip_special_tokens=True)), ids, [2, 5])
    assert places == (1, 4)


@pytest.mark.parametrize("end", [0, 16])
def test_a_step_outside_of_the_text_is_refused(end: int) -> None:
    with pytest.raises(ConfigError, match=f"ends at character {end} and the tokens make 15"):
        token_places(joined, range(7), [end])
