"""`OpenAIPolicy` against a real HTTP server on this machine."""

from __future__ import annotations

import json
import os
import pickle
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import assaygym as ag
from assaygym.agents.openai_failures import Failure, FailureKind
from assaygym.agents.openai_policy import OpenAIPolicy, Prices, Usage
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.response_cache import ResponseCache
from assaygym.agents.rollout import rollout
from assaygym.errors import ConfigError, ContextOverflowError, PolicyError
from assaygym.types import Completion, Message, StopReason, ToolCall, ToolSpec

pytestmark = pytest.mark.alone  # deadlines of a fraction of a second, open sockets
Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]
Make = Callable[..., OpenAIPolicy]
ASK = Prompt(messages=(Message(role="user", content="2 + 2?"),))
KEY = "sk-0123456789abcdef"


class Dropped(str):
    """An answer whose connection ends before all that was announced is sent."""

    __slots__ = ()


class Trickling(str):
    """An answer that comes letter by letter, 50 ms each."""

    __slots__ = ()


class Server(ThreadingHTTPServer):
    """Answers request after request from `answers` (the last one again and again), or by a function of the body."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.answer: Callable[[dict[str, Any]], Answer] | None = None
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.flying = self.most = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def reply_to(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Answer:
        with self.lock:
            self.bodies.append(body)
            self.paths.append(path)
            self.headers.append(headers)
            self.times.append(time.monotonic())
            if self.answer is None:
                return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return self.answer(body)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what is tested."""


