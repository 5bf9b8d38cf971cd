"""What is no mathematics is refused by name, so that nothing is dropped in silence."""

import pytest

from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError


@pytest.mark.parametrize(
    ("text", "token"),
    [
        (r"\unknown{5}", "unknown"),
        (r"5 \foo", "foo"),
        ("x2", "'2'"),
        ("2x3", "'3'"),
        ("3 4", "'4'"),
        ("e2", "'2'"),
        ("0b121", "'121'"),
        ("x=", "the end"),
        ("2x+", "the end"),
        ("()", "')'"),
        ("f()", "')'"),
        (r"\frac{}{2}", "'}'"),
        ("x^{}", "'}'"),
        ("1)", "')'"),
        ("(1", "the end"),
        ("[1,2", "the end"),
        ("3 | n", "the end"),
        ("3.14...", "'.'"),
        (r"1, 2, \dots, 10", "dots"),
        (r"x=2 \implies y=3", "implies"),
        (r"x=2 \Rightarrow y=3", "Rightarrow"),
        (r"1010_1", "base 1"),
        ("129_8", "base 8"),
        (r"\ln^{-1} x", "ln"),
        (r"5 \text{ at least}", "at least"),
        (r"5 \text{ or less than } 6", "than"),
        (r"\begin{pmatrix}1&2\\3\end{pmatrix}", "rows"),
        (r"\begin{pmatrix}1", "in a matrix"),
        (r"\begin{tikzpicture}1\end{tikzpicture}", "tikzpicture"),
        (r"\int_0^1 x", "differential"),
        (r"\sum_{k} k", "expected"),
        ("dy/2", "dy"),
        (r"\hat{+}", "hat"),
        ("2\x00", "x00"),
        ("\ud8005", "ud800"),
        ("1+(x=2)", "rel"),
        ("hexagon+3", "words"),
        (r"2\cdot\text{length}", "words"),
        ("Ответ", "О"),
    ],
)
def test_the_message_names_what_is_not_understood(text: str, token: str) -> None:
    with pytest.raises(MathSyntaxError, match=r".") as told:
        parse(normalise(text))
    assert token in str(told.value)
