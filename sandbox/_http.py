"""JSON by HTTP/1.1 POST, for the `remote` backend: kept connections, bounded retries, and no answer without an end.

Tried again, after a growing and jittered pause: a connection that cannot be made or breaks, and the answers 429, 502,
503 and 504 (RFC 9110 section 15 and RFC 6585; their `Retry-After` is honoured up to a minute). Not tried again: an
answer that does not come in time, for the server may still be at work on it, and any other answer. Redirections are
not followed and the proxies of the environment are not used.
"""

from __future__ import annotations

import json
import os
import random
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from urllib.parse import SplitResult, urlsplit

from assaygym.errors import ConfigError, SandboxError

PASSING = frozenset({429, 502, 503, 504})
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 8.0
LONGEST_ASKED_PAUSE = 60.0
"""What a server's `Retry-After` may ask of us."""
CHUNK = 1 << 16
QUOTED = 300
"""Characters of an answer that an error message shows."""


class TooLargeError(SandboxError):
    """The answer is larger than was allowed."""


class _PassingError(Exception):
    """What may be gone at the next try; `pause` is the least number of seconds until then."""

    def __init__(self, what: str, pause: float = 0.0) -> None:
        super().__init__(what)
        self.pause = pause


class Http:
    """A client of one server, for any number of threads; a fork's child makes connections of its own.

    Args:
        url: http://host:port or https://host:port, with a path where the server has a prefix.
        at_once: how many requests may be under way; more wait for their turn.
        connect_seconds: how long making a connection may take.
        retries: how often a request is tried again.
        headers: of every request.
        context: for https; default: the system's certificates.

    Raises:
        ConfigError: the url or a header is not usable.
    """

    def __init__(
        self,
        url: str,
        *,
        at_once: int,
        connect_seconds: float,
        retries: int,
        headers: Mapping[str, str],
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._address = _checked(url)
        self.url = url.rstrip("/")
        self._headers = {"Content-Type": "application/json", "Accept": "application/json", **_checked_headers(headers)}
        self._context = context
        self._connect_seconds, self._retries, self._at_once = connect_seconds, retries, at_once
        self._random = random.Random()  # apart from the global generator, whose state is the caller's
        self._closed = False
        self._idle: list[HTTPConnection] = []
        self._busy: dict[HTTPConnection, socket.socket] = {}
        self._start_anew()
        _clients.add(self)

    def _start_anew(self) -> None:
        """At the beginning, and in the child of a fork, which must share no connection and may find any lock held."""
        for held in [*(connection.sock for connection in self._idle), *self._busy.values()]:
            with suppress(OSError):
                os.close(held.detach())
        self._idle, self._busy = [], {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._places = threading.BoundedSemaphore(self._at_once)

    def post(self, path: str, message: object, *, seconds: float, most: int) -> bytes:
        """The body of the answer 200 to one request.

        Args:
            path: below the url, from the slash on.
            message: what JSON can express.
            seconds: from the sending of the request until the end of the answer, of each try.
            most: bytes of the answer.

        Raises:
            TooLargeError: the answer is larger.
            SandboxError: no such answer was to be had, or the client was closed meanwhile.
        """
        body = json.dumps(message, allow_nan=False).encode("ascii")
        tried = 0
        with self._places:
            while True:
                try:
                    return self._ask(path, body, time.monotonic() + seconds, most)
                except _PassingError as fault:
                    self.check_open()
                    tried += 1
                    if tried > self._retries:
                        raise SandboxError(f"the sandbox at {self.url} {fault}; {tried} tries were made") from fault
                    self._closing.wait(self._pause(tried, fault.pause))

    def close(self) -> None:
        """Break off what is under way; calling it again does nothing."""
        with self._lock:
            self._closed = True
            idle, busy = self._idle, list(self._busy.values())
            self._idle = []
        self._closing.set()
        for connection in idle:
            connection.close()
        for held in busy:
            with suppress(OSError):  # it has ended meanwhile
                held.shutdown(socket.SHUT_RDWR)

    def check_open(self) -> None:
        """Raise `SandboxError` once the client is closed."""
        if self._closed:
            raise SandboxError(f"the sandbox at {self.url} is closed on our side; open another with open_sandbox()")

    def _pause(self, tried: int, asked: float) -> float:
        grown: float = min(FIRST_PAUSE * 2 ** (tried - 1), LONGEST_PAUSE)
        return max(grown * self._random.uniform(0.5, 1.0), min(asked, LONGEST_ASKED_PAUSE))

    def _ask(self, path: str, body: bytes, deadline: float, most: int) -> bytes:
        connection, kept = self._take()
        sound = False
        try:
            response, content = self._exchange(connection, path, body, deadline, most)
            sound = not response.will_close
        except TimeoutError as error:
            self.check_open()
            raise SandboxError(
                f"the sandbox at {self.url}{path} gave no answer in time; it is overloaded or hangs"
            ) from error
        except (OSError, HTTPException) as error:
            self.check_open()
            if kept:  # the server may have closed it while it lay idle: that is no failed try
                self._let_go(connection, sound=False)
                return self._ask(path, body, deadline, most)
            raise _PassingError(f"broke off before its answer was complete ({_told(error)})") from error
        finally:
            self._let_go(connection, sound=sound)
        return self._judged(path, response, content)

    def _exchange(
        self, connection: HTTPConnection, path: str, body: bytes, deadline: float, most: int
    ) -> tuple[HTTPResponse, bytes]:
        held = self._busy[connection]
        held.settimeout(max(deadline - time.monotonic(), 0.001))
        connection.request("POST", self._address.path.rstrip("/") + path, body, self._headers)
        response = connection.getresponse()
        content = bytearray()
        while part := response.read1(CHUNK):
            content += part
            if len(content) > most:
                raise TooLargeError(f"the sandbox at {self.url}{path} sent more than the {most} bytes it may")
            if (left := deadline - time.monotonic()) <= 0:
                raise TimeoutError
            held.settimeout(left)
        if response.length:
            raise IncompleteRead(bytes(content), response.length)
        response.close()
        return response, bytes(content)

    def _judged(self, path: str, response: HTTPResponse, content: bytes) -> bytes:
        if response.status == 200:
            return content
        text = content.decode("utf-8", "replace")[:QUOTED]
        what = f"answered {response.status} {response.reason} to POST {path}: {text!r}"
        if response.status in PASSING:
            raise _PassingError(what, _asked_pause(response.getheader("Retry-After")))
        aim = response.getheader("Location")
        hint = f"; it points to {aim}, so give that server's url" if aim else ""
        raise SandboxError(f"the sandbox at {self.url} {what}{hint}")

    def _take(self) -> tuple[HTTPConnection, bool]:
        """A connection, and whether it was used before."""
        with self._lock:
            self.check_open()
            if self._idle:
                connection = self._idle.pop()
                self._busy[connection] = connection.sock
                return connection, True
        connection = self._connect()
        with self._lock:
            self._busy[connection] = connection.sock
        if self._closed:  # since the first look
            self._let_go(connection, sound=False)
            self.check_open()
        return connection, False

    def _connect(self) -> HTTPConnection:
        host, port = self._address.hostname or "", self._address.port
        seconds = self._connect_seconds
        if self._address.scheme == "https":
            connection: HTTPConnection = HTTPSConnection(host, port, timeout=seconds, context=self._context)
        else:
            connection = HTTPConnection(host, port, timeout=seconds)
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            connection.close()
            raise SandboxError(f"the sandbox at {self.url} is not the one it claims to be: {error}") from error
        except OSError as error:
            connection.close()
            raise _PassingError(f"could not be reached ({_told(error)})") from error
        return connection

    def _let_go(self, connection: HTTPConnection, *, sound: bool) -> None:
        with self._lock:
            if self._busy.pop(connection, None) is None:
                return
            if sound and not self._closed:
                self._idle.append(connection)
                return
        connection.close()


def _checked(url: str) -> SplitResult:
    if "@" in url:  # the url stands in messages
        raise ConfigError("the sandbox's url holds a user name or password; give token= or headers= instead")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ConfigError(f"the sandbox's url is {url!r}: {error}; expected http://host:port") from error
    if not usable:
        raise ConfigError(f"the sandbox's url is {url!r}; expected http://host:port or https://host:port")
    if parts.query or parts.fragment or parts.path.endswith(("/run_code", "/run_jupyter")) or not url.isprintable():
        raise ConfigError(f"the sandbox's url is {url!r}; expected the server's own, without an end point or a query")
    return parts


def _checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        if not (name + value).isascii() or not (name + value).isprintable():
            raise ConfigError(f"the header {name!r} of the sandbox holds what no HTTP header may; expected plain ASCII")
    return headers


def _asked_pause(header: str | None) -> float:
    """Seconds of a `Retry-After`: a number or a date; 0 for none and for one that cannot be read."""
    try:
        return max(float(int(header or 0)), 0.0)
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(header or "")
    except ValueError:
        return 0.0
    return max((when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds(), 0.0)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


_clients: weakref.WeakSet[Http] = weakref.WeakSet()


def _after_fork() -> None:
    for client in list(_clients):
        client._start_anew()


os.register_at_fork(after_in_child=_after_fork)
