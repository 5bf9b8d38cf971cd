"""A chat-completions server that fails and stalls on purpose, in a process of its own.

    python -m assaygym.benchmarks.speed.stub_server --fail 0.1 --stall 0.05

It writes its port as the first line and ends when its standard input does. What happens to an attempt depends on the
seed, the request's body and how often that body came before, never on timing: the same requests meet the same faults.
`GET /counts` tells what it did, by name, and how often each body was answered.

    fail    in equal shares: 429 with `Retry-After`, 500, a connection dropped (with nothing or half an answer sent),
            an answer that is no JSON
    stall   nothing is sent until the client leaves
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

__all__ = ["FAULTS", "StubServer", "answer_to", "fault_of"]

FAULTS = ("rate limit", "server error", "connection", "malformed answer", "timeout")
"""As `Usage.failures` names what they are to a client; all but the last share `fail` equally."""
RETRY_AFTER = "0.1"
HEAD_LIMIT = 1 << 16
START_SECONDS = 30.0


def fault_of(seed: int, identity: str, attempt: int, *, fail: float, stall: float) -> str | None:
    """What befalls this attempt (from 0) of the request: one of `FAULTS`, or None."""
    draw = _draw(seed, identity, attempt)
    if draw < fail:
        return FAULTS[int(draw / fail * 4)]
    return "timeout" if draw < fail + stall else None


def answer_to(messages: list[dict[str, Any]]) -> str:
    """The text that answers these messages: other messages, other text."""
    return blake2b(json.dumps([message["content"] for message in messages]).encode(), digest_size=12).hexdigest()


def _draw(*parts: Any) -> float:
    return int.from_bytes(blake2b(repr(parts).encode(), digest_size=6).digest(), "big") / (1 << 48)


class StubServer:
    """The server in a process of its own, for as long as a `with` statement lasts.

    Args:
        fail: share of attempts that fail.
        stall: share of attempts that are never answered.
        latency: seconds until any other is answered.
        seed: of the faults.
    """

    def __init__(self, *, fail: float = 0.1, stall: float = 0.05, latency: float = 0.05, seed: int = 0) -> None:
        options = {"--fail": fail, "--stall": stall, "--latency": latency, "--seed": seed}
        self._command = [sys.executable, "-I", __file__]  # standard library alone: it starts at once
        self._command += [str(part) for pair in options.items() for part in pair]
        self.url = ""

    def __enter__(self) -> StubServer:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.__exit__()
            raise RuntimeError("the stub server did not start")
        self.url = f"http://127.0.0.1:{int(line)}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait(START_SECONDS)

    def counts(self) -> dict[str, Any]:
        """What the server did so far: `faults` by name, `answers` by the digest of the request's body."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url.removesuffix("/v1") + "/counts", timeout=START_SECONDS) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


class _Stub:
    """The server's state and its side of a connection."""

    def __init__(self, *, fail: float, stall: float, latency: float, seed: int) -> None:
        self.fail, self.stall, self.latency, self.seed = fail, stall, latency, seed
        self.attempts: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.flying = self.most = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client left
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lengths = [line.partition(":")[2] for line in head.split("\r\n") if line.lower().startswith("content-length:")]
        body = await reader.readexactly(int(lengths[0]) if lengths else 0)
        if head.startswith("GET "):
            writer.write(_response(200, json.dumps(self._counts()).encode()))
            return True
        self.flying += 1
        self.most = max(self.most, self.flying)
        try:
            return await self._answer(body, reader, writer)
        finally:
            self.flying -= 1

    async def _answer(self, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        identity = blake2b(body, digest_size=12).hexdigest()
        attempt = self.attempts[identity]
        self.attempts[identity] += 1
        fault = fault_of(self.seed, identity, attempt, fail=self.fail, stall=self.stall)
        if fault == "timeout":
            self.faults[fault] += 1
            await reader.read(1)
            return False
        await asyncio.sleep(self.latency)
        request = json.loads(body)
        if fault is not None:
            self.faults[fault] += 1
            return _fail(fault, request, writer, half=attempt % 2 == 0)
        self.answers[identity] += 1
        writer.write(_response(200, _completion(request)))
        return True

    def _counts(self) -> dict[str, Any]:
        return {"faults": self.faults, "answers": self.answers, "most_in_flight": self.most}


def _fail(fault: str, request: Mapping[str, Any], writer: asyncio.StreamWriter, *, half: bool) -> bool:
    whole = _completion(request)
    if fault == "rate limit":
        said = b'{"error": {"message": "slow down"}}'
        writer.write(_response(429, said, f"Retry-After: {RETRY_AFTER}\r\n"))
    elif fault == "server error":
        writer.write(_response(500, b'{"error": {"message": "out of order"}}'))
    elif fault == "malformed answer":
        writer.write(_response(200, whole[: len(whole) // 2]))
    else:
        if half:
            writer.write(_response(200, whole)[:-20])
        return False
    return True


def _completion(request: Mapping[str, Any]) -> bytes:
    text = answer_to(request["messages"])
    message = {"role": "assistant", "content": text}
    used = {"prompt_tokens": sum(len(m["content"].split()) for m in request["messages"]), "completion_tokens": 12}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return json.dumps({"object": "chat.completion", "choices": [choice], "usage": used}).encode()


def _response(status: int, body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


async def _serve(stub: _Stub) -> None:
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0, backlog=4096, limit=HEAD_LIMIT)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended, loop = asyncio.Event(), asyncio.get_running_loop()

    def watch() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, daemon=True).start()
    await ended.wait()
    server.close()


def main() -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m assaygym.benchmarks.speed.stub_server", description=__doc__)
    parser.add_argument("--fail", type=float, default=0.1, help="share of attempts that fail (%(default)s)")
    parser.add_argument("--stall", type=float, default=0.05, help="share that are never answered (%(default)s)")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds until an answer (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the faults (%(default)s)")
    options = parser.parse_args()
    asyncio.run(_serve(_Stub(**vars(options))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