class Handler(BaseHTTPRequestHandler):
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.flying += 1
            self.server.most = max(self.server.most, self.server.flying)
        status, answer, *more = self.server.reply_to(self.path, dict(self.headers), body)
        data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        with self.server.lock:
            self.server.flying -= 1
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) + 7 * isinstance(answer, Dropped)))
        for name, value in (more[0] if more else {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = isinstance(answer, Dropped)
        if not isinstance(answer, Trickling):
            self.wfile.write(data)
            return
        for letter in data:
            time.sleep(0.05)
            self.wfile.write(bytes([letter]))

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def policy(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    made: list[OpenAIPolicy] = []

    def make(**options: Any) -> OpenAIPolicy:
        made.append(OpenAIPolicy("test-model", server.url, **{"backoff": 0.001, **options}))
        return made[-1]

    yield make
    for one in made:
        one.close()


def chat(content: str | None = "4", finish: str | None = "stop", message: Any = None, **choice: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "test-model",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": content, **(message or {})},
                **choice,
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }


def one(policy: OpenAIPolicy, prompt: Prompt = ASK, params: SamplingParams | None = None) -> Completion:
    (completion,) = policy.generate([prompt], params or SamplingParams())
    return completion


def prompt(text: str) -> Prompt:
    return Prompt(messages=(Message(role="user", content=text),))


def sockets() -> int:
    found = 0
    for number in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{number}").startswith("socket:")
        except OSError:  # the one of the listing itself
            continue
    return found


# what is sent


def test_a_plain_answer_is_its_text(server: Server, policy: Make) -> None:
    server.answers = [(200, chat("4"))]
    completion = one(policy())
    assert completion.message == Message(role="assistant", content="4")
    assert (completion.finish_reason, completion.token_ids, completion.logprobs) == ("stop", (), None)
    assert server.paths == ["/v1/chat/completions"]


def test_the_request_says_how_to_sample_even_where_it_is_the_default(server: Server, policy: Make) -> None:
    server.answers = [(200, chat())]
    one(policy())
    assert server.bodies == [
        {
            "model": "test-model", "messages": [{"role": "user", "content": "2 + 2?"}], "max_tokens": 1024,
            "temperature": 1.0, "top_p": 1.0,
        }
    ]  # fmt: skip


def test_every_parameter_that_was_set_is_sent(server: Server, policy: Make) -> None:
    server.answers = [(200, chat())]
    params = SamplingParams(temperature=0.0, top_p=0.5, max_tokens=9, stop=("\n",), seed=3)
    one(policy(top_logprobs=2, extra_body={"top_k": 5, "top_p": None}), params=params)
    sent = {key: value for key, value in server.bodies[0].items() if key not in ("model", "messages")}
    assert sent == {
        "temperature": 0.0, "max_tokens": 9, "stop": ["\n"], "seed": 3, "logprobs": True, "top_logprobs": 2, "top_k": 5,
    }  # fmt: skip


def test_a_hosted_model_is_sent_only_what_differs_and_the_limit_by_its_new_name(
    server: Server, policy: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assaygym.agents.openai_policy.HOSTED", ("127.0.0.1:" + server.url.split(":")[2][:-3],))
    server.answers = [(200, chat())]
    one(policy(), params=SamplingParams(top_p=0.5))
    assert server.bodies[0].keys() == {"model", "messages", "max_completion_tokens", "top_p"}


def test_prompts_of_one_call_sample_with_seeds_of_their_own(server: Server, policy: Make) -> None:
    server.answers = [(200, chat())]
    policy().generate([ASK, ASK, ASK], SamplingParams(seed=5))
    assert sorted(body["seed"] for body in server.bodies) == [5, 6, 7]


def test_tools_and_earlier_calls_are_sent_in_the_servers_form(server: Server, policy: Make) -> None:
    server.answers = [(200, chat())]
    call = ToolCall(id="c1", name="add", arguments='{"a": 1}')
    asked = Prompt(
        messages=(
            *ASK.messages,
            Message(role="assistant", content="", tool_calls=(call,)),
            Message(role="tool", content="3", tool_call_id="c1"),
        ),
        tools=(ToolSpec(name="add", description="Add.", parameters={"type": "object"}),),
    )
    one(policy(), asked)
    function = {"name": "add", "description": "Add.", "parameters": {"type": "object"}}
    assert server.bodies[0]["tools"] == [{"type": "function", "function": function}]
    sent = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    assert server.bodies[0]["messages"][1:] == [
        {"role": "assistant", "content": "", "tool_calls": [sent]},
        {"role": "tool", "content": "3", "tool_call_id": "c1"},
    ]


def test_half_a_surrogate_pair_is_sent_as_a_question_mark(server: Server, policy: Make) -> None:
    server.answers = [(200, chat())]
    call = ToolCall(id="c", name="look\ud83d", arguments='{"x": "\ud83d"}')
    said = Message(role="assistant", content="a\ud83d", tool_calls=(call,))
    policy().generate([Prompt(messages=(*ASK.messages, said))], SamplingParams())
    sent = server.bodies[0]["messages"][1]
    assert (sent["content"], sent["tool_calls"][0]["function"]) == ("a?", {"name": "look?", "arguments": '{"x": "?"}'})


def test_reasoning_goes_back_only_where_it_is_asked_for(server: Server, policy: Make) -> None:
    server.answers = [(200, chat())]
    said = Message(role="assistant", content="4", reasoning="two and two")
    asked = Prompt(messages=(*ASK.messages, said, *ASK.messages))
    one(policy(), asked)
    one(policy(send_reasoning=True), asked)
    assert server.bodies[0]["messages"][1] == {"role": "assistant", "content": "4"}
    assert server.bodies[1]["messages"][1]["reasoning_content"] == "two and two"


def test_the_key_and_further_headers_are_sent(server: Server, policy: Make) -> None:
    server.answers = [(200, chat())]
    one(policy(api_key=KEY, headers={"X-Team": "blue"}))
    assert (server.headers[0]["Authorization"], server.headers[0]["X-Team"]) == (f"Bearer {KEY}", "blue")


def test_a_query_of_the_base_url_stays_after_the_path(server: Server) -> None:
    server.answers = [(200, chat())]
    with OpenAIPolicy("m", f"{server.url}/?api-version=7") as asked:
        one(asked)
    assert server.paths == ["/v1/chat/completions?api-version=7"]


# failures


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_a_passing_failure_is_tried_again(server: Server, policy: Make, status: int) -> None:
    server.answers = [(status, {"error": {"message": "busy"}}), (200, chat("4"))]
    asked = policy()
    assert one(asked).message.content == "4"
    name = "rate limit" if status == 429 else "server error"
    assert (len(server.bodies), asked.usage.retries, asked.usage.failures) == (2, 1, {name: 1})


@pytest.mark.parametrize("status", [307, 400, 401, 403, 404, 413, 422, 501])
def test_a_refusal_is_not_tried_again(server: Server, policy: Make, status: int) -> None:
    server.answers = [(status, {"error": {"message": "no such parameter"}})]
    asked = policy()
    with pytest.raises(PolicyError, match=rf"openai:test-model at .* in 1 attempt, .*HTTP {status}: no such parameter"):
        one(asked)
    assert (len(server.bodies), asked.usage.failed, asked.usage.retries) == (1, 1, 0)


def test_every_failure_of_a_request_is_named_in_its_error(server: Server, policy: Make) -> None:
    busy, broken = (429, {"error": {"message": "slow down"}}), (500, {"detail": "out of order"})
    server.answers = [busy, busy, (200, Dropped("{")), (200, "{not json"), broken]
    with pytest.raises(PolicyError) as caught:
        one(policy(max_retries=4))
    said = str(caught.value)
    assert "gave no answer in 5 attempts" in said
    assert "2 times rate limit (HTTP 429: slow down), then connection (IncompleteRead(" in said
    assert ", then malformed answer (no JSON: " in said
    assert said.endswith("then server error (HTTP 500: out of order)")
    assert str(pickle.loads(pickle.dumps(caught.value))) == said


@pytest.mark.parametrize("after", [{"Retry-After": "0.3"}, {"Retry-After-Ms": "300"}])
def test_a_server_that_names_a_pause_gets_it(server: Server, policy: Make, after: dict[str, str]) -> None:
    server.answers = [(429, {}, after), (200, chat())]
    one(policy())
    assert 0.3 <= server.times[1] - server.times[0] < 0.9


def test_a_pause_longer_than_is_waited_ends_the_request_at_once(server: Server, policy: Make) -> None:
    server.answers = [(429, {}, {"Retry-After": "3600"})]
    with pytest.raises(PolicyError, match="asks to wait 3600 s, longer than 120 s"):
        one(policy())
    assert len(server.bodies) == 1


def test_pauses_grow_and_differ(policy: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = policy(backoff=1.0)._server
    waited: list[float] = []
    monkeypatch.setattr(asked._closed, "wait", waited.append)
    for count in range(1, 9):
        asked._pause([Failure(FailureKind.TIMEOUT, "", again=True)] * count)
    for count, pause in enumerate(waited):
        longest = min(30.0, 2.0**count)
        assert longest / 2 <= pause <= longest
    assert len({pause / 2.0**count for count, pause in enumerate(waited[:5])}) == 5


def test_a_header_overrules_what_is_tried_again(server: Server, policy: Make) -> None:
    server.answers = [(500, {}, {"x-should-retry": "false"})]
    with pytest.raises(PolicyError, match="in 1 attempt"):
        one(policy())
    server.answers = [(400, {}, {"x-should-retry": "true"}), (200, chat("5"))]
    assert one(policy()).message.content == "5"


def test_a_used_up_quota_is_not_tried_again(server: Server, policy: Make) -> None:
    server.answers = [(429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}})]
    with pytest.raises(PolicyError, match=r"1 attempt, .*refused \(HTTP 429: You exceeded your quota\)"):
        one(policy())


def test_an_error_with_status_200_is_what_its_code_says(server: Server, policy: Make) -> None:
    server.answers = [(200, {"error": {"code": 429, "message": "upstream is busy"}}), (200, chat("4"))]
    asked = policy()
    assert (one(asked).message.content, asked.usage.failures) == ("4", {"rate limit": 1})


@pytest.mark.parametrize(
    "answer",
    ["{not json", "[]", "{}", '"text"', "[" * 100_000, '{"choices": []}', '{"choices": null}', '{"choices": [7]}',
     '{"choices": [{"finish_reason": "stop"}]}', '{"choices": [{"message": {"content": 7}}]}',
     '{"choices": [{"message": {"content": "", "tool_calls": [{"id": "1"}]}}]}',
     '{"choices": [{"message": {"content": "x"}, "logprobs": {"content": [{"logprob": NaN}]}}]}'],
)  # fmt: skip
def test_an_answer_that_is_no_completion_is_tried_again(server: Server, policy: Make, answer: str) -> None:
    server.answers = [(200, answer), (200, chat("4"))]
    asked = policy()
    assert (one(asked).message.content, asked.usage.failures) == ("4", {"malformed answer": 1})


def test_an_answer_the_server_withholds_is_an_error_at_once(server: Server, policy: Make) -> None:
    server.answers = [(200, chat("", "content_filter"))]
    with pytest.raises(PolicyError, match=r"1 attempt, .*withheld \(finish reason 'content_filter'\)"):
        one(policy())


def test_an_aborted_generation_is_tried_again(server: Server, policy: Make) -> None:
    server.answers = [(200, chat("hal", "abort")), (200, chat("whole"))]
    assert one(policy()).message.content == "whole"


def test_a_server_that_is_not_there_is_an_error() -> None:
    with OpenAIPolicy("m", "http://127.0.0.1:9/v1", KEY, max_retries=2, backoff=0.001) as policy:
        with pytest.raises(
            PolicyError,
            match=r"m at http://127\.0\.0\.1:9/v1 gave .* 3 times connection \(\[Errno 111\] Connection refused\)",
        ):
            one(policy)
        assert policy.usage == Usage(failed=1, retries=2, failures={"connection": 3})


def test_a_server_that_is_too_slow_is_an_error(server: Server, policy: Make) -> None:
    released = threading.Event()
    server.answer = lambda body: (200, chat() if released.wait(5) else "")
    with pytest.raises(PolicyError, match=r"2 times timeout \(no whole answer within 0\.1 s\)"):
        one(policy(timeout=0.1, max_retries=1))
    released.set()


def test_an_answer_that_trickles_is_too_slow_as_well(server: Server, policy: Make) -> None:
    server.answers = [(200, Trickling(json.dumps(chat())))]
    started = time.monotonic()
    with pytest.raises(PolicyError, match="timeout"):
        one(policy(timeout=0.2, max_retries=0))
    assert time.monotonic() - started < 1


def test_a_stall_is_tried_again(server: Server, policy: Make) -> None:
    first = threading.Event()

    def stall_once(body: dict[str, Any]) -> Answer:
        if not first.is_set():
            first.set()
            time.sleep(0.4)
        return 200, chat("4")

    server.answer = stall_once
    asked = policy(timeout=0.15)
    assert (one(asked).message.content, asked.usage.failures) == ("4", {"timeout": 1})


@pytest.mark.parametrize("status", [400, 500])
def test_a_prompt_that_is_too_long_is_an_overflow(server: Server, policy: Make, status: int) -> None:
    server.answers = [(status, {"error": {"message": "too long", "code": "context_length_exceeded"}})]
    with pytest.raises(ContextOverflowError, match="longer than the model's context"):
        one(policy())
    assert len(server.bodies) == 1


def test_a_prompt_that_leaves_less_room_than_was_asked_for_is_sent_again_with_what_is_left(
    server: Server, policy: Make
) -> None:
    said = (
        "This model's maximum context length is 4096 tokens. However, you requested 5096 tokens (4000 in the messages, "
        "1096 in the completion)."
    )
    server.answers = [(400, {"message": said}), (200, chat("4", "length"))]
    asked = policy()
    assert one(asked, params=SamplingParams(max_tokens=1096)).finish_reason == "length"
    assert [body["max_tokens"] for body in server.bodies] == [1096, 96]
    assert (asked.usage.requests, asked.usage.retries, asked.usage.failures) == (1, 1, {"context overflow": 1})


def test_a_failed_request_is_a_failed_episode_and_no_zero(
    server: Server, policy: Make, dialogue: Callable[..., Any]
) -> None:
    server.answers = [(400, {"error": {"message": "bad"}})]
    trajectory = rollout(dialogue(), policy(), seed=1)
    assert trajectory.stop_reason is StopReason.ERROR
    assert trajectory.reward != trajectory.reward


class Adder(ag.ToolEnv, id="test/adder-v0", max_turns=4):
    """You add."""

    def setup(self, rng: random.Random) -> str:
        self.added = 0
        return "Add 1 and 2."

    @ag.tool
    def add(self, a: int, b: int) -> int:
        """Add."""
        self.added = a + b
        return self.added

    def verify(self) -> bool:
        return self.added == 3


@pytest.mark.parametrize(
    "broken", ['{"a": 1, "b"', '{"a": "one"}', "[1, 2]", "{'a': 1}", "", "add", '"text"', "\ud83d"]
)
def test_arguments_that_are_wrong_are_told_to_the_agent_who_goes_on(server: Server, policy: Make, broken: str) -> None:
    def call(arguments: str) -> Answer:
        function = {"name": "add", "arguments": arguments}
        calls = [{"id": "c1", "type": "function", "function": function}]
        return 200, chat(None, "tool_calls", {"tool_calls": calls})

    server.answers = [call(broken), call('{"a": 1, "b": 2}'), (200, chat("It is 3."))]
    trajectory = rollout(Adder(), policy(), seed=1)
    assert (trajectory.stop_reason, trajectory.reward, trajectory.error) == (StopReason.COMPLETED, 1.0, None)
    assert "rror" in server.bodies[1]["messages"][-1]["content"]
    for body in server.bodies:
        for message in body["messages"]:
            for made in message.get("tool_calls", ()):
                assert isinstance(json.loads(made["function"]["arguments"]), dict)


# keys


def test_no_secret_is_in_an_error_or_a_name(server: Server, policy: Make) -> None:
    token = "gateway-token-77"
    server.answers = [(401, {"error": {"message": f"Incorrect API key provided: {KEY}; gateway {token}"}})]
    asked = policy(api_key=KEY, headers={"X-Gateway": token})
    with pytest.raises(PolicyError, match=r"key provided: \*\*\*; gateway \*\*\*") as caught:
        one(asked)
    seen = "".join(map(repr, (caught.value, caught.value.__cause__, asked, asked.usage, asked.name)))
    assert KEY not in seen
    assert token not in seen


def test_a_key_in_the_query_is_in_no_error(server: Server) -> None:
    server.answers = [(400, {})]
    with (
        OpenAIPolicy("m", f"{server.url}?key={KEY}") as asked,
        pytest.raises(PolicyError, match=r"/v1 gave no answer") as caught,
    ):
        one(asked)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "options", "said"),
    [
        ("http://me:secret@host/v1", {}, "holds a user or password"),
        ("ftp://host", {}, "expected http"),
        ("host:80", {}, "expected http"),
        ("http://host", {"api_key": "se\ncret"}, "'Authorization' .* cannot carry"),
        ("http://host", {"headers": {"X": "ö"}}, "'X' .* cannot carry"),
        ("http://host", {"timeout": 0}, "timeout=0"),
        ("http://host", {"max_retries": -1}, "max_retries=-1"),
        ("http://host", {"concurrency": 0}, "concurrency=0"),
        ("http://host", {"top_logprobs": 3, "logprobs": False}, "top_logprobs=3 with logprobs=False"),
        ("http://host", {"extra_body": {"stream": True}}, "extra_body sets stream"),
        ("http://host", {"endpoint": "completions"}, "with endpoint='completions' and no tokenizer"),
        ("http://host", {"endpoint": "responses"}, "with endpoint='responses'"),
        ("http://host", {"tokenizer": object()}, "with endpoint='chat' and a tokenizer"),
        ("http://host", {"max_cost": 1.0}, "max_cost=1.0 with prices=None"),
    ],
)
def test_options_that_do_not_go_together_are_refused(url: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        OpenAIPolicy("m", url, **options)
    assert "secret" not in str(caught.value)


def test_openais_own_server_without_a_key_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match="set OPENAI_API_KEY"):
        OpenAIPolicy("gpt")


def test_what_changes_answers_and_is_not_as_it_is_without_being_named_is_told(policy: Make) -> None:
    assert policy(timeout=3.0, api_key=KEY, headers={"X": "y"}).settings == {}
    changed = policy(send_reasoning=True, extra_body={"top_k": 3})
    assert changed.settings == {"send_reasoning": True, "extra_body": {"top_k": 3}}


# use, and money


def test_usage_is_added_up_over_answered_requests(server: Server, policy: Make) -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 2}}
    full = {**chat(), "usage": {"prompt_tokens": 7, "completion_tokens": 3, **details}}
    server.answers = [(200, chat()), (500, {}), (200, {**chat(), "usage": None}), (200, full)]
    asked = policy(prices=Prices(prompt=1.0, completion=10.0, cached=0.5, currency="EUR"))
    assert asked.usage == Usage(currency="EUR")
    for _ in range(3):
        one(asked)
    used = asked.usage
    assert (used.requests, used.unmetered, used.retries, used.failures) == (3, 1, 1, {"server error": 1})
    assert (used.prompt_tokens, used.completion_tokens, used.cached_tokens, used.reasoning_tokens) == (14, 6, 4, 2)
    assert used.cost == pytest.approx((10 * 1.0 + 4 * 0.5 + 6 * 10.0) / 1e6)


