"""What an OpenAI-compatible server is sent, and what its answers say in the spellings of many servers.

Two endpoints:

chat/completions   messages in; text, reasoning and tool calls out; token ids where the server gives them
completions        token ids in, token ids out: nothing that was sampled is ever tokenised again
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from assaygym.agents.openai_failures import Failure, FailureKind, malformed
from assaygym.foreign_json import read_object
from assaygym.types import Completion, FinishReason, Message, ToolCall

__all__ = ["message_dict", "read_chat", "read_tokens"]

FINISH: Mapping[str, FinishReason] = {
    "length": "length", "max_tokens": "length", "model_length": "length", "max_output_tokens": "length",
    "tool_calls": "tool_calls", "function_call": "tool_calls", "tool_use": "tool_calls",
}  # fmt: skip
"""Whatever else a server calls it (`stop`, `eos`, `end_turn`, nothing) is a stop."""
WITHHELD = ("filter", "safety", "refusal", "recitation", "blocklist", "prohibited", "moderation")
ABORTED = ("error", "abort", "insufficient_system_resource", "cancelled")
NAMED_ID = re.compile(r"token_id:([0-9]{1,12})")
"""What vLLM writes in place of a token's text with `return_tokens_as_token_ids`."""

ROUNDING = 0.01
"""How far above 0 a log-probability may be."""
LEAST = -1e300
"""What is below, minus infinity included, counts as this."""
LARGEST_ID = 1 << 40

T = TypeVar("T")


def message_dict(message: Message, *, reasoning: bool = False) -> dict[str, Any]:
    """The message as a chat server reads it.

    Args:
        message: of any role.
        reasoning: send an assistant's reasoning back as `reasoning_content`.
    """
    row: dict[str, Any] = {"role": message.role, "content": message.content}
    if reasoning and message.reasoning is not None:
        row["reasoning_content"] = message.reasoning
    if message.tool_calls:
        row["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": _object(call.arguments)}}
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        row["tool_call_id"] = message.tool_call_id
    return row


def _object(arguments: str) -> str:
    """The arguments if they are a JSON object; else an object that holds them.

    Servers parse what they find in the history, and refuse the whole conversation for one broken call in it.
    """
    if read_object(arguments) is not None:
        return arguments
    return json.dumps({"not_a_json_object": arguments}, ensure_ascii=False)


def read_chat(answer: Mapping[str, Any], top_k: int = 0) -> Completion:
    """The completion in an answer of `chat/completions`.

    Args:
        answer: the JSON object.
        top_k: how many likeliest tokens were asked for at each position; 0 gives no entropies.

    Raises:
        Failure: it has no choice, was withheld or aborted, or is not of the form it should have.
    """
    choice = _choice(answer)
    message = _want(choice.get("message"), dict, "message")
    calls = _calls(message)
    finish = _finish(choice, bool(calls))
    text, thought = _content(message.get("content"))
    reasoning = message.get("reasoning_content") or message.get("reasoning") or thought
    sampled = _sampled(choice)
    return Completion(
        message=Message(
            role="assistant",
            content=text or _text(message.get("refusal")),
            reasoning=reasoning if isinstance(reasoning, str) else None,
            tool_calls=calls,
        ),
        finish_reason=finish,
        prompt_ids=_ids(answer.get("prompt_token_ids") or choice.get("prompt_token_ids")) or (),
        token_ids=sampled.ids or (),
        logprobs=sampled.logprobs,
        top_k_entropies=sampled.entropies(top_k),
    )


def read_tokens(answer: Mapping[str, Any], prompt_ids: tuple[int, ...], top_k: int = 0) -> Completion:
    """The completion in an answer of `completions` to these ids.

    Args:
        answer: the JSON object.
        prompt_ids: what was sent.
        top_k: as in `read_chat`.

    Raises:
        Failure: as in `read_chat`; the server gave no token ids, or fed the model others than these.
    """
    choice = _choice(answer)
    finish = _finish(choice, False)
    sampled = _sampled(choice)
    if sampled.ids is None:
        raise malformed(
            "no token ids; expected `token_ids` (vLLM) or log-probabilities with ids (llama.cpp)", again=False
        )
    fed = _ids(choice.get("prompt_token_ids") or answer.get("prompt_token_ids"))
    if fed is not None and fed != prompt_ids:
        raise malformed(f"the server fed {len(fed)} ids, others than the {len(prompt_ids)} sent", again=False)
    return Completion(
        message=Message(role="assistant", content=_want(choice.get("text"), str, "text")),
        finish_reason=finish,
        prompt_ids=prompt_ids,
        token_ids=sampled.ids,
        logprobs=sampled.logprobs,
        top_k_entropies=sampled.entropies(top_k),
    )


@dataclass(frozen=True, slots=True)
class _Sampled:
    """What an answer says of its tokens; None where it says nothing."""

    ids: tuple[int, ...] | None
    logprobs: tuple[float, ...] | None
    top: tuple[tuple[float, ...], ...] | None

    def entropies(self, top_k: int) -> tuple[float, ...] | None:
        """By position: -sum p log p (nats) over the `top_k` likeliest tokens, never more than the entropy."""
        if not top_k or self.top is None:
            return None
        return tuple(math.fsum(max(0.0, -math.exp(logp) * logp) for logp in sorted(row)[-top_k:]) for row in self.top)


