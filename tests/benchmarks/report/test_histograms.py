from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.report.content import Histogram
from assaygym.benchmarks.report.histograms import Column, Histograms, histogram

OUTCOMES = st.sampled_from(list(Outcome))
AMOUNTS = st.floats(min_value=0, max_value=1e12) | st.sampled_from([math.nan, math.inf, -math.inf])
COUNTS = st.integers(min_value=0, max_value=10**9)


def column(*pairs: tuple[Outcome, float]) -> Column:
    found = Column()
    for outcome, value in pairs:
        found.add(outcome, value)
    return found


def of(*values: float, whole: bool = False) -> Histogram:
    found = histogram("x", "x", column(*((Outcome.CORRECT, value) for value in values)), whole=whole)
    assert found is not None
    return found


def place(found: Histogram, value: float) -> int:
    """The bin that a value belongs to, by the contract of `Histogram`."""
    bins = len(found.edges) - 1
    fits = [i for i in range(bins) if found.edges[i] <= value < found.edges[i + 1]]
    assert fits or value == found.edges[-1]
    return fits[0] if fits else bins - 1


@given(pairs=st.lists(st.tuples(OUTCOMES, AMOUNTS), max_size=40))
def test_no_episode_is_lost_whatever_its_value(pairs: list[tuple[Outcome, float]]) -> None:
    found = histogram("x", "x", column(*pairs))
    if found is None:
        assert not any(math.isfinite(value) for _, value in pairs)
        return
    assert found.episodes == len(pairs)
    assert sum(found.right) == sum(o is Outcome.CORRECT and math.isfinite(value) for o, value in pairs)
    assert sum(found.unscored) == sum(not o.scored and math.isfinite(value) for o, value in pairs)


@given(values=st.lists(st.floats(min_value=0, max_value=1e12), min_size=1, max_size=30))
def test_each_value_is_in_the_bin_whose_edges_hold_it(values: list[float]) -> None:
    found = of(*values)
    assert list(found.edges) == sorted(set(found.edges))
    assert len(found.edges) <= 40
    expected = [0] * (len(found.edges) - 1)
    for value in values:
        expected[place(found, value)] += 1
    assert list(found.right) == expected


@given(values=st.lists(COUNTS, min_size=1, max_size=30))
def test_bins_of_whole_numbers_have_whole_edges_that_hold_them(values: list[int]) -> None:
    found = of(*values, whole=True)
    assert all(edge == int(edge) for edge in found.edges)
    assert list(found.edges) == sorted(set(found.edges))
    assert found.edges[0] <= min(values)
    assert found.edges[-1] >= max(values) + 1
    assert sum(found.right) == len(values)


def test_a_few_whole_numbers_have_a_bin_each() -> None:
    found = of(1, 2, 2, 4, whole=True)
    assert found.edges == (1, 2, 3, 4, 5)
    assert found.right == (1, 2, 0, 1)
    assert found.whole


def test_edges_are_round_numbers_apart() -> None:
    found = of(0.0, 10.0, 6.0)
    assert found.edges[:3] == (0.0, 0.5, 1.0)
    assert (found.right[0], found.right[12], found.right[-1]) == (1, 1, 1)


def test_a_heavy_tail_makes_bins_grow_by_a_factor() -> None:
    found = of(1.0, 1.0, 2.0, 1000.0)
    assert found.logarithmic
    assert found.edges[2] / found.edges[1] == pytest.approx(found.edges[-1] / found.edges[-2])
    assert sum(found.right) == 4


def test_where_bins_grow_the_first_goes_down_to_zero_if_a_value_does() -> None:
    assert of(0.0, 1.0, 1.0, 1000.0).edges[0] == 0
    assert of(0, 1, 1, 1000, whole=True).edges[0] == 0


def test_right_wrong_and_unscored_are_apart_with_their_medians() -> None:
    pairs = [(Outcome.CORRECT, 1.0), (Outcome.CORRECT, 3.0), (Outcome.PARTIAL, 2.0), (Outcome.UNPARSED, 4.0)]
    found = histogram("x", "x", column(*pairs, (Outcome.ERROR, 1.0), (Outcome.CORRECT, math.nan)), whole=True)
    assert found is not None
    assert (found.right, found.wrong, found.unscored) == ((1, 0, 1, 0), (0, 1, 0, 1), (1, 0, 0, 0))
    assert (found.median_right, found.median_wrong, found.unmeasured) == (2.0, 3.0, 1)


def test_without_a_wrong_episode_its_median_is_unknown() -> None:
    assert math.isnan(of(1.0).median_wrong)


def episodes(*measures: Measures) -> dict[str, Histogram]:
    seen = Histograms()
    for task, each in enumerate(measures):
        record = EpisodeRecord(task=task, sample=0, config="c", task_id="t", outcome=Outcome.CORRECT, value=1.0)
        seen.add(record, each)
    return {found.name: found for found in seen.facts()}


def test_characters_stand_in_where_there_are_no_tokens() -> None:
    assert "characters" in episodes(Measures(characters=5))
    assert "characters" not in episodes(Measures(characters=5, sampled_tokens=2), Measures(characters=5))


def test_what_nobody_measured_or_used_has_no_histogram() -> None:
    found = episodes(Measures(turns=1, characters=3))
    assert set(found) == {"reward", "characters", "turns"}
    assert set(episodes(Measures(tool_calls=1, sampling_seconds=1.0, step_seconds=0.5))) > {"tool_calls", "seconds"}


def test_rewards_are_in_twentieths_and_one_is_in_the_last() -> None:
    reward = episodes(Measures())["reward"]
    assert len(reward.right) == 20
    assert reward.right[-1] == 1
