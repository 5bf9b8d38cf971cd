"""Signs and order of real constants, and proportional expressions."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars.scalar import Scalar, compare, proportional, rational, sign
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse


def scalar(text: str) -> Scalar:
    return Scalar(parse(normalise(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-3", -1),
        ("0.0", 0),
        (r"\sqrt2-1.4142135623730951", -1),
        (r"\sqrt2-1.4142135623730950", 1),
        (r"\sqrt2+\sqrt3-\sqrt{5+2\sqrt6}", 0),
        (r"\sin^2 1+\cos^2 1-1", 0),
        (r"10^{-400}-10^{-401}", 1),
        (r"3^{-1000}\cdot\sqrt2-2\cdot 3^{-1000}", -1),
        (r"e^{\pi\sqrt{163}}-262537412640768744", -1),
        (r"\infty", 1),
        (r"-\infty", -1),
        ("i", None),
        ("x", None),
        ("0x", None),
        ("1/0", None),
        ("(((4!)!)!)!", None),
    ],
)
def test_signs_of_constants(text: str, expected: int | None) -> None:
    assert sign(scalar(text), Fuel()) == expected


ASCENDING = [
    r"-\infty", "-10^{100}", r"-\sqrt2", "-1.4", "0", "10^{-300}", r"\frac13", "0.34", r"\ln 2", "1", r"\sqrt2",
    r"\frac{1+\sqrt5}{2}", "e", "3", r"\pi", r"\frac{22}{7}", r"\sqrt{10}", "10!", "2^{1000}", r"\infty",
]  # fmt: skip


def test_constants_are_in_order() -> None:
    scalars = [scalar(text) for text in ASCENDING]
    for (i, a), (j, b) in itertools.product(enumerate(scalars), repeat=2):
        assert compare(a, b, Fuel()) == (i > j) - (i < j)


@given(st.fractions(), st.fractions())
def test_rationals_are_compared_as_fractions(a: Fraction, b: Fraction) -> None:
    trees = [("num", value.numerator, value.denominator) for value in (a, b)]
    assert compare(Scalar(trees[0]), Scalar(trees[1]), Fuel()) == (a > b) - (a < b)


@pytest.mark.parametrize(
    ("text", "value"), [("1/2+1/3", Fraction(5, 6)), ("x", None), (r"\sqrt2", None), ("1/0", None), ("9^{9^9}", None)]
)
def test_exact_values_come_as_fractions(text: str, value: Fraction | None) -> None:
    assert rational(parse(normalise(text)), Fuel()) == value


@pytest.mark.parametrize(
    ("gold", "pred"),
    [
        ("2x-4y+6", "-x+2y-3"),
        ("x^2-1", r"\frac{(x-1)(x+1)}{7}"),
        (r"\sqrt2x-\sqrt6", r"x-\sqrt3"),
        (r"\sin 2x", r"\sin x\cos x"),
        (r"\pi r^2-A", r"2\pi r^2-2A"),
        ("5", "7"),
        (r"\ln x^3-y", r"\ln x-\frac y3"),
    ],
)
def test_a_constant_factor_is_found(gold: str, pred: str) -> None:
    assert proportional(scalar(gold), scalar(pred), Fuel()).equal
    assert proportional(scalar(pred), scalar(gold), Fuel()).equal


@pytest.mark.parametrize(
    ("gold", "pred"),
    [("2x-4y+6", "x+2y+3"), ("x-1", "x^2-1"), ("x", "y"), ("x", "|x|"), ("x+y", r"x+y+10^{-30}"), ("x", "0")],
)
def test_expressions_without_a_common_factor_are_not_proportional(gold: str, pred: str) -> None:
    assert not proportional(scalar(gold), scalar(pred), Fuel()).equal
    assert not proportional(scalar(pred), scalar(gold), Fuel()).equal
