from __future__ import annotations

import json
import math
from collections.abc import Sequence

import pytest

from assaygym.benchmarks.folder import Plan
from assaygym.benchmarks.records import EpisodeRecord, Key, Outcome
from assaygym.benchmarks.statistics import pass_at_k, wilson_interval
from assaygym.benchmarks.summary import Summary, percent, summarise

RIGHT, WRONG, UNREAD, INVALID, ERROR, CUT = (
    Outcome.CORRECT,
    Outcome.INCORRECT,
    Outcome.UNPARSED,
    Outcome.INVALID,
    Outcome.ERROR,
    Outcome.UNFINISHED,
)


Row = Sequence[Outcome | float | None]


def records(*rows: Row) -> dict[Key, EpisodeRecord]:
    """One row a task: an outcome, a partial score, or None for an episode that has not run."""
    found = {}
    for task, row in enumerate(rows):
        for sample, what in enumerate(row):
            if what is not None:
                found[task, sample] = _record(task, sample, what)
    return found


def _record(task: int, sample: int, what: Outcome | float) -> EpisodeRecord:
    outcome = what if isinstance(what, Outcome) else Outcome.PARTIAL
    value = (1.0 if outcome is RIGHT else 0.0 if outcome.scored else math.nan) if isinstance(what, Outcome) else what
    return EpisodeRecord(task=task, sample=sample, config="c", task_id=f"t{task}", outcome=outcome, value=value)


def summary(*rows: Row) -> Summary:
    return summarise("suite", "policy", Plan(tasks=tuple(range(len(rows))), samples=len(rows[0])), records(*rows))


def test_the_headline_is_the_score_with_its_interval() -> None:
    rows = [[RIGHT]] * 136 + [[WRONG]] * 28
    assert summary(*rows).headline() == "82.9 % [76.4, 87.9] n=164"


def test_the_headline_tells_the_samples_a_task() -> None:
    assert summary([RIGHT, WRONG], [WRONG, WRONG], [RIGHT, RIGHT]).headline().endswith("n=3x2")


def test_a_run_without_a_score_claims_none() -> None:
    assert summary([INVALID], [ERROR]).headline() == "no score n=0 of 2"


@pytest.mark.parametrize("what", [INVALID, ERROR, CUT, None])
def test_what_has_no_score_is_neither_counted_wrong_nor_dropped(what: Outcome | None) -> None:
    found = summary([RIGHT], [WRONG], [RIGHT], [what])
    assert found.score.mean == pytest.approx(2 / 3)
    assert found.scored == 3
    assert (found.bounds.low, found.bounds.high) == (0.5, 0.75)
    assert sum(found.counts.values()) == (3 if what is None else 4)


def test_every_outcome_is_counted_by_name_even_at_zero() -> None:
    assert summary([RIGHT], [UNREAD]).counts == {
        "correct": 1,
        "partial": 0,
        "incorrect": 0,
        "unparsed": 1,
        "invalid": 0,
        "error": 0,
        "unfinished": 0,
    }


def test_pass_at_k_is_given_for_one_the_powers_of_two_and_all_samples() -> None:
    assert [item.k for item in summary([RIGHT] * 5).pass_at] == [1, 2, 4, 5]
    assert [item.k for item in summary([RIGHT]).pass_at] == [1]
    assert [item.k for item in summary([RIGHT] * 4).pass_at] == [1, 2, 4]


def test_pass_at_k_is_the_mean_over_tasks() -> None:
    found = summary([RIGHT, WRONG, WRONG, WRONG], [RIGHT, RIGHT, WRONG, WRONG]).pass_at
    assert [item.value for item in found] == pytest.approx([0.375, (0.5 + pass_at_k(4, 2, 2)) / 2, 1.0])


def test_partial_credit_is_no_success_for_pass_at_k() -> None:
    found = summary([0.5], [RIGHT])
    assert found.pass_at[0].value == 0.5
    assert found.score.mean == 0.75


