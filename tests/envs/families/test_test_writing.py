"""Writing tests for a function."""

import random

import pytest

from assaygym.envs.families.mutants import faulty_versions, mutations, outcome
from assaygym.envs.families.pipelines import STEPS, Pipeline, draw_input, draw_pipeline
from assaygym.envs.families.test_writing import TRIVIAL, Versions, check, writing
from assaygym.envs.registration import make
from assaygym.types import Task, Verdict

LEVELS = pytest.mark.parametrize("level", range(5))


def posed(seed: int, level: int = 1) -> Task[Versions]:
    env = make("assay/TestWriting-v0", level=level)
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


def fenced(tests: str) -> str:
    return f"Here:\n```python\n{tests}\n```"


def examples(task: Task[Versions]) -> list[str]:
    lines = task.prompt[-1].content.splitlines()
    return [f"assert {line.replace(' returns ', ' == ')}" for line in lines if line.startswith(task.answer.name)]


@LEVELS
def test_what_the_prompt_shows_catches_nothing(level: int) -> None:
    for seed in range(3):
        task = posed(seed, level)
        shown = examples(task)
        assert len(shown) == 2
        score = check(fenced("\n".join(shown)), task.answer)
        assert score.verdict is Verdict.INCORRECT
        assert score.metrics["caught"] == 0


@LEVELS
def test_trivial_inputs_catch_nothing(level: int) -> None:
    for seed in range(3):
        task = posed(seed, level)
        takes, codes = task.metadata["identity"]
        pipeline = Pipeline(takes, (), codes)
        name = task.answer.name
        tests = "\n".join(f"assert {name}({value!r}) == {outcome(pipeline, value)}" for value in TRIVIAL[takes])
        assert check(fenced(tests), task.answer).value == 0.0


def test_part_of_the_known_tests_catches_a_part() -> None:
    for seed in range(40):
        task = posed(seed, 4)
        first, *rest = task.answer.known.splitlines()
        if rest:
            score = check(fenced(first), task.answer)
            assert score.verdict is Verdict.PARTIAL
            assert score.value == score.metrics["caught"] / len(task.answer.faulty)
            return
    raise AssertionError("one assertion catches all in each of the tasks")


def test_one_wrong_assertion_spoils_the_tests() -> None:
    task = posed(2)
    score = check(fenced(f"{task.answer.known}\nassert {task.answer.name}({[7]!r}) == 'no'"), task.answer)
    assert score.value == 0.0
    assert "right implementation" in score.explanation


def test_defining_the_function_anew_tests_nothing() -> None:
    task = posed(2)
    score = check(fenced(f"{task.answer.reference}\n{task.answer.known}"), task.answer)
    assert score.value == 0.0


def test_an_answer_without_a_program_is_not_read() -> None:
    assert check("I would test the empty list.", posed(1).answer).verdict is Verdict.UNPARSED


@LEVELS
def test_versions_are_faulty_distinct_and_loadable(level: int) -> None:
    for seed in range(15):
        versions = posed(seed, level).answer
        assert 3 <= len(versions.faulty) <= (4, 6, 8, 10, 12)[level]
        assert len({versions.reference, *versions.faulty}) == len(versions.faulty) + 1
        for source in versions.faulty:
            compile(source, "version.py", "exec")


def test_the_reference_and_the_versions_are_not_shown() -> None:
    for seed in range(20):
        task = posed(seed)
        body = task.answer.reference.split("\n", 1)[1]
        assert body not in task.prompt[-1].content


def test_every_step_can_go_wrong_in_several_ways() -> None:
    assert all(len(mutations(step.code.replace("{k}", "3"))) >= 1 for step in STEPS)
    assert sum(len(mutations(step.code.replace("{k}", "3"))) for step in STEPS) >= 3 * len(STEPS)


def test_a_mutation_changes_one_thing() -> None:
    assert set(mutations("[v for v in x if v > 3]")) == {
        "x",
        "[v for v in x if v >= 3]",
        "[v for v in x if v < 3]",
        "[v for v in x if v > 4]",
        "[v for v in x if v > 2]",
    }
    assert "sorted(x, reverse=False)" in mutations("sorted(x, reverse=True)")
    assert "x[:3]" in mutations("x[1:3]")


@pytest.mark.parametrize("guarded", [False, True])
def test_no_version_is_equivalent_on_the_inputs_said_to_show_it(guarded: bool) -> None:
    for seed in range(40):
        rng = random.Random(seed)
        right = draw_pipeline(rng, 3)
        inputs = [draw_input(rng, right.takes) for _ in range(20)]
        for version in faulty_versions(rng, right, inputs, guarded):
            told = {i for i, value in enumerate(inputs) if outcome(version.pipeline, value) != outcome(right, value)}
            assert told == version.shown_by != set()


def test_guarded_versions_are_right_for_many_inputs() -> None:
    shares = {}
    for guarded in (False, True):
        found = []
        for seed in range(60):
            rng = random.Random(seed)
            right = draw_pipeline(rng, 2)
            inputs = [draw_input(rng, right.takes) for _ in range(20)]
            found += [len(one.shown_by) / 20 for one in faulty_versions(rng, right, inputs, guarded)]
        shares[guarded] = sum(found) / len(found)
    assert shares[True] < shares[False]


def test_a_name_is_seldom_guessed() -> None:
    assert len({writing.pose(random.Random(seed))[1].name for seed in range(100)}) >= 50
