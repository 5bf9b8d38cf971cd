"""Functions from descriptions."""

import random
import re

import pytest

from assaygym.envs.families.function_from_tests import function_from_tests
from assaygym.envs.families.pipelines import STEPS, Pipeline, draw_input, draw_pipeline
from assaygym.envs.registration import make
from assaygym.types import Task, Verdict
from assaygym.verifiers.code import FunctionTests


def posed(seed: int, level: int = 1) -> Task[FunctionTests]:
    env = make("assay/FunctionFromTests-v0", level=level)
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


def prompt_of(task: Task[FunctionTests]) -> str:
    return task.prompt[-1].content


def fenced(program: str) -> str:
    return f"Here it is.\n```python\n{program}\n```"


@pytest.mark.parametrize("level", range(5))
def test_hidden_tests_are_not_shown(level: int) -> None:
    for seed in range(25):
        task = posed(seed, level)
        shown = re.findall(r"^\w+\((.*)\) == ", prompt_of(task), re.MULTILINE)
        assert len(shown) == (3, 3, 2, 2, 1)[level]
        assert not {repr(case.args[0]) for case in task.answer.cases} & set(shown)


def test_the_metadata_keeps_the_reference_out_of_the_prompt() -> None:
    for seed in range(25):
        task = posed(seed)
        assert task.metadata["reference"].split("return ")[-1] not in prompt_of(task)


def test_a_table_of_the_visible_examples_fails() -> None:
    for seed in range(4):
        task = posed(seed)
        shown = re.findall(r"^(\w+)\((.*)\) == (.*)$", prompt_of(task), re.MULTILINE)
        lines = "\n".join(f"    if x == {given}: return {result}" for _, given, result in shown)
        score = function_from_tests.score(fenced(f"def {shown[0][0]}(x):\n{lines}"), task.answer)
        assert score.verdict is Verdict.INCORRECT
        assert score.metrics["passed"] < score.metrics["total"]


@pytest.mark.parametrize("body", ["x", "None", "[]", "''", "0", "input()", "__import__('os')._exit(0)"])
def test_trivial_functions_fail(body: str) -> None:
    for seed in range(2):
        task = posed(seed)
        program = f"def {task.answer.entry_point}(x):\n    return {body}"
        assert function_from_tests.score(fenced(program), task.answer).value == 0.0


def test_an_object_that_equals_everything_fails() -> None:
    task = posed(1)
    liar = "class Liar:\n    def __eq__(self, other): return True\n    def __hash__(self): return 1\n"
    program = f"{liar}\ndef {task.answer.entry_point}(x):\n    return Liar()"
    assert function_from_tests.score(fenced(program), task.answer).value == 0.0


def test_the_reference_in_prose_with_another_block_after_it_fails() -> None:
    task = posed(2)
    text = f"{fenced(task.metadata['reference'])}\nNo, rather:\n{fenced(f'def {task.answer.entry_point}(x): return 0')}"
    assert function_from_tests.score(text, task.answer).value == 0.0


def test_another_way_to_the_same_function_is_right() -> None:
    pipeline = Pipeline("numbers", ("square every number",), ("[v * v for v in x]",))
    cases = [([1, 2], [1, 4]), ([], []), ([-3], [9])]
    assert all(pipeline.trace(given)[-1] == expected for given, expected in cases)
    task = next(t for t in (posed(seed, 0) for seed in range(300)) if "quare every number" in prompt_of(t))
    program = f"def {task.answer.entry_point}(x):\n    return list(map(lambda v: v ** 2, x))"
    assert function_from_tests.score(fenced(program), task.answer).value == 1.0


@pytest.mark.parametrize("steps", [1, 2, 4, 6])
def test_every_step_shows_in_a_hidden_test_and_outputs_differ(steps: int) -> None:
    for seed in range(40):
        _, tests, metadata = function_from_tests.pose(random.Random(seed), steps=steps, examples=1)
        codes = re.findall(r"^    (?:x = |return )(.*)$", metadata["reference"], re.MULTILINE)
        traces = [Pipeline("text", (), tuple(codes)).trace(case.args[0]) for case in tests.cases]
        assert len(codes) == steps
        assert all(any(trace[i] != trace[i + 1] for trace in traces) for i in range(steps))
        assert len({repr(trace[-1]) for trace in traces}) >= 4
        assert [trace[-1] for trace in traces] == [case.expected for case in tests.cases]


def test_steps_are_many_and_each_is_a_pure_function_of_its_type() -> None:
    kinds = {"numbers": list, "text": str, "number": int}
    rng = random.Random(0)
    assert len({(step.takes, step.gives) for step in STEPS}) >= 8
    assert len(STEPS) >= 50
    for step in STEPS:
        code = step.code.replace("{k}", str(step.span[1]))
        for _ in range(20):
            given = draw_input(rng, step.takes)
            before = repr(given)
            result = Pipeline(step.takes, (), (code,)).trace(given)[-1]
            assert type(result) is kinds[step.gives], step.says
            assert repr(given) == before


@pytest.mark.parametrize("edge", [[], "", 0])
def test_no_step_fails_on_an_empty_input(edge: object) -> None:
    takes = {list: "numbers", str: "text", int: "number"}[type(edge)]
    for step in STEPS:
        if step.takes == takes:
            for k in step.span:
                Pipeline(step.takes, (), (step.code.replace("{k}", str(k)),)).trace(edge)


def test_no_step_is_drawn_twice_and_types_fit() -> None:
    for seed in range(100):
        pipeline = draw_pipeline(random.Random(seed), 6)
        assert len(set(pipeline.codes)) == len(pipeline.says) == 6


def test_the_verdict_does_not_tell_a_hidden_output() -> None:
    task = posed(3)
    score = function_from_tests.score(fenced(f"def {task.answer.entry_point}(x): return 'wrong'"), task.answer)
    assert repr(task.answer.cases[0].expected) not in score.explanation
