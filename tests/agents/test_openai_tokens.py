"""`OpenAIPolicy` by the endpoint `completions`: ids in, ids out, through a transport that answers by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaygym.agents.openai_policy import OpenAIPolicy
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.rollout import rollout
from assaygym.agents.tiny import CHARACTERS, ROLES, tiny_tokenizer
from assaygym.errors import PolicyError
from assaygym.types import Message, StopReason

END = 2
"""Of `tiny_tokenizer`."""
ASK = Prompt(messages=(Message(role="user", content="2 + 2?"),))


@cache
def tokenizer() -> Any:
    return tiny_tokenizer()


class Sampler:
    """In place of the server: answers request after request with these ids."""

    def __init__(self, sampled: Sequence[Sequence[int]], **fields: Any) -> None:
        self.sampled, self.fields = iter(sampled), fields
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def ask(self, path: str, body: dict[str, Any], read: Callable[[dict[str, Any]], Any]) -> tuple[dict[str, Any], Any]:
        self.requests.append((path, body))
        ids = list(next(self.sampled))
        choice = {
            "text": tokenizer().decode(ids, skip_special_tokens=True),
            "finish_reason": "stop",
            "token_ids": ids,
            "prompt_token_ids": body["prompt"],
            "logprobs": {"tokens": [""] * len(ids), "token_logprobs": [-0.5] * len(ids)},
            **self.fields,
        }
        answer = {"choices": [{name: value for name, value in choice.items() if value != "left out"}]}
        return answer, read(answer)


@pytest.fixture(scope="module")
def policy() -> Iterator[OpenAIPolicy]:
    with OpenAIPolicy("m", "http://127.0.0.1:9/v1", "key", endpoint="completions", tokenizer=tokenizer()) as policy:
        yield policy


def through(policy: OpenAIPolicy, sampler: Sampler) -> OpenAIPolicy:
    policy._server.ask = sampler.ask  # type: ignore[method-assign, assignment]
    return policy


def test_the_prompt_is_sent_as_ids_and_ids_come_back(policy: OpenAIPolicy) -> None:
    sampler = Sampler([[50, 51, END]])
    params = SamplingParams(seed=3, stop=("x",), max_tokens=9, temperature=0.7)
    (completion,) = through(policy, sampler).generate([ASK], params)
    ids = tokenizer()("<user>2 + 2?<end><assistant>", add_special_tokens=False)["input_ids"]
    assert sampler.requests == [
        ("completions", {
            "model": "m", "prompt": ids, "return_token_ids": True, "logprobs": 1, "max_tokens": 9, "temperature": 0.7,
            "top_p": 1.0, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0, "seed": 3, "stop": ["x"],
        })
    ]  # fmt: skip
    assert (completion.prompt_ids, completion.token_ids) == (tuple(ids), (50, 51, END))
    assert completion.logprobs == (-0.5,) * 3
    assert completion.message.content == tokenizer().decode([50, 51])


def test_an_answer_without_usage_is_metered_by_its_ids(policy: OpenAIPolicy) -> None:
    before = policy.usage
    through(policy, Sampler([[50, 51, END]])).generate([ASK], SamplingParams())
    after = policy.usage
    assert after.completion_tokens - before.completion_tokens == 3
    assert after.prompt_tokens - before.prompt_tokens == len("2 + 2?") + 3


SAMPLED = st.lists(st.integers(0, 2 + len(ROLES) + len(CHARACTERS)), max_size=12)
TURN = st.builds(lambda ids, end: [*ids, *end], SAMPLED, st.sampled_from([[], [END]]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sampled=st.lists(TURN, min_size=1, max_size=5))
def test_what_was_fed_and_sampled_is_the_beginning_of_what_is_fed_next(
    policy: OpenAIPolicy, dialogue: Callable[..., Any], sampled: list[list[int]]
) -> None:
    sampler = Sampler(sampled)
    trajectory = rollout(dialogue(len(sampled)), through(policy, sampler), seed=1, strict=True)
    completions = [turn.completion for turn in trajectory.turns]
    assert trajectory.stop_reason is StopReason.COMPLETED
    assert [list(completion.token_ids) for completion in completions] == sampled
    assert [list(completion.prompt_ids) for completion in completions] == [
        body["prompt"] for _, body in sampler.requests
    ]
    for before, after in pairwise(completions):
        fed = before.prompt_ids + before.token_ids
        assert after.prompt_ids[: len(fed)] == fed
        assert tokenizer().decode(after.prompt_ids[len(fed) :]).endswith("<assistant>")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"token_ids": "left out"}, "no token ids"),
        ({"prompt_token_ids": [0]}, "fed 1 ids, others than"),
        ({"logprobs": {"token_logprobs": [-1.0]}}, "2 token ids with 1 log-probabilities"),
    ],
)
def test_a_server_that_is_not_exact_to_the_token_is_refused_for_good(fields: dict[str, Any], said: str) -> None:
    with OpenAIPolicy("m", "http://127.0.0.1:9/v1", endpoint="completions", tokenizer=tokenizer()) as policy:
        sampler = Sampler([[50, END]] * 3, **fields)

        def post(path: str, data: bytes) -> dict[str, Any]:
            answer, _ = sampler.ask(path, {"prompt": list(policy._chat.prompt_ids(ASK))}, lambda answer: None)  # type: ignore[union-attr]
            return answer

        policy._server._post = post  # type: ignore[method-assign]
        with pytest.raises(PolicyError, match=rf"in 1 attempt, .*{said}"):
            policy.generate([ASK], SamplingParams())
        assert len(sampler.requests) == 1


def test_the_likeliest_tokens_give_the_estimate_of_the_entropy() -> None:
    with OpenAIPolicy(
        "m", "http://127.0.0.1:9/v1", endpoint="completions", tokenizer=tokenizer(), top_logprobs=2
    ) as policy:
        likely = [{"a": -0.5, "b": -2.0, "c": -4.0}]
        sampler = Sampler([[50]], logprobs={"tokens": ["a"], "token_logprobs": [-0.5], "top_logprobs": likely})
        (completion,) = through(policy, sampler).generate([ASK], SamplingParams())
    assert sampler.requests[0][1]["logprobs"] == 2
    assert completion.top_k_entropies == pytest.approx((0.30327 + 0.27067,), abs=1e-4)
    assert completion.entropies is None
