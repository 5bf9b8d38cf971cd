"""A run as one HTML page with every episode in it.

    run.json, episodes.jsonl --one pass--> ReportFacts --------> first page
                                      +--> EpisodeColumns -----> list of episodes
                                      +--> ChunkWriter --------> what was said, opened piece by piece

The page asks for nothing from anywhere: its policy (CSP) allows its own script by digest, and, where the episodes stand
in a folder beside it, what that script loads. What models wrote is only ever text: escaped by jinja2 in the first page,
text nodes made by the script in the rest.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from assaygym.agents.record import json_safe
from assaygym.benchmarks.dialogue import visible
from assaygym.benchmarks.folder import EPISODES, read_run
from assaygym.benchmarks.index import Entry, EpisodeIndex
from assaygym.benchmarks.recorded import RecordedRun, load_run
from assaygym.benchmarks.records import EpisodeRecord
from assaygym.benchmarks.report import charts
from assaygym.benchmarks.report.chunks import EMBEDDED, Chunks, ChunkWriter, clear, pack, scratch_of, slim
from assaygym.benchmarks.report.episode_view import EpisodeColumns
from assaygym.benchmarks.report.facts import report_facts
from assaygym.benchmarks.report.table import planned_entries
from assaygym.benchmarks.summary import bracketed, percent
from assaygym.errors import MissingDependencyError, RunError

if TYPE_CHECKING:
    import jinja2

    from assaygym.benchmarks.report.content import ReportFacts

__all__ = ["PAGE", "TOKENS", "Page", "write_index", "write_page"]

PAGE = "report.html"
TOKENS = 2_000_000
"""Sampled tokens of a run up to which the page shows their ids and log-probabilities."""
TEMPLATES = Path(__file__).resolve().parent / "templates"
SCRIPTS = ("theme.js", "text.js", "data.js", "message.js", "list.js", "episode.js", "app.js")
JUDGED = ("outcome", "value", "explanation", "extracted", "flags", "lenient")
"""The fields of a record that a later scoring changes."""
Progress = Callable[[int, int], None]
"""Called with the number of episodes packed, and of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that was written."""

    path: Path
    episodes: int
    folder: Path | None
    """Of the episodes, which belongs beside the page; None where they stand inside it."""
    facts: ReportFacts


def write_page(
    run: str | Path, out: Path | None = None, *, embed: int = EMBEDDED, progress: Progress | None = None
) -> Page:
    """Write the page of a run. It replaces the one before in one step; an interrupt leaves that one as it was.

    Args:
        run: the folder of a run, or a `rescored-N.json` in it for the scores of then.
        out: the HTML file; `report.html` in the run's folder when None.
        embed: bytes of packed episodes up to which they stand inside the page, not in a folder beside it.
        progress: called now and then.

    Raises:
        MissingDependencyError: jinja2 or scipy is not installed.
        RunError: there is no run, or the page cannot be written.
    """
    environment = _environment()
    recorded = load_run(run)
    document, _ = read_run(recorded.folder)
    page = Path(recorded.folder) / PAGE if out is None else out
    with (
        _replacing(page) as scratch,
        EpisodeIndex(Path(recorded.folder) / EPISODES, document["config_hash"]) as index,
        ChunkWriter(page, embed) as writer,
    ):
        packing = _Packing(index=index, run=recorded, writer=writer, progress=progress)
        facts = report_facts(recorded, document, packing.entries())
        chunks = writer.finish()
        context = _context(facts, chunks, packing)
        with _telling(page):
            _write(scratch, environment.get_template("page.html.j2").generate(context))
            writer.publish(chunks)
            scratch.replace(page)
            writer.sweep(chunks)
    folder = page.with_name(chunks.folder) if chunks.folder else None
    return Page(path=page, episodes=len(packing.columns), folder=folder, facts=facts)


@dataclass(kw_only=True)
class _Packing:
    """Takes each episode that the report counts, as it passes by."""

    index: EpisodeIndex
    run: RecordedRun
    writer: ChunkWriter
    progress: Progress | None
    columns: EpisodeColumns = field(default_factory=EpisodeColumns)
    tokens: int = 0
    """Sampled so far."""

    def entries(self) -> Iterator[Entry]:
        """Those that the report counts."""
        for entry in planned_entries(self.run, self.index):
            self._take(entry)
            yield entry
        self._tell()

    def _take(self, entry: Entry) -> None:
        self.tokens += entry.measures.sampled_tokens
        line = slim(self.index.raw(entry), tokens=self.tokens <= TOKENS)
        self.columns.add(entry)
        self.writer.add(line if self.run.name == self.run.folder else _judged(line, entry.record))
        if len(self.columns) % 500 == 0:
            self._tell()

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(len(self.columns), len(self.index))


def _judged(line: bytes, record: EpisodeRecord) -> bytes:
    """The line with its judgement replaced by a later one."""
    row = json.loads(line)
    row.update({name: json_safe(getattr(record, name)) for name in JUDGED}, rescored=True)
    return json.dumps(row, separators=(",", ":")).encode()


def write_index(pages: Sequence[Page], out: Path) -> None:
    """Write the table of several runs, each with a link to its page.

    Raises:
        MissingDependencyError: jinja2 is not installed.
        RunError: it cannot be written.
    """
    rows = [{"facts": page.facts, "link": _link(page.path, out.parent)} for page in pages]
    template = _environment().get_template("index.html.j2")
    with _replacing(out) as scratch, _telling(out):
        _write(scratch, template.generate(rows=rows, **_assets("", script=_read(SCRIPTS[:1]))))
        scratch.replace(out)


def _link(page: Path, base: Path) -> str:
    """The address of a page as seen from a folder."""
    return quote(os.path.relpath(page.resolve(), base.resolve()))


def _context(facts: ReportFacts, chunks: Chunks, packing: _Packing) -> dict[str, Any]:
    """What the template names."""
    columns = json.dumps(packing.columns.document(chunks.starts), separators=(",", ":"))
    return {
        "columns": pack(columns.encode()),
        "tokens_left_out": packing.tokens > TOKENS,
        "facts": facts,
        "charts": charts,
        "chunks": chunks,
        "title": f"{facts.headline.target} by {facts.headline.policy}",
        "config": json.dumps(json_safe(facts.provenance.config), indent=2, ensure_ascii=False),
        **_assets(chunks.folder, script=_read(SCRIPTS)),
    }


def _assets(folder: str, *, script: str) -> dict[str, str]:
    """Script, style, and the policy that allows these and no others; a folder's files come by way of the script."""
    script = f'"use strict";\n(() => {{\n{script}}})();'
    style = f"{charts.STYLE}{_read(('report.css',))}"
    loads = " 'strict-dynamic'" if folder else ""
    policy = (
        f"default-src 'none'; script-src {_digest(script)}{loads}; style-src {_digest(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return {"script": script, "style": style, "policy": policy}


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _read(names: Iterable[str]) -> str:
    return "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)


def _environment() -> jinja2.Environment:
    try:
        import jinja2
    except ImportError as error:
        raise MissingDependencyError.of("jinja2", "eval", "the HTML report") from error
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {"visible": visible, "percent": percent, "bracketed": bracketed}
    environment.filters.update(filters, seconds=_seconds, number=_number, moment=_moment, address=_address)
    return environment


def _seconds(value: float) -> str:
    """A duration with the digits that matter: `3 ms`, `1.20 s`, `2 min 5 s`."""
    if math.isnan(value):
        return "-"
    if value < 1:
        return "<1 ms" if value < 0.001 else f"{1000 * value:.0f} ms"
    return f"{value:.3g} s" if value < 120 else f"{value // 60:.0f} min {value % 60:.0f} s"


def _number(value: float) -> str:
    """A count with its thousands apart, another number with three digits; `-` for NaN."""
    return "-" if math.isnan(value) else f"{value:,.0f}" if value == int(value) else f"{value:.3g}"


def _address(text: str) -> str:
    """The text as part of an address; half a surrogate pair, which no address can hold, as the script replaces it."""
    return quote("".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text))


def _moment(text: str) -> str:
    """`2026-11-22 03:34:07 UTC` for `2026-11-22T03:34:07+00:00`."""
    return text.replace("T", " ").replace("+00:00", " UTC")


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file beside this one to write first, made at once: a place that cannot be written is told before the work."""
    scratch = scratch_of(path)
    try:
        with _telling(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            clear(path)
            scratch.touch()
        yield scratch
    finally:
        with suppress(OSError):
            scratch.unlink()


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror}; give another --html") from error


def _write(path: Path, pieces: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.writelines(pieces)
