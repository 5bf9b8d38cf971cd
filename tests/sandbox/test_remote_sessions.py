"""Sessions by replay: state, errors, limits, and forks, on a server that keeps nothing."""

from collections.abc import Iterator
from typing import Any

import pytest

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox.base import ExecStatus, Limits, Sandbox, Session
from assaygym.sandbox.remote import RemoteSandbox
from tests.sandbox.fusion_server import Answer, FusionServer, ok

LIMITS = Limits(wall_seconds=8)
SHORT = Limits(wall_seconds=1)
DRIVER: dict[str, Any] = {
    "status": "Finished",
    "execution_time": 1.0,
    "return_code": 0,
    "stdout": "",
    "stderr": "",
}
CELL: dict[str, Any] = {"stdout": "", "stderr": "", "display": [], "error": []}


@pytest.fixture(scope="module")
def server() -> Iterator[FusionServer]:
    with FusionServer() as opened:
        yield opened


@pytest.fixture
def sandbox(server: FusionServer) -> Iterator[Sandbox]:
    server.asked.clear()
    with RemoteSandbox(server.url) as opened:
        yield opened


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[Session]:
    with sandbox.session(limits=LIMITS) as opened:
        yield opened


@pytest.fixture
def shell(sandbox: Sandbox) -> Iterator[Session]:
    with sandbox.session("bash", limits=LIMITS) as opened:
        yield opened


def test_names_survive_and_only_the_new_output_is_shown(session: Session) -> None:
    assert session.run("x = 40; print('first')").stdout == "first\n"
    result = session.run("print('second'); x += 2\nx")
    assert (result.status, result.stdout, result.value, result.error) == (ExecStatus.OK, "second\n", "42", None)
    assert (result.exit_code, result.isolation) == (0, ("remote",))
    assert session.run("x").value == "42"


def test_a_cell_without_a_value_has_none(session: Session) -> None:
    assert session.run("print(1); None").value is None
    assert session.run("y = 1").value is None


def test_an_exception_is_told_and_the_session_goes_on(session: Session) -> None:
    session.run("x = 1")
    result = session.run("x = 2\n{}['k']")
    assert (result.status, result.exit_code, result.error) == (ExecStatus.NONZERO_EXIT, 1, "KeyError")
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert result.stderr.endswith("KeyError: 'k'\n")
    assert "\x1b" not in result.stderr
    assert session.alive
    assert session.run("x").value == "2"


def test_the_cell_that_is_no_python_is_the_programs_fault(session: Session) -> None:
    for cell in ("1 +", "x\ud800 = 1"):
        assert session.run(cell).error == "SyntaxError", cell


def test_a_cell_over_its_time_leaves_no_trace_and_the_session_goes_on(session: Session) -> None:
    session.run("x = 1")
    late = session.run("x = 2; import time; time.sleep(60)", limits=SHORT)
    assert (late.status, late.exit_code, late.signal) == (ExecStatus.TIMEOUT, None, 9)
    assert session.alive
    assert session.run("x").value == "1"


def test_the_time_of_former_cells_is_granted_on_top(server: FusionServer, session: Session) -> None:
    for _ in range(3):
        assert session.run("import time; time.sleep(0.4)").status is ExecStatus.OK
    times = [request["total_timeout"] for _, request, _ in server.asked]
    assert times[0] == 8
    assert times[1] >= 8 + 2 * 0.4
    assert times[2] >= 8 + 2 * 0.8


def test_an_interpreter_that_ends_counts_as_late_as_the_server_tells_it(session: Session) -> None:
    session.run("x = 1")
    assert session.run("import os; os._exit(0)").status is ExecStatus.TIMEOUT
    assert session.run("x").value == "1"


def test_a_cell_that_ends_the_servers_driver_ends_the_session(session: Session) -> None:
    session.run("x = 1")
    result = session.run("import os; os.kill(os.getpid(), 15)")
    assert (result.status, result.signal) == (ExecStatus.SIGNALED, 15)
    assert not session.alive
    assert session.run("x") is result
    with pytest.raises(SandboxError, match="has ended"):
        session.fork(1)


