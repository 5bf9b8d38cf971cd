"""A loop that times a math verifier in an interpreter of its own, told what to do by lines of JSON.

Run by file name, as `python -I math_loop.py KIND CORE [FOLDER]`; KIND is `assaygym`, imported from the folder, or
`math-verify`. It keeps to that core. First it writes `{"versions": {...}}` or `{"absent": why}`; then each line

    {"pairs": [[gold, pred, dollars, boxed], ...], "group": G}      G predictions for each gold, which is read once

(0: one prediction, and what was kept of the pairs before is not forgotten)

is answered by `{"seconds": [...], "verdicts": [...], "rss_mb": [before, after], "peak_mb": ...}`: the time of each
pair, for a group that of one of its predictions, and true, false or null (undecided, unparsed, invalid or raised).
`dollars` and `boxed` are what the peer gets: the gold between dollar signs, a bare answer in a box.
"""

from __future__ import annotations

import gc
import importlib.metadata
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

__all__ = ["KINDS", "attempts", "main"]

MEMORY_BYTES = 4 << 30
Grader = tuple[Callable[[str], Any], Callable[[Any, str], Any], Callable[[], object], int]
"""Reads a gold; judges a prediction by it; forgets golds; where in a pair the gold is, before its prediction."""


def ours() -> Grader:
    """This package's verifier."""
    from assaygym.verifiers import compile_gold, verify_math
    from assaygym.verifiers.maths import verify

    kept = [value for value in vars(verify).values() if not isinstance(value, type)]
    caches = [value.cache_clear for value in kept if hasattr(value, "cache_clear")]

    def forget() -> None:
        for clear in caches:
            clear()

    def judge(gold: Any, pred: str) -> bool | None:
        score = verify_math(pred, gold)
        decided = score.verdict in ("correct", "incorrect") and "undecided" not in score.flags
        return score.value == 1.0 if decided else None

    return compile_gold, judge, forget, 0


def math_verify() -> Grader:
    """Math-Verify as its authors recommend it, with its own time limits."""
    import logging

    from math_verify import parse, verify  # type: ignore[import-not-found]

    logging.disable(logging.CRITICAL)

    def judge(gold: Any, pred: str) -> bool:
        return bool(verify(gold, parse(pred)))

    return parse, judge, lambda: None, 2


KINDS: dict[str, tuple[Callable[[], Grader], tuple[str, ...]]] = {
    "assaygym": (ours, ("sympy",)),
    "math-verify": (math_verify, ("math-verify", "latex2sympy2_extended", "antlr4-python3-runtime", "sympy")),
}
"""What each kind needs, and the packages whose versions matter."""


def attempts(pred: str, count: int) -> list[str]:
    """So many different texts with the same answer."""
    return [" " * number + pred for number in range(count)]


def timed(grader: Grader, pair: list[str], group: int) -> tuple[float, bool | None]:
    """Seconds for each prediction of a group, and the verdict on the first."""
    read, judge, forget, place = grader
    preds = attempts(pair[place + 1], group or 1)
    if group:
        forget()  # each pair reads its gold, whatever came before it
    verdicts = []
    start = time.perf_counter()
    try:
        gold = read(pair[place])
        verdicts = [judge(gold, pred) for pred in preds]
    except Exception:  # a verifier that raises has given no verdict
        verdicts = [None]
    except BaseException as error:  # Math-Verify's own time limit is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        verdicts = [None]
    return (time.perf_counter() - start) / len(preds), verdicts[0]


def answer(grader: Grader, request: dict[str, Any]) -> dict[str, Any]:
    """What one request found."""
    before = resident()
    grader[2]()
    found = [timed(grader, pair, request["group"]) for pair in request["pairs"]]
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    return {
        "seconds": [seconds for seconds, _ in found],
        "verdicts": [verdict if verdict is None else bool(verdict) for _, verdict in found],
        "rss_mb": [before, resident()],
        "peak_mb": round(peak, 1),
    }


def resident() -> float:
    """Megabytes of this process that are in memory."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return round(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20), 1)


def main() -> None:
    """Answer requests until standard input ends."""
    kind, core, *folders = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a verifier prints is no answer
    os.sched_setaffinity(0, {int(core)})
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    sys.path[:0] = folders
    make, packages = KINDS[kind]
    try:
        grader = make()
        greeting: dict[str, Any] = {"versions": {name: importlib.metadata.version(name) for name in packages}}
    except ImportError as error:
        grader, greeting = None, {"absent": f"{kind} is not installed for this interpreter: {error}"}
    print(json.dumps(greeting), file=answers, flush=True)
    gc.collect()
    for line in sys.stdin:
        assert grader is not None  # nobody asks an absent one
        print(json.dumps(answer(grader, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
