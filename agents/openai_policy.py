"""Any OpenAI-compatible server as a policy: OpenAI's own, or a local one (vLLM, SGLang, llama.cpp, Ollama)."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from assaygym.agents.chat import Chat, tool_dict
from assaygym.agents.openai_failures import Failure
from assaygym.agents.openai_usage import Meter, Prices, Tokens, Usage
from assaygym.agents.openai_wire import message_dict, read_chat, read_tokens
from assaygym.agents.policy import Prompt, SamplingParams, seed_of
from assaygym.agents.response_cache import ResponseCache, answer_key
from assaygym.agents.side_by_side import side_by_side
from assaygym.errors import ConfigError, MissingDependencyError, PolicyError
from assaygym.types import Completion

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from assaygym.agents.openai_http import Server

__all__ = ["OpenAIPolicy", "Prices", "Usage"]

Endpoint = Literal["chat", "completions"]
PATHS: Mapping[Endpoint, str] = {"chat": "chat/completions", "completions": "completions"}
OPENAI = "https://api.openai.com/v1"
HOSTED = (".openai.com", ".openai.azure.com", ".anthropic.com")
"""Their defaults are those of `SamplingParams`, and some of their models refuse a parameter even with that value."""
UNTOUCHED: Mapping[str, Any] = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
"""Switches off what a server would take from the model's own `generation_config`."""
OWN_FIELDS = ("stream", "n", "best_of")


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request: the body, how its answer is read, and whether two of the same may have two answers."""

    body: dict[str, Any]
    read: Callable[[Mapping[str, Any]], Completion]
    settled: bool


class OpenAIPolicy:
    """Asks an OpenAI-compatible server, one request a prompt, many at once.

    With the endpoint `chat` the server renders every turn anew, so ids of two turns may drift. With `completions` and
    the model's tokenizer the policy sends ids and takes ids back (`Chat.prompt_ids`): nothing that was sampled is
    tokenised again. The server must return token ids then: vLLM does, and llama.cpp beside its log-probabilities.

    `logprobs` are what the server reports: vLLM tells those before temperature and top-p unless it was started with
    `--logprobs-mode processed_logprobs`. `temperature` and `top_p` are always sent, except to hosted models, whose
    defaults are the same and which refuse some of them.

    A failure that may pass is tried again after a growing pause, or as long as the server asks (`Retry-After`);
    `agents/openai_failures.py` lists the names of failures and which are tried again. Arguments of a tool call that are
    no JSON reach the environment as they were written, and go back to the server inside an object.

    Args:
        model: the name the server knows the model by.
        base_url: of the server, with its `/v1`; None is `OPENAI_BASE_URL` or OpenAI's own.
        api_key: None is `OPENAI_API_KEY`; a server that is not OpenAI's may need none.
        endpoint: `chat`, or `completions`.
        tokenizer: of the model, for `completions` alone: of `transformers`, or its folder or id on the Hub.
        timeout: seconds of one attempt.
        max_retries: further attempts of one request.
        backoff: seconds of the first pause; each next one is twice as long, up to 30 s.
        concurrency: requests in flight at once; fewer where the process may not open so many files.
        logprobs: ask for log-probabilities; None asks with `completions` alone.
        top_logprobs: ask for so many likeliest tokens at each position, for `Completion.top_k_entropies`.
        send_reasoning: send the reasoning of earlier turns back, as `reasoning_content`.
        prices: per million tokens, for `usage.cost`.
        max_cost: no request is sent once this is reached; those in flight then are still answered.
        cache: a file for answers (or an open `ResponseCache`, which its owner closes): a request that was answered
            before is not sent. Equal requests without a seed are told apart by their number in this policy's life.
            Not for a model whose weights change under the same name.
        headers: further headers of every request.
        extra_body: further fields of every request; None takes a field out.

    Raises:
        ConfigError: OpenAI's own server without a key, or options that do not go together.
        DataError: the cache's file cannot be used.
        MissingDependencyError: urllib3, or transformers for a tokenizer by name, is not installed.
    """

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        endpoint: Endpoint = "chat",
        tokenizer: PreTrainedTokenizerBase | str | None = None,
        timeout: float = 120.0,
        max_retries: int = 5,
        backoff: float = 1.0,
        concurrency: int = 1000,
        logprobs: bool | None = None,
        top_logprobs: int = 0,
        send_reasoning: bool = False,
        prices: Prices | None = None,
        max_cost: float | None = None,
        cache: str | Path | ResponseCache | None = None,
        headers: Mapping[str, str] | None = None,
        extra_body: Mapping[str, Any] | None = None,
    ) -> None:
        self.model, self.name = model, f"openai:{model}"
        self.endpoint, self.top_logprobs, self.send_reasoning = endpoint, top_logprobs, send_reasoning
        self.logprobs = endpoint == "completions" or top_logprobs > 0 if logprobs is None else logprobs
        self.extra_body = dict(extra_body or {})
        self._chat = _chat(self.name, endpoint, tokenizer)
        self._path = PATHS[endpoint]
        self._check_options()
        self.meter = Meter(self.name, prices, max_cost)
        self._server = self._server_at(base_url, api_key, headers or {}, {
            "timeout": timeout, "max_retries": max_retries, "backoff": backoff, "concurrency": concurrency,
        })  # fmt: skip
        self._hosted = self._server.where.partition("://")[2].partition("/")[0].endswith(HOSTED)
        self._limit = "max_completion_tokens" if self._hosted and endpoint == "chat" else "max_tokens"
        self._own_cache = isinstance(cache, (str, Path))
        self._cache = ResponseCache(cache) if isinstance(cache, (str, Path)) else cache
        self._seen: Counter[bytes] = Counter()
        self._counting = threading.Lock()
        self._process = os.getpid()

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        return self.meter.usage()

    @property
    def settings(self) -> dict[str, Any]:
        """What of these can change an answer and is not as it is without being named."""
        given = {
            "endpoint": self.endpoint, "send_reasoning": self.send_reasoning, "extra_body": self.extra_body,
        }  # fmt: skip
        return {name: value for name, value in given.items() if value not in ("chat", False, {})}

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order. Prompt `i` samples with its own seed, or with `params.seed + i`.

        Raises:
            ContextOverflowError: the server says that a prompt is too long.
            SpendingLimitError: `max_cost` is reached, or cannot be kept.
            PolicyError: a request was given up, with every failure of it by name; the policy was closed, or made in
                another process.
        """
        if os.getpid() != self._process:
            raise PolicyError(f"{self.name} was made in process {self._process}; make one in each process that asks")
        asks = [self._ask(prompt, params, index) for index, prompt in enumerate(prompts)]
        return side_by_side([partial(self._answer, ask) for ask in asks], self._server.concurrency)

    def close(self) -> None:
        """Close the connections and a cache that was given as a file. Requests in flight end by themselves."""
        self._server.close()
        if self._own_cache and self._cache is not None:
            self._cache.close()

    def __enter__(self) -> OpenAIPolicy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _server_at(
        self, base_url: str | None, api_key: str | None, headers: Mapping[str, str], options: Mapping[str, Any]
    ) -> Server:
        try:
            from assaygym.agents.openai_http import Server
        except ImportError as error:
            raise MissingDependencyError.of(error.name or "urllib3", "openai", "OpenAIPolicy") from error
        url = base_url or os.environ.get("OPENAI_BASE_URL")
        key = api_key or os.environ.get("OPENAI_API_KEY")
        if url is None and key is None:
            raise ConfigError(
                f"policy {self.name} has neither a key nor a server: set OPENAI_API_KEY, or name a local server by "
                "base_url=http://HOST:PORT/v1"
            )
        sent = {"Authorization": f"Bearer {key}"} if key else {}
        return Server(self.name, url or OPENAI, headers={**sent, **headers}, meter=self.meter, **options)

    def _check_options(self) -> None:
        if self.top_logprobs < 0 or (self.top_logprobs and not self.logprobs):
            raise ConfigError(
                f"top_logprobs={self.top_logprobs} with logprobs={self.logprobs}; expected from 0, with logprobs"
            )
        if wrong := sorted(self.extra_body.keys() & set(OWN_FIELDS)):
            raise ConfigError(f"extra_body sets {', '.join(wrong)}; one whole answer is asked for at a time")

    def _ask(self, prompt: Prompt, params: SamplingParams, index: int) -> _Ask:
        seed = seed_of(prompt, params, index)
        read: Callable[[Mapping[str, Any]], Completion]
        if self._chat is None:
            body, read = self._chat_body(prompt), partial(read_chat, top_k=self.top_logprobs)
        else:
            ids = self._chat.prompt_ids(prompt)
            body = {"prompt": list(ids), "return_token_ids": True, **UNTOUCHED}
            if self.logprobs:
                body["logprobs"] = max(1, self.top_logprobs)
            read = partial(read_tokens, prompt_ids=ids, top_k=self.top_logprobs)
        body = {"model": self.model, **body, **self._sampling(replace(params, seed=seed)), **self.extra_body}
        settled = seed is not None or params.temperature == 0
        return _Ask({name: value for name, value in body.items() if value is not None}, read, settled)

    def _chat_body(self, prompt: Prompt) -> dict[str, Any]:
        body: dict[str, Any] = {
            "messages": [message_dict(message, reasoning=self.send_reasoning) for message in prompt.messages]
        }
        if prompt.tools:
            body["tools"] = [tool_dict(tool) for tool in prompt.tools]
        if self.logprobs:
            body["logprobs"] = True
        if self.top_logprobs:
            body["top_logprobs"] = self.top_logprobs
        return body

    def _sampling(self, params: SamplingParams) -> dict[str, Any]:
        body: dict[str, Any] = {self._limit: params.max_tokens}
        if params.temperature != 1 or not self._hosted:
            body["temperature"] = params.temperature
        if params.top_p != 1 or not self._hosted:
            body["top_p"] = params.top_p
        if params.stop:
            body["stop"] = list(params.stop)
        if params.seed is not None:
            body["seed"] = params.seed
        return body

    def _answer(self, ask: _Ask) -> Completion:
        if self._cache is None:
            return self._asked(ask)[1]
        key = self._key(ask)
        if (kept := self._kept(key, ask)) is not None:
            self.meter.add("from_cache")
            return replace(kept, cached=True)
        answer, completion = self._asked(ask)
        self._cache.put(key, answer)
        return completion

    def _asked(self, ask: _Ask) -> tuple[dict[str, Any], Completion]:
        from assaygym.agents.openai_http import GivenUp

        try:
            try:
                answer, completion = self._server.ask(self._path, ask.body, ask.read)
            except GivenUp as end:
                if (room := end.last.room) is None or room >= ask.body.get(self._limit, 0):
                    raise
                self.meter.add("retries")
                answer, completion = self._server.ask(self._path, {**ask.body, self._limit: room}, ask.read)
        except GivenUp as end:
            self.meter.add("failed")
            raise self._server.error(end) from None  # its failures hold the server's words as they came
        self.meter.answered(_tokens(answer, completion))
        self.meter.served_by(answer)
        return answer, completion

    def _key(self, ask: _Ask) -> bytes:
        """Stands for all that determines the answer: server, endpoint, body (model, prompt, parameters), number."""
        key = answer_key(self._server.where, self.endpoint, ask.body)
        if ask.settled:
            return key
        with self._counting:
            self._seen[key] += 1
            return answer_key(key.hex(), self._seen[key])

    def _kept(self, key: bytes, ask: _Ask) -> Completion | None:
        """What the cache has; an answer in it that cannot be read is forgotten."""
        assert self._cache is not None
        answer = self._cache.get(key)
        try:
            return None if answer is None else ask.read(answer)
        except Failure:
            self._cache.drop(key)
        return None


