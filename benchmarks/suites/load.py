"""Rows of a suite, from a file the user has, from the Hub or made here, and the task they make."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assaygym.benchmarks.suites.declaration import Judge, Row, Suite
from assaygym.benchmarks.suites.files import digest_of, fetch, find
from assaygym.benchmarks.suites.reading import read
from assaygym.envs.data import column
from assaygym.envs.data_tasks import DataTaskDefinition
from assaygym.errors import ConfigError, DataError, did_you_mean
from assaygym.types import Task

__all__ = ["LoadedSuite", "load", "register"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSuite:
    """A suite with its rows read: `definition.make(split="all")` gives its environment."""

    suite: Suite
    definition: DataTaskDefinition
    source: str
    """`file`, `made`, or the repository on the Hub with its commit."""
    sha256: str
    """Of the file the rows were read from; of several, see `digest_of`; of rows made here, of their JSON."""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What was set, and what was drawn instead (`entropy`): all that is needed to have the same rows again."""


def load(
    suite: Suite,
    data: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> LoadedSuite:
    """Read a suite.

    Args:
        suite: what to read.
        data: a file (JSON lines, JSON, CSV or parquet; plain or gzipped) or a folder that holds one; when None, the
            Hub, or rows made here for suites that are.
        columns: the data's own name for each of the suite's columns that is called otherwise there.
        options: what a run sets of the suite, as `Suite.settings` names it.

    Raises:
        DataError: the data cannot be read or fetched, lacks a column, or a row has no answer.
        MissingDependencyError: the Hub or parquet is needed and its package is not installed.
        ConfigError: `columns` names a column the suite does not have, or `options` something that cannot be set.
    """
    chosen = _chosen(suite, options or {})
    if suite.made is not None and data is None:
        rows = suite.made(chosen)
        digest = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
        return _loaded(suite, rows, columns or {}, f"the rows of {suite.id}", "made", digest, chosen)
    paths: Sequence[Path]
    if data is None:
        fetched = fetch(suite)
        paths, source = fetched.paths, f"{suite.hub_id}@{fetched.commit}"
    else:
        paths, source = find(suite, Path(data)), "file"
    where = str(paths[0]) if len(paths) == 1 else f"the {len(paths)} files in {paths[0].parent}"
    rows = read(suite, paths)
    return _loaded(suite, rows, columns or {}, where, source, digest_of(paths), chosen)


def register(
    suite: Suite,
    data: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> str:
    """Read a suite and make it an environment, to train on, say; the result is its id, `suite/NAME-v0`.

    Its `train` and `eval` splits are made as those of every data file; `split="all"` is the whole suite. As `load`.
    """
    definition = load(suite, data, columns, options).definition
    definition.requires = ("sandbox",) if suite.needs_sandbox else ()
    return definition.register().id


def _loaded(
    suite: Suite,
    rows: list[Row],
    columns: Mapping[str, str],
    where: str,
    source: str,
    digest: str,
    options: Mapping[str, Any],
) -> LoadedSuite:
    rows = _renamed(suite, rows, columns)
    try:
        _check_columns(suite, rows[0])
        kept = _selected(suite, rows, options)
        definition = suite.define(suite, kept) if suite.define is not None else _define(suite, kept)
    except DataError as error:
        raise DataError(f"{where} is not usable as {suite.id}: {error}") from error
    return LoadedSuite(suite=suite, definition=definition, source=source, sha256=digest, options=dict(options))


def _define(suite: Suite, rows: list[Row]) -> DataTaskDefinition:
    number = {id(row): place for place, row in enumerate(rows, start=1)}
    solved = suite.solution_column in rows[0]
    named = suite.name is not None and suite.name in rows[0]

    def prompt(row: Row) -> str:
        if not isinstance(suite.prompt, str):
            return suite.prompt(row)
        return suite.prompt.format_map({name: _shown(column(row, name, number[id(row)])) for name in suite.columns})

    definition = SuiteTasks(
        f"suite/{suite.id}-v0",
        rows,
        {
            "prompt": prompt,
            "gold": suite.gold,
            "solution": suite.solution if solved else None,
            "name": suite.name if named else None,
        },
        solve=_stored if solved else None,
        verifier=_judge(suite),
        kind=suite.kind,
        summary=suite.title,
    )
    definition.suite = suite
    definition.check()
    return definition


def _judge(suite: Suite) -> Judge | None:
    if suite.verifier is None:
        return None
    from assaygym.benchmarks.suites.formats import FORMATS, Formatted

    judge = suite.verifier()
    return Formatted(judge, FORMATS[suite.format]) if suite.format in FORMATS else judge


class SuiteTasks(DataTaskDefinition):
    """The task of a suite whose rows are one question each; pickled as the suite's name and the rows."""

    suite: Suite

    def row_task(self, index: int) -> Task[Any]:
        """As `DataTaskDefinition`, with the row's category."""
        return self.suite.labelled(super().row_task(index), self.rows[index])

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _defined_anew, (self.suite.id, self.rows)


def _defined_anew(name: str, rows: list[Row]) -> DataTaskDefinition:
    from assaygym.benchmarks.suites.catalogue import SUITES

    return _define(SUITES[name], rows)


def _stored(posed: Task[Any]) -> str:
    return str(posed.metadata["solution"])


def _shown(value: object) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _check_columns(suite: Suite, row: Row) -> None:
    for name in suite.columns:
        if name not in row:
            present = ", ".join(map(str, row))
            raise DataError(
                f"there is no column {name!r} (columns: {present}); name the right one with --map {name}=COLUMN"
            )


def _renamed(suite: Suite, rows: list[Row], columns: Mapping[str, str]) -> list[Row]:
    known = {*suite.columns, suite.solution_column, *((suite.name,) if suite.name else ())} - {""}
    for name in columns:
        if name not in known:
            raise ConfigError(f"{suite.id} has no column {name!r} to map; {did_you_mean(name, known)}")
    if not columns:
        return rows
    return [{**row, **{name: row[theirs] for name, theirs in columns.items() if theirs in row}} for row in rows]


def _chosen(suite: Suite, options: Mapping[str, Any]) -> dict[str, Any]:
    for name in options:
        if name not in suite.settings:
            raise ConfigError(
                f"{suite.id} is a suite: it takes no {name}"
                + (f"; it takes {', '.join(suite.settings)}" if suite.settings else "; knobs are for environments")
            )
    return dict(options)


def _selected(suite: Suite, rows: Sequence[Row], options: Mapping[str, Any]) -> list[Row]:
    """The rows that belong to the suite, each once, of the days asked for."""
    kept = [row for row in rows if suite.keep is None or suite.keep(row)]
    if suite.unique is not None:
        seen: dict[Hashable, Row] = {}
        for row in kept:
            seen.setdefault(suite.unique(row), row)
        kept = list(seen.values())
    after, before = str(options.get("after", "")), str(options.get("before", "~"))
    if suite.date is not None and {"after", "before"} & options.keys():
        kept = [row for row in kept if after <= str(row.get(suite.date) or "")[:10] < before]
    if not kept:
        raise DataError("no row is left: none is of this suite, or of the days between `after` and `before`")
    return kept
