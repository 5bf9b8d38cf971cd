from __future__ import annotations

import io
import math
import re

import pytest

from assaygym.benchmarks.progress import ProgressDisplay, Tally, progress_line
from assaygym.benchmarks.records import EpisodeRecord, Outcome


def record(task: int, outcome: Outcome, value: float = math.nan) -> EpisodeRecord:
    return EpisodeRecord(task=task, sample=0, config="c", task_id=str(task), outcome=outcome, value=value)


def tally_of(*records: EpisodeRecord, planned: int = 10, resumed: int = 0) -> Tally:
    tally = Tally(name="gsm8k", planned=planned, started=100.0)
    for place, item in enumerate(records):
        tally.add(item, resumed=place < resumed)
    return tally


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


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


def test_without_a_terminal_lines_come_at_intervals_and_at_the_end() -> None:
    stream, clock = io.StringIO(), Clock()
    tally = tally_of()
    with ProgressDisplay(stream, every=10, clock=clock) as display:
        for number in range(8):
            clock.now += 3
            tally.add(record(number, Outcome.CORRECT, 1.0))
            display(tally)
    assert [line.split()[1] for line in stream.getvalue().splitlines()] == ["4/10", "8/10"]


def test_the_last_count_is_not_said_twice() -> None:
    stream, clock = io.StringIO(), Clock()
    tally = tally_of(record(0, Outcome.CORRECT, 1.0))
    with ProgressDisplay(stream, every=1, clock=clock) as display:
        clock.now += 2
        display(tally)
    assert stream.getvalue().count("\n") == 1


def test_a_display_that_saw_nothing_says_nothing() -> None:
    stream = io.StringIO()
    with ProgressDisplay(stream):
        pass
    assert stream.getvalue() == ""


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_on_a_terminal_the_counts_are_drawn_on_one_line(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = Terminal()
    with ProgressDisplay(stream, clock=Clock()) as display:
        display(tally_of(record(0, Outcome.CORRECT, 1.0), planned=12_345))
    drawn = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", stream.getvalue()).strip().split("\n")[-1]
    assert "gsm8k" in drawn
    assert "1/12345" in drawn.replace(" ", "")
    assert "reward 1.00" in drawn


def test_standard_output_stays_free_for_results(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressDisplay() as display:
        display(tally_of(record(0, Outcome.CORRECT, 1.0)))
    out, err = capsys.readouterr()
    assert out == ""
    assert "1/10" in err
