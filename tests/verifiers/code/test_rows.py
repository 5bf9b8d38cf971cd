"""Rows of code data files."""

from __future__ import annotations

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


def test_a_row_without_limits_has_the_defaults() -> None:
    assert _limits({}) == Limits()


def test_a_row_may_require_what_the_sandbox_has(sandbox: Sandbox) -> None:
    assert verify_row(row(requires=["subprocess", "multiprocessing"]), sandbox)["verdict"] == "correct"
