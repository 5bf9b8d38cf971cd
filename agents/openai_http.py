"""One server that takes and gives JSON: attempts, pauses, and the sentence when it is given up.

A request is straight-line code in its caller's thread. No more than `concurrency` attempts are in flight, each on a
connection of its own that is kept for the next; the time of an attempt begins when its turn has come.
"""

from __future__ import annotations

import json
import random
import re
import resource
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from typing import Any, TypeVar
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import DecodeError, HTTPError, LocationParseError, NewConnectionError
from urllib3.exceptions import TimeoutError as OutOfTime
from urllib3.util import Timeout, Url, parse_url

from assaygym.agents.openai_failures import Failure, FailureKind, error_in, malformed, refusal
from assaygym.agents.openai_usage import Meter
from assaygym.errors import ConfigError, ContextOverflowError, PolicyError
from assaygym.foreign_json import read_json

__all__ = ["GivenUp", "Server"]

LONGEST_PAUSE = 30.0
"""Seconds that a pause grows to by itself."""
LONGEST_WAIT = 120.0
"""Seconds that a server may ask for; with more, the request is given up at once."""
LARGEST_ANSWER = 1 << 28
CHUNK = 1 << 16
SPARE_FILES = 128
"""Open files that are left to others."""
SHORTEST_SECRET = 8
CONNECTION = re.compile(r"^HTTPS?Connection\(.*?\): (Failed to establish a new connection: )?")

T = TypeVar("T")


class GivenUp(Exception):
    """A request that is not sent again; its failures, in order."""

    def __init__(self, failures: list[Failure], seconds: float) -> None:
        super().__init__(failures, seconds)
        self.failures, self.seconds = failures, seconds

    @property
    def last(self) -> Failure:
        """The failure that ended it."""
        return self.failures[-1]


class Server:
    """Sends JSON to the paths below a base URL.

    Args:
        name: of the policy, for sentences.
        base_url: http or https, without user or password.
        headers: of every request. Their values are kept out of every sentence.
        timeout: seconds of one attempt, connecting included. An answer that trickles may take up to twice as long.
        max_retries: attempts after the first.
        backoff: seconds of the first pause; each next one is twice as long, all are shortened by up to a half, so that
            requests that failed together do not come again together. A server that asks for a pause gets that one.
        concurrency: requests in flight; fewer where the process may not open so many files.
        meter: is told of failures, and asked before each attempt.

    Raises:
        ConfigError: an argument is not of this kind.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        headers: Mapping[str, str],
        timeout: float,
        max_retries: int,
        backoff: float,
        concurrency: int,
        meter: Meter,
    ) -> None:
        if not timeout > 0 or max_retries < 0 or backoff < 0 or concurrency < 1:
            raise ConfigError(
                f"timeout={timeout}, max_retries={max_retries}, backoff={backoff}, concurrency={concurrency}; expected "
                "more than 0, from 0, from 0, at least 1"
            )
        self.name, self.meter = name, meter
        self._url = _checked(base_url)
        self.where = self._url._replace(query=None, fragment=None).url
        """The base URL as sentences name it: a query may hold a key."""
        self._headers = {"Content-Type": "application/json", "Accept": "application/json", **_sendable(headers)}
        self._secrets = [secret for secret in _secrets(headers, self._url) if len(secret) >= SHORTEST_SECRET]
        self._timeout, self._max_retries, self._backoff = timeout, max_retries, backoff
        self.concurrency = _slots(concurrency)
        self._pool = _pool(self._url, self.concurrency)
        self._random = random.Random()
        self._closed = threading.Event()
        self._turn = threading.Condition()
        self._flying = 0

    def ask(self, path: str, body: Mapping[str, Any], read: Callable[[dict[str, Any]], T]) -> tuple[dict[str, Any], T]:
        """The answer and what `read` makes of it; sent again after a failure that may pass.

        Args:
            path: below the base URL.
            body: of the request.
            read: raises `Failure` for an answer that is none.

        Raises:
            GivenUp: every attempt failed, or one in a way that will not pass.
            PolicyError: the server was closed, or no further request may be sent (`Meter.check`).
        """
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        failures: list[Failure] = []
        started = time.monotonic()
        while True:
            try:
                with self._in_flight():
                    answer = self._post(path, data)
                return answer, read(answer)
            except Failure as failure:
                failures.append(failure)
            self.meter.attempt_failed(failures[-1].kind.value)
            if not failures[-1].again or len(failures) > self._max_retries or self._pause(failures) is None:
                raise GivenUp(failures, time.monotonic() - started)
            self.meter.add("retries")

    def error(self, end: GivenUp) -> PolicyError:
        """The sentence: every failure of the request by its name, how many attempts, how long."""
        names = [str(failure) for failure in end.failures]
        runs = [(len(list(same)), name) for name, same in groupby(names)]
        told = ", then ".join(f"{count} times {name}" if count > 1 else name for count, name in runs)
        attempts = f"{len(names)} attempt{'s' if len(names) > 1 else ''}"
        sentence = self._clean(f"{self.name} at {self.where} gave no answer in {attempts}, {end.seconds:.1f} s: {told}")
        if end.last.kind is FailureKind.OVERFLOW:
            return ContextOverflowError(f"the conversation is longer than the model's context: {sentence}")
        if end.last.wait is not None and end.last.wait > LONGEST_WAIT:
            sentence += f"; it asks to wait {end.last.wait:.0f} s, longer than {LONGEST_WAIT:.0f} s"
        return PolicyError(sentence)

    def close(self) -> None:
        """End what waits and close the connections; requests in flight end by themselves."""
        with self._turn:
            self._closed.set()
            self._turn.notify_all()
        for key in self._pool.pools.keys():  # noqa: SIM118 - not a dict: it cannot be iterated over
            if (pool := self._pool.pools.get(key)) is not None:
                pool.close()
        self._pool.clear()

    @contextmanager
    def _in_flight(self) -> Iterator[None]:
        """The turn of one attempt."""
        with self._turn:
            self._turn.wait_for(lambda: self._flying < self.concurrency or self._closed.is_set())
            self._flying += 1
        try:
            if self._closed.is_set():
                raise PolicyError(f"{self.name} was closed")
            self.meter.check()
            yield
        finally:
            with self._turn:
                self._flying -= 1
                self._turn.notify()

    def _pause(self, failures: list[Failure]) -> float | None:
        """Wait before the next attempt; None if the server asks for longer than is waited."""
        asked = failures[-1].wait
        if asked is not None and asked > LONGEST_WAIT:
            return None
        grown = min(LONGEST_PAUSE, self._backoff * 2.0 ** (len(failures) - 1))
        pause = self._random.uniform(0.5 * grown, grown) if asked is None else asked * self._random.uniform(1, 1.25)
        self._closed.wait(pause)
        return pause

    def _post(self, path: str, data: bytes) -> dict[str, Any]:
        url = self._url._replace(path=f"{self._url.path}/{path}").url
        deadline = time.monotonic() + self._timeout
        try:
            response = self._pool.request(
                "POST", url, body=data, headers=self._headers, timeout=Timeout(total=self._timeout), retries=False,
                redirect=False, preload_content=False,
            )  # fmt: skip
            content = self._content(response, deadline)
        except NewConnectionError as error:  # urllib3 counts it among its timeouts
            raise Failure(FailureKind.CONNECTION, _cause(error), again=True) from error
        except OutOfTime as error:
            raise self._late() from error
        except DecodeError as error:
            raise malformed(f"cannot be unpacked: {_cause(error)}") from error
        except (HTTPError, OSError) as error:
            raise Failure(FailureKind.CONNECTION, _cause(error), again=True) from error
        return _answer(response, content)

    def _content(self, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        content = bytearray()
        try:
            while chunk := response.read1(CHUNK):
                content += chunk
                if time.monotonic() > deadline:
                    raise self._late()
                if len(content) > LARGEST_ANSWER:
                    raise malformed(f"longer than {LARGEST_ANSWER} bytes", again=False)
        except BaseException:
            response.close()
            raise
        finally:
            response.release_conn()
        return bytes(content)

    def _late(self) -> Failure:
        return Failure(FailureKind.TIMEOUT, f"no whole answer within {self._timeout:g} s", again=True)

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def _answer(response: urllib3.BaseHTTPResponse, content: bytes) -> dict[str, Any]:
    """The JSON object of the answer.

    Raises:
        Failure: it says that the request failed, or is none.
    """
    try:
        value = read_json(content)
    except ValueError as error:
        if response.status >= 300:
            raise refusal(response.status, response.headers, content.decode("utf-8", "replace")) from None
        shown = content[:80].decode("utf-8", "replace")
        raise malformed(f"no JSON: {error}: {shown!r}") from None
    if response.status >= 300:
        raise refusal(response.status, response.headers, value)
    if not isinstance(value, dict):
        raise malformed(f"{type(value).__name__} in place of an object")
    if (failure := error_in(value)) is not None:
        raise failure
    return value


def _cause(error: BaseException) -> str:
    """The error's own sentence, without the host, which stands before it already."""
    said = str(error.args[-1] if error.args else error)
    return CONNECTION.sub("", said) or type(error).__name__


