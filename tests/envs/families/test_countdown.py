"""Reaching a target."""

import re
import time

import pytest

from assaygym.envs.families.countdown import Puzzle, check, countdown
from assaygym.envs.registration import make
from assaygym.types import Verdict

PUZZLE = Puzzle((3, 7, 1, 8), 24, "8 * 3")


@pytest.mark.parametrize(
    "said",
    [
        "8 * 3",
        r"\boxed{8 * 3}",
        r"\boxed{3*(7+1)}",
        r"\boxed{3 \times (7 + 1) = 24}",
        r"\boxed{3 \cdot 8}",
        r"\boxed{\frac{8 \cdot 3}{1}}",
        r"\boxed{\left(7+1\right)\times 3}",
        "Answer: (7 + 1) * 3",
        "First 7+1 = 8.\nAnswer: (7 + 1) * 3 = 24",
        "#### (7+1)*3",
        "<answer>3 * 8</answer>",
        r"I try \boxed{7*3} and no, rather \boxed{7*3+8-1-3+3}, which fails. So \boxed{8*3}",
        "<think>\\boxed{1+1}</think> \\boxed{8*3}",
        "3 × 8",
        r"\boxed{(7 - 3 - 1) * 8}",
    ],
)
def test_any_valid_expression_is_right(said: str) -> None:
    assert check(said, PUZZLE).value == 1.0


def test_a_fraction_on_the_way_is_exact() -> None:
    assert check(r"\boxed{8/(3-8/3)}", Puzzle((3, 3, 8, 8), 24, "")).value == 1.0


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (r"\boxed{24}", "not given"),
        (r"\boxed{3 * 3 + 8 + 7}", "more often"),
        (r"\boxed{8 + 3}", "is 11, not 24"),
        (r"\boxed{8 * 3 = 25}", "'25'"),
        (r"\boxed{8 * 3 = 24 = 24}", "24 = 24"),
        (r"\boxed{24 = 8 * 3}", "8 \\* 3"),
        (r"\boxed{8/(7-7)}", "more often"),
        (r"\boxed{8/(7-3-1-3)}", "more often"),
    ],
)
def test_an_expression_that_breaks_the_rules_is_wrong(said: str, says: str) -> None:
    score = check(said, PUZZLE)
    assert score.verdict is Verdict.INCORRECT
    assert re.search(says, score.explanation)


@pytest.mark.parametrize(
    "said",
    [
        "", "I do not know.", r"\boxed{}", r"\boxed{nan}", r"\boxed{1e3}", r"\boxed{abs(8)*3}", r"\boxed{８*３}",
        r"\boxed{1_0}", r"\boxed{-8*(-3)}", r"\boxed{8, 3}", r"\boxed{8*3, 7}", r"\boxed{8*3 or 7*3}", r"\boxed{[8*3]}",
        r"\boxed{8*3} or \boxed{7*3}", r"\boxed{__import__('os').system('true')}",
        "It is 8 * 3, I think, or it may be 7 * 3.",
        r"\boxed{8 * 3", "some lines\n8 * 3\nmore lines",
    ],
)  # fmt: skip
def test_what_is_no_single_expression_is_not_read(said: str) -> None:
    assert check(said, PUZZLE).verdict is Verdict.UNPARSED


@pytest.mark.parametrize("said", ["99**99**99**99", "99*" * 100_000 + "99", "(" * 100_000 + "99" + ")" * 100_000])
def test_no_expression_hangs(said: str) -> None:
    start = time.perf_counter()
    assert check(f"\\boxed{{{said}}}", Puzzle((99, 99, 99, 99), 99, "")).value == 0.0
    assert time.perf_counter() - start < 1.0


def test_a_division_by_zero_is_wrong_and_no_fault() -> None:
    score = check(r"\boxed{8/(3-3)}", Puzzle((3, 3, 8), 24, ""))
    assert score.verdict is Verdict.INCORRECT
    assert "zero" in score.explanation


@pytest.mark.parametrize("level", range(6))
def test_no_target_is_a_given_number(level: int) -> None:
    env = make("assay/Countdown-v0", level=level)
    for seed in range(100):
        env.reset(seed=seed)
        puzzle: Puzzle = env.task.answer  # type: ignore[union-attr]
        assert puzzle.target not in puzzle.numbers
        assert 2 <= puzzle.target <= env.knobs["limit"]
        assert len(puzzle.numbers) == env.knobs["count"]


def test_the_rule_is_in_the_prompt() -> None:
    prompt, _ = make("assay/Countdown-v0").reset(seed=1)
    assert "at most once; you need not use them all" in prompt


def test_the_score_of_the_definition_is_the_check() -> None:
    assert countdown.score(r"\boxed{8*3}", PUZZLE).value == 1.0
