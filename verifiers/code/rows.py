"""Rows of code data files, `{"id", "task", "program", ...}`: what `assay verify code FILE` scores (docs/code.md)."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict

from assaygym.errors import AssayError, DataError
from assaygym.sandbox.base import ExecStatus, Limits, Sandbox
from assaygym.types import Verdict
from assaygym.verifiers.code.codec import decode_row
from assaygym.verifiers.code.outcome import Mode, Report
from assaygym.verifiers.code.repo_tests import RepoTests
from assaygym.verifiers.code.sessions import CellCase, SessionTests
from assaygym.verifiers.code.stdio import WALL_PER_CPU, Runs
from assaygym.verifiers.code.tests import AssertTests, FunctionCase, FunctionTests, StdinCase, StdinTests
from assaygym.verifiers.code.verifier import CodeVerifier, StdioVerifier, asserts, functions, repo, session, stdio

__all__ = ["verify_row"]

_MIB = 1 << 20
_LIMITS = {
    "wall": ("wall_seconds", 1.0),
    "cpu": ("cpu_seconds", 1.0),
    "memory_mb": ("memory_bytes", _MIB),
    "output_mb": ("output_bytes", _MIB),
}
_PROBES = {
    "numpy": "import numpy",
    "multiprocessing": (
        "import multiprocessing\np = multiprocessing.Process(target=int)\np.start()\np.join()\nassert not p.exitcode"
    ),
    "subprocess": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''], check=True)",
}


def verify_row(row: Mapping[str, Any], sandbox: Sandbox, *, runs: Runs = "many") -> dict[str, Any]:
    """Score one row: `prior` programs first, then its own, then `after`, all in the one sandbox.

    Args:
        row: as read.
        sandbox: where its programs run.
        runs: of `stdin` tasks; see `StdioVerifier`.

    Returns:
        `id, value` (None when invalid), `verdict, passed, total, tests` (status and detail of each that was run),
        `isolation, after` (these again, of each), `flags, ms`, and `explanation`. `value` is by the `mode` of the task.

    A fault of the row or of ours is the verdict `invalid`, with the reason in `explanation`; nothing is raised.
    """
    start = time.monotonic()
    try:
        record = _scored(_jobs(row, sandbox, runs))
    except AssayError as error:
        record = _invalid(str(error))
    return {"id": row.get("id"), **record, "ms": round((time.monotonic() - start) * 1000, 1)}


@dataclass(frozen=True, slots=True)
class _Job:
    """One program and how it is judged; `role` is `prior`, `row` or `after`."""

    role: str
    verifier: CodeVerifier[Any]
    program: str
    answer: Any


def _jobs(row: Mapping[str, Any], sandbox: Sandbox, runs: Runs) -> list[_Job]:
    """Everything that the row asks to run, in order.

    Raises:
        AssayError: the row is malformed, or needs what the sandbox or this version has not.
    """
    try:
        _require(row, sandbox)
        parts = [("prior", one) for one in row.get("prior") or ()]
        parts += [("row", row), *(("after", one) for one in row.get("after") or ())]
        return [_job(role, one, row, sandbox, runs) for role, one in parts]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, AssayError):
            raise
        raise DataError(f"the row is malformed: {type(error).__name__}: {error}") from error


def _job(role: str, one: Mapping[str, Any], row: Mapping[str, Any], sandbox: Sandbox, runs: Runs) -> _Job:
    task, program = one["task"], one["program"]
    common: _Common = {
        "limits": _limits(one.get("limits") or row.get("limits") or {}),
        "mode": task.get("mode") or one.get("mode") or "binary",
        "sandbox": sandbox,
    }
    verifier, answer = _task(task, one.get("lang") or row.get("lang") or "python", common)
    if isinstance(verifier, StdioVerifier):
        verifier = replace(verifier, runs=runs)
    if not isinstance(program, str):
        raise DataError(f"program is a {type(program).__name__}; expected its source text")
    return _Job(role, verifier, program, answer)


def _scored(jobs: Sequence[_Job]) -> dict[str, Any]:
    reports = [(job, job.verifier.report(job.program, job.answer)) for job in jobs]
    records = {
        role: [_record(report, job.verifier.mode) for job, report in reports if job.role == role]
        for role in ("row", "after")
    }
    return {**records["row"][0], "after": records["after"]}


def _record(report: Report, mode: Mode) -> dict[str, Any]:
    score = report.score(mode)
    return {
        "value": score.value,
        "verdict": score.verdict.value,
        "passed": report.passed,
        "total": report.total,
        "tests": [{"status": outcome.status.value, "detail": outcome.detail} for outcome in report.outcomes],
        "isolation": list(report.isolation),
        "after": [],
        "explanation": score.explanation,
        "flags": list(report.flags),
    }


def _invalid(explanation: str) -> dict[str, Any]:
    numbers = {"value": None, "verdict": Verdict.INVALID.value, "passed": 0, "total": 0}
    return {**numbers, "tests": [], "isolation": [], "after": [], "explanation": explanation, "flags": []}


class _Common(TypedDict):
    """What every verifier takes."""

    limits: Limits
    mode: Mode
    sandbox: Sandbox


def _task(task: Mapping[str, Any], lang: str, common: _Common) -> tuple[CodeVerifier[Any], Any]:
    kind = task["kind"]
    if kind == "stdin":
        return stdio(checker=task.get("checker", "tokens"), language=lang, **common), _stdin_tests(task)
    if lang != "python":
        raise DataError(f"lang is {lang!r}; programs of other languages than python are judged by stdin tests only")
    if kind == "function":
        return functions(**common), _function_tests(task)
    if kind == "asserts":
        return asserts(**common), _assert_tests(task)
    if kind == "pytest":
        return repo(**common), _repo_tests(task)
    if kind == "session":
        return session(**common), SessionTests(tuple(CellCase(**cell) for cell in task["cells"]))
    raise DataError(f"the task is of kind {kind!r}; expected stdin, function, asserts, pytest or session")


def _stdin_tests(task: Mapping[str, Any]) -> StdinTests:
    visible = _stdin_cases(task.get("visible") or ())
    return StdinTests(_stdin_cases(task["tests"]), visible=visible, weights=task.get("weights") or {})


def _group(test: Mapping[str, Any]) -> str:
    """The group that a test names, "" for none.

    Raises:
        DataError: it is no text.
    """
    group = test.get("group", "")
    if not isinstance(group, str):
        raise DataError(f"the group of a test is {group!r}; expected a text, as the names in weights are")
    return group


def _stdin_cases(tests: Sequence[Mapping[str, Any]]) -> tuple[StdinCase, ...]:
    cases = []
    for test in tests:
        own = test.get("limits") or {}
        limits = _limits(own)
        cpu = limits.cpu_seconds if "cpu" in own else None
        memory = limits.memory_bytes if "memory_mb" in own else None
        cases.append(StdinCase(test["input"], test["output"], cpu, memory, _group(test)))
    return tuple(cases)


def _function_tests(task: Mapping[str, Any]) -> FunctionTests:
    cases = tuple(
        FunctionCase(
            tuple(decode_row(arg) for arg in test.get("args", ())),
            decode_row(test["expected"]),
            {name: decode_row(value) for name, value in (test.get("kwargs") or {}).items()},
            group=_group(test),
        )
        for test in task["tests"]
    )
    rules = task.get("compare") or {}
    return FunctionTests(
        task["entry_point"],
        cases,
        float_abs=rules.get("float_abs", 0.0),
        float_rel=rules.get("float_rel", 0.0),
        nan_equal=rules.get("nan_equal", False),
        in_place=task.get("in_place"),
        weights=task.get("weights") or {},
    )


def _assert_tests(task: Mapping[str, Any]) -> AssertTests:
    if task["style"] == "humaneval":
        return AssertTests(test=task["test"], entry_point=task["entry_point"], prompt=task.get("prompt") or "")
    if task["style"] == "mbpp":
        return AssertTests(asserts=tuple(task["tests"]), setup=task.get("setup") or "")
    raise DataError(f"style is {task['style']!r}; expected 'humaneval' or 'mbpp'")


def _repo_tests(task: Mapping[str, Any]) -> RepoTests:
    return RepoTests(
        files=task.get("repo") or {},
        tests=task.get("tests") or {},
        fail_to_pass=tuple(task.get("fail_to_pass") or ()),
        pass_to_pass=tuple(task.get("pass_to_pass") or ()),
        hidden_files=task.get("tests_hidden") or {},
        hidden=tuple(task.get("hidden") or ()),
        controls=bool(task.get("negative_controls", True)),
        git_history=tuple(task.get("git_history") or ()),
        git_head=task.get("git_head"),
    )


def _limits(given: Mapping[str, Any]) -> Limits:
    """The limits that a row gives; 10 s of either clock where it says nothing.

    Where it states the CPU time alone, the wall clock leaves `WALL_PER_CPU` times as much.

    Raises:
        DataError: one is unknown or no number.
        ValueError: one is not positive.
    """
    unknown = sorted(given.keys() - _LIMITS.keys())
    if unknown:
        raise DataError(f"unknown limits {', '.join(unknown)}; expected some of {', '.join(_LIMITS)}")
    fields: dict[str, Any] = {}
    for key, value in given.items():
        name, unit = _LIMITS[key]
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            raise DataError(f"limit {key} is {value!r}; expected a positive number")
        fields[name] = int(value * unit) if isinstance(unit, int) else value * unit
    limits = Limits(**fields)
    if "wall" in given or "cpu" not in given:
        return limits
    return replace(limits, wall_seconds=max(limits.wall_seconds, WALL_PER_CPU * limits.cpu_seconds))


def _require(row: Mapping[str, Any], sandbox: Sandbox) -> None:
    for ability in row.get("requires") or ():
        probe = _PROBES.get(ability)
        if probe is None or sandbox.run(probe).status is not ExecStatus.OK:
            raise DataError(f"the {sandbox.name} sandbox has no {ability}, which this row needs")
