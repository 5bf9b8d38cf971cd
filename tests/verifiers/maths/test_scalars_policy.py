"""Decimals for exact numbers, tolerances, arithmetic left to do: what the policy lets pass."""

from __future__ import annotations

from fractions import Fraction

import pytest

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.scalars.nearness import written
from assaygym.verifiers.maths.scalars.scalar import Scalar, same_value
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse


def equal(gold: str, pred: str, policy: MathPolicy) -> bool:
    left, right = (Scalar(parse(normalise(text))) for text in (gold, pred))
    return same_value(left, right, policy, Fuel()).equal


@pytest.mark.parametrize(
    ("gold", "pred", "same"),
    [
        (r"\sqrt{17}", "4.123105625617661", True),
        (r"\sqrt{17}", "4.123105625617660", True),
        (r"\sqrt{17}", "4.1231056256176605", True),
        (r"\sqrt{17}", "4.12310562561766054982", True),
        (r"\sqrt{17}", "4.12310562561766054983", False),
        (r"\sqrt{17}", "4.12310562561766064982", False),
        (r"\sqrt{17}", "4.1231", False),
        (r"-\sqrt{17}", "-4.123105626", True),
        (r"-\sqrt{17}", "4.123105626", False),
        (r"\sqrt{6}", "2.449589742783178", False),
        (r"\frac13", "0.3333333333", True),
        (r"\frac13", "0.3333333334", False),
        (r"\frac13", "33.33333333333\\%", True),
        (r"\frac23", "0.6666666667", True),
        (r"\frac23", "0.6666666666", True),
        (r"\frac23", "0.6666666668", False),
        (r"\frac14", "0.2500000001", False),
        (r"\frac{3}{10}", "0.30000000000000004", False),
        ("5", "4.9999999999", False),
        (r"10^{15}\sqrt2", r"1.414213562373\times10^{15}", True),
        ("0.3333333333", r"\frac13", True),
        ("4.1231056256", "4.123105625617661", False),
        (r"\pi^{10}", "93648.04747608303", True),
    ],
)
def test_a_long_decimal_stands_for_the_exact_value_that_it_rounds_or_cuts_off(gold: str, pred: str, same: bool) -> None:
    assert equal(gold, pred, MathPolicy()) is same


def test_how_many_digits_are_enough_is_an_option() -> None:
    assert equal(r"\sqrt6", "2.4495", MathPolicy(significant=5))
    assert not equal(r"\sqrt6", "2.4494897427831781", MathPolicy(significant=0))


@pytest.mark.parametrize(
    ("gold", "pred", "same"),
    [
        (r"\sqrt{6}", "2.45", True),
        (r"\frac{100}{3}", "33.3", True),
        ("2.45", r"\sqrt6", True),
        ("2.449", "2.45", True),
        (r"\sqrt{6}", "2.44", False),
        (r"\sqrt{6}", "2.4", False),
        (r"\frac{5}{6}", "0.8333", True),
        (r"\frac{5}{6}", "0.8334", False),
    ],
)
def test_rounding_takes_the_digits_as_written_from_three_on(gold: str, pred: str, same: bool) -> None:
    assert equal(gold, pred, MathPolicy(rounding=True)) is same


@pytest.mark.parametrize(
    ("gold", "pred", "options", "same"),
    [
        (r"\pi", "3.14", {"tolerance": 1e-3}, True),
        (r"\pi", "3.13", {"tolerance": 1e-3}, False),
        ("10^{10}", "10^{10}+1", {"tolerance": 1e-3}, False),
        ("1000.5", "1000", {"tolerance": 1e-3}, True),
        ("1000", "1001", {"absolute": 1.0}, True),
        ("1000", "1002", {"absolute": 1.0}, False),
        ("0.5", "0.4", {"absolute": (0.1,)}, True),
        ("x", "x+0.001", {"tolerance": 0.1}, False),
        ("1+i", "1.001+i", {"tolerance": 0.1}, False),
        (r"\infty", "1", {"absolute": 1e9}, False),
    ],
)
def test_tolerances_are_for_real_numbers(gold: str, pred: str, options: dict[str, float], same: bool) -> None:
    assert equal(gold, pred, MathPolicy.of("default", **options)) is same


@pytest.mark.parametrize("pred", [r"2\cdot3", "15-9", "1+5", "3*4/2", r"\frac{3+3}{1}", "-(1-7)"])
def test_arithmetic_left_to_do_is_refused_for_a_plain_number(pred: str) -> None:
    assert not equal("6", pred, MathPolicy())
    assert equal("6", pred, MathPolicy(unevaluated=True))


@pytest.mark.parametrize(
    "pred", [r"\frac{12}{2}", "12/2", "6.0", "600\\%", r"\sqrt{36}", "3!", r"\binom{4}{2}", "6^1", "--6"]
)
def test_a_number_in_another_notation_is_not_arithmetic_left_to_do(pred: str) -> None:
    assert equal("6", pred, MathPolicy())


def test_arithmetic_is_fine_where_the_gold_is_no_plain_number() -> None:
    assert equal(r"2\sqrt4+0", r"2\cdot2", MathPolicy())
    assert equal("2^3", r"2\cdot4", MathPolicy())


@pytest.mark.parametrize(
    ("text", "value", "unit", "digits"),
    [
        ("2.50", Fraction(5, 2), Fraction(1, 100), 3),
        ("-0.0012", Fraction(-12, 10**4), Fraction(1, 10**4), 2),
        (r"2.7\times10^9", 27 * 10**8, 10**8, 2),
        ("12.5\\%", Fraction(1, 8), Fraction(1, 1000), 3),
    ],
)
def test_a_decimal_is_read_as_written(text: str, value: Fraction, unit: Fraction, digits: int) -> None:
    assert written(parse(normalise(text))) == (value, unit, digits)


@pytest.mark.parametrize("text", ["25", r"\frac12", "1.5x", "1.5+1"])
def test_what_is_no_decimal_is_not_read_as_one(text: str) -> None:
    assert written(parse(normalise(text))) is None
