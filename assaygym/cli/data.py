"""`assay data`: the data of suites: what there is, fetched, checked, and compared with other text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assaygym.cli.command import FOUND_SOMETHING, Json, assignments
from assaygym.cli.output import emit_json, say, show_table

if TYPE_CHECKING:
    from assaygym.benchmarks.suites import LoadedSuite, Suite

SuiteName = Annotated[str, typer.Argument(metavar="SUITE", help="A suite, as `assay data list` names it.")]
Data = Annotated[Path | None, typer.Option(help="A file or folder; the Hub without it.")]
Maps = Annotated[
    list[str] | None, typer.Option("--map", metavar="NAME=COLUMN", help="A suite's column under another name.")
]
SHOWN = 20


def list_suites(
    kind: Annotated[str | None, typer.Option(help="Only this kind: math, code or tool.")] = None,
    use: Annotated[str | None, typer.Option(help="Only these: eval or train.")] = None,
    json: Json = False,
) -> int:
    """List the suites: their licence, when they were published, where they come from."""
    from assaygym.benchmarks.suites import SUITES
    from assaygym.errors import ConfigError, did_you_mean

    for given, known in ((kind, ("math", "code", "tool")), (use, ("eval", "train"))):
        if given is not None and given not in known:
            raise ConfigError(f"no suite is {given!r}; {did_you_mean(given, known)}")
    found = [one for one in SUITES.values() if kind in (None, one.kind) and use in (None, one.use)]
    if json:
        emit_json([_facts(one) for one in found])
        return 0
    columns = ("id", "kind", "use", "rows", "published", "licence", "from", "title")
    show_table(
        columns,
        [
            (one.id, one.kind, one.use, one.rows or "?", one.published or "-", one.licence, _origin(one), one.title)
            for one in found
        ],
    )
    return 0


def _facts(suite: Suite) -> dict[str, Any]:
    return {
        "id": suite.id,
        "title": suite.title,
        "kind": suite.kind,
        "use": suite.use,
        "rows": suite.rows or None,
        "licence": suite.licence,
        "published": suite.published or None,
        "date_column": suite.date,
        "category_column": suite.category,
        "hub_id": suite.hub_id or None,
        "config": suite.hub_config,
        "split": suite.split,
        "revision": suite.revision or None,
        "files": list(suite.hub_files),
        "sha256": dict(suite.digests),
        "columns": list(suite.columns),
        "settings": list(suite.settings),
        "sandbox": suite.needs_sandbox,
    }


def _origin(suite: Suite) -> str:
    if suite.made is not None:
        return "made here"
    if not suite.hub_file:
        return "--data PATH"
    return f"{suite.hub_id}@{suite.revision[:8] or 'head'}"


def pull(name: SuiteName, json: Json = False) -> int:
    """Fetch a suite's files into the Hub's cache, and record their digests; `HF_HUB_OFFLINE=1` only looks there."""
    from assaygym.benchmarks.suites import suite
    from assaygym.benchmarks.suites.files import fetch, sha256
    from assaygym.errors import ConfigError

    found = suite(name)
    if found.made is not None:
        raise ConfigError(f"{name} is made here and needs no file; assay data verify {name} shows its digest")
    fetched = fetch(found)
    rows = [(str(path), sha256(path)) for path in fetched.paths]
    if json:
        files = [{"path": path, "sha256": digest} for path, digest in rows]
        emit_json({"id": name, "commit": fetched.commit, "files": files})
    else:
        show_table(("file", "sha256"), rows, title=f"{name}: {found.hub_id}@{fetched.commit}")
    return 0


def verify(name: SuiteName, data: Data = None, column: Maps = None, json: Json = False) -> int:
    """Read every row of a suite, and compare its files with the digests that are known.

    Exit code 1: a file is not the one that is known under its name. That may well be: the same rows in another format.
    """
    loaded = _loaded(name, data, column)
    known = _known(loaded.suite)
    rows = len(loaded.definition.rows)
    matches = None if not known else loaded.sha256 in known
    facts = {
        "id": name,
        "rows": rows,
        "expected_rows": loaded.suite.rows or None,
        "source": loaded.source,
        "sha256": loaded.sha256,
        "known": sorted(known),
        "matches": matches,
    }
    if json:
        emit_json(facts)
    else:
        told = {True: "as known", False: "another file than the one known", None: "none is known to compare with"}
        count = "" if not loaded.suite.rows else f" (the Hub's split has {loaded.suite.rows})"
        show_table(
            ("", ""),
            [("rows", f"{rows}{count}"), ("source", loaded.source), ("sha256", f"{loaded.sha256}  {told[matches]}")],
            title=name,
        )
    return FOUND_SOMETHING if matches is False else 0


def _known(suite: Suite) -> set[str]:
    """Digests of the suite's file: declared, or recorded when it was fetched; of a suite with one file only."""
    from assaygym.benchmarks.suites.files import recorded

    if len(suite.hub_files) != 1:
        return set()
    kept = recorded().get(f"{suite.hub_id}@{suite.revision}/{suite.hub_file}")
    return {*suite.digests.values(), *([kept] if kept else [])}


