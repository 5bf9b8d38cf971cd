"""A small SandboxFusion with isolation "none": the same API and the same habits, good and bad, for the tests of its
client.

It runs programs as this user, without any isolation. Habits taken over: a random name for the program's file, the
whole environment passed on, output cut in silence at 1 MiB and replaced where it is not UTF-8, no return code after a
time-out, paths of files that nobody checks, notebooks whose driver is waited for when their kernel has ended, no cells
told after a time-out. One habit is shortened, with the same answer: what would run on into the time limit (a flood, a
kernel that has ended) is answered at once as if it had.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MIB = 1 << 20
COMMANDS = {
    "python": (".py", "python {}"),
    "bash": (".sh", "/bin/bash {}"),
    "nodejs": (".js", "node {}"),
    "lua": (".lua", "no-lua-is-installed {}"),
}
KERNEL = r"""
import ast, contextlib, io, json, os, sys, traceback
class Shell:
    display_formatter = type("F", (), {"formatters": {"text/plain": type("P", (), {})()}})
    run_line_magic = staticmethod(lambda *given: None)
names = {"__name__": "__main__", "get_ipython": Shell}
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
cells = []
for source in json.load(sys.stdin):
    sys.stdin = io.StringIO()
    out, err, display, error = io.StringIO(), io.StringIO(), [], []
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            tree = ast.parse(source)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "cell", "exec"), names)
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None
            if value is not None:
                display.append({"text/plain": repr(value), "text/html": "<b>"})
        except BaseException as e:
            trace = ["\x1b[31m" + line + "\x1b[39m" for line in traceback.format_exception(e)]
            error.append({"ename": type(e).__name__, "evalue": str(e), "traceback": trace})
    cells.append({"stdout": out.getvalue(), "stderr": err.getvalue(), "display": display, "error": error})
json.dump(cells, answer)
answer.flush()
"""
"""Reads cells, runs them in one namespace, and writes what they gave."""

Answer = tuple[int, bytes, dict[str, str]]
Meddle = Callable[[str, dict[str, Any], int], Answer | None]


class FusionServer:
    """A server on a free port of this machine; `asked` holds every request, in the order of their arrival.

    Args:
        meddle: called with the path, the request and its number; what it returns, if anything, is the whole answer.
        context: for https.
    """

    def __init__(self, meddle: Meddle | None = None, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[str, dict[str, Any], Mapping[str, str]]] = []
        self.connections = 0
        self._meddle = meddle
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            timeout = 30

            def setup(self) -> None:
                super().setup()
                server.connections += 1

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, content, headers = server.answer(self.path, body, dict(self.headers))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
                self.close_connection |= headers.get("Connection") == "close"

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is logged."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that has gone away is none of ours."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> FusionServer:
        self._thread.start()
        return self

    def __exit__(self, *given: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, body: dict[str, Any], headers: Mapping[str, str]) -> Answer:
        with self._lock:
            number = len(self.asked)
            self.asked.append((path, body, headers))
        meddled = self._meddle(path, body, number) if self._meddle else None
        if meddled is not None:
            return meddled
        served = {"/run_code": run_code, "/run_jupyter": run_jupyter}.get(path)
        if served is None:
            return 404, b'{"detail":"Not Found"}', {}
        return ok(served(body))


def ok(answer: object) -> Answer:
    return 200, json.dumps(answer).encode(), {}


def run_code(body: dict[str, Any]) -> dict[str, Any]:
    compiled = None
    with folder_with(body["files"]) as folder:
        if body["language"] == "cpp":
            (folder / "it.cpp").write_text(body["code"])
            compiled = command("g++ it.cpp -o test", folder, body["compile_timeout"], "")
            line = "./test"
        else:
            suffix, line = COMMANDS[body["language"]]
            number, name = tempfile.mkstemp(suffix, dir=folder)
            os.close(number)
            Path(name).write_text(body["code"])
            line = line.format(name)
        failed = compiled is not None and compiled["return_code"] != 0
        ran = None if failed else command(line, folder, body["run_timeout"], body["stdin"])
        files = fetched(folder, body["fetch_files"])
    results = [result for result in (compiled, ran) if result is not None]
    well = all(result["status"] == "Finished" and result["return_code"] == 0 for result in results)
    return {
        "status": "Success" if well else "Failed",
        "message": "",
        "compile_result": compiled,
        "run_result": ran,
        "executor_pod_name": None,
        "files": files,
    }


def run_jupyter(body: dict[str, Any]) -> dict[str, Any]:
    with folder_with(body["files"]) as folder:
        (folder / "tmp/sandbox/configs").mkdir(parents=True)
        line = f"exec {sys.executable} -c '{KERNEL.replace(chr(39), chr(34))}'"
        driver = command(line, folder, body["total_timeout"], json.dumps(body["cells"]), cap=64 * MIB)
        files = fetched(folder, body["fetch_files"])
    answer: dict[str, Any] = {"status": "Failed", "message": "", "driver": driver, "cells": [], "files": {}}
    if driver["status"] != "Finished" or driver["return_code"] == -signal.SIGTERM:
        return answer
    if not driver["stdout"]:
        return {**answer, "driver": {**driver, "status": "TimeLimitExceeded", "return_code": None}}
    return {**answer, "status": "Success", "cells": json.loads(driver["stdout"]), "files": files}


@contextmanager
def folder_with(files: Mapping[str, str]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        for path, content in files.items():
            target = os.path.join(name, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            Path(target).write_bytes(base64.b64decode(content))
        yield Path(name)


def fetched(folder: Path, names: list[str]) -> dict[str, str]:
    found = {name: folder / name for name in names}
    return {name: base64.b64encode(path.read_bytes()).decode() for name, path in found.items() if path.is_file()}


def command(line: str, folder: Path, seconds: float, stdin: str, cap: int = MIB) -> dict[str, Any]:
    start = time.monotonic()
    environment = {**os.environ, "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        ["/bin/bash", "-c", line],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    kept: dict[Any, bytes] = {}
    assert process.stdin is not None
    threads = [
        threading.Thread(target=feed, args=(process.stdin, stdin.encode())),
        *(threading.Thread(target=collect, args=(stream, cap, kept)) for stream in (process.stdout, process.stderr)),
    ]
    for thread in threads:
        thread.start()
    late = False
    while any(thread.is_alive() for thread in threads[1:]) or process.poll() is None:
        late = time.monotonic() - start > seconds or any(len(content) > cap for content in kept.values())
        if late:
            break
        time.sleep(0.002)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for thread in threads:
        thread.join()
    return {
        "status": "TimeLimitExceeded" if late else "Finished",
        "execution_time": time.monotonic() - start,
        "return_code": None if late else process.returncode,
        "stdout": decoded(kept[process.stdout][:cap]),
        "stderr": decoded(kept[process.stderr][:cap]),
    }


def feed(stream: Any, content: bytes) -> None:
    with suppress(BrokenPipeError):
        stream.write(content)
    with suppress(BrokenPipeError):
        stream.close()


def collect(stream: Any, cap: int, kept: dict[Any, bytes]) -> None:
    content = b""
    kept[stream] = content
    while part := stream.read1(1 << 16):
        if len(content) <= cap:
            content += part
        kept[stream] = content
    stream.close()


def decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        return f"[DecodeError] {error}"
