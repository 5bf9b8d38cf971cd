"""The pieces of charts: SVG as text, safe whatever a model, a task or a user is called.

A chart is 360 units wide, which is readable as it is on a telephone; it grows with its column up to `max-width`.
Colours are classes, so that the page's light and dark apply: include `STYLE` once in the page.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

__all__ = [
    "HATCH",
    "LINE",
    "STYLE",
    "WIDTH",
    "chart",
    "clean",
    "legend",
    "line",
    "number",
    "percent",
    "rect",
    "seconds",
    "shortened",
    "text",
    "title",
]

WIDTH = 360
LINE = 16
"""Height of a line of text."""
CHAR = 6.2
"""Mean width of a character."""
_LIGHT = "--right:#0072b2;--wrong:#d55e00;--none:#8c8c8c;--third:#007d5a;--fourth:#96497c"
_DARK = "--right:#56b4e9;--wrong:#f5934a;--none:#a0a0a0;--third:#3cc9a0;--fourth:#dc9cc4"
STYLE = f"""
.chart {{ {_LIGHT}; display: block; width: 100%; max-width: 40rem; height: auto; font: 11px system-ui, sans-serif; }}
@media (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) .chart {{ {_DARK} }} }}
[data-theme=dark] .chart {{ {_DARK} }}
.chart text {{ fill: currentColor; }}
.chart .soft {{ opacity: .75; }}
.chart .axis {{ stroke: currentColor; stroke-opacity: .45; fill: none; }}
.chart .grid {{ stroke: currentColor; stroke-opacity: .15; fill: none; }}
.chart .track {{ fill: currentColor; fill-opacity: .08; }}
.chart .whisker {{ stroke: currentColor; stroke-width: 1.5; fill: none; }}
.chart .right {{ fill: var(--right); }}
.chart .wrong {{ fill: var(--wrong); }}
.chart .pale {{ fill: var(--wrong); fill-opacity: .45; }}
.chart .none {{ fill: var(--none); }}
.chart .partial {{ fill: var(--third); }}
.chart .format {{ fill: var(--fourth); }}
.chart .hatch {{ stroke: var(--none); stroke-width: 3; }}
.chart .over {{ stroke: var(--page, Canvas); stroke-width: 1.5; }}
.chart .inside {{ font-size: 9.5px; font-weight: 600; text-anchor: middle; pointer-events: none; }}
.chart .inside {{ paint-order: stroke; stroke: var(--page, Canvas); stroke-width: 2.5px; }}
.chart .hit {{ fill: transparent; }}
.chart .hit:hover {{ fill: currentColor; fill-opacity: .15; stroke: currentColor; }}
.chart .band {{ fill-opacity: .16; stroke: none; }}
.chart .line {{ fill: none; stroke-width: 2; }}
.chart .s0 {{ stroke: var(--right); }}
.chart .s1 {{ stroke: var(--wrong); }}
.chart .s2 {{ stroke: var(--third); }}
.chart .s3 {{ stroke: var(--fourth); }}
.chart .f0 {{ fill: var(--right); }}
.chart .f1 {{ fill: var(--wrong); }}
.chart .f2 {{ fill: var(--third); }}
.chart .f3 {{ fill: var(--fourth); }}
"""
"""The CSS of all charts. A page with other colours sets `--right` and its fellows on `.chart`, and `--page`."""
HATCH = (
    '<defs><pattern id="{id}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line x1="0" y1="0" x2="0" y2="6" class="hatch"/></pattern></defs>'
)
"""The definition of a hatch, which means: no score."""
_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of what follows, beyond the name they are in."""


def clean(name: str) -> str:
    """The text without what XML cannot hold, or what would turn its surroundings about."""
    return "".join("\ufffd" if _odd(char) else char for char in name)


def shortened(name: str, width: float) -> str:
    """The text on one line, cut with an ellipsis where it would be wider than this."""
    flat = " ".join(clean(name).split())
    room = width
    for place, char in enumerate(flat):
        room -= CHAR * (2 if unicodedata.east_asian_width(char) in "WF" else 1)
        if room < 0:
            return f"{flat[: max(1, place - 1)]}\u2026"
    return flat


def chart(body: Sequence[str], height: float, label: str) -> str:
    """The whole picture; `label` says in words what is seen."""
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_g(height)}" role="img" '
        f"aria-label={quoteattr(clean(label))}>{''.join(body)}</svg>"
    )


def text(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "", tip: str = "") -> str:
    """A line of text, its baseline at `y`."""
    attributes = f' class="{kind}"' if kind else ""
    attributes += f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{_g(x)}" y="{_g(y)}"{attributes}>{title(tip)}{escape(clean(words))}</text>'


def rect(x: float, y: float, width: float, height: float, kind: str, *, tip: str = "", more: str = "") -> str:
    """A rectangle; `more` are further attributes, as they stand."""
    where = f'x="{_g(x)}" y="{_g(y)}" width="{_g(max(0.0, width))}" height="{_g(max(0.0, height))}"'
    rest = f" {more}" if more else ""
    return f'<rect {where} class="{kind}"{rest}>{title(tip)}</rect>' if tip else f'<rect {where} class="{kind}"{rest}/>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<path d="M{_g(x1)} {_g(y1)}L{_g(x2)} {_g(y2)}" class="{kind}"/>'


def title(words: str) -> str:
    """A tooltip; nothing for no words."""
    return f"<title>{escape(clean(words))}</title>" if words else ""


def legend(items: Iterable[tuple[str, str]], top: float) -> tuple[list[str], float]:
    """Keys of a chart, (SVG of a mark at 0, 0 of 10 x 10, words), in as many rows as they need; and their height."""
    body: list[str] = []
    x, y = 0.0, top
    for mark, words in items:
        width = 16 + CHAR * len(words) + 10
        if x and x + width > WIDTH:
            x, y = 0.0, y + LINE
        body.append(f'<g transform="translate({_g(x)} {_g(y)})">{mark}{text(14, 9, words)}</g>')
        x += width
    return body, y - top + LINE


def percent(share: float) -> str:
    """`62.5 %`; `-` for NaN."""
    return "-" if math.isnan(share) else f"{100 * share:.1f} %"


def number(value: float) -> str:
    """Three digits, with k, M or G: `1.2k`."""
    for size, unit in _UNITS:
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def seconds(value: float) -> str:
    """`12 ms`, `1.5 s`, `3.2 min`, `1.5 h`; `-` for NaN."""
    if math.isnan(value):
        return "-"
    for size, unit in ((3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "\u00b5s")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g} s"


def _odd(char: str) -> bool:
    if char in "\t\n":
        return False
    return unicodedata.category(char) in ("Cc", "Cs") or ord(char) & 0xFFFE == 0xFFFE or char in _TURNING


def _g(value: float) -> str:
    return f"{value:.6g}" if value else "0"