def test_output_is_cut_at_the_limit_and_the_session_goes_on(session: Session) -> None:
    result = session.run("x = 1; print('a' * 100)", limits=Limits(output_bytes=10))
    assert (result.status, result.truncated, result.stdout) == (ExecStatus.OUTPUT_LIMIT, True, "a" * 10)
    assert session.run("x").value == "1"


def test_a_flood_beyond_all_measure_is_the_programs_fault_and_leaves_no_trace(session: Session) -> None:
    session.run("x = 1")
    flood = session.run("x = 2; print('a' * 3_000_000)", limits=Limits(output_bytes=1000))
    assert (flood.status, flood.truncated, flood.stdout) == (ExecStatus.OUTPUT_LIMIT, True, "")
    assert session.run("x").value == "1"


def test_files_lie_there_for_every_replay_as_they_did_at_first(sandbox: Sandbox) -> None:
    with sandbox.session(files={"d/a": b"1"}) as session:
        assert session.run("open('d/a').read()").value == "'1'"
        session.run("open('d/a', 'a').write('2')")
        assert session.run("open('d/a').read()").value == "'12'"


@pytest.mark.parametrize("name", ["tmp", "tmp/x", "tmp/sandbox/configs/output.json"])
def test_files_that_would_meet_the_servers_own_are_refused(sandbox: Sandbox, name: str) -> None:
    with pytest.raises(ConfigError, match="the server keeps its own in tmp/"):
        sandbox.session(files={name: b""})


def test_the_seed_decides_the_random_numbers(sandbox: Sandbox) -> None:
    def number(seed: int) -> str | None:
        with sandbox.session(seed=seed) as session:
            session.run("import random")
            return session.run("random.random()").value

    assert number(1) == number(1) != number(2)


def test_forks_start_from_the_same_cells_and_share_nothing(session: Session) -> None:
    session.run("x = [1]")
    first, second = session.fork(2)
    first.run("x.append(2)")
    session.run("x.append(3)")
    assert [one.run("x").value for one in (first, second, session)] == ["[1, 2]", "[1]", "[1, 3]"]
    session.close()
    assert first.alive
    assert first.fork(1)[0].run("x").value == "[1, 2]"


def test_a_fork_of_none_is_refused(session: Session) -> None:
    with pytest.raises(ConfigError, match=r"fork\(0\)"):
        session.fork(0)


@pytest.mark.parametrize("language", ["python", "bash"])
def test_after_close_nothing_runs_in_a_session(sandbox: Sandbox, language: str) -> None:
    session = sandbox.session(language)
    session.close()
    session.close()
    assert not session.alive
    with pytest.raises(SandboxError, match="session is closed"):
        session.run("1")
    other = sandbox.session(language)
    sandbox.close()
    with pytest.raises(SandboxError, match="closed on our side"):
        other.run("1")
    with pytest.raises(SandboxError, match="closed on our side"):
        sandbox.session(language)


def test_other_languages_and_the_network_are_refused(sandbox: Sandbox, session: Session) -> None:
    with pytest.raises(ConfigError, match=r"'pyton' sessions; did you mean 'python'\?"):
        sandbox.session("pyton")
    with pytest.raises(ConfigError, match="network"):
        sandbox.session(limits=Limits(network=True))
    with pytest.raises(ConfigError, match="network"):
        session.run("1", limits=Limits(network=True))


def test_a_shell_keeps_names_folder_and_files_and_shows_only_the_new_output(shell: Session) -> None:
    assert shell.run("echo one; echo err >&2; x='a b'; mkdir d; cd d; echo 1 > f").stdout == "one\n"
    result = shell.run('echo "$x"; cat f; basename $PWD')
    assert (result.status, result.stdout, result.stderr) == (ExecStatus.OK, "a b\n1\nd\n", "")
    assert (result.value, result.error) == (None, None)


