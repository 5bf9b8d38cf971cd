"""Rows of a suite, from a file the user has or from the Hub, and the task they make."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assaygym.benchmarks.suites.declaration import Row, Suite
from assaygym.envs.data import column, read_rows
from assaygym.envs.data_tasks import DataTaskDefinition, task_from_data
from assaygym.errors import ConfigError, DataError, MissingDependencyError, did_you_mean

__all__ = ["LoadedSuite", "load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSuite:
    """A suite with its rows read: `definition.make(split="all")` gives its environment."""

    suite: Suite
    definition: DataTaskDefinition
    source: str
    """`file`, or `hub` with its commit."""
    sha256: str
    """Of the file the rows were read from."""


def load(suite: Suite, data: str | Path | None = None, columns: Mapping[str, str] | None = None) -> LoadedSuite:
    """Read a suite.

    Args:
        suite: what to read.
        data: a file (JSON lines, JSON, CSV or parquet; plain or gzipped) or a folder that holds one; the Hub when None.
        columns: the data's own name for each of the suite's columns that is called otherwise there.

    Raises:
        DataError: the data cannot be read or fetched, lacks a column, or a row has no answer.
        MissingDependencyError: the Hub or parquet is needed and its package is not installed.
        ConfigError: `columns` names a column the suite does not have.
    """
    path = _fetch(suite) if data is None else _find(suite, Path(data))
    rows = _renamed(suite, read_rows(path), columns or {})
    try:
        _check_columns(suite, rows[0])
        definition = _define(suite, rows)
    except DataError as error:
        raise DataError(f"{path} is not usable as {suite.id}: {error}") from error
    source = f"{suite.hub_id}@{suite.revision}" if data is None else "file"
    return LoadedSuite(suite=suite, definition=definition, source=source, sha256=_sha256(path))


def _define(suite: Suite, rows: list[Row]) -> DataTaskDefinition:
    number = {id(row): place for place, row in enumerate(rows, start=1)}
    solved = suite.solution_column in rows[0]
    named = suite.name is not None and suite.name in rows[0]

    def prompt(row: Row) -> str:
        if not isinstance(suite.prompt, str):
            return suite.prompt(row)
        return suite.prompt.format_map({name: _shown(column(row, name, number[id(row)])) for name in suite.columns})

    return task_from_data(
        f"suite/{suite.id}-v0",
        rows,
        prompt=prompt,
        gold=suite.gold,
        solution=suite.solution if solved else None,
        name=suite.name if named else None,
        verifier=suite.verifier(),
        kind=suite.kind,
        summary=suite.title,
    )


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
    known = {*suite.columns, suite.solution_column, *((suite.name,) if suite.name else ())}
    for name in columns:
        if name not in known:
            raise ConfigError(f"{suite.id} has no column {name!r} to map; {did_you_mean(name, known)}")
    if not columns:
        return rows
    return [{**row, **{name: row[theirs] for name, theirs in columns.items() if theirs in row}} for row in rows]


def _find(suite: Suite, path: Path) -> Path:
    """The suite's file: the path itself, or the file in that folder which is called like the suite's."""
    if not path.is_dir():
        return path
    for pattern in suite.files:
        if found := sorted(path.glob(pattern)):
            if len(found) > 1:
                names = ", ".join(file.name for file in found)
                raise DataError(f"{path} holds several files of {suite.id} ({names}); name the file itself")
            return found[0]
    raise DataError(f"{path} holds none of the files of {suite.id} ({', '.join(suite.files)}); name the file itself")


def _fetch(suite: Suite) -> Path:
    """The suite's file at its pinned revision, from the local cache or the Hub. Never runs code from there."""
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingDependencyError.of(
            "huggingface_hub", "hub", f"fetching {suite.id} (or give --data PATH)"
        ) from error
    try:
        return Path(
            huggingface_hub.hf_hub_download(suite.hub_id, suite.hub_file, repo_type="dataset", revision=suite.revision)
        )
    except OSError as error:  # all that package raises of the network, the server and the cache
        reason = str(error).strip().split("\n")[0]
        raise DataError(
            f"cannot fetch {suite.id} from the Hub "
            f"({suite.hub_id}, {suite.hub_file} at {suite.revision[:12]}): {reason} "
            f"Give a file you have with --data PATH; its columns: {', '.join(suite.columns)}"
        ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
