"""Calls that test code will make are asked several at a time; what was not foreseen is asked as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

from assaygym.sandbox import Limits, Sandbox
from assaygym.verifiers.code.asserts import run_asserts
from assaygym.verifiers.code.candidate import Candidate
from assaygym.verifiers.code.guest.ahead import Foreseen, Guess, Unforeseen
from assaygym.verifiers.code.guest.wire import Aborted
from assaygym.verifiers.code.outcome import Mode, Report, TestStatus
from assaygym.verifiers.code.tests import AssertTests

BOUND = "import math\nfor n in range(20):\n    x = candidate(n)\n    assert math.fabs(x - 2 * n) < 1"
DOUBLE = "def f(x):\n    return 2 * x\n"


def check(body: str, prompt: str = "") -> AssertTests:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return AssertTests(test=f"def check(candidate):\n{lines}\n", entry_point="f", prompt=prompt)


def run(sandbox: Sandbox, program: str, tests: AssertTests, mode: Mode = "binary") -> Report:
    return run_asserts(program, tests, sandbox=sandbox, limits=Limits(wall_seconds=5), mode=mode)


def outcomes(report: Report) -> list[tuple[TestStatus, str]]:
    return [(one.status, one.detail) for one in report.outcomes]


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many calls were asked together, of each batch that was asked."""
    asked: list[int] = []
    batch = Candidate.batch

    def counted(self: Candidate, requests: Any) -> Any:
        asked.append(len(requests))
        return batch(self, requests)

    monkeypatch.setattr(Candidate, "batch", counted)
    return asked


@pytest.fixture
def with_and_without(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Report]]:
    """The report of a program with what is foreseen and without."""

    def both(program: str, tests: AssertTests, mode: Mode = "binary") -> list[Report]:
        first = run(sandbox, program, tests, mode)
        with monkeypatch.context() as patch:
            patch.setattr(import_module("assaygym.verifiers.code.asserts"), "_foreseen", lambda suite, program: None)
            return [first, run(sandbox, program, tests, mode)]

    return both


def test_the_calls_of_a_loop_are_asked_in_growing_batches(sandbox: Sandbox, batches: list[int]) -> None:
    report = run(sandbox, DOUBLE, check(BOUND))
    assert (report.passed, report.total, batches) == (20, 20, [8, 12])


def test_a_program_that_fails_early_is_not_asked_the_rest(sandbox: Sandbox, batches: list[int]) -> None:
    assert run(sandbox, "def f(x): return 9", check(BOUND)).passed == 0
    assert batches == [8]


def test_calls_on_both_sides_of_an_assertion_are_foreseen(sandbox: Sandbox, batches: list[int]) -> None:
    body = "\n".join(f"assert tuple(candidate([{n}, 1])) == tuple(f([{n}, 1]))" for n in range(4))
    assert run(sandbox, "def f(x): return sorted(x)", check(body)).passed == 4
    assert batches == [8]


