"""Short formulas are read at once: what comes out is what the long way finds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assaygym.verifiers import extract
from assaygym.verifiers.extract import Found, Style, find_answer
from assaygym.verifiers.extraction import formulas
from assaygym.verifiers.extraction.formulas import QUICK_CHARS, quick_answer

AT_ONCE = [
    ("42", "42"),
    ("42.", "42"),
    ("3,", "3,"),
    ("$42$", "42"),
    ("$x+1$.", "x+1"),
    (r"\frac{p+q}{pq}", r"\frac{p+q}{pq}"),
    (r"14 \text{ cm}^2", r"14 \text{ cm}^2"),
    (r"x=11 \text{ or } x=-6", r"x=11 \text{ or } x=-6"),
    ("x = 3 or x = 4", "x = 3 or x = 4"),
    ("14 meters", "14 meters"),
    (r"\{3,8\}", r"\{3,8\}"),
    (r"\$36.00", r"\$36.00"),
    (r"37.5\%", r"37.5\%"),
    ("7:45", "7:45"),
    ("3<m<4", "3<m<4"),
    ("√15/4", "√15/4"),
    ("125°", "125°"),
    ("2.7×10^9", "2.7×10^9"),
    (r"0.\overline{7}", r"0.\overline{7}"),
    (r"\\frac{7}{8}", r"\\frac{7}{8}"),
    (r"\begin{pmatrix}5&0\\-1&2\end{pmatrix}", r"\begin{pmatrix}5&0\\-1&2\end{pmatrix}"),
    (r"\frac{4}{18}=\frac{2}{9}", r"\frac{4}{18}=\frac{2}{9}"),
    (r"\frac{x}{2}:\frac{4}{18}=\frac{2}{9}", r"\frac{x}{2}:\frac{4}{18}=\frac{2}{9}"),
    ("sqrt(5)/2", "sqrt(5)/2"),
    (r"\log_5 7", r"\log_5 7"),
]
NOT_AT_ONCE = [
    "",
    "hexagon",
    "the answer is 5",
    "**42**",
    "x<sup>5</sup>",
    "<b>4</b>",
    "3&pi;i",
    "5 \\quad",
    "5\\,",
    r"5\square",
    r"\Antwort: 54",
    "5 and",
    "f'(x)",
    "1\n2",
    "$5 and $6",
    "ABC=60",
    r"\boxed{}",
    r"\boxed{5} or \boxed{6}",
    r"\boxed{x = 5 is right}",
]


@pytest.mark.parametrize(("text", "answer"), AT_ONCE)
def test_a_formula_is_read_at_once(text: str, answer: str) -> None:
    assert quick_answer(text) == Found(answer, Style.BARE)


@pytest.mark.parametrize("text", NOT_AT_ONCE)
def test_what_may_be_more_than_a_formula_goes_the_long_way(text: str) -> None:
    found = quick_answer(text)
    assert found is None or found == the_long_way(text)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"\boxed{[2,\infty)}", r"[2,\infty)"),
        (r"\boxed{C}", "C"),
        (r"\boxed{x^2}.", "x^2"),
        (r"\boxed{\{1,2\}}", r"\{1,2\}"),
    ],
)
def test_a_box_alone_is_read_at_once(text: str, answer: str) -> None:
    assert quick_answer(text) == Found(answer, Style.BOX)


def the_long_way(text: str) -> Found | None:
    """What `find_answer` finds without its short cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extract, "QUICK_CHARS", -1)
        return find_answer(text)


PIECES: list[Any] = [
    *"0123456789+-/^=(),[]{}|!% :;&<>*_.xyzeiouakABC$~'", r"\frac{1}{2}", r"\sqrt", r"\pi", r"\text{ cm}",
    r"\text{ or }", r"\quad ", r"\, ", r"\\", r"\{", r"\}", r"\%", r"\$", r"\left(", r"\right)",
    r"\begin{pmatrix}", r"\end{pmatrix}", r"\approx ", r"\implies ", " or ", " in ", "√", "π", "°", "²", "×",
    " cm", " square units", " miles", "(a) ", "(b) ", "{,}", "{ , }", "000", r"\boxed{", "}", "sqrt(", "log_",
    "sin ", "x = ", r"\theta", "&pi;", "θ",
]  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
@example("U³π=10")
@example("nπx = 000\\end{pmatrix}")
@example("$3&pi;i$")
@example("x y 5√")
@example("5 cm and 3")
def test_both_ways_find_the_same(text: str) -> None:
    found = quick_answer(text) if len(text) <= QUICK_CHARS else None
    if found is not None and not formulas._UNREAD.fullmatch(text.strip()):
        assert found == the_long_way(text)


def test_the_simplest_formulas_are_not_even_tidied() -> None:
    assert quick_answer("2+2=4,") == Found("2+2=4,", Style.BARE)


def test_a_long_formula_is_read_the_long_way() -> None:
    text = "+".join(["x^2"] * 60)
    assert len(text) > QUICK_CHARS
    assert find_answer(text) == Found(text, Style.BARE)
