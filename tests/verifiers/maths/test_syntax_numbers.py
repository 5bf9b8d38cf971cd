"""Numbers as written: fractions, decimals, repeating decimals, powers of ten, bases, separators of thousands."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"0.1\overline{6}", "(repeating 1 6)"),
        (r"0.\dot{3}", "(repeating 1 3)"),
        (r"0.\dot{1}4285\dot{7}", "(repeating 1 7)"),
        ("0.(3)", "(repeating 1 3)"),
        ("0.1(6)", "(repeating 1 6)"),
        ("0.333...", "(repeating 1 3)"),
        (r"0.1666\ldots", "(repeating 1 6)"),
        ("0.142857142857...", "(repeating 1 7)"),
        (r"0.\overline{07}", "(repeating 7 99)"),
        (r"0.\bar{3}", "(repeating 1 3)"),
    ],
)
def test_repeating_decimals_are_exact(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("2 5/8", "(mixed 2 5 8)"),
        ("-2 5/8", "(neg (mixed 2 5 8))"),
        (r"2\frac{5}{8}", "(mixed 2 5 8)"),
        (r"137 \frac{1}{2}", "(mixed 137 1 2)"),
        (r"3 \frac{1}{7}", "(mixed 3 1 7)"),
        (r"1\frac{1}{2}", "(mixed 1 1 2)"),
        ("1 1/2", "(mixed 1 1 2)"),
    ],
)
def test_mixed_numbers_keep_their_parts(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("2.7e9", "(sci (dec 27 10 1) 9)"),
        ("2.7 x 10^9", "(sci (dec 27 10 1) 9)"),
        (r"2.7\cdot10^{9}", "(sci (dec 27 10 1) 9)"),
        (r"2.7 \times 10^{-4}", "(sci (dec 27 10 1) -4)"),
        (r"-3\times 10^5", "(neg (sci 3 5))"),
        ("6.02*10^23", "(sci (dec 301 50 2) 23)"),
        ("6.02E+23", "(sci (dec 301 50 2) 23)"),
        ("5 million", "(sci 5 6)"),
        ("1e5", "(sci 1 5)"),
        ("1E-5", "(sci 1 -5)"),
        ("1.5e+3", "(sci (dec 3 2 1) 3)"),
    ],
)
def test_powers_of_ten_keep_mantissa_and_exponent(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("3201_4", "(based 3201 4)"),
        ("3201_{4}", "(based 3201 4)"),
        ("1A_{16}", "(based 1a 16)"),
        ("FF_{16}", "(based ff 16)"),
        ("1010_2", "(based 1010 2)"),
        ("(1010)_2", "(based 1010 2)"),
        (r"101_{\text{two}}", "(based 101 2)"),
        ("1010 base 2", "(based 1010 2)"),
        (r"1010\text{ base }2", "(based 1010 2)"),
        ("0x1F", "(based 1f 16)"),
        ("4210_{5}", "(based 4210 5)"),
        ("101_2", "(based 101 2)"),
        (r"\text{0x1F}", "(based 1f 16)"),
        ("1F_{16}", "(based 1f 16)"),
        ("777_8", "(based 777 8)"),
        ("(123)_5", "(based 123 5)"),
        ("123_{five}", "(based 123 5)"),
    ],
)
def test_digits_in_a_base_are_kept_as_digits(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("3.14159265...", "(dec 62831853 20000000 8)"),
        ("1,234,567", "1234567"),
        (r"1\,234", "1234"),
        ("1 234 567", "1234567"),
        ("1.234.567", "1234567"),
        ("1'234", "1234"),
        ("12,34,567", "(list 12 34 567)"),
        ("16,64,256", "(list 16 64 256)"),
        ("1,00,000", "100000"),
        ("12,34,567.50", "(dec 2469135 2 2)"),
        ("1.234,56", "(dec 30864 25 2)"),
        ("1_000", "1000"),
        ("10,000", "10000"),
        ("1,000,000.50", "(dec 2000001 2 2)"),
        ("12 345", "12345"),
        ("12 345,67", "(dec 1234567 100 2)"),
        ("1 000 000", "1000000"),
        ("1.000.000", "1000000"),
        ("100,000", "100000"),
        ("123,456", "123456"),
    ],
)
def test_separators_of_thousands_are_no_part_of_a_number(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("0.5", "(dec 1 2 1)"),
        (".5", "(dec 1 2 1)"),
        ("-0.25", "(dec -1 4 2)"),
        ("1.50", "(dec 3 2 2)"),
        ("$5.00$", "(dec 5 1 2)"),
        (r"\approx 3.14", "(dec 157 50 2)"),
        ("3.14", "(dec 157 50 2)"),
        ("0{,}5", "(dec 1 2 1)"),
        ("3{,}14159", "(dec 314159 100000 5)"),
    ],
)
def test_decimals_keep_their_places(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1/2", "1/2"),
        ("5 / 6", "5/6"),
        (r"\frac12", "1/2"),
        (r"\frac1{2}", "1/2"),
        (r"\frac{1}2", "1/2"),
        (r"\frac 1 2", "1/2"),
        (r"{5\over 6}", "5/6"),
        (r"\sfrac{3}{4}", "3/4"),
        (r"\frac{-3}{4}", "-3/4"),
        (r"-\frac{3}{4}", "-3/4"),
        ("5 ‰", "1/200"),
        ("7/8", "7/8"),
        ("-7/8", "-7/8"),
        (r"7\over 8", "7/8"),
    ],
)
def test_fractions_of_integers_are_one_literal(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("5.", "5"),
        (r"\mathbf{13}", "13"),
        ("1{,}234", "1234"),
        ("5,", "5"),
        ("--3", "3"),
        ("+5", "5"),
        ("=5", "5"),
        ("3.", "3"),
        ("-3.", "-3"),
        ("+3", "3"),
        ("007", "7"),
        ("12{,}345", "12345"),
        (r"\sim 5", "5"),
    ],
)
def test_integers(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree
