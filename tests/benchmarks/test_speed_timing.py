"""Timing: percentiles, ratios within a round, and rounds that go through everybody."""

import math
import time

import pytest

from assaygym.benchmarks.speed.contender import Contender, WrongResult, on_threads
from assaygym.benchmarks.speed.loop import FEWEST, timed
from assaygym.benchmarks.speed.timing import Cell, Plan, measure, percentile, ratio
from assaygym.benchmarks.speed.workloads import HUMANEVAL, TRIVIAL, Workload

pytestmark = pytest.mark.alone  # takes times
PLAN = Plan(rounds=2, runs=3, seconds=1.0, workers=2)


class Scripted(Contender):
    """Takes as long as it is told, and notes when it is called."""

    def __init__(self, name: str, calls: list[tuple[str, str]], seconds: float = 0.001, fails_at: int = -1) -> None:
        super().__init__(name, "scripted")
        self.calls, self.seconds, self.fails_at = calls, seconds, fails_at

    def can(self, workload: Workload) -> bool:
        return self.name != "picky" or workload is TRIVIAL

    def latency(self, workload: Workload, runs: int, seconds: float) -> list[float]:
        if len(self.calls) == self.fails_at:
            raise WrongResult("it printed nonsense")
        self.calls.append((self.name, workload.name))
        return [self.seconds] * runs

    def throughput(self, workload: Workload, runs: int, seconds: float) -> tuple[int, float]:
        return runs, runs * self.seconds


@pytest.mark.parametrize(("share", "expected"), [(0.5, 5), (0.51, 6), (0.99, 10), (1, 10), (0.1, 1), (0.01, 1)])
def test_a_percentile_is_the_nearest_rank(share: float, expected: float) -> None:
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], share) == expected


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0), ([1.0], 1.5)])
def test_a_percentile_of_nothing_or_beyond_the_whole_is_refused(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, share)


def test_a_ratio_is_taken_within_each_round() -> None:
    assert ratio([2, 30, 4], [1, 10, 4]) == 2  # of 2, 3 and 1: a slow round slows both
    assert math.isnan(ratio([], []))


def test_a_cell_tells_medians_over_the_rounds() -> None:
    cell = Cell(rates=[5, 1, 3])
    for slow in (1, 100, 2):
        cell.add([slow * n for n in range(1, 101)])
    assert (cell.p50, cell.p99, cell.rate, cell.units) == (100, 198, 3, 300)


def test_an_empty_cell_is_not_a_number() -> None:
    assert math.isnan(Cell().p50)
    assert math.isnan(Cell().p99)
    assert math.isnan(Cell().rate)


def test_every_round_goes_through_everybody_and_every_second_one_backwards() -> None:
    calls: list[tuple[str, str]] = []
    measure([Scripted("a", calls), Scripted("b", calls)], [TRIVIAL, HUMANEVAL], PLAN)
    forward = [("a", "trivial"), ("b", "trivial"), ("a", "humaneval"), ("b", "humaneval")]
    assert calls == [*forward, *forward, *reversed(forward)]  # the first time warms up


def test_the_figures_are_those_of_the_rounds_without_the_warming_up() -> None:
    figures = measure([Scripted("a", [], seconds=0.25)], [TRIVIAL], PLAN)
    cell = figures.cells["a", "trivial"]
    assert (cell.p50s, cell.p99s, cell.rates, cell.units) == ([0.25] * 2, [0.25] * 2, [4.0] * 2, 6)


def test_a_workload_that_a_contender_cannot_do_is_left_out_for_it() -> None:
    calls: list[tuple[str, str]] = []
    figures = measure([Scripted("picky", calls), Scripted("a", calls)], [TRIVIAL, HUMANEVAL], PLAN)
    assert set(figures.cells) == {("picky", "trivial"), ("a", "trivial"), ("a", "humaneval")}


@pytest.mark.parametrize("at", [0, 2])
def test_a_contender_that_fails_loses_its_row_and_the_others_go_on(at: int) -> None:
    bad, good = Scripted("bad", [], fails_at=at), Scripted("good", [])
    figures = measure([bad, good], [TRIVIAL], PLAN)
    assert set(figures.cells) == {("good", "trivial")}
    assert figures.failed == {"bad": "it printed nonsense"}
    assert len(good.calls) == 3


def test_a_probe_is_taken_once_a_round() -> None:
    asked: list[tuple[int, float]] = []

    def probe(runs: int, seconds: float) -> list[float]:
        asked.append((runs, seconds))
        return [0.5]

    figures = measure([], [TRIVIAL], PLAN, {"session": probe})
    assert asked == [(3, 1.0)] * 2
    assert figures.probes["session"].p50s == [0.5, 0.5]


def test_each_step_says_what_comes() -> None:
    told: list[str] = []
    measure([Scripted("a", [])], [TRIVIAL], PLAN, {"p": lambda runs, seconds: [1.0]}, told.append)
    assert told == ["round 1/2  trivial  a", "round 1/2  p", "round 2/2  trivial  a", "round 2/2  p"]


def test_timed_calls_as_often_as_it_is_told() -> None:
    calls: list[int] = []
    times = timed(lambda: calls.append(1), 7, 60)
    assert (len(times), len(calls)) == (7, 7)
    assert all(taken >= 0 for taken in times)


def test_timed_begins_nothing_after_its_seconds_apart_from_the_first_few() -> None:
    times = timed(lambda: time.sleep(0.01), 1000, 0)
    assert len(times) == FEWEST
    assert min(times) >= 0.01


def test_threads_share_the_calls_and_do_no_more() -> None:
    calls: list[int] = []
    done, seconds = on_threads(lambda: calls.append(1), 3, 10, 60)
    assert (done, len(calls)) == (10, 10)
    assert seconds > 0


def test_a_failure_on_a_thread_is_not_swallowed() -> None:
    def fail() -> None:
        raise WrongResult("no")

    with pytest.raises(WrongResult):
        on_threads(fail, 2, 4, 60)
