"""Charts of bars: scores with intervals, outcomes, failures, latency. Pure: values to SVG text.

With those of `plots`, and `STYLE`, this is all that a page needs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from assaygym.benchmarks.report.content import FailureKind, Latency
from assaygym.benchmarks.report.plots import curve_plot, histogram_plot, strip_plot
from assaygym.benchmarks.report.svg import (
    HATCH,
    LINE,
    STYLE,
    WIDTH,
    chart,
    legend,
    line,
    percent,
    rect,
    seconds,
    shortened,
    text,
)
from assaygym.benchmarks.statistics import Estimate
from assaygym.benchmarks.statistics.describe import CategoryStatistics

__all__ = [
    "STYLE",
    "category_bars",
    "curve_plot",
    "failure_bars",
    "failure_name",
    "histogram_plot",
    "latency_bars",
    "outcome_bar",
    "strip_plot",
]

TOP = 40
"""Bars of a chart at most."""
ROW = 22
NAMES = 116
"""Width of what stands before the bars."""
BARS = 150
"""Width of a whole bar."""
KINDS = 160
"""As NAMES, of the kinds of failure."""
OUTCOMES = {
    "correct": "right",
    "partial": "partial",
    "incorrect": "wrong",
    "unparsed": "format",
    "invalid": "none",
    "error": "none",
    "unfinished": "none",
    "missing": "none",
}
"""The class of each outcome; those of no score are hatched, too."""


def category_bars(categories: Sequence[CategoryStatistics], overall: Estimate | None = None) -> str:
    """A bar with its interval for each category; of many, those with the most tasks.

    Args:
        categories: in the order to show.
        overall: whose mean is drawn across all of them.
    """
    shown = _most(categories)
    body = [part for place, each in enumerate(shown) for part in _score_row(each.name, each.score, 4 + place * ROW)]
    height = 4.0 + len(shown) * ROW
    if overall is not None and not math.isnan(overall.mean):
        x = NAMES + BARS * overall.mean
        body.append(f'<path d="M{x:.2f} 2V{height}" class="axis" stroke-dasharray="3 3"/>')
        body.append(text(x, height + 11, f"all {percent(overall.mean)}", anchor="middle", kind="soft"))
        height += LINE
    if len(shown) < len(categories):
        words = f"{len(shown)} of {len(categories)} categories: those with the most tasks"
        body.append(text(0, height + 12, words, kind="soft"))
        height += LINE
    told = ", ".join(f"{each.name} {percent(each.score.mean)}" for each in shown)
    return chart(body, height, f"Score by category with intervals: {told}")


def outcome_bar(counts: Mapping[str, int]) -> str:
    """One bar, divided by outcome, with its key; an outcome of no episode is left out."""
    total, hatch = sum(counts.values()), "hatch-outcomes"
    body, keys, x = [HATCH.format(id=hatch)], list[tuple[str, str]](), 0.0
    for name, count in counts.items():
        if count:
            width, kind = WIDTH * count / total, OUTCOMES.get(name, "none")
            body.append(_filled(x, 2, width, 24, kind, f"{count} {name}, {percent(count / total)}", hatch))
            keys.append((_filled(0, 0, 10, 10, kind, "", hatch), f"{count} {name}"))
            x += width
            body.append(line(x, 2, x, 26, "over") if x < WIDTH - 1 else "")
    marks, height = legend(keys, 34)
    told = ", ".join(words for _, words in keys) or "none"
    return chart([*body, *marks], 34 + height, f"Outcomes of {total} episodes: {told}")


def failure_bars(failures: Sequence[FailureKind]) -> str:
    """A bar for each way not to be right, as long as it is frequent."""
    most = max((kind.count for kind in failures), default=1)
    body, hatch = [HATCH.format(id="hatch-failures")], "hatch-failures"
    for place, kind in enumerate(failures):
        y, name = 4 + place * ROW, failure_name(kind)
        body.append(text(KINDS - 6, y + 13, name, anchor="end", tip=f"{name}: {kind.meaning}"))
        fill = "none" if kind.ours or kind.name == "unfinished" else "format" if kind.name == "format" else "wrong"
        wide, tip = max(1.0, BARS * kind.count / most), f"{kind.count}: {kind.meaning}"
        body.append(_filled(KINDS, y + 3, wide, 13, fill, tip, hatch))
        body.append(text(KINDS + BARS + 8, y + 13, str(kind.count)))
    told = ", ".join(f"{kind.count} {failure_name(kind)}" for kind in failures) or "none"
    return chart(body, 4 + len(failures) * ROW, f"Ways not to be right: {told}")


def failure_name(kind: FailureKind) -> str:
    """`truncated (max turns)`, `tool error`."""
    name = kind.name.replace("_", " ")
    return f"{name} ({kind.limit.replace('_', ' ')})" if kind.limit else name


def latency_bars(latency: Latency) -> str:
    """Quantiles of the seconds of verdicts, on a logarithmic scale."""
    rows = {"p50": latency.p50, "p90": latency.p90, "p99": latency.p99, "longest": latency.longest}
    least = max(1e-9, min((value for value in rows.values() if value > 0), default=1.0) / 10)
    span = math.log(max(latency.longest, 10 * least) / least)
    body = []
    for place, (name, value) in enumerate(rows.items()):
        y, share = 4 + place * ROW, math.log(max(value, least) / least) / span
        body += [
            text(NAMES - 6, y + 13, name, anchor="end"),
            rect(NAMES, y + 3, BARS, 13, "track"),
            rect(NAMES, y + 3, BARS * share, 13, "right", tip=f"{name}: {seconds(value)}"),
            text(NAMES + BARS + 8, y + 13, seconds(value)),
        ]
    height = 4 + len(rows) * ROW
    words = f"logarithmic; {latency.measured} verdicts, {seconds(latency.total)} in all"
    body.append(text(NAMES, height + 10, words, kind="soft"))
    told = ", ".join(f"{name} {seconds(value)}" for name, value in rows.items())
    return chart(body, height + LINE, f"Seconds of a verdict: {told}")


def _most(categories: Sequence[CategoryStatistics]) -> list[CategoryStatistics]:
    if len(categories) <= TOP:
        return list(categories)
    return sorted(categories, key=lambda each: -each.score.tasks)[:TOP]


def _score_row(name: str, score: Estimate, y: float) -> list[str]:
    """One category: its name, its bar with whiskers, its figures."""
    known = not math.isnan(score.mean)
    mean = score.mean if known else 0.0
    low, high = NAMES + BARS * score.interval.low, NAMES + BARS * score.interval.high
    figures = f"{percent(score.mean)} n={score.tasks}"
    between = f"[{percent(score.interval.low)}, {percent(score.interval.high)}], {score.samples} samples"
    tip = f"{name}: {figures} {between}" if known else f"{name}: no score"
    whisker = f"M{low:.2f} {y + 9.5}H{high:.2f}M{low:.2f} {y + 6}v7M{high:.2f} {y + 6}v7"
    return [
        text(NAMES - 6, y + 13, shortened(name, NAMES - 6), anchor="end", tip=name),
        rect(NAMES, y + 3, BARS, 13, "track", tip=tip),
        rect(NAMES, y + 3, BARS * mean, 13, "right", tip=tip),
        f'<path d="{whisker}" class="whisker"/>' if known else "",
        text(NAMES + BARS + 8, y + 13, figures),
    ]


def _filled(x: float, y: float, width: float, height: float, kind: str, tip: str, hatch: str) -> str:
    """A rectangle of this class; hatched where that is the one of no score."""
    if kind != "none":
        return rect(x, y, width, height, kind, tip=tip)
    hatched = rect(x, y, width, height, "hatched", tip=tip, more=f'fill="url(#{hatch})"')
    return rect(x, y, width, height, "track") + hatched
