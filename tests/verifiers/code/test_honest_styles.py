"""Right programs of unusual styles are paid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from assaygym.sandbox import Limits, Sandbox
from assaygym.verifiers.code.checkers import TextChecker
from assaygym.verifiers.code.functions import run_functions
from assaygym.verifiers.code.stdio import run_stdio
from assaygym.verifiers.code.tests import FunctionCase, FunctionTests, StdinCase, StdinTests

LIMITS = Limits(wall_seconds=20)
PRODUCT = StdinTests((StdinCase("2 3\n", "6\n"),))
SOLVE = "a, b = map(int, input().split()); print(a * b)"
DEEP = "import functools, sys\nsys.setrecursionlimit(10 ** 6)\n"


@pytest.mark.parametrize(
    "program",
    [
        f"import resource as r\nr.setrlimit(r.RLIMIT_STACK, (r.RLIM_INFINITY, r.RLIM_INFINITY))\n{SOLVE}",
        f"import threading\nthreading.stack_size(2 ** 28)\nthreading.Thread(target=lambda: exec({SOLVE!r})).start()",
        "import threading\ne = threading.Event()\nts = [threading.Thread(target=e.wait) for _ in range(30)]\n"
        f"for t in ts: t.start()\ne.set()\n{SOLVE}",
        f"import sys\nfor _ in range(9000): print('debug' * 20, file=sys.stderr)\n{SOLVE}",
        f"import sys\n{SOLVE}\nsys.exit(0)",
        f"import threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n{SOLVE}",
    ],
)
def test_a_right_whole_program_is_paid(sandbox: Sandbox, program: str) -> None:
    report = run_stdio(program, PRODUCT, checker=TextChecker("tokens"), sandbox=sandbox, limits=LIMITS, mode="binary")
    assert report.explain() == "all 1 tests passed"


@pytest.mark.parametrize(
    ("program", "given", "expected"),
    [
        (f"{DEEP}def f(n): return n and 1 + f(n - 1)", 100_000, 100_000),
        (f"{DEEP}@functools.lru_cache(None)\ndef f(n): return n and 1 + f(n - 1)", 50_000, 50_000),
        ("import sys\ndef f(n): return n\nsys.exit(0)", 1, 1),
        ("def f(n):\n    for _ in range(100_000): print('x' * 50)\n    return n", 1, 1),
        ("def f(n): return 7 ** n", 100_000, 7**100_000),
        ("def f(n): return list(range(n))", 500_000, list(range(500_000))),
    ],
    ids=range(6),
)
def test_a_right_function_is_paid(sandbox: Sandbox, program: str, given: int, expected: object) -> None:
    tests = FunctionTests("f", (FunctionCase((given,), expected),))
    report = run_functions(program, tests, sandbox=sandbox, limits=LIMITS, mode="binary")
    assert report.explain() == "all 1 tests passed"


def test_a_program_that_exits_with_a_failure_does_not_load(sandbox: Sandbox) -> None:
    tests = FunctionTests("f", (FunctionCase((1,), 1),))
    report = run_functions(
        "import sys\ndef f(n): return n\nsys.exit(1)", tests, sandbox=sandbox, limits=LIMITS, mode="binary"
    )
    assert report.passed == 0


def test_right_programs_judged_at_once_do_not_time_each_other_out(jail: Sandbox) -> None:
    program = "import time\ndef f(n):\n    while time.process_time() < 0.4: pass\n    return n"
    tests = FunctionTests("f", (FunctionCase((1,), 1),))
    limits = Limits(cpu_seconds=2, wall_seconds=3)

    def one(_: int) -> str:
        return run_functions(program, tests, sandbox=jail, limits=limits, mode="binary").explain()

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(one, range(32))) == {"all 1 tests passed"}
