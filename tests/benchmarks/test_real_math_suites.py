"""The math suites on their real data: every gold is right against itself and against its own solution text."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks.suites import load, suite
from assaygym.benchmarks.suites.answers import OptionMath, after_hashes, number_in, option_gold
from assaygym.verifiers import verify_math
from assaygym.verifiers.maths.policy import MathPolicy

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "suites"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no data next to the repository: ../shared/suites is absent")

ROWS = {"gsm8k": 1319, "math500": 500, "aime24": 30, "amc23": 40, "olympiadbench": 675, "svamp": 1000, "aqua": 254}

NO_SOLUTION_TEXT: dict[str, dict[str, str]] = {
    "gsm8k": {},
    "math500": {},
    "aime24": {},
    "aqua": {
        "70": "ends without a letter",
        "87": "ends without a letter, and with 41 in prose",
        "99": "ends without a letter, in a schedule",
        "103": "ends in `ANSWER: 3`, a misprint for E",
        "130": "ends without a letter, in a chain of equations",
        "186": "ends without a letter, in a sentence about seconds",
        "196": "ends without a letter, in a sentence about dollars",
        "239": "ends in `Ans: 2/5 D`, content before the letter",
    },
}
"""Rows whose solution text does not state the gold answer as its final one, and why."""


def rows(name: str) -> list[dict[str, Any]]:
    with (DATA / name / "test.jsonl").open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def stated(name: str, answer: object) -> str:
    """The answer as the suite asks for it."""
    return f"#### {answer}" if suite(name).format == "hashes" else rf"\boxed{{{answer}}}"


@pytest.mark.parametrize("name", ROWS)
def test_every_gold_is_right_against_itself(name: str) -> None:
    definition = load(suite(name), DATA / name).definition
    wrong = []
    for index in range(ROWS[name]):
        task = definition.row_task(index)
        score = definition.score(stated(name, task.answer), task.answer)
        if score.verdict != "correct":
            wrong.append((task.id, str(task.answer), score.explanation))
    assert wrong == []


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize(
    "form", ["The answer is {}.", r"\boxed{{{}}}", "#### {}", r"\fbox{{{}}}", "<answer>{}</answer>"]
)
def test_a_gold_in_another_format_than_asked_for_is_right_leniently_only(name: str, form: str) -> None:
    definition, wrong = load(suite(name), DATA / name).definition, []
    for index in range(min(ROWS[name], 100)):
        gold = definition.row_task(index).answer
        text = form.format(gold)
        score = definition.score(text, gold)
        if (score.value, score.metrics["lenient"]) != (float(text == stated(name, gold)), 1.0):
            wrong.append((text, score))
    assert wrong == []


@pytest.mark.parametrize("name", ROWS)
def test_the_next_rows_gold_is_wrong_unless_it_is_the_same(name: str) -> None:
    definition = load(suite(name), DATA / name).definition
    golds = [definition.row_task(index).answer for index in range(min(ROWS[name], 300))]
    told = [
        (str(gold), str(other))
        for gold, other in pairwise(golds)
        if {str(gold), str(other)} != {"5", "x=5"}
        and definition.score(stated(name, other), gold).metrics["lenient"] > 0
        and str(gold) != str(other)
    ]
    assert told == []


@pytest.mark.parametrize(
    ("name", "solution", "gold"),
    [
        ("gsm8k", "answer", after_hashes),
        ("math500", "solution", lambda row: row["answer"]),
        ("aime24", "solution", number_in("answer")),
    ],
)
def test_every_gold_is_right_against_its_solution_text(name: str, solution: str, gold: Any) -> None:
    make = suite(name).verifier
    assert make is not None
    judge = make()
    wrong = {
        str(row.get(suite(name).name or "", index)): str(gold(row))
        for index, row in enumerate(rows(name))
        if judge(row[solution], gold(row)).verdict != "correct"
    }
    assert wrong.keys() == NO_SOLUTION_TEXT[name].keys(), wrong


def test_the_options_of_aqua_are_right_against_their_rationales() -> None:
    verdicts = {
        index: OptionMath()(row["rationale"], option_gold(row)).verdict for index, row in enumerate(rows("aqua"))
    }
    wrong = {str(index) for index, verdict in verdicts.items() if verdict != "correct"}
    assert wrong == set(NO_SOLUTION_TEXT["aqua"]), wrong


def test_the_right_option_of_aqua_may_be_given_by_its_content() -> None:
    wrong = []
    for index, row in enumerate(rows("aqua")):
        gold = option_gold(row)
        content = gold.contents[ord(gold.letter) - ord("A")]
        if OptionMath()(rf"\boxed{{{content}}}", gold).verdict != "correct":
            wrong.append((index, content, gold.contents))
    assert wrong == []


def vectors() -> list[Any]:
    path = DATA / "olympiadbench" / "scoring_examples.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    examples = [json.loads(line) for line in lines]
    return [
        pytest.param(example["GT"], answer, id=str(i))
        for i, example in enumerate(examples)
        for answer in example["Ans"]
    ]


def test_all_judge_vectors_of_olympiadbench_are_there() -> None:
    assert len({param.id for param in vectors()}) == 24


@pytest.mark.parametrize(("gold", "answer"), vectors())
def test_olympiadbench_is_judged_as_by_its_own_judge(gold: str, answer: dict[str, Any]) -> None:
    precision = answer.get("precision", 0.0)
    gaps = tuple(map(float, precision)) if isinstance(precision, list) else float(precision)
    policy = MathPolicy.of("olympiadbench", absolute=gaps[0] if isinstance(gaps, tuple) and len(gaps) == 1 else gaps)
    assert (verify_math(answer["answer"], gold, policy=policy).value == 1.0) is answer["equal"]
