"""What a busy machine or a lost worker does is no program's fault: another attempt, or no verdict at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from assaygym.errors import SandboxError
from assaygym.sandbox import ExecResult, Limits, Sandbox, found
from assaygym.sandbox._channel import ChannelProcess
from assaygym.sandbox.base import MIB, Process
from assaygym.sandbox.guest.turns import Turns
from assaygym.sandbox.sessions import _session
from assaygym.types import Verdict
from assaygym.verifiers.base import judge
from assaygym.verifiers.code import (
    AssertTests,
    CellCase,
    FunctionCase,
    FunctionTests,
    RepoTests,
    SessionTests,
    StdinCase,
    StdinTests,
    relay,
    repo,
    session,
)
from assaygym.verifiers.code.candidate import Candidate
from assaygym.verifiers.code.outcome import Outcome, TestStatus
from assaygym.verifiers.code.relay import _Relay
from assaygym.verifiers.code.talk import Gone, Talk
from assaygym.verifiers.code.verifier import CodeVerifier, asserts, functions, stdio

LIMITS = Limits(cpu_seconds=1.0, wall_seconds=20.0, memory_bytes=576 * MIB)
ALLOWED = "import resource\ndef f(): return resource.getrlimit(resource.RLIMIT_CPU)[0]"
"""A function that returns the CPU seconds that the kernel grants it."""
CALLS = FunctionTests("f", (FunctionCase((), 2),))
RELAYED = AssertTests(test="def check(candidate):\n    for _ in range(2): assert candidate() == 2\n", entry_point="f")


@pytest.mark.parametrize(("make", "tests"), [(functions, CALLS), (asserts, RELAYED)], ids=["calls", "relayed"])
def test_a_program_whose_end_is_in_doubt_has_another_process_with_more_time(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, make: Callable[..., CodeVerifier[Any]], tests: Any
) -> None:
    verifier = make(sandbox=sandbox, limits=LIMITS)
    assert verifier.run(ALLOWED, tests).passed == 0
    monkeypatch.setattr(found, "in_doubt", lambda result, limits: True)
    report = verifier.run(ALLOWED, tests)
    assert (report.passed, len(report.outcomes)) == (report.total, report.total)


ALLOWED_IN = {"apart": ("", 4), "in one process": ("import os\n", 7)}
"""Repository tests that run apart from the code or beside it, and the CPU seconds of a second attempt."""


@pytest.mark.parametrize(("imports", "seconds"), ALLOWED_IN.values(), ids=ALLOWED_IN)
def test_a_repository_whose_end_is_in_doubt_is_run_again_with_more_time(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, imports: str, seconds: int
) -> None:
    source = f"{imports}from counted import f\n\ndef test_f():\n    assert f() == {seconds}\n"
    tests = RepoTests(
        files={"counted.py": ""}, tests={"test_f.py": source}, fail_to_pass=("test_f.py::test_f",), controls=False
    )
    monkeypatch.setattr(found, "in_doubt", lambda result, limits: True)
    verifier = repo(sandbox=sandbox, limits=replace(LIMITS, cpu_seconds=3))
    report = verifier.run(json.dumps({"counted.py": ALLOWED}), tests)
    assert report.outcomes[0].status is TestStatus.OK


SLEEPS = {
    "calls": (functions, CALLS, "import time\ndef f(): time.sleep(60)"),
    "relayed": (asserts, RELAYED, "import time\ndef f(): time.sleep(60)"),
    "sharing a run": (
        lambda **named: stdio(runs="one", **named),
        StdinTests((StdinCase("", ""),)),
        "import time\ntime.sleep(60)",
    ),
}


@pytest.mark.parametrize(("make", "tests", "program"), SLEEPS.values(), ids=SLEEPS)
def test_a_worker_that_is_lost_gives_no_verdict(
    jail: Sandbox, monkeypatch: pytest.MonkeyPatch, make: Callable[..., CodeVerifier[Any]], tests: Any, program: str
) -> None:
    received = ChannelProcess.recv

    def killed_meanwhile(process: ChannelProcess, timeout: float) -> bytes | None:
        message = received(process, 1.0)
        if message is None:
            for worker in list(jail._pool._busy):  # type: ignore[attr-defined]
                worker._process.kill()
        return message if message is not None else received(process, timeout)

    monkeypatch.setattr(ChannelProcess, "recv", killed_meanwhile)
    verifier = make(sandbox=jail, limits=Limits(cpu_seconds=1, wall_seconds=2))
    if make in (functions, asserts):
        with pytest.raises(SandboxError, match="the program is not to blame"):
            verifier.run(program, tests)
    else:  # the input has a run of its own
        assert verifier.run(program, tests).outcomes[0].status is TestStatus.TIME_LIMIT


def relay_after(testing: float, used: float, kernel: float = 0.0) -> _Relay:
    result = SimpleNamespace(cpu_seconds=used, kernel_seconds=kernel, peak_memory_bytes=576 * MIB)
    candidate = SimpleNamespace(result=result)
    relay = _Relay(cast("Talk", None), cast("Candidate", candidate), LIMITS)
    relay._testing = testing
    return relay


@pytest.mark.parametrize(("used", "kernel"), [(0.5, 0.0), (1.5, 0.75)])
def test_a_program_whose_time_went_by_before_its_tests_had_a_turn_may_be_right(
    monkeypatch: pytest.MonkeyPatch, used: float, kernel: float
) -> None:
    monkeypatch.setattr(relay, "is_crowded", lambda: True)
    with pytest.raises(SandboxError, match=r"too busy: 2\.5 s of a program's time went by before its tests"):
        relay_after(testing=2.5, used=used, kernel=kernel)._blamed(Outcome(TestStatus.TIME_LIMIT))


def test_a_program_that_kept_its_tests_from_their_turns_is_to_blame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "is_crowded", lambda: False)
    late = Outcome(TestStatus.TIME_LIMIT)
    assert relay_after(testing=2.5, used=0.5)._blamed(late) is late


@pytest.mark.parametrize(
    ("testing", "used", "status"),
    [(1.9, 0.5, TestStatus.TIME_LIMIT), (2.5, 1.1, TestStatus.TIME_LIMIT), (2.5, 0.5, TestStatus.RUNTIME_ERROR)],
)
def test_any_other_end_is_the_program_s_own(testing: float, used: float, status: TestStatus) -> None:
    assert relay_after(testing, used)._blamed(Outcome(status)).status is status


def test_a_conversation_that_the_sandbox_lost_gives_no_outcome() -> None:
    class Lost:
        def recv(self, timeout: float) -> bytes | None:
            return None

        def finish(self) -> ExecResult:
            raise SandboxError("lost")

    with pytest.raises(SandboxError, match="lost"):
        Talk(cast("Process", Lost()), LIMITS).receive()


def test_a_process_that_slept_past_its_time_is_gone_with_a_time_limit(sandbox: Sandbox) -> None:
    limits = Limits(cpu_seconds=1, wall_seconds=0.5)
    talk = Talk(sandbox.spawn("import time; time.sleep(60)", limits=limits), limits)
    with pytest.raises(Gone) as gone:
        talk.receive()
    assert gone.value.outcome.status is TestStatus.TIME_LIMIT


CELLS = ["import time", "time.sleep(0.5)\nprint('done')"]


@pytest.mark.parametrize(("crowded", "verdict"), [(False, Verdict.CORRECT), (True, Verdict.INVALID)])
def test_cells_that_wait_for_processors_are_right_or_have_no_verdict(
    jail: Sandbox, monkeypatch: pytest.MonkeyPatch, crowded: bool, verdict: Verdict
) -> None:
    monkeypatch.setattr(Turns, "until", lambda turns, start, wall, now: (now if crowded else now + 60, crowded))
    monkeypatch.setattr(_session, "is_crowded", lambda: crowded)
    verifier = session(sandbox=jail, limits=Limits(wall_seconds=0.2))
    tests = SessionTests((CellCase(), CellCase("done\n")))
    assert judge(verifier, json.dumps(CELLS), tests).verdict is verdict


def test_cells_that_sleep_are_a_time_limit_and_never_without_verdict(jail: Sandbox) -> None:
    verifier = session(sandbox=jail, limits=Limits(wall_seconds=0.2))
    tests = SessionTests((CellCase(), CellCase("done\n")))
    report = verifier.run(json.dumps(CELLS), tests)
    assert [outcome.status for outcome in report.outcomes] == [TestStatus.OK, TestStatus.TIME_LIMIT]
