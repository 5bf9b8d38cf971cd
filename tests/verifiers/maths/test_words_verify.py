"""Words and mathematics together, by the whole verifier."""

import pytest

from assaygym.verifiers import verify_math

SAME = [
    r"15 | fifteen", "fifteen | 15", r"\frac{2}{3} | two thirds", "0.5 | half", r"50\% | fifty percent",
    "fifty percent | 0.5", r"15 \text{ cm} | fifteen", "fifteen apples | 15", "12 | a dozen", "3 | third", "3 | 3rd",
    r"\emptyset | no solution", r"\text{no solution} | \{\}", r"\infty | infinity", r"-\infty | negative infinity",
    r"\mathbb{R} | all real numbers", r"(-\infty,\infty) | all real numbers",
    r"\text{all real numbers} | x \in \mathbb{R}", r"\text{undefined} | Undefined.", r"\textbf{(B)}\ 19 | 19",
    r"\textbf{(B)}\ 19 | B", r"\textbf{(B)}\ \frac12 | B. 0.5", "C | c", r"2.5 \text{ hours} | 2 hours 30 minutes",
    r"2 \text{ hours} | two hours", r"1 \text{ and } 3 | 3, 1", r"\text{two and three} | 3, 2", "7:45 | 7:45",
    "AB | BA", "x | x", r"150 \text{ minutes} | 150", r"\text{hexagon} | The answer is a hexagon.",
    "D | The correct option is D.", "A | I pick (A) since the others fail.",
]  # fmt: skip

DIFFERENT = [
    "15 | fourteen", r"\frac13 | third", r"\text{no solution} | 0", r"\text{none} | 0",
    r"\text{no positive solutions} | no solution", r"\text{infinitely many} | 2", r"\text{undefined} | 0",
    r"\text{does not exist} | \infty", r"\text{infinitely many} | \infty",
    r"\text{even} | 2", r"\text{Yes} | 1", r"\text{True} | 1", "D | 4",
    "7:45 a.m. | 7.75", r"\text{(C)} | \frac{1}{2}", r"\textbf{(B)}\ 19 | 18", r"\textbf{(B)}\ 19 | (B) 18",
    r"\text{east} | \text{west}", "x | y", "E | e", "e | E", "i | I", r"\text{A} | x=A", r"\text{two or three} | 2",
    "5:30 | 5.5", r"\text{Monday} | 1", "2024 | 2024-01-01", r"10/12/2024 | \frac{10}{12}",
    r"\text{prime} | not prime", r"\text{yes} | yes or no", "A | (A) is wrong.", "A | (A) can be excluded",
    "A | A/B", "no | not no", "15 | fifteen or sixteen", r"\text{I and II} | I and III",
    r"\mathbb{R} | all real numbers except 0", "15 | fifteen hundred", "15 | not fifteen",
    r"\text{radius } 3.5 | radius 35", "A | I pick (A).\n\\boxed{5}",
]  # fmt: skip


def value(pair: str, frame: str) -> float:
    gold, pred = pair.split(" | ")
    return verify_math(frame.format(pred), gold).value


@pytest.mark.parametrize("pair", SAME)
def test_words_and_mathematics_that_say_the_same_are_the_same(pair: str) -> None:
    assert value(pair, "{}") == 1.0


@pytest.mark.parametrize("pair", DIFFERENT)
def test_words_and_mathematics_that_say_different_things_are_not(pair: str) -> None:
    assert value(pair, "{}") == 0.0


@pytest.mark.parametrize("pair", ["15 | fifteen", r"\text{hexagon} | a hexagon", "(E) | E", r"\emptyset | no solution"])
@pytest.mark.parametrize("frame", [r"\boxed{{{}}}", "So the answer is {}.", "#### {}", "<answer>{}</answer>"])
def test_words_are_read_wherever_answers_stand(pair: str, frame: str) -> None:
    assert value(pair, frame) == 1.0
