from __future__ import annotations

import math
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.benchmarks.records import Outcome
from assaygym.benchmarks.report import charts
from assaygym.benchmarks.report.content import Curve, EpisodeRef, FailureKind, Histogram, Latency, StripCell, TaskStrip
from assaygym.benchmarks.report.histograms import Column, histogram
from assaygym.benchmarks.report.svg import clean, number, seconds, shortened
from assaygym.benchmarks.statistics import AtK, Estimate, Interval
from assaygym.benchmarks.statistics.describe import CategoryStatistics

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "</svg><script>alert(1)</script>",
    "\"onload='x' a=\"",
    "]]>&amp;&#0;",
    "\x00\x1b[31m\ud800\ufffe",
    "\u202egnp",
]
NAMES = (
    st.text(max_size=40) | st.sampled_from(HOSTILE) | st.text(st.characters(categories=["Cs", "Cc", "Cn"]), max_size=9)
)


def parsed(svg: str) -> ElementTree.Element:
    """The picture as a tree; raises where it is no XML."""
    root = ElementTree.fromstring(svg.encode("utf-8"))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert (root.get("viewBox") or "").startswith("0 0 360 ")
    assert root.get("aria-label")
    return root


def tags(root: ElementTree.Element) -> set[str]:
    return {each.tag.removeprefix(SVG) for each in root.iter()}


def words(root: ElementTree.Element) -> list[str]:
    return ["".join([each.text or "", *(inner.tail or "" for inner in each)]) for each in root.iter(f"{SVG}text")]


def tips(root: ElementTree.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}title")]


