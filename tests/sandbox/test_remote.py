"""The contract of every backend and what is this one's own, against a server with the habits of SandboxFusion."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox.base import ExecResult, ExecStatus, Job, Limits, Sandbox
from assaygym.sandbox.contract import GUARANTEES, ProgramContract
from assaygym.sandbox.remote import COVERED, NOT_COVERED, RemoteSandbox
from tests.sandbox.fusion_server import FusionServer, ok


@pytest.fixture(scope="module")
def server() -> Iterator[FusionServer]:
    with FusionServer() as opened:
        yield opened


@pytest.fixture
def sandbox(server: FusionServer) -> Iterator[Sandbox]:
    server.asked.clear()
    with RemoteSandbox(server.url, workers=4) as opened:
        yield opened


class TestRemote(ProgramContract):
    differences = GUARANTEES | {
        "message_channel",
        "local_limits_named",
        "raw_bytes_output",
        "memory_measured",
        "cpu_measured",
        "large_output",
        "fetched_links",
        "seeds",
        "language_c",
        "language_arguments",
    }

    @pytest.fixture
    def sandbox(self, sandbox: Sandbox) -> Sandbox:
        return sandbox


def test_the_isolation_is_only_called_remote(sandbox: Sandbox) -> None:
    assert sandbox.run("pass").isolation == ("remote",)
    assert any("isolation" in line for line in NOT_COVERED)
    assert not any("isolation" in line for line in COVERED)


def test_memory_is_granted_up_to_the_limit_and_not_measured(sandbox: Sandbox) -> None:
    result = sandbox.run("x = b'x' * (100 << 20)", limits=Limits(memory_bytes=100 << 20))
    assert (result.status, result.peak_memory_bytes) == (ExecStatus.OK, None)


def test_the_time_of_a_run_is_that_of_the_servers_clock(sandbox: Sandbox) -> None:
    result = sandbox.run("import time; time.sleep(0.2)")
    assert 0.2 <= result.wall_seconds < 5
    assert result.cpu_seconds == result.wall_seconds


def test_output_that_is_not_utf8_comes_as_the_server_tells_it(sandbox: Sandbox) -> None:
    assert sandbox.run("import os; os.write(1, b'a\\xff')").stdout.startswith("[DecodeError] 'utf-8' codec")


def test_files_that_were_asked_for_come_back_where_they_are(sandbox: Sandbox) -> None:
    program = "import os; os.mkdir('d'); open('d/a', 'wb').write(bytes(range(256))); open('other', 'w').write('x')"
    assert sandbox.run(program, fetch=["d/a", "absent", "d"]).files == {"d/a": bytes(range(256))}


def test_files_come_back_after_a_failure_too(sandbox: Sandbox) -> None:
    result = sandbox.run("open('a', 'w').write('x'); raise SystemExit(3)", fetch=("a",))
    assert (result.exit_code, result.files) == (3, {"a": b"x"})


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "", ".", "a//b", "a\0b"])
def test_a_path_out_of_the_folder_is_never_sent(server: FusionServer, sandbox: Sandbox, name: str) -> None:
    with pytest.raises(ConfigError, match="plain relative path"):
        sandbox.run("pass", fetch=[name])
    with pytest.raises(ConfigError, match="plain relative path"):
        sandbox.run("pass", files={name: b""})
    with pytest.raises(ConfigError, match="plain relative path"):
        sandbox.session(files={name: b""})
    assert server.asked == []


def test_fetch_is_no_text(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigError, match="expected a sequence of names"):
        sandbox.run("pass", fetch="out.txt")


def test_a_file_that_the_server_would_leave_out_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigError, match="IGNORE_THIS_FILE"):
        sandbox.run("pass", files={"a_IGNORE_THIS_FILE": b""})


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"stdin": "\ud800"}, "stdin holds text that UTF-8 cannot encode"),
        ({"argv": ["\ud800"]}, "argv holds text that UTF-8 cannot encode"),
        ({"argv": ["a\0b"]}, "argv holds a NUL"),
        ({"argv": ["a"], "language": "bash"}, "argv is not offered by the remote sandbox for bash"),
        ({"language": "c"}, "no language 'c' on a remote sandbox; it has: python, cpp,"),
        ({"limits": Limits(wall_seconds=float("inf"))}, "finite limits"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_it_is(
    server: FusionServer, sandbox: Sandbox, given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        sandbox.run("pass", **given)
    assert server.asked == []


def test_a_python_program_can_use_threads_within_its_memory_limit(sandbox: Sandbox) -> None:
    program = "import threading as t\nfor _ in range(4): t.Thread(target=print, args=('t',)).start()"
    result = sandbox.run(program, limits=Limits(memory_bytes=256 << 20))
    assert (result.status, result.stdout) == (ExecStatus.OK, "t\n" * 4)


def test_the_servers_memory_limit_is_not_used_for_it_breaks_threads(server: FusionServer, sandbox: Sandbox) -> None:
    sandbox.run("pass")
    assert "memory_limit_MB" not in server.asked[0][1]


def test_a_program_that_catches_the_signal_of_its_cpu_limit_is_killed_all_the_same(sandbox: Sandbox) -> None:
    program = "import signal; signal.signal(signal.SIGXCPU, lambda *_: None)\nwhile True: pass"
    result = sandbox.run(program, limits=Limits(cpu_seconds=1, wall_seconds=20))
    assert (result.status, result.signal) == (ExecStatus.SIGNALED, 9)


def test_what_reaches_the_servers_cap_counts_as_cut(server: FusionServer) -> None:
    with RemoteSandbox(server.url) as sandbox:
        whole = sandbox.run(f"print('x' * {(1 << 20) - 2})")
        cut = sandbox.run(f"print('x' * {(1 << 20) - 1})")
    assert (whole.status, whole.truncated) == (ExecStatus.OK, False)
    assert (cut.status, cut.truncated, cut.exit_code) == (ExecStatus.OUTPUT_LIMIT, True, 0)


def test_output_is_cut_by_bytes_and_never_inside_the_answer(sandbox: Sandbox) -> None:
    result = sandbox.run("print('\u00e9' * 10, end='')", limits=Limits(output_bytes=5))
    assert (result.status, result.stdout) == (ExecStatus.OUTPUT_LIMIT, "\u00e9\u00e9\ufffd")


def test_bash_runs_by_either_of_its_names(sandbox: Sandbox) -> None:
    for name in ("bash", "SH"):
        assert sandbox.run("read x; echo $((x + 1))", language=name, stdin="41\n").stdout == "42\n"


def test_a_compiler_tells_its_errors_in_its_own_phase(sandbox: Sandbox) -> None:
    good = sandbox.run('#include <cstdio>\nint main() { puts("hi"); return 4; }', language="c++")
    assert (good.status, good.exit_code, good.stdout, good.phase) == (ExecStatus.NONZERO_EXIT, 4, "hi\n", "run")
    bad = sandbox.run("int main( {", language="cpp")
    assert (bad.status, bad.exit_code, bad.phase) == (ExecStatus.NONZERO_EXIT, 1, "compile")
    assert "error" in bad.stderr


def test_an_interpreter_that_the_server_lacks_is_no_fault_of_the_program(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match=r"cannot run lua: .*command not found"):
        sandbox.run("print(1)", language="lua")


@pytest.mark.parametrize(
    ("language", "program"),
    [
        ("python", "import sys; print('/bin/bash: line 1: python: command not found', file=sys.stderr); exit(127)"),
        ("bash", "echo '/bin/bash: line 1: bash: command not found' >&2; exit 127"),
        ("cpp", "int main() { return 127; }"),
    ],
)
def test_a_program_cannot_pretend_that_its_interpreter_is_missing(
    sandbox: Sandbox, language: str, program: str
) -> None:
    result = sandbox.run(program, language=language)
    assert (result.status, result.exit_code) == (ExecStatus.NONZERO_EXIT, 127)


def test_a_server_that_cannot_start_python_programs_is_at_fault() -> None:
    def without_resource(path: str, body: dict[str, Any], number: int) -> None:
        body["code"] = body["code"].replace("import os, resource, sys", "import os, sys\nresource = None")

    fault = pytest.raises(SandboxError, match=r"cannot run python: .*could not be started")
    with FusionServer(without_resource) as server, RemoteSandbox(server.url) as sandbox, fault:
        sandbox.run("print(1)")


def test_a_spawned_program_is_refused_with_the_reason(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="no message channel"):
        sandbox.spawn("pass")


def test_a_job_that_the_server_fails_yields_its_error_and_the_others_go_on() -> None:
    def fails_on_two(path: str, body: dict[str, Any], number: int) -> Any:
        return (500, b"oh", {}) if body["stdin"] == "2" else None

    jobs = [Job(program="print(input())", stdin=str(n)) for n in range(5)]
    with FusionServer(fails_on_two) as server, RemoteSandbox(server.url, workers=2) as sandbox:
        seen = dict(sandbox.run_many(jobs))
    assert isinstance(seen.pop(2), SandboxError)
    assert {n: result.stdout for n, result in seen.items() if isinstance(result, ExecResult)} == {
        n: f"{n}\n" for n in (0, 1, 3, 4)
    }


def test_run_many_passes_every_argument_on(sandbox: Sandbox) -> None:
    program = "import sys; open('o', 'w').write(input() + open('i').read() + sys.argv[1])"
    jobs = [Job(program=program, stdin="a", files={"i": b"b"}, argv=("c",), fetch=("o",))]
    ((index, result),) = sandbox.run_many(jobs)
    assert isinstance(result, ExecResult)
    assert (index, result.files) == (0, {"o": b"abc"})


def test_a_job_that_is_not_usable_is_the_callers_error(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigError, match="cobol"):
        list(sandbox.run_many([Job(program="x", language="cobol")]))


@pytest.mark.alone
def test_no_more_requests_than_workers_are_under_way() -> None:
    now, most = [0], [0]
    lock = threading.Lock()

    def counted(path: str, body: dict[str, Any], number: int) -> Any:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.02)
        with lock:
            now[0] -= 1
        finished = {"status": "Finished", "return_code": 0, "stdout": ""}
        return ok({"status": "Success", "message": "", "run_result": finished})

    with FusionServer(counted) as server, RemoteSandbox(server.url, workers=3) as sandbox:
        threads = [threading.Thread(target=sandbox.run, args=("pass",)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.asked) == 12
        assert server.connections <= 3
    assert most[0] == 3


@pytest.mark.alone
def test_closing_breaks_off_what_is_under_way(server: FusionServer) -> None:
    sandbox = RemoteSandbox(server.url)
    seen: list[str] = []

    def run() -> None:
        try:
            sandbox.run("import time; time.sleep(5)")
        except SandboxError as error:
            seen.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.3)
    start = time.monotonic()
    sandbox.close()
    thread.join()
    assert time.monotonic() - start < 3
    assert len(seen) == 1
    assert "closed on our side" in seen[0]


FORKS = """
import gc, os, stat, sys, threading, time
from assaygym.sandbox.remote import RemoteSandbox
sandbox = RemoteSandbox(sys.argv[1])
def sockets():
    found = 0
    for number in range(3, 64):
        try: found += stat.S_ISSOCK(os.fstat(number).st_mode)
        except OSError: pass
    return found
def slow():
    print("parent", sandbox.run("import time; time.sleep(1); print(1)").stdout.strip())
sandbox.run("pass")
thread = threading.Thread(target=slow)
thread.start()
time.sleep(0.3)
print(sockets(), flush=True)
if os.fork() == 0:
    print(sockets(), "child", sandbox.run("print(7)").stdout.strip(), flush=True)
    sandbox.close()
    gc.collect()
    os._exit(0)
os.wait()
thread.join()
print("again", sandbox.run("print(8)").stdout.strip())
sandbox.close()
"""


@pytest.mark.alone
def test_both_sides_of_a_fork_work_and_share_no_connection(server: FusionServer) -> None:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-X", "dev", "-c", FORKS, server.url]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    seen = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert (seen.stdout.splitlines(), seen.stderr) == (["1", "0 child 7", "parent 1", "again 8"], "")
