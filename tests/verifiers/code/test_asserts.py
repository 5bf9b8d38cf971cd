"""Assert statements: the test code and the candidate never share a process."""

from __future__ import annotations

import pytest

from assaygym.errors import DataError, VerifierError
from assaygym.sandbox import Limits, Sandbox
from assaygym.verifiers.code.asserts import run_asserts, sources_of
from assaygym.verifiers.code.outcome import Mode, Report, TestStatus
from assaygym.verifiers.code.tests import AssertTests

DOUBLE = "def f(x):\n    return 2 * x\n"


def run(sandbox: Sandbox, program: str, tests: AssertTests, mode: Mode = "binary") -> Report:
    return run_asserts(program, tests, sandbox=sandbox, limits=Limits(wall_seconds=5), mode=mode)


def check(body: str, prompt: str = "") -> AssertTests:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return AssertTests(test=f"def check(candidate):\n{lines}\n", entry_point="f", prompt=prompt)


def mbpp(*asserts: str, setup: str = "") -> AssertTests:
    return AssertTests(asserts=asserts, setup=setup)


def passes(sandbox: Sandbox, program: str, tests: AssertTests) -> bool:
    report = run(sandbox, program, tests)
    return report.score("binary").value == 1.0


@pytest.mark.parametrize(
    ("body", "program"),
    [
        ("assert candidate(2) == 4", DOUBLE),
        ("assert abs(candidate(2) - 4) < 1e-6", DOUBLE),
        ("for i in range(3):\n    assert candidate(i) == i + i", DOUBLE),
        ("x = [3, 1]\ncandidate(x)\nassert x == [1, 3]", "def f(x): x.sort()"),
        ("x = [[1], 2]\ny = x[0]\ncandidate(x)\nassert y == [1, 5] and x == [y, 2]", "def f(x): x[0].append(5)"),
        ("x = {}\ncandidate(x)\nassert x == {1: 2}", "def f(x): x[1] = 2"),
        ("assert sorted(candidate({2, 1})) == [1, 2]", "def f(x): return x"),
        ("assert candidate(lambda v: v + 1, 1) == 2 * candidate(abs, -1)", "def f(g, v): return g(v)"),
        ("assert candidate(int, '3') + 0 == 3", "def f(t, v): return t(v)"),
        ("try:\n    candidate(1)\nexcept ValueError as e:\n    assert str(e) == 'no'",
         "def f(x): raise ValueError('no')"),
        ("try:\n    candidate(1)\nexcept LookupError as e:\n    assert e",
         "class E(KeyError): pass\ndef f(x): raise E(1)"),
        ("a = candidate(1)\na.put(3)\nassert a.items == [1, 3] and len(a) == 2 and a[1] == 3 and list(a) == [1, 3]",
         "class f:\n    def __init__(self, x): self.items = [x]\n    def put(self, x): self.items.append(x)\n"
         "    def __len__(self): return len(self.items)\n    def __getitem__(self, i): return self.items[i]\n"),
        ("assert candidate(1) == candidate(2)\nassert candidate(1) is candidate(1)",
         "o = object()\ndef f(x): return o"),
        ("assert candidate(1)", "import re\ndef f(x): return re.match('a', 'a')"),
        ("assert f(3) == candidate(3) + 0", DOUBLE),
        ("import math\nassert candidate(math.pi) == math.tau", DOUBLE),
        ("if candidate(1) > 5:\n    assert False == candidate(1)\nassert candidate(1) + 0 == 2", DOUBLE),
    ],
)  # fmt: skip
def test_humaneval_style_right(sandbox: Sandbox, body: str, program: str) -> None:
    report = run(sandbox, program, check(body))
    assert report.explain().startswith("all ")
    assert report.passed >= 1


YES = (
    "class Y:\n    def __eq__(s, o): return True\n    def __ne__(s, o): return False\n"
    "    def __lt__(s, o): return True\n"
    "    def __sub__(s, o): return s\n    def __rsub__(s, o): return s\n    def __abs__(s): return s\n"
    "    def __contains__(s, o): return True\n    def __getattr__(s, n): return lambda *a: True\n"
    "    def __len__(s): return 0\n    def __iter__(s): return iter([])\n"
    "def f(*a): return Y()\n"
)


