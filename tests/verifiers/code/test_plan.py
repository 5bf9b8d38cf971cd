"""Which assertions are plain calls, and what a test process must know of the others."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from assaygym.errors import VerifierError
from assaygym.verifiers.code.codec import encode, read
from assaygym.verifiers.code.plan import direct_calls, plan_of, statements


def calls(source: str, name: str | None = None) -> Any:
    return direct_calls(ast.parse(source).body, name)


@pytest.mark.parametrize(
    ("source", "args", "right", "wrong"),
    [
        ("assert f(1) == 2", [1], 2, 3),
        ("assert f(1) == 1", [1], True, None),
        ("assert f((1, [2])) == (1,), 'message'", [{"$tuple": [1, [2]]}], (1,), [1]),
        ("assert f(3 * 19, 'a' + 'b', 0 ** 0) == 1.0 / 3", [57, "ab", 1], 1 / 3, 0.33),
        ("assert f({'a': -1}) == {1, 2}", [{"a": -1}], {2, 1}, [1, 2]),
        ("assert f() is True", [], True, 1),
        ("assert f() is None", [], None, False),
        ("assert f()", [], [0], []),
        ("assert not f()", [], {}, {1: 1}),
        ("assert f() == set()", [], set(), {}),
        ("'docs'\npass\nassert f(1) == 2\nassert True, 'ok'", [1], 2, 1),
    ],
)
def test_an_assertion_on_constants_is_a_call(source: str, args: list[Any], right: object, wrong: object) -> None:
    (call,) = calls(source)
    assert (call.target, call.args) == ("f", args)
    assert call.holds(read(encode(right)))
    assert not call.holds(read(encode(wrong)))


@pytest.mark.parametrize(
    "source",
    [
        "assert f(x) == 1",
        "assert f(1) == x",
        "assert f(1) == g(1)",
        "assert f(f(1)) == 1",
        "assert f(1) < 2",
        "assert f(1) == 2 == 2",
        "assert f(1) is 2",
        "assert f(*[1]) == 1",
        "assert f(**{'a': 1}) == 1",
        "assert m.f(1) == 1",
        "assert abs(f(1) - 1) < 1e-6",
        "assert f(2 ** 1000000) == 1",
        "assert f(1 / 0) == 1",
        "assert f('a' * 3) == 1",
        "x = 1\nassert f(1) == 1",
        "for i in range(3): assert f(1) == 1",
        "assert f(1) == 1\nassert g(1) == 1",
        "assert False",
        "",
    ],
)
def test_anything_else_needs_a_test_process(source: str) -> None:
    assert calls(source) is None


def test_a_call_of_another_name_than_the_candidate_is_none() -> None:
    assert calls("assert f(1) == 1", "candidate") is None
    assert len(calls("assert candidate(1, k=2) == 1", "candidate")) == 1


def test_the_plan_lists_free_names_called_builtins_and_assertions() -> None:
    plan = plan_of(ast.parse("x = g(1)\nassert sum(f(x)) == len('a')\nassert True\nfor i in r: assert i").body)
    assert set(plan.free) == {"x", "g", "f", "r", "i"}
    assert set(plan.called_builtins) == {"sum", "len"}
    assert plan.assertions == 2


def test_test_code_that_is_not_python_is_the_verifiers_fault() -> None:
    with pytest.raises(VerifierError, match="a test is not Python"):
        statements("assert f(", "a test")
