"""A reward model behind HTTP: prompt, reference and answer go out, one number comes back.

What is sent, by `protocol`:

    plain      POST URL            {"prompt", "reference", "response"}   -> {"reward": x}
    sglang     POST URL/classify   {"model", "text": [encoded]}          -> [{"embedding": [x]}]
    vllm       POST URL/pooling    {"model", "input": [encoded]}         -> {"data": [{"data": [..., [x]]}]}
    lmdeploy   POST URL/pooling    {"model", "input": [encoded]}         -> {"data": [{"data": x}]}

The encoded text is that of POLAR (arXiv 2507.05197): prompt and reference, `<|reward|>`, prompt and answer, end mark.
"""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from assaygym.errors import ConfigError, VerifierError, did_you_mean
from assaygym.foreign_json import read_json
from assaygym.types import Score
from assaygym.verifiers.judges.base import (
    Asked,
    asked_of,
    check_squash,
    clipped,
    opinion,
    said_nothing,
    squashed,
    text_of,
)

__all__ = ["ServedReward", "Wire", "served"]

Wire = Literal["plain", "sglang", "vllm", "lmdeploy"]
LARGEST_ANSWER = 1 << 20
CHUNK = 1 << 14
LONGEST_PAUSE = 10.0
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses after which the same request may succeed."""


class _PassingError(Exception):
    """An attempt failed in a way that may pass."""


@dataclass(frozen=True, slots=True)
class ServedReward:
    """See `served`."""

    url: str
    protocol: Wire = "plain"
    model: str = ""
    center: float = 0.0
    scale: float = 1.0
    timeout: float = 60.0
    retries: int = 3
    pause: float = 0.5
    max_chars: int = 16_000
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    name: str = "served"

    def __post_init__(self) -> None:
        check_squash(self.center, self.scale)
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ConfigError(f"the URL of {self.name} is no http(s)://HOST:PORT without user and password")
        if self.protocol not in _SHAPES:
            raise ConfigError(f"no protocol {self.protocol!r}; {did_you_mean(self.protocol, _SHAPES)}")
        if self.timeout <= 0 or self.retries < 0 or self.pause < 0 or self.max_chars < 2:
            raise ConfigError(
                f"timeout={self.timeout}, retries={self.retries}, pause={self.pause}, max_chars={self.max_chars}; "
                "expected timeout above 0, retries and pause from 0, max_chars from 2"
            )

    def __call__(self, response: object, answer: object, /) -> Score:
        """The model's reward, squashed to [0, 1]; `metrics["raw"]` is the number it gave.

        Raises:
            VerifierError: the server gave none (INVALID in `judge`).
        """
        text = text_of(response)
        if not text.strip():
            return said_nothing()
        raw = self.reward(asked_of(answer), text)
        value = squashed(raw, self.center, self.scale)
        return opinion(value, f"reward {raw:g} of {self.model or self.where}", {"raw": raw})

    @property
    def where(self) -> str:
        """The URL as sentences name it: a query may hold a key."""
        return urlunsplit(urlsplit(self.url)._replace(query="", fragment=""))

    def reward(self, asked: Asked, response: str) -> float:
        """The model's own number.

        Raises:
            VerifierError: every attempt failed, or one in a way that will not pass.
        """
        path, body, read = _SHAPES[self.protocol]
        texts = (asked.question, asked.reference, response)
        data = json.dumps(body(self.model, *(clipped(text, self.max_chars) for text in texts))).encode()
        failures: list[str] = []
        for attempt in range(self.retries + 1):
            if attempt:
                time.sleep(min(LONGEST_PAUSE, self.pause * 2 ** (attempt - 1)))
            try:
                return _number(read, self._post(path, data))
            except _PassingError as error:
                failures.append(str(error))
        raise VerifierError(f"{self.where} gave no reward in {len(failures)} attempts; the last: {failures[-1]}")

    def _post(self, path: str, data: bytes) -> bytes:
        parts = urlsplit(self.url)
        url = urlunsplit(parts._replace(path=parts.path.rstrip("/") + path if path else parts.path))
        request = urllib.request.Request(url, data, {"Content-Type": "application/json", **self.headers})
        deadline = time.monotonic() + self.timeout
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return _content(answer, deadline)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(300).decode("utf-8", "replace")
            sentence = f"HTTP {error.code}: {' '.join(said.split())}"
            if error.code in PASSING:
                raise _PassingError(sentence) from error
            raise VerifierError(f"{self.where} refused: {sentence}") from error
        except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
            raise _PassingError(f"{type(error).__name__}: {getattr(error, 'reason', error)}") from error


def _content(answer: Any, deadline: float) -> bytes:
    content = bytearray()
    while chunk := answer.read1(CHUNK):
        content += chunk
        if time.monotonic() > deadline:
            raise _PassingError("no whole answer in time")
        if len(content) > LARGEST_ANSWER:
            raise VerifierError(f"the answer is longer than {LARGEST_ANSWER} bytes; expected one number")
    return bytes(content)


def _number(read: Callable[[Any], Any], content: bytes) -> float:
    try:
        found = read(read_json(content))
        while isinstance(found, list):
            found = found[-1]
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            raise TypeError(f"{type(found).__name__} in place of a number")
        return float(found)
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        shown = content[:80].decode("utf-8", "replace")
        raise _PassingError(f"cannot read a reward in {shown!r}: {type(error).__name__}: {error}") from error


def _encoded(*texts: str) -> str:
    """POLAR's input. A mark of it within a text is broken up: an answer must not begin a comparison of its own."""
    marks = r"<\|(?=reward\|>)|\[(?=UNUSED_TOKEN_\d+\])"
    prompt, reference, response = (re.sub(marks, r"\g<0> ", text) for text in texts)
    return f"{prompt}\n{reference}<|reward|>{prompt}\n{response}[UNUSED_TOKEN_130]"