def test_pass_at_k_leaves_tasks_with_too_few_samples_out_and_says_so() -> None:
    at_two = summary([RIGHT, WRONG], [WRONG, INVALID]).pass_at[1]
    assert (at_two.value, at_two.tasks) == (1.0, 1)
    assert (at_two.bounds.low, at_two.bounds.high) == (0.5, 1.0)


def test_pass_at_k_is_nan_when_no_task_has_enough_samples() -> None:
    at_two = summary([RIGHT, INVALID], [ERROR, WRONG]).pass_at[1]
    assert math.isnan(at_two.value)
    assert (at_two.bounds.low, at_two.bounds.high) == (0.5, 1.0)


def test_one_sample_a_task_gives_the_wilson_interval_of_the_scored_tasks() -> None:
    assert summary([RIGHT], [RIGHT], [WRONG], [ERROR]).score.interval == wilson_interval(2, 3)


def test_a_run_is_complete_when_every_planned_episode_ran() -> None:
    assert summary([RIGHT], [ERROR]).complete
    unfinished = summary([RIGHT], [None])
    assert not unfinished.complete
    assert (unfinished.done, unfinished.planned) == (1, 2)


def test_records_outside_the_plan_are_passed_over() -> None:
    found = summarise("s", "p", Plan(tasks=(0,), samples=1), records([RIGHT, WRONG], [WRONG, WRONG]))
    assert (found.done, found.score.mean) == (1, 1.0)


def test_the_order_in_which_episodes_finished_does_not_matter() -> None:
    rows = [[RIGHT, WRONG], [UNREAD, RIGHT], [WRONG, WRONG]]
    found = records(*rows)
    backwards = dict(reversed(found.items()))
    plan = Plan(tasks=(0, 1, 2), samples=2)
    assert summarise("s", "p", plan, found) == summarise("s", "p", plan, backwards)


def failing(task: int, explanation: str, outcome: Outcome = WRONG, **fields: object) -> EpisodeRecord:
    value = 0.0 if outcome.scored else math.nan
    return EpisodeRecord(
        task=task,
        sample=0,
        config="c",
        task_id=f"t{task}",
        outcome=outcome,
        value=value,
        explanation=explanation,
        **fields,  # type: ignore[arg-type]
    )


def test_the_typical_failures_are_the_most_frequent_kinds() -> None:
    rows = [
        failing(0, "no number could be read out", UNREAD),
        failing(1, "number: 3, gold 4"),
        failing(2, "number: 17.5, gold -1,000"),
        failing(3, "sandbox down", INVALID),
        failing(4, "number: 9, gold 8"),
        failing(5, "sandbox down", INVALID),
        failing(6, "rare"),
    ]
    found = summarise("s", "p", Plan(tasks=tuple(range(7)), samples=1), {row.key: row for row in rows})
    assert [(item.task_id, item.count) for item in found.failures] == [("t1", 3), ("t3", 2), ("t0", 1)]


def test_flags_and_cut_episodes_are_counted() -> None:
    rows = [failing(0, "", flags=("hedged",)), failing(1, "", flags=("exit", "hedged"), truncated=True)]
    found = summarise("s", "p", Plan(tasks=(0, 1), samples=1), {row.key: row for row in rows})
    assert found.flags == {"exit": 1, "hedged": 2}
    assert found.truncated == 1


def test_the_dictionary_is_json_without_nan() -> None:
    row = json.loads(json.dumps(summary([INVALID, INVALID]).to_dict(), allow_nan=False))
    assert row["score"]["mean"] is None
    assert row["counts"]["invalid"] == 2
    assert row["complete"] is True


@pytest.mark.parametrize(("share", "text"), [(1.0, "100.0 %"), (0.8293, "82.9 %"), (0.0, "0.0 %"), (math.nan, "-")])
def test_a_share_reads_as_a_percentage(share: float, text: str) -> None:
    assert percent(share) == text
