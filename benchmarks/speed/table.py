"""A measurement's document on the terminal: a table for each workload, and the goals."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assaygym.benchmarks.speed.workloads import WORKLOADS

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["show"]

MET = {True: "[green]met[/green]", False: "[red]not met[/red]", None: "[yellow]not measured[/yellow]"}


def show(document: Mapping[str, Any], console: Console) -> None:
    """Print everything a reader needs to judge the figures."""
    _heading(document, console)
    for name, workload in WORKLOADS.items():
        rows = [row for row in document["rows"] if row["workload"] == name]
        if rows:
            console.print(_table(f"{name}: {workload.about}", rows))
    if document["probes"]:
        console.print(_table("sessions", [{**probe, "contender": probe["name"]} for probe in document["probes"]]))
    for told, reasons in (("left out", document["absent"]), ("[red]failed[/red]", document["failed"])):
        for name, reason in reasons.items():
            console.print(f"{told} ", end="")
            console.print(f"{name}: {reason}", markup=False, soft_wrap=True)
    console.print(_goals(document["goals"]))


def _heading(document: Mapping[str, Any], console: Console) -> None:
    machine, plan = document["machine"], document["plan"]
    lines = [
        f"{machine['cores']} cores of {machine['processor']}, {machine['memory_gib']} GiB, Linux {machine['kernel']}, "
        f"user {machine['user']}, load {' to '.join(map(str, document['load']))}",
        ", ".join(f"{name} {version}" for name, version in document["versions"].items()),
        f"{plan['rounds']} interleaved rounds, one worker for p50 and p99, {plan['workers']} workers for runs/s; "
        f"medians over the rounds; the bare fork holds {document['fork_modules']} modules; {document['date']}",
        *(f"{name}: {' '.join(names) or 'no isolation'}" for name, names in document["isolation"].items()),
        f"$ {shlex.join(document['command'])}",
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True, style="dim")


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    from rich.table import Table

    table = Table("", title=title, title_justify="left")
    for name in ("p50 ms", "p99 ms", "x fork", "runs/s"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("what", overflow="fold")
    for row in rows:
        figures = (row["p50_ms"], row["p99_ms"], row.get("over_fork"), row["per_second"])
        table.add_row(row["contender"], *map(_number, figures), row.get("about", ""))
    return table


def _goals(goals: Sequence[Mapping[str, Any]]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table("goal", title="goals", title_justify="left")
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("wanted", no_wrap=True)
    table.add_column("", overflow="fold")
    for goal in goals:
        measured = "" if goal["measured"] is None else f"{_number(goal['measured'])} {goal['unit']}"
        verdict = MET[goal["met"]] + (f" {escape(goal['reason'])}" if goal["reason"] else "")
        table.add_row(goal["name"], measured, goal["goal"], verdict)
    return table


def _number(value: float | None) -> str:
    """Three digits or so, whatever the size."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
