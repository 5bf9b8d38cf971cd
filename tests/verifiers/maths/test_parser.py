"""Text to tokens to trees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.verifiers.maths.parser import parse
from assaygym.verifiers.maths.tokens import MathSyntaxError, tidy, tokenize

ONE, TWO, THREE, X = ("num", 1, 1), ("num", 2, 1), ("num", 3, 1), ("sym", "x")

TREES: list[tuple[str, Any]] = [
    ("2", TWO),
    ("0.5", ("num", 1, 2)),
    ("0.1234567891", ("dec", 1234567891, 10**10, 10)),
    ("1,234", ("num", 1234, 1)),
    ("(1,234)", ("seq", "(", ")", ONE, ("num", 234, 1))),
    ("1 1/2", ("num", 3, 2)),
    (r"0.\overline{3}", ("num", 1, 3)),
    ("-x^2", ("neg", ("pow", X, TWO))),
    ("2^{3}", ("pow", TWO, THREE)),
    ("2^3^x", ("pow", TWO, ("pow", THREE, X))),
    ("2**3", ("pow", TWO, THREE)),
    ("x^-1", ("pow", X, ("neg", ONE))),
    ("1+2+3", ("add", ONE, TWO, THREE)),
    ("1-2", ("add", ONE, ("neg", TWO))),
    ("2x", ("mul", TWO, X)),
    ("pq", ("mul", ("sym", "p"), ("sym", "q"))),
    ("x/2/3", ("div", ("div", X, TWO), THREE)),
    (r"\frac12", ("div", ONE, TWO)),
    (r"\frac1{23}", ("div", ONE, ("num", 23, 1))),
    (r"2\frac{1}{3}", ("add", TWO, ("div", ONE, THREE))),
    (r"x\frac{1}{3}", ("mul", X, ("div", ONE, THREE))),
    (r"\sqrt2", ("fn", "root", TWO, TWO)),
    (r"\sqrt[3]{x}", ("fn", "root", X, THREE)),
    ("sqrt(x)", ("fn", "root", X, TWO)),
    ("3!", ("fn", "factorial", THREE)),
    ("3%", ("div", THREE, ("num", 100, 1))),
    (r"3^\circ", ("deg", THREE)),
    (r"3^{\circ}", ("deg", THREE)),
    (r"3\text{ degrees}", ("deg", THREE)),
    (r"3\text{ cm}^2", ("unit", THREE, "cm^2")),
    ("3 apples", ("unit", THREE, "apples")),
    ("|x|", ("fn", "abs", X)),
    ("2|x|", ("mul", TWO, ("fn", "abs", X))),
    (r"\sin 2x", ("fn", "sin", ("mul", TWO, X))),
    (r"\sin^2 x", ("pow", ("fn", "sin", X), TWO)),
    (r"\sin(x)x", ("mul", ("fn", "sin", X), X)),
    (r"\log_2 x", ("fn", "log", X, TWO)),
    (r"\mathrm{e}", ("const", "e")),
    (r"\operatorname{sin}(x)", ("fn", "sin", X)),
    ("x_1", ("sym", "x_1")),
    ("x_{12}", ("sym", "x_12")),
    ("f(x)", ("call", "f", X)),
    ("x(2)", ("mul", X, TWO)),
    ("1, 2", ("list", ONE, TWO)),
    ("1; 2", ("list", ONE, TWO)),
    ("1, 2, and 3", ("list", ONE, TWO, THREE)),
    (r"1 \text{ or } 2", ("list", ONE, TWO)),
    (r"\{1, 2\}", ("set", ONE, TWO)),
    (r"\emptyset", ("set",)),
    ("(1, 2]", ("seq", "(", "]", ONE, TWO)),
    (r"\langle 1, 2\rangle", ("seq", "(", ")", ONE, TWO)),
    ("((2))", TWO),
    ("x = 2", ("rel", ("=",), X, TWO)),
    (r"1 < x \le 2", ("rel", ("<", "<="), ONE, X, TWO)),
    ("1 : 2", ("ratio", ONE, TWO)),
    (r"\pm 2", ("pm", None, TWO)),
    (r"1 \mp 2", ("pm", ONE, ("neg", TWO))),
    ("12_3", ("based", "12", 3)),
    (r"(1,2)\cup(2,3)", ("union", ("seq", "(", ")", ONE, TWO), ("seq", "(", ")", TWO, THREE))),
    (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", ("matrix", (ONE,), (TWO,))),
    (r"\sum_{k=1}^{3} k", ("sum", ("sym", "k"), "k", ONE, THREE)),
    (r"\lceil x \rceil", ("fn", "ceiling", X)),
    (r"\left( 2 \right)", TWO),
    (r"{1 \over 2}", ("div", ONE, TWO)),
    ("√2", ("fn", "root", TWO, TWO)),
    ("x²", ("pow", X, TWO)),
    ("２", TWO),
    (r"\$2.", TWO),
]


@pytest.mark.parametrize(("text", "tree"), TREES)
def test_an_answer_becomes_this_tree(text: str, tree: Any) -> None:
    assert parse(tidy(text)) == tree


@pytest.mark.parametrize(("text", "tree"), TREES)
def test_a_tree_travels_as_json(text: str, tree: Any) -> None:
    def tupled(value: Any) -> Any:
        return tuple(map(tupled, value)) if isinstance(value, list) else value

    assert tupled(json.loads(json.dumps(parse(tidy(text))))) == tree


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "end of the answer"),
        ("1 +", "end of the answer"),
        ("(1", "was expected"),
        ("1)", "not expected"),
        (r"\frac{1}", "end of the answer"),
        (r"\foo", r"the command \\foo"),
        ("because", "the word"),
        ("x'", "is not expected"),
        (r"\sin^{-1} x", "inverse or the reciprocal"),
        ("1\0", "character"),
        ("λ€@", "character '@'"),
        ("1e999", "character|exponent|word|not expected"),
        ("(" * 80 + "1" + ")" * 80, "deeper than 60"),
        ("1" + "/2" * 80, "deeper than 60"),
        ("1" * 500, "500 digits"),
        ("1" * 5000, "5000 characters"),
        ("x " * 1800, "tokens"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 \end{pmatrix}", "rows of different lengths"),
        (r"\begin{align} 1 \end{align}", "environment align"),
        (r"\sum_{12=1}^3 x", "running index"),
    ],
)
def test_what_is_not_an_expression_is_refused_by_name(text: str, problem: str) -> None:
    with pytest.raises(MathSyntaxError, match=problem):
        parse(tidy(text))


def test_a_long_sum_is_not_a_deep_one() -> None:
    assert len(parse("+".join(["x"] * 600))) == 601


def test_parsing_leaves_the_tokens_alone() -> None:
    from assaygym.verifiers.maths.parser import parse_tokens

    tokens = tokenize(r"\frac12 pq")
    before = list(tokens)
    parse_tokens(tokens)
    assert tokens == before


@given(st.text("\\fracsqrtbegin{}()[]|,;:=<>+-*/^_!%&'0123456789xyeipm .", max_size=80))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        tree = parse(tidy(text))
    except MathSyntaxError:
        return
    assert isinstance(tree[0], str)


@given(st.text(max_size=200))
def test_tidying_never_raises_and_takes_surrounding_space_away(text: str) -> None:
    assert tidy(text) == tidy(text).strip()
