"""What holds of every text: it is read or refused, and what is read is read again from what is shown."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse
from assaygym.verifiers.maths.syntax.show import show
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError

PIECES = (
    *"0123456789+-*/^_=<>!|()[]{},;:&%'.$~#@\"` xyzeiabnCU\\",
    *(
        "\\frac",
        "\\sqrt",
        "\\left(",
        "\\right)",
        "\\{",
        "\\}",
        "\\text{",
        "\\text{ or }",
        "\\text{ cm}",
        "\\pi",
        "\\sin",
    ),
    *("\\log_", "\\sum_{k=1}^", "\\int_0^1", "dx", "\\lim_{x\\to0}", "\\begin{pmatrix}", "\\end{pmatrix}", "&", "\\\\"),
    *(
        "\\begin{cases}",
        "\\end{cases}",
        "\\mathbb{R}",
        "\\in",
        "\\cup",
        "\\pm",
        "\\circ",
        "\\mathbf",
        "\\vec",
        "\\binom",
    ),
    *(
        "or",
        "and",
        "where",
        "for",
        "is",
        "integer",
        "sin",
        "sqrt",
        "words",
        "½",
        "²",
        "√",
        "∞",
        "−",
        "\ud800",
        "\x00",
        "é",
    ),
)

atoms = st.one_of(
    st.integers(0, 10**6).map(str),
    st.tuples(st.integers(0, 99), st.integers(0, 99)).map(lambda pair: f"{pair[0]}.{pair[1]}"),
    st.sampled_from(("x", "y", "n", "x_1", "\\alpha", "\\pi", "e", "i", "a'", "\\vec{a}", "k_{max}")),
    st.sampled_from(("2\\frac{1}{3}", "0.1\\overline{6}", "101_2", "3\\times10^{8}", "25\\%", "\\infty", "5!")),
)


def larger(smaller: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(smaller, smaller)
    shapes = (
        "({0})+({1})", "{0}-{1}", "({0})({1})", "{0}\\cdot {1}", "({0})/({1})", "\\frac{{{0}}}{{{1}}}", "({0})^{{{1}}}",
        "\\sqrt[{0}]{{{1}}}", "\\sqrt{{{0}}}", "\\sin({0})", "\\log_{{{0}}}({1})", "\\left|{0}\\right|",
        "\\binom{{{0}}}{{{1}}}",
        "-({0})", "({0})\\pm ({1})", "\\lfloor {0}\\rfloor", "f({0})", "({0})^\\circ", "\\max({0},{1})",
        "\\sum_{{k=1}}^{{{0}}} ({1})", "\\int_{{0}}^{{{0}}} ({1}) dx", "\\lim_{{x\\to {0}}} ({1})",
    )  # fmt: skip
    return st.sampled_from(shapes).flatmap(lambda shape: two.map(lambda pair: shape.format(*pair)))


expressions = st.recursive(atoms, larger, max_leaves=8)


def wrapped(pair: tuple[str, tuple[str, str]]) -> str:
    shape, (one, two) = pair
    return shape.format(one, two)


answers = st.one_of(
    expressions,
    st.tuples(
        st.sampled_from(
            ("({0},{1})", "[{0},{1})", "\\{{{0},{1}\\}}", "{0}, {1}", "{0} \\text{{ or }} {1}", "x={0}",
             "{0}<x\\le {1}",
             "{0}:{1}", "x={0}, k\\in\\mathbb{{Z}}", "({0},{1})\\cup\\{{{0}\\}}", "\\{{x\\mid x>{0}\\}}",
             "\\begin{{pmatrix}}{0}&{1}\\\\{1}&{0}\\end{{pmatrix}}", "{0}\\text{{ cm}}",
             "\\begin{{cases}}{0}&x>1\\\\{1}&x<1\\end{{cases}}")
        ),
        st.tuples(expressions, expressions),
    ).map(wrapped),
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=12).map("".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, normalise(text)):
        try:
            tree = parse(candidate)
        except MathSyntaxError:
            continue
        assert hash(tree) is not None
        assert show(tree)


@given(answers)
def test_what_is_shown_is_read_back(text: str) -> None:
    tree = parse(normalise(text))
    assert parse(show(tree)) == tree
    assert parse(normalise(show(tree))) == tree


@given(answers)
def test_normalising_twice_changes_no_tree(text: str) -> None:
    once = normalise(text)
    assert parse(normalise(once)) == parse(once)


REWRITINGS: dict[str, Callable[[str], str]] = {
    "dollars around": lambda text: f"${text}$",
    "round delimiters around": lambda text: f"\\({text}\\)",
    "a box around": lambda text: f"\\boxed{{{text}}}",
    "a full stop after": lambda text: f"{text}.",
    "Markdown bold around": lambda text: f"**{text}**",
    "display fractions": lambda text: text.replace("\\frac", "\\dfrac"),
    "sizes of brackets": lambda text: re.sub(r"(?<!\\)([(\[])", r"\\bigl\1", text),
    "spaces around signs": lambda text: re.sub(r"([=<+])", r" \1 ", text),
    "thin spaces": lambda text: text.replace("\\cdot ", "\\,\\cdot\\, "),
    "crosses for dots": lambda text: text.replace("\\cdot ", "\\times "),
    "a colour": lambda text: f"\\color{{red}}{text}",
    "full-width signs": lambda text: text.replace("+", "＋").replace("(", "（").replace(")", "）"),
    "a Unicode minus": lambda text: re.sub(r"-(?=[(\d])", "−", text),
    "escaped twice": lambda text: text if "\\begin" in text else re.sub(r"\\(?=frac|sqrt|sin|pi)", r"\\\\", text),
}


@pytest.mark.parametrize("rewriting", REWRITINGS)
@given(text=answers)
def test_typesetting_changes_no_tree(rewriting: str, text: str) -> None:
    assert parse(normalise(REWRITINGS[rewriting](text))) == parse(normalise(text))
