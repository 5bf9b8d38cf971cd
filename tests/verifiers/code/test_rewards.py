"""Groups of tests: a group's weight is earned whole or not at all."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.errors import ConfigError, DataError
from assaygym.sandbox import Sandbox
from assaygym.types import Verdict
from assaygym.verifiers.code import FunctionCase, FunctionTests, StdinCase, StdinTests, functions, stdio
from assaygym.verifiers.code.outcome import Outcome, Report, TestStatus
from assaygym.verifiers.code.rewards import grouped, groups_passed

OK, WRONG = Outcome(TestStatus.OK), Outcome(TestStatus.WRONG)
GROUPS = ("small", "small", "large", "large", "large")
WEIGHTS = {"small": 30.0, "large": 70.0}


@pytest.mark.parametrize(
    ("passed", "value"),
    [
        ([1, 1, 1, 1, 1], 1.0),
        ([1, 1, 1, 1, 0], 0.3),
        ([0, 1, 1, 1, 1], 0.7),
        ([1, 0, 0, 1, 1], 0.0),
        ([0, 0, 0, 0, 0], 0.0),
    ],
)
def test_a_weight_is_earned_by_all_tests_of_its_group(passed: list[bool], value: float) -> None:
    assert grouped(GROUPS, passed, WEIGHTS) == pytest.approx(value)


def test_groups_without_weights_count_the_same() -> None:
    assert grouped(GROUPS, [True, True, False, True, True], {}) == 0.5


def test_the_order_of_the_tests_does_not_matter() -> None:
    assert groups_passed(("b", "a", "b", "a"), [True, True, True, False]) == ["b"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1), st.integers(0, 50))
def test_one_more_passed_test_never_earns_less(tests: list[tuple[str, bool]], place: int) -> None:
    groups, passed = [group for group, _ in tests], [held for _, held in tests]
    better = [held or number == place % len(tests) for number, held in enumerate(passed)]
    weights = {"a": 1.0, "b": 2.0, "c": 4.0}
    assert 0.0 <= grouped(groups, passed, weights) <= grouped(groups, better, weights) <= 1.0
    assert grouped(groups, passed, weights) <= sum(passed)


def report(*outcomes: Outcome, **fields: Any) -> Report:
    return Report(outcomes=outcomes, total=5, groups=GROUPS, weights=WEIGHTS, **fields)


def test_a_score_tells_the_groups() -> None:
    score = report(OK, OK, WRONG, OK, OK).score("groups")
    assert score.value == pytest.approx(0.3)
    assert score.verdict is Verdict.PARTIAL
    assert (score.metrics["groups_passed"], score.metrics["groups"], score.metrics["passed"]) == (1.0, 2.0, 4.0)


def test_tests_that_were_not_run_passed_not() -> None:
    assert report(OK, OK, WRONG).score("groups").value == pytest.approx(0.3)
    assert report(OK).score("groups").value == 0.0


def test_other_modes_look_at_no_group() -> None:
    assert report(OK, OK, WRONG, OK, OK).score("fraction").value == 0.8
    assert report(OK, OK, WRONG, OK, OK).score("binary").value == 0.0


def test_tests_without_groups_earn_their_share() -> None:
    assert Report(outcomes=(OK, WRONG), total=2).score("groups").value == 0.5


def test_a_group_of_no_weight_earns_nothing_and_takes_nothing() -> None:
    assert grouped(("sample", "rest"), [True, False], {"sample": 0.0, "rest": 1.0}) == 0.0
    assert grouped(("sample", "rest"), [False, True], {"sample": 0.0, "rest": 1.0}) == 1.0


STDIN = StdinTests(
    tuple(StdinCase(f"{n}\n", f"{2 * n}\n", group="even" if n % 2 == 0 else "odd") for n in range(6)),
    weights={"even": 1.0, "odd": 3.0},
)


@pytest.mark.parametrize("runs", ["many", "one"])
def test_a_program_earns_the_groups_it_solves(sandbox: Sandbox, runs: Any) -> None:
    verifier = stdio(sandbox=sandbox, mode="groups", runs=runs)
    assert verifier("```python\nprint(2 * int(input()))\n```", STDIN).value == 1.0
    assert verifier("```python\nn = int(input())\nprint(2 * n if n % 2 else -1)\n```", STDIN).value == 0.75
    assert (
        verifier("```python\nn = int(input())\nprint(2 * n if n != 3 and n != 4 else 1 / 0)\n```", STDIN).value == 0.0
    )


CALLS = tuple(FunctionCase((n,), abs(n), group="+" if n > 0 else "-") for n in (1, 2, -1, -2))
FUNCTION = FunctionTests("f", CALLS, weights={"+": 1, "-": 4})


def test_a_function_earns_the_groups_it_solves(sandbox: Sandbox) -> None:
    verifier = functions(sandbox=sandbox, mode="groups")
    assert verifier("```python\ndef f(n): return n\n```", FUNCTION).value == pytest.approx(0.2)
    assert verifier("```python\ndef f(n): return -n\n```", FUNCTION).value == pytest.approx(0.8)
    crash = "```python\nimport os\ndef f(n): return n if n > 0 else os._exit(0)\n```"
    assert verifier(crash, FUNCTION).value == pytest.approx(0.2)


CASES = (StdinCase("", "", group="a"), StdinCase("", "", group="b"))


@pytest.mark.parametrize(
    ("cases", "weights", "words"),
    [
        ((*CASES, StdinCase("", "")), {}, "1 of 3 cases have no group"),
        ((StdinCase("", ""),), {"": 1.0}, "have no group"),
        (CASES, {"a": 1.0}, "expected those of the cases"),
        (CASES, {"a": 1.0, "b": 1.0, "c": 1.0}, "expected those of the cases"),
        (CASES, {"a": -1.0, "b": 2.0}, "at least 0"),
        (CASES, {"a": float("nan"), "b": 2.0}, "finite"),
        (CASES, {"a": 0.0, "b": 0.0}, "all weights are 0"),
    ],
)
def test_groups_that_do_not_fit_are_refused(cases: Any, weights: dict[str, float], words: str) -> None:
    with pytest.raises(DataError, match=words):
        StdinTests(cases, weights=weights)


def test_tests_with_weights_can_be_pickled_and_hashed() -> None:
    assert pickle.loads(pickle.dumps(STDIN)) == STDIN
    assert hash(STDIN) == hash(pickle.loads(pickle.dumps(STDIN)))


def test_an_unknown_mode_names_the_groups() -> None:
    with pytest.raises(ConfigError, match="'groups'"):
        stdio(mode="subtasks")  # type: ignore[arg-type]
