"""The document of `assaygym.benchmarks.speed.trainer` on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["show"]


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print machine, versions, a table for each size and for the runs that learn, and the goals."""
    machine = found["machine"]
    for line in (
        f"one thread of {machine['processor']}, Linux {machine['kernel']}, {found['date']}",
        ", ".join(f"{name} {version}" for name, version in found["versions"].items()),
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True, style="dim")
    for name, size in found["steps"].items():
        _show_steps(name, size, console)
    if found["learning"]:
        _show_learning(found["learning"], console)
    for goal in found["goals"]:
        verdict, style = ("met", "green") if goal["met"] else ("NOT MET", "red")
        line = f"{goal['name']}: {goal['found']}, at least {goal['wanted']} {verdict}"
        console.print(line, highlight=False, style=style)


def _show_steps(name: str, size: Mapping[str, Any], console: Console) -> None:
    from rich.table import Table

    model = size["model"]
    title = (
        f"{name}, {model['parameters']:,} parameters, {model['device']}: {model['prompts']} prompts x "
        f"{model['samples']} samples x {model['tokens']} tokens, one update"
    )
    table = Table("trainer", title=title, title_justify="left")
    for column in ("seconds a step", "CPU seconds", "tokens/s", "peak GiB", "weights moved"):
        table.add_column(column, justify="right")
    for row in size["rows"]:
        peak = "-" if row["peak_gib"] is None else f"{row['peak_gib']:.2f}"
        times = (f"{row['seconds']:.3f}", f"{row['cpu_seconds']:.3f}", f"{row['per_second']:,.0f}")
        table.add_row(row["trainer"], *times, peak, f"{row['moved']:.3f}")
    console.print(table)
    ratio = size["ratio"]
    console.print(f"TRL takes {ratio['seconds']} times as long; by CPU time {ratio['cpu_seconds']}", highlight=False)


def _show_learning(runs: Any, console: Console) -> None:
    from rich.table import Table

    table = Table("seed", "trainer", title="until 80 % of the samples are right", title_justify="left")
    for column in ("steps", "samples", "seconds", "reward at first", "at last"):
        table.add_column(column, justify="right")
    for run in runs:
        for name, row in run["rows"].items():
            cells = ("-" if row[key] is None else f"{row[key]:,}" for key in ("steps", "samples", "seconds"))
            table.add_row(str(run["seed"]), name, *cells, f"{row['first']:.3f}", f"{row['last']:.3f}")
    console.print(table)