def test_a_command_that_fails_is_told_and_the_shell_goes_on(shell: Session) -> None:
    for cell, code in (("(exit 3)", 3), ("no-such-command", 127), ("if", 2)):
        result = shell.run(cell)
        assert (result.status, result.exit_code, shell.alive) == (ExecStatus.NONZERO_EXIT, code, True), cell
    assert shell.run("echo $?").stdout == "2\n"


def test_a_shell_that_ends_is_told_and_stays_ended(shell: Session) -> None:
    result = shell.run("echo bye; exit 3")
    assert (result.exit_code, result.stdout, shell.alive) == (3, "bye\n", False)
    assert shell.run("echo on") is result


def test_a_command_over_its_time_leaves_no_trace_and_the_shell_goes_on(shell: Session) -> None:
    shell.run("x=1")
    late = shell.run("x=2; echo early; sleep 60", limits=SHORT)
    assert (late.status, late.stdout, shell.alive) == (ExecStatus.TIMEOUT, "early\n", True)
    assert shell.run("echo $x").stdout == "1\n"


def test_a_flood_in_a_shell_is_cut_and_the_shell_goes_on(shell: Session) -> None:
    flood = shell.run("yes")
    assert (flood.status, flood.truncated, shell.alive) == (ExecStatus.OUTPUT_LIMIT, True, True)
    assert shell.run("echo on").stdout == "on\n"


def test_a_cell_cannot_break_out_of_its_quotes(shell: Session) -> None:
    assert shell.run("echo \"it's\" 'a \"b\"' \\' # '").stdout == "it's a \"b\" '\n"
    assert shell.run("cat <<E\nhere\nE").stdout == "here\n"


def test_shells_fork(shell: Session) -> None:
    shell.run("x=1")
    (other,) = shell.fork(1)
    other.run("x=2")
    assert (shell.run("echo $x").stdout, other.run("echo $x").stdout) == ("1\n", "2\n")


def notebook(**changes: Any) -> Answer:
    return ok({"status": "Success", "message": "", "driver": DRIVER, "cells": [CELL, CELL], "files": {}, **changes})


@pytest.mark.parametrize(
    "reply",
    [
        notebook(cells=[CELL]),
        notebook(cells=[CELL] * 3),
        notebook(cells=[CELL, {**CELL, "stdout": None}]),
        notebook(cells=[CELL, {"stdout": "", "stderr": ""}]),
        notebook(cells=[CELL, {**CELL, "error": ["x"]}]),
        notebook(status="Failed", driver=None, cells=[]),
        (200, b"{}", {}),
    ],
)
def test_a_notebook_of_another_shape_is_refused(reply: Answer) -> None:
    with FusionServer(lambda *_: reply) as server, RemoteSandbox(server.url) as sandbox:
        session = sandbox.session()
        with pytest.raises(SandboxError, match="does not answer as SandboxFusion does"):
            session.run("1")
        assert session.alive


def test_a_server_whose_notebooks_all_fail_is_at_fault() -> None:
    reply = notebook(status="Failed", driver={**DRIVER, "return_code": 1, "stderr": "no kernel"}, cells=[])
    with FusionServer(lambda *_: reply) as server, RemoteSandbox(server.url) as sandbox:
        with pytest.raises(SandboxError, match=r"notebooks of the sandbox at .* fail: 'no kernel'"):
            sandbox.session().run("1")
        assert [len(request["cells"]) for _, request, _ in server.asked] == [2, 1]


def test_a_value_is_the_last_text_that_was_shown_and_odd_entries_are_passed_over() -> None:
    display = [{"text/plain": "1"}, {"image/png": "..."}, {"text/plain": "2"}, {"text/plain": 3}]
    odd = {**CELL, "error": [{"evalue": "only this"}]}
    answers = [notebook(cells=[CELL, {**CELL, "display": display}]), notebook(cells=[CELL, CELL, odd])]
    with FusionServer(lambda path, body, number: answers[number]) as server, RemoteSandbox(server.url) as sandbox:
        session = sandbox.session()
        assert session.run("1").value == "2"
        result = session.run("2")
    assert (result.error, result.value, result.stderr) == ("Exception", None, "None: only this\n")
