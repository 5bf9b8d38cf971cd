"""The benchmark of rollouts: its loads, its accounts, its goals and its document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.workers import EpisodeJob, rollout_many
from assaygym.benchmarks.speed import rollout_loads, rollouts
from assaygym.benchmarks.speed.contender import WrongResult
from assaygym.benchmarks.speed.rollout_loads import (
    Work,
    cost,
    count,
    in_a_loop,
    in_lockstep,
    without_barrier,
)
from assaygym.errors import ConfigError

SMALL = ["--rounds", "1", "--episodes", "50", "--count", "2000", "--workers", "8", "--turns", "3", "--most", "0.01"]
EVEN = Work(((0.1, 0.0), (0.0, 0.1), (0.05,)), 0.001)


@pytest.mark.parametrize("threads", [0, 1, 4])
def test_the_cost_is_of_so_many_episodes_that_were_played(threads: int) -> None:
    wall, cpu = cost("assay/Reverse-v0", 200, threads)
    assert 0 < cpu <= 60
    assert 0 < wall <= 60


@pytest.mark.alone
def test_an_episode_beside_its_model_takes_well_under_a_millisecond() -> None:
    cost("assay/Reverse-v0", 100, 0)
    assert min(cost("assay/Reverse-v0", 500, 0)[1] for _ in range(3)) / 500 < 0.0005


def test_every_episode_is_accounted_for_with_failures_mixed_in() -> None:
    tally = count(3000, 16, 0.2, seed=1)
    assert (tally.lost, tally.duplicated, tally.miscounted, tally.threads_left) == (0, 0, 0, 0)
    assert 480 < tally.failed < 720


def test_without_failures_none_fails() -> None:
    assert count(200, 4, 0.0, seed=1).failed == 0


def test_the_account_notices_what_is_lost_doubled_or_miscounted(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(*given: Any, **options: Any) -> Any:
        for job, trajectory in rollout_many(*given, **options):
            if job.key == "3":
                continue
            yield (EpisodeJob(key="5", seed=5), trajectory) if job.key == "4" else (job, trajectory)

    monkeypatch.setattr(rollout_loads, "rollout_many", careless)
    tally = count(50, 4, 0.0, seed=1)
    assert (tally.lost, tally.duplicated, tally.miscounted) == (2, 1, 1)


def test_work_is_drawn_within_its_bounds_and_repeats() -> None:
    work = Work.drawn(64, 8, 0.2, 0.01, seed=0)
    assert work == Work.drawn(64, 8, 0.2, 0.01, seed=0)
    assert {len(calls) for calls in work.tools} == set(range(1, 9))
    assert all(0 <= seconds <= 0.2 for calls in work.tools for seconds in calls)
    assert 0.08 < sum(map(sum, work.tools)) / work.turns < 0.12
    skewed = Work.drawn(64, 8, 0.2, 0.01, seed=0, skew=3.0)
    assert sum(map(sum, skewed.tools)) / skewed.turns < 0.07


def test_the_times_of_work_are_sums_and_maxima() -> None:
    assert EVEN.turns == 5
    assert EVEN.longest == pytest.approx(0.102)
    assert EVEN.in_step == pytest.approx(0.202)


@pytest.mark.alone
def test_the_three_ways_do_the_same_work_and_only_one_does_not_wait() -> None:
    free, lockstep, loop = without_barrier(EVEN), in_lockstep(EVEN), in_a_loop(EVEN)
    assert EVEN.longest <= free
    assert EVEN.in_step <= lockstep
    assert sum(map(sum, EVEN.tools)) <= loop
    assert free < 1.0  # generous: 0.1 where nothing else runs


def test_work_that_was_not_done_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    def lazy(*given: Any, **options: Any) -> Any:
        return iter(())

    monkeypatch.setattr(rollout_loads, "rollout_many", lazy)
    with pytest.raises(WrongResult, match="0 episodes of 3 played 0 turns of 5"):
        without_barrier(EVEN)


def met(found: dict[str, Any]) -> dict[str, bool | None]:
    return {goal["name"]: goal["met"] for goal in rollouts.goals(found)}


def test_goals_are_met_or_not_by_their_bounds_and_open_where_nothing_was_measured() -> None:
    assert set(met({}).values()) == {None}
    rows = [{"env": env, "through": "rollout", "per_second": 20_000} for env in rollouts.GOAL_ENVS]
    others = [{"env": env, "through": "rollout_many(16)", "per_second": 9} for env in rollouts.GOAL_ENVS]
    assert [value for name, value in met({"cost": [*others, *rows]}).items() if "episodes/s" in name] == [True, True]
    rows[1]["per_second"] = 19_999
    assert [value for name, value in met({"cost": rows}).items() if "episodes/s" in name] == [True, False]


@pytest.mark.parametrize("name", ["lost", "duplicated", "miscounted", "threads_left"])
def test_one_wrong_episode_fails_the_goal(name: str) -> None:
    tally = {"lost": 0, "duplicated": 0, "miscounted": 0, "threads_left": 0}
    assert [value for value in met({"count": tally}).values() if value is not None] == [True]
    assert [value for value in met({"count": {**tally, name: 1}}).values() if value is not None] == [False]


def test_waiting_has_a_goal_for_each_way() -> None:
    good = {"free_over_longest": 1.15, "loop_over_free": 2.0, "lockstep_over_free": 2.0}
    bad = {"free_over_longest": 1.16, "loop_over_free": 1.99, "lockstep_over_free": 1.99}
    for figures, expected in ((good, True), (bad, False)):
        found = met({"barrier": [{"calls": name, **figures} for name in ("even", "skewed")]})
        assert [value for name, value in found.items() if "calls" in name] == [expected] * 5


def test_the_document_holds_every_part_and_is_printed_as_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rollouts.json"
    assert rollouts.main([*SMALL, "--json", str(file)]) in (0, 1)
    found = json.loads(file.read_text())
    assert found["command"][-2:] == ["--json", "rollouts.json"]
    assert len(found["cost"]) == len(rollouts.ENVS) * len(rollouts.THREADS)
    assert (found["count"]["episodes"], found["count"]["lost"]) == (2000, 0)
    assert [row["calls"] for row in found["barrier"]] == ["even", "skewed"]
    assert all(goal["met"] is not None for goal in found["goals"])
    printed = capsys.readouterr().out
    assert "episodes lost, duplicated or miscounted" in printed
    assert "rollout_many(16)" in printed


def test_one_part_alone_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert rollouts.main([*SMALL, "--only", "count", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "cost" not in found
    assert [goal["met"] for goal in found["goals"]].count(None) == 7


def test_a_run_that_cannot_be_measured_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*given: Any) -> Any:
        raise ConfigError("no thread could be started")

    monkeypatch.setattr(rollouts, "count", refuse)
    assert rollouts.main([*SMALL, "--only", "count"]) == 2
    assert "no thread could be started" in capsys.readouterr().err


@pytest.mark.slow
def test_of_100_000_episodes_none_is_lost_or_played_twice() -> None:
    tally = count(100_000, 16, 0.1, seed=0)
    assert (tally.lost, tally.duplicated, tally.miscounted, tally.threads_left) == (0, 0, 0, 0)


@pytest.mark.slow
def test_nothing_waits_for_the_slowest_turn() -> None:
    work = Work.drawn(64, 8, 0.2, 0.01, seed=0, skew=3.0)
    free = min(without_barrier(work) for _ in range(3))
    assert free <= 1.15 * work.longest
    assert in_lockstep(work) >= 1.8 * free
