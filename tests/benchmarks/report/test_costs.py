from __future__ import annotations

import math
from typing import Any

import pytest

from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.report.content import EpisodeRef, Latency, Speed
from assaygym.benchmarks.report.costs import Latencies, Totals, attempts_of, ended_by

START = "2026-11-22T03:00:00+00:00"
END = "2026-11-22T03:00:10+00:00"


def latency(*episodes: tuple[Outcome, Measures]) -> Latency | None:
    seen = Latencies()
    for task, (outcome, measures) in enumerate(episodes):
        value = float(outcome is Outcome.CORRECT) if outcome.scored else math.nan
        record = EpisodeRecord(task=task, sample=0, config="c", task_id="t", outcome=outcome, value=value)
        seen.add(record, measures, EpisodeRef(task=task, sample=0, name=f"t{task}"))
    return seen.facts()


def known(*measures: Measures) -> Latency:
    found = latency(*((Outcome.CORRECT, each) for each in measures))
    assert found is not None
    return found


def speed(document: dict[str, Any], *measures: Measures) -> Speed:
    totals = Totals()
    for each in measures:
        totals.add(each)
    return totals.facts(attempts_of(document))


def test_quantiles_are_by_nearest_rank() -> None:
    found = known(*(Measures(verify_seconds=float(i)) for i in range(100, 0, -1)))
    assert (found.p50, found.p90, found.p99, found.longest) == (50, 90, 99, 100)
    assert (found.measured, found.total, found.source) == (100, 5050, "verifier")


def test_one_verdict_is_every_quantile() -> None:
    found = known(Measures(verify_seconds=2.0))
    assert (found.p50, found.p90, found.p99, found.longest) == (2.0, 2.0, 2.0, 2.0)


def test_the_slowest_five_are_named_the_slowest_first() -> None:
    found = known(*(Measures(verify_seconds=float(i % 10)) for i in range(20)))
    assert [ref.task for ref in found.slowest] == [9, 19, 8, 18, 7]


def test_the_last_step_stands_in_for_a_verifier_nobody_timed() -> None:
    assert known(Measures(last_step_seconds=0.5)).source == "last step"
    both = known(Measures(last_step_seconds=0.5, verify_seconds=0.25), Measures(last_step_seconds=1.0))
    assert (both.source, both.p50, both.longest) == ("both", 0.25, 1.0)


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.UNFINISHED])
def test_the_last_step_of_an_episode_that_was_not_judged_is_no_verdict(outcome: Outcome) -> None:
    assert latency((outcome, Measures(last_step_seconds=0.5))) is None


def test_without_a_measurement_there_is_no_latency() -> None:
    assert latency((Outcome.CORRECT, Measures())) is None


def test_counts_and_seconds_are_summed_and_what_is_unknown_left_out() -> None:
    one = Measures(turns=2, sampled_tokens=10, prompt_tokens=5, characters=40, cached=1, sampling_seconds=1.5)
    found = speed({}, one, Measures(turns=1, step_seconds=0.25))
    assert (found.episodes, found.turns, found.sampled_tokens, found.prompt_tokens) == (2, 3, 10, 5)
    assert (found.characters, found.cached_turns, found.sampling_seconds, found.step_seconds) == (40, 1, 1.5, 0.25)
    assert math.isnan(found.verify_seconds)


def test_rates_are_by_the_wall_clock_of_all_attempts() -> None:
    attempt = {"started": START, "ended": END, "episodes": 30}
    found = speed({"attempts": [attempt, attempt]}, Measures(sampled_tokens=400))
    assert (found.wall_seconds, found.episodes_per_second, found.tokens_per_second) == (20.0, 3.0, 20.0)


def test_a_killed_attempt_leaves_the_tokens_rate_unknown() -> None:
    attempts = [{"started": START, "ended": None}, {"started": START, "ended": END, "episodes": 30}]
    found = speed({"attempts": attempts}, Measures(sampled_tokens=400))
    assert (found.wall_seconds, found.episodes_per_second) == (10.0, 3.0)
    assert math.isnan(found.tokens_per_second)


@pytest.mark.parametrize("attempts", [[], [{"started": START, "ended": START, "episodes": 3}], [{"started": START}]])
def test_rates_without_a_wall_clock_are_unknown(attempts: list[dict[str, Any]]) -> None:
    assert math.isnan(speed({"attempts": attempts}, Measures(sampled_tokens=1)).episodes_per_second)


def test_attempts_are_told_with_host_and_duration() -> None:
    rows = [
        {"started": START, "ended": END, "episodes": 4, "interrupted": True, "host": {"cpus": 2}},
        {"started": START},
    ]
    ended, killed = attempts_of({"attempts": rows})
    assert (ended.number, ended.seconds, ended.episodes, ended.interrupted, ended.host) == (
        1,
        10.0,
        4,
        True,
        {"cpus": 2},
    )
    assert (killed.number, killed.ended, killed.episodes, killed.interrupted) == (2, "", None, False)
    assert math.isnan(killed.seconds)


LIMITED = {"why": "limit tokens", "limits": {"tokens": 1000, "time": None}}


@pytest.mark.parametrize(
    ("attempts", "complete", "told"),
    [
        ([LIMITED], False, "the run's limit of tokens, 1,000"),
        ([LIMITED], True, ""),
        ([LIMITED, {"why": "done"}], False, ""),
        ([LIMITED, {"started": START}], False, ""),
        ([{"why": "limit policy", "limits": {}}], False, "a limit of the policy"),
        ([{"why": "limit cost"}], False, "the run's limit of cost"),
        ([], False, ""),
    ],
)
def test_the_limit_that_ended_the_last_start_is_told_while_something_is_left_to_play(
    attempts: list[dict[str, Any]], complete: bool, told: str
) -> None:
    assert ended_by({"attempts": attempts}, complete=complete) == told
