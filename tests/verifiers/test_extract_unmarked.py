"""Answers that nothing marks: bare ones, the last sentence, formula or number; and what is no answer's text."""

from __future__ import annotations

import pytest

from assaygym.verifiers.extract import Style, final_answer, find_answer

BARE = [
    ("42", "42"),
    (" 42\n", "42"),
    ("42.", "42"),
    ("-3.5", "-3.5"),
    ("- \\frac { 3 } { 2 }", r"- \frac { 3 } { 2 }"),
    ("- 5", "- 5"),
    ("**42**", "42"),
    ("`42`", "42"),
    ("```\n42\n```", "42"),
    ("$42$", "42"),
    ("$$42$$", "42"),
    ("\\(42\\)", "42"),
    ("\\[42\\]", "42"),
    ("<b>42</b>", "42"),
    ("<p>42</p>", "42"),
    ("$5", "$5"),
    ("\\$1.50", r"\$1.50"),
    ("25%", "25%"),
    ("1,625", "1,625"),
    ("2,3", "2,3"),
    ("８１５", "８１５"),
    ("（4，6）", "（4，6）"),
    ("√11", "√11"),
    ("2*x^3-x", "2*x^3-x"),
    ("2**3", "2**3"),
    ("2 ** 3", "2 ** 3"),
    ("2*x**2+y**2", "2*x**2+y**2"),
    ("7*y**2/(x**2 + 1)", "7*y**2/(x**2 + 1)"),
    ("|x-3|", "|x-3|"),
    ("> 5", "> 5"),
    ("x^2+1", "x^2+1"),
    ("x<sup>5</sup>", "x<sup>5</sup>"),
    ("x &le; 5", "x ≤ 5"),
    ("5&nbsp;cm", "5 cm"),
    ("a<b", "a<b"),
    ("hexagon", "hexagon"),
    ("October 12", "October 12"),
    ("12 October", "12 October"),
    ("7:45 AM", "7:45 AM"),
    ("no solution", "no solution"),
    ("No real solutions.", "No real solutions"),
    ("all real numbers", "all real numbers"),
    ("all real numbers except 2", "all real numbers except 2"),
    ("x=11 \\text{ or } x=-6", r"x=11 \text{ or } x=-6"),
    ("x = 2 and x = 3", "x = 2 and x = 3"),
    ("3 to 8", "3 to 8"),
    ("14 \\text{ cm}^2", r"14 \text{ cm}^2"),
    ("a = 0.5, Q = (2,-2)", "a = 0.5, Q = (2,-2)"),
    ("(-\\infty, 6)\\cup(6,\\infty)", r"(-\infty, 6)\cup(6,\infty)"),
    ("\\{x \\mid x > 2\\}", r"\{x \mid x > 2\}"),
    ("\\begin{pmatrix}5&0\\\\-1&2\\end{pmatrix}", r"\begin{pmatrix}5&0\\-1&2\end{pmatrix}"),
    ("\\begin{pmatrix}\n5 & 0 \\\\\n-1 & 2\n\\end{pmatrix}", "\\begin{pmatrix}\n5 & 0 \\\\\n-1 & 2\n\\end{pmatrix}"),
    ("$$\n\\begin{bmatrix} 1 \\\\ 2 \\end{bmatrix}\n$$", r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}"),
    ("x = 2k\\pi, k \\in \\mathbb{Z}", r"x = 2k\pi, k \in \mathbb{Z}"),
    ("x = 2\nx = 3", "x = 2, x = 3"),
    ("3\n4\n5", "3, 4, 5"),
    ("2 + 3\n= 5", "2 + 3 = 5"),
    ("fifteen", "fifteen"),
    ("15 dollars and 50 cents", "15 dollars and 50 cents"),
    ("the set of all even integers", "the set of all even integers"),
    ("Option D.", "Option D"),
    ("B", "B"),
    ("True", "True"),
    ("x = 5 cm", "x = 5 cm"),
    ("So x = 5.", "x = 5"),
    ("It is 5.", "5"),
    ("x is 5", "5"),
    ("x is not 5", "not 5"),
    ("x = 5 is not a solution", "x = 5 is not a solution"),
    (
        "$f(x)=ax+b$, where $b$ is an arbitrary integer and $a > 0$",
        "f(x)=ax+b, where b is an arbitrary integer and a > 0",
    ),
    ("1;$\\frac{8}{9}$", r"1;\frac{8}{9}"),
    ("$2,900$", "2,900"),
    ("y = \\frac{1}{2} x + 3 \\quad \\text{for } x > 0", r"y = \frac{1}{2} x + 3 \quad \text{for } x > 0"),
    ("\\frac{" + "1+" * 200 + "1}{2}", "\\frac{" + "1+" * 200 + "1}{2}"),
]


