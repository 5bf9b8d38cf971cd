"""Small rewritings of what was found: chains, units in prose, joiners of other languages, labels of parts."""

from __future__ import annotations

import pytest

from assaygym.verifiers.extract import find_answer
from assaygym.verifiers.extraction.chains import last_member
from assaygym.verifiers.extraction.wording import settled

CHAINS = [
    (r"\frac{4}{18}=\frac{2}{9}", r"\frac{2}{9}"),
    (r"P=\frac{4}{12}=\frac{2}{6}=\frac{1}{3}", r"\frac{1}{3}"),
    (r"\frac{4}{12}=\frac{1}{3} \approx 0.33", r"\frac{1}{3} \approx 0.33"),
    (r"\frac{4}{12}=\frac{1}{2}", r"\frac{4}{12}=\frac{1}{2}"),
    (r"\frac{1}{0}=\frac{1}{0}", r"\frac{1}{0}=\frac{1}{0}"),
    (r"3n=30 \implies n=10", "n=10"),
    (r"p \Rightarrow q", r"p \Rightarrow q"),
    ("p(8) = (3+1)/2 = 2", "2"),
    ("a = b = c = 1", "a = b = c = 1"),
    (r"\frac{x-1}{2}=\frac{y+1}{3}=\frac{z}{4}", r"\frac{x-1}{2}=\frac{y+1}{3}=\frac{z}{4}"),
    ("1+1 < 3 = 3", "1+1 < 3 = 3"),
]


@pytest.mark.parametrize(("text", "expected"), CHAINS)
def test_a_chain_comes_to_its_last_member_where_that_is_a_value(text: str, expected: str) -> None:
    assert settled(text) == expected


PHRASES = [
    ("4 such numbers", "4"),
    ("3 hours ago", "3 hours"),
    ("160 red roses", "160"),
    ("5 hours to get back", "5 hours"),
    ("60% of the students", "60%"),
    ("22 times", "22"),
    ("7 dozen", "84"),
    ("1999 AD", "1999"),
    ("25 per hour", r"25 \text{ per hour}"),
    ("25 per cent", "25 per cent"),
    ("4*2 = 8 years old", "8 years"),
    ("(a) 3, (b) 4", "3, 4"),
    ("(b) 3", "(b) 3"),
    ("1 oder 2", r"1 \text{ or } 2"),
    ("1 и 2", r"1 \text{ and } 2"),
    ("x o y", "x o y"),
    ("4 y - 2", "4 y - 2"),
    ("2 (2 y - 1)", "2 (2 y - 1)"),
    ("3 e (x+1)", "3 e (x+1)"),
    ("4 y 5", r"4 \text{ and } 5"),
    ("44 is wrong", "44 is wrong"),
    ("44 ist falsch", "44 ist falsch"),
    ("5 square meters", "5 square meters"),
    ("7 at the most", "7 at the most"),
    ("3 out of the lot", "3 out of the lot"),
    ("3 more than the others", "3 more than the others"),
    ("5 cases to consider", "5 cases to consider"),
]


@pytest.mark.parametrize(("text", "expected"), PHRASES)
def test_what_is_said_of_the_things_counted_goes_and_what_limits_them_stays(text: str, expected: str) -> None:
    assert settled(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\begin{align*} A &= 2\cdot 3 \\ &= 6. \end{align*}", "6"),
        ("We compute\n\\begin{aligned} A &= x+x \\\\ &= 2x \\end{aligned}", "2x"),
        (
            r"\begin{aligned} x &= 1 \\ y &= 2 \end{aligned}",
            r"\begin{aligned} x &= 1 \\ y &= 2 \end{aligned}",
        ),
    ],
)
def test_an_aligned_computation_is_one_chain_and_a_system_is_none(text: str, expected: str) -> None:
    assert last_member(text) == expected


@pytest.mark.parametrize("content", ["2+3=5", "1=1/1", r"\frac{4}{8}=\frac{1}{2}", "4 such numbers"])
def test_what_stands_in_a_box_is_left_as_written(content: str) -> None:
    found = find_answer(rf"\boxed{{{content}}}")
    assert found is not None
    assert found.text == content


@pytest.mark.parametrize(
    "piece", ["=1", r"\approx 1=", "1 or ", "5 a ", r"\frac{1}{2}=", "{=", "(a) 1 ", "=2 \\implies "]
)
def test_long_chains_are_read_in_no_time(piece: str) -> None:
    assert isinstance(settled(piece * 2000), str)
