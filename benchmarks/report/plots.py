"""Charts of many values: curves over k, histograms of right against wrong, the strip of tasks. Pure: values to SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from assaygym.benchmarks.report.content import Curve, Histogram, StripCell, TaskStrip
from assaygym.benchmarks.report.svg import (
    HATCH,
    LINE,
    WIDTH,
    chart,
    legend,
    line,
    number,
    percent,
    rect,
    seconds,
    text,
    title,
)
from assaygym.benchmarks.statistics import AtK

__all__ = ["curve_plot", "histogram_plot", "strip_plot"]

LEFT, TALL = 40, 150
"""Where the plot of curves begins, and how tall it is."""
DASHES = ("", "6 3", "2 3", "8 3 2 3")
SIDE = 56
"""Height of each half of a histogram."""
WRITTEN = 120
"""Cells up to which a strip has room for figures."""


def curve_plot(curves: Sequence[Curve]) -> str:
    """Curves over the number of tries (a logarithmic axis), each with the band of its interval."""
    ks = sorted({point.k for curve in curves for point in curve.points})
    wide = WIDTH - LEFT - 14
    places = {k: LEFT + wide * (math.log(k) / math.log(ks[-1]) if ks[-1] > 1 else 0.5) for k in ks}
    body = list(_percent_grid())
    body += [text(places[k], TALL + 24, str(k), anchor="middle") for k in _spread(ks)]
    body.append(text(WIDTH, TALL + 38, "k (tries)", anchor="end", kind="soft"))
    for number_, curve in enumerate(curves):
        body += _curve(curve, places, number_)
    marks, height = legend([(_key(i), curve.name) for i, curve in enumerate(curves)], TALL + 32)
    told = "; ".join(f"{curve.name} {_ends(curve)}" for curve in curves)
    return chart([*body, *marks], TALL + 32 + height, f"Curves over the number of tries: {told}")


def histogram_plot(histogram: Histogram) -> str:
    """Right episodes upwards, wrong ones downwards from one axis, those without a score hatched beyond the wrong."""
    below = [wrong + none for wrong, none in zip(histogram.wrong, histogram.unscored, strict=True)]
    most = max(*histogram.right, *below, 1)
    bins, hatch = len(histogram.right), f"hatch-{histogram.name}"
    width, axis = (WIDTH - 2) / bins, LINE + 4 + SIDE
    keys, _ = legend(_sides(hatch, sum(histogram.unscored)), 0)
    body = [HATCH.format(id=hatch), *keys, text(WIDTH, 9, f"up to {most}", anchor="end", kind="soft")]
    for i in range(bins):
        x, up = 1 + i * width, _bar(histogram.right[i], most)
        down, none = _bar(histogram.wrong[i], most), _bar(histogram.unscored[i], most)
        body += [
            rect(x, axis - up, width - 0.8, up, "right") if up else "",
            rect(x, axis, width - 0.8, down, "wrong") if down else "",
            _hatched(x, axis + down, width - 0.8, none, hatch) if none else "",
            rect(x, axis - SIDE, width, 2 * SIDE, "hit", tip=_bin_told(histogram, i)),
        ]
    body += [line(0, axis, WIDTH, axis, "axis"), *_edge_labels(histogram, axis + SIDE + 14)]
    words = _medians(histogram)
    body.append(text(0, axis + SIDE + 30, words, kind="soft"))
    return chart(body, axis + SIDE + 36, f"Histogram of {histogram.label}, {histogram.episodes} episodes: {words}")


def strip_plot(strip: TaskStrip) -> str:
    """A cell for each task from the hardest to the easiest, filled from below by its score; hatched without one.

    A cell has the attribute `data-episode`, `TASK/SAMPLE`, of an episode to open.
    """
    count = len(strip.cells)
    columns, high = _layout(count)
    wide = WIDTH / columns
    body, fills, grounds, cells = [HATCH.format(id="hatch-strip")], list[str](), list[str](), list[str]()
    for place, cell in enumerate(strip.cells):
        x, y = place % columns * wide, place // columns * high
        w, h = wide - (1 if wide < 12 else 2), high - (1 if wide < 12 else 2)
        if math.isnan(cell.mean):
            body.append(_hatched(x, y, w, h, "hatch-strip"))
        else:
            grounds.append(f"M{x:.5g} {y:.5g}h{w:.4g}v{h * (1 - cell.mean):.4g}h-{w:.4g}z" if cell.mean < 1 else "")
            fills.append(f"M{x:.5g} {y + h:.5g}h{w:.4g}v-{h * cell.mean:.4g}h-{w:.4g}z" if cell.mean > 0 else "")
        if count <= WRITTEN and not strip.binned:
            cells.append(text(x + w / 2, y + h / 2 + 3.5, f"{cell.right}/{cell.scored}", kind="inside"))
        cells.append(rect(x, y, w, h, "hit", tip=_cell_told(cell), more=_opens(cell)))
    body += [f'<path d="{"".join(grounds)}" class="pale"/>', f'<path d="{"".join(fills)}" class="right"/>', *cells]
    height = math.ceil(count / columns) * high + 4
    unscored = sum(math.isnan(cell.mean) for cell in strip.cells)
    marks, more = legend(_sides("hatch-strip", unscored, in_strip=True), height)
    note = f"{sum(cell.tasks for cell in strip.cells)} tasks, hardest first"
    note += f", {strip.cells[0].tasks} to a cell" if strip.binned else ""
    body += [*marks, text(0, height + more + 9, note, kind="soft")]
    told = f"{strip.never} tasks are never right, {strip.sometimes} sometimes, {strip.always} always"
    return chart(body, height + more + 14, f"Tasks from the hardest to the easiest: {told}")


def _sides(hatch: str, unscored: int, *, in_strip: bool = False) -> Iterator[tuple[str, str]]:
    """Keys of right and wrong, and of no score where there is any."""
    yield rect(0, 0, 10, 10, "right"), "right" if in_strip else "right \u2191"
    yield rect(0, 0, 10, 10, "pale" if in_strip else "wrong"), "not right" if in_strip else "wrong \u2193"
    if unscored:
        yield _hatched(0, 0, 10, 10, hatch), "no score"


def _hatched(x: float, y: float, width: float, height: float, hatch: str) -> str:
    return rect(x, y, width, height, "hatched", more=f'fill="url(#{hatch})"')


def _percent_grid() -> Iterator[str]:
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = 8 + TALL * (1 - share)
        yield line(LEFT, y, WIDTH, y, "axis" if share == 0 else "grid")
        yield text(LEFT - 6, y + 4, f"{100 * share:.0f} %", anchor="end")


def _curve(curve: Curve, places: dict[int, float], style: int) -> Iterator[str]:
    known = [point for point in curve.points if not math.isnan(point.estimate.mean)]
    ends = [(places[p.k], _y(p.estimate.interval.high), _y(p.estimate.interval.low)) for p in known]
    across = [f"{x:.2f} {top:.2f}" for x, top, _ in ends] + [f"{x:.2f} {low:.2f}" for x, _, low in reversed(ends)]
    means = [f"{places[p.k]:.2f} {_y(p.estimate.mean):.2f}" for p in known]
    if len(known) > 1:
        yield f'<path d="M{"L".join(across)}z" class="band f{style % 4}"/>'
        dash = f' stroke-dasharray="{DASHES[style % 4]}"' if style % 4 else ""
        yield f'<path d="M{"L".join(means)}" class="line s{style % 4}"{dash}/>'
    for point in known:
        yield _marker(places[point.k], _y(point.estimate.mean), style, _point_told(curve, point))


def _y(share: float) -> float:
    return 8 + TALL * (1 - share)


def _marker(x: float, y: float, style: int, tip: str = "") -> str:
    """A circle, a square, a triangle or a diamond."""
    shapes = ("M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", "M-3.6 -3.6h7.2v7.2h-7.2z", "M0 -4.8L4.6 3.4H-4.6z")
    shape = (*shapes, "M0 -5L5 0L0 5L-5 0z")[style % 4]
    return f'<path d="{shape}" transform="translate({x:.2f} {y:.2f})" class="f{style % 4}">{title(tip)}</path>'


def _key(style: int) -> str:
    return _marker(5, 5, style)


def _point_told(curve: Curve, point: AtK) -> str:
    interval = point.estimate.interval
    return (
        f"{curve.name} at k={point.k}: {percent(point.estimate.mean)} "
        f"[{percent(interval.low)}, {percent(interval.high)}], {point.estimate.tasks} tasks"
    )


def _ends(curve: Curve) -> str:
    known = [point for point in curve.points if not math.isnan(point.estimate.mean)]
    shown = known[:1] + known[-1:] if len(known) > 1 else known
    return " to ".join(f"{percent(point.estimate.mean)} at k={point.k}" for point in shown) or "unknown"


def _spread(ks: Sequence[int]) -> list[int]:
    """Those that have room for their figure on the axis."""
    shown: list[int] = []
    for k in ks:
        if not shown or math.log(k / shown[-1]) > 0.08 * math.log(ks[-1]):
            shown.append(k)
    return shown


def _bar(count: int, most: int) -> float:
    """Height of a bar: never invisible where there is something."""
    return max(1.2, SIDE * count / most) if count else 0.0


def _shown(histogram: Histogram, value: float) -> str:
    return seconds(value) if histogram.name == "seconds" else number(value)


def _bin_told(histogram: Histogram, i: int) -> str:
    low, high = histogram.edges[i], histogram.edges[i + 1]
    last = high - 1 if histogram.whole else high
    span = _shown(histogram, low) if last == low else f"{_shown(histogram, low)} to {_shown(histogram, last)}"
    none = f", {histogram.unscored[i]} without a score" if histogram.unscored[i] else ""
    return f"{span}: {histogram.right[i]} right, {histogram.wrong[i]} wrong{none}"


def _edge_labels(histogram: Histogram, y: float) -> Iterator[str]:
    """What the first, the middle and the last bin are."""
    bins = len(histogram.right)
    single = histogram.whole and all(b - a == 1 for a, b in zip(histogram.edges, histogram.edges[1:], strict=False))
    width = (WIDTH - 2) / bins
    if single:
        step = math.ceil(bins / 12)
        for i in range(0, bins, step):
            yield text(1 + (i + 0.5) * width, y, _shown(histogram, histogram.edges[i]), anchor="middle")
        return
    for place, anchor in ((0, "start"), (bins // 2, "middle"), (bins, "end")):
        value = histogram.edges[place] - (1 if histogram.whole and place == bins else 0)
        yield text(1 + place * width, y, _shown(histogram, value), anchor=anchor)


def _medians(histogram: Histogram) -> str:
    pairs = (("right", histogram.median_right), ("wrong", histogram.median_wrong))
    told = [f"{name} {_shown(histogram, value)}" for name, value in pairs if not math.isnan(value)]
    words = f"median: {', '.join(told)}" if told else "nothing has a score"
    words += "; logarithmic" if histogram.logarithmic else ""
    return words + (f"; {histogram.unmeasured} not measured" if histogram.unmeasured else "")


def _layout(count: int) -> tuple[int, float]:
    """Columns and the height of a cell."""
    if count <= WRITTEN:
        return 12, 20.0
    return (30, 12.0) if count <= 600 else (60, 8.0)


def _cell_told(cell: StripCell) -> str:
    more = f" and {cell.tasks - 1} more tasks" if cell.tasks > 1 else ""
    return f"{cell.label}{more}: {cell.right} of {cell.scored} right, mean score {percent(cell.mean)}"


def _opens(cell: StripCell) -> str:
    return f'data-episode="{cell.example.task}/{cell.example.sample}"' if cell.example is not None else ""
