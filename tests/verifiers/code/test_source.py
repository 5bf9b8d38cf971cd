"""Python source to trees, from many threads at once."""

import ast
from concurrent.futures import ThreadPoolExecutor

import pytest

from assaygym.verifiers.code.source import parse_module

DEEP = "x = " + "[" * 60 + "1" + "]" * 60 + "\n" + "def f(a, b):\n    return (a + b) * (a - b)\n" * 40


def test_many_threads_at_once_all_get_their_trees() -> None:
    with ThreadPoolExecutor(8) as pool:
        trees = list(pool.map(parse_module, [DEEP] * 200))
    assert {len(tree.body) for tree in trees} == {41}


def test_a_parser_that_fails_by_chance_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def parse(source: str) -> ast.Module:
        calls.append(source)
        if len(calls) < 3:
            raise SystemError("AST constructor recursion depth mismatch (before=69, after=71)")
        return ast.Module([], [])

    monkeypatch.setattr("assaygym.verifiers.code.source.ast.parse", parse)
    assert parse_module("x").body == []
    assert len(calls) == 3


def test_one_that_always_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(source: str) -> ast.Module:
        raise SystemError("broken")

    monkeypatch.setattr("assaygym.verifiers.code.source.ast.parse", parse)
    with pytest.raises(SystemError, match="broken"):
        parse_module("x")


@pytest.mark.parametrize("source", ["def", "x = \0"])
def test_what_is_no_python_is_refused_as_ever(source: str) -> None:
    with pytest.raises((SyntaxError, ValueError)):
        parse_module(source)