def test_no_request_is_sent_once_the_cost_is_reached(server: Server, policy: Make) -> None:
    server.answers = [(200, chat())]
    asked = policy(prices=Prices(prompt=1e5, completion=0), max_cost=1.0)  # 0.7 a request
    one(asked)
    one(asked)
    with pytest.raises(PolicyError, match=r"has cost 1\.4 USD and max_cost is 1: no further request"):
        one(asked)
    assert len(server.bodies) == 2


def test_a_cost_that_cannot_be_known_ends_a_limited_run(server: Server, policy: Make) -> None:
    server.answers = [(200, {**chat(), "usage": None})]
    asked = policy(prices=Prices(prompt=1, completion=1), max_cost=1.0)
    assert one(asked).message.content == "4"
    with pytest.raises(PolicyError, match="does not say how many tokens"):
        one(asked)


# the cache


def test_an_answer_from_the_cache_asks_nobody_and_costs_nothing(server: Server, policy: Make, tmp_path: Path) -> None:
    server.answers = [(200, chat("4", message={"reasoning": "hm"}))]
    params = SamplingParams(seed=1)
    first = one(policy(cache=tmp_path / "answers.db"), params=params)
    again = policy(cache=tmp_path / "answers.db", prices=Prices(prompt=1, completion=1), max_cost=1e-9)
    assert not first.cached
    assert one(again, params=params) == replace(first, cached=True)
    assert (len(server.bodies), again.usage) == (1, Usage(from_cache=1, currency="USD"))


