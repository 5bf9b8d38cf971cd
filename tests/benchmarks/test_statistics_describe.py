from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.benchmarks.statistics import (
    AtK,
    RunStatistics,
    Sample,
    Status,
    TaskSamples,
    best_of_k,
    describe,
    maj_at_k,
    pass_at_k,
    pass_hat_k,
)
from assaygym.errors import ConfigError

LOST = Sample(status=Status.ERRORED)


def right(answer: str = "7") -> Sample:
    return Sample(value=1.0, answer=answer)


def wrong(answer: str = "8") -> Sample:
    return Sample(value=0.0, answer=answer)


def task(name: str, *samples: Sample, planned: int = 0, category: str | None = None) -> TaskSamples:
    return TaskSamples(task=name, samples=samples, planned=planned, category=category)


def at(curve: Sequence[AtK], k: int) -> AtK:
    return next(point for point in curve if point.k == k)


def mixed() -> list[TaskSamples]:
    return [
        task("x", right(), wrong(), right(), wrong("9"), category="easy"),
        task("y", wrong(), LOST, wrong(), right("5"), category="hard"),
        task("z", right(), category="hard", planned=4),
    ]


def test_every_estimator_is_the_mean_over_tasks() -> None:
    found = describe([task("x", right(), wrong(), right()), task("y", wrong("1"), wrong("1"), right())])
    assert found.score.mean == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert at(found.pass_at, 2).estimate.mean == pytest.approx((1 + 2 / 3) / 2)
    assert at(found.pass_hat, 2).estimate.mean == pytest.approx((1 / 3 + 0) / 2)
    assert at(found.majority, 3).estimate.mean == 0.5
    assert at(found.best_of, 2).estimate.mean == pytest.approx((1 + 2 / 3) / 2)


def test_each_task_counts_with_its_own_number_of_samples() -> None:
    """A peer keeps the number of samples of the first task for all."""
    found = describe([task("x", right()), task("y", right(), wrong(), wrong(), wrong())])
    assert at(found.pass_at, 1).estimate.mean == pytest.approx((1 + 0.25) / 2)
    assert (at(found.pass_at, 4).estimate.mean, at(found.pass_at, 4).estimate.tasks) == (1.0, 1)


def test_the_order_of_samples_and_tasks_changes_nothing() -> None:
    """A peer takes the first k samples."""
    graded = [
        task("x", Sample(value=0.2), Sample(value=0.9), Sample(value=0.5)),
        task("y", Sample(value=1.0), Sample(value=0.1), Sample(value=0.0)),
    ]
    turned = [TaskSamples(task=item.task, samples=item.samples[::-1]) for item in reversed(graded)]
    assert describe(turned).best_of == describe(graded).best_of
    assert at(describe(graded).best_of, 2).estimate.mean == pytest.approx(
        ((0.9 * 2 + 0.5) / 3 + (1.0 * 2 + 0.1) / 3) / 2
    )


def test_more_tries_than_samples_is_nan_not_a_small_number() -> None:
    found = describe([task("x", right(), right())], ks=[1, 3])
    assert math.isnan(at(found.pass_at, 3).estimate.mean)
    assert at(found.pass_at, 3).estimate.tasks == 0


@pytest.mark.parametrize("status", [Status.ERRORED, Status.INVALID, Status.TRUNCATED])
def test_what_has_no_score_is_counted_and_is_no_zero(status: Status) -> None:
    """Peers score a verifier's crash as 0, or drop the sample without a word."""
    found = describe([task("x", right(), Sample(status=status)), task("y", right(), right())])
    assert found.score.mean == 1.0
    assert (found.bounds.low, found.bounds.high) == (0.75, 1.0)
    assert found.counts == {other.value: {Status.SCORED: 3, status: 1}.get(other, 0) for other in Status}


def test_samples_that_never_ran_are_missing() -> None:
    found = describe([task("x", right(), planned=4)])
    assert (found.planned, found.counts["missing"], found.bounds.low) == (4, 3, 0.25)


