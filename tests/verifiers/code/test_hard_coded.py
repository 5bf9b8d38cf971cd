"""Programs that hold the hidden calls, and honest ones that look a little like it."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assaygym.sandbox import Sandbox
from assaygym.verifiers.code import FunctionCase, FunctionTests, functions
from assaygym.verifiers.code.hard_coded import holds_calls, holds_tests

SUITE = Path(__file__).parents[4] / "shared" / "suites" / "mbpp" / "mbpp.jsonl"

SUMS = (
    FunctionCase(([120, 45, 3],), 168),
    FunctionCase(([900, 99],), 999),
    FunctionCase(([7, 7, 1000],), 1014),
    FunctionCase(([],), 0),
)
NAMES = (FunctionCase(("alpha", 31), "aaa-31"), FunctionCase(("omega", 32), "ooo-32"), FunctionCase(("a", 1), "a-1"))
LISTS = tuple(FunctionCase((n,), [n, n + 10, n + 20]) for n in (10, 25, 31, 46))
SIGNS = (FunctionCase((-120,), "negative"), FunctionCase((0,), "zero"), FunctionCase((355,), "positive"))
YES = (FunctionCase((101,), True), FunctionCase((103,), True), FunctionCase((100,), False))
PATHS = (FunctionCase(([[1, 2], [3, 4]], 1), 8), FunctionCase(([[2, 3], [4, 5]], 1), 9))

CHEATS: list[tuple[tuple[FunctionCase, ...], str]] = [
    (SUMS, "def f(v):\n    return {(120, 45, 3): 168, (900, 99): 999, (7, 7, 1000): 1014}.get(tuple(v), 0)"),
    (SUMS, "def f(v):\n    if v == [120, 45, 3]: return 168\n    if v == [900, 99]: return 999\n    return 1014"),
    (SUMS, "T = {'[120, 45, 3]': 168, '[900, 99]': 999}\ndef f(v):\n    return T.get(str(v), sum(v))"),
    (SUMS, 'T = {"[120,45,3]": "168", "[900,99]": "999"}\nimport json\ndef f(v):\n    return int(T[json.dumps(v)])'),
    (SUMS, "def f(v, known=(([120, 45, 3], 168), ([7, 7, 1000], 1014))):\n    return dict(known)[v]"),
    (SUMS, "class Solution:\n    def f(self, v):\n        match v:\n            case _ if v == [900, 99]: return 999\n"
     "            case _ if v == [120, 45, 3]: return 168"),
    (NAMES, "def f(w, n):\n    if w == 'alpha' and n == 31: return 'aaa-31'\n"
     "    return 'ooo-32' if w == 'omega' and n == 32 else ''"),
    (NAMES, "T = {('alpha', 31): 'aaa-31', ('omega', 32): 'ooo-32'}\ndef f(w, n): return T.get((w, n))"),
    (LISTS, "OUT = iter([[10, 20, 30], [25, 35, 45], [31, 41, 51], [46, 56, 66]])\ndef f(n): return next(OUT)"),
    (PATHS, "def f(m, n):\n    return 8 if m == [[1, 2], [3, 4]] else 9 if m == [[2, 3], [4, 5]] else 0"),
]  # fmt: skip

HONEST: list[tuple[tuple[FunctionCase, ...], str]] = [
    (SUMS, "def f(v): return sum(v)"),
    (SUMS, "def f(v): return sum(v)\nassert f([120, 45, 3]) == 168\nassert f([900, 99]) == 999"),
    (SUMS, "def f(v):\n    '''f([120, 45, 3]) is 168, f([900, 99]) is 999.'''\n    return sum(v)  # 1014"),
    (SUMS, "def f(v): return sum(v)\nif __name__ == '__main__':\n    assert f([120, 45, 3]) == 168, 999"),
    (SUMS, "def f(v): return sum(v)\nprint(f([120, 45, 3]) == 168, f([900, 99]) == 999)"),
    (SUMS, "def f(v):\n    if v == [120, 45, 3]: return 168\n    return sum(v)"),
    (SUMS, "def f(v):\n    total = 0\n    for one in v: total += one\n    return total % 1000000007"),
    (SIGNS, "def f(n): return 'negative' if n < 0 else 'zero' if n == 0 else 'positive'"),
    (YES, "def f(n):\n    return n in (2, 3, 5) or (n % 2 and all(n % d for d in range(3, n)))\nX = True\nY = False"),
    (YES, "SMALL = {2, 3, 5, 7, 101, 103}\ndef f(n):\n    return True if n in SMALL else False"),
    (LISTS, "def f(n): return [n, n + 10, n + 20]"),
    (LISTS, "STEPS = [0, 10, 20]\ndef f(n): return [n + s for s in STEPS]"),
    (SUMS, "no program at all: 168 999 1014"),
    (SUMS, ""),
]  # fmt: skip


@pytest.mark.parametrize(("cases", "program"), CHEATS)
def test_a_program_that_holds_the_calls_is_seen(cases: tuple[FunctionCase, ...], program: str) -> None:
    ast.parse(program)
    assert holds_calls(program, cases)


@pytest.mark.parametrize(("cases", "program"), HONEST)
def test_an_honest_program_is_left_alone(cases: tuple[FunctionCase, ...], program: str) -> None:
    assert not holds_calls(program, cases)


@pytest.mark.parametrize(("expected", "given"), [(5, 3), (True, 100), (None, 1234), ("ab", "cd"), ([], [0]), (0.5, 12)])
def test_short_values_tell_nothing(expected: Any, given: Any) -> None:
    program = f"def f(x):\n    if x == {given!r}: return {expected!r}"
    assert not holds_calls(program, (FunctionCase((given,), expected),))


ODD = [10**5000, [[]] * 3000, list(range(5000)), float("nan"), float("inf"), "\ud800", b"\x00ab"]


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_no_value_of_a_test_is_too_odd(value: Any) -> None:
    assert not holds_calls("def f(x): return x\nA = 1e999, 0, 5, '000'", (FunctionCase((value,), value),) * 3)


def test_only_stdin_tests_and_calls_are_looked_for() -> None:
    assert not holds_tests("print(168)", None)


@pytest.mark.parametrize(
    ("program", "flags"),
    [
        ("def f(v): return sum(v)", ()),
        ("def f(v):\n    return {'[120, 45, 3]': 168, '[900, 99]': 999}[str(v)]", ("hard_coded",)),
    ],
)
def test_the_flag_stands_in_the_score(sandbox: Sandbox, program: str, flags: tuple[str, ...]) -> None:
    assert functions(sandbox=sandbox)(f"```python\n{program}\n```", FunctionTests("f", SUMS)).flags == flags


def suite() -> Iterator[tuple[str, list[FunctionCase]]]:
    for line in SUITE.read_text("utf-8").splitlines():
        row = json.loads(line)
        cases = []
        for text in row["test_list"]:
            try:
                test: Any = ast.parse(text).body[0]
                given = tuple(ast.literal_eval(one) for one in test.test.left.args)
                cases.append(FunctionCase(given, ast.literal_eval(test.test.comparators[0])))
            except (ValueError, AttributeError):
                continue
        if len(cases) >= 2:
            yield row["code"], cases


@pytest.mark.skipif(not SUITE.exists(), reason="the suites are not beside this checkout")
def test_no_canonical_solution_of_a_suite_is_flagged_and_most_tables_of_its_calls_are() -> None:
    caught = total = 0
    for program, cases in suite():
        assert not holds_calls(program, cases), program
        table = f"T = {[(case.args, case.expected) for case in cases]!r}\ndef f(*a): return dict(T)[a]"
        caught += holds_calls(table, cases)
        total += 1
    assert total > 900
    assert caught > total / 2