def test_whatever_determines_the_answer_tells_requests_apart(server: Server, policy: Make, tmp_path: Path) -> None:
    server.answers = [(200, chat())]
    with ResponseCache(tmp_path / "answers.db") as cache:
        for options in ({}, {"extra_body": {"model": "other"}}, {"extra_body": {"top_k": 3}}, {"logprobs": True}):
            asked = policy(cache=cache, **options)
            for params in (SamplingParams(seed=1), SamplingParams(seed=2), SamplingParams(seed=1, temperature=0.5),
                           SamplingParams(seed=1, max_tokens=5), SamplingParams(seed=1, stop=("x",))):  # fmt: skip
                one(asked, params=params)
                one(asked, prompt("3 + 3?"), params)
        assert len(cache) == len(server.bodies) == 4 * 5 * 2


def test_equal_requests_without_a_seed_are_samples_of_their_own(server: Server, policy: Make, tmp_path: Path) -> None:
    numbers = iter(range(100))
    server.answer = lambda body: (200, chat(str(next(numbers))))

    def sampled() -> list[str]:
        with OpenAIPolicy("m", server.url, cache=tmp_path / "answers.db") as asked:
            return sorted(c.message.content for c in asked.generate([ASK] * 4, SamplingParams()))

    assert sampled() == sampled() == ["0", "1", "2", "3"]
    assert len(server.bodies) == 4