def overlap(
    name: SuiteName,
    other: Annotated[str, typer.Argument(metavar="FILE|SUITE", help="Training text: a data file, or a suite.")],
    data: Data = None,
    other_data: Annotated[Path | None, typer.Option(help="The file or folder of the other suite.")] = None,
    column: Maps = None,
    text: Annotated[str | None, typer.Option(help="The column of FILE to look at; all text without it.")] = None,
    words: Annotated[int, typer.Option(min=2, help="Words in a run.")] = 13,
    json: Json = False,
) -> int:
    """Which tasks of a suite share a run of words with other text. Exit code 1: some do."""
    from assaygym.benchmarks.suites.overlap import overlap as compare

    loaded = _loaded(name, data, column)
    found = compare(loaded, _texts(other, other_data, text), words)
    if json:
        emit_json(
            {
                "id": name,
                "tasks": found.tasks,
                "short": found.short,
                "texts": found.texts,
                "words": words,
                "shared": [
                    {"task": s.task, "index": s.index, "text": s.place, "share": s.share, "words": s.words}
                    for s in found.shared
                ],
            }
        )
    else:
        say(f"{name}: {len(found.shared)} of {found.tasks} tasks share {words} words with one of {found.texts} texts")
        if found.short:
            say(f"{found.short} tasks have fewer than {words} words, and are compared whole")
        shown = [(s.task, f"{100 * s.share:.0f} %", s.place, s.words) for s in found.shared[:SHOWN]]
        if shown:
            show_table(("task", "of its runs", "text", "words"), shown)
        if len(found.shared) > SHOWN:
            say(f"and {len(found.shared) - SHOWN} more; --json lists all")
    return FOUND_SOMETHING if found.shared else 0


def _texts(other: str, data: Path | None, text: str | None) -> Iterator[str]:
    from assaygym.benchmarks.suites import SUITES
    from assaygym.benchmarks.suites.overlap import asked, texts_of
    from assaygym.envs.data import read_rows
    from assaygym.errors import ConfigError

    if other in SUITES:
        if text is not None:
            raise ConfigError(f"{other} is a suite, whose prompts are looked at: it takes no --text")
        yield from asked(_loaded(other, data, None))
        return
    rows: list[Mapping[str, Any]] = read_rows(other)
    if text is not None and not any(text in row for row in rows):
        raise ConfigError(f"{other} has no column {text!r} (columns: {', '.join(map(str, rows[0]))})")
    yield from texts_of(rows, text)


def _loaded(name: str, data: Path | None, column: list[str] | None) -> LoadedSuite:
    from assaygym.benchmarks.suites import load, suite

    return load(suite(name), data, {key: str(value) for key, value in assignments(column).items()})