@pytest.mark.parametrize(("text", "expected"), BARE)
def test_a_text_that_is_nothing_but_an_answer(text: str, expected: str) -> None:
    found = find_answer(text)
    assert found is not None
    assert (found.style, found.text) == (Style.BARE, expected)


ENDINGS = [
    ("We add 3 and 4.\nTherefore, the value of $k$ is $\\frac{3}{2}$.", r"\frac{3}{2}"),
    ("Let us see. 12 of 30 are red.\n\nSo, the area of the triangle is 12 cm.", "12 cm"),
    ("Let us see what follows from this.\n\nHence there are $\\binom{5}{2} = 10$ ways.", r"\binom{5}{2} = 10 ways"),
    ("3 + 4 = 7 for the first.\nThus, Haley's class has **99** marbles.", "99"),
    ("In 26 bags he has 33 each.\nSo Frank has **858** candies in 26 bags.", "858"),
    ("要找出数学作业比阅读作业多多少页：5页 - 2页 = 3页\n因此，瑞秋的数学作业比阅读作业多 **3页**。", "3页"),
    ("She sold 48 in April.\nNatalia sold 72 clips altogether.", "72 clips"),
    ("The roots follow from Vieta.\nSo the solutions are $x=2$ and $x=3$.", "x=2 and x=3"),
    ("The roots follow from Vieta.\nSo we get $x=2$ or $x=3$ in this case", "x=2 or x=3"),
    ("Adding both sides one finds\n\\[ x = 7 \\]", "x = 7"),
    ("Adding both sides one finds\n$$x = 7.$$", "x = 7"),
    ("Adding both sides one finds that it is\n\\begin{align*} x &= 3+4 \\\\ &= 7 \\end{align*}\nso the sum is 7", "7"),
    ("So the value is $8$. (Indeed $8 - 3 = 5$.)", "8"),
    ("So the value is $8$. I hope this helps!", "8"),
    ("So the value is $8$.\n\nLet me know if you have 1 or 2 questions.", "8"),
    ("So the value is $8$.\n\nCheck: $8 - 3 = 5$.", "8"),
    ("Both give 4, and after all of these steps one ends up with 17", "17"),
    ("On Tuesday he has 12 - 5 = 7 apples and on Friday he then has 7 + 2 = 9", "9"),
    ("```python\nprint(4**3)\n```\n```output\n64\n```\nThe total is 64.", "64"),
    ("He earns 60*8 = $<<60*8=480>>480 per day.", "$480 \\text{ per day}"),
    ("So he earns 60*8=<<60*8=480>>480 dollars", "480 dollars"),
]


@pytest.mark.parametrize(("text", "expected"), ENDINGS)
def test_the_end_of_a_solution(text: str, expected: str) -> None:
    assert final_answer(text) == expected