def test_a_failure_is_never_kept(server: Server, policy: Make, tmp_path: Path) -> None:
    server.answers = [(400, {}), (200, chat("", "content_filter")), (200, "{"), (200, chat("4"))]
    asked = policy(cache=tmp_path / "answers.db", max_retries=0)
    for _ in range(3):
        with pytest.raises(PolicyError):
            one(asked, params=SamplingParams(seed=1))
    assert one(asked, params=SamplingParams(seed=1)).message.content == "4"


def test_an_entry_that_is_no_completion_is_asked_for_again(server: Server, policy: Make, tmp_path: Path) -> None:
    server.answers = [(200, chat("4"))]
    with ResponseCache(tmp_path / "answers.db") as cache:
        asked = policy(cache=cache)
        one(asked, params=SamplingParams(seed=1))
        cache._file.execute("UPDATE answers SET answer = ?", (b"nonsense",))
        assert one(asked, params=SamplingParams(seed=1)).message.content == "4"
        assert (len(server.bodies), len(cache)) == (2, 1)


# many at once


def test_prompts_are_asked_at_once_and_answered_in_order(server: Server, policy: Make) -> None:
    def echo(body: dict[str, Any]) -> Answer:
        time.sleep(0.05)
        return 200, chat(body["messages"][-1]["content"])

    server.answer = echo
    completions = policy(concurrency=8).generate([prompt(str(i)) for i in range(16)], SamplingParams())
    assert [c.message.content for c in completions] == [str(i) for i in range(16)]
    assert 2 <= server.most <= 8


