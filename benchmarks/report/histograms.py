"""Histograms of what episodes took and earned, right ones beside wrong ones; nothing is dropped from them."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.report.content import Histogram

__all__ = ["Column", "Histograms", "histogram"]

BINS = 24
"""At most, but for a last one that rounding adds."""
HEAVY = 10
"""A largest value of so many medians makes the bins grow by a factor."""
ALIKE = 1e-9
"""Of the largest value: closer ones are one bin."""

Values = NDArray[np.float64]


@dataclass(slots=True)
class Column:
    """One number of each episode, by how the episode came out."""

    right: array[float] = field(default_factory=lambda: array("d"))
    wrong: array[float] = field(default_factory=lambda: array("d"))
    unscored: array[float] = field(default_factory=lambda: array("d"))

    def add(self, outcome: Outcome, value: float) -> None:
        """One episode's; NaN where it was not measured."""
        own = self.right if outcome is Outcome.CORRECT else self.wrong if outcome.scored else self.unscored
        own.append(value)

    def parts(self) -> tuple[Values, Values, Values]:
        """Right, wrong and unscored."""
        return np.array(self.right), np.array(self.wrong), np.array(self.unscored)


class Histograms:
    """Collects the columns of a report, episode by episode."""

    def __init__(self) -> None:
        names = ("reward", "tokens", "characters", "turns", "tool_calls", "seconds")
        self._columns = {name: Column() for name in names}

    def add(self, record: EpisodeRecord, measures: Measures) -> None:
        """Take an episode in."""
        values = {
            "reward": record.value,
            "tokens": measures.sampled_tokens,
            "characters": measures.characters,
            "turns": measures.turns,
            "tool_calls": measures.tool_calls,
            "seconds": measures.seconds,
        }
        for name, value in values.items():
            self._columns[name].add(record.outcome, value)

    def facts(self) -> tuple[Histogram, ...]:
        """Those of which anything was measured; characters only where there are no tokens."""
        return tuple(found for found in self._all() if found is not None)

    def _all(self) -> Iterator[Histogram | None]:
        columns = self._columns
        yield histogram("reward", "reward", columns["reward"], edges=[i / 20 for i in range(21)])
        if any(map(np.any, columns["tokens"].parts())):
            yield histogram("tokens", "sampled tokens", columns["tokens"], whole=True)
        else:
            yield histogram("characters", "characters said", columns["characters"], whole=True)
        yield histogram("turns", "turns", columns["turns"], whole=True)
        if any(map(np.any, columns["tool_calls"].parts())):
            yield histogram("tool_calls", "tool calls", columns["tool_calls"], whole=True)
        yield histogram("seconds", "seconds (sampling and environment)", columns["seconds"])


def histogram(
    name: str, label: str, column: Column, *, whole: bool = False, edges: list[float] | None = None
) -> Histogram | None:
    """The histogram of a column; None where no value is finite.

    Args:
        name: of the histogram.
        label: what its axis says.
        column: values of 0 or more, NaN or infinite where there is none.
        whole: whether they are whole numbers.
        edges: of the bins, covering all values; chosen by the values when None.
    """
    parts = [values[np.isfinite(values)] for values in column.parts()]
    every = np.concatenate(parts)
    if not len(every):
        return None
    grows = edges is None and _is_heavy(every, whole)
    chosen = edges or (_growing(every, whole) if grows else _even(float(every.min()), float(every.max()), whole))
    right, wrong, unscored = (_counts(values, chosen) for values in parts)
    return Histogram(
        name=name,
        label=label,
        edges=tuple(chosen),
        right=right,
        wrong=wrong,
        unscored=unscored,
        unmeasured=sum(map(len, column.parts())) - len(every),
        median_right=_median(parts[0]),
        median_wrong=_median(parts[1]),
        whole=whole,
        logarithmic=grows,
    )


def _is_heavy(values: Values, whole: bool) -> bool:
    positive = values[values > 0]
    if not len(positive) or (whole and values.max() <= BINS):
        return False
    return bool(positive.max() > HEAVY * np.median(positive))


def _growing(values: Values, whole: bool) -> list[float]:
    """Edges that grow by a factor, from the smallest positive value on; the first is 0 where a value is."""
    low, high = float(values[values > 0].min()), float(values.max())
    edges = [float(edge) for edge in np.geomspace(low, high, BINS + 1)]
    if whole:
        edges = sorted({float(math.floor(edge)) for edge in edges} | {high + 1})
    else:
        edges[0], edges[-1] = low, high
    return [0.0, *edges[1:]] if values.min() <= 0 else edges


def _even(low: float, high: float, whole: bool) -> list[float]:
    """Edges a round number apart."""
    if whole:
        width = max(1.0, _round((high + 1 - low) / BINS))
        first = math.floor(low / width) * width
        return [first + i * width for i in range(math.ceil((high + 1 - first) / width) + 1)]
    if high - low <= ALIKE * high:
        return [low, high] if high > low else [low, low + 1]
    width = _round((high - low) / BINS)
    first = math.floor(low / width) * width
    edges = [first + i * width for i in range(math.ceil((high - first) / width) + 1)]
    return [min(edges[0], low), *edges[1:-1], max(edges[-1], high)]


def _round(width: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(width))
    return next(step * power for step in (1, 2, 5, 10, 20) if step * power >= width)


def _counts(values: Values, edges: list[float]) -> tuple[int, ...]:
    bins = len(edges) - 1
    places = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, bins - 1)
    return tuple(int(count) for count in np.bincount(places, minlength=bins))


def _median(values: Values) -> float:
    return float(np.median(values)) if len(values) else math.nan
