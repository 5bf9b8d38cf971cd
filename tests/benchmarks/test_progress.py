from __future__ import annotations

import io
import math
import re
import time

import pytest

from assaygym.benchmarks.limits import Spending, Used
from assaygym.benchmarks.progress import Display, ProgressDisplay
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.tally import Tally
from assaygym.benchmarks.watch import Playing


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


def test_while_no_episode_ends_lines_come_all_the_same_and_name_the_stuck_one() -> None:
    stream = io.StringIO()
    tally = tally_of(record(0, Outcome.CORRECT, 1.0))
    tally.slowest = lambda: (Playing(name="bank/77", started=0.0, turn=9), 41.0)
    with ProgressDisplay(stream, every=0.02) as display:
        display.begin(tally)
        deadline = time.monotonic() + 10
        while stream.getvalue().count("\n") < 3 and time.monotonic() < deadline:
            time.sleep(0.005)
    lines = stream.getvalue().splitlines()
    assert len(lines) >= 3
    assert all(line.endswith("slowest: bank/77 (41 s, turn 9)") for line in lines)


def test_each_of_several_runs_has_its_last_line() -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressDisplay(stream, clock=clock) as display:
        for name in ("first", "second"):
            tally = tally_of()
            tally.name = name
            display.begin(tally)
            tally.add(record(0, Outcome.CORRECT, 1.0))
            display(tally)
    assert [line.split()[:2] for line in stream.getvalue().splitlines()] == [["first", "1/10"], ["second", "1/10"]]


def test_a_note_is_told_at_once() -> None:
    for stream in (io.StringIO(), Terminal()):
        with ProgressDisplay(stream, clock=Clock()) as display:
            display.begin(tally_of())
            display.note("an estimate of [5, 7] episodes")
            assert "an estimate of [5, 7] episodes" in stream.getvalue()


def test_it_is_a_display() -> None:
    assert isinstance(ProgressDisplay(), Display)


def test_a_terminal_shows_a_line_a_run_and_the_details_of_the_last_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    with ProgressDisplay(stream, clock=Clock()) as display:
        for name in ("first", "second"):
            tally = tally_of(record(0, Outcome.CORRECT, 1.0))
            tally.name, tally.spending = name, Spending(before=Used(prompt_tokens=412_000, completion_tokens=38_000))
            display.begin(tally)
    drawn = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", stream.getvalue()).strip().split("\n")[-3:]
    for line, shown in zip(drawn, ("first ", "second ", "tokens 412k in / 38k out"), strict=True):
        assert shown in line


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
