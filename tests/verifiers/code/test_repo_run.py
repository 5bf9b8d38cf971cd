"""The verifier of repositories: modes, hidden tests, outcomes by node id, faults of the task."""

from __future__ import annotations

import importlib.util
import json
import threading
import time
from typing import Any

import pytest

from assaygym.errors import DataError, MissingDependencyError, SandboxError, VerifierError
from assaygym.sandbox import Limits, Sandbox, open_sandbox
from assaygym.types import Verdict
from assaygym.verifiers.code import RepoTests, repo, verify_row
from assaygym.verifiers.code.outcome import TestStatus
from assaygym.verifiers.code.repo_bundle import _archive, pytest_archive
from assaygym.verifiers.code.repo_reports import heard
from assaygym.verifiers.code.repo_run import Run
from assaygym.verifiers.code.repo_tests import base_of

FILES = {"ops.py": "def half(x):\n    return x // 2\n"}
RIGHT = json.dumps({"ops.py": "def half(x):\n    return x / 2\n"})
DIFF = "--- a/ops.py\n+++ b/ops.py\n@@ -2 +2 @@\n-    return x // 2\n+    return x / 2\n"
SOURCE = (
    "from ops import half\n\ndef test_a():\n    assert half(4) == 2\n\ndef test_b():\n    assert half(3) == 1.5\n\n"
    "def test_broken():\n    assert half(1) == 9\n"
)
LIMITS = Limits(cpu_seconds=3, wall_seconds=20)
SHARED = {"apart": SOURCE, "in one process": f"import os\n{SOURCE}"}


def task(source: str = SOURCE, *names: str, **more: Any) -> RepoTests:
    nodes = tuple(f"test_ops.py::{name}" for name in names or ("test_b", "test_a"))
    return RepoTests(**{"files": FILES, "tests": {"test_ops.py": source}, "fail_to_pass": nodes, **more})


def run(sandbox: Sandbox, patch: str, tests: RepoTests, **more: Any) -> Any:
    return repo(sandbox=sandbox, limits=LIMITS, **more).run(patch, tests)


@pytest.mark.parametrize("how", SHARED)
def test_each_node_id_has_its_outcome(sandbox: Sandbox, how: str) -> None:
    report = run(sandbox, RIGHT, task(SHARED[how], "test_a", "test_broken", "test_b", "test_gone"), mode="fraction")
    assert [outcome.status.value for outcome in report.outcomes] == ["ok", "wrong", "ok", "runtime_error"]
    assert report.score("fraction").value == 0.5
    assert "test_broken failed in its call: AssertionError" in report.outcomes[1].detail
    assert "9" not in report.explain()
    assert "test_gone was not run: it was not found" in report.outcomes[3].detail


def test_tests_that_are_not_asked_for_do_not_count(sandbox: Sandbox) -> None:
    assert run(sandbox, RIGHT, task()).score("binary").value == 1.0


@pytest.mark.parametrize("how", SHARED)
def test_what_a_run_took_is_told(sandbox: Sandbox, how: str) -> None:
    metrics = run(sandbox, RIGHT, task(SHARED[how])).score("binary").metrics
    assert metrics["wall_seconds"] > 0
    assert (metrics["passed"], metrics["total"]) == (2.0, 2.0)


@pytest.mark.parametrize(
    "body",
    [
        "@pytest.mark.skip\ndef test_b(): pass",
        "@pytest.mark.skipif(half(1) == 0.5, reason='x')\ndef test_b(): pass",
        "@pytest.mark.xfail\ndef test_b(): assert half(1) == 9",
        "@pytest.mark.xfail\ndef test_b(): assert half(4) == 2",
        "@pytest.fixture\ndef broken(): raise ValueError\n\ndef test_b(broken): assert half(4) == 2",
        "@pytest.fixture\ndef broken():\n    yield\n    raise ValueError\n\ndef test_b(broken): assert half(4) == 2",
        "def test_b(missing): assert half(4) == 2",
        "@pytest.mark.parametrize('x', [])\ndef test_b(x): assert half(4) == 2",
        "@pytest.mark.parametrize('x', [4, 6])\ndef test_b(x): assert half(x) == 2",
        "raise ValueError('no')",
        "import no_such_module",
        "def helper(): pass",
    ],
)
@pytest.mark.parametrize("how", ["", "import os\n"])
def test_what_is_no_plain_pass_is_a_failure(sandbox: Sandbox, how: str, body: str) -> None:
    source = f"{how}import pytest\nfrom ops import half\n\ndef test_a(): assert half(4) == 2\n\n{body}\n"
    report = run(sandbox, RIGHT, task(source, "test_b"))
    assert report.score("binary").verdict is Verdict.INCORRECT


