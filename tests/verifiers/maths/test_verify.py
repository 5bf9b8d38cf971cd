"""Pairs of a gold and a predicted answer, by kind."""

from __future__ import annotations

import json
import pickle
import re
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.errors import ConfigError, MissingDependencyError
from assaygym.types import Score, Verdict
from assaygym.verifiers import judge, math, verify_math
from assaygym.verifiers.maths import compile_gold, verify
from assaygym.verifiers.maths.cas.crew import Crew

SHARED = Path(__file__).resolve().parents[4] / "shared"

SAME = [
    # numbers
    ("1/2", "0.5"),
    ("1/2", r"\frac12"),
    ("1/2", r"\dfrac{1}{2}"),
    ("1/2", r"{1 \over 2}"),
    ("1/2", r"50\%"),
    ("1/2", "½"),
    ("5/2", "2 1/2"),
    ("5/2", r"2\frac{1}{2}"),
    ("-5/2", r"-2\tfrac12"),
    ("1234567", "1,234,567"),
    ("1234567", r"1{,}234{,}567"),
    ("1234567", r"1,\!234,\!567"),
    ("1500", r"1.5 \times 10^3"),
    ("1500", "1.5e3"),
    ("0.25", ".25"),
    ("7", "007"),
    ("7", "7.0"),
    ("7", "７"),
    ("-3", "−3"),
    ("1/3", r"0.\overline{3}"),
    ("1/6", r"0.1\overline{6}"),
    ("2^{20}", "1048576"),
    ("10!", "3628800"),
    (r"\binom{10}{3}", "120"),
    (r"\sqrt{49}", "7"),
    (r"\sqrt[3]{-27}", "-3"),
    (r"\lfloor 3.7 \rfloor", "3"),
    ("|-4|", "4"),
    # radicals, constants, functions
    (r"\sqrt{12}", r"2\sqrt3"),
    (r"\sqrt{12}", "2√3"),
    (r"\sqrt{12}", "2*sqrt(3)"),
    (r"\frac{1}{\sqrt2}", r"\frac{\sqrt{2}}{2}"),
    (r"2\pi", "2π"),
    (r"2\pi\sqrt{3}", r"2\sqrt3\pi"),
    (r"\sqrt{2}", "1.4142135624"),
    ("1/3", "0.3333333333"),
    (r"\sin 2x", r"2\sin x\cos x"),
    (r"\cos^2 x", r"1-\sin^2(x)"),
    (r"\log_2 10", r"\frac{\ln 10}{\ln 2}"),
    (r"\log_2 8", "3"),
    ("e^{2x}", "(e^x)^2"),
    ("1+2i", "2i+1"),
    (r"\frac{1}{1+i}", r"\frac{1-i}{2}"),
    # polynomials and rational functions
    ("(x+1)^2", "x^2+2x+1"),
    ("x^2-y^2", "(x-y)(x+y)"),
    (r"\frac{1}{x}-\frac{1}{x+1}", r"\frac{1}{x(x+1)}"),
    ("2ab", "2ba"),
    ("x²", "x^2"),
    ("x<sup>2</sup>", "x^2"),
    (r"\frac{x}{2}", "0.5x"),
    ("a_1+a_2", "a_{2}+a_{1}"),
    # definitions, equations, inequalities
    ("5", "x = 5"),
    ("x = 5", "5"),
    ("y = 2x+3", "2x+3"),
    ("y = 2x+3", "y - 2x = 3"),
    ("x + y = 2", "2x + 2y = 4"),
    ("f(t) = t^2", "f(x) = x^2"),
    ("5", "x = 2 + 3 = 5"),
    ("17/7", r"\frac{17}{7} \approx 2.43"),
    ("x > 2", "2 < x"),
    (r"x \ge 2", r"[2, \infty)"),
    (r"1 < x \le 4", "(1, 4]"),
    (r"1 < x \le 4", r"4 \ge x > 1"),
    (r"x \in [-2,7]", "[-2,7]"),
    (r"(-\infty,3)\cup(3,\infty)", r"x \ne 3"),
    (r"(2,3)\cup(0,1)", r"(0,1) \cup (2,3)"),
    (r"\mathbb{R}", r"(-\infty,\infty)"),
    (r"x = 2k\pi", r"x = 2n\pi"),
    # collections
    ("(1, 2)", r"\left( 1, 2 \right)"),
    ("(1/2, 2)", "(0.5, 2)"),
    ("(3,4)", "（3，4）"),
    ("1, 2, 3", "3, 1 and 2"),
    (r"\{1, 2\}", "2, 1"),
    ("1, -2", r"x = -2 \text{ or } x = 1"),
    (r"\pm 3", "3, -3"),
    (r"1 \pm \sqrt{2}", r"1+\sqrt2, 1-\sqrt2"),
    (r"\{1 \pm \sqrt{5}, -2\}", r"\{-2, 1-\sqrt{5}, 1+\sqrt{5}\}"),
    ("(7, -8)", "x = 7, y = -8"),
    (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", r"\begin{bmatrix}1&2\\3&4\end{bmatrix}"),
    (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", "(1, 2)"),
    (r"\begin{pmatrix} 1/2 \\ 2 \end{pmatrix}", r"\begin{pmatrix} 0.5 \\ 2 \end{pmatrix}"),
    ("3:8", "3 to 8"),
    ("(1,2),(3,4)", "(3,4),(1,2)"),
    # units, degrees, currency, bases, text, letters
    ("14", r"14 \text{ cm}^2"),
    (r"14\text{ cm}", "14"),
    (r"14\text{ inches}", r"14 \mbox{ inch}"),
    ("18", "18 dollars"),
    (r"\$18.90", "18.9"),
    (r"90^\circ", "90"),
    (r"90^\circ", "90°"),
    (r"150^\circ", r"\frac{5\pi}{6}"),
    (r"\frac{270}7\text{ degrees}", r"\frac{270}{7}^\circ"),
    ("52_8", "52_{8}"),
    (r"\text{east}", "East"),
    ("7:45 a.m.", r"7:45 \text{ AM}"),
    (r"\text{(C)}", "C"),
    ("E", r"\textbf{(E)}\ 19"),
    ("A", "I pick (A) since the others fail."),
    ("42", r"\boxed{\text{42}}"),
    ("42", r"\boxed{\textbf{42}}"),
    ("42", r"\boxed{\mathbf{42}}"),
    ("42", r"42~\mathrm{km/h}"),
    ("42", r"42\mathrm{~cm}"),
    # escapes and statements
    (r"\frac{7}{8}", r"\\frac{7}{8}"),
    ("71", r"<think>\boxed{70}</think> The answer is \boxed{71}."),
    (r"\{3,8\}", r"Hence $t=\boxed{3}$ or $t=\boxed{8}$."),
    ("5/8", r"$\boxed{\frac{5}{8}}$ or $\boxed{0.625}$"),
    ("480", "60*8 = <<60*8=480>>480\n#### 480"),
]

DIFFERENT = [
    ("10^{10}", "10^{10}+1"),
    ("2^{100}", "2^{100}-1"),
    (r"\frac{1}{2004!}", r"\frac{1}{2006!}"),
    ("3^{-200}", "3^{-201}"),
    ("0.0000001", "0.0000002"),
    (r"\sqrt{2}", "1.41421356"),
    (r"\sqrt{2}", "1.4142135629"),
    ("3", "2.9999999999"),
    ("1/2", "2"),
    ("11/2", "1 1/2"),
    ("5", "-5"),
    ("5", "500"),
    (r"\sqrt[3]{2}", r"\sqrt{2}"),
    (r"1-\frac{1}{e}", r"1+\frac{1}{e}"),
    (r"\sin x", r"\cos x"),
    (r"\log_5 7", r"\log_7 5"),
    ("x+1", "x-1"),
    ("x", "|x|"),
    ("x", "y"),
    ("(1, 2)", "(2, 1)"),
    ("(1, 2)", "[1, 2]"),
    ("(3, 4]", "[3, 4]"),
    ("(1, 2)", "(1, 2, 3)"),
    ("1, 2", "1"),
    ("1", "1, 2"),
    ("1, 2", "1, 1"),
    ("6", r"\boxed{6 \text{ or } 9}"),
    ("6", r"\boxed{6} or \boxed{9}"),
    ("6", "the answer is 6 or 9"),
    ("3", "n = 3k"),
    ("11a+c", "7 = 11a+c"),
    ("0", "3x+4y+14=0"),
    ("3x-y+13=0", "3x+4y+14=0"),
    ("5x-2y=8", "5x+2y=8"),
    ("x > 2", r"x \ge 2"),
    ("x > 2", "x < 2"),
    ("x > 2", "y > 2"),
    (r"(-\infty,-4)\cup(-4,\infty)", r"(-\infty,\infty)"),
    (r"\infty", r"-\infty"),
    (r"\pm 8", "8"),
    ("3:5:4", "3:4:5"),
    (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", r"\begin{pmatrix} 1 & 3 \\ 2 & 4 \end{pmatrix}"),
    (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix} 1 & 2 \end{pmatrix}"),
    (r"14 \text{ km}", r"14 \text{ mm}"),
    (r"90^\circ", r"\pi"),
    ("52_8", "52_9"),
    ("52_8", "52"),
    ("a=3,b=-1", "(a,b)=(-1,3)"),
    (r"\text{hexagon}", "pentagon"),
    ("7:45 a.m.", "7:45 PM"),
    (r"\text{(C)}", "D"),
    ("C", "C or D"),
    ("1728", "1331 and 1728"),
    ("4", r"right: \boxed{4}, in the end \boxed{5}"),
    ("1", "nan"),
    ("1", r"\frac{1}{0}"),
    ("1", r"\tan 90^\circ"),
]


@pytest.mark.parametrize(("gold", "pred"), SAME)
def test_the_same_object_in_another_notation_is_correct(gold: str, pred: str) -> None:
    score = verify_math(pred, gold)
    assert score.verdict is Verdict.CORRECT, score.explanation


@pytest.mark.parametrize(("gold", "pred"), DIFFERENT)
def test_another_object_however_close_is_not(gold: str, pred: str) -> None:
    score = verify_math(pred, gold)
    assert score.value == 0.0, score.explanation
    assert score.verdict in (Verdict.INCORRECT, Verdict.UNPARSED)


@pytest.mark.parametrize(("gold", "pred"), [("x", "|x|"), ("x", r"\max(x, 0)"), ("xy", "|x|y"), ("xy", "x|y|")])
def test_no_spelling_of_an_expression_avoids_the_signs_that_tell_it_apart(gold: str, pred: str) -> None:
    assert [i for i in range(200) if verify_math(f"{pred}+{i}-{i}", gold).value] == []


@pytest.mark.parametrize("pred", ["", "   ", r"\boxed{}", r"so it is \boxed{42", "<think>42</think>", "####"])
def test_no_answer_is_unparsed(pred: str) -> None:
    assert verify_math(pred, "42").verdict is Verdict.UNPARSED


@pytest.mark.parametrize("gold", ["", "  ", r"\foo{1}^^", "((1"])
def test_a_gold_that_cannot_be_read_is_invalid_and_never_a_zero(gold: str) -> None:
    assert verify_math("42", gold).verdict is Verdict.INVALID


def test_a_gold_that_cannot_be_read_still_equals_itself() -> None:
    assert verify_math(r"\boxed{\foo{1}}", r"\foo{1}").verdict is Verdict.CORRECT


@pytest.mark.parametrize(
    ("gold", "pred", "layer"),
    [
        (r"\frac12", r"\frac{1}{2}", "structure"),
        ("42", "42", "string"),
        ("1/2", "0.5", "rational"),
        ("x+1", "1+x", "fields"),
        (r"\sqrt{1+\sqrt2}", "1.55", "floats"),
        (r"\int_0^1 x dx", "1/2", "algebra"),
        ("(1,2)", "(2,1)", "tuple"),
        ("1,2", "2,1", "list"),
        ("B", "C", "choice"),
        ("east", "west", "words"),
        ("2 km", "2 mm", "units"),
        ("x<2", r"(-\infty,2)", "intervals"),
        ("(1,2,3)", "3", "types"),
    ],
)
def test_the_explanation_begins_with_the_layer_that_decided(gold: str, pred: str, layer: str) -> None:
    assert verify_math(pred, gold).explanation.split(":")[0] == layer


def test_what_is_only_not_proven_is_flagged() -> None:
    assert verify_math(r"\foo{42}", "42").flags == ("undecided",)
    assert verify_math("41", "42").flags == ()


@pytest.mark.parametrize("gold", [42, 42.0, Fraction(42), "42", "so it is\n#### 42", r"hence $\boxed{42}$"])
def test_gold_may_be_a_number_an_answer_or_a_solution(gold: Any) -> None:
    assert math()("42", gold).value == 1.0


def test_a_compiled_gold_can_be_shared() -> None:
    gold = compile_gold(r"\frac{1}{2}")
    assert pickle.loads(pickle.dumps(gold)) == gold
    assert [verify_math(pred, gold).value for pred in ("0.5", "0.6")] == [1.0, 0.0]


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ConfigError, match="'lax' does not exist; known: aime, default"):
        math("lax")
    with pytest.raises(ConfigError, match="does not exist"):
        verify_math("1", "1", policy="lax")


def test_missing_sympy_is_never_a_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    crew, made = Crew(1), math()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(sys.modules["assaygym.verifiers.maths.cas.ask"], "shared_crew", lambda: crew)
    with pytest.raises(MissingDependencyError, match=r"pip install 'assaygym\[math\]'"):
        verify_math(r"\int_0^1 x dx", "1")
    assert judge(made, r"\int_0^1 x dx", "1").verdict is Verdict.INVALID
    assert judge(made, "0.5", "1/2").verdict is Verdict.CORRECT


def test_without_sympy_no_math_verifier_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent could pick an answer that needs it, and have its episode dropped instead of paid nothing."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"the math verifier needs sympy.*pip install 'assaygym\[math\]'"):
        math()


def test_threads_reach_the_same_verdicts() -> None:
    pairs = [*SAME[25:45], *DIFFERENT[:20]]
    alone = [verify_math(pred, gold) for gold, pred in pairs]
    results: list[list[Score]] = [[] for _ in range(8)]

    def work(mine: list[Score]) -> None:
        mine.extend(verify_math(pred, gold) for gold, pred in pairs)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(mine == alone for mine in results)


@given(
    st.text(max_size=60) | st.text("\\fracsqrt{}()[],;=<>+-*/^_!|%0123456789xyi .$", max_size=40), st.text(max_size=20)
)
def test_no_text_raises(pred: str, gold: str) -> None:
    assert verify_math(pred, gold).verdict in Verdict


@given(st.fractions(max_denominator=10**6), st.integers(1, 10**6))
def test_rationals_equal_themselves_in_any_notation_and_never_a_neighbour(value: Fraction, step: int) -> None:
    latex = rf"\boxed{{\frac{{{value.numerator}}}{{{value.denominator}}}}}"
    assert verify_math(latex, str(value)).value == 1.0
    assert verify_math(latex, str(value + Fraction(1, step))).value == 0.0


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=5), st.integers(1, 9))
def test_a_polynomial_equals_its_horner_form_and_not_its_shift(coefficients: list[int], shift: int) -> None:
    plain = "+".join(f"({c})x^{i}" for i, c in enumerate(coefficients))
    horner = "0"
    for c in reversed(coefficients):
        horner = f"({horner})*x+({c})"
    assert verify_math(rf"\boxed{{{horner}}}", plain).value == 1.0
    assert verify_math(rf"\boxed{{{horner}+{shift}}}", plain).value == 0.0


