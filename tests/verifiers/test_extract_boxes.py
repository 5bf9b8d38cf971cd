"""Boxes as models write them: spellings, nesting, several in one statement, what stands around and behind them."""

from __future__ import annotations

import pytest

from assaygym.verifiers.extract import Style, final_answer, find_answer

SPELLINGS = [
    (r"\boxed{42}", "42"),
    (r"$\boxed{42}$", "42"),
    (r"$$\boxed{42}$$", "42"),
    (r"\[\boxed{42}\]", "42"),
    (r"\(\boxed{42}\).", "42"),
    ("\\[\n\\boxed{42}\n\\]\n", "42"),
    (r"**Answer:** $\boxed{42}$", "42"),
    (r"### Final Answer" "\n\n" r"\boxed{42}", "42"),
    (r"\fbox{42}", "42"),
    (r"\framebox{42}", "42"),
    (r"\framebox[3cm]{42}", "42"),
    (r"\boxed {42}", "42"),
    ("\\boxed\n{42}", "42"),
    (r"\boxed 5", "5"),
    (r"so it is \boxed 5.", "5"),
    (r"\boxed5", "5"),
    (r"\boxed{ 42 }", "42"),
    ("\\boxed{\n42\n}", "42"),
    (r"\\boxed{42}", "42"),
    (r"\\boxed{\\frac{1}{2}}", r"\\frac{1}{2}"),
    ("\x08oxed{42}", "42"),
    ("the answer is \x08oxed{\x0crac{1}{2}}", r"\frac{1}{2}"),
    ("oxed{42}", "42"),
    (r"\boxed{$42$}", "42"),
    (r"\boxed{**42**}", "42"),
    (r"\boxed{\$42}", r"\$42"),
    (r"\boxed\text{B}", "B"),
    (r"\boxed{\boxed{5}}", "5"),
    (r"\boxed{x = \boxed{3}}", "3"),
    (r"\boxed{\text{Evelyn}}", r"\text{Evelyn}"),
    (r"\boxed{\mathbf{127} }", r"\mathbf{127}"),
    (r"\boxed{\textbf{(55) }}", r"\textbf{(55) }"),
    (r"\boxed{0.}", "0."),
    (r"\boxed{0.333...}", "0.333..."),
]


@pytest.mark.parametrize(("text", "expected"), SPELLINGS)
def test_every_spelling_of_a_box_is_read(text: str, expected: str) -> None:
    found = find_answer(text)
    assert found is not None
    assert (found.style, found.text) == (Style.BOX, expected)


