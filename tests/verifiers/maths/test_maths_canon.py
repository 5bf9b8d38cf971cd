"""Canonical texts: one for all ways to write an answer, another for another answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.verifiers import final_answer, verify_math
from assaygym.verifiers.maths import canonical

SAME = [
    ["033", "33", "33.0", r"\boxed{33}", "The answer is 33.", "#### 033", "33 apples", r"\boxed{33\text{ cm}}"],
    ["10{,}000", "10000", "10,000", "$10,000$", r"\boxed{10^4}"],
    [r"\frac12", "0.5", "1/2", r"\boxed{\dfrac{2}{4}}", r"50\%"],
    [r"2\sqrt2", r"\sqrt8", r"\boxed{\sqrt{8}}"],
    ["(1,2)", r"\left(1,2\right)", r"\boxed{(1.0, 2)}"],
    ["1, 2", "2, 1", r"\{1,2\}"],
    [r"\pm 3", "3 or -3", r"\boxed{-3 \text{ or } 3}"],
    ["x=5", "5", r"\boxed{x = 5.0}"],
    ["x^2+1", "1+x^2", "(x+1)^2-2x"],
    ["(B)", "B", "The answer is B.", r"\boxed{\text{B}}"],
    [r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{bmatrix}1\\\frac42\end{bmatrix}"],
    ["x=7, y=-8", "y=-8, x=7"],
    ["Paris", r"\text{paris}"],
]


@pytest.mark.parametrize("texts", SAME, ids=lambda texts: texts[0])
def test_one_answer_has_one_canonical_text(texts: list[str]) -> None:
    found = {canonical(text) for text in texts}
    assert len(found) == 1
    assert None not in found


def test_answers_that_differ_have_texts_that_differ() -> None:
    found = [canonical(texts[0]) for texts in SAME] + [canonical(t) for t in ("34", "(2,1)", "x^2+2", "3.1416", r"\pi")]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("text", ["", "   ", r"\boxed{}"])
def test_a_response_without_an_answer_has_none(text: str) -> None:
    assert canonical(text) is None


@pytest.mark.parametrize(
    "text", [r"\boxed{9^{9^{9^9}}}", r"\boxed{" + "(" * 500 + "}", r"\boxed{\frac{1}{0}}", "{" * 9999]
)
def test_what_cannot_be_worked_out_neither_raises_nor_takes_long(text: str) -> None:
    assert canonical(text) is None or isinstance(canonical(text), str)


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**4), st.integers(1, 50))
def test_fractions_vote_together_exactly_when_they_are_equal(over: int, under: int, factor: int) -> None:
    text = rf"\boxed{{\frac{{{over}}}{{{under}}}}}"
    assert canonical(text) == canonical(rf"\boxed{{\frac{{{over * factor}}}{{{under * factor}}}}}")
    assert canonical(text) != canonical(rf"\boxed{{\frac{{{over + 1}}}{{{under}}}}}")


@given(st.text(max_size=60))
def test_any_text_has_a_canonical_text_or_none(text: str) -> None:
    assert canonical(text) is None or canonical(text)


@given(st.sampled_from([t for texts in SAME for t in texts]), st.sampled_from([t for texts in SAME for t in texts]))
def test_equal_texts_are_verified_equal(one: str, other: str) -> None:
    if canonical(one) == canonical(other):
        gold = final_answer(other)
        assert gold is not None
        assert verify_math(one, gold).value == 1.0