def rows(name: str) -> Iterator[dict[str, Any]]:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the data file {name} is not on this machine")
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def test_every_math500_gold_equals_itself_and_its_own_solution() -> None:
    tried = list(rows("suites/math500/test.jsonl"))
    wrong = [row["answer"] for row in tried for pred in (row["answer"], row["solution"], rf"\boxed{{{row['answer']}}}")
             if verify_math(pred, row["answer"]).value != 1.0]  # fmt: skip
    assert (len(tried), wrong) == (500, [])


def test_every_gsm8k_gold_is_read_out_of_its_own_solution() -> None:
    tried = list(rows("suites/gsm8k/test.jsonl"))
    wrong = [row["answer"] for row in tried if math()(row["answer"], row["answer"].rpartition("####")[2]).value != 1.0]
    assert (len(tried), wrong) == (1319, [])


def test_no_math500_gold_plus_one_is_accepted() -> None:
    golds = [row["answer"] for row in rows("suites/math500/test.jsonl") if "text" not in row["answer"]]
    assert [gold for gold in golds if verify_math(rf"\boxed{{{gold}+1}}", gold).value] == []


def test_the_sample_of_labelled_pairs_has_no_false_accept_and_few_false_rejects() -> None:
    labelled = [row for row in rows("math/pairs-sample.jsonl") if row["expected"] is not None]
    found = [(verify_math(row["pred"], row["gold"]).value == 1.0, row["expected"]) for row in labelled]
    assert [pair for pair in found if pair == (True, False)] == []
    assert sum(got == expected for got, expected in found) >= 0.97 * len(found)


