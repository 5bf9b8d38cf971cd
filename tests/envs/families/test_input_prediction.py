"""Finding an input for an output."""

import pytest

from assaygym.envs.families.input_prediction import Wanted, check
from assaygym.envs.families.programs import Program
from assaygym.envs.registration import make
from assaygym.types import Task, Verdict

SUM = Wanted(Program("def f(xs):\n    return sum(xs) * 3\n", ("numbers",)), 48, ([7, 9],))
PAIR = Wanted(Program("def f(s, n):\n    return s[::-1] * n\n", ("text", "number")), "abab", ("ba", 2))


def posed(seed: int, level: int = 1) -> Task[Wanted]:
    env = make("assay/InputPrediction-v0", level=level)
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


@pytest.mark.parametrize(
    "said",
    ["f([7, 9])", "[16]", "f([1000, -984])", "<answer>f([8, 8])</answer>", r"\boxed{[20, -4]}", "`f([16])`"],
)
def test_any_input_that_gives_the_output_is_right(said: str) -> None:
    assert check(said, SUM).value == 1.0


@pytest.mark.parametrize("said", ["f('ba', 2)", "'ba', 2", "f('baba', 1)"])
def test_several_arguments_are_taken_in_order(said: str) -> None:
    assert check(said, PAIR).value == 1.0


@pytest.mark.parametrize("said", ["f([])", "f([7, 8])", "f([48])", "f([16], [16])", "f()"])
def test_another_input_is_wrong(said: str) -> None:
    assert check(f"<answer>{said}</answer>", SUM).verdict is Verdict.INCORRECT


@pytest.mark.parametrize(
    "said",
    ["f((16,))", "f({16})", "f([16.0])", "f([True, 15])", "f([2000, -1984])", f"f({[0] * 20 + [16]})", "f('16')"],
)
def test_an_input_of_another_type_is_wrong_even_where_it_would_do(said: str) -> None:
    score = check(f"<answer>{said}</answer>", SUM)
    assert score.verdict is Verdict.INCORRECT
    assert "at most 20 integers" in score.explanation


@pytest.mark.parametrize(
    "said", ["f([8 + 8])", "f(list((16,)))", "f(xs=[16])", "f([16]) or f([15])", "__import__('os')", "16 == 16"]
)
def test_code_is_no_input(said: str) -> None:
    assert check(f"<answer>{said}</answer>", SUM).value == 0.0


@pytest.mark.parametrize("level", range(5))
def test_the_output_itself_is_no_input(level: int) -> None:
    for seed in range(12):
        wanted = posed(seed, level).answer
        assert check(f"<answer>f({wanted.output!r})</answer>", wanted).value == 0.0


def test_a_program_that_fails_on_the_input_is_the_answers_fault() -> None:
    broken = Wanted(Program("def f(n):\n    return 10 // n\n", ("number",)), 5, (2,))
    assert check("f(0)", broken).verdict is Verdict.INCORRECT
    assert check("f(2)", broken).value == 1.0


def test_a_program_that_runs_long_on_the_input_is_stopped() -> None:
    slow = Wanted(Program("def f(n):\n    while n > 5:\n        pass\n    return n\n", ("number",)), 4, (4,))
    assert check("f(100)", slow).verdict is Verdict.INCORRECT


def test_hostile_text_is_refused_and_never_invalid() -> None:
    for said in ("f(" * 20_000, "f(" + "[" * 5000 + "]" * 5000 + ")", "f('\ud800')", "f(" + "9" * 9000 + ")", "f(\0)"):
        assert check(f"<answer>{said}</answer>", SUM).value == 0.0
