from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.report.content import EpisodeRef, FailureKind
from assaygym.benchmarks.report.taxonomy import MEANINGS, Failures, kind_of


def record(outcome: Outcome, task: int = 0, **fields: Any) -> EpisodeRecord:
    value = 1.0 if outcome is Outcome.CORRECT else 0.5 if outcome is Outcome.PARTIAL else 0.0
    value = value if outcome.scored else math.nan
    return EpisodeRecord(task=task, sample=0, config="c", task_id="t", outcome=outcome, value=value, **fields)


def collected(*episodes: tuple[EpisodeRecord, Measures]) -> tuple[FailureKind, ...]:
    seen = Failures()
    for row, measures in episodes:
        seen.add(row, measures, EpisodeRef(task=row.task, sample=row.sample, name=f"t{row.task}"))
    return seen.facts()


@pytest.mark.parametrize(
    ("row", "measures", "kind"),
    [
        (record(Outcome.INCORRECT), Measures(stop_reason="completed"), ("wrong", "")),
        (record(Outcome.INCORRECT), Measures(tool_errors=1), ("tool_error", "")),
        (record(Outcome.INCORRECT), Measures(tool_errors=1, unasked=1), ("policy", "")),
        (record(Outcome.PARTIAL), Measures(tool_errors=1), ("partial", "")),
        (record(Outcome.UNPARSED), Measures(), ("format", "")),
        (record(Outcome.INCORRECT, lenient=1.0), Measures(), ("format", "")),
        (record(Outcome.INCORRECT, lenient=0.0), Measures(), ("wrong", "")),
        (record(Outcome.UNPARSED, truncated=True), Measures(stop_reason="completed"), ("truncated", "answer_length")),
        (record(Outcome.INCORRECT, truncated=True), Measures(stop_reason="max_turns"), ("truncated", "max_turns")),
        (record(Outcome.UNFINISHED, truncated=True), Measures(stop_reason="timeout"), ("unfinished", "timeout")),
        (record(Outcome.INVALID), Measures(tool_errors=1), ("invalid", "")),
        (record(Outcome.ERROR, truncated=True), Measures(), ("error", "")),
    ],
)
def test_each_failure_is_of_one_kind(row: EpisodeRecord, measures: Measures, kind: tuple[str, str]) -> None:
    assert kind_of(row, measures) == kind


@given(outcomes=st.lists(st.sampled_from(list(Outcome)), max_size=30), tools=st.booleans(), cut=st.booleans())
def test_the_kinds_add_up_to_the_episodes_that_are_not_right(outcomes: list[Outcome], tools: bool, cut: bool) -> None:
    kinds = collected(*((record(each, truncated=cut), Measures(tool_errors=int(tools))) for each in outcomes))
    assert sum(kind.count for kind in kinds) == sum(each is not Outcome.CORRECT for each in outcomes)
    assert all(kind.count == sum(reason.count for reason in kind.reasons) for kind in kinds)
    assert {kind.name for kind in kinds} <= set(MEANINGS)


def test_reasons_that_differ_in_numbers_and_quotes_are_one_with_its_first_episode() -> None:
    texts = ["got 3, gold 'a'", "no answer", "got 41, gold 'bc'"]
    rows = [record(Outcome.INCORRECT, task=i, explanation=text) for i, text in enumerate(texts)]
    (kind,) = collected(*((row, Measures()) for row in rows))
    assert [(reason.text, reason.count, reason.example.task) for reason in kind.reasons] == [
        ("got 3, gold 'a'", 2, 0),
        ("no answer", 1, 1),
    ]


def test_only_the_most_frequent_reasons_are_kept_and_they_are_cut() -> None:
    rows = [record(Outcome.INCORRECT, explanation=letter * 900) for letter in "abcdd"]
    (kind,) = collected(*((row, Measures()) for row in rows))
    assert kind.count == 5
    assert [reason.text[:1] for reason in kind.reasons] == ["d", "a", "b"]
    assert len(kind.reasons[0].text) == 300


def test_the_most_frequent_kind_is_first_and_ours_are_marked() -> None:
    rows = [record(Outcome.ERROR), record(Outcome.INVALID), record(Outcome.UNPARSED), record(Outcome.UNPARSED)]
    kinds = collected(*((row, Measures()) for row in rows))
    assert [(kind.name, kind.ours) for kind in kinds] == [("format", False), ("error", True), ("invalid", True)]


def test_limits_are_counted_apart() -> None:
    stops = ["timeout", "max_turns", "timeout"]
    kinds = collected(*((record(Outcome.UNFINISHED), Measures(stop_reason=stop)) for stop in stops))
    assert [(kind.limit, kind.count) for kind in kinds] == [("timeout", 2), ("max_turns", 1)]
