"""A picture of a training run: its figures over the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assaygym.errors import MissingDependencyError

__all__ = ["PANELS", "draw_curves", "smoothed"]

PANELS: tuple[tuple[str, str], ...] = (
    ("reward", "reward"),
    ("completions/mean_length", "tokens an episode"),
    ("entropy", "entropy (nats)"),
    ("kl", "divergence from the reference (nats)"),
    ("grad_norm", "gradient norm"),
    ("step_time", "seconds a step"),
)
"""What is drawn, as far as the run has it: metric and title."""
INK, PAPER, LINE, BAND = "#1f2430", "#ffffff", "#2a6fdb", "#a8c6f5"


def draw_curves(rows: Sequence[Mapping[str, float]], path: Path, *, title: str) -> Path:
    """Write a PNG with a panel for each metric: each step as a faint line, the mean around it as a strong one.

    Args:
        rows: the metrics of the steps, in order.
        path: where the picture goes.
        title: above the panels.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError.of("matplotlib", "plot", "a picture of the curves") from error
    panels = [(key, name) for key, name in PANELS if any(key in row for row in rows)]
    across = min(3, len(panels))
    down = -(-len(panels) // across)
    figure = Figure(figsize=(4.2 * across, 2.9 * down + 0.5), layout="constrained", facecolor=PAPER)
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=12, color=INK)
    for number, (key, name) in enumerate(panels):
        _panel(figure.add_subplot(down, across, number + 1), rows, key, name)
    figure.savefig(path, dpi=110)
    return path


def smoothed(values: Sequence[float], reach: int) -> list[float]:
    """The mean of each value and of those up to `reach` before and after it."""
    return [sum(near) / len(near) for i in range(len(values)) if (near := values[max(0, i - reach) : i + reach + 1])]


def _panel(axes: Any, rows: Sequence[Mapping[str, float]], key: str, name: str) -> None:
    steps = [row["step"] for row in rows if key in row]
    values = [row[key] for row in rows if key in row]
    if key == "reward":
        spread = [row.get("reward_std", 0.0) for row in rows if key in row]
        low = [max(0.0, v - s) for v, s in zip(values, spread, strict=True)]
        high = [min(1.0, v + s) for v, s in zip(values, spread, strict=True)]
        axes.fill_between(steps, low, high, color=BAND, alpha=0.35, linewidth=0, label="spread within a group")
        axes.set_ylim(-0.02, 1.02)
    axes.plot(steps, values, color=LINE, alpha=0.35, linewidth=1)
    axes.plot(steps, smoothed(values, max(1, len(values) // 30)), color=LINE, linewidth=2)
    axes.set_title(name, fontsize=10, color=INK)
    axes.set_xlabel("step", fontsize=9, color=INK)
    axes.grid(alpha=0.25)
    axes.tick_params(labelsize=8, colors=INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if key == "reward":
        axes.legend(fontsize=8, loc="lower right", frameon=False)
