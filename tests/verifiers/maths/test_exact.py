"""Exact values under a budget."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.verifiers.maths.exact import (
    ExactEvaluator,
    NotRationalError,
    UndefinedError,
    free_symbols,
    probe_points,
)
from assaygym.verifiers.maths.parser import parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/2+1/3", Fraction(5, 6)),
        ("2^{-3}", Fraction(1, 8)),
        ("4^{1/2}", Fraction(2)),
        ("(8/27)^{2/3}", Fraction(4, 9)),
        ("(-1)^{10^{30}}", Fraction(1)),
        ("1^{10^{30}}", Fraction(1)),
        (r"\sqrt[3]{-8}", Fraction(-2)),
        ("5!", Fraction(120)),
        (r"\binom{5}{2}", Fraction(10)),
        (r"\lfloor -1/2 \rfloor", Fraction(-1)),
        (r"\gcd(12, 18)", Fraction(6)),
        (r"\max(1, 2)", Fraction(2)),
        ("|1-3|", Fraction(2)),
    ],
)
def test_values_are_exact(text: str, value: Fraction) -> None:
    assert ExactEvaluator()(parse(text), {}) == value


@pytest.mark.parametrize(
    "text", [r"\sqrt2", r"\pi", "x", "2^{1/2}", "9^{9^9}", "3000!", "(1,2)", "(-4)^{1/2}", "2^{x}", "1.5!", r"\sin 1"]
)
def test_what_is_irrational_or_too_large_is_left_to_others(text: str) -> None:
    with pytest.raises(NotRationalError):
        ExactEvaluator()(parse(text), {})


@pytest.mark.parametrize("text", ["1/0", "1/(2-2)", "0^0", "0^{-1}", "(-3)!"])
def test_what_does_not_exist_is_undefined(text: str) -> None:
    with pytest.raises(UndefinedError):
        ExactEvaluator()(parse(text), {})


def test_fuel_ends_long_work() -> None:
    start = time.perf_counter()
    evaluate = ExactEvaluator()
    tree = ("add", *[parse("2^{20000}")] * 10_000)
    with pytest.raises(NotRationalError):
        evaluate(tree, {})
    assert time.perf_counter() - start < 1.0


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 50))
def test_polynomials_are_worked_out_at_a_point(a: int, b: int, c: int) -> None:
    value = ExactEvaluator()(parse(f"({a})x^2+({b})x/{c}"), {"x": Fraction(3, 7)})
    assert value == a * Fraction(9, 49) + b * Fraction(3, 7) / c


def test_points_are_fixed_by_the_seed_and_differ_between_seeds_and_names() -> None:
    first = probe_points({"x", "y"}, "seed", 4)
    assert first == probe_points({"y", "x"}, "seed", 4)
    assert first != probe_points({"x", "y"}, "other", 4)
    assert len({value for point in first for value in point.values()}) == 8


def test_free_symbols_are_found() -> None:
    assert free_symbols(parse(r"\frac{x_1+y}{\pi e} - \sin z")) == {"x_1", "y", "z"}
