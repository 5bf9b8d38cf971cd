"""The format that a suite asks for: which texts are in it, and what an answer earns in it and elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.benchmarks.suites import SUITES, load, register, suite
from assaygym.benchmarks.suites.answers import OptionGold, OptionMath
from assaygym.benchmarks.suites.formats import FORMATS, Formatted, strictly
from assaygym.benchmarks.suites.training import EitherJudge
from assaygym.envs.checker import Status, check_env
from assaygym.types import Score, Verdict
from assaygym.verifiers import math
from assaygym.verifiers.code import StdinCase, StdinTests
from assaygym.verifiers.maths.verify import verify_math

HASHES = [
    ("So 40 + 32 = <<40+32=72>>72.\n#### 72", True),
    ("####72", True),
    ("#### 1,072\n\n", True),
    ("#### -7.50", True),
    ("#### 72.", True),
    ("<think>#### 5</think>72 it is.\n#### 72<|im_end|>", True),
    ("#### 72\n\nQuestion: And then?\n#### 3", True),
    ("The answer is 72.", False),
    (r"\boxed{72}", False),
    ("#### 72 dollars", False),
    ("#### $72", False),
    ("**#### 72**", False),
    ("The answer: #### 72", False),
    ("#### 72\nThis is the answer.", False),
    ("#### 144/2", False),
    ("#### ٧٢", False),
    ("72", False),
    ("", False),
]
BOXED = [
    (r"So \boxed{72}.", True),
    (r"$$\boxed{\frac{144}{2}}$$", True),
    (r"\boxed {72} apples, then.", True),
    (r"First \boxed{3}, and finally \boxed{72}.", True),
    (r"<think>\boxed{3}?</think>\boxed{72}<|im_end|>", True),
    (r"\boxed{72} or \boxed{72.0}", True),
    (r"The answer is 72.", False),
    ("#### 72", False),
    ("<answer>72</answer>", False),
    (r"\fbox{72}", False),
    (r"\boxed 72", False),
    (r"\boxed{72", False),
    ("\boxed{72}", False),
    (r"\boxed{71}. Wait, no: the answer is 72.", False),
    (r"I put it in \boxed{}. The answer is 72.", False),
    (r"\boxed{٧٢}", False),
    (r"\boxed{７２}", False),
]
INTEGERS = [
    (r"\boxed{072}", True),
    (r"\boxed{\text{72}}", True),
    (r"\boxed{1{,}072}", True),
    (r"\boxed{$72$}", True),
    (r"\boxed{72^\circ}", False),
    (r"\boxed{n = 72}", False),
    (r"\boxed{8 \cdot 9}", False),
    (r"\boxed{72.0}", False),
    (r"\boxed{٧٢}", False),
    ("72", False),
]
LETTERS = [
    (r"\boxed{B}", True),
    (r"\boxed{\text{B}}", True),
    (r"\boxed{(B)}", True),
    (r"\boxed{\textbf{B)}}", True),
    ("The answer is B.", False),
    (r"\boxed{B) 72}", False),
    (r"\boxed{72}", False),
    (r"\boxed{b}", False),
    (r"\boxed{A, B}", False),
]
BLOCKS = [
    ("```python\nprint(1)\n```", True),
    ("Run `pip install x`:\n```bash\npip install x\n```\n```python\nprint(1)\n```\nIt prints\n```\n1\n```", True),
    ("<think>```python\nprint(2)\n```</think>```python\nprint(1)\n```", True),
    ("```Python\nprint(1)\n```", True),
    ("```\nprint(1)\n```", False),
    ("```py\nprint(1)\n```", False),
    ("```python\nprint(1)", False),
    ("```python\nprint(1)\n```\nor\n```python\nprint(1)\n```", False),
    ("import sys\nprint(1)", False),
    ("print(1)", False),
]
TABLES = {"hashes": HASHES, "boxed": BOXED, "integer": INTEGERS, "letter": LETTERS, "block": BLOCKS}
JUDGED: dict[str, tuple[Any, Any]] = {
    "hashes": (math("gsm8k"), "72"),
    "boxed": (math(), "72"),
    "integer": (math("aime"), "72"),
    "letter": (OptionMath(), OptionGold("B", ("71", "72"))),
}


@pytest.mark.parametrize(("name", "text", "stands"), [(name, *row) for name, table in TABLES.items() for row in table])
def test_a_text_is_in_a_format_or_it_is_not(name: str, text: str, stands: bool) -> None:
    assert FORMATS[name].stands(text) is stands


def test_every_suite_asks_for_a_format_but_those_that_are_environments() -> None:
    assert {name for name, declared in SUITES.items() if not declared.format} == {
        f"assay-{kind}{suffix}" for kind in ("math", "code", "tools") for suffix in ("", "-fresh")
    }
    assert {declared.format for declared in SUITES.values()} - FORMATS.keys() == {"", "calls", "boxed or block"}


def test_the_guide_names_the_format_of_every_suite() -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs" / "suites.md").read_text(encoding="utf-8")
    rows = [row.split("|") for row in guide.partition("## Strict and lenient")[2].partition("\n## ")[0].splitlines()]
    told = {cells[1].strip(" `"): cells[2].strip().split(", ") for cells in rows if len(cells) > 3}
    for declared in SUITES.values():
        if declared.format:
            whole = {"code": "code", "tool": "tools"}.get(declared.kind) if declared.use == "eval" else None
            assert (whole or declared.id) in told[declared.format], declared.id


@pytest.mark.parametrize("name", ["hashes", "boxed"])
def test_a_right_answer_in_another_format_is_right_leniently_only(name: str) -> None:
    judge, gold = JUDGED[name]
    told = {text: Formatted(judge, FORMATS[name])(text, gold) for text, stands in TABLES[name] if not stands}
    right = {text: score for text, score in told.items() if judge(text, gold).value == 1}
    assert len(right) >= 6
    for score in right.values():
        assert (score.value, score.verdict, score.metrics["lenient"]) == (0.0, Verdict.UNPARSED, 1.0)
        assert score.explanation.startswith(f"format: expected {FORMATS[name].wanted}; otherwise ")
        assert score.extracted is not None


@pytest.mark.parametrize("name", JUDGED)
def test_in_its_format_an_answer_earns_what_it_earns_leniently(name: str) -> None:
    judge, gold = JUDGED[name]
    for text, stands in TABLES[name]:
        plain, score = judge(text, gold), Formatted(judge, FORMATS[name])(text, gold)
        assert score.metrics["lenient"] == plain.value
        assert score.value == (plain.value if stands else 0.0), text


def test_a_wrong_answer_stays_wrong_and_a_missing_one_missing() -> None:
    judge = Formatted(math("gsm8k"), FORMATS["hashes"])
    wrong, missing = judge("The answer is 5.", "72"), judge("", "72")
    assert (wrong.verdict, wrong.value, wrong.metrics["lenient"]) == (Verdict.INCORRECT, 0.0, 0.0)
    assert (missing.verdict, missing.value, missing.metrics["lenient"]) == (Verdict.UNPARSED, 0.0, 0.0)


@pytest.mark.parametrize("text", ["#### 72 or 71", "#### 71, 72", "#### 72 #### 71", "#### 72\n#### 71"])
def test_a_hedge_earns_nothing_in_either_reading(text: str) -> None:
    score = Formatted(math("gsm8k"), FORMATS["hashes"])(text, "72")
    assert (score.value, score.metrics["lenient"]) == (0.0, 0.0)


@pytest.mark.parametrize("text", [r"\boxed{72}, \boxed{71}", r"\boxed{72} or \boxed{71}", r"\boxed{71, 72}"])
def test_several_boxes_are_not_the_last_of_them(text: str) -> None:
    score = Formatted(math(), FORMATS["boxed"])(text, "72")
    assert (score.value, score.metrics["lenient"]) == (0.0, 0.0)


def test_the_items_of_a_list_belong_into_one_box() -> None:
    judge = Formatted(math(), FORMATS["boxed"])
    assert judge(r"\boxed{2, 3}", "2, 3").value == 1.0
    score = judge(r"\boxed{2} and \boxed{3}", "2, 3")
    assert (score.value, score.metrics["lenient"]) == (0.0, 1.0)


def test_a_graded_score_is_kept_or_lost_whole() -> None:
    half = Score.of(0.5, explanation="1 of 2 tests", metrics={"passed": 1.0})
    assert strictly(half, True, "x").value == 0.5
    lost = strictly(half, False, "x")
    assert (lost.value, dict(lost.metrics)) == (0.0, {"passed": 1.0, "lenient": 0.5})


def test_what_cannot_be_judged_is_neither_strict_nor_lenient() -> None:
    for stands in (True, False):
        score = strictly(Score.invalid("broken"), stands, "x")
        assert score.verdict is Verdict.INVALID
        assert "lenient" not in score.metrics


def test_the_verifier_inside_gives_its_name_and_its_errors() -> None:
    def broken(response: str, answer: str) -> float:
        raise OSError("no disk")

    assert Formatted(math(), FORMATS["boxed"]).name == "math"
    with pytest.raises(OSError, match="no disk"):
        Formatted(broken, FORMATS["boxed"])("1", "1")


def test_a_training_row_is_judged_in_the_format_of_its_kind() -> None:
    judge = EitherJudge()
    assert judge(r"\boxed{72}", "72").value == 1.0
    assert (judge("It is 72.", "72").value, judge("It is 72.", "72").metrics["lenient"]) == (0.0, 1.0)
    tests = StdinTests((StdinCase("", "1\n"),))
    assert judge("I cannot.", tests).metrics["lenient"] == 0.0


TEXT = st.text(st.characters(codec="utf-8"), max_size=200)


@pytest.mark.parametrize(
    ("name", "row", "texts"),
    [
        ("gsm8k", {"question": "How many?", "answer": "So 80.\n#### 80"}, ["#### ٨٠", r"\boxed{٨٠}"]),
        ("aime24", {"problem": "How many?", "answer": "080"}, [r"\boxed{٨٠}", r"\boxed{８０}"]),
        ("math500", {"problem": "How many?", "answer": "80"}, [r"\boxed{٨٠}"]),
    ],
)
def test_digits_of_other_scripts_are_right_leniently_and_the_doctor_agrees(
    tmp_path: Path, name: str, row: dict[str, str], texts: list[str]
) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text(json.dumps(row))
    definition = load(suite(name), path).definition
    for text in texts:
        score = definition.score(text, definition.row_task(0).answer)
        assert (score.value, score.metrics["lenient"]) == (0.0, 1.0)
    report = check_env(register(suite(name), path), seeds=1, only=("unicode_digits", "hedge_list", "oracle"))
    assert [result.status for result in report.results] == [Status.PASSED] * 3, str(report)


ALPHABET = "ab .,\n$#*{}\\0123456789"


@given(before=st.text(ALPHABET, max_size=80), number=st.integers(-(10**12), 10**12))
def test_a_number_in_the_format_of_gsm8k_is_the_answer_whatever_stands_before(before: str, number: int) -> None:
    text = f"{before}\n#### {number}"
    assert FORMATS["hashes"].stands(text)
    assert verify_math(text, str(number)).value == 1.0


@given(before=st.text(ALPHABET, max_size=80), number=st.integers(0, 999))
def test_a_number_in_the_last_box_is_the_answer_whatever_stands_before(before: str, number: int) -> None:
    text = f"{before}\n\nSo the result is $\\boxed{{{number}}}$."
    assert FORMATS["integer"].stands(text)
    assert verify_math(text, str(number)).value == 1.0


@given(TEXT)
def test_any_text_is_in_a_format_or_not_and_none_raises(text: str) -> None:
    for known in FORMATS.values():
        for shown in (text, f"\\boxed{{{text}}}", f"```python\n{text}\n```", f"#### {text}"):
            assert known.stands(shown) in (True, False)
