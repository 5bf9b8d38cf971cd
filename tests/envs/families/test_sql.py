"""Questions about databases."""

import random

import pytest

from assaygym.envs.families.sql import sql_task
from assaygym.envs.families.sql_queries import STAGES, Draw, Shape
from assaygym.envs.families.sql_worlds import WORLDS, World, draw_rows
from assaygym.envs.registration import make
from assaygym.types import Task, Verdict
from assaygym.verifiers.sqlite import SqlTests
from assaygym.verifiers.sqlite_guest import run_trusted


def posed(seed: int, level: int) -> Task[SqlTests]:
    env = make("assay/Sql-v0", level=level)
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


def fenced(query: str) -> str:
    return f"Like this:\n```sql\n{query}\n```"


@pytest.mark.parametrize("level", range(5))
def test_who_overlooks_something_earns_nothing(level: int) -> None:
    for seed in range(6):
        task = posed(seed, level)
        assert task.metadata["near"]
        for near in task.metadata["near"]:
            assert sql_task.score(fenced(near), task.answer).value == 0.0, near


@pytest.mark.parametrize("level", range(5))
def test_the_rows_of_the_answer_written_down_earn_nothing(level: int) -> None:
    task = posed(7, level)
    rows = task.answer.cases[0].expected
    values = ", ".join(f"({', '.join('NULL' if v is None else repr(v) for v in row)})" for row in rows)
    score = sql_task.score(fenced(f"SELECT * FROM (VALUES {values})"), task.answer)
    assert score.verdict is Verdict.INCORRECT
    assert "on database 2" in score.explanation


def test_another_query_with_the_same_rows_is_right() -> None:
    task = posed(3, 0)
    query = task.metadata["query"]
    other = query if task.answer.ordered else f"SELECT * FROM ({query}) ORDER BY 1 DESC"
    assert sql_task.score(fenced(other), task.answer).value == 1.0


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.events.name)
def test_events_refer_to_things_that_are_there_and_leave_some_out(world: World) -> None:
    rows = draw_rows(random.Random(1), world, 8, 20)
    for thing in world.things:
        query = (
            f"SELECT COUNT(*) - COUNT(t.id), COUNT(DISTINCT t.id) < (SELECT COUNT(*) FROM {thing.name}) "
            f"FROM {world.events.name} e LEFT JOIN {thing.name} t ON e.{world.key(thing)} = t.id"
        )
        assert run_trusted(world.schema, rows, query)["rows"] == [[0, 1]]


@pytest.mark.parametrize("shape", list(dict.fromkeys(shape for stage in STAGES for shape in stage)))
def test_every_shape_makes_queries_that_run_on_every_world(shape: Shape) -> None:
    rng = random.Random(5)
    for world in WORLDS:
        for _ in range(10):
            question = shape(Draw(rng, world, 2, True))
            rows = draw_rows(rng, world, 8, 20)
            for query in (question.query, *question.near):
                assert "error" not in run_trusted(world.schema, rows, query), query
            assert question.query not in question.near
            assert question.words.endswith(".")


@pytest.mark.parametrize("level", range(5))
def test_a_question_about_order_says_that_it_counts(level: int) -> None:
    for seed in range(20):
        task = posed(seed, level)
        assert ("order of the rows matters" in task.prompt[-1].content) == task.answer.ordered
        assert ("ORDER BY" in task.metadata["query"]) == task.answer.ordered
