"""The same verdict every time, on a busy machine too; and runs that share nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from assaygym.errors import IsolationError
from assaygym.sandbox import ExecResult, Limits, Sandbox, _channel, _local, inputs, open_sandbox
from assaygym.sandbox._outcome import outcome
from assaygym.verifiers.code import AssertTests, FunctionCase, FunctionTests, StdinCase, StdinTests, verify_row
from assaygym.verifiers.code.outcome import Report
from assaygym.verifiers.code.verifier import CodeVerifier, asserts, functions, stdio

STDIN = StdinTests(tuple(StdinCase(f"{n}\n", f"{2 * n}\n") for n in range(3)))
FUNCTION = FunctionTests("f", tuple(FunctionCase((n,), 2 * n) for n in range(3)))
ASSERTS = AssertTests(
    test="def check(candidate):\n    for n in range(3): assert candidate(n) == 2 * n\n", entry_point="f"
)
BURN = "import time\nwhile time.process_time() < {seconds}: pass\n"
together = partial(stdio, runs="one")
PROGRAMS: list[tuple[Any, Any, str, str]] = [
    (stdio, STDIN, "print(2 * int(input()))", "correct"),
    (stdio, STDIN, "print(2)", "wrong"),
    (stdio, STDIN, BURN.format(seconds=0.3) + "print(2 * int(input()))", "correct"),
    (stdio, STDIN, "while True: pass", "time_limit"),
    (stdio, STDIN, "raise SystemExit(3)", "runtime_error"),
    (stdio, STDIN, "x = []\nwhile True: x.append(bytearray(1 << 27))", "memory_limit"),
    (stdio, STDIN, "while True: print('x' * 9999)", "output_limit"),
    (stdio, STDIN, "print(", "compile_error"),
    (together, STDIN, "print(2 * int(input()))", "correct"),
    (together, STDIN, "print(2)", "wrong"),
    (together, STDIN, BURN.format(seconds=0.3) + "print(2 * int(input()))", "correct"),
    (together, STDIN, "while True: pass", "time_limit"),
    (together, STDIN, "x = []\nwhile True: x.append(bytearray(1 << 27))", "memory_limit"),
    (functions, FUNCTION, "def f(x): return 2 * x", "correct"),
    (functions, FUNCTION, "def f(x): return 2 * x if x < 2 else 0", "wrong"),
    (functions, FUNCTION, "def f(x):\n    while x: pass\n    return 0", "time_limit"),
    (functions, FUNCTION, f"{BURN.format(seconds=0.3)}def f(x): return 2 * x", "correct"),
    (functions, FUNCTION, "import os\ndef f(x): os._exit(0)", "runtime_error"),
    (asserts, ASSERTS, "def f(x): return x + x", "correct"),
    (asserts, ASSERTS, "def f(x): return x", "wrong"),
    (asserts, ASSERTS, "def f(x):\n    while x: pass\n    return 0", "time_limit"),
]  # fmt: skip
REPEATS = 5


def verdict(box: Sandbox, make: Any, tests: Any, program: str) -> tuple[str, Report]:
    verifier: CodeVerifier[Any] = make(sandbox=box, limits=Limits(cpu_seconds=1.0, wall_seconds=60.0))
    report = verifier.run(program, tests)
    return "correct" if report.passed == report.total else report.outcomes[-1].status.value, report


@pytest.fixture
def endings(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[ExecResult]]:
    """The ends of the runs that this thread has had since it last asked, which no report keeps."""
    kept = threading.local()

    def listening(*given: Any) -> ExecResult:
        vars(kept).setdefault("results", []).append(result := outcome(*given))
        return result

    for module in (_local, _channel, inputs):
        monkeypatch.setattr(module, "outcome", listening)
    return lambda: vars(kept).pop("results", [])


@pytest.fixture
def crowded() -> Iterator[Sandbox]:
    """A jail of twice as many workers as there are cores."""
    try:
        box = open_sandbox("jail", 2 * len(os.sched_getaffinity(0)))
    except IsolationError as error:
        pytest.skip(f"this machine cannot isolate programs: {error}")
    with box:
        yield box


@pytest.fixture
def busy() -> Iterator[None]:
    """Every core has something else to do."""
    spinners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in os.sched_getaffinity(0)]
    yield
    assert all(one.poll() is None for one in spinners), "nothing kept the machine busy"
    for one in spinners:
        one.kill()
        one.wait()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("busy")
def test_verdicts_are_the_same_five_times_on_a_busy_machine(
    crowded: Sandbox, endings: Callable[[], list[ExecResult]]
) -> None:
    def differs(job: tuple[Any, Any, str, str]) -> str:
        make, tests, program, expected = job
        told, report = verdict(crowded, make, tests, program)
        ends = [replace(end, stdout=end.stdout[-200:], stderr=end.stderr[-2000:], isolation=()) for end in endings()]
        return "" if told == expected else f"{told}, expected {expected}: {program!r}, {make}\n{report}\n{ends}"

    with ThreadPoolExecutor(2 * crowded.workers) as pool:  # type: ignore[attr-defined]
        wrong = [told for told in pool.map(differs, PROGRAMS * REPEATS) if told]
    assert not wrong, "\n\n".join(wrong)


LEAKS = {
    "a name": ("leaked = 6", "print(globals().get('leaked'))"),
    "a builtin": ("import builtins\nbuiltins.leaked = 6", "import builtins\nprint(hasattr(builtins, 'leaked'))"),
    "an attribute of a module": ("import math\nmath.leaked = 6", "import math\nprint(hasattr(math, 'leaked'))"),
    "a patched function": ("import math\nmath.sqrt = lambda x: 6", "import math\nprint(math.sqrt(4) == 6)"),
    "a patched builtin": ("import builtins\nbuiltins.sum = lambda x: 6", "print(sum([1]) == 6)"),
    "a patched class": ("import collections\ncollections.Counter.leaked = 6",
                        "import collections\nprint(hasattr(collections.Counter, 'leaked'))"),
    "a module": ("import sys, types\nsys.modules['leaked'] = types.ModuleType('leaked')",
                 "try:\n    import leaked\n    print(True)\nexcept ImportError: print(False)"),
    "an import": ("import xml.dom.minidom", "import sys\nprint('xml.dom.minidom' in sys.modules)"),
    "a module that is gone": ("import sys\nsys.modules['json'] = None",
                              "try:\n    import json\n    print(False)\nexcept ImportError: print(True)"),
    "the environment": ("import os\nos.environ['LEAKED'] = '6'\nos.putenv('LEAKED', '6')",
                        "import os\nprint('LEAKED' in os.environ)"),
    "the working directory": ("import os\nos.makedirs('leaked')\nos.chdir('leaked')",
                              "import os\nprint(os.getcwd().endswith('leaked'))"),
    "a file": ("open('leaked', 'w').write('6')", "import os\nprint(os.path.exists('leaked'))"),
    "a file in /tmp": ("open('/tmp/leaked', 'w').write('6')", "import os\nprint(os.path.exists('/tmp/leaked'))"),
    "shared memory": ("open('/dev/shm/leaked', 'w').write('6')",
                      "import os\nprint(os.path.exists('/dev/shm/leaked'))"),
    "a module file": ("open('leaked.py', 'w').write('x = 6')",
                      "try:\n    import leaked\n    print(True)\nexcept ImportError: print(False)"),
    "the path": ("import sys\nsys.path.insert(0, '/leaked')", "import sys\nprint('/leaked' in sys.path)"),
    "the random state": ("import random\nrandom.seed(12345)",
                         "import random\na = random.random()\nrandom.seed(12345)\nprint(a == random.random())"),
    "the recursion limit": ("import sys\nsys.setrecursionlimit(77777)",
                            "import sys\nprint(sys.getrecursionlimit() == 77777)"),
    "a signal handler": ("import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)",
                         "import signal\nprint(signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN)"),
    "the umask": ("import os\nos.umask(0o777)", "import os\nprint(os.umask(0) == 0o777)"),
    "a limit": ("import resource as r\nr.setrlimit(r.RLIMIT_NOFILE, (9, 9))",
                "import resource as r\nprint(r.getrlimit(r.RLIMIT_NOFILE)[0] == 9)"),
    "a descriptor": ("import os\nos.dup2(1, 77)",
                     "import os\ntry:\n    os.fstat(77)\n    print(True)\nexcept OSError: print(False)"),
    "a hook": ("import sys\nsys.excepthook = print", "import sys\nprint(sys.excepthook is print)"),
    "a warning filter": ("import warnings\nwarnings.filters.insert(0, 'leaked')",
                         "import warnings\nprint('leaked' in warnings.filters)"),
    "a decimal context": ("import decimal\ndecimal.getcontext().prec = 6",
                          "import decimal\nprint(decimal.getcontext().prec == 6)"),
    "the locale": ("import locale\nlocale.setlocale(locale.LC_ALL, 'C.UTF-8')",
                   "import locale\nprint(locale.setlocale(locale.LC_ALL) == 'C.UTF-8')"),
    "an abstract socket": ("import socket, os, time\nif os.fork() == 0:\n    s = socket.socket(socket.AF_UNIX)\n"
                           "    s.bind('\\0leaked')\n    s.listen()\n    time.sleep(60)\ntime.sleep(0.1)",
                           "import socket\ns = socket.socket(socket.AF_UNIX)\ntry:\n    s.connect('\\0leaked')\n"
                           "    print(True)\nexcept OSError: print(False)"),
    "the cache of compiled expressions": ("import re\nre.compile('x').__class__\nre._cache['leaked'] = 6",
                                          "import re\nprint('leaked' in re._cache)"),
    "source lines": ("import linecache\nlinecache.cache['leaked'] = 6",
                     "import linecache\nprint('leaked' in linecache.cache)"),
}  # fmt: skip


def task(looks: str) -> dict[str, Any]:
    return {"kind": "stdin", "tests": [{"input": "", "output": looks}]}


@pytest.mark.parametrize(("leaves", "looks"), LEAKS.values(), ids=LEAKS)
def test_a_whole_program_finds_nothing_of_the_one_before(one: Sandbox, leaves: str, looks: str) -> None:
    together = verify_row({"id": 1, "task": task("True"), "program": f"{leaves}\n{looks}"}, one)
    row = {"id": 1, "task": task("True"), "program": looks, "prior": [{"task": task(""), "program": leaves}]}
    after = verify_row(row, one)
    assert after["value"] == 0.0
    assert together["value"] == 1.0 or "None" in looks or "globals" in looks, "the look itself finds nothing"
    assert after["tests"][0]["status"] == "wrong"


FINDS = {"kind": "function", "entry_point": "f", "tests": [{"args": [], "expected": True}]}


@pytest.mark.parametrize(("leaves", "looks"), LEAKS.values(), ids=LEAKS)
def test_a_function_finds_nothing_of_the_program_before(one: Sandbox, leaves: str, looks: str) -> None:
    body = "\n".join(f"    {line}" for line in looks.split("\n"))
    program = f"def f():\n    out = []\n    print = out.append\n{body}\n    return out[-1]"
    row = {
        "id": 1,
        "task": FINDS,
        "program": program,
        "prior": [{"task": FINDS, "program": f"{leaves}\ndef f(): pass"}],
    }
    assert verify_row(row, one)["value"] == 0.0


def test_state_of_one_call_is_there_in_the_next_of_the_same_program_only(one: Sandbox) -> None:
    program = "n = 0\ndef f():\n    global n\n    n += 1\n    return n"
    tests = {"kind": "function", "entry_point": "f", "tests": [{"args": [], "expected": k} for k in (1, 2, 3)]}
    for _ in range(3):
        assert verify_row({"id": 1, "task": tests, "program": program}, one)["value"] == 1.0
