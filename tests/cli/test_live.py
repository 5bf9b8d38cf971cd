"""The chart and the plain lines of a training run."""

import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.cli.live import EIGHTHS, TrainingDisplay, chart, plain_progress

REWARDS = st.lists(st.floats(-0.5, 1.5) | st.just(math.nan), max_size=300)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def columns(text: str) -> list[float]:
    rows = [line.partition("│")[2] for line in text.splitlines()[:-1]]
    width = max(map(len, rows), default=0)
    return [sum(EIGHTHS.index(row[i]) for row in rows) / 8 for i in range(width)]


def test_a_column_is_as_high_as_its_value() -> None:
    assert columns(chart([0.0, 0.25, 0.5, 1.0, 1.5, math.nan], height=8)) == [0, 2, 4, 8, 8, 0]


def test_more_values_than_columns_are_averaged() -> None:
    assert columns(chart([0.0, 1.0] * 50 + [1.0] * 100, width=2, height=4)) == [2, 4]


@given(REWARDS, st.integers(1, 80), st.integers(2, 12))
def test_a_chart_always_has_its_size(values: list[float], width: int, height: int) -> None:
    lines = chart(values, width=width, height=height).splitlines()
    assert len(lines) == height + 1
    assert all(len(line) <= width + 7 for line in lines)


def test_plain_lines_come_now_and_then_and_at_the_end() -> None:
    stream, now = io.StringIO(), iter([0.0, 1.0, 2.5, 2.6])
    with TrainingDisplay("a title", 4, stream, clock=lambda: next(now)) as display:
        for step in range(1, 5):
            display({"step": step, "reward": step / 4, "completions/mean_length": 7.0, "step_time": 0.5})
    title, *lines = stream.getvalue().splitlines()
    assert title == "a title"
    assert [line.split("  ")[0] for line in lines] == ["step 1/4", "step 3/4", "step 4/4"]
    assert lines[-1] == "step 4/4  reward 1.000  last 4 mean 0.625  length 7.0  0.50 s/step"


def test_what_a_step_does_not_tell_is_left_out() -> None:
    stream = io.StringIO()
    with TrainingDisplay("", 1, stream) as display:
        display({"step": 1, "reward": 0.5})
    assert stream.getvalue().splitlines()[-1] == "step 1/1  reward 0.500  last 1 mean 0.500"


def test_notes_are_thinned_unless_they_must_be_seen() -> None:
    stream = io.StringIO()
    with TrainingDisplay("", 1, stream, clock=lambda: 5.0) as display:
        for word in ("first", "second"):
            display.note(word)
        display.note("third", at_once=True)
    assert stream.getvalue().split() == ["first", "third"]


def test_a_terminal_gets_the_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with TrainingDisplay("a title", 2, stream) as display:
        display.note("getting ready")
        display({"step": 1, "reward": 1.0})
    shown = stream.getvalue()
    assert "a title" in shown
    assert "█" in shown
    assert "step 1/2" in shown


@pytest.mark.parametrize("width", [40, 60, 120])
def test_the_chart_fits_its_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(width))
    stream = Terminal()
    with TrainingDisplay("", 2, stream) as display:
        display({"step": 1, "reward": 1.0})
    axes = [line.strip() for line in stream.getvalue().splitlines() if "└" in line]
    assert {axis.count("─") for axis in axes} == {min(64, width - 7)}


def test_the_display_stops_when_the_training_fails() -> None:
    stream = Terminal()
    with pytest.raises(ZeroDivisionError), TrainingDisplay("", 2, stream) as display:
        display({"step": 1, "reward": 1 / 0})
    assert "\x1b[?25h" in stream.getvalue()  # the cursor is back


def test_a_warm_start_is_told_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    told = plain_progress("warm start", 120)
    for step in range(1, 121):
        told(step, 1.0)
    steps = [line.split()[3] for line in capsys.readouterr().err.splitlines()]
    assert steps == ["1/120,", "50/120,", "100/120,", "120/120,"]