@pytest.mark.parametrize(
    "body",
    [
        "assert candidate(2) == 4",
        "x = 4\nassert candidate(2) == x",
        "assert abs(candidate(2) - 4) < 1e-6",
        "assert not candidate(2) != 4 + 0",
        "assert 4 in candidate(2)",
        "assert candidate(2).startswith('ab')",
        "assert candidate(2).issubset({1})",
        "assert isinstance(candidate(2), int)",
        "assert {1: candidate(2)} == {1: 4 + 0}",
    ],
)
def test_no_object_satisfies_an_assertion(sandbox: Sandbox, body: str) -> None:
    assert not passes(sandbox, YES, check(body))


@pytest.mark.parametrize("body", ["assert candidate(2) == 4", "assert abs(candidate(2) - 4) < 1e-6"])
@pytest.mark.parametrize(
    "program",
    [
        "import os\nos._exit(0)",
        "import os\ndef f(*a): os._exit(0)",
        "def f(*a): raise SystemExit(0)",
        "import builtins\nbuiltins.AssertionError = SystemExit\nbuiltins.abs = lambda x: 0\ndef f(*a): return None",
        "import sys\ndef f(*a): return [v for v in sys._getframe(1).f_code.co_consts if isinstance(v, float)]",
    ],
    ids=["exit_at_load", "exit", "system_exit", "patch", "frames"],
)
def test_no_exit_and_no_patch_satisfies_an_assertion(sandbox: Sandbox, body: str, program: str) -> None:
    assert not passes(sandbox, program, check(body))


@pytest.mark.parametrize(
    ("body", "program"),
    [
        ("for i in range(candidate(0)):\n    assert candidate(i) == 7", "def f(x): return 0"),
        ("try:\n    candidate(0)\nexcept ValueError:\n    assert candidate(1) + 0 == 1", DOUBLE),
        ("assert candidate(1) == 2\nassert candidate(1) + 1 == 0", DOUBLE),
        ("assert candidate(1) == 2\nassert neither_side_has_this(1)", DOUBLE),
        ("try:\n    assert candidate(1) + 0 == 3\nexcept AssertionError:\n    pass", DOUBLE),
        ("try:\n    candidate(1)\nexcept:\n    pass\nassert 1 + 1 == 2", "import os\ndef f(x): os._exit(0)"),
    ],
)
def test_humaneval_style_wrong(sandbox: Sandbox, body: str, program: str) -> None:
    assert not passes(sandbox, program, check(body))


HELPER = "def poly(cs, x):\n    return sum(c * x ** i for i, c in enumerate(cs))\n\ndef f(cs):\n    '''A root.'''\n"
ROOT = check("cs = [-6, 2]\nassert abs(poly(cs, candidate(cs))) < 1e-6", HELPER)


@pytest.mark.parametrize(
    ("program", "right"),
    [
        ("def f(cs): return -cs[0] / cs[1]", True),
        (f"{HELPER}    return -cs[0] / cs[1]", True),
        ("    return -cs[0] / cs[1] + 0 * poly(cs, 0)", True),
        ("def poly(cs, x): return 0\ndef f(cs): return 1", False),
        ("def poly(cs, x): return 5\ndef f(cs): return -cs[0] / cs[1]", False),
    ],
)
def test_the_helpers_of_the_prompt_are_ours_and_the_programs_must_work_too(
    sandbox: Sandbox, program: str, right: bool
) -> None:
    assert passes(sandbox, program, ROOT) is right