def _choice(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices:
        raise malformed(f"no choices: {json.dumps(answer)[:200]}")
    choice = _want(choices[0], dict, "choice")
    if isinstance(error := choice.get("error"), Mapping):
        raise Failure(FailureKind.SERVER_ERROR, _text(error.get("message")) or "an error in the choice", again=True)
    return choice


def _finish(choice: Mapping[str, Any], calls: bool) -> FinishReason:
    reason = str(choice.get("finish_reason") or "stop").lower()
    if any(sign in reason for sign in WITHHELD):
        raise Failure(FailureKind.WITHHELD, f"finish reason {reason!r}", again=False)
    if reason in ABORTED:
        raise Failure(FailureKind.SERVER_ERROR, f"finish reason {reason!r}", again=True)
    finish = FINISH.get(reason, "stop")
    if finish == "length":
        return finish
    return "tool_calls" if calls else "stop"


def _content(value: Any) -> tuple[str, str | None]:
    """Text and reasoning of a message's content: a string, nothing, or a list of parts."""
    if value is None or isinstance(value, str):
        return value or "", None
    texts: list[str] = []
    thoughts: list[str] = []
    for part in _want(value, list, "content"):
        if isinstance(part, Mapping) and "thinking" in part:
            thoughts.append(_content(part["thinking"])[0])
        else:
            texts.append(_text(part.get("text") if isinstance(part, Mapping) else part))
    return "".join(texts), "".join(thoughts) or None


def _calls(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    """The calls as the model wrote them; one without an id is named by its place."""
    rows = _want(message.get("tool_calls") or [], list, "tool_calls")
    if not rows and isinstance(legacy := message.get("function_call"), Mapping):
        rows = [{"function": legacy}]
    calls: list[ToolCall] = []
    for index, row in enumerate(rows):
        function = _want(_want(row, dict, "tool call").get("function"), dict, "function of a tool call")
        given = function.get("arguments")
        arguments = given if isinstance(given, str) else json.dumps(given or {}, ensure_ascii=False)
        name = _text(function.get("name"))
        calls.append(ToolCall(id=str(row.get("id") or f"call_{index}"), name=name, arguments=arguments or "{}"))
    return tuple(calls)


def _sampled(choice: Mapping[str, Any]) -> _Sampled:
    rows = _rows(choice.get("logprobs"))
    ids = _ids(choice.get("token_ids"))
    if rows is None:
        return _Sampled(ids, None, None)
    if ids is None:
        ids = _named_ids(rows)
    logprobs = _logprobs([row.get("logprob") for row in rows])
    if ids is not None and len(ids) != len(rows):
        raise malformed(f"{len(ids)} token ids with {len(rows)} log-probabilities", again=False)
    tops = [row.get("top_logprobs") for row in rows]
    if not all(tops):
        return _Sampled(ids, logprobs, None)
    likely = [[_logprob_of(one) for one in _want(top, list, "top_logprobs")] for top in tops]
    return _Sampled(ids, logprobs, tuple(_logprobs(row) or () for row in likely))


def _rows(logprobs: Any) -> list[Mapping[str, Any]] | None:
    """One row a token, from the form of chat answers or the older one of completions."""
    if not isinstance(logprobs, Mapping):
        return None
    rows = logprobs.get("content") if logprobs.get("content") is not None else logprobs.get("refusal")
    if isinstance(rows, list):
        return [_want(row, dict, "log-probability of a token") for row in rows]
    values = logprobs.get("token_logprobs")
    if not isinstance(values, list):
        return None
    tokens = _want(logprobs.get("tokens") or [None] * len(values), list, "tokens")
    tops = _want(logprobs.get("top_logprobs") or [None] * len(values), list, "top_logprobs")
    if not len(tokens) == len(tops) == len(values):
        raise malformed(f"{len(tokens)} tokens with {len(values)} log-probabilities, {len(tops)} lists of likely ones")
    return [
        {"token": token, "logprob": value, "top_logprobs": list(top.values()) if isinstance(top, Mapping) else top}
        for token, value, top in zip(tokens, values, tops, strict=True)
    ]


def _logprob_of(one: Any) -> Any:
    return one.get("logprob") if isinstance(one, Mapping) else one


def _logprobs(values: Sequence[Any]) -> tuple[float, ...] | None:
    """The numbers; None where one is missing."""
    if any(value is None for value in values):
        return None
    if not all(type(value) in (int, float) and value <= ROUNDING for value in values):
        raise malformed(f"a log-probability is no number up to 0: {str(values)[:80]}")
    return tuple(float(max(value, LEAST)) for value in values)


def _named_ids(rows: Sequence[Mapping[str, Any]]) -> tuple[int, ...] | None:
    """Ids that stand beside the log-probabilities (llama.cpp), or in place of the tokens' text (vLLM)."""
    tokens = [row.get("id", row.get("token")) for row in rows]
    if not tokens:
        return None
    named = [NAMED_ID.fullmatch(token) if isinstance(token, str) else None for token in tokens]
    ids = [int(name[1]) if name else token for name, token in zip(named, tokens, strict=True)]
    return _ids(ids) if all(type(one) is int for one in ids) else None


def _ids(value: Any) -> tuple[int, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(type(one) is int and 0 <= one < LARGEST_ID for one in value):
        raise malformed(f"token ids are no list of numbers: {str(value)[:80]}")
    return tuple(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _want(value: Any, kind: type[T], what: str) -> T:
    if not isinstance(value, kind):
        raise malformed(f"{what} is {type(value).__name__}, expected {kind.__name__}")
    return value
