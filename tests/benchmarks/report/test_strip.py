from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.benchmarks.folder import Plan
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.report.content import TaskLine, TaskStrip
from assaygym.benchmarks.report.strip import CELLS, task_lines, task_strip

VALUES = {"r": 1.0, "p": 0.5, "w": 0.0, "e": math.nan}
OUTCOMES = {"r": Outcome.CORRECT, "p": Outcome.PARTIAL, "w": Outcome.INCORRECT, "e": Outcome.ERROR}


def lines(*tasks: str) -> list[TaskLine]:
    """The line of each task, whose samples are letters: right, partial, wrong, error; "-" never ran."""
    plan = Plan(tasks=tuple(range(len(tasks))), samples=max(map(len, tasks)))
    records = {
        (task, sample): EpisodeRecord(
            task=task, sample=sample, config="c", task_id="t", outcome=OUTCOMES[letter], value=VALUES[letter]
        )
        for task, letters in enumerate(tasks)
        for sample, letter in enumerate(letters)
        if letter != "-"
    }
    return task_lines(plan, records, {task: f"t{task}" for task in plan.tasks})


def strip(*tasks: str) -> TaskStrip:
    return task_strip(lines(*tasks))


def test_a_line_has_the_tasks_count_mean_and_variance() -> None:
    (line,) = lines("rrwe")
    assert (line.right, line.scored, line.planned) == (2, 3, 4)
    assert line.mean == pytest.approx(2 / 3)
    assert line.variance == pytest.approx(1 / 3)  # (2 (1/3)^2 + (2/3)^2) / 2


def test_a_line_without_a_score_says_so() -> None:
    (line,) = lines("ee")
    assert math.isnan(line.mean)
    assert math.isnan(line.variance)


@pytest.mark.parametrize(("letters", "sample"), [("rwr", 1), ("rrr", 0), ("-rr", 1), ("-re", 2)])
def test_the_example_is_the_first_that_is_not_right(letters: str, sample: int) -> None:
    example = lines(letters)[0].example
    assert example is not None
    assert example.sample == sample


def test_a_task_that_never_ran_has_no_example() -> None:
    assert lines("--")[0].example is None


def test_cells_go_from_the_hardest_to_the_easiest_and_the_unscored_are_last() -> None:
    found = strip("rr", "ee", "ww", "rw")
    assert [(cell.label, cell.right, cell.scored) for cell in found.cells] == [
        ("t2", 0, 2),
        ("t3", 1, 2),
        ("t0", 2, 2),
        ("t1", 0, 0),
    ]
    assert not found.binned


def test_the_hardest_leave_out_what_is_always_right_or_never_scored() -> None:
    assert [line.name for line in strip("rr", "ee", "ww", "rw").hardest] == ["t2", "t3"]


def test_the_flakiest_differ_most_among_their_samples() -> None:
    assert [line.name for line in strip("rrrr", "rrrw", "rrww", "wwww").flakiest] == ["t2", "t1"]


def test_tasks_are_always_sometimes_or_never_right() -> None:
    found = strip("rr", "rw", "ww", "ee", "pw")
    assert (found.always, found.sometimes, found.never) == (1, 1, 2)


def test_variance_is_told_apart_between_tasks_and_within() -> None:
    found = strip("rr", "ww", "rw")
    assert found.between == pytest.approx(0.25)  # of 1, 0 and 1/2
    assert found.within == pytest.approx(1 / 6)  # of 0, 0 and 1/2


def test_one_sample_a_task_tells_nothing_of_the_variance_within() -> None:
    assert math.isnan(strip("r", "w").within)
    assert math.isnan(strip("rw").between)


@given(count=st.integers(min_value=CELLS - 2, max_value=3 * CELLS))
def test_a_long_run_has_several_tasks_to_a_cell_and_loses_none(count: int) -> None:
    line = TaskLine(task=0, name="t", right=1, scored=2, planned=2, mean=0.5, variance=0.5, example=None)
    found = task_strip([line] * count)
    assert len(found.cells) <= CELLS
    assert found.binned is (count > CELLS)
    assert sum(cell.tasks for cell in found.cells) == count
    assert sum(cell.right for cell in found.cells) == count
    assert {cell.mean for cell in found.cells} == {0.5}