def test_a_collection_error_is_told(sandbox: Sandbox) -> None:
    report = run(sandbox, '{"ops.py": "half = (\\n"}', task())
    assert report.outcomes[0].status is TestStatus.RUNTIME_ERROR
    assert "SyntaxError" in report.explain()


@pytest.mark.slow
@pytest.mark.parametrize("how", SHARED)
@pytest.mark.parametrize("code", ["def half(x):\n    while True: pass\n", "while True: pass\n"])
def test_code_that_does_not_end_runs_out_of_time(sandbox: Sandbox, how: str, code: str) -> None:
    report = repo(sandbox=sandbox, limits=Limits(cpu_seconds=0.5, wall_seconds=1)).run(
        json.dumps({"ops.py": code}), task(SHARED[how], "test_a")
    )
    assert report.outcomes[0].status is TestStatus.TIME_LIMIT


def test_hidden_tests_decide_too(sandbox: Sandbox) -> None:
    hidden = {"test_more.py": "from ops import half\n\ndef test_c():\n    assert half(5) == 2.5\n"}
    tests = task(SOURCE, "test_a", hidden_files=hidden, hidden=("test_more.py::test_c",))
    coded = json.dumps({"ops.py": "def half(x):\n    return {4: 2}[x]\n"})
    assert run(sandbox, RIGHT, tests).score("binary").value == 1.0
    report = run(sandbox, coded, tests)
    assert (report.passed, report.total) == (1, 2)
    assert "KeyError" not in report.explain()


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (f"The fix:\n```json\n{RIGHT}\n```", Verdict.CORRECT),
        (f"```diff\n{DIFF}```", Verdict.CORRECT),
        ("```json\n{\"ops.py\": 3}\n```", Verdict.UNPARSED),
        ("```json\n{\"../ops.py\": \"\"}\n```", Verdict.INCORRECT),
        ("I give up.", Verdict.UNPARSED),
    ],
)  # fmt: skip
def test_a_response_is_scored(sandbox: Sandbox, response: str, verdict: Verdict) -> None:
    assert repo(sandbox=sandbox, limits=LIMITS)(response, task()).verdict is verdict


def test_a_test_file_that_is_no_python_is_a_fault_of_the_task(sandbox: Sandbox) -> None:
    with pytest.raises(VerifierError, match="cannot be read as Python"):
        run(sandbox, RIGHT, task("def test_a(:\n"))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"fail_to_pass": ()}, "no node id"),
        ({"fail_to_pass": ("other.py::test_a",)}, "has no file among the tests"),
        ({"fail_to_pass": ("test_ops.py",)}, "has no file among the tests"),
        ({"files": {"../x": ""}}, "expected a plain path"),
        ({"git_history": ({},), "git_head": 3}, "there are 1 commits"),
    ],
)
def test_a_task_that_cannot_judge_is_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        task(**fields)


def test_commits_up_to_the_head_are_laid() -> None:
    history = ({"a": "1", "b": "1"}, {"a": "2", "b": None, ".git/HEAD": "x"}, {"a": "3"})
    states = {head: task(git_history=history, git_head=head).repository.get("a") for head in (0, 1, 2, None)}
    assert states == {0: "1", 1: "2", 2: "3", None: "3"}
    assert set(task(git_history=history, git_head=1).repository) == {"ops.py", "a"}


def test_the_base_of_a_node_id_has_no_parameters() -> None:
    assert base_of("a[1].py::T::test_x[b::c[d]]") == "a[1].py::T::test_x"
    assert base_of("a.py::test_x") == "a.py::test_x"


@pytest.mark.parametrize(
    "message",
    [
        *(None, 3, [], ["done"], ["done", [], []], ["lie", [], [], 0], ["done", {}, [], 0], ["done", [["a"]], [], 0]),
        *(["done", [["a", "call", "passed", 3]], [], 0], ["done", [["a"] * 5], [], 0], ["done", [], [["x"]], 0]),
        ["done", [["x" * 9999, "call", "passed", ""]], [], 0],
    ],
)
def test_a_malformed_report_passes_nothing(message: object) -> None:
    assert not heard(message).pass_all(["t.py::test_a"])
    assert not heard(message).fails("t.py::test_a")