@pytest.mark.parametrize(
    ("tests", "program"),
    [
        (mbpp("assert f(2) == 4", "assert f(3) == 6"), DOUBLE),
        (mbpp("assert sum(10, 15) == 6"), "def sum(a, b): return 6"),
        (mbpp("assert sum(10, 5 + int('10')) == 6"), "def sum(a, b): return b - 9"),
        (mbpp("assert check(70) == False"), "def check(n): return False"),
        (mbpp("assert f([1, 'a'], int) == ['a']"), "def f(xs, t): return [x for x in xs if not isinstance(x, t)]"),
        (mbpp("assert size((1,)) == sys.getsizeof((1,))"), "import sys\ndef size(t): return sys.getsizeof(t)"),
        (mbpp("assert depth(root) == 2", setup="root = Node(1)\nroot.left = Node(2)"),
         "class Node:\n    def __init__(self, v): self.v, self.left = v, None\n"
         "def depth(n): return 0 if n is None else 1 + depth(n.left)"),
        (mbpp("assert longest([Pair(1, 2), Pair(3, 4)]) == 2"),
         "class Pair:\n    def __init__(self, a, b): self.a = a\ndef longest(ps): return len([p.a for p in ps])"),
        (mbpp("assert area(Box(2)) == 4", setup="import math\nclass Box:\n    def __init__(self, w): self.w = w"),
         "def area(b): return math.floor(b.w * 2)"),
        (mbpp("assert f(4) == math.sqrt(16) * 2", setup="import math"), DOUBLE),
    ],
)  # fmt: skip
def test_mbpp_style_right(sandbox: Sandbox, tests: AssertTests, program: str) -> None:
    assert run(sandbox, program, tests).explain().startswith("all ")


@pytest.mark.parametrize(
    ("tests", "program"),
    [
        (mbpp("assert f(2) == 4"), "def g(x): return 4"),
        (mbpp("assert set(f(2)) == {4}"), "def set(x): return {4}\ndef f(x): return 0"),
        (mbpp("assert abs(f(2) - 4) < 1"), "def abs(x): return 0\ndef f(x): return 9"),
        (mbpp("assert size((1,)) == sys.getsizeof((1,))"),
         "class sys:\n    getsizeof = lambda t: 5\ndef size(t): return 5"),
        (mbpp("assert f(ref(2)) == ref(4)", setup="def ref(x): return x * 3"),
         "def ref(x): return 0\ndef f(x): return 0"),
        (mbpp("assert depth(Node(1)) == 1"), "def depth(n): return 1"),
    ],
)  # fmt: skip
def test_mbpp_style_wrong(sandbox: Sandbox, tests: AssertTests, program: str) -> None:
    assert not passes(sandbox, program, tests)


@pytest.mark.parametrize("plain", [True, False])
def test_a_fraction_run_counts_every_assertion(sandbox: Sandbox, plain: bool) -> None:
    extra = "" if plain else " + 0"
    asserts = [f"assert candidate({i}) == {i * 2 if i < 3 else 0}{extra}" for i in range(4)]
    program = "def f(x): return 2 * x"
    report = run(sandbox, program, check("\n".join(asserts) + ("" if plain else "\nx = 1")), "fraction")
    assert (report.passed, report.total, len(report.outcomes)) == (3, 4, 4)
    named = mbpp(*[text.replace("candidate", "f") for text in asserts])
    report = run(sandbox, program, named, "fraction")
    assert (report.passed, report.total, len(report.outcomes)) == (3, 4, 4)


@pytest.mark.parametrize(
    "tests",
    [
        mbpp("assert f(1) == 2 + 0", setup="1 / 0"),
        AssertTests(test="def test(candidate): assert candidate(1)", entry_point="f"),
        AssertTests(test="def check(candidate): candidate(1)", entry_point="f"),
        AssertTests(test="def check(", entry_point="f"),
        mbpp("assert f(1"),
        mbpp("f(1)"),
        mbpp("assert f(object())"),
    ],
)
def test_a_fault_of_the_test_code_is_never_a_zero(sandbox: Sandbox, tests: AssertTests) -> None:
    with pytest.raises(VerifierError):
        run(sandbox, "def f(x): return x", tests)


def test_the_test_process_that_hangs_over_a_value_fails_the_program(sandbox: Sandbox) -> None:
    tests = check("n = candidate(1)\nwhile n > 0: n = n + 1\nassert n + 0 == 0")
    limits = Limits(wall_seconds=2, cpu_seconds=1, memory_bytes=64 << 20)  # so little leaves no doubt of its CPU time
    report = run_asserts(DOUBLE, tests, sandbox=sandbox, limits=limits, mode="binary")
    assert [outcome.status for outcome in report.outcomes] == [TestStatus.TIME_LIMIT]


PROMPT = "import math\n\ndef help(x):\n    return x\n\ndef f(x):\n    '''Doubles.'''\n"


