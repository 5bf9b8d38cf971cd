"""Untrusted arithmetic."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.envs.families.expression import MAX_CHARACTERS, MAX_NESTING, Expression, plain_arithmetic


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", Fraction(1)),
        ("1+2*3", Fraction(7)),
        (" ( 1 + 2 ) * 3 ", Fraction(9)),
        ("8/3", Fraction(8, 3)),
        ("8/(3-8/3)", Fraction(24)),
        ("2-3-4", Fraction(-5)),
        ("100/10/5", Fraction(2)),
    ],
)
def test_values_are_exact(text: str, value: Fraction) -> None:
    assert Expression.parse(text).value() == value


def test_every_number_written_is_told() -> None:
    assert sorted(Expression.parse("(3 + 3) * 10 - 7/3").numbers) == [3, 3, 3, 7, 10]


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "()", "1+", "1 2", "1(2)", "-3+4", "+3", "3--4", "2**3", "7//2", "7%2", "1e3", "1_0", "1.0", "0x1",
        "nan", "abs(3)", "x", "True", "1,2", "[1]", "{1}", "1;2", "1==1", "1<2", "not 1", "~1", "1 if 1 else 2",
        "lambda:1", "１+２", "٣+٤", "3\n+4", "3+4#", "'3'", "f'{1}'", "1:=2", "*1", "007",
        "__import__('os')", "\x00", "\ud800",
    ],
)  # fmt: skip
def test_whatever_is_not_the_four_operations_on_whole_numbers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Expression.parse(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1+" * MAX_CHARACTERS + "1", "characters"),
        ("(" * (MAX_NESTING + 1) + "1" + ")" * (MAX_NESTING + 1), "nested"),
        ("(" * 100_000, "characters"),
        ("+".join("1" * 100), "operations"),
        ("9" * 499 + "**" + "9", "characters"),
        ("9**9**9**9", r"not \*\*"),
    ],
)
def test_what_is_too_large_is_refused_by_its_size(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Expression.parse(text)


def test_a_division_by_zero_is_told_as_such() -> None:
    with pytest.raises(ZeroDivisionError):
        Expression.parse("1/(2-2)").value()


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"3 \times 4", "3 * 4"),
        (r"3 \cdot (4 \div 2)", "3 * (4 / 2)"),
        (r"\frac{6}{2}+1", "((6)/(2))+1"),
        (r"\frac{\frac{8}{2}}{2}", "((((8)/(2)))/(2))"),
        (r"\dfrac{1}{2}", "((1)/(2))"),
        (r"\left(3 + 4\right) × 2", "(3 + 4 ) * 2"),
        ("$3 − 4 ÷ 2$", "3 - 4 / 2"),
        (r"\(3\,+\,4\)", "3 + 4"),
    ],
)
def test_latex_is_written_plainly(latex: str, plain: str) -> None:
    assert plain_arithmetic(latex) == plain


@given(st.text(max_size=300))
@settings(deadline=None)
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    try:
        Expression.parse(plain_arithmetic(text)).value()
    except (ValueError, ZeroDivisionError):
        return
