"""The running counts of an evaluation, and the lines that tell them."""

from __future__ import annotations

import math

import pytest

from assaygym.agents.record import trajectory_to_dict
from assaygym.benchmarks.limits import Spending, Used
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.tally import Tally, detail_line, progress_line
from assaygym.benchmarks.watch import Playing
from assaygym.types import Completion, Message, StopReason, Trajectory, Turn


def record(task: int, outcome: Outcome, value: float = math.nan, *infos: dict[str, int]) -> EpisodeRecord:
    answer = Completion(message=Message(role="assistant", content=""))
    trajectory = Trajectory(
        env_id="e", task_id="t", seed=0, split="all", score=None, stop_reason=StopReason.COMPLETED,
        turns=tuple(Turn(observation=(), completion=answer, info=info) for info in infos),
    )  # fmt: skip
    return EpisodeRecord(
        task=task, sample=0, config="c", task_id=str(task), outcome=outcome, value=value,
        trajectory=trajectory_to_dict(trajectory) if infos else {},
    )  # fmt: skip


def tally_of(*records: EpisodeRecord, planned: int = 10, resumed: int = 0) -> Tally:
    tally = Tally(name="gsm8k", planned=planned, started=100.0)
    for place, item in enumerate(records):
        tally.add(item, resumed=place < resumed)
    return tally


def test_the_line_tells_counts_reward_rate_and_time_left() -> None:
    tally = tally_of(record(0, Outcome.CORRECT, 1.0), record(1, Outcome.UNPARSED, 0.0))
    assert progress_line(tally, now=102.0) == (
        "gsm8k  2/10  reward 0.50 [0.09, 0.91]  ok 1  fail 1  1.0 ep/s  eta 0:08"
    )


def test_failures_of_ours_are_shown_apart_and_do_not_move_the_reward() -> None:
    tally = tally_of(
        record(0, Outcome.CORRECT, 1.0),
        record(1, Outcome.INVALID),
        record(2, Outcome.ERROR),
        record(3, Outcome.UNFINISHED),
    )
    line = progress_line(tally, now=101.0)
    assert "reward 1.00" in line
    assert "ok 1  fail 0  invalid 1  err 1  cut 1" in line


def test_partial_credit_counts_in_the_mean_but_is_not_ok() -> None:
    tally = tally_of(record(0, Outcome.PARTIAL, 0.5))
    assert (tally.mean, tally.right, tally.wrong) == (0.5, 0, 1)


def test_resumed_episodes_do_not_count_in_the_rate() -> None:
    tally = tally_of(*[record(i, Outcome.CORRECT, 1.0) for i in range(4)], resumed=3)
    assert tally.rate(102.0) == 0.5
    assert tally.eta(102.0) == 12.0


def test_before_the_first_episode_nothing_is_claimed() -> None:
    line = progress_line(tally_of(), now=101.0)
    assert "reward" not in line
    assert line.endswith("eta -")


@pytest.mark.parametrize(("left", "shown"), [(9, "eta 0:09"), (600, "eta 10:00"), (7325, "eta 2:02:05")])
def test_the_time_left_reads_as_a_clock(left: int, shown: str) -> None:
    tally = tally_of(record(0, Outcome.CORRECT, 1.0), planned=left + 1)
    assert progress_line(tally, now=101.0).endswith(shown)


def test_a_slow_run_is_counted_by_the_minute() -> None:
    assert "  1.0 ep/min  " in progress_line(tally_of(record(0, Outcome.CORRECT, 1.0)), now=160.0)


def test_the_details_tell_tools_tokens_and_money() -> None:
    calls = {"tool_calls": 3, "tool_errors": 1}
    tally = tally_of(
        record(0, Outcome.CORRECT, 1.0, calls, {"tool_calls": 1}), record(1, Outcome.INCORRECT, 0.0, calls, calls)
    )
    tally.spending = Spending(before=Used(prompt_tokens=400_000, cost=0.1))
    tally.spending.add(Used(prompt_tokens=12_000, completion_tokens=38_000, cost=0.09))
    assert detail_line(tally) == "tools 5.0 calls/ep, 30 % failed  tokens 412k in / 38k out  $0.19"


def test_resumed_episodes_have_no_share_in_the_calls_of_an_episode() -> None:
    tally = tally_of(record(0, Outcome.CORRECT, 1.0), record(1, Outcome.CORRECT, 1.0, {"tool_calls": 4}), resumed=1)
    assert detail_line(tally) == "tools 4.0 calls/ep, 0 % failed"


@pytest.mark.parametrize(
    ("name", "seconds", "shown"),
    [
        ("77", 41.0, "slowest: 77 (41 s, turn 9)"),
        ("gsm8k:1f0c", 300.0, "slowest: 1f0c (5 min, turn 9)"),
        ("two\nlines " + "x" * 99, 5.0, f"slowest: two lines {'x' * 30} (5 s, turn 9)"),
        ("77", 2.0, ""),
    ],
)
def test_the_episode_that_takes_long_is_named(name: str, seconds: float, shown: str) -> None:
    tally = tally_of()
    tally.slowest = lambda: (Playing(name=name, started=0.0, turn=9), seconds)
    assert detail_line(tally) == shown


def test_where_there_are_no_tools_tokens_or_prices_there_are_no_details() -> None:
    tally = tally_of(record(0, Outcome.CORRECT, 1.0, {}))
    tally.spending = Spending()
    assert detail_line(tally) == ""
