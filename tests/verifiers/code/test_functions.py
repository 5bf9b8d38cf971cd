"""Function calls on a program in a sandbox: what it can do is give values."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from assaygym.errors import DataError
from assaygym.sandbox import Limits, Sandbox
from assaygym.verifiers.code.codec import encode
from assaygym.verifiers.code.functions import Call, run_calls, run_functions
from assaygym.verifiers.code.outcome import Mode, Report, TestStatus
from assaygym.verifiers.code.tests import FunctionCase, FunctionTests

CLAMP = FunctionTests(
    "clamp", (FunctionCase((5, 0, 3), 3), FunctionCase((-1, 0, 3), 0), FunctionCase((2, 0, 3), 2, {"strict": False}))
)
RIGHT = "def clamp(v, lo, hi, strict=True):\n    return min(max(v, lo), hi)\n"


def run(
    sandbox: Sandbox, program: str, tests: FunctionTests = CLAMP, mode: Mode = "binary", wall: float = 10
) -> Report:
    return run_functions(program, tests, sandbox=sandbox, limits=Limits(wall_seconds=wall), mode=mode)


def one(entry_point: str, args: tuple[Any, ...], expected: object, **rules: Any) -> FunctionTests:
    return FunctionTests(entry_point, (FunctionCase(args, expected),), **rules)


@pytest.mark.parametrize(
    "program",
    [
        RIGHT,
        f"from __future__ import annotations\nimport sys\nprint('noise' * 10 ** 6)\nsys.stdout.close()\n{RIGHT}",
        f"{RIGHT}\nif __name__ == '__main__':\n    clamp(int(input()))\n",
        f"{RIGHT}\nimport inspect\nassert 'return min' in inspect.getsource(clamp)\n",
        f"import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: 'int' = 0\n{RIGHT}",
        "import functools, threading\n@functools.cache\n"
        "def clamp(v, lo, hi, **k):\n    out = []\n"
        "    t = threading.Thread(target=lambda: out.append(min(max(v, lo), hi)))\n"
        "    t.start(); t.join()\n    return out[0]\n",
        "clamp = lambda v, lo, hi, strict=1: sorted((v, lo, hi))[1]",
        "class N(int): pass\ndef clamp(v, lo, hi, strict=1): return N(sorted((v, lo, hi))[1])",
        "calls = []\ndef clamp(*a, **k):\n    calls.append(a)\n    return sorted(a)[1] if len(calls) <= 3 else None",
    ],
)
def test_a_right_program_passes_whatever_its_style(sandbox: Sandbox, program: str) -> None:
    report = run(sandbox, program)
    assert report.explain() == "all 3 tests passed"
    assert report.passed == report.total == 3


@pytest.mark.parametrize(
    "value", [0, -1, 2**60, 0.1, -0.0, "x\n\u1234", True, [1, [2.0, "a"]], {"a": (1, None)}, b"x", {3}]
)
def test_a_result_that_is_written_as_expected_needs_no_look(sandbox: Sandbox, value: object) -> None:
    def never(got: object) -> bool:
        raise AssertionError(got)

    call = Call("f", [encode(value)], {}, never, right=encode(value))
    report = run_calls(["def f(x): return x"], [call], sandbox=sandbox, limits=Limits(wall_seconds=5), mode="binary")
    assert report.passed == 1


@pytest.mark.parametrize("value", [math.nan, [1, math.nan], (math.nan,)])
def test_nan_is_equal_to_nothing_however_it_is_written(value: object) -> None:
    assert Call("f", [], {}, bool, right=encode(value)).request.expected == ""


def test_what_is_expected_is_no_part_of_what_is_sent() -> None:
    call = Call("f", [1], {"k": 2}, bool, "'secret'", right="secret")
    assert json.loads(f"[{call.request.text}") == ["call", "f", [1], {"k": 2}, False]


def test_equal_values_that_are_written_otherwise_are_right_too(sandbox: Sandbox) -> None:
    cases = (
        FunctionCase((), {1, 2, 3}),
        FunctionCase((), {"a": 1, "b": 2}),
        FunctionCase((), 1.0),
        FunctionCase((), 0.0),
    )
    program = "n = iter([{3, 2, 1}, {'b': 2, 'a': 1}, 1, -0.0])\ndef f(): return next(n)"
    assert run(sandbox, program, FunctionTests("f", cases)).passed == 4


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("def clamp(*a, **k): return None", TestStatus.WRONG),
        ("def clamp(*a, **k): return True", TestStatus.WRONG),
        ("def clamp(*a, **k): return '3'", TestStatus.WRONG),
        ("def clamp(*a, **k): raise ValueError('no')", TestStatus.RUNTIME_ERROR),
        ("def clamp(*a, **k): raise SystemExit(0)", TestStatus.RUNTIME_ERROR),
        ("import os\ndef clamp(*a, **k): os._exit(0)", TestStatus.RUNTIME_ERROR),
        ("import sys\nsys.exit(0)", TestStatus.RUNTIME_ERROR),
        ("def clamp(:", TestStatus.COMPILE_ERROR),
        ("x = 1", TestStatus.RUNTIME_ERROR),
        ("def clamp(*a, **k):\n    x = []\n    x.append(x)\n    return x", TestStatus.RUNTIME_ERROR),
        ("def clamp(*a, **k):\n    x = ['y']\n    while 1: x = x + x", TestStatus.MEMORY_LIMIT),
        ("def clamp(*a, **k): return clamp()", TestStatus.RUNTIME_ERROR),
        ("class Y:\n    def __eq__(s, o): return True\ndef clamp(*a, **k): return Y()", TestStatus.WRONG),
        ("class Y(int):\n    def __eq__(s, o): return True\ndef clamp(*a, **k): return Y(7)", TestStatus.WRONG),
        ("class Y(int):\n    def __index__(s): return 3\ndef clamp(*a, **k): return Y(7)", TestStatus.WRONG),
        ("import builtins\nbuiltins.min = builtins.max = lambda *a: 3\ndef clamp(*a, **k): return 4", TestStatus.WRONG),
    ],
)
def test_a_wrong_program_fails_its_first_test_and_is_stopped(
    sandbox: Sandbox, program: str, status: TestStatus
) -> None:
    report = run(sandbox, program)
    assert [outcome.status for outcome in report.outcomes] == [status]


@pytest.mark.parametrize(
    "forge",
    [
        "os.write(3, b'{\"passed\": true}\\n')",
        "frame([1, 'value', 3])",
        "frame([2, 'value', 9]); frame([3, 'value', 9])",
        "frame([2, 'error', 'ok', 'ok'])",
        "frame([2, 'callback', 0, [], {}])",
        "frame([2, 'value', {'$set': [[1]]}])",
        "frame([2, 'value', {'$ref': [-1, True]}])",
        "frame(['2', 'value', 3])",
        "frame({'passed': True})",
        "frame([2, ['value'], 3])",
        "os.write(3, b'\\xff\\xff\\xff\\xff')",
        "os.close(3)",
    ],
)
def test_writing_to_the_channel_forges_at_most_a_value(sandbox: Sandbox, forge: str) -> None:
    program = (
        "import json, os, struct\n"
        "def frame(m):\n    b = json.dumps(m).encode()\n    os.write(3, struct.pack('>I', len(b)) + b)\n"
        f"def clamp(*a, **k):\n    {forge}\n    os._exit(0)\n"
    )
    report = run(sandbox, program)
    assert report.passed == 0
    assert len(report.outcomes) == 1


def test_the_expected_values_are_nowhere_in_the_process(sandbox: Sandbox) -> None:
    program = (
        "import gc, sys\ndef f(x):\n    seen = '1437-terces'[::-1]\n"
        "    for o in gc.get_objects():\n        try:\n            if seen in repr(o) and o is not seen: return seen\n"
        "        except Exception: pass\n"
        "    f = sys._getframe()\n    while f:\n"
        "        if any(v == seen for n, v in f.f_locals.items() if n != 'seen'): return seen\n        f = f.f_back\n"
    )
    report = run(sandbox, program, one("f", (1,), "secret-7341"))
    assert report.outcomes[0].detail == "got null"


def test_a_crash_ends_a_binary_run_and_costs_one_test_in_a_fraction_run(sandbox: Sandbox) -> None:
    program = "import os\ndef clamp(v, lo, hi, strict=1):\n    if v < 0: os._exit(0)\n    return min(v, hi)\n"
    assert len(run(sandbox, program).outcomes) == 2
    report = run(sandbox, program, mode="fraction")
    assert [outcome.status for outcome in report.outcomes] == [
        TestStatus.OK,
        TestStatus.RUNTIME_ERROR,
        TestStatus.OK,
    ]


def test_a_program_that_always_dies_gets_a_bounded_number_of_processes(sandbox: Sandbox) -> None:
    tests = FunctionTests("f", tuple(FunctionCase((i,), i) for i in range(30)))
    report = run(sandbox, "import os\ndef f(x): os._exit(0)", tests, mode="fraction")
    assert (report.passed, report.total) == (0, 30)
    assert len(report.outcomes) < 30


def test_a_hang_is_a_time_limit(sandbox: Sandbox) -> None:
    report = run(sandbox, "def clamp(*a, **k):\n    while True: pass", wall=1)
    assert [outcome.status for outcome in report.outcomes] == [TestStatus.TIME_LIMIT]


@pytest.mark.parametrize(
    ("value", "program"),
    [
        ({(1, 2): [None, {3.5}]}, "def f(x): return x"),
        (b"\x00\xff", "def f(x): return x"),
        (2**5000 + 1, "def f(x): return x"),
        (-math.inf, "def f(x): return x"),
        (frozenset({1}), "def f(x): return x"),
        (range(5), "def f(x): return x"),
        ("\ud800é", "def f(x): return x"),
        ([[1], [1]], "def f(x):\n    y = [1]\n    return [y, y]"),
    ],
)
def test_plain_values_go_in_and_come_out_exactly(sandbox: Sandbox, value: object, program: str) -> None:
    assert run(sandbox, program, one("f", (value,), value)).passed == 1


def test_each_call_gets_fresh_arguments_and_a_fresh_instance(sandbox: Sandbox) -> None:
    shared = [3, 1]
    tests = FunctionTests("Solution().f", tuple(FunctionCase((shared,), [[3, 1], 1]) for _ in range(3)))
    program = (
        "class Solution:\n    def __init__(self): self.n = 0\n"
        "    def f(self, xs):\n        self.n += 1\n        before = list(xs)\n"
        "        xs.sort()\n        return [before, self.n]\n"
    )
    assert run(sandbox, program, tests).passed == 3
    assert shared == [3, 1]


@pytest.mark.parametrize(
    ("rules", "passed"), [({}, 0), ({"float_abs": 1e-6}, 1), ({"float_rel": 1e-6}, 1), ({"nan_equal": True}, 0)]
)
def test_floats_are_compared_as_the_tests_say(sandbox: Sandbox, rules: dict[str, Any], passed: int) -> None:
    assert run(sandbox, "def f(): return 0.1 + 0.2", one("f", (), 0.3, **rules)).passed == passed


def test_the_explanation_tells_expected_values_only_when_asked(sandbox: Sandbox) -> None:
    report = run(sandbox, "def f(): return 1", one("f", (), "hidden"))
    assert report.explain() == "test 1 of 1: wrong: got 1"
    assert report.explain(reveal=True) == "test 1 of 1: wrong: got 1; expected 'hidden'"


def test_a_test_that_is_not_plain_data_is_a_data_error(sandbox: Sandbox) -> None:
    with pytest.raises(DataError, match="cannot be sent"):
        run(sandbox, "def f(x): return x", one("f", (object(),), 1))


def test_tests_without_a_case_are_a_data_error() -> None:
    with pytest.raises(DataError, match="no test"):
        FunctionTests("f", ())


ROTATE = FunctionTests("f", (FunctionCase(([1, 2, 3],), [2, 3, 1]), FunctionCase(([5, 6],), [6, 5])), in_place=0)


@pytest.mark.parametrize(
    ("program", "right"),
    [
        ("def f(xs): xs.append(xs.pop(0))", True),
        ("def f(xs):\n    xs.append(xs.pop(0))\n    return xs", True),
        ("def f(xs): xs[:] = xs[1:] + xs[:1]", True),
        ("def f(xs): return xs[1:] + xs[:1]", False),
        ("def f(xs): pass", False),
        ("class Y(list):\n    def __eq__(s, o): return True\ndef f(xs): xs[:] = [Y()] * len(xs)", False),
    ],
)
def test_an_argument_changed_in_place_is_the_result_where_asked(sandbox: Sandbox, program: str, right: bool) -> None:
    report = run_functions(program, ROTATE, sandbox=sandbox, limits=Limits(wall_seconds=20), mode="binary")
    assert (report.passed == report.total) is right, report.explain()


@pytest.mark.parametrize(
    ("value", "right"), [("(1, [2])", True), ("[True, (2,)]", True), ("{1, 2}", False), ("7", True), ("8", False)]
)
def test_other_results_and_kinds_count_where_the_tests_say_so(sandbox: Sandbox, value: str, right: bool) -> None:
    case = FunctionCase((0,), [1, [2]], also=(7,))
    tests = FunctionTests("f", (case,), bool_is_int=True, sequences_equal=True)
    report = run_functions(
        f"def f(x): return {value}", tests, sandbox=sandbox, limits=Limits(wall_seconds=20), mode="binary"
    )
    assert (report.passed == 1) is right, report.explain()


def test_a_place_that_no_argument_has_is_refused() -> None:
    with pytest.raises(DataError, match="in_place is 1"):
        FunctionTests("f", (FunctionCase((1,), 1),), in_place=1)
