"""Long, deep and malicious texts are refused at once, by counting, in time linear in their length."""

import time

import pytest

from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse
from assaygym.verifiers.maths.syntax.tree import MAX_CHARS, MAX_DEPTH, MAX_TOKENS, MathSyntaxError, Node

REPEATED = (
    *"0123456789+-*/^_=<>!|()[]{},;:&%'.$~#@\"` xyzeiabnCU\\\n\t\x00",
    *(
        "\\frac",
        "\\sqrt",
        "\\left(",
        "\\{",
        "\\text{",
        "\\text{a}",
        "\\sin",
        "\\sin-",
        "\\$-",
        "^{",
        "_{",
        "x^",
        "2^",
        "\\frac1",
    ),
    *(
        "\\begin{pmatrix}",
        "\\end{pmatrix}",
        "\\begin{aligned}",
        "&",
        "\\\\",
        "1,",
        "1,234",
        "1 234",
        "1.",
        "0.1",
        "0.(3)",
        "...",
    ),
    *(
        "or ",
        "and ",
        "where ",
        "is ",
        "non-",
        "a ",
        "word ",
        "½",
        "²",
        "√",
        "−",
        "\ud800",
        "<sup>",
        "&lt;",
        "**",
        "dx",
        "\\int",
    ),
    *(
        "\\sum_{k=1}",
        "x(",
        "f(",
        "C_",
        "''",
        "\\vec",
        "\\mathbf{",
        "\\quad",
        "0.\\overline{3}",
        "A1",
        "\\dot{1}",
        "1'234",
        "\\not",
    ),
)


def outcome(text: str) -> Node | MathSyntaxError:
    """The tree of a text, or why there is none."""
    try:
        return parse(text)
    except MathSyntaxError as error:
        return error


@pytest.mark.parametrize("piece", REPEATED)
def test_a_million_characters_are_refused_quickly(piece: str) -> None:
    text = piece * (10**6 // len(piece))
    start = time.process_time()
    with pytest.raises(MathSyntaxError):
        parse(normalise(text))
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("piece", REPEATED)
@pytest.mark.parametrize("end", ["", ";", "√", "$", "_{16}"])
@pytest.mark.parametrize("length", [MAX_CHARS, 4 * MAX_CHARS])
def test_the_longest_texts_that_are_looked_at_take_no_long(piece: str, length: int, end: str) -> None:
    text = piece * ((length - len(end)) // len(piece)) + end
    start = time.process_time()
    assert outcome(normalise(text))
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    "opening", ["{", "(", "[", "\\{", "|", "\\sqrt{", "\\frac{1}{", "-", "2^{", "\\sin(", "\\left|"]
)
def test_depth_is_counted(opening: str) -> None:
    with pytest.raises(MathSyntaxError):
        parse(normalise(opening * (MAX_DEPTH + 1) + "1"))


@pytest.mark.parametrize("chain", ["^2", "!", "/2", "%", "^\\circ", "\\cdot x", "+1", "=1", ":2", "\\cup A"])
def test_a_long_chain_makes_no_deep_tree(chain: str) -> None:
    read = outcome("x" + chain * 300)
    if isinstance(read, MathSyntaxError):
        assert "deeper" in str(read)
    else:
        assert len(read) > 300 or read[0] == "rel"


def test_nested_braces_without_number_are_refused() -> None:
    with pytest.raises(MathSyntaxError, match="limit"):
        parse(normalise("{" * 10**5 + "}" * 10**5))


def test_more_tokens_than_allowed_are_refused() -> None:
    with pytest.raises(MathSyntaxError, match="tokens"):
        parse("+".join("1" * (MAX_TOKENS // 2 + 1)))


@pytest.mark.parametrize(
    "text", ["9" * 4000, "9^{9^{9^{9}}}", "10^{10^{10}}", "9!!!!", "1e99999999", "0." + "9" * 3990]
)
def test_nothing_is_evaluated(text: str) -> None:
    start = time.process_time()
    assert parse(normalise(text))
    assert time.process_time() - start < 0.2


@pytest.mark.parametrize(
    "text", ["__import__('os')", "exec(1)", "().__class__", "lambda: 1", "open('x')", "x; import os"]
)
def test_programs_are_text_or_refused(text: str) -> None:
    read = outcome(normalise(text))
    assert isinstance(read, MathSyntaxError) or read[0] in ("list", "mul", "words", "ratio", "call")
