"""The plain report of a run: a table on the terminal, `report.md` and `summary.json` in its folder."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assaygym.benchmarks.folder import EPISODES, REPORT, SUMMARY, read_run, write_json
from assaygym.benchmarks.recorded import load_run
from assaygym.benchmarks.records import Outcome
from assaygym.benchmarks.report.costs import ended_by
from assaygym.benchmarks.summary import Failure, PassAtK, Summary, bracketed, percent, summarise
from assaygym.errors import RunError

if TYPE_CHECKING:
    from rich.console import Console

    from assaygym.benchmarks.report.content import ReportFacts

__all__ = ["load_summary", "markdown", "print_summary", "write_report"]

WIDTH = 200
"""Characters of a failure's reason that are shown."""


def load_summary(path: str | Path) -> Summary:
    """The summary of a run, worked out anew from its records.

    Args:
        path: the folder, or a `rescored-N.json` in it for the scores of then.

    Raises:
        RunError: there is no run, or one that cannot be read.
    """
    run = load_run(path)
    summary = summarise(str(run.target["id"]), str(run.config["policy"]["name"]), run.plan, run.records, run.folder)
    document, _ = read_run(run.folder)
    return replace(summary, ended_by=ended_by(document, complete=summary.complete))


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


def markdown(summary: Summary, facts: ReportFacts | None = None) -> str:
    """The report as Markdown; with `facts`, categories, failures, hardest tasks and flags too."""
    lines = [f"# {summary.target} by {summary.policy}", "", f"**{summary.headline()}** (95 % interval)", ""]
    lines += ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in _rows(summary)), ""]
    if facts is not None:
        lines += _sections(facts)
    elif summary.failures:
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
    if summary.ended_by:
        yield "ended by", summary.ended_by
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


def _sections(facts: ReportFacts) -> Iterator[str]:
    """What the page shows beyond the summary, as far as it reads well as a table."""
    if facts.headline.rescored:
        yield from (_escaped(facts.headline.rescored), "")
    scores = [(each.name, percent(each.score.mean), bracketed(each.score.interval)) for each in facts.categories]
    yield from _table("Categories", ("category", "score", "95 % interval"), scores)
    kinds = [(f"{kind.name} {kind.limit}".strip(), kind.count, _line(kind.reasons[0].text)) for kind in facts.failures]
    yield from _table("Why episodes are not right", ("kind", "episodes", "typical reason"), kinds)
    hardest = [(line.name, f"{line.right} of {line.scored}", percent(line.mean)) for line in facts.strip.hardest]
    yield from _table("Hardest tasks", ("task", "right", "score"), hardest)
    flags = [(flag.name, flag.count, flag.rewarded, flag.meaning) for flag in facts.flags if flag.count]
    yield from _table("Worth a look", ("flag", "episodes", "of these right", "meaning"), flags)


def _table(title: str, names: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """A section with a table; nothing where it has no rows."""
    if rows:
        yield from (f"## {title}", "", f"| {' | '.join(names)} |", f"|{'---|' * len(names)}")
        yield from (f"| {' | '.join(_escaped(str(value)) for value in row)} |" for row in rows)
        yield ""


def _line(text: str) -> str:
    """The text on one line of at most `WIDTH` characters."""
    what = " ".join(text.split()) or "no reason given"
    return what if len(what) <= WIDTH else f"{what[: WIDTH - 1]}…"


def _told(failure: Failure) -> str:
    what = _line(failure.explanation)
    alike = f" ({failure.count} like it)" if failure.count > 1 else ""
    where = failure.task_id or f"task {failure.task}"
    return f"{where} sample {failure.sample}: {failure.outcome.value}: {what}{alike}"


def _escaped(text: str) -> str:
    """Markdown that shows the text as it is, whatever a model wrote."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>()#+!|~$&" else char for char in text)


def _hints(summary: Summary) -> Iterator[str]:
    """What to do next."""
    if summary.folder:
        yield shlex.join(["assay", "report", summary.folder])
        if summary.counts[Outcome.CORRECT.value] < summary.done:
            yield shlex.join(["assay", "show", summary.folder, "--failed"])
    again = sum(summary.counts[outcome.value] for outcome in Outcome if outcome.retried)
    if not summary.complete:
        yield f"{summary.planned - summary.done} episodes have not run: the same call again resumes"
    elif again:
        yield f"the same call again tries the {again} failed episodes once more"
