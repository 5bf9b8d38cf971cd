"""The plain report of a run: a table on the terminal, `report.md` and `summary.json` in its folder."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from assaygym.benchmarks.folder import EPISODES, REPORT, SUMMARY, read_run, write_json
from assaygym.benchmarks.index import final_records
from assaygym.benchmarks.records import Outcome
from assaygym.benchmarks.summary import Failure, PassAtK, Summary, bracketed, percent, summarise
from assaygym.errors import RunError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["load_summary", "markdown", "print_summary", "write_report"]

WIDTH = 200
"""Characters of a failure's reason that are shown."""


def load_summary(folder: str | Path) -> Summary:
    """The summary of the run in a folder, worked out anew from its records.

    Raises:
        RunError: the folder holds no run, or one that cannot be read.
    """
    document, plan = read_run(folder)
    records = final_records(Path(folder) / EPISODES, document["config_hash"])
    config = document["config"]
    return summarise(config["target"]["id"], config["policy"]["name"], plan, records, str(folder))


def write_report(folder: Path, summary: Summary) -> None:
    """Write `summary.json` and `report.md`.

    Raises:
        RunError: they cannot be written.
    """
    write_json(folder / SUMMARY, summary.to_dict())
    try:
        (folder / REPORT).write_text(markdown(summary), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise RunError(f"cannot write {folder / REPORT}: {error.strerror}") from error


def markdown(summary: Summary) -> str:
    """The report as Markdown."""
    lines = [f"# {summary.target} by {summary.policy}", "", f"**{summary.headline()}** (95 % interval)", ""]
    lines += ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in _rows(summary)), ""]
    if summary.failures:
        lines += ["## Typical failures", "", *(f"- {_escaped(_told(failure))}" for failure in summary.failures), ""]
    lines += [f"Records: `{EPISODES}`; configuration: `run.json`.", ""]
    return "\n".join(lines)


def print_summary(summary: Summary, console: Console | None = None) -> None:
    """Show the summary on a rich console; standard output when None."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = console or Console()
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("score", Text(summary.headline(), style="bold"))
    for name, value in _rows(summary):
        table.add_row(name, Text(value))
    console.print(Text(f"{summary.target} by {summary.policy}", style="bold"))
    console.print(table)
    if summary.failures:
        console.print(Text("typical failures", style="bold"))
        for failure in summary.failures:
            console.print(Text(f"  {_told(failure)}"))
    for line in _hints(summary):
        console.print(Text(line, style="dim"), soft_wrap=True)


def _rows(summary: Summary) -> Iterator[tuple[str, str]]:
    """Names and values of what both forms of the report show."""
    if summary.samples > 1:
        yield f"avg@{summary.samples}", percent(summary.score.mean)
    for estimate in summary.pass_at:
        yield f"pass@{estimate.k}", _pass_at(estimate, summary.tasks)
    yield "episodes", f"{summary.done} of {summary.planned}" if not summary.complete else str(summary.done)
    yield "outcomes", ", ".join(f"{count} {name}" for name, count in summary.counts.items() if count) or "none"
    if summary.truncated:
        yield "truncated", f"{summary.truncated} cut by a limit"
    if summary.scored < summary.planned:
        low, high = 100 * summary.bounds.low, 100 * summary.bounds.high
        missing = summary.planned - summary.scored
        yield "without a score", f"{missing}: {low:.1f} % if all were wrong, {high:.1f} % if all were right"
    if summary.flags:
        yield "flags", ", ".join(f"{count} {flag}" for flag, count in summary.flags.items())


def _pass_at(estimate: PassAtK, tasks: int) -> str:
    if math.isnan(estimate.value):
        return f"- (no task has {estimate.k} scored samples)"
    if estimate.tasks == tasks:
        return percent(estimate.value)
    return f"{percent(estimate.value)} over {estimate.tasks} of {tasks} tasks; bounds {bracketed(estimate.bounds)}"


def _told(failure: Failure) -> str:
    what = " ".join(failure.explanation.split()) or "no reason given"
    what = what if len(what) <= WIDTH else f"{what[: WIDTH - 1]}…"
    alike = f" ({failure.count} like it)" if failure.count > 1 else ""
    where = failure.task_id or f"task {failure.task}"
    return f"{where} sample {failure.sample}: {failure.outcome.value}: {what}{alike}"


def _escaped(text: str) -> str:
    """Markdown that shows the text as it is, whatever a model wrote."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>()#+!|~$&" else char for char in text)


def _hints(summary: Summary) -> Iterator[str]:
    if summary.folder:
        yield f"records: {Path(summary.folder) / EPISODES}"
        yield f"report: {Path(summary.folder) / REPORT}"
    again = sum(summary.counts[outcome.value] for outcome in Outcome if outcome.retried)
    if not summary.complete:
        yield f"{summary.planned - summary.done} episodes have not run: the same call again resumes"
    elif again:
        yield f"the same call again tries the {again} failed episodes once more"