def _chat(name: str, endpoint: Endpoint, tokenizer: Any) -> Chat | None:
    """The renderer of prompts as ids, for the endpoint that takes ids."""
    if endpoint not in PATHS or (endpoint == "completions") != (tokenizer is not None):
        raise ConfigError(
            f"{name} with endpoint={endpoint!r} and {'a' if tokenizer is not None else 'no'} tokenizer; expected "
            "'chat' without one, or 'completions' with the model's tokenizer"
        )
    if isinstance(tokenizer, str):
        try:
            from transformers import AutoTokenizer
        except ImportError as error:
            raise MissingDependencyError.of(error.name or "transformers", "train", "a tokenizer by name") from error
        try:
            tokenizer = AutoTokenizer.from_pretrained(tokenizer)
        except (OSError, ValueError) as error:
            raise ConfigError(f"cannot load the tokenizer {tokenizer!r}: {str(error).splitlines()[0]}") from error
    return None if tokenizer is None else Chat(tokenizer)


def _tokens(answer: Mapping[str, Any], completion: Completion) -> Tokens | None:
    """As the server counts them; else as ids, where there are any."""
    if (counted := Tokens.of(answer.get("usage"))) is not None or not completion.token_ids:
        return counted
    return Tokens(prompt=len(completion.prompt_ids), completion=len(completion.token_ids))
