"""What the answers of many servers say, as they send them; and what they are sent."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.openai_failures import Failure, FailureKind
from assaygym.agents.openai_wire import message_dict, read_chat, read_tokens
from assaygym.types import Completion, Message, ToolCall


def chat(message: dict[str, Any], finish: Any = "stop", top: dict[str, Any] | None = None, **choice: Any) -> Any:
    return {"choices": [{"index": 0, "finish_reason": finish, "message": message, **choice}], **(top or {})}


def call(arguments: Any, **fields: Any) -> dict[str, Any]:
    return {"id": "c1", "type": "function", "function": {"name": "add", "arguments": arguments}, **fields}


def said(content: str = "", finish: Any = "stop", calls: tuple[ToolCall, ...] = (), **fields: Any) -> Completion:
    reasoning = fields.pop("reasoning", None)
    message = Message(role="assistant", content=content, reasoning=reasoning, tool_calls=calls)
    return Completion(message=message, finish_reason=finish, **fields)


ADD = ToolCall(id="c1", name="add", arguments='{"a": 1}')
A = {"role": "assistant"}
LLAMA_CPP = [{"id": 9, "token": "4", "bytes": [52], "logprob": -0.5, "top_logprobs": [{"id": 9, "logprob": -0.5}]}]

PECULIARITIES: dict[str, tuple[Any, Completion]] = {
    "OpenAI, plain": (chat({**A, "content": "4", "refusal": None, "annotations": []}, logprobs=None), said("4")),
    "OpenAI, the model refuses": (chat({**A, "content": None, "refusal": "I cannot."}), said("I cannot.")),
    "OpenAI, a tool call": (
        chat({**A, "content": None, "tool_calls": [call('{"a": 1}')]}, "tool_calls"),
        said("", "tool_calls", (ADD,)),
    ),
    "OpenAI, the older form of a call": (
        chat({**A, "content": None, "function_call": {"name": "add", "arguments": '{"a": 1}'}}, "function_call"),
        said("", "tool_calls", (ToolCall(id="call_0", name="add", arguments='{"a": 1}'),)),
    ),
    "vLLM, ids of prompt and answer": (
        chat({**A, "content": "4"}, "stop", {"prompt_token_ids": [1, 2]}, token_ids=[5, 6], stop_reason=None),
        said("4", prompt_ids=(1, 2), token_ids=(5, 6)),
    ),
    "vLLM, ids in place of the tokens' text": (
        chat({**A, "content": "4"}, logprobs={"content": [{"token": "token_id:5", "logprob": -1.0}]}),
        said("4", token_ids=(5,), logprobs=(-1.0,)),
    ),
    "vLLM, reasoning": (
        chat({**A, "content": "4", "reasoning_content": "hm", "tool_calls": []}),
        said("4", reasoning="hm"),
    ),
    "vLLM, a call of a named tool ends with stop": (
        chat({**A, "content": "", "tool_calls": [call('{"a": 1}')]}, "stop"),
        said("", "tool_calls", (ADD,)),
    ),
    "vLLM, a call that was cut off": (
        chat({**A, "content": None, "tool_calls": [call('{"a": ')]}, "length"),
        said("", "length", (ToolCall(id="c1", name="add", arguments='{"a": '),)),
    ),
    "SGLang, calls and no content": (
        chat({**A, "tool_calls": [call('{"a": 1}', index=None)]}, "tool_calls", matched_stop=None),
        said("", "tool_calls", (ADD,)),
    ),
    "llama.cpp, ids beside the log-probabilities": (
        chat({**A, "content": "4"}, logprobs={"content": LLAMA_CPP}),
        said("4", token_ids=(9,), logprobs=(-0.5,)),
    ),
    "Ollama, a call without an id and reasoning by another name": (
        chat({**A, "content": "", "reasoning": "hm", "tool_calls": [call('{"a": 1}', id="")]}, "tool_calls"),
        said("", "tool_calls", (ToolCall(id="call_0", name="add", arguments='{"a": 1}'),), reasoning="hm"),
    ),
    "arguments as an object": (
        chat({**A, "content": "", "tool_calls": [call({"a": 1})]}, "tool_calls"),
        said("", "tool_calls", (ADD,)),
    ),
    "no arguments": (
        chat({**A, "content": "", "tool_calls": [call(""), call(None, id=7)]}, "tool_calls"),
        said("", "tool_calls", tuple(ToolCall(id=i, name="add", arguments="{}") for i in ("c1", "7"))),
    ),
    "arguments that are no JSON stay as they were written": (
        chat({**A, "content": "", "tool_calls": [call('{"a": 1,, }')]}, "tool_calls"),
        said("", "tool_calls", (ToolCall(id="c1", name="add", arguments='{"a": 1,, }'),)),
    ),
    "a finish reason of calls without a call": (chat({**A, "content": "4"}, "tool_calls"), said("4")),
    "Mistral, content in parts": (
        chat({**A, "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                               {"type": "text", "text": "4"}, {"type": "text", "text": "2"}]}),
        said("42", reasoning="hm"),
    ),
    "Mistral, the context is full": (chat({**A, "content": "4"}, "model_length"), said("4", "length")),
    "Gemini, an empty answer": (chat(A, "STOP"), said()),
    "Anthropic, its own finish reasons": (chat({**A, "content": "4"}, "max_tokens"), said("4", "length")),
    "Together, its own word for stop": (chat({**A, "content": "4"}, "eos"), said("4")),
    "no finish reason": (chat({**A, "content": "4"}, None), said("4")),
    "log-probabilities of a refusal": (
        chat({**A, "refusal": "No."}, logprobs={"content": None, "refusal": [{"token": "No.", "logprob": -2}]}),
        said("No.", logprobs=(-2.0,)),
    ),
    "log-probabilities that were asked for and not offered": (
        chat({**A, "content": "4"}, logprobs={"content": None}),
        said("4"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PECULIARITIES)
def test_a_chat_answer_is_read_as_this_server_means_it(name: str) -> None:
    answer, expected = PECULIARITIES[name]
    assert read_chat(json.loads(json.dumps(answer))) == expected


@pytest.mark.parametrize(
    ("answer", "kind", "again"),
    [
        (chat({**A, "content": ""}, "content_filter"), FailureKind.WITHHELD, False),
        (chat({**A, "content": ""}, "SAFETY"), FailureKind.WITHHELD, False),
        (chat({**A, "content": "ha"}, "abort"), FailureKind.SERVER_ERROR, True),
        (chat({**A, "content": ""}, "insufficient_system_resource"), FailureKind.SERVER_ERROR, True),
        (chat({**A, "content": ""}, error={"message": "upstream"}), FailureKind.SERVER_ERROR, True),
        ({"choices": []}, FailureKind.MALFORMED, True),
        ({"choices": [{"text": "4"}]}, FailureKind.MALFORMED, True),
        (chat({**A, "content": {"text": "4"}}), FailureKind.MALFORMED, True),
        (chat({**A, "content": "4"}, token_ids=["5"]), FailureKind.MALFORMED, True),
        (chat({**A, "content": "4"}, token_ids=[True]), FailureKind.MALFORMED, True),
        (chat({**A, "content": "4"}, logprobs={"content": [{"logprob": "x"}]}), FailureKind.MALFORMED, True),
        (
            chat({**A, "content": "4"}, token_ids=[5, 6], logprobs={"content": [{"logprob": -1}]}),
            FailureKind.MALFORMED,
            False,
        ),
    ],
)
def test_an_answer_that_cannot_be_used_is_a_failure_with_a_name(answer: Any, kind: str, again: bool) -> None:
    with pytest.raises(Failure) as caught:
        read_chat(answer)
    assert (caught.value.kind, caught.value.again) == (kind, again)


def text(body: str = "4", **choice: Any) -> Any:
    return {"choices": [{"index": 0, "text": body, "finish_reason": "stop", **choice}]}


OLDER = {"tokens": ["4", "!"], "token_logprobs": [-1.0, -2.0], "text_offset": [0, 1],
         "top_logprobs": [{"4": -1.0, "5": -3.0}, {"!": -2.0}]}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "ids", "logprobs"),
    [
        (text(token_ids=[5, 6], prompt_token_ids=[1, 2], logprobs=OLDER), (5, 6), (-1.0, -2.0)),
        (text(token_ids=[5, 6]), (5, 6), None),
        (text(token_ids=[], logprobs={"tokens": [], "token_logprobs": []}, body=""), (), ()),
        (text(logprobs={**OLDER, "tokens": ["token_id:5", "token_id:6"]}), (5, 6), (-1.0, -2.0)),
        (text(logprobs={"content": LLAMA_CPP}), (9,), (-0.5,)),
        (text(token_ids=[5], logprobs={"token_logprobs": [None]}), (5,), None),
    ],
)
def test_a_completion_carries_the_ids_that_were_sampled(answer: Any, ids: Any, logprobs: Any) -> None:
    read = read_tokens(answer, (1, 2))
    assert (read.prompt_ids, read.token_ids, read.logprobs) == ((1, 2), ids, logprobs)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (text(), "no token ids"),
        (text(logprobs=OLDER), "no token ids"),
        (text(logprobs={"content": []}), "no token ids"),
        (text(token_ids=[5], prompt_token_ids=[0, 1, 2]), "fed 3 ids, others than the 2 sent"),
        (text(token_ids=[5], logprobs=OLDER), "1 token ids with 2 log-probabilities"),
    ],
)
def test_tokens_that_are_not_exact_are_refused_for_good(answer: Any, said: str) -> None:
    with pytest.raises(Failure, match=said) as caught:
        read_tokens(answer, (1, 2))
    assert caught.value.again is False


def test_the_entropy_of_the_likeliest_tokens_is_counted_over_them_alone() -> None:
    entropies = read_tokens(text(token_ids=[5, 6], logprobs=OLDER), (1,), top_k=1).top_k_entropies
    assert entropies == pytest.approx((math.exp(-1.0), 2 * math.exp(-2.0)))
    both = read_tokens(text(token_ids=[5, 6], logprobs=OLDER), (1,), top_k=2).top_k_entropies
    assert both == pytest.approx((math.exp(-1.0) + 3 * math.exp(-3.0), 2 * math.exp(-2.0)))


def test_without_likeliest_tokens_there_is_no_estimate() -> None:
    assert read_chat(PECULIARITIES["llama.cpp, ids beside the log-probabilities"][0]).top_k_entropies is None
    assert read_tokens(text(token_ids=[5]), (1,), top_k=5).top_k_entropies is None
    chatted = chat({**A, "content": "4"}, logprobs={"content": [{"token": "4", "logprob": -1, "top_logprobs": []}]})
    assert read_chat(chatted, top_k=5).top_k_entropies is None


@given(st.lists(st.floats(0.001, 1), min_size=2, max_size=12), st.integers(1, 12))
def test_the_estimate_is_never_more_than_the_entropy_and_grows_with_k(weights: list[float], k: int) -> None:
    logps = [math.log(weight / sum(weights)) for weight in weights]

    def estimate(k: int) -> float:
        rows = [{"token": "x", "logprob": logps[0], "top_logprobs": [{"token": str(p), "logprob": p} for p in logps]}]
        found = read_chat(chat({**A, "content": "x"}, logprobs={"content": rows}), top_k=k).top_k_entropies
        assert found is not None
        return found[0]

    assert -1e-9 <= estimate(k) <= estimate(k + 1) + 1e-9
    assert estimate(len(logps)) == pytest.approx(-sum(math.exp(p) * p for p in logps))


@pytest.mark.parametrize("never", [-math.inf, -9999.0])
def test_a_token_that_is_as_good_as_impossible_adds_nothing(never: float) -> None:
    rows = [{"logprob": -1.0, "top_logprobs": [{"logprob": -1.0}, {"logprob": never}]}]
    found = read_chat(chat({**A, "content": "x"}, logprobs={"content": rows}), top_k=2).top_k_entropies
    assert found == pytest.approx((math.exp(-1.0),))


@pytest.mark.parametrize("arguments", ['{"a": 1', "[1]", "7", "", "null", "x" * 5, "[" * 100_000])
def test_arguments_that_are_no_object_go_back_inside_one(arguments: str) -> None:
    message = Message(role="assistant", content="", tool_calls=(ToolCall(id="c", name="add", arguments=arguments),))
    sent = message_dict(message)["tool_calls"][0]["function"]["arguments"]
    assert json.loads(sent) == {"not_a_json_object": arguments}


RICH: tuple[Any, ...] = (
    chat(
        {**A, "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "4"}], "refusal": "No.",
         "reasoning": "hm", "tool_calls": [call('{"a": 1}')], "function_call": {"name": "add", "arguments": "{}"}},
        logprobs={"content": LLAMA_CPP, "refusal": LLAMA_CPP}, top={"prompt_token_ids": [1], "error": None}, error=None,
    ),
    text(token_ids=[5, 6], prompt_token_ids=[1], logprobs=OLDER),
)  # fmt: skip
JUNK: tuple[Any, ...] = (
    None,
    True,
    7,
    -1,
    1.5,
    math.nan,
    10**400,
    "",
    "x",
    "token_id:x",
    [],
    [None],
    [[]],
    {},
    {"a": None},
    [{}],
    ["x", 1],
)


def paths(value: Any) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(key, *rest) for key, inner in items for rest in [(), *paths(inner)]]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copied = value.copy()
    copied[path[0]] = replaced(value[path[0]], path[1:], by)
    return copied


@pytest.mark.parametrize("answer", RICH)
def test_whatever_stands_in_an_answer_it_is_a_completion_or_a_named_failure(answer: Any) -> None:
    outcomes = {"read": 0, "failed": 0}
    for path in paths(answer):
        for junk in JUNK:
            for read in (read_chat, lambda found: read_tokens(found, (1,), 2)):
                try:
                    completion = read(replaced(answer, path, junk))
                except Failure:
                    outcomes["failed"] += 1
                    continue
                assert isinstance(completion.message.content, str)
                assert (
                    len(completion.logprobs or completion.token_ids) == len(completion.token_ids)
                    or not completion.token_ids
                )
                outcomes["read"] += 1
    assert min(outcomes.values()) > 50
