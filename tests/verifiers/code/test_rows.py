"""Rows of code data files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assaygym.sandbox import Limits, Sandbox
from assaygym.verifiers.code import verify_row
from assaygym.verifiers.code.rows import _limits

PRODUCT = {"kind": "stdin", "tests": [{"input": "2 3\n", "output": "6\n"}, {"input": "1 1\n", "output": "1\n"}]}
RIGHT = "a, b = map(int, input().split())\nprint(a * b)\n"
KEYS = ["id", "value", "verdict", "passed", "total", "tests", "isolation", "after", "explanation", "flags", "ms"]


def row(task: Any = PRODUCT, program: Any = RIGHT, **fields: Any) -> dict[str, Any]:
    return {"id": "r1", "task": task, "program": program, **fields}


def test_a_row_gives_one_record(sandbox: Sandbox) -> None:
    record = verify_row(row(), sandbox)
    assert list(record) == KEYS
    assert (record["id"], record["value"], record["verdict"]) == ("r1", 1.0, "correct")
    assert (record["passed"], record["total"]) == (2, 2)
    assert record["tests"] == [{"status": "ok", "detail": ""}] * 2
    assert record["ms"] > 0


@pytest.mark.parametrize(
    ("task", "program", "value"),
    [
        ({**PRODUCT, "checker": "exact"}, RIGHT, 1.0),
        ({**PRODUCT, "checker": "exact"}, "print(f'{eval(input().replace(\" \", \"*\"))} ')", 0.0),
        ({**PRODUCT, "checker": {"type": "float", "abs": 0.1, "rel": 0}},
         "print(eval(input().replace(' ', '*')) + .01)", 1.0),
        ({**PRODUCT, "checker": {"type": "python", "source": "def check(i, out, expected): return out == expected"}},
         RIGHT, 1.0),
        ({"kind": "function", "entry_point": "f", "tests": [{"args": [{"$tuple": [1]}], "expected": {"$set": [1]}}]},
         "f = set", 1.0),
        ({"kind": "function", "entry_point": "f", "tests": [{"args": [], "kwargs": {"n": 2}, "expected": 0.3}],
          "compare": {"float_abs": 1e-6}}, "def f(n): return 0.1 + 0.1 * n", 1.0),
        ({"kind": "function", "entry_point": "f", "tests": [{"args": [], "expected": {"$float": "nan"}}],
          "compare": {"nan_equal": True}}, "def f(): return float('nan')", 1.0),
        ({"kind": "asserts", "style": "mbpp", "setup": "", "tests": ["assert f(1) == 2"]}, "def f(x): return 2", 1.0),
        ({"kind": "asserts", "style": "humaneval", "prompt": "", "entry_point": "f",
          "test": "def check(candidate):\n    assert candidate(1) == 2\n"}, "def f(x): return 3", 0.0),
    ],
)  # fmt: skip
def test_every_kind_and_checker_is_scored(sandbox: Sandbox, task: Any, program: str, value: float) -> None:
    assert verify_row(row(task, program), sandbox)["value"] == value


def test_prior_programs_leave_nothing_and_after_programs_are_scored(jail: Sandbox) -> None:
    leave = "open('/tmp/note', 'w').write('6')\nimport builtins\nbuiltins.stale = 6\n"
    look = "import os, builtins\nprint(6 if os.path.exists('/tmp/note') or hasattr(builtins, 'stale') else 0)"
    record = verify_row(row(program=look, prior=[row(program=leave)], after=[row(), row(program="print(1)")]), jail)
    assert record["value"] == 0.0
    assert [(one["value"], one["passed"]) for one in record["after"]] == [(1.0, 2), (0.0, 0)]
    assert record["isolation"]


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (row({"kind": "pytest"}), "there is no node id"),
        (row({"kind": "session"}), "malformed: KeyError: 'cells'"),
        (row({"kind": "session", "cells": []}), "there is no cell"),
        (row({"kind": "session", "cells": [{"out": ""}]}), "malformed: TypeError"),
        (row({"kind": "essay"}), "expected stdin, function, asserts, pytest or session"),
        (row({"kind": "stdin"}), "malformed: KeyError: 'tests'"),
        (row({"kind": "stdin", "tests": []}), "no test"),
        (row({**PRODUCT, "checker": "fuzzy"}), "expected 'tokens'"),
        (row({"kind": "asserts", "style": "unittest"}), "expected 'humaneval' or 'mbpp'"),
        (row({"kind": "function", "entry_point": "f", "tests": [{"args": [{"$x": 1}], "expected": 1}]}), "unknown tag"),
        (row(program={"a.py": ""}), "expected its source text"),
        (row(limits={"wal": 3}), "unknown limits wal"),
        (row(limits={"wall": "3"}), "expected a positive number"),
        (row(limits={"wall": -1}), "expected a positive number"),
        (row(requires=["gpu"]), "has no gpu"),
        ({"id": "r1"}, "malformed: KeyError: 'task'"),
    ],
)
def test_a_row_that_cannot_be_scored_is_invalid_with_the_reason(
    sandbox: Sandbox, broken: dict[str, Any], sentence: str
) -> None:
    record = verify_row(broken, sandbox)
    assert list(record) == KEYS
    assert (record["value"], record["verdict"], record["id"]) == (None, "invalid", "r1")
    assert sentence in record["explanation"]


def test_limits_of_a_row_are_in_seconds_and_mebibytes() -> None:
    assert _limits({"wall": 2, "cpu": 1.5, "memory_mb": 64, "output_mb": 0.5}) == Limits(
        wall_seconds=2.0, cpu_seconds=1.5, memory_bytes=64 << 20, output_bytes=1 << 19
    )


@pytest.mark.parametrize(
    ("given", "wall"),
    [({}, 10.0), ({"cpu": 1}, 10.0), ({"cpu": 20}, 60.0), ({"memory_mb": 64}, 10.0), ({"wall": 10}, 10.0),
     ({"wall": 2, "cpu": 20}, 2.0)],
)  # fmt: skip
def test_a_limit_of_cpu_time_alone_leaves_time_to_wait(given: dict[str, Any], wall: float) -> None:
    assert _limits(given).wall_seconds == wall


def test_a_row_without_limits_has_the_defaults_of_the_schema() -> None:
    assert _limits({}) == Limits(cpu_seconds=10, wall_seconds=10, memory_bytes=512 << 20, output_bytes=4 << 20)


def test_a_program_that_waits_for_its_turn_longer_than_its_cpu_limit_is_not_wrong(sandbox: Sandbox) -> None:
    waits = "import time\ntime.sleep(1.5)\nprint(eval(input().replace(' ', '*')))"
    assert verify_row(row(program=waits, limits={"cpu": 1}), sandbox)["value"] == 1.0
    assert verify_row(row(program=waits, limits={"wall": 1}), sandbox)["tests"][0]["status"] == "time_limit"


GROUPED = {
    "kind": "stdin",
    "tests": [
        {"input": "3", "output": "3", "group": "small"},
        {"input": "4", "output": "4", "group": "small"},
        {"input": "-9", "output": "9", "group": "signs"},
        {"input": "-8", "output": "8", "group": "signs"},
    ],
    "weights": {"small": 30, "signs": 70},
}
CALLS = {
    "kind": "function",
    "entry_point": "f",
    "tests": [
        {"args": [3], "expected": 3, "group": "small"},
        {"args": [-9], "expected": 9, "group": "signs"},
        {"args": [-8], "expected": 8, "group": "signs"},
    ],
}


@pytest.mark.parametrize(
    ("task", "program", "value", "verdict"),
    [
        ({**GROUPED, "mode": "groups"}, "print(abs(int(input())))", 1.0, "correct"),
        ({**GROUPED, "mode": "groups"}, "print(int(input()))", 0.3, "partial"),
        ({**GROUPED, "mode": "groups"}, "print(-int(input()))", 0.7, "partial"),
        ({**GROUPED, "mode": "groups"}, "print(3)", 0.0, "incorrect"),
        ({**GROUPED, "mode": "groups", "weights": None}, "print(int(input()))", 0.5, "partial"),
        ({**GROUPED, "mode": "fraction"}, "print(3)", 0.25, "partial"),
        (GROUPED, "print(int(input()))", 0.0, "incorrect"),
        ({**CALLS, "mode": "groups"}, "def f(n): return n", 0.5, "partial"),
        ({**CALLS, "mode": "groups", "weights": {"small": 1, "signs": 3}}, "def f(n): return -n", 0.75, "partial"),
        ({"kind": "asserts", "style": "mbpp", "tests": ["assert f(1) == 1", "assert f(2) == 3"], "mode": "fraction"},
         "def f(n): return n", 0.5, "partial"),
    ],
)  # fmt: skip
def test_a_task_says_what_a_program_earns_that_passes_some_tests(
    sandbox: Sandbox, task: Any, program: str, value: float, verdict: str
) -> None:
    record = verify_row(row(task, program), sandbox)
    assert (record["value"], record["verdict"]) == (pytest.approx(value), verdict)


def test_the_mode_may_stand_beside_the_task_and_holds_for_that_program_only(sandbox: Sandbox) -> None:
    part = row(GROUPED, "print(int(input()))", mode="groups", after=[row(GROUPED, "print(int(input()))")])
    record = verify_row(part, sandbox)
    assert (record["value"], record["after"][0]["value"]) == (pytest.approx(0.3), 0.0)


@pytest.mark.parametrize("runs", ["many", "one"])
def test_groups_are_the_same_in_one_run_or_many(sandbox: Sandbox, runs: Any) -> None:
    record = verify_row(row({**GROUPED, "mode": "groups"}, "print(-int(input()))"), sandbox, runs=runs)
    assert (record["value"], record["passed"]) == (pytest.approx(0.7), 2)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"mode": "some"}, "mode is 'some'"),
        ({"weights": {"small": 1}}, "weights has the groups"),
        ({"weights": {"small": "1", "signs": 1}}, "malformed: TypeError"),
        ({"tests": [{"input": "", "output": "", "group": 1}]}, "the group of a test is 1"),
        ({"tests": [{"input": "", "output": ""}]}, "have no group"),
    ],
)
def test_groups_that_do_not_fit_are_a_fault_of_the_row(sandbox: Sandbox, changed: Any, sentence: str) -> None:
    record = verify_row(row({**GROUPED, **changed}), sandbox)
    assert (record["verdict"], sentence in record["explanation"]) == ("invalid", True), record["explanation"]


def test_the_example_of_the_guide_earns_everything(sandbox: Sandbox) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "code.md").read_text("utf-8")
    example = json.loads(guide.split("```json\n")[1].split("```")[0])
    assert verify_row(example, sandbox)["value"] == 1.0


def test_a_row_may_require_what_the_sandbox_has(sandbox: Sandbox) -> None:
    assert verify_row(row(requires=["subprocess", "multiprocessing"]), sandbox)["verdict"] == "correct"
