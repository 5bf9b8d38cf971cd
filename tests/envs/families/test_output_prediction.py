"""Saying what a program gives."""

import random
from collections import Counter

import pytest

from assaygym.envs.families.literals import read_literal, same
from assaygym.envs.families.output_prediction import Output, check, output_prediction
from assaygym.envs.registration import make
from assaygym.sandbox import shared_sandbox
from assaygym.types import Task, Verdict


def posed(seed: int, level: int = 1) -> Task[Output]:
    env = make("assay/OutputPrediction-v0", level=level)
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


def program_of(task: Task[Output]) -> str:
    source, args = task.metadata["identity"]
    return f"{source}\nprint(repr(f(*{args})))"


@pytest.mark.parametrize("level", range(5))
def test_the_gold_is_what_the_program_does_in_the_sandbox(level: int) -> None:
    for seed in range(6):
        task = posed(seed, level)
        printed = shared_sandbox().run(program_of(task)).stdout
        assert same(read_literal(printed.strip()), task.answer.value)


@pytest.mark.parametrize(
    ("value", "near"),
    [
        (15, ("16", "15.0", "'15'", "[15]", "15, 15", "1_6", "int 15", "3 * 5")),
        ("abc", ("abc", "'abc '", "'Abc'", "['abc']", "'ab' + 'c'")),
        ([1, 2], ("(1, 2)", "[2, 1]", "[1, 2, 3]", "{1, 2}", "1, 2", "[1, 2.0]", "[1, [2]]")),
        ({"a": [1]}, ("{'a': 1}", "{'b': [1]}", "{'a': [1], 'b': 2}", "{'a': [True]}")),
        ((1, "x"), ("[1, 'x']", "(1, 'y')", "('x', 1)")),
    ],
)
def test_a_near_miss_is_wrong(value: object, near: tuple[str, ...]) -> None:
    assert check(f"<answer>{value!r}</answer>", Output(value, False)).value == 1.0
    for said in near:
        assert check(f"<answer>{said}</answer>", Output(value, False)).value == 0.0, said


@pytest.mark.parametrize(
    ("value", "said", "right"),
    [
        ("abc", "abc", True),
        ("abc", "'abc'", False),
        ("12", "12", True),
        (12, "12", True),
        (12, "'12'", False),
        ([1, 2], "[1,2]", True),
        ({"b": 1, "a": 2}, "{'a': 2, 'b': 1}", True),
        ("abc", "ab", False),
    ],
)
def test_what_is_printed_is_compared_as_text_or_as_the_value(value: object, said: str, right: bool) -> None:
    assert check(f"<answer>{said}</answer>", Output(value, True)).value == float(right)


@pytest.mark.parametrize("level", range(5))
def test_no_answer_is_likely(level: int) -> None:
    golds = Counter(repr(posed(seed, level).answer.value) for seed in range(200))
    assert golds.most_common(1)[0][1] <= 8


@pytest.mark.parametrize("level", range(5))
def test_the_answer_does_not_stand_in_the_prompt(level: int) -> None:
    for seed in range(60):
        task = posed(seed, level)
        assert repr(task.answer.value) not in task.metadata["identity"][0]
        assert repr(task.answer.value) not in task.metadata["identity"][1][1:-1].split(", ")


def test_two_candidates_are_no_answer() -> None:
    task = posed(3)
    gold = repr(task.answer.value)
    for said in (f"<answer>{gold} or 7</answer>", f"<answer>{gold}</answer> or <answer>7</answer>", f"{gold}\n7"):
        assert check(said, task.answer).value == 0.0


def test_no_answer_is_told_from_a_wrong_one() -> None:
    assert check("I cannot\nsay.", Output([1], False)).verdict is Verdict.UNPARSED
    assert check("<answer>[2]</answer>", Output([1], False)).verdict is Verdict.INCORRECT


def test_harder_levels_have_longer_programs() -> None:
    lengths = [
        sum(len(output_prediction.pose(random.Random(seed), blocks=blocks)[0]) for seed in range(30))
        for blocks in (1, 3, 8)
    ]
    assert lengths == sorted(lengths)
