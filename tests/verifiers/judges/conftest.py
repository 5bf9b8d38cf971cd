"""Chat models without a model, and a reward server in this process."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from assaygym.types import Message


def mark_of(messages: Sequence[Message]) -> str:
    found = re.search(r"the mark ([0-9a-f]{16})", messages[0].content)
    assert found is not None
    return found[1]


class StubModel:
    """Replies with what a function of (mark, user message, seed) returns, and keeps what it was asked."""

    name = "stub"

    def __init__(self, reply: Callable[[str, str, int], str]) -> None:
        self.reply = reply
        self.asked: list[tuple[tuple[Message, ...], int]] = []

    def ask(self, messages: Sequence[Message], *, seed: int) -> str:
        self.asked.append((tuple(messages), seed))
        return self.reply(mark_of(messages), messages[-1].content, seed)


@pytest.fixture
def chat() -> Callable[..., StubModel]:
    return StubModel


@pytest.fixture
def scoring() -> Callable[..., StubModel]:
    """A judge whose votes are given, in turn by seed."""

    def make(*votes: object, word: str = "SCORE") -> StubModel:
        return StubModel(lambda mark, _, seed: f"PRINCIPLES\n1. truth 100%\n{word} {mark}: {votes[seed % len(votes)]}")

    return make


class RewardServer:
    """Answers with the `replies` in turn, the last one over and over; a reply is (status, body) or a function."""

    def __init__(self) -> None:
        self.replies: list[Any] = [(200, {"reward": 0.0})]
        self.seen: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.seen.append((self.path, body, dict(self.headers)))
                reply = server.replies.pop(0) if len(server.replies) > 1 else server.replies[0]
                if callable(reply):
                    reply(self)
                    return
                status, content = reply
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/score"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RewardServer]:
    monkeypatch.setenv("no_proxy", "*")
    made = RewardServer()
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()
    thread.join()