def test_a_task_without_any_score_still_counts_in_the_bounds() -> None:
    found = describe([task("x", right()), task("y", LOST)])
    assert (found.tasks, found.score.tasks) == (2, 1)
    assert at(found.pass_at, 1).bounds == found.bounds
    assert found.bounds.low == 0.5


def test_too_few_scored_samples_leave_a_task_out_of_the_mean_but_not_of_the_bounds() -> None:
    """A peer skips such tasks, which leaves the mean of the survivors."""
    found = at(describe([task("x", right(), right()), task("y", wrong(), LOST)]).pass_at, 2)
    assert (found.estimate.mean, found.estimate.tasks) == (1.0, 1)
    assert (found.bounds.low, found.bounds.high) == (0.5, 1.0)


def test_without_unscored_samples_the_bounds_are_the_mean() -> None:
    found = describe([task("x", right(), wrong()), task("y", right(), right())])
    for curve in (found.pass_at, found.pass_hat, found.majority, found.best_of):
        for point in curve:
            assert (point.bounds.low, point.bounds.high) == pytest.approx((point.estimate.mean,) * 2)


ANSWERS = st.sampled_from(["r", "R", "w", "W", "v", None])


def outcome(answer: str | None) -> Sample:
    return Sample(value=float(answer in ("r", "R")), answer=answer)


@settings(max_examples=60)
@given(st.lists(ANSWERS, max_size=5), st.integers(1, 2), st.integers(1, 6))
def test_the_bounds_hold_every_way_the_lost_samples_could_have_come_out(
    answers: list[str | None], lost: int, k: int
) -> None:
    planned = len(answers) + lost
    k = min(k, planned)
    known = [outcome(answer) for answer in answers]
    found = describe(
        [
            task(
                "x",
                *known,
                *[Sample(status=Status.TRUNCATED)] * lost,
            )
        ],
        ks=[k],
    )
    for more in itertools.combinations_with_replacement(["r", "R", "q", "w", "W", "v", "u", None], lost):
        filled = [*known, *(Sample(value=float(a in ("r", "R", "q")), answer=a) for a in more)]
        values, count = [s.value for s in filled], sum(s.value == 1 for s in filled)
        for curve, value in (
            (found.pass_at, pass_at_k(planned, count, k)),
            (found.pass_hat, pass_hat_k(planned, count, k)),
            (found.best_of, best_of_k(values, k)),
            (found.majority, maj_at_k([s.answer for s in filled], values, k)),
        ):
            for point in curve:
                assert point.bounds.low - 1e-9 <= value <= point.bounds.high + 1e-9


def test_a_lost_sample_may_have_had_the_reward_that_selects() -> None:
    known = Sample(value=1.0, reward=0.4), Sample(value=0.0, reward=0.9)
    found = at(describe([task("x", *known, LOST)], ks=[3]).best_of, 3)
    assert (found.bounds.low, found.bounds.high) == (0.0, 1.0)


def test_the_reward_selects_and_the_score_counts() -> None:
    samples = Sample(value=1.0, reward=0.4), Sample(value=0.0, reward=0.9)
    assert at(describe([task("x", *samples)]).best_of, 2).estimate.mean == 0.0


def test_the_vote_is_over_canonical_answers_not_over_answers_and_scores() -> None:
    samples = [Sample(value=v, answer=a) for a, v in [("33", 1.0), ("33", 0.9), ("4", 0.0), ("4", 0.0), ("33", 0.8)]]
    assert at(describe([task("x", *samples)]).majority, 5).estimate.mean == pytest.approx(0.9)


def test_without_answers_there_is_no_majority() -> None:
    assert describe([task("x", Sample(value=1.0))]).majority == ()