CONTENTS = [
    (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
    (r"\boxed{\left\{ x \mid x > 2 \right\}}", r"\left\{ x \mid x > 2 \right\}"),
    (r"\boxed{\frac{\sqrt{3}}{2}}", r"\frac{\sqrt{3}}{2}"),
    (r"\boxed{x^{2^{n}}}", "x^{2^{n}}"),
    (r"\boxed{(-\infty, -4) \cup (-4, \infty)}", r"(-\infty, -4) \cup (-4, \infty)"),
    (r"\boxed{\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}}", r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}"),
    (
        "\\boxed{\n\\begin{pmatrix} 0 & 3 \\\\ 0 & -1 \\end{pmatrix}\n}.\n\\end{align*}",
        r"\begin{pmatrix} 0 & 3 \\ 0 & -1 \end{pmatrix}",
    ),
    (r"\boxed{\begin{cases} 1 & x>0 \\ 0 & x \le 0 \end{cases}}", r"\begin{cases} 1 & x>0 \\ 0 & x \le 0 \end{cases}"),
    (r"\boxed{3, 4}", "3, 4"),
    (r"\boxed{6 \text{ or } 9}", r"6 \text{ or } 9"),
    (r"\boxed{12\text{ and }13}", r"12\text{ and }13"),
    (r"\boxed{not 42}", "not 42"),
    (r"\boxed{\textbf{(E)}\ 19}", r"\textbf{(E)}\ 19"),
    (r"\boxed{E: A polygenic risk score}", "E: A polygenic risk score"),
    (r"\boxed{7:45 \text{ a.m.}}", r"7:45 \text{ a.m.}"),
    (r"\boxed{\text{October 12}}", r"\text{October 12}"),
    (r"\boxed{\text{no solution}}", r"\text{no solution}"),
    (r"\boxed{2{,}900}", "2{,}900"),
    (r"\boxed{\text{The minimum value is } 5}", "5"),
    (r"\boxed{\text{The answer is } \frac{1}{2}}", r"\frac{1}{2}"),
    (r"\boxed{\text{Answer: } 5}", "5"),
    (r"\boxed{Answer: 5}", "5"),
    (r"\boxed{The final answer is $5$}", "5"),
    (r"\boxed{\text{The function is even}}", r"\text{The function is even}"),
    (r"\boxed{x = 5}", "x = 5"),
    (r"\boxed{y = 2x + 1}", "y = 2x + 1"),
]


@pytest.mark.parametrize(("text", "expected"), CONTENTS)
def test_the_content_stays_as_written_but_for_a_sentence_around_it(text: str, expected: str) -> None:
    assert final_answer(text) == expected


JOINED = [
    (r"Hence $t=\boxed{3}$ or $t=\boxed{8}$.", "3, 8"),
    (r"\boxed{a} and \boxed{b}", "a, b"),
    (r"\boxed{3}, \boxed{4} and \boxed{5}", "3, 4, 5"),
    (r"\boxed{1}\boxed{2}", "1, 2"),
    ("\\boxed{41}\n\\boxed{42}", "41, 42"),
    (r"\[ \boxed{-2} \quad \text{and} \quad \boxed{1}. \]", "-2, 1"),
    (r"\boxed{\boxed{3} \text{ or } \boxed{4}}", "3, 4"),
    (r"$x = \boxed{7}$ and $y = \boxed{-8}$", "x = 7, y = -8"),
    (r"$x_1 = \boxed{2}, x_2 = \boxed{3}$", "x_1 = 2, x_2 = 3"),
    (r"either $\boxed{3}$ or $\boxed{4}$", "3, 4"),
    (r"\boxed{5}, \boxed{5}", "5"),
    (r"The maximum is $\boxed{5}$ and the minimum is $\boxed{-3}$.", "5, -3"),
    ("(a) $\\boxed{3}$\n(b) $\\boxed{4}$", "3, 4"),
    (r"$\boxed{3}$或$\boxed{4}$", "3, 4"),
    (r"\boxed{A}, \boxed{C}", "A, C"),
]


@pytest.mark.parametrize(("text", "expected"), JOINED)
def test_boxes_of_one_statement_are_one_answer(text: str, expected: str) -> None:
    assert final_answer(text) == expected


LAST_COUNTS = [
    (r"first \boxed{42}, then \boxed{277}", "277"),
    (r"first \boxed{1}. Wrong, it is \boxed{2}.", "2"),
    ("The radius is $\\boxed{5}$.\n\nSo the area is $\\boxed{25\\pi}$.", r"25\pi"),
    (r"We get \boxed{3} and so the sum is \boxed{7}", "7"),
    (r"At first I got \boxed{70}, but I forgot one term." "\n" r"The corrected value is \boxed{71}.", "71"),
    (r"\boxed{70}. Wait, that's wrong, I forgot one. It is \boxed{71}", "71"),
    (r"<think>the answer is \boxed{70}</think>Final answer: \boxed{71}", "71"),
    (r"<think>the answer is \boxed{70}</think>Final answer: 71", "71"),
    (r"\boxed{5}. In other words $x = \boxed{5}$", "5"),
    (r"\boxed{\frac12} = \boxed{0.5}", "0.5"),
    (r"The answer is \boxed{6}, not \boxed{5}", "6"),
]


@pytest.mark.parametrize(("text", "expected"), LAST_COUNTS)
def test_boxes_of_earlier_statements_do_not_count(text: str, expected: str) -> None:
    assert final_answer(text) == expected


EARLIER = [
    ("Step 1 gives \\boxed{3}.\nStep 2 gives \\boxed{4}.\nTogether: \\boxed{12}", "12"),
    ("Step 1: \\boxed{7}\n\nThe answers are $\\boxed{2}$ and $\\boxed{5}$.", "2, 5"),
    ("At first \\boxed{11}.\nOn checking: \\boxed{12}", "12"),
    ("1. So $r = \\boxed{2}$.\n2. So the area is $\\boxed{4}$.", "4"),
    ("**(a)** $\\boxed{3}$\n\n**(b)** $\\boxed{4}$", "3, 4"),
    ("(a) $\\boxed{3}$\n\n(b) The least is $\\boxed{4}$", "3, 4"),
    (r"value is \boxed{\frac{1}{3}} \approx \boxed{0.333}", r"\frac{1}{3}"),
    (r"Exact: \boxed{\sqrt{2}}, numerically \boxed{\approx 1.41421}", r"\sqrt{2}"),
    (r"\boxed{7}, or else \boxed{8}", "7, 8"),
    (r"\boxed{\approx 6} \text{ or } 7", r"\approx 6 or 7"),
    (r"\boxed{6} and 7", "6 or 7"),
    (r"\boxed{6}. I have put my answer in \boxed{}.", "6"),
    (r"\boxed \frac12", r"\frac12"),
    (r"\boxed\sqrt{2}", r"\sqrt{2}"),
]


@pytest.mark.parametrize(("text", "expected"), EARLIER)
def test_what_belongs_to_the_last_statement_counts_and_nothing_before_it(text: str, expected: str) -> None:
    assert final_answer(text) == expected


NO_ANSWER = [
    r"\boxed{}",
    r"\boxed{ }",
    r"right: \boxed{5}, then \boxed{}",
    r"right: \boxed{4}, in short \boxed{",
    r"\boxed{4",
    r"\boxed{\frac{1}{2}",
    r"The answer is 5. \boxed{",
    r"<think>\boxed{5}</think>",
    r"<think>\boxed{5}",
]


@pytest.mark.parametrize("text", NO_ANSWER)
def test_an_empty_or_open_last_box_is_no_answer(text: str) -> None:
    assert final_answer(text) is None


UNITS = [
    (r"$\boxed{50}\%$", "50", r"\%"),
    (r"\boxed{28} percent", "28", r"\%"),
    (r"$\boxed{28}$ pct", "28", r"\%"),
    (r"$\boxed{30}^\circ$", "30", r"^\circ"),
    (r"$\boxed{30^\circ}$", r"30^\circ", ""),
    (r"$\boxed{14}\text{ km}$", "14", r"\text{ km}"),
    (r"$\boxed{14}$ cm.", "14", r"\text{ cm}"),
    (r"$\boxed{14}\text{ cm}^2$", "14", r"\text{ cm}^2"),
    (r"The area is $\boxed{14}$ square units", "14", r"\text{ square units}"),
    (r"$\boxed{14}$ cm^2", "14", r"\text{ cm}^2"),
    (r"saves $\boxed{160}$ m of rope", "160", r"\text{ m}"),
    (r"$\boxed{90}$ degrees", "90", r"^\circ"),
    (r"$\boxed{14}$ means that", "14", ""),
    ("$\\boxed{14}$\n\nm is the slope", "14", ""),
    (r"$\boxed{3201}_4$", "3201_4", ""),
    (r"$\boxed{3201}_{4}$", "3201_{4}", ""),
]


@pytest.mark.parametrize(("text", "expected", "unit"), UNITS)
def test_a_unit_behind_the_box_is_told_and_a_base_belongs_to_it(text: str, expected: str, unit: str) -> None:
    found = find_answer(text)
    assert found is not None
    assert (found.text, found.unit) == (expected, unit)


def test_the_parts_of_a_joined_answer_are_told() -> None:
    several, one = find_answer(r"$\boxed{\frac12}$ or $\boxed{0.5}$"), find_answer(r"\boxed{5}, \boxed{5}")
    assert several is not None
    assert one is not None
    assert several.parts == (r"\frac12", "0.5")
    assert one.parts == ()
