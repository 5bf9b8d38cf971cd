"""Replacing quadratic functions by fast ones."""

import random
import time

import pytest

from assaygym.envs.families.complexity import SHORT, SIZE, Challenge, check, draw_challenge
from assaygym.envs.families.slow_functions import DATA, SLOW, SlowFunction
from assaygym.envs.registration import make
from assaygym.types import Task, Verdict

EACH = pytest.mark.parametrize("chosen", SLOW, ids=[one.says[:40] for one in SLOW])
LEVELS = pytest.mark.parametrize("level", range(5))


def posed(seed: int, level: int = 1) -> Task[Challenge]:
    env = make("assay/Complexity-v0", level=level)
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


def fenced(program: str) -> str:
    return f"Here:\n```python\n{program}\n```"


def called(source: str, given: list[int]) -> object:
    names: dict[str, object] = {"given": given}
    exec(f"{source}\nresult = {source[4 : source.index('(')]}(given)", names)
    return names["result"]


@EACH
def test_both_functions_agree_whatever_the_parameter(chosen: SlowFunction) -> None:
    results = set()
    for seed in range(12):
        rng = random.Random(seed)
        _, challenge = draw_challenge(rng, chosen)
        for size in (0, 1, 3, 40, 90):
            given = DATA[chosen.data](rng, size)
            before = list(given)
            assert called(challenge.slow, given) == called(challenge.fast, given)
            assert given == before
            results.add(called(challenge.fast, given))
    assert len(results) >= 10


@EACH
def test_what_is_shown_takes_quadratic_time_and_what_is_wanted_does_not(chosen: SlowFunction) -> None:
    _, challenge = draw_challenge(random.Random(1), chosen)
    taken = {}
    for source in (challenge.slow, challenge.fast):
        given = DATA[chosen.data](random.Random(2), 1000)
        begun = time.thread_time()
        called(source, given)
        taken[source] = time.thread_time() - begun
    assert taken[challenge.slow] * (SIZE / 1000) ** 2 > 25, "the shown function would pass"


@pytest.mark.slow
@LEVELS
def test_the_function_shown_is_right_but_runs_out_of_time(level: int) -> None:
    task = posed(2, level)
    assert task.answer.slow in task.prompt[-1].content
    assert check(fenced(task.answer.slow), task.answer).explanation == "the function shown, unchanged"
    score = check(fenced(f"# rewritten\n{task.answer.slow}"), task.answer)
    assert score.verdict is Verdict.INCORRECT
    assert "time_limit" in score.explanation
    assert score.metrics["passed"] == len(SHORT)


@LEVELS
def test_the_fast_function_is_not_shown(level: int) -> None:
    for seed in range(10):
        task = posed(seed, level)
        assert task.answer.fast not in task.prompt[-1].content


@pytest.mark.parametrize("body", ["0", "len(a)", "sum(a)", "None", "a", "__import__('os')._exit(0)"])
def test_trivial_functions_fail(body: str) -> None:
    for level in range(5):
        task = posed(1, level)
        assert check(fenced(f"def {task.answer.name}(a):\n    return {body}"), task.answer).value == 0.0


def test_a_function_right_on_short_lists_alone_is_wrong() -> None:
    task = posed(3, 0)
    name = task.answer.name
    program = f"{task.answer.slow}\nold = {name}\ndef {name}(a):\n    return old(a) if len(a) < 100 else 0"
    assert check(fenced(program), task.answer).verdict is Verdict.INCORRECT


def test_a_function_wrong_on_the_empty_list_is_wrong() -> None:
    task = posed(3, 0)
    name = task.answer.name
    program = f"{task.answer.fast}\nold = {name}\ndef {name}(a):\n    return old(a) if a else -7"
    assert check(fenced(program), task.answer).value == 0.0


def test_a_function_a_few_times_slower_than_ours_is_right() -> None:
    task = posed(1, 0)
    name = task.answer.name
    program = f"{task.answer.fast}\nold = {name}\ndef {name}(a):\n    return [old(list(a)) for _ in range(6)][0]"
    assert check(fenced(program), task.answer).value == 1.0


def test_the_challenge_is_small_though_its_list_is_long() -> None:
    import pickle

    assert len(pickle.dumps(posed(1).answer)) < 5_000


def test_each_grade_has_several_functions() -> None:
    assert all(sum(one.grade == grade for one in SLOW) >= 3 for grade in range(5))
    assert {one.data for one in SLOW} == set(DATA)


def test_data_is_drawn_from_its_seed_alone() -> None:
    for draw in DATA.values():
        assert draw(random.Random(5), 50) == draw(random.Random(5), 50) != draw(random.Random(6), 50)
        assert [len(draw(random.Random(5), size)) for size in SHORT] == list(SHORT)