@pytest.mark.parametrize(
    ("program", "kept"),
    [
        ("    return 2 * x\n", [f"{PROMPT}    return 2 * x\n"]),
        (f"{PROMPT}    return 2 * x\n", [f"{PROMPT}    return 2 * x\n"]),
        (DOUBLE, ["import math\n\ndef help(x):\n    return x", DOUBLE]),
        ("def f(:", ["import math\n\ndef help(x):\n    return x", "def f(:"]),
    ],
)
def test_a_program_gets_of_the_prompt_what_it_lacks(program: str, kept: list[str]) -> None:
    assert sources_of(program, AssertTests(test="def check(candidate): ...", entry_point="f", prompt=PROMPT)) == kept


@pytest.mark.parametrize(
    "fields",
    [{}, {"test": "x"}, {"test": "x", "entry_point": "f", "asserts": ("assert f()",)}],
)
def test_tests_of_neither_or_both_shapes_are_a_data_error(fields: dict[str, str]) -> None:
    with pytest.raises(DataError, match="HumanEval"):
        AssertTests(**fields)  # type: ignore[arg-type]


WAITING = "for n in range(4):\n    assert candidate(n, 'a') == n\n"


@pytest.mark.parametrize(
    ("body", "program", "passed", "total"),
    [
        (WAITING, "def f(n, c): return n", 4, 4),
        (WAITING, "def f(n, c): return n if n != 1 else 5", 3, 4),
        (WAITING, "def f(n, c): return n if n < 2 else 1 // 0", 2, 4),
        (WAITING, "import os\ndef f(n, c): return n if n < 3 else os._exit(0)", 3, 4),
        (WAITING, "def f(n, c): return n if n else exec('raise SystemExit')", 3, 4),
        (WAITING + "assert candidate(1, 'b') + 0 == 1\n", "def f(n, c): return n if c == 'a' else 2", 4, 5),
        ("xs = [2, 1]\nassert candidate(xs, 0) == xs + [0]\nassert xs == [2, 1]\n",
         "def f(xs, y): return [*xs, y]", 2, 2),
        ("xs = [2, 1]\nassert candidate(xs, 0) == 3\nassert xs == [2, 1, 0]\n",
         "def f(xs, y):\n    xs.append(y)\n    return 3", 2, 2),
        ("n = 0\nassert candidate(n, 1) == n\nn = 5\nassert candidate(n, 1) == n\n", "def f(n, c): return n", 2, 2),
        ("try:\n    assert candidate(1, 1) == 2\nexcept AssertionError:\n    pass\nassert candidate(1, 1) == 1\n",
         "def f(n, c): return n", 1, 1),
    ],
)  # fmt: skip
def test_assertions_that_wait_end_as_if_they_had_been_made_at_once(
    sandbox: Sandbox, body: str, program: str, passed: int, total: int
) -> None:
    report = run_asserts(program, check(body), sandbox=sandbox, limits=Limits(wall_seconds=5), mode="fraction")
    assert report.passed == passed, report.explain()
    assert (report.passed == report.total) is (passed == total)


def test_what_waits_cannot_be_swallowed_by_the_tests(sandbox: Sandbox) -> None:
    body = (
        "assert candidate(1) == 2\ntry:\n    candidate(0)\nexcept BaseException:\n    pass\nassert candidate(3) == 3\n"
    )
    for mode in ("binary", "fraction"):
        report = run_asserts(
            "def f(x): return x", check(body), sandbox=sandbox, limits=Limits(wall_seconds=5), mode=mode
        )
        assert report.explain().startswith("test ")
        assert report.passed < report.total


@pytest.mark.parametrize("bad", ["return y[::-1]", "return '!' + y", "import os; os._exit(0)"])
def test_a_program_that_breaks_a_helper_of_the_prompt_is_wrong(sandbox: Sandbox, bad: str) -> None:
    prompt = "def wrap(y):\n    return y + y\n\ndef f(y):\n    '''Half of it.'''\n"
    tests = AssertTests(
        test="def check(candidate):\n    for c in 'abc':\n        assert candidate(wrap(c)) == c\n",
        entry_point="f",
        prompt=prompt,
    )
    same = f"{prompt}    return y[:len(y) // 2]\n"
    assert run_asserts(same, tests, sandbox=sandbox, limits=Limits(wall_seconds=5), mode="binary").passed == 3
    other = same.replace("return y + y", bad)
    assert run_asserts(other, tests, sandbox=sandbox, limits=Limits(wall_seconds=5), mode="binary").passed < 3
