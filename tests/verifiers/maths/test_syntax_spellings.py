r"""Ways of writing that need a second look: exponents that are Euler's number, bases, degrees, marks around signs."""

from collections.abc import Callable

import pytest

from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\frac1e-1", "(add (div 1 #e) -1)"),
        (r"\frac1e+1", "(add (div 1 #e) 1)"),
        (r"\frac2e", "(div 2 #e)"),
        (r"\frac1{2e}", "(div 1 (mul 2 #e))"),
        (r"\frac12e-1", "(add (mul 1/2 #e) -1)"),
        ("x^2e-1", "(add (mul (pow x 2) #e) -1)"),
        ("3e+1", "(add (mul 3 #e) 1)"),
        ("2e-1", "(add (mul 2 #e) -1)"),
        ("12e+2", "(add (mul 12 #e) 2)"),
        ("1e-1", "(sci 1 -1)"),
        ("2.5e-1", "(sci (dec 5 2 1) -1)"),
        ("3e5", "(sci 3 5)"),
        ("50e-1", "(sci 50 -1)"),
        ("3e-05", "(sci 3 -5)"),
        ("2E+3", "(sci 2 3)"),
    ],
)
def test_an_e_after_digits_is_the_number_where_no_exponent_is_written_so(
    reading: Callable[[str], str], text: str, tree: str
) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    "text",
    [
        "1A5_{16}",
        "(1A5)_{16}",
        "1a5_{16}",
        r"\text{1A5}_{16}",
        r"\mathrm{1a5}_{16}",
        r"1A5_{\text{sixteen}}",
        r"1A5_{\text{hex}}",
        "1A5_{hex}",
        r"1A5_{\text{base }16}",
        r"\text{1A5}_{(16)}",
        "0x1a5",
    ],
)
def test_letters_are_digits_of_base_sixteen(reading: Callable[[str], str], text: str) -> None:
    assert reading(text) == "(based 1a5 16)"


@pytest.mark.parametrize("text", ["3201_{(4)}", r"3201 \text{ (base 4)}", "3201 (base 4)", r"3201_{\text{base }4}"])
def test_a_base_may_stand_in_brackets_or_words(reading: Callable[[str], str], text: str) -> None:
    assert reading(text) == "(based 3201 4)"


@pytest.mark.parametrize(
    ("text", "tree"),
    [("2a_{16}", "(mul 2 a_16)"), ("a_{12}", "a_12"), ("ab_{16}", "(mul a b_16)"), ("x_{16}", "x_16")],
)
def test_small_letters_that_can_be_names_are_names(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"67\frac12^\circ", "(deg (mixed 67 1 2))"),
        (r"67\frac{1}{2}^{\circ}", "(deg (mixed 67 1 2))"),
        ("125^o", "(deg 125)"),
        ("90<sup>o</sup>", "(deg 90)"),
        ("x^o", "(pow x o)"),
        (r"2\frac12^2", "(mul 2 (pow 1/2 2))"),
        (r"0\frac13", "1/3"),
        ("-0", "0"),
        ("3{:}8", "(ratio 3 8)"),
        ("<sup>1</sup>/<sub>2</sub>", "1/2"),
        ("3<sup>1</sup>/<sub>2</sub>", "(mixed 3 1 2)"),
        ("³√5", "(fn root 5 3)"),
        ("2³√5", "(mul (pow 2 3) (fn root 5 2))"),
        ("3﹢2", "(add 3 2)"),
        ("A⋃B⋂D", "(inter (union A B) D)"),
        ("Max(a,b)", "(fn max a b)"),
        ("-2+i9", "(add -2 (mul #i 9))"),
        ("2^6 3^5 5^4", "(mul (pow 2 6) (pow 3 5) (pow 5 4))"),
        ("C_n^2", "(fn binomial n 2)"),
        (r"\overline{3+4i}", "(fn conj (add 3 (mul 4 #i)))"),
        (r"\overline{AB}", "bar AB"),
        (r"\overline{z}", "bar z"),
        (r"2\operatorname{cis}\frac\pi4", "(mul 2 (pow #e (mul #i (div #pi 4))))"),
        (r"\mathbf{R}", "(domain R)"),
        (r"\mathbf{R}x", "(mul R x)"),
        (r"(f\circ g)(x)", "(call f (call g x))"),
        (r"\mathbf a\times\mathbf b", r"(call \times a b)"),
        (r"\mathbf a\cdot\mathbf b", "(mul a b)"),
        (r"2\vec a\times\vec b", r"(mul 2 (call \times vec a vec b))"),
        (r"(2,3)\text{ cm}", "(unit (seq ( ) 2 3) cm)"),
        (r"\{x\mid x<1\text{ or }x>3\}", "(setof x (or (rel (<) x 1) (rel (>) x 3)))"),
        (r"\{x\mid x<1, x>0\}", "(setof x (rel (<) x 1) (rel (>) x 0))"),
        (r"p\land q", "(inter p q)"),
        (r"p\lor q", "(union p q)"),
    ],
)
def test_notations(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    "text",
    [
        r"\sqrt2 (\approx 1.414)",
        r"\sqrt2 (about 1.414)",
        r"\sqrt2 \text{ (approximately } 1.414)",
        r"\sqrt2 \text{ (approx. } 1.414\text{)}",
        r"\sqrt2 (or about 1.414)",
        r"\sqrt2 (≈ 1.414)",
    ],
)
def test_an_approximation_in_brackets_says_nothing(reading: Callable[[str], str], text: str) -> None:
    assert reading(text) == "(fn root 2 2)"


@pytest.mark.parametrize(
    "text",
    ["3 4", "2^6 3", r"(f\circ g)", r"p\land q\lor r", r"(2,3)\text{ only}", "1.5^oC_", r"(1,2,3)\times(4,5,6)"],
)
def test_what_may_mean_something_else_is_refused(text: str) -> None:
    with pytest.raises(MathSyntaxError):
        parse(normalise(text))


@pytest.mark.parametrize(
    "text",
    [
        r"\begin{cases} x^2,& x\ge0,\\ -x,&x<0.\end{cases}",
        r"\begin{cases} x^2,& x\ge0;\\ -x,&x<0;\end{cases}",
        r"\begin{cases} x^2 & \text{if } x\ge0,\\ -x & \text{if } x<0\end{cases}",
    ],
)
def test_lines_of_cases_may_end_in_punctuation(text: str) -> None:
    assert parse(normalise(text)) == parse(r"\begin{cases} x^2 & x\ge0\\ -x & x<0\end{cases}")