def test_a_gold_that_cannot_be_worked_out_is_no_fault_of_the_answer() -> None:
    score = verify_math("7", r"\int_0^{\infty}\sin(x^x)dx")
    assert score.verdict is Verdict.INVALID
    assert "the gold answer could not be worked out" in score.explanation


@pytest.mark.parametrize(
    "gold",
    ["42", "-3", "$7$", r"$\frac{3\pi}{10}$", "[2, 5)", r"x^2+2x+1", "1/2", r"\{1,2\}", "0.5", "1 2", "-1-2", "3-4"],
)
def test_plain_formulas_are_compiled_as_if_they_were_searched_for_an_answer(
    gold: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify._compiled.cache_clear()
    quick = compile_gold(gold)
    verify._compiled.cache_clear()
    monkeypatch.setattr(verify, "_FORMULA", re.compile("(?!)"))
    slow = compile_gold(gold)
    verify._compiled.cache_clear()
    assert (quick.text, quick.words, quick.integer) == (slow.text, slow.words, slow.integer)
    assert quick.reading.normal == slow.reading.normal


@pytest.mark.parametrize("gold", ["(b)", "D", "7 p.m.", "2024-10-12", "7:45", "10/12/2024", r"\text{no solution}"])
def test_what_may_be_words_is_read_as_words_too(gold: str) -> None:
    assert compile_gold(gold).words is not None
