"""How a request to a server can fail: a closed list of names, and what each says about sending it again.

    rate limit        HTTP 429                                          again, after `Retry-After` where it is given
    server error      HTTP 408, 409, 425, 5xx; an aborted generation    again
    timeout           no whole answer within one attempt's time         again
    connection        refused, reset, dropped in an answer              again
    malformed answer  not JSON, no choices, lengths that differ         again
    refused           any other HTTP status, a quota that is used up    never
    withheld          a content filter took the answer back             never
    context overflow  the prompt is longer than the model's context     never

A header `x-should-retry: true` or `false` overrules the list.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

__all__ = ["Failure", "FailureKind", "error_in", "malformed", "refusal"]

OVERFLOW_STATUSES = (400, 413, 422, 500)
OVERFLOW_SIGNS = (
    "context_length_exceeded", "exceed_context_size", "context length", "context size", "context window",
    "maximum model length", "max_model_len", "maximum prompt length", "prompt is too long", "max_new_tokens` must be",
    "input token count",
)  # fmt: skip
"""In the words of OpenAI, vLLM, SGLang, llama.cpp, TGI, Mistral, xAI, Anthropic, Google."""
QUOTA_SIGNS = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
LIMIT = re.compile(r"(?:context length|model length)[a-z' ]*?(\d+)")
GIVEN = re.compile(r"(\d+) (?:in the messages|(?:of text )?(?:input )?tokens from the input|(?:prompt|input) tokens)")
SHOWN = 500
"""Characters of what a server says that are passed on."""
NEVER_AGAIN = (501, 505)


class FailureKind(StrEnum):
    """The names of failed attempts, as `Usage.failures` counts them."""

    RATE_LIMIT = "rate limit"
    SERVER_ERROR = "server error"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    MALFORMED = "malformed answer"
    REFUSED = "refused"
    WITHHELD = "withheld"
    OVERFLOW = "context overflow"


class Failure(Exception):
    """One attempt that failed.

    Args:
        kind: its name.
        detail: what happened, in the server's words where it gave any.
        again: sending the same request again may help.
        wait: seconds that the server asks to wait before.
        room: of an overflow: tokens that an answer could have, where only prompt and answer together are too long.
    """

    def __init__(
        self, kind: FailureKind, detail: str, *, again: bool, wait: float | None = None, room: int | None = None
    ) -> None:
        super().__init__(kind, detail)
        self.kind, self.detail, self.again, self.wait, self.room = kind, detail, again, wait, room

    def __str__(self) -> str:
        return f"{self.kind} ({self.detail})"


def malformed(detail: str, *, again: bool = True) -> Failure:
    """The failure of an answer that is not of the form it should have."""
    return Failure(FailureKind.MALFORMED, detail, again=again)


def refusal(status: int, headers: Mapping[str, str], body: Any) -> Failure:
    """What an answer with an HTTP status other than success means.

    Args:
        status: 300 or more.
        headers: of the answer, with names in any case.
        body: its JSON value, or its text.
    """
    said, text = _said(body), f"{json.dumps(body) if not isinstance(body, str) else body}".lower()
    detail = f"HTTP {status}: {said}" if said else f"HTTP {status}"
    if status in OVERFLOW_STATUSES and any(sign in text for sign in OVERFLOW_SIGNS):
        return Failure(FailureKind.OVERFLOW, detail, again=False, room=_room(text))
    kind, again = _kind(status)
    if status == 429 and any(sign in text for sign in QUOTA_SIGNS):
        kind, again = FailureKind.REFUSED, False
    told = headers.get("x-should-retry")
    return Failure(kind, detail, again=told == "true" if told in ("true", "false") else again, wait=_wait(headers))


def error_in(answer: Mapping[str, Any]) -> Failure | None:
    """The failure that some gateways report with status 200: an `error` in place of `choices`."""
    error = answer.get("error") or (answer if answer.get("object") == "error" else None)
    if not error or answer.get("choices"):
        return None
    code = error.get("code") if isinstance(error, Mapping) else None
    status = int(code) if isinstance(code, (int, str)) and str(code).isdecimal() and len(str(code)) == 3 else 500
    return refusal(status, {}, answer)


def _kind(status: int) -> tuple[FailureKind, bool]:
    if status == 429:
        return FailureKind.RATE_LIMIT, True
    if status in (408, 409, 425) or status >= 500:
        return FailureKind.SERVER_ERROR, status not in NEVER_AGAIN
    return FailureKind.REFUSED, False


def _said(body: Any) -> str:
    """The server's own reason, short: `error.message`, `error`, `message`, `detail` or the text."""
    found = body
    for key in ("error", "message", "detail"):
        if isinstance(found, Mapping) and found.get(key):
            found = found[key]
    text = found if isinstance(found, str) else json.dumps(found)
    if "<html" in text.lower():
        text = re.sub(r"<[^>]*>", " ", text)
    return " ".join(text.split())[:SHOWN]


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds of `Retry-After` (a number or a date) or `Retry-After-Ms`; None where there is none that can be read."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        if (given := headers.get(name)) is None:
            continue
        try:
            seconds = float(given) * unit
        except ValueError:
            seconds = _until(given)
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    return None


def _until(date: str) -> float:
    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - time.time())
    except (ValueError, OverflowError):
        return math.nan


def _room(said: str) -> int | None:
    """What the model's context leaves for an answer, if the server's sentence holds both numbers and any is left."""
    limit, given = LIMIT.search(said), GIVEN.search(said)
    if limit is None or given is None:
        return None
    room = int(limit[1]) - int(given[1])
    return room if room > 0 else None
