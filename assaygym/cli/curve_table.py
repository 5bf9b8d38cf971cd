"""The figures of a training run as a table: how they began, how they ended, and the best tenth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assaygym.cli.output import show_table

__all__ = ["curve_rows", "show_curves"]

SHOWN = (
    "reward",
    "reward_std",
    "frac_reward_zero_std",
    "completions/mean_length",
    "completions/clipped_ratio",
    "entropy",
    "kl",
    "clip_ratio/region_mean",
    "grad_norm",
    "tools/call_frequency",
    "invalid",
    "lessons",
    "step_time",
)
"""Metrics of the table, as far as the run has them."""


def curve_rows(rows: Sequence[Mapping[str, float]]) -> list[tuple[str, ...]]:
    """(metric, mean of the first tenth of the steps, of the middle, of the last tenth)."""
    return [
        (name, *(f"{_mean(part, name):.4g}" for part in _parts(rows))) for name in SHOWN if any(name in r for r in rows)
    ]


def show_curves(rows: Sequence[Mapping[str, float]]) -> None:
    """Print the table."""
    show_table(("", "first tenth", "middle", "last tenth"), curve_rows(rows))


def _parts(rows: Sequence[Mapping[str, float]]) -> tuple[Sequence[Mapping[str, float]], ...]:
    tenth, middle = max(1, len(rows) // 10), len(rows) // 2
    half = tenth // 2
    return rows[:tenth], rows[max(0, middle - half) : middle - half + tenth], rows[-tenth:]


def _mean(rows: Sequence[Mapping[str, float]], name: str) -> float:
    values = [row[name] for row in rows if name in row]
    return sum(values) / len(values) if values else float("nan")