def test_strict_and_lenient_scores_stand_side_by_side_with_the_rows_that_differ() -> None:
    unboxed = Sample(value=0.0, lenient=1.0)
    found = describe([task("x", right(), unboxed), task("y", wrong(), LOST)])
    assert found.lenient is not None
    assert (found.score.mean, found.lenient.mean, found.format_gap) == (0.25, 0.5, 0.25)
    assert [(row.task, row.sample, row.strict, row.lenient) for row in found.disagreements] == [("x", 1, 0.0, 1.0)]


def test_without_lenient_scores_there_is_no_gap() -> None:
    found = describe([task("x", right())])
    assert found.lenient is None
    assert math.isnan(found.format_gap)


def test_one_try_is_the_score_with_the_same_interval() -> None:
    found = describe([task(str(i), *[right()] * (i % 5), *[wrong()] * (4 - i % 5)) for i in range(20)])
    first = at(found.pass_at, 1).estimate
    assert first.mean == pytest.approx(found.score.mean)
    assert (first.interval.low, first.interval.high) == pytest.approx(
        (found.score.interval.low, found.score.interval.high)
    )


def test_categories_have_their_own_scores_bounds_and_counts() -> None:
    found = describe(mixed()).categories
    assert [category.name for category in found] == ["easy", "hard"]
    assert found[1].score.mean == pytest.approx((1 / 3 + 1) / 2)
    assert (found[1].counts["errored"], found[1].counts["missing"]) == (1, 3)


def test_tasks_of_one_cluster_are_one_in_the_errors() -> None:
    alone = [TaskSamples(task=str(i), samples=(right() if i % 4 < 2 else wrong(),)) for i in range(20)]
    together = [TaskSamples(task=t.task, samples=t.samples, cluster=str(int(t.task) // 2)) for t in alone]
    assert describe(together).score.clusters == 10
    assert describe(together).score.stderr > 1.3 * describe(alone).score.stderr
    assert describe(together, ks=[1]).pass_at[0].estimate.clusters == 10


def test_a_cluster_may_be_named_like_a_task() -> None:
    tasks = [task("x", right()), TaskSamples(task="y", samples=(wrong(),), cluster="x")]
    assert describe(tasks).score.clusters == 2


def test_the_bootstrap_is_made_when_asked_for() -> None:
    plain, drawn = describe(mixed()), describe(mixed(), resamples=200)
    assert plain.bootstrap is None
    assert drawn.bootstrap is not None
    assert drawn.bootstrap.low <= drawn.score.mean <= drawn.bootstrap.high
    assert at(drawn.pass_at, 1).bootstrap is not None
    assert drawn == describe(mixed(), resamples=200)


def test_the_tries_are_one_the_powers_of_two_and_all() -> None:
    assert [point.k for point in describe([task("x", *[right()] * 6)]).pass_at] == [1, 2, 4, 6]


def test_a_run_of_nothing_is_nan_not_zero() -> None:
    found = describe([])
    assert math.isnan(found.score.mean)
    assert found.pass_at == ()


def test_the_result_is_plain_json() -> None:
    found: RunStatistics = describe([*mixed(), task("w", LOST)], ks=[1, 4, 8])
    row = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert row["pass_at"][2]["estimate"]["mean"] is None
    assert row["counts"]["errored"] == 2
    assert row["format_gap"] is None


def test_two_tasks_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="1 tasks stand twice in the run, the first is 'x'"):
        describe([task("x", right()), task("x", wrong())])


def test_a_try_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="each at least 1"):
        describe([task("x", right())], ks=[0, 2])


def test_more_samples_than_planned_are_refused() -> None:
    with pytest.raises(ConfigError, match="has 2 samples, planned were 1"):
        task("x", right(), right(), planned=1)


@pytest.mark.parametrize(
    "fields",
    [
        {"value": 0.5, "status": Status.INVALID},
        {"value": math.nan},
        {"value": 1.5},
        {"value": 0.0, "lenient": -0.1},
    ],
)
def test_a_sample_that_contradicts_itself_is_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"NaN exactly when not scored|expected a number in"):
        Sample(**fields)  # type: ignore[arg-type]