@pytest.mark.parametrize(
    ("phases", "passes"),
    [
        ("setup call teardown", True),
        ("setup call call teardown", False),
        ("call", False),
        ("setup teardown", False),
        ("setup call teardown setup call teardown", False),
        ("setup subtest call teardown", True),
    ],
)
def test_a_test_passes_when_each_phase_passed_once(phases: str, passes: bool) -> None:
    rows = [["t.py::test_a", phase, "passed", ""] for phase in phases.split()]
    assert heard(["done", rows, [], 0]).pass_all(["t.py::test_a"]) is passes


def test_all_instances_of_a_parametrized_test_must_pass() -> None:
    rows = [[f"t.py::test_a[{n}]", phase, "passed", ""] for n in (1, 2) for phase in ("setup", "call", "teardown")]
    assert heard(["done", rows, [], 0]).pass_all(["t.py::test_a", "t.py::test_a[2]"])
    rows[1][2] = "failed"
    found = heard(["done", rows, [], 0])
    assert not found.pass_all(["t.py::test_a"])
    assert found.pass_all(["t.py::test_a[2]"])
    assert not found.fails("t.py::test_a")


def test_without_pytest_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    _archive.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="pip install pytest"):
        pytest_archive()


ROW = {
    "id": "r",
    "program": RIGHT,
    "task": {
        "kind": "pytest",
        "repo": FILES,
        "tests": {"test_ops.py": SOURCE},
        "fail_to_pass": ["test_ops.py::test_b"],
        "pass_to_pass": ["test_ops.py::test_a"],
        "tests_hidden": {"test_more.py": "from ops import half\n\ndef test_c():\n    assert half(5) == 2.5\n"},
        "hidden": ["test_more.py::test_c"],
        "negative_controls": True,
        "git_history": [FILES, {"ops.py": "half = None\n"}],
        "git_head": 0,
    },
}


def test_a_row_is_scored_with_all_that_the_schema_names(sandbox: Sandbox) -> None:
    record = verify_row(ROW, sandbox)
    assert (record["value"], record["passed"], record["total"]) == (1.0, 3, 3), record["explanation"]


@pytest.mark.parametrize(
    "program", ["", "not json", "[]", '{"a": 1}', '{"/etc/passwd": ""}', '{"a\\u0000": ""}', "{" * 9999]
)
def test_no_program_of_a_row_makes_it_invalid(sandbox: Sandbox, program: str) -> None:
    assert verify_row({**ROW, "program": program}, sandbox)["verdict"] == "incorrect"


class Beside:
    """How many controls go on at once, and in which order they are looked at."""

    def __init__(self, lies: str) -> None:
        self.lies, self.now, self.most, self.calls = lies, 0, 0, 0
        self.lock = threading.Lock()

    def __call__(self, run: Run, control: Any, *_: Any) -> bool:
        with self.lock:
            number, self.calls = self.calls, self.calls + 1
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.05)
        with self.lock:
            self.now -= 1
        if self.lies == "fault" and number == 1:
            raise SandboxError("ours")
        return self.lies == "lie" and number == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_as_many_controls_as_workers_go_on_at_once(monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    beside = Beside("")
    monkeypatch.setattr(Run, "_lies", lambda *args: beside(*args))
    with open_sandbox("process", workers) as box:
        assert run(box, RIGHT, task(SHARED["in one process"])).score("binary").value == 1.0
    assert beside.most == workers
    assert beside.calls >= 4


def test_a_lie_ends_the_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = Beside("lie")
    monkeypatch.setattr(Run, "_lies", lambda *args: beside(*args))
    with open_sandbox("process", 1) as box:
        report = run(box, RIGHT, task(SHARED["in one process"]))
    assert report.flags == ("wrong_tests_pass",)
    assert beside.calls <= 3  # of more: those not begun are left


def test_a_fault_in_a_control_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = Beside("fault")
    monkeypatch.setattr(Run, "_lies", lambda *args: beside(*args))
    with open_sandbox("process", 2) as box, pytest.raises(SandboxError, match="ours"):
        run(box, RIGHT, task(SHARED["in one process"]))