@pytest.mark.parametrize(
    ("body", "program"),
    [
        (BOUND, DOUBLE),
        (BOUND, "def f(x): return x"),
        (BOUND, "def f(x): return 2 * x if x < 3 else 'no'"),
        (BOUND, "def f(x): return 2 * x if x < 3 else 1 / 0"),
        (BOUND, "import os\ndef f(x): return 2 * x if x < 3 else os._exit(0)"),
        (BOUND, "import os\ndef f(x): return 5 if x < 3 else os._exit(0)"),
        (BOUND, "def f(x): return 2 * x if x < 19 else 0"),
        (BOUND, "class T(float): __sub__ = lambda s, o: s\ndef f(x): return T(9)"),
        (BOUND, "class T:\n    def __float__(s): return 0.0\ndef f(x): return T()"),
        (BOUND, "def g(x): return 2 * x"),
        ("xs = []\nfor n in range(6):\n    y = candidate(xs)\n    assert min(y, 9) == n",
         "def f(xs):\n    xs.append(1)\n    return len(xs) - 1"),
        ("xs = []\nfor n in range(6):\n    y = candidate(xs)\n    assert min(y, 9) == n", "def f(xs): return 0"),
        ("for n in range(6):\n    xs = [2, 1]\n    y = candidate(xs)\n    assert xs == [1, 2] and y is None",
         "def f(xs): xs.sort()"),
        ("for n in range(6):\n    xs = [2, 1]\n    y = candidate(xs)\n    assert xs == [1, 2] and y is None",
         "def f(xs): return sorted(xs)"),
        ("for n in range(9):\n    y = candidate(n)\n    if y > 3: break\n    assert min(y, 9) == n",
         "import os\ndef f(n): return n if n < 5 else os._exit(0)"),
        ("for n in range(6):\n    y = candidate(n)\n    assert sum(y) == n", "def f(n):\n    yield n\n"),
        ("for n in range(6):\n    y = candidate(n)\n    assert sum(y) == n", "def f(n):\n    yield n + 1\n"),
        ("for n in range(6):\n    try:\n        y = candidate(n)\n    except ValueError:\n        y = -1\n"
         "    assert min(y, 0) == -1", "def f(n): raise ValueError(n)"),
        ("for n in range(6):\n    y = candidate(n)\n    assert min(y, 9) == n\nassert candidate(y) == y + 0",
         "def f(n): return n"),
        ("n = 0\nfor _ in range(5):\n    y = candidate(n)\n    assert y == n\n    n += y or 1", "def f(n): return n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["binary", "fraction"])
def test_what_is_foreseen_changes_no_outcome(
    with_and_without: Callable[..., list[Report]], body: str, program: str, mode: Mode
) -> None:
    foreseen, plain = with_and_without(program, check(body), mode)
    assert outcomes(foreseen) == outcomes(plain)
    assert foreseen.total == plain.total


def test_test_code_that_swallows_everything_still_gets_true_answers(sandbox: Sandbox) -> None:
    body = (
        "seen = 1\nfor n in range(6):\n    try:\n        seen = candidate(seen)\n    except BaseException:\n"
        "        seen = 1\nassert max(seen, 0) == 64"
    )
    assert run(sandbox, DOUBLE, check(body)).score("binary").value == 1.0
    assert run(sandbox, "def f(x): return x", check(body)).score("binary").value == 0.0


def test_a_program_with_a_helper_of_its_own_is_asked_one_by_one(sandbox: Sandbox, batches: list[int]) -> None:
    tests = check(
        "for n in range(6):\n    y = candidate(n)\n    assert up(y) == n + 2", "def up(x):\n    return x + 1\n"
    )
    assert run(sandbox, "def up(x): return 1 + x\ndef f(n): return n + 1\n", tests).passed == 6
    assert set(batches) <= {1}


class FakeLine:
    """Answers that many calls, then no more."""

    def __init__(self, whole: int) -> None:
        self.left, self.foreseen, self.touched = whole, None, False
        self.asked: list[list[Any]] = []

    def answers(self, requests: list[list[Any]]) -> Iterator[list[Any]]:
        self.asked += requests
        for request in requests:
            if not self.left:
                return
            self.left -= 1
            yield ["value", request[2][0], []]


def test_each_answer_is_that_of_its_own_call() -> None:
    line = FakeLine(9)
    foreseen = Foreseen([[[n], {}] for n in range(9)], line)
    assert [foreseen.answer([n], {})[1] for n in range(9)] == list(range(9))
    assert not foreseen.failed


def test_another_call_than_the_foreseen_one_gets_no_answer() -> None:
    foreseen = Foreseen([[[1], {}], [[2], {}]], FakeLine(9))
    foreseen.answer([1], {})
    with pytest.raises(Unforeseen):
        foreseen.answer([3], {})
    assert foreseen.failed


def test_a_call_too_many_gets_no_answer() -> None:
    foreseen = Foreseen([[[1], {}]], FakeLine(9))
    foreseen.answer([1], {})
    with pytest.raises(Unforeseen):
        foreseen.answer([1], {})


def test_nothing_else_is_asked_after_calls_that_came_too_early() -> None:
    foreseen = Foreseen([[[1], {}], [[2], {}]], FakeLine(9))
    foreseen.check_used()
    foreseen.answer([1], {})
    with pytest.raises(Unforeseen):
        foreseen.check_used()


def test_the_end_of_the_program_counts_where_the_test_code_meets_it() -> None:
    foreseen = Foreseen([[[1], {}], [[2], {}]], FakeLine(1))
    foreseen.answer([1], {})
    assert foreseen.failed
    with pytest.raises(Aborted):
        foreseen.answer([2], {})
    assert not foreseen.failed


def test_a_guess_bears_whatever_arithmetic_does_with_it() -> None:
    uses: list[int] = []
    guess = Guess(lambda: uses.append(1))
    values = [guess + 1, 1 - guess, guess[0], guess.real, guess(2), abs(guess), round(guess, 2), guess / 2, -guess]
    assert all(value is guess for value in values)
    assert (float(guess), int(guess), len(guess), list(guess), 3 in guess, guess < 3) == (0.0, 0, 0, [], True, True)
    assert len(uses) >= len(values)
