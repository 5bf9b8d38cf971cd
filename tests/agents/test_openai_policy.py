"""`OpenAIPolicy` against a real HTTP server on this machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from assaygym.agents.openai_policy import OpenAIPolicy, Usage
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.rollout import rollout
from assaygym.errors import ConfigError, ContextOverflowError, PolicyError
from assaygym.types import Completion, Message, StopReason, ToolCall, ToolSpec

Answer = tuple[int, Any]
Make = Callable[..., OpenAIPolicy]
ASK = Prompt(messages=(Message(role="user", content="2 + 2?"),))


class Dropped(str):
    """An answer whose connection ends before all that was announced is sent."""

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
        self.flying = self.most = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def reply_to(self, body: dict[str, Any]) -> Answer:
        with self.lock:
            self.bodies.append(body)
            if self.answer is None:
                return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return self.answer(body)


class Handler(BaseHTTPRequestHandler):
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.flying += 1
            self.server.most = max(self.server.most, self.server.flying)
        status, answer = self.server.reply_to(body)
        data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        with self.server.lock:
            self.server.flying -= 1
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data) + 7 * isinstance(answer, Dropped)))
        self.send_header("Retry-After-Ms", "1")
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = isinstance(answer, Dropped)

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
        made.append(OpenAIPolicy("test-model", server.url, **options))
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


def test_a_plain_answer_is_its_text(server: Server, policy: Make) -> None:
    server.answers = [(200, chat("4"))]
    completion = one(policy())
    assert completion.message == Message(role="assistant", content="4")
    assert (completion.finish_reason, completion.token_ids, completion.logprobs) == ("stop", (), None)


def test_the_request_holds_the_conversation_and_only_parameters_that_were_set(server: Server, policy: Make) -> None:
    server.answers = [(200, chat())]
    one(policy())
    assert server.bodies == [
        {"model": "test-model", "messages": [{"role": "user", "content": "2 + 2?"}], "max_tokens": 1024}
    ]


def test_every_parameter_that_was_set_is_sent(server: Server, policy: Make) -> None:
    server.answers = [(200, chat())]
    params = SamplingParams(temperature=0.0, top_p=0.5, max_tokens=9, stop=("\n",), seed=3)
    one(policy(logprobs=True, extra_body={"top_k": 5}), params=params)
    sent = {key: value for key, value in server.bodies[0].items() if key not in ("model", "messages")}
    assert sent == {
        "temperature": 0.0, "top_p": 0.5, "max_tokens": 9, "stop": ["\n"], "seed": 3, "logprobs": True, "top_k": 5,
    }  # fmt: skip


def test_tools_and_earlier_calls_are_sent_in_the_servers_form(server: Server, policy: Make) -> None:
    server.answers = [(200, chat())]
    call = ToolCall(id="c1", name="add", arguments='{"a": 1')
    prompt = Prompt(
        messages=(
            *ASK.messages,
            Message(role="assistant", content="", tool_calls=(call,)),
            Message(role="tool", content="3", tool_call_id="c1"),
        ),
        tools=(ToolSpec(name="add", description="Add.", parameters={"type": "object"}),),
    )
    one(policy(), prompt)
    function = {"name": "add", "description": "Add.", "parameters": {"type": "object"}}
    assert server.bodies[0]["tools"] == [{"type": "function", "function": function}]
    sent = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1'}}
    assert server.bodies[0]["messages"][1:] == [
        {"role": "assistant", "content": "", "tool_calls": [sent]},
        {"role": "tool", "content": "3", "tool_call_id": "c1"},
    ]


def test_a_tool_call_keeps_its_arguments_as_written(server: Server, policy: Make) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1,, }'}}
    server.answers = [(200, chat(None, "tool_calls", {"tool_calls": [call]}))]
    completion = one(policy())
    assert completion.message.tool_calls == (ToolCall(id="c1", name="add", arguments='{"a": 1,, }'),)
    assert (completion.message.content, completion.finish_reason) == ("", "tool_calls")


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_reasoning_is_kept_apart_from_the_answer(server: Server, policy: Make, key: str) -> None:
    server.answers = [(200, chat("4", message={key: "two and two"}))]
    assert one(policy()).message == Message(role="assistant", content="4", reasoning="two and two")


def test_log_probabilities_are_taken_where_offered(server: Server, policy: Make) -> None:
    tokens = [{"token": "4", "logprob": -0.5, "bytes": None, "top_logprobs": []}]
    server.answers = [(200, chat(logprobs={"content": tokens, "refusal": None}))]
    completion = one(policy(logprobs=True))
    assert (completion.logprobs, completion.token_ids) == ((-0.5,), ())


def test_token_ids_are_taken_where_the_server_gives_them(server: Server, policy: Make) -> None:
    server.answers = [(200, {**chat(token_ids=[5, 6]), "prompt_token_ids": [1, 2]})]
    completion = one(policy())
    assert (completion.prompt_ids, completion.token_ids) == ((1, 2), (5, 6))


@pytest.mark.parametrize(("theirs", "ours"), [("length", "length"), ("function_call", "tool_calls"), (None, "stop")])
def test_the_finish_reason_is_mapped(server: Server, policy: Make, theirs: str | None, ours: str) -> None:
    server.answers = [(200, chat(finish=theirs))]
    assert one(policy()).finish_reason == ours


def test_an_answer_the_server_withholds_is_an_error(server: Server, policy: Make) -> None:
    server.answers = [(200, chat("", "content_filter"))]
    with pytest.raises(PolicyError, match=r"withheld the answer .*content_filter"):
        one(policy())


def test_half_a_surrogate_pair_is_sent_as_a_question_mark(server: Server, policy: Make) -> None:
    server.answers = [(200, chat())]
    call = ToolCall(id="c", name="look\ud83d", arguments='{"x": "\ud83d"}')
    said = Message(role="assistant", content="a\ud83d", tool_calls=(call,))
    policy().generate([Prompt(messages=(*ASK.messages, said))], SamplingParams())
    sent = server.bodies[0]["messages"][1]
    assert (sent["content"], sent["tool_calls"][0]["function"]) == ("a?", {"name": "look?", "arguments": '{"x": "?"}'})


def test_a_connection_dropped_in_the_middle_of_an_answer_is_tried_again(server: Server, policy: Make) -> None:
    dropped = (200, Dropped(json.dumps(chat())))
    server.answers = [dropped, dropped, (200, chat("5"))]
    assert policy().generate([ASK], SamplingParams())[0].message.content == "5"
    server.answers = [dropped]
    with pytest.raises(PolicyError, match="did not answer"):
        policy(max_retries=1).generate([ASK], SamplingParams())


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_failure_is_tried_again(server: Server, policy: Make, status: int) -> None:
    server.answers = [(status, {"error": {"message": "busy"}}), (200, chat("4"))]
    assert one(policy()).message.content == "4"
    assert len(server.bodies) == 2


def test_a_failure_that_stays_is_an_error_with_the_servers_reason(server: Server, policy: Make) -> None:
    server.answers = [(500, {"error": {"message": "out of order"}})]
    with pytest.raises(PolicyError, match=r"answered HTTP 500: .*out of order"):
        one(policy(max_retries=2))
    assert len(server.bodies) == 3


def test_a_refusal_is_not_tried_again(server: Server, policy: Make) -> None:
    server.answers = [(400, {"error": {"message": "no such parameter"}})]
    with pytest.raises(PolicyError, match=r"openai:test-model at .* answered HTTP 400: .*no such parameter"):
        one(policy())
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    "error",
    [
        {"message": "too long", "code": "context_length_exceeded"},
        {"message": "This model's maximum context length is 4096 tokens."},
        {"message": "the request exceeds the available context size"},
    ],
)
def test_a_prompt_that_is_too_long_is_an_overflow(server: Server, policy: Make, error: dict[str, str]) -> None:
    server.answers = [(400, {"error": error})]
    with pytest.raises(ContextOverflowError, match="longer than the model's context"):
        one(policy())


@pytest.mark.parametrize(
    "answer", ["{not json", "[]", "{}", '"text"', '{"choices": []}', '{"choices": [{"finish_reason": "stop"}]}']
)
def test_an_answer_that_is_no_completion_is_an_error(server: Server, policy: Make, answer: str) -> None:
    server.answers = [(200, answer)]
    with pytest.raises(PolicyError, match="did not answer with a chat completion"):
        one(policy(max_retries=0))


def test_a_server_that_is_not_there_is_an_error() -> None:
    policy = OpenAIPolicy("m", "http://127.0.0.1:9/v1", "key", max_retries=0)
    with pytest.raises(PolicyError, match=r"openai:m at http://127\.0\.0\.1:9/v1/ did not answer"):
        one(policy)
    policy.close()


def test_a_server_that_is_too_slow_is_an_error(server: Server, policy: Make) -> None:
    released = threading.Event()
    server.answer = lambda body: (200, chat() if released.wait(5) else "")
    with pytest.raises(PolicyError, match="did not answer"):
        one(policy(timeout=0.1, max_retries=0))
    released.set()


def test_usage_is_added_up_over_answered_requests(server: Server, policy: Make) -> None:
    server.answers = [(200, chat()), (500, {}), (200, {**chat(), "usage": None}), (200, chat())]
    asked = policy()
    assert asked.usage == Usage()
    for _ in range(3):
        one(asked)
    assert asked.usage == Usage(requests=3, prompt_tokens=14, completion_tokens=6)


def test_prompts_are_asked_at_once_and_answered_in_order(server: Server, policy: Make) -> None:
    def echo(body: dict[str, Any]) -> Answer:
        time.sleep(0.05)
        return 200, chat(body["messages"][-1]["content"])

    server.answer = echo
    prompts = [Prompt(messages=(Message(role="user", content=str(i)),)) for i in range(16)]
    completions = policy(concurrency=8).generate(prompts, SamplingParams())
    assert [c.message.content for c in completions] == [str(i) for i in range(16)]
    assert 2 <= server.most <= 8


def test_no_prompts_ask_nothing(server: Server, policy: Make) -> None:
    assert policy().generate([], SamplingParams()) == []
    assert server.bodies == []


def test_openais_own_server_without_a_key_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match="set OPENAI_API_KEY"):
        OpenAIPolicy("gpt")


def test_openais_own_server_is_sent_the_limit_by_its_new_name() -> None:
    policy = OpenAIPolicy("gpt", "https://api.openai.com/v1", "key")
    assert policy._body(ASK, SamplingParams())["max_completion_tokens"] == 1024
    policy.close()


def test_a_failed_request_is_a_failed_episode_and_no_zero(
    server: Server, policy: Make, dialogue: Callable[..., Any]
) -> None:
    server.answers = [(400, {"error": {"message": "bad"}})]
    trajectory = rollout(dialogue(), policy(), seed=1)
    assert trajectory.stop_reason is StopReason.ERROR
    assert trajectory.reward != trajectory.reward
