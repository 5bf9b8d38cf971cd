"""Programs from standard input to standard output."""

import random
import re

import pytest

from assaygym.envs.families.stdin_inputs import draw_input, edge_inputs
from assaygym.envs.families.stdin_problems import PROBLEMS, SHAPES, Problem
from assaygym.envs.families.stdin_stdout import draw_posed, stdin_stdout
from assaygym.envs.registration import make
from assaygym.sandbox import shared_sandbox
from assaygym.types import Task, Verdict
from assaygym.verifiers.code import StdinTests

LEVELS = pytest.mark.parametrize("level", range(5))
EACH = pytest.mark.parametrize("problem", PROBLEMS, ids=[f"{one.shape}-{one.asks[:30]}" for one in PROBLEMS])


def posed(seed: int, level: int = 1) -> Task[StdinTests]:
    env = make("assay/StdinStdout-v0", level=level)
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


def fenced(program: str) -> str:
    return f"Here:\n```python\n{program}\n```"


def solver(source: str) -> object:
    names: dict[str, object] = {}
    exec(source, names)
    return names["solve"]


@EACH
def test_both_solutions_agree_with_every_parameter_and_twist(problem: Problem) -> None:
    outputs, asked = set(), set()
    for seed in range(60):
        rng = random.Random(seed)
        one = draw_posed(rng, problem)
        asked.add(one.asks)
        fast, slow = solver(one.fast), solver(one.slow)
        for text in (draw_input(rng, problem.shape, rng.randint(3, 8)), *edge_inputs(rng, problem.shape)):
            assert fast(text) == slow(text), (one.asks, text)  # type: ignore[operator]
            outputs.add(fast(text))  # type: ignore[operator]
    assert len(outputs) >= 4
    assert len(asked) >= 8


def test_there_are_several_problems_of_each_grade_and_shape() -> None:
    assert all(sum(one.level == grade for one in PROBLEMS) >= 4 for grade in range(5))
    assert {one.shape for one in PROBLEMS} == set(SHAPES)
    assert all(one.fast != one.slow for one in PROBLEMS)


@LEVELS
def test_hidden_tests_hold_edges_and_larger_inputs_and_none_that_is_shown(level: int) -> None:
    for seed in range(20):
        task = posed(seed, level)
        shown = re.findall(r"Input:\n(.*?)\nOutput:", task.prompt[-1].content, re.DOTALL)
        hidden = [case.input.strip() for case in task.answer.cases]
        assert len(shown) == 2
        assert not {text.strip() for text in shown} & set(hidden)
        assert len(hidden) == len(set(hidden)) >= 8
        assert len({case.output for case in task.answer.cases}) >= 3
        assert max(map(len, hidden)) >= 5 * min(map(len, hidden))


@LEVELS
def test_a_table_of_the_samples_fails(level: int) -> None:
    task = posed(3, level)
    pairs = re.findall(r"Input:\n(.*?)\nOutput:\n(.*?)\n\n", task.prompt[-1].content, re.DOTALL)
    program = f"import sys\nprint({dict(pairs)!r}.get(sys.stdin.read().strip(), 0))"
    assert stdin_stdout.score(fenced(program), task.answer).verdict is Verdict.INCORRECT


@LEVELS
@pytest.mark.parametrize("said", ["0", "1", "-1", "*sys.stdin.read().split()[1:]", "len(sys.stdin.read())"])
def test_a_constant_or_the_input_itself_is_wrong(level: int, said: str) -> None:
    for seed in range(2):
        program = f"import sys\nprint({said})"
        assert stdin_stdout.score(fenced(program), posed(seed, level).answer).value == 0.0


def test_the_problem_without_its_twist_is_wrong() -> None:
    wrong = 0
    for seed in range(12):
        task = posed(seed, 1)
        lines = task.metadata["reference"].splitlines(keepends=True)
        if "Then: " in task.prompt[-1].content:
            wrong += stdin_stdout.score(fenced("".join(lines[:2] + lines[3:])), task.answer).value == 0.0
    assert wrong >= 5


def test_the_slow_solution_is_right_on_small_inputs_in_the_sandbox() -> None:
    rng = random.Random(5)
    for problem in PROBLEMS[::6]:
        one = draw_posed(rng, problem)
        text = draw_input(rng, problem.shape, 6)
        run = shared_sandbox().run(f"{one.slow}\nimport sys\nprint(solve(sys.stdin.read()))", stdin=text)
        assert run.stdout.strip() == solver(one.fast)(text).strip()  # type: ignore[operator]


def test_the_reference_is_not_shown() -> None:
    for seed in range(20):
        task = posed(seed)
        assert "def solve" not in task.prompt[-1].content


def test_a_program_that_runs_on_is_stopped() -> None:
    score = stdin_stdout.score(fenced("while True:\n    pass"), posed(1).answer)
    assert score.verdict is Verdict.INCORRECT
    assert "time_limit" in score.explanation
