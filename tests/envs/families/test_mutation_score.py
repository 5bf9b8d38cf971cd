"""Tests on trial: what they may do, and what earns nothing."""

import pytest

from assaygym.envs.families.mutation_score import Unfit, caught
from assaygym.sandbox import shared_sandbox

RIGHT = "def f(x):\n    return sorted(v for v in x if v > 2)"
WRONG = (
    "def f(x):\n    return sorted(v for v in x if v >= 2)",
    "def f(x):\n    return [v for v in x if v > 2]",
    "def f(x):\n    return sorted(set(v for v in x if v > 2))",
)
GOOD = "assert f([3, 2]) == [3]\nassert f([5, 4]) == [4, 5]\nassert f([3, 3]) == [3, 3]\n"


def tried(tests: str, versions: tuple[str, ...] = (RIGHT, *WRONG)) -> list[bool]:
    return caught(tests, "f", versions, shared_sandbox())


@pytest.mark.parametrize(
    ("tests", "found"),
    [
        (GOOD, [True, True, True]),
        ("assert f([3, 2]) == [3]", [True, False, False]),
        ("assert not f([]) and f([9, 8])[0] == 8", [False, True, False]),
        (
            "def test_a():\n    assert f([3, 3]) == [3, 3]\n\ndef test_b():\n    assert f([2]) == []",
            [True, False, True],
        ),
        (
            "import random\ndef model(x):\n    return sorted(v for v in x if v > 2)\n"
            "for _ in range(50):\n    x = [random.randint(0, 5) for _ in range(6)]\n    assert f(list(x)) == model(x)",
            [True, True, True],
        ),
        ("try:\n    f(None)\n    assert False, 'no error'\nexcept TypeError:\n    assert f([4]) == [4]", [False] * 3),
        ("class Helper:\n    pass\ntest_data = [3, 2]\nassert f(test_data) == [3]", [True, False, False]),
    ],
)
def test_tests_catch_what_they_tell_apart(tests: str, found: list[bool]) -> None:
    assert tried(tests) == found


def test_changes_of_an_argument_do_not_reach_other_calls() -> None:
    assert tried("x = [5, 4]\nassert f(x) == [4, 5]\nassert x == [5, 4]") == [False, True, False]


@pytest.mark.parametrize(
    "tests",
    [
        "assert False",
        "assert f([1]) == 'wrong'",
        "raise ValueError",
        "def test_a():\n    assert f([3]) == []",
        "import os\nos._exit(0)",
        "import sys\nsys.exit(0)",
        "while True:\n    pass",
        "x = 'a' * 10**10\nassert f([3]) == [3]",
        "syntax error(",
        "(" * 50_000,
        "assert g([3]) == [3]",
        "import pytest_is_not_there\nassert f([3]) == [3]",
    ],
)
def test_tests_that_fail_the_reference_are_unfit(tests: str) -> None:
    with pytest.raises(Unfit, match="right implementation"):
        tried(tests)


@pytest.mark.parametrize("tests", ["", "x = 1", "assert True", "f([3])", "def helper():\n    assert f([3]) == [3]"])
def test_tests_that_assert_nothing_are_unfit(tests: str) -> None:
    with pytest.raises(Unfit):
        tried(tests)


@pytest.mark.parametrize(
    "look",
    [
        "f.__code__.co_code",
        "f.__name__",
        "f.__globals__",
        "str(f)",
        "len(f)",
        "f['x']",
        "list(f)",
        "setattr(f, 'x', 1)",
        "__import__('inspect').getsource(f)",
        "f._assay[0].ask('name', 'v1')",
        "f._assay[0].ask('defined', ['v1'])",
        "f._assay[0].call('v1', ([3],), {})",
        "f._assay[0].call({'$ref': [1, True]}, ([3],), {})",
    ],
)
def test_tests_that_look_at_more_than_results_are_unfit(look: str) -> None:
    code = f"assert f([3]) == [3]\ntry:\n    seen = {look}\nexcept Exception:\n    seen = None\nassert f([4]) == [4]"
    with pytest.raises(Unfit):
        tried(code)


@pytest.mark.parametrize("argument", ["lambda v: v", "f", "print", "[f]", "{'a': max}"])
def test_only_data_can_be_passed(argument: str) -> None:
    with pytest.raises(Unfit):
        tried(f"assert f([3]) == [3]\nf({argument})\nassert f([3]) == [3]")


@pytest.mark.parametrize(
    "chance",
    [
        "__import__('os').urandom(1)[0] % 2",
        "__import__('time').time_ns() // 1000 % 2",
        "__import__('random').SystemRandom().random() < 0.5",
    ],
)
def test_tests_that_fail_at_random_earn_nothing(chance: str) -> None:
    unfit = 0
    for salt in range(4):
        try:
            assert not any(tried(f"salt = {salt}\nassert f([9]) == [9]\nassert {chance}", (RIGHT, *WRONG * 2)))
        except Unfit:
            unfit += 1
    assert unfit >= 3


def test_a_version_that_answers_like_the_reference_cannot_be_caught() -> None:
    told = set()
    for salt in range(40):
        try:
            tried(f"salt = {salt}\nassert f([9]) == [9]\nimport os\nassert os.urandom(1)[0] > 60")
        except Unfit as error:
            told.add(str(error))
    assert told == {"the tests fail on the right implementation", "the tests fail on a version that answers like it"}


@pytest.mark.parametrize(
    "trick",
    [
        "import os\nopen('/tmp/seen', 'a').write('x')\nassert len(open('/tmp/seen').read()) == 1",
        "import os\nos.makedirs('seen', exist_ok=False)",
        "import builtins\nassert not hasattr(builtins, 'seen')\nbuiltins.seen = 1",
        "import sys\nassert 'seen' not in sys.modules\nsys.modules['seen'] = sys",
    ],
)
def test_one_run_leaves_nothing_for_the_next(trick: str) -> None:
    assert tried(f"{trick}\nassert f([9]) == [9]") == [False, False, False]


def test_a_forged_tally_catches_nothing() -> None:
    forged = (
        "import json, os, struct\n"
        "def say(m):\n    d = json.dumps(m).encode()\n    os.write(3, struct.pack('>I', len(d)) + d)\n"
        "assert f([9]) == [9]\nsay({})\nos._exit(0)"
    )
    assert tried(forged.format(["done", 5, 5, None])) == [False] * 3
    for message in (["done", 0, 0, None], ["done", True, 1, None], ["done"], "done", 7, ["broken", "x"], []):
        with pytest.raises(Unfit):
            tried(forged.format(message))


def test_calls_are_counted_and_bounded() -> None:
    with pytest.raises(Unfit, match="1000"):
        tried("for i in range(1500):\n    assert f([i]) == ([i] if i > 2 else [])")
    with pytest.raises(Unfit, match="large"):
        tried("assert f([9] * 200000)")


def test_a_call_that_exhausts_the_server_is_the_fault_of_the_tests() -> None:
    slow = "def f(x):\n    while x == [1]:\n        pass\n    return x"
    with pytest.raises(Unfit, match="takes too much"):
        tried("assert f([9]) == [9]\nf([1])", (slow, WRONG[0]))


def test_the_same_tests_get_the_same_verdict() -> None:
    assert [tried(GOOD) for _ in range(3)] == [[True, True, True]] * 3