def test_no_more_than_asked_for_are_in_flight_from_many_threads(server: Server, policy: Make) -> None:
    def echo(body: dict[str, Any]) -> Answer:
        time.sleep(0.02)
        return 200, chat(body["messages"][-1]["content"])

    server.answer = echo
    asked = policy(concurrency=4)
    threads = [threading.Thread(target=one, args=(asked, prompt(str(i)))) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (server.most, asked.usage.requests) == (4, 20)


def test_fewer_are_in_flight_where_few_files_may_be_open(policy: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assaygym.agents.openai_http.resource.getrlimit", lambda _: (256, 256))
    assert policy(concurrency=1000)._server.concurrency == 128


def test_no_prompts_ask_nothing(server: Server, policy: Make) -> None:
    assert policy().generate([], SamplingParams()) == []
    assert server.bodies == []


def test_neither_threads_nor_sockets_are_left_over(server: Server, policy: Make) -> None:
    server.answer = lambda body: (200, chat()) if len(server.bodies) % 3 else (500, {})
    before = {thread for thread in threading.enumerate() if thread.name == "assay-ask"}, sockets()
    asked = policy()
    asked.generate([prompt(str(i)) for i in range(30)], SamplingParams())
    asked.close()
    deadline = time.monotonic() + 5
    while sockets() > before[1] and time.monotonic() < deadline:  # the server's ends close a little later
        time.sleep(0.01)
    assert {thread for thread in threading.enumerate() if thread.name == "assay-ask"} == before[0]
    assert sockets() == before[1]


def test_a_closed_policy_asks_no_more_and_its_pauses_end(server: Server, policy: Make) -> None:
    server.answers = [(500, {})]
    asked = policy(backoff=30.0)
    threading.Timer(0.1, asked.close).start()
    started = time.monotonic()
    with pytest.raises(PolicyError, match="was closed"):
        one(asked)
    assert time.monotonic() - started < 5
    assert len(server.bodies) == 1


def test_those_that_wait_for_their_turn_are_told_when_the_policy_is_closed(server: Server, policy: Make) -> None:
    released = threading.Event()
    server.answer = lambda body: (200, chat() if released.wait(5) else "")
    asked = policy(concurrency=1)
    outcomes: list[str] = []

    def ask(text: str) -> None:
        try:
            outcomes.append(one(asked, prompt(text)).message.content)
        except PolicyError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=ask, args=(str(i),)) for i in range(5)]
    for thread in threads:
        thread.start()
    while not server.bodies:
        time.sleep(0.001)
    asked.close()
    while len(outcomes) < 4:
        time.sleep(0.001)
    assert outcomes == ["openai:test-model was closed"] * 4
    released.set()
    for thread in threads:
        thread.join()
    assert outcomes[4:] == ["4"]