def shapes(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [each for each in root.iter() if each.get("class") == kind]


def estimate(mean: float, low: float = 0.0, high: float = 1.0, tasks: int = 1) -> Estimate:
    between = Interval(low=low, high=high)
    return Estimate(mean=mean, stderr=0.1, interval=between, tasks=tasks, samples=tasks, clusters=tasks)


def category(name: str, mean: float = 0.5, tasks: int = 1) -> CategoryStatistics:
    whole = Interval(low=0, high=1)
    return CategoryStatistics(name=name, score=estimate(mean, 0.25, 0.75, tasks), bounds=whole, counts={})


def curve(name: str, *means: float) -> Curve:
    points = tuple(AtK(k=2**i, estimate=estimate(mean), bounds=Interval(low=0, high=1)) for i, mean in enumerate(means))
    return Curve(name=name, meaning="", points=points)


def cell(mean: float, label: str = "t", tasks: int = 1) -> StripCell:
    scored = 0 if math.isnan(mean) else 4
    ref = EpisodeRef(task=3, sample=1, name=label)
    return StripCell(
        tasks=tasks, label=label, right=round(4 * mean) if scored else 0, scored=scored, mean=mean, example=ref
    )


def strip(*cells: StripCell, binned: bool = False) -> TaskStrip:
    return TaskStrip(
        cells=cells, binned=binned, hardest=(), flakiest=(), between=0.1, within=0.1, always=1, never=2, sometimes=3
    )


def kind(name: str, count: int, ours: bool = False, limit: str = "", meaning: str = "m") -> FailureKind:
    return FailureKind(name=name, limit=limit, meaning=meaning, ours=ours, count=count, reasons=())


def latency(*values: float) -> Latency:
    p50, p90, p99, longest = values
    return Latency(measured=9, p50=p50, p90=p90, p99=p99, longest=longest, total=1.0, slowest=(), source="verifier")


def turns(*values: tuple[Outcome, float]) -> Histogram:
    column = Column()
    for outcome, value in values:
        column.add(outcome, value)
    found = histogram("turns", "turns", column, whole=True)
    assert found is not None
    return found


DRAWN: list[Callable[[str], str]] = [
    lambda name: charts.category_bars([category(name), category("b", math.nan)], estimate(0.5)),
    lambda name: charts.strip_plot(strip(cell(0.5, name), cell(math.nan, name))),
    lambda name: charts.outcome_bar({name: 3}),
    lambda name: charts.failure_bars([kind(name, 2, limit=name, meaning=name)]),
    lambda name: charts.curve_plot([curve(name, 0.5, 1.0)]),
]


@pytest.mark.parametrize("draw", DRAWN, ids=["categories", "strip", "outcomes", "failures", "curves"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_words_and_makes_no_element(draw: Callable[[str], str], name: str) -> None:
    root = parsed(draw(name))
    assert tags(root) <= {"svg", "g", "defs", "pattern", "line", "rect", "path", "text", "title"}
    assert not any(attribute.startswith("on") for each in root.iter() for attribute in each.attrib)


@given(name=NAMES)
def test_any_name_whatsoever_gives_xml(name: str) -> None:
    for draw in DRAWN:
        parsed(draw(name))


def test_a_category_has_a_bar_as_long_as_its_score_and_whiskers_at_its_interval() -> None:
    root = parsed(charts.category_bars([category("a", 0.5, tasks=7)]))
    (bar,) = shapes(root, "right")
    (track,) = shapes(root, "track")
    assert float(bar.get("width") or 0) == 0.5 * float(track.get("width") or 0)
    left, wide = float(track.get("x") or 0), float(track.get("width") or 0)
    (whisker,) = shapes(root, "whisker")
    assert (whisker.get("d") or "").startswith(f"M{left + 0.25 * wide:.2f} ")
    assert f"H{left + 0.75 * wide:.2f}M" in (whisker.get("d") or "")
    assert "50.0 % n=7" in words(root)


def test_a_category_without_a_score_has_no_whiskers() -> None:
    root = parsed(charts.category_bars([category("a", math.nan)]))
    assert not shapes(root, "whisker")
    assert "a: no score" in tips(root)


def test_of_thousands_of_categories_those_with_the_most_tasks_are_drawn_and_it_is_said() -> None:
    root = parsed(charts.category_bars([category(f"c{i}", tasks=i) for i in range(3000)]))
    assert len(shapes(root, "whisker")) == 40
    assert "40 of 3000 categories: those with the most tasks" in words(root)
    assert "c2999" in words(root)
    assert "c2959" not in words(root)


def test_a_curve_has_a_marker_for_each_known_point_and_a_band() -> None:
    root = parsed(charts.curve_plot([curve("pass@k", 0.25, 0.5, math.nan)]))
    assert len(shapes(root, "band f0")) == 1
    marks = [each for each in shapes(root, "f0") if each.find(f"{SVG}title") is not None]
    assert [(each.find(f"{SVG}title")).text for each in marks] == [  # type: ignore[union-attr]
        "pass@k at k=1: 25.0 % [0.0 %, 100.0 %], 1 tasks",
        "pass@k at k=2: 50.0 % [0.0 %, 100.0 %], 1 tasks",
    ]
    assert "25.0 % at k=1 to 50.0 % at k=2" in (root.get("aria-label") or "")


def test_curves_differ_in_marker_and_dash_and_not_in_colour_alone() -> None:
    root = parsed(charts.curve_plot([curve(name, 0.25, 0.5) for name in ("a", "b", "c", "d")]))
    dashes = [each.get("stroke-dasharray") for i in range(4) for each in shapes(root, f"line s{i}")]
    assert len(set(dashes)) == 4
    outlines = {each.get("d") for i in range(4) for each in shapes(root, f"f{i}")}
    assert len(outlines) == 4


def test_one_number_of_tries_is_a_marker_without_a_line() -> None:
    root = parsed(charts.curve_plot([curve("pass@k", 0.5)]))
    assert not shapes(root, "line s0")
    assert shapes(root, "f0")


def test_right_episodes_go_up_and_wrong_ones_down_from_one_axis() -> None:
    root = parsed(charts.histogram_plot(turns((Outcome.CORRECT, 1), (Outcome.CORRECT, 1), (Outcome.INCORRECT, 1))))
    (up,), (down,) = (
        [each for each in shapes(root, kind_) if each.get("width") != "10"] for kind_ in ("right", "wrong")
    )
    top, height = float(up.get("y") or 0), float(up.get("height") or 0)
    assert top + height == float(down.get("y") or 0)
    assert height == 2 * float(down.get("height") or 0)


def test_a_bin_tells_its_counts_and_those_without_a_score() -> None:
    root = parsed(charts.histogram_plot(turns((Outcome.CORRECT, 1), (Outcome.INCORRECT, 2), (Outcome.ERROR, 2))))
    assert tips(root) == ["1: 1 right, 0 wrong", "2: 0 right, 1 wrong, 1 without a score"]
    assert any("median: right 1, wrong 2" in each for each in words(root))


def test_what_was_not_measured_is_said_under_the_histogram() -> None:
    root = parsed(charts.histogram_plot(turns((Outcome.CORRECT, 1), (Outcome.CORRECT, math.nan))))
    assert "median: right 1; 1 not measured" in words(root)


@pytest.mark.parametrize(("count", "figures"), [(30, 30), (164, 0), (2000, 0)])
def test_a_strip_has_a_cell_for_each_task_with_an_episode_to_open(count: int, figures: int) -> None:
    root = parsed(charts.strip_plot(strip(*[cell(0.5)] * count)))
    assert [each.get("data-episode") for each in shapes(root, "hit")] == ["3/1"] * count
    assert len(shapes(root, "inside")) == figures
    assert "2 of 4 right" in tips(root)[0]


def test_a_task_without_a_score_is_hatched() -> None:
    assert len(shapes(parsed(charts.strip_plot(strip(cell(math.nan), cell(1.0)))), "hatched")) == 2  # cell and key
    assert not shapes(parsed(charts.strip_plot(strip(cell(1.0)))), "hatched")


def test_a_cell_is_filled_from_below_by_its_score() -> None:
    root = parsed(charts.strip_plot(strip(cell(0.25), cell(0.0), cell(1.0))))
    (right,), (rest,) = ([each.get("d") for each in shapes(root, name) if each.get("d")] for name in ("right", "pale"))
    assert (right or "").count("M") == 2  # none of the second
    assert (rest or "").count("M") == 2  # none of the third
    assert "v-4.5" in (right or "")
    assert "v13.5" in (rest or "")


def test_a_binned_strip_says_how_many_tasks_a_cell_is() -> None:
    root = parsed(charts.strip_plot(strip(cell(0.5, tasks=5), cell(0.5, tasks=3), binned=True)))
    assert "8 tasks, hardest first, 5 to a cell" in words(root)
    assert "t and 4 more tasks: 2 of 4 right, mean score 50.0 %" in tips(root)


def test_outcomes_share_the_bar_by_their_counts_and_none_is_left_out() -> None:
    root = parsed(charts.outcome_bar({"correct": 3, "incorrect": 1, "invalid": 0}))
    widths = [float(each.get("width") or 0) for each in root.iter(f"{SVG}rect") if each.get("height") == "24"]
    assert widths == [270.0, 90.0]
    assert words(root) == ["3 correct", "1 incorrect"]


@pytest.mark.parametrize("outcome", [*(each.value for each in Outcome), "missing"])
def test_exactly_the_outcomes_without_a_score_are_hatched(outcome: str) -> None:
    hatched = bool(shapes(parsed(charts.outcome_bar({outcome: 1})), "hatched"))
    assert hatched is (outcome == "missing" or not Outcome(outcome).scored)


def test_a_run_that_never_began_has_an_empty_bar() -> None:
    assert "none" in (parsed(charts.outcome_bar({"correct": 0})).get("aria-label") or "")


def test_failures_are_named_with_their_limit_and_ours_are_hatched() -> None:
    root = parsed(charts.failure_bars([kind("truncated", 4, limit="max_turns"), kind("error", 2, ours=True)]))
    assert words(root) == ["truncated (max turns)", "4", "error", "2"]
    assert len(shapes(root, "hatched")) == 1
    assert parsed(charts.failure_bars([])).get("aria-label") == "Ways not to be right: none"


@pytest.mark.parametrize("values", [(0.001, 0.01, 0.1, 10.0), (0.0, 0.0, 0.0, 0.0), (1.0, 1.0, 1.0, 1.0)])
def test_latencies_are_bars_that_never_leave_their_track(values: tuple[float, ...]) -> None:
    root = parsed(charts.latency_bars(latency(*values)))
    widths = [float(each.get("width") or 0) for each in shapes(root, "right")]
    assert widths == sorted(widths)
    assert all(0 <= width <= 150 for width in widths)


def test_every_colour_has_a_light_and_a_dark_form() -> None:
    light, dark = charts.STYLE.split("@media")
    assert light.count("#") == 5
    assert dark.count("#") == 10  # for those who prefer it, and for those who choose it
    assert "[data-theme=dark] .chart" in dark


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0, "0 s"), (2.5e-6, "2.5 \u00b5s"), (0.012, "12 ms"), (1.5, "1.5 s"), (90, "1.5 min"), (7200, "2 h")],
)
def test_seconds_are_told_in_their_unit(value: float, told: str) -> None:
    assert seconds(value) == told


@pytest.mark.parametrize(("value", "told"), [(0, "0"), (0.05, "0.05"), (999, "999"), (1234, "1.23k"), (2.5e6, "2.5M")])
def test_numbers_have_three_digits(value: float, told: str) -> None:
    assert number(value) == told


def test_a_long_name_is_cut_and_a_short_one_left() -> None:
    assert shortened("Algebra", 110) == "Algebra"
    assert shortened("x" * 40, 63) == "x" * 9 + "\u2026"
    assert len(shortened("\u5e7e" * 40, 62)) < len(shortened("x" * 40, 63))


def test_text_that_turns_its_surroundings_about_or_is_no_xml_is_marked() -> None:
    assert clean("a\u202eb\x00c\ud800d\ufffee") == "a\ufffdb\ufffdc\ufffdd\ufffde"
    assert clean("\u5e7e a\n\tb \U0001f600") == "\u5e7e a\n\tb \U0001f600"