MARKERS = [
    ("#### 480", "480"),
    ("He earns 60*8 = $<<60*8=480>>480 per day.\n#### 480", "480"),
    ("#### 1,000", "1,000"),
    ("#### $18", "$18"),
    ("#### 42.", "42"),
    ("#### 3 apples", "3 apples"),
    ("####\n42", "42"),
    ("#### \\frac{1}{2}", r"\frac{1}{2}"),
    ("#### Step 1: Add 3 and 4\n\n3+4 = 7\n\n#### Answer: 7", "7"),
    ("#### 5\n\n#### Explanation of the steps", "5"),
    ("\\boxed{6}\n#### Verification\n2*3 = 6", "6"),
    ("<answer>5</answer>", "5"),
    ("<answer> $\\frac{1}{2}$ </answer>", r"\frac{1}{2}"),
    ("<answer>4</answer> no, <ANSWER>5</ANSWER>", "5"),
    ("<answer>\\boxed{7}</answer>", "7"),
    ("<answer>The answer is 5.</answer>", "5"),
    ("<answer>The total is 5 apples</answer>", "5 apples"),
    ("<answer>x = 2 and x = 3</answer>", "x = 2 and x = 3"),
    ("<answer>hexagon</answer>", "hexagon"),
    ("<answer>**5**</answer>", "5"),
    ("<answer>6", "6"),
    ("<final_answer>5</final_answer>", "5"),
    ("<SOLUTION>5</SOLUTION>", "5"),
    ("[ANSWER] 5 [/ANSWER]", "5"),
    ("<|begin_of_box|>9<|end_of_box|>", "9"),
    ("<think>\nit is 4\n</think>\n\n<answer>5</answer>", "5"),
    ("<think>it is 4</think>\n\n5", "5"),
    ("<thinking>it is 4</thinking>The answer is 5", "5"),
    ("<reasoning>\\boxed{4}</reasoning>5", "5"),
    ("◁think▷4◁/think▷5", "5"),
    ("[THINK]4[/THINK]5", "5"),
    ("<|begin_of_thought|>4<|end_of_thought|><|begin_of_solution|>\\boxed{5}<|end_of_solution|>", "5"),
    (
        "<|channel|>analysis<|message|>maybe \\boxed{4}<|end|><|start|>assistant<|channel|>final<|message|>5<|return|>",
        "5",
    ),
    ("it follows that it is 4</think>The answer is 5", "5"),
    ("<|im_start|>assistant\nThe answer is 5<|im_end|>", "5"),
    ("<|im_start|>user\nIs it 4?<|im_end|>\n<|im_start|>assistant\nThe answer is 5<|im_end|>", "5"),
    ("<s>5</s>", "5"),
    ("\\boxed{5}<think>let me check that 2+2 = 4</think>", "5"),
]


@pytest.mark.parametrize(("text", "expected"), MARKERS)
def test_markers_and_what_is_dropped_around_them(text: str, expected: str) -> None:
    assert final_answer(text) == expected


NONE = [
    "",
    "  \n",
    "####",
    "<answer></answer>",
    "<answer> </answer>",
    "<think>The answer is 5",
    "<think>5</think>",
    "<|channel|>analysis<|message|>the answer is 5",
    "We start by looking at the triangle. It has sides and angles.\nThen we stop here and do not go on.",
]


@pytest.mark.parametrize("text", NONE)
def test_no_answer(text: str) -> None:
    assert final_answer(text) is None


SENTENCES = [
    ("The largest value is 5 and the smallest value is 3.", "5, 3"),
    ("The value of $x$ is $3$ and the value of $y$ is $4$.", "3, 4"),
    ("There are 12 possible ways.", "12"),
    ("She makes $18 every day at the farmer's market.", "$18"),
    ("Natalia sold 48 + 24 = 72 clips altogether in April and May.", "72 clips"),
    ("The measurement of the position increases by 100%.", "100%"),
    ("The domain of $f$ is all real numbers except $x=2$.", "all real numbers except x=2"),
    ("It follows that $a_n = 2^n$ for all $n \\geq 1$.", "a_n = 2^n for all n \\geq 1"),
    ("Therefore the train arrives at 7:45 a.m.", "7:45 a.m"),
    ("The meeting is on October 12.", "October 12"),
    ("The ratio is 3:4.", "3:4"),
    ("The speed is 25 km/h.", "25 km/h"),
    ("The area is $25\\pi$ square units.", "25\\pi square units"),
    ("**Total: 15**", "15"),
    ("Total = 15", "15"),
    ("Result: 15", "15"),
    ("Solution: x = 15", "x = 15"),
    ("sin x = 15", "sin x = 15"),
    ("所以 $x = 3$。", "x = 3"),
    ("解得 x = 5", "x = 5"),
    ("综上所述，$a$的取值范围是$(0,1)$。", "(0,1)"),
    ("∴ x = 5", "x = 5"),
    ("5 ✓", "5"),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES)
def test_one_sentence(text: str, expected: str) -> None:
    assert final_answer(text) == expected


LETTERS = [
    ("720/60 = 12\nB", "B"),
    ("720/60 = 12\nOption B", "B"),
    ("720/60 = 12\nOption: (B)", "(B)"),
    ("720/60 = 12\nThus B.", "B."),
    ("720/60 = 12\n**B**", "B"),
    ("720/60 = 12\nB is the correct choice", "B"),
    ("720/60 = 12\nAnswer - B.", "B"),
    ("720/60 = 12\nAns B", "B"),
    ("720/60 = 12\nanswer.B", "B"),
]


@pytest.mark.parametrize(("text", "expected"), LETTERS)
def test_a_letter_on_the_last_line_is_the_choice(text: str, expected: str) -> None:
    assert final_answer(text) == expected
