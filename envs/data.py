"""Rows of a data file: JSON lines, JSON, CSV or parquet, plain or gzipped."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assaygym.errors import DataError, MissingDependencyError, did_you_mean
from assaygym.foreign_json import read_json

__all__ = ["column", "read_rows"]

Row = Mapping[str, Any]
SUFFIXES = (".jsonl", ".json", ".csv", ".parquet")


def read_rows(source: str | Path | Sequence[Row]) -> list[Row]:
    """All rows of a file, or of a folder that holds exactly one data file; rows given as such are returned.

    Raises:
        DataError: the file is missing, unreadable, empty, of an unknown kind, or a row is no object (names the line).
        MissingDependencyError: parquet without pyarrow.
    """
    if not isinstance(source, (str, Path)):
        return list(source)
    path = _data_file(Path(source))
    try:
        rows = _parse(path)
    except DataError:
        raise
    except (OSError, ValueError, EOFError, zlib.error, csv.Error) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    if not rows:
        raise DataError(f"{path} has no rows")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise DataError(f"{path}: row {number} is {type(row).__name__}, expected an object with named columns")
    return rows


def column(row: Row, name: str, number: int) -> Any:
    """The value of a column that must be there and not be empty.

    Args:
        row: the row.
        name: of the column.
        number: of the row, from 1, for the message.

    Raises:
        DataError: there is no such column, or it holds nothing.
    """
    if name not in row:
        raise DataError(
            f"row {number} has no column {name!r}; {did_you_mean(name, row)} (columns: {', '.join(map(str, row))})"
        )
    value = row[name]
    if value is None or (isinstance(value, str) and not value.strip()):
        raise DataError(f"row {number} has nothing in column {name!r}")
    return value


def _data_file(path: Path) -> Path:
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if _suffix(file) in SUFFIXES)
        if len(found) != 1:
            names = ", ".join(file.name for file in found) or "none"
            raise DataError(f"the folder {path} holds {len(found)} data files ({names}); name the file itself")
        return found[0]
    if not path.exists():
        raise DataError(f"no data file {path}")
    if _suffix(path) not in SUFFIXES:
        raise DataError(f"{path} is of an unknown kind; expected {', '.join(SUFFIXES)}, plain or .gz")
    return path


def _suffix(path: Path) -> str:
    return Path(path.stem).suffix if path.suffix == ".gz" else path.suffix


def _parse(path: Path) -> list[Row]:
    suffix = _suffix(path)
    if suffix == ".parquet":
        return _parquet(path)
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text(encoding="utf-8")
    if suffix == ".csv":
        return list(csv.DictReader(io.StringIO(text, newline="")))
    if suffix == ".jsonl":
        return list(_json_lines(path, text))
    try:
        rows = read_json(text)
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}") from error
    if not isinstance(rows, list):
        raise DataError(f"{path} holds {type(rows).__name__}, expected a list of objects")
    return rows


def _json_lines(path: Path, text: str) -> Iterable[Row]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                row = read_json(line)
            except ValueError as error:
                raise DataError(f"{path}, line {number} is not JSON: {error}") from error
            yield row


def _parquet(path: Path) -> list[Row]:
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingDependencyError.of("pyarrow", "hub", f"reading {path.name}") from error
    rows: list[Row] = parquet.read_table(path).to_pylist()
    return rows
