"""`assay report`: recorded runs as pages to open, as Markdown, as JSON, as a table."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from json import dump
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from assaygym.cli.command import Json
from assaygym.cli.output import console, say
from assaygym.errors import ConfigError, RunError

if TYPE_CHECKING:
    from assaygym.benchmarks.index import EpisodeIndex
    from assaygym.benchmarks.recorded import RecordedRun
    from assaygym.benchmarks.report.content import ReportFacts
    from assaygym.benchmarks.report.html import Page, Progress

INDEX = "reports.html"


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="The folder of an evaluation, or a rescored-N.json in it; several too."),
    ],
    html: Annotated[
        Path | None, typer.Option(metavar="PATH", help="The page; RUN/report.html without it. Of several: their table.")
    ] = None,
    md: Annotated[bool, typer.Option("--md", help="Markdown instead of a page.")] = False,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="A table instead of a page, one row an episode.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where --md, --json or --csv goes; standard output without it.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> int:
    """Write the report of a run as one HTML page with every episode in it; nothing in it asks for the network."""
    texts = {"--md": md, "--json": json, "--csv": csv}
    if sum(texts.values()) > 1:
        raise ConfigError(f"{' and '.join(name for name, given in texts.items() if given)} are two forms; give one")
    if out is not None and not any(texts.values()):
        raise ConfigError("--out is for --md, --json and --csv; the place of the page is --html PATH")
    if not any(texts.values()) or html is not None or open_:
        _pages(runs, html, open_, tell=not any(texts.values()) or out is not None)
    if any(texts.values()):
        with _writing(out) as file:
            _write_text(runs, file, as_csv=csv, as_json=json)
    return 0


def _pages(runs: Sequence[Path], html: Path | None, open_: bool, tell: bool) -> None:
    """Write a page for each run, and their table where there are several."""
    from assaygym.benchmarks.report.html import write_index, write_page

    alone = len(runs) == 1
    pages = []
    for run in runs:
        with _progress(str(run)) as progress:
            pages.append(write_page(run, html if alone else None, progress=progress))
        (print if tell else say)(_told(pages[-1]))
    first = pages[0].path
    if not alone:
        first = html or Path(os.path.commonpath([page.path.parent.resolve() for page in pages])) / INDEX
        write_index(pages, first)
        (print if tell else say)(f"table: {first}")
    if open_ and not webbrowser.open(first.resolve().as_uri()):
        say(f"no browser could be started; open {first}")


def _told(page: Page) -> str:
    beside = f", and {page.folder} which belongs beside it" if page.folder is not None else ""
    return f"report: {page.path} ({page.episodes} episodes, {page.path.stat().st_size / 1e6:.1f} MB{beside})"


@contextmanager
def _progress(name: str) -> Iterator[Progress | None]:
    """A bar on the terminal, gone when it is full; nothing where nobody watches."""
    err = console(error=True)
    if not err.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bars:
        bar = bars.add_task(name, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def _write_text(runs: Sequence[Path], file: TextIO, *, as_csv: bool, as_json: bool) -> None:
    """The runs in one of the forms that are text."""
    if as_csv:
        _write_csv(runs, file)
    elif as_json:
        found = [_facts(run).as_dict() for run in runs]
        dump(found[0] if len(found) == 1 else found, file, indent=2, allow_nan=False)
        file.write("\n")
    else:
        from assaygym.benchmarks.report.plain import load_summary, markdown
        from assaygym.benchmarks.report.table import encodable

        file.write(encodable("\n".join(markdown(load_summary(run), _facts(run)) for run in runs)))


def _facts(run: Path) -> ReportFacts:
    from assaygym.benchmarks.report.facts import report_facts

    with _opened(run) as (recorded, document, index):
        return report_facts(recorded, document, index.entries())


def _write_csv(runs: Sequence[Path], file: TextIO) -> None:
    from assaygym.benchmarks.report.table import planned_entries, write_csv

    for number, run in enumerate(runs):
        with _opened(run) as (recorded, _, index):
            write_csv(recorded, planned_entries(recorded, index), file, header=not number)


@contextmanager
def _opened(run: Path) -> Iterator[tuple[RecordedRun, Mapping[str, Any], EpisodeIndex]]:
    """A run, its `run.json` and the index of its log."""
    from assaygym.benchmarks.folder import EPISODES, read_run
    from assaygym.benchmarks.index import EpisodeIndex
    from assaygym.benchmarks.recorded import load_run

    recorded = load_run(run)
    document, _ = read_run(recorded.folder)
    with EpisodeIndex(Path(recorded.folder) / EPISODES, document["config_hash"]) as index:
        yield recorded, document, index


@contextmanager
def _writing(out: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file that is whole or not there."""
    if out is None:
        yield sys.stdout
        return
    scratch = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("w", encoding="utf-8", newline="") as file:
            yield file
        scratch.replace(out)
    except OSError as error:
        raise RunError(f"cannot write {out}: {error.strerror}; give another --out") from error
    finally:
        with suppress(OSError):
            scratch.unlink()
    say(f"written: {out}")