def _checked(base_url: str) -> Url:
    try:
        url = parse_url(base_url)
    except LocationParseError:
        raise ConfigError("base_url cannot be read; expected http(s)://HOST:PORT/v1") from None  # it may hold a key
    url = url._replace(path=(url.path or "").rstrip("/"))
    if url.auth is not None:
        raise ConfigError("base_url holds a user or password; pass headers={'Authorization': ...} in its place")
    if url.scheme not in ("http", "https") or not url.host:
        shown = url._replace(query=None).url
        raise ConfigError(f"base_url is {shown!r}; expected http(s)://HOST:PORT/v1")
    return url


def _sendable(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers, if HTTP can carry them; its own error would show the value."""
    for name, value in headers.items():
        if not (name + value).isascii() or not (name + value).isprintable():
            raise ConfigError(f"the header {name!r} (or the key in it) has characters that HTTP cannot carry")
    return headers


def _secrets(headers: Mapping[str, str], url: Url) -> list[str]:
    words = [word for value in headers.values() for word in (value, value.removeprefix("Bearer "))]
    return sorted([*words, url.query or ""], key=len, reverse=True)


def _slots(wanted: int) -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - SPARE_FILES))


def _pool(url: Url, connections: int) -> urllib3.PoolManager:
    """The connections, through a proxy where the environment names one for this host."""
    proxy = None if proxy_bypass(url.host or "") else getproxies().get(url.scheme or "")
    if proxy is None:
        return urllib3.PoolManager(1, maxsize=connections)
    try:
        found = parse_url(proxy if "://" in proxy else f"http://{proxy}")
        headers = urllib3.make_headers(proxy_basic_auth=found.auth) if found.auth else None
        return urllib3.ProxyManager(found._replace(auth=None).url, 1, proxy_headers=headers, maxsize=connections)
    except HTTPError:
        raise ConfigError(
            f"the {url.scheme}_proxy of the environment cannot be used; expected http(s)://HOST:PORT, or no_proxy that "
            f"names {url.host}"
        ) from None  # the error shows the proxy's password
