"""Any chat-completions server as a policy: OpenAI's, or a local one (vLLM, SGLang, llama.cpp, Ollama)."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from assaygym.agents.chat import tool_dict
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.errors import ConfigError, ContextOverflowError, MissingDependencyError, PolicyError
from assaygym.types import Completion, FinishReason, Message, ToolCall

__all__ = ["OpenAIPolicy", "Usage"]

FINISH: dict[str | None, FinishReason] = {
    None: "stop",
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
OVERFLOW_SIGNS = ("context_length_exceeded", "maximum context length", "context size", "context window")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a policy has used so far, as the server counts it."""

    requests: int = 0
    """Answered requests."""
    prompt_tokens: int = 0
    completion_tokens: int = 0


class OpenAIPolicy:
    """Asks a chat-completions server, one request a prompt, many at once.

    Requests that fail by rate limit (429), by a server's error (5xx), by connection or timeout are sent again after a
    growing pause, which the server may set (`Retry-After`). Sampling parameters are sent only where they differ from
    their defaults, as some models refuse any. `token_ids` stay empty unless the server returns them (vLLM does with
    `extra_body={"return_token_ids": True}`); the server renders every turn anew, so ids of two turns may drift.

    Args:
        model: the name the server knows the model by.
        base_url: of the server, with its `/v1`; None is `OPENAI_BASE_URL` or OpenAI's own.
        api_key: None is `OPENAI_API_KEY`; a server that is not OpenAI's may need none.
        timeout: seconds of one attempt.
        max_retries: further attempts of one request.
        concurrency: requests of one `generate` in flight at once.
        logprobs: ask for log-probabilities.
        extra_body: further fields of every request.

    Raises:
        ConfigError: OpenAI's own server without a key.
        MissingDependencyError: the `openai` package is not installed.
    """

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 120.0,
        max_retries: int = 4,
        concurrency: int = 64,
        logprobs: bool = False,
        extra_body: Mapping[str, Any] | None = None,
    ) -> None:
        try:
            from openai import OpenAI
        except ImportError as error:
            raise MissingDependencyError.of("openai", "openai", "OpenAIPolicy") from error
        base_url = base_url or os.environ.get("OPENAI_BASE_URL")
        key = api_key or os.environ.get("OPENAI_API_KEY") or ("none" if base_url else None)
        if key is None:
            raise ConfigError(
                f"policy openai:{model} has neither a key nor a server: set OPENAI_API_KEY, or name a local server by "
                "base_url=http://HOST:PORT/v1"
            )
        self.model, self.name = model, f"openai:{model}"
        self.concurrency, self.logprobs, self.extra_body = concurrency, logprobs, dict(extra_body or {})
        self._client = OpenAI(base_url=base_url, api_key=key, timeout=timeout, max_retries=max_retries)
        self._where = str(self._client.base_url)
        self._limit_name = "max_completion_tokens" if "api.openai.com" in self._where else "max_tokens"
        self._usage = Usage()
        self._counting = threading.Lock()

    @property
    def usage(self) -> Usage:
        """What was used so far; failed requests count nothing."""
        with self._counting:
            return self._usage

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order.

        Raises:
            ContextOverflowError: the server says that a prompt is too long.
            PolicyError: the server could not be reached, refused, or answered nonsense.
        """
        if len(prompts) == 1:
            return [self._ask(prompts[0], params)]
        with ThreadPoolExecutor(max_workers=max(1, min(len(prompts), self.concurrency))) as pool:
            return list(pool.map(lambda prompt: self._ask(prompt, params), prompts))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, prompt: Prompt, params: SamplingParams) -> Completion:
        from openai import APIConnectionError, APIStatusError, OpenAIError

        try:
            response = self._client.chat.completions.create(**self._body(prompt, params))
            completion = _completion(response)
        except APIStatusError as error:
            raise self._refusal(error.status_code, _server_says(error)) from error
        except APIConnectionError as error:
            raise PolicyError(f"{self.name} at {self._where} did not answer: {error.__cause__ or error}") from error
        except (OpenAIError, ValueError, TypeError, AttributeError, LookupError) as error:
            raise PolicyError(
                f"{self.name} at {self._where} did not answer with a chat completion: {type(error).__name__}: {error}"
            ) from error
        self._count(response.usage)
        return completion

    def _body(self, prompt: Prompt, params: SamplingParams) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [message_dict(message) for message in prompt.messages],
            self._limit_name: params.max_tokens,
        }
        if prompt.tools:
            body["tools"] = [tool_dict(tool) for tool in prompt.tools]
        if params.temperature != 1:
            body["temperature"] = params.temperature
        if params.top_p != 1:
            body["top_p"] = params.top_p
        if params.stop:
            body["stop"] = list(params.stop)
        if params.seed is not None:
            body["seed"] = params.seed
        if self.logprobs:
            body["logprobs"] = True
        if self.extra_body:
            body["extra_body"] = self.extra_body
        return body

    def _refusal(self, status: int, said: str) -> PolicyError:
        if status in (400, 413, 422) and any(sign in said for sign in OVERFLOW_SIGNS):
            return ContextOverflowError(f"{self.name}: the conversation is longer than the model's context: {said}")
        return PolicyError(f"{self.name} at {self._where} answered HTTP {status}: {said}")

    def _count(self, usage: Any) -> None:
        with self._counting:
            self._usage = Usage(
                requests=self._usage.requests + 1,
                prompt_tokens=self._usage.prompt_tokens + (usage.prompt_tokens if usage else 0),
                completion_tokens=self._usage.completion_tokens + (usage.completion_tokens if usage else 0),
            )


def message_dict(message: Message) -> dict[str, Any]:
    """The message as a chat server reads it. Half a surrogate pair, which UTF-8 cannot carry, becomes a question mark.

    Otherwise an agent could end a losing episode without a verdict.
    """
    row: dict[str, Any] = {"role": message.role, "content": _whole(message.content)}
    if message.tool_calls:
        row["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": _whole(call.name), "arguments": _whole(call.arguments)},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        row["tool_call_id"] = message.tool_call_id
    return row


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _completion(response: Any) -> Completion:
    if not getattr(response, "choices", None):
        raise ValueError(f"no choices in {str(response)[:200]!r}")
    choice = response.choices[0]
    if choice.finish_reason not in FINISH:
        raise PolicyError(f"the server withheld the answer (finish reason {choice.finish_reason!r})")
    message = choice.message
    calls = tuple(
        ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments or "")
        for call in message.tool_calls or ()
        if call.type == "function"
    )
    reasoning = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
    logprobs = choice.logprobs.content if choice.logprobs is not None else None
    return Completion(
        message=Message(role="assistant", content=message.content or "", reasoning=reasoning, tool_calls=calls),
        finish_reason=FINISH[choice.finish_reason],
        prompt_ids=tuple(getattr(response, "prompt_token_ids", None) or ()),
        token_ids=tuple(getattr(choice, "token_ids", None) or ()),
        logprobs=tuple(token.logprob for token in logprobs) if logprobs is not None else None,
    )


def _server_says(error: Any) -> str:
    """The server's own reason, short."""
    body = error.body if error.body is not None else error.message
    return (body if isinstance(body, str) else json.dumps(body))[:500]