def _plain(model: str, prompt: str, reference: str, response: str) -> dict[str, Any]:
    named = {"model": model} if model else {}
    return {"prompt": prompt, "reference": reference, "response": response, **named}


def _classify(model: str, *texts: str) -> dict[str, Any]:
    return {"model": model, "text": [_encoded(*texts)]}


def _pooling(model: str, *texts: str) -> dict[str, Any]:
    return {"model": model, "input": [_encoded(*texts)]}


_Body = Callable[..., dict[str, Any]]
_SHAPES: dict[str, tuple[str, _Body, Callable[[Any], Any]]] = {
    "plain": ("", _plain, lambda answer: answer["reward"]),
    "sglang": ("/classify", _classify, lambda answer: answer[0]["embedding"]),
    "vllm": ("/pooling", _pooling, lambda answer: answer["data"][0]["data"]),
    "lmdeploy": ("/pooling", _pooling, lambda answer: answer["data"][0]["data"]),
}


def served(url: str, *, protocol: Wire = "plain", model: str = "", **options: Any) -> ServedReward:
    """A scalar reward model on a server, conditioned on a reference where the task has one (POLAR, arXiv 2507.05197).

    The reward is unbounded; the value is `1 / (1 + exp(-(reward - center) / scale))`, `metrics["raw"]` the reward
    itself. A request is bounded in time, sent again after failures that may pass, and a server that gives no number
    makes the score INVALID. The response is cut to `max_chars`, beginning and end: no agent escapes a low reward by
    writing more than the server takes.

    Args:
        url: of the server; for `plain`, of what takes the request.
        protocol: see the module.
        model: its name there.
        options: `center` and `scale` of the squashing; `timeout` of one attempt and `pause` before the second (doubled
            for each later one) in seconds; `retries` after the first attempt; `max_chars` of each text; `headers`, a
            key among them; `name` for messages.

    Raises:
        ConfigError: the URL, the protocol or an option is none.
    """
    try:
        return ServedReward(url, protocol, model, **options)
    except TypeError as error:
        raise ConfigError(f"served does not take these options: {error}") from error
