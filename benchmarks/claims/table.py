"""The document of measured claims, as tables on the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["effect_text", "number", "show"]

COLOURS = {"held": "green", "did not hold": "red", "undecided": "yellow"}


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print every claim with its checks and figures, and the verdicts of all at the end."""
    told = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    machine = found["machine"]
    lines = [
        f"{found['seeds']} seeds each, one thread of {machine['processor']}, {found['date']}",
        told,
        f"$ {shlex.join(found['command'])}",
    ]
    if found["quick"]:
        lines.append("--quick: sizes for tests; the figures and verdicts mean nothing")
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True, style="dim")
    for claim in found["claims"]:
        _claim(claim, console)
    if len(found["claims"]) > 1:
        console.print(_summary(found["claims"]))


def _claim(claim: Mapping[str, Any], console: Console) -> None:
    from rich.table import Table

    colour = COLOURS[claim["verdict"]]
    console.print(f"\n[bold]{claim['name']}[/bold]: [{colour}]{claim['verdict']}[/{colour}]", highlight=False)
    for line in (claim["says"], f"Source: {claim['source']}.", f"Miniature: {claim['setting']}"):
        console.print(line, markup=False, highlight=False)
    table = Table()
    for name in ("check", "effect", "95 % interval", "wanted", "verdict"):
        table.add_column(name, overflow="fold")
    for check in claim["checks"]:
        low, high = (number(check["interval"][end]) for end in ("low", "high"))
        says = check["says"] if check["decides"] else f"({check['says']})"
        colour = COLOURS[check["verdict"]]
        verdict = f"[{colour}]{check['verdict']}[/{colour}]"
        table.add_row(says, effect_text(check), f"{low} to {high}", check["wanted"], verdict)
    console.print(table)
    figures = Table()
    for name in ("figure", "mean", "95 % interval"):
        figures.add_column(name, justify="left" if name == "figure" else "right")
    for name, figure in claim["figures"].items():
        low, high = (number(figure["interval"][end]) for end in ("low", "high"))
        figures.add_row(name, number(figure["mean"]), f"{low} to {high}")
    console.print(figures)


def _summary(claims: Any) -> Table:
    from rich.table import Table

    table = Table(title="All claims", title_justify="left")
    for name in ("claim", "verdict", "by", "effect", "95 % interval"):
        table.add_column(name, overflow="fold")
    for claim in claims:
        colour = COLOURS[claim["verdict"]]
        for place, check in enumerate([check for check in claim["checks"] if check["decides"]]):
            low, high = (number(check["interval"][end]) for end in ("low", "high"))
            head = ("", "") if place else (claim["name"], f"[{colour}]{claim['verdict']}[/{colour}]")
            table.add_row(*head, check["says"], effect_text(check), f"{low} to {high}")
    return table


def effect_text(check: Mapping[str, Any]) -> str:
    """The effect; a ratio with its sign."""
    return f"x {number(check['effect'])}" if check["ratio"] else number(check["effect"])


def number(value: float | None) -> str:
    """Three digits or so, whatever the size."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
