"""What goes wrong on the way to the server, and what the server may answer that is no answer."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox import _http
from assaygym.sandbox._http import Http, TooLargeError
from assaygym.sandbox.base import ExecResult, ExecStatus, Job, Limits
from assaygym.sandbox.remote import RemoteSandbox
from tests.sandbox.fusion_server import Answer, FusionServer, Meddle, ok

pytestmark = pytest.mark.alone  # deadlines
FINISHED = {"status": "Finished", "execution_time": 0.1, "return_code": 0, "stdout": "hi\n", "stderr": ""}
SUCCESS = {"status": "Success", "message": "", "compile_result": None, "run_result": FINISHED, "files": {}}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "FIRST_PAUSE", 0.01)


@contextmanager
def remote(meddle: Meddle, **options: Any) -> Iterator[tuple[FusionServer, RemoteSandbox]]:
    with FusionServer(meddle) as server, RemoteSandbox(server.url, **options) as sandbox:
        yield server, sandbox


def first(times: int, answer: Answer) -> Meddle:
    """That answer to the first requests, and a good one afterwards."""
    return lambda path, body, number: answer if number < times else ok(SUCCESS)


@contextmanager
def raw_server(*replies: bytes) -> Iterator[str]:
    """A server that takes a request on each connection, sends the next reply, whatever it is, and hangs up."""

    def serve() -> None:
        for reply in replies:
            connection, _ = listener.accept()
            with connection:
                got = b""
                while b"\r\n\r\n" not in got:
                    got += connection.recv(65536)
                head, _, body = got.partition(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split()[0])
                while len(body) < length:
                    body += connection.recv(65536)
                connection.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


GOOD = json.dumps(SUCCESS).encode()
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(GOOD), GOOD)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_answer_that_may_pass_is_asked_for_again(status: int) -> None:
    with remote(first(2, (status, b"later", {}))) as (server, sandbox):
        assert sandbox.run("pass").stdout == "hi\n"
        assert len(server.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 422, 500])
def test_an_answer_that_will_stay_is_told_at_once(status: int) -> None:
    with remote(first(9, (status, b'{"detail":"no such luck"}', {}))) as (server, sandbox):
        with pytest.raises(SandboxError) as error:
            sandbox.run("pass")
        assert len(server.asked) == 1
        for part in (server.url, str(status), "/run_code", "no such luck"):
            assert part in str(error.value)


def test_tries_come_to_an_end() -> None:
    with remote(first(99, (503, b"full", {})), retries=3) as (server, sandbox):
        with pytest.raises(SandboxError, match=r"answered 503 .*'full'; 4 tries were made"):
            sandbox.run("pass")
        assert len(server.asked) == 4


def test_no_try_is_repeated_when_none_is_asked_for() -> None:
    with remote(first(99, (503, b"", {})), retries=0) as (server, sandbox):
        with pytest.raises(SandboxError, match="1 tries"):
            sandbox.run("pass")
        assert len(server.asked) == 1


def test_the_pause_that_the_server_asks_for_is_kept() -> None:
    with remote(first(1, (429, b"", {"Retry-After": "1"}))) as (_, sandbox):
        start = time.monotonic()
        assert sandbox.run("pass").status is ExecStatus.OK
        assert 1.0 <= time.monotonic() - start < 5


def test_a_pause_can_be_asked_for_as_a_date_and_nonsense_is_no_pause() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < _http._asked_pause(date) <= 30
    assert _http._asked_pause("Thu, 01 Jan 1970 00:00:00 GMT") == 0
    assert [_http._asked_pause(text) for text in (None, "", "-5", "soon", "7")] == [0, 0, 0, 0, 7]


def test_pauses_grow_and_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "FIRST_PAUSE", 0.25)
    http = Http("http://x", at_once=1, connect_seconds=1, retries=0, headers={})
    for tried, most in ((1, 0.25), (2, 0.5), (3, 1.0), (30, 8.0)):
        assert most / 2 <= http._pause(tried, 0.0) <= most
    assert http._pause(1, 20.0) == 20.0
    assert http._pause(1, 9999.0) == 60.0


def test_a_pause_ends_when_the_sandbox_is_closed() -> None:
    with remote(first(99, (503, b"", {"Retry-After": "60"}))) as (_, sandbox):
        threading.Timer(0.3, sandbox.close).start()
        start = time.monotonic()
        with pytest.raises(SandboxError, match="closed on our side"):
            sandbox.run("pass")
        assert time.monotonic() - start < 5


def test_a_server_that_is_not_there_is_an_error_with_its_url() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with RemoteSandbox(url, retries=2) as sandbox, pytest.raises(SandboxError) as error:
        sandbox.run("pass")
    assert url in str(error.value)
    assert "could not be reached (ConnectionRefusedError" in str(error.value)
    assert "3 tries" in str(error.value)


@pytest.mark.parametrize(
    "reply",
    [b"", b"HTTP/1", WHOLE[:-1], WHOLE.replace(b"Content-Length", b"Transfer-Encoding: chunked\r\nX")[:-9]],
    ids=["nothing", "half a status", "half a body", "half a chunk"],
)
def test_an_answer_that_breaks_off_is_asked_for_again(reply: bytes) -> None:
    with raw_server(reply, WHOLE) as url, RemoteSandbox(url) as sandbox:
        assert sandbox.run("pass").stdout == "hi\n"


def test_what_is_no_http_is_an_error() -> None:
    fault = pytest.raises(SandboxError, match="broke off before its answer was complete")
    with raw_server(*[b"SSH-2.0-OpenSSH\r\n"] * 2) as url, RemoteSandbox(url, retries=1) as sandbox, fault:
        sandbox.run("pass")


def test_an_answer_that_comes_too_late_is_an_error_and_not_asked_for_again() -> None:
    def slow(path: str, body: dict[str, Any], number: int) -> Answer:
        time.sleep(1)
        return ok(SUCCESS)

    with remote(slow, timeout=0.1, compile_timeout=0.1) as (server, sandbox):
        with pytest.raises(SandboxError, match="gave no answer in time"):
            sandbox.run("pass", limits=Limits(wall_seconds=0.1))
        assert len(server.asked) == 1


def test_an_answer_that_drips_does_not_hold_us() -> None:
    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            try:
                for _ in range(100):
                    connection.sendall(b" ")
                    time.sleep(0.05)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip)
        thread.start()
        http = Http(
            f"http://127.0.0.1:{listener.getsockname()[1]}", at_once=1, connect_seconds=1, retries=0, headers={}
        )
        start = time.monotonic()
        with pytest.raises(SandboxError, match="gave no answer in time"):
            http.post("/x", {}, seconds=0.4, most=1000)
        assert 0.4 <= time.monotonic() - start < 2
        http.close()
        thread.join()


def test_a_connection_is_kept_and_used_again() -> None:
    with remote(first(0, ok(SUCCESS))) as (server, sandbox):
        for _ in range(5):
            sandbox.run("pass")
        assert (len(server.asked), server.connections) == (5, 1)


def test_a_connection_that_the_server_closed_meanwhile_is_no_failed_try() -> None:
    with raw_server(WHOLE, WHOLE, WHOLE) as url, RemoteSandbox(url, retries=0) as sandbox:
        for _ in range(3):
            assert sandbox.run("pass").stdout == "hi\n"
            time.sleep(0.05)


def test_a_server_that_closes_each_connection_is_served_by_new_ones() -> None:
    status, content, _ = ok(SUCCESS)
    with remote(first(9, (status, content, {"Connection": "close"})), retries=0) as (server, sandbox):
        for _ in range(3):
            sandbox.run("pass")
        assert server.connections == 3


def test_an_answer_beyond_all_measure_is_refused() -> None:
    with (
        remote(first(9, (200, b" " * 30_000_000, {}))) as (_, sandbox),
        pytest.raises(TooLargeError, match="bytes it may"),
    ):
        sandbox.run("pass")


def test_a_redirection_is_not_followed_but_told() -> None:
    fault = pytest.raises(SandboxError, match="it points to https://other/run_code")
    with remote(first(9, (307, b"", {"Location": "https://other/run_code"}))) as (_, sandbox), fault:
        sandbox.run("pass")


def test_the_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:9")
    with remote(first(0, ok(SUCCESS))) as (_, sandbox):
        assert sandbox.run("pass").stdout == "hi\n"


def test_token_and_headers_are_sent_and_the_path_of_the_url_is_kept() -> None:
    with FusionServer(first(0, ok(SUCCESS))) as server:
        with RemoteSandbox(f"{server.url}/pre/fix/", token="t0", headers={"X-A": "b"}) as sandbox:
            sandbox.run("pass")
        path, _, headers = server.asked[0]
    assert path == "/pre/fix/run_code"
    assert (headers["Authorization"], headers["X-A"], headers["Content-Type"]) == ("Bearer t0", "b", "application/json")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sandbox:8080", "expected http://host:port"),
        ("ftp://sandbox", "expected http://host:port"),
        ("http://", "expected http://host:port"),
        ("http://x:99999", "expected http://host:port"),
        ("http://[::1", "expected http://host:port"),
        ("http://x/run_code", "without an end point"),
        ("http://x/?a=1", "without an end point or a query"),
        ("http://x/a b\n", "without an end point or a query"),
    ],
)
def test_an_url_that_is_none_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        RemoteSandbox(url)


def test_secrets_are_not_repeated_in_messages() -> None:
    for url in ("http://me:s3cret@x", "ftp://s3cret@x"):
        with pytest.raises(ConfigError, match="user name or password") as error:
            RemoteSandbox(url)
        assert "s3cret" not in str(error.value)
    with pytest.raises(ConfigError) as error:
        RemoteSandbox("http://x", token="s3cret\r\nX-Evil: 1")
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    "options", [{"workers": 0}, {"retries": -1}, {"timeout": 0}, {"connect_timeout": float("nan")}]
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        RemoteSandbox("http://x", **options)


def test_many_jobs_through_a_server_that_fails_at_times_are_each_answered_once_and_never_wrongly() -> None:
    faults: list[Answer | None] = [None, (503, b"", {}), None, (200, b"{", {}), (502, b"", {}), (500, b"", {}), None]

    def moody(path: str, body: dict[str, Any], number: int) -> Answer:
        said = {**FINISHED, "stdout": body["stdin"]}
        return faults[number % len(faults)] or ok({**SUCCESS, "run_result": said})

    jobs = [Job(program="pass", stdin=str(n)) for n in range(200)]
    with remote(moody, workers=8, retries=9) as (server, sandbox):
        seen = list(sandbox.run_many(jobs))
        assert len(server.asked) > 200
    assert sorted(index for index, _ in seen) == list(range(200))
    right = [index for index, result in seen if isinstance(result, ExecResult) and result.stdout == str(index)]
    failed = [index for index, result in seen if isinstance(result, SandboxError)]
    assert len(right) + len(failed) == 200
    assert len(right) > len(failed) > 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and the certificate for 127.0.0.1 that it signed itself, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-keyout",
        str(path),
        "-out",
        "-",
    ]
    made = subprocess.run([*command, *names], capture_output=True, check=True)
    path.write_bytes(path.read_bytes() + made.stdout)
    return path


def test_https_needs_a_certificate_that_is_trusted(certificate: Path) -> None:
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(certificate)
    with FusionServer(first(0, ok(SUCCESS)), theirs) as server:
        context = ssl.create_default_context(cafile=str(certificate))
        with RemoteSandbox(server.url, context=context) as sandbox:
            assert [sandbox.run("pass").stdout for _ in range(3)] == ["hi\n"] * 3
            assert server.connections == 1
        with RemoteSandbox(server.url) as sandbox, pytest.raises(SandboxError, match="not the one it claims to be"):
            sandbox.run("pass")
        assert len(server.asked) == 3
