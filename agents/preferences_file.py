"""Rows for preference trainers in a file: JSON lines, or parquet where the name ends so.

`datasets.load_dataset` reads either: messages as they were written, whatever keys each of them has. In parquet a
message is a value of Arrow's JSON type, since a column of structs would give every message the keys of all, with nulls
that chat templates take for something.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from assaygym.agents.parquet_rows import whole
from assaygym.errors import ConfigError, MissingDependencyError

__all__ = ["write_rows"]

Row = Mapping[str, Any]
MESSAGES = frozenset({"prompt", "chosen", "rejected", "completion"})
ROWS_PER_GROUP = 1024


def write_rows(rows: Iterable[Row], out: str | Path | None) -> int:
    """Write the rows of `pair_rows` or `label_rows`; how many there were.

    The file gets its name when it is whole, in the place of one that was there. Until then it is `NAME.part`, which is
    deleted when anything fails. Without a row there is no file, and one that was there stays. Half a surrogate pair in
    a text becomes a question mark.

    Args:
        rows: taken as they are written.
        out: the file, its folder made if need be; None is standard output, as JSON lines.

    Raises:
        ConfigError: the file cannot be written.
        MissingDependencyError: pyarrow is not installed, and the file is parquet.
        Exception: whatever `rows` raises.
    """
    if out is None:
        return _write_lines(rows, sys.stdout)
    path = Path(out)
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise ConfigError(f"{path} is a folder; give the name of a file")
        try:
            count = _write(rows, part, parquet=path.suffix == ".parquet")
            if count:
                part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror or error}; give another name") from error
    return count


def _write(rows: Iterable[Row], part: Path, *, parquet: bool) -> int:
    if parquet:
        return _write_parquet(rows, part)
    with part.open("w", encoding="utf-8") as file:
        return _write_lines(rows, file)


def _write_lines(rows: Iterable[Row], file: Any) -> int:
    count = 0
    for row in rows:
        file.write(_json(row) + "\n")
        count += 1
    return count


def _write_parquet(rows: Iterable[Row], part: Path) -> int:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingDependencyError.of("pyarrow", "hub", "a parquet file") from error
    count, rows = 0, iter(rows)
    first = next(rows, None)
    if first is None:
        return 0
    schema = _schema(first)
    with pyarrow.parquet.ParquetWriter(part, schema, compression="zstd") as file:
        for some in _chunks(first, rows):
            columns = [_column(field, [row.get(field.name) for row in some]) for field in schema]
            file.write_table(pyarrow.Table.from_arrays(columns, schema=schema))
            count += len(some)
    return count


def _chunks(first: Row, rows: Iterator[Row]) -> Iterator[list[Row]]:
    some = [first, *islice(rows, ROWS_PER_GROUP - 1)]
    while some:
        yield some
        some = list(islice(rows, ROWS_PER_GROUP))


def _schema(row: Row) -> Any:
    """The columns of rows like this one, and the one that only some of them have."""
    import pyarrow as pa

    kinds = {str: pa.string(), float: pa.float64(), int: pa.int32(), bool: pa.bool_()}
    columns = [(name, pa.list_(pa.json_()) if name in MESSAGES else kinds[type(value)]) for name, value in row.items()]
    return pa.schema(columns if "tools" in row else [*columns, ("tools", pa.string())])


def _column(field: Any, values: list[Any]) -> Any:
    import pyarrow as pa

    if field.name not in MESSAGES:
        return pa.array([whole(value) if isinstance(value, str) else value for value in values], field.type)
    texts = pa.array([[_json(message) for message in messages] for messages in values], pa.list_(pa.string()))
    return pa.ListArray.from_arrays(texts.offsets, pa.ExtensionArray.from_storage(pa.json_(), texts.values))


def _json(value: object) -> str:
    """On one line, in UTF-8 throughout."""
    return str(whole(json.dumps(value, ensure_ascii=False, allow_nan=False)))
