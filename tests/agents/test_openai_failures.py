"""The names of failures, and what servers say in their own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from assaygym.agents.openai_failures import FailureKind, error_in, refusal

OVERFLOWS = {
    "OpenAI": (400, {"error": {"message": "This model's maximum context length is 8192 tokens. However, your messages "
                     "resulted in 9000 tokens.", "code": "context_length_exceeded"}}, None),
    "vLLM, both together": (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens. "
                            "However, you requested 5096 tokens (4000 in the messages, 1096 in the completion). Please "
                            "reduce the length.", "code": 400}, 96),
    "vLLM, max_tokens": (400, {"error": {"message": "'max_tokens' or 'max_completion_tokens' is too large: 1096. This "
                         "model's maximum context length is 4096 tokens and your request has 4000 input tokens "
                         "(1096 > 4096 - 4000)."}}, 96),
    "vLLM, the prompt": (400, {"error": {"message": "The decoder prompt (length 5000) is longer than the maximum model "
                         "length of 4096."}}, None),
    "SGLang, both together": (400, {"message": "Requested token count exceeds the model's maximum context length of "
                              "4096 tokens. You requested a total of 5000 tokens: 4000 tokens from the input messages "
                              "and 1000 tokens for the completion."}, 96),
    "SGLang, the prompt": (400, {"message": "The input (5000 tokens) is longer than the model's context length (4096 "
                           "tokens)."}, None),
    "llama.cpp": (400, {"error": {"code": 400, "message": "the request exceeds the available context size, try "
                  "increasing it", "type": "exceed_context_size_error", "n_prompt_tokens": 5000, "n_ctx": 4096}}, None),
    "TGI": (422, {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 "
            "`inputs` tokens and 1000 `max_new_tokens`"}, None),
    "Mistral": (400, {"object": "error", "message": "Prompt contains 40000 tokens and 0 draft tokens, too large for "
                "model with 32768 maximum context length"}, None),
    "Anthropic": (400, {"error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > "
                  "200000 maximum"}}, None),
    "Google": (400, [{"error": {"code": 400, "message": "The input token count (1200000) exceeds the maximum number of "
               "tokens allowed (1048576)."}}], None),
    "xAI": (400, {"error": "This model's maximum prompt length is 131072 but the request contains 200000 tokens."},
            None),
    "as an error of the server": (500, {"error": {"message": "input is larger than the context window"}}, None),
}  # fmt: skip


@pytest.mark.parametrize("name", OVERFLOWS)
def test_a_context_that_is_full_is_told_from_other_refusals(name: str) -> None:
    status, body, room = OVERFLOWS[name]
    failure = refusal(status, {}, body)
    assert (failure.kind, failure.again, failure.room) == (FailureKind.OVERFLOW, False, room)


@pytest.mark.parametrize(
    ("status", "kind", "again"),
    [
        (408, FailureKind.SERVER_ERROR, True),
        (425, FailureKind.SERVER_ERROR, True),
        (429, FailureKind.RATE_LIMIT, True),
        (500, FailureKind.SERVER_ERROR, True),
        (529, FailureKind.SERVER_ERROR, True),
        (501, FailureKind.SERVER_ERROR, False),
        (302, FailureKind.REFUSED, False),
        (400, FailureKind.REFUSED, False),
        (401, FailureKind.REFUSED, False),
        (404, FailureKind.REFUSED, False),
        (413, FailureKind.REFUSED, False),
    ],
)
def test_a_status_has_a_name_and_says_whether_to_come_again(status: int, kind: FailureKind, again: bool) -> None:
    failure = refusal(status, {}, {"error": {"message": "no"}})
    assert (failure.kind, failure.again, str(failure)) == (kind, again, f"{kind} (HTTP {status}: no)")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "no such model", "type": "x"}}, "HTTP 404: no such model"),
        ({"error": "model 'x' not found"}, "HTTP 404: model 'x' not found"),
        ({"object": "error", "message": "The model does not exist."}, "HTTP 404: The model does not exist."),
        ({"detail": "Not Found"}, "HTTP 404: Not Found"),
        ({"detail": [{"loc": ["body"], "msg": "x"}]}, 'HTTP 404: [{"loc": ["body"], "msg": "x"}]'),
        ("<html><head><title>404</title></head>\n<body>nginx</body></html>", "HTTP 404: 404 nginx"),
        ("", "HTTP 404"),
        ("x" * 900, "HTTP 404: " + "x" * 500),
    ],
)
def test_the_servers_own_words_are_found_wherever_it_puts_them(body: Any, said: str) -> None:
    assert refusal(404, {}, body).detail == said


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)
def test_the_pause_a_server_asks_for_is_read(headers: dict[str, str], wait: float | None) -> None:
    assert refusal(429, headers, "").wait == wait


def test_a_date_is_a_pause_until_then() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert refusal(503, {"retry-after": then}, "").wait == pytest.approx(100, abs=5)


@pytest.mark.parametrize("sign", ["insufficient_quota", "billing_hard_limit_reached"])
def test_money_that_is_used_up_comes_back_by_no_retry(sign: str) -> None:
    failure = refusal(429, {}, {"error": {"message": "no", "code": sign}})
    assert (failure.kind, failure.again) == (FailureKind.REFUSED, False)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"error": {"code": 429, "message": "busy"}}, FailureKind.RATE_LIMIT),
        ({"error": {"code": "503", "message": "busy"}}, FailureKind.SERVER_ERROR),
        ({"error": {"code": "oops", "message": "busy"}}, FailureKind.SERVER_ERROR),
        ({"error": {"code": 400, "message": "bad"}}, FailureKind.REFUSED),
        ({"error": "busy"}, FailureKind.SERVER_ERROR),
        ({"object": "error", "message": "busy"}, FailureKind.SERVER_ERROR),
    ],
)
def test_an_error_in_place_of_choices_is_what_its_code_says(answer: dict[str, Any], kind: FailureKind) -> None:
    failure = error_in(answer)
    assert failure is not None
    assert failure.kind is kind


@pytest.mark.parametrize("answer", [{"choices": [1]}, {"choices": [1], "error": {}}, {"error": None}, {}])
def test_an_answer_without_an_error_has_none(answer: dict[str, Any]) -> None:
    assert error_in(answer) is None