def test_a_policy_of_another_process_is_refused(server: Server, policy: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = policy()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(PolicyError, match="make one in each process"):
        one(asked)


def test_a_proxy_of_the_environment_is_asked_in_the_servers_place(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url.removesuffix("/v1"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.answers = [(200, chat("by proxy"))]
    with OpenAIPolicy("m", "http://model.invalid/v1", "key") as asked:
        assert one(asked).message.content == "by proxy"
    assert server.paths == ["http://model.invalid/v1/chat/completions"]


@pytest.mark.parametrize("proxy", ["socks5://me:secret@host:1", "http://[", "ftp://host"])
def test_a_proxy_that_cannot_be_used_is_refused(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(ConfigError, match="the http_proxy of the environment cannot be used") as caught:
        OpenAIPolicy("m", "http://model.invalid/v1")
    assert "secret" not in str(caught.value)


def test_a_connection_that_the_server_closed_meanwhile_is_opened_anew(server: Server, policy: Make) -> None:
    server.answers = [(200, chat(), {"Connection": "close"}), (200, chat("5"))]
    asked = policy(max_retries=0)
    one(asked)
    assert one(asked).message.content == "5"


def test_what_cannot_be_unpacked_is_a_malformed_answer(server: Server, policy: Make) -> None:
    server.answers = [(200, "abc", {"Content-Encoding": "gzip"})]
    with pytest.raises(PolicyError, match=r"malformed answer \(cannot be unpacked: "):
        one(policy(max_retries=0))


def test_what_does_not_speak_http_is_a_connection_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            with listener.accept()[0] as peer:
                peer.recv(1 << 16)
                peer.sendall(b"220 smtp ready\r\n")

        thread = threading.Thread(target=speak)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        with OpenAIPolicy("m", url, max_retries=0) as asked, pytest.raises(PolicyError, match="connection \\(220 smtp"):
            one(asked)
        thread.join()
