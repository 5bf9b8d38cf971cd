"""Rows out of a suite's files. Large parquet files are read in batches, so that what repeats is never held."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path

from assaygym.benchmarks.suites.declaration import Row, Suite
from assaygym.envs.data import read_rows
from assaygym.errors import DataError, MissingDependencyError

__all__ = ["read"]

BATCH = 10_000


def read(suite: Suite, paths: Sequence[Path]) -> list[Row]:
    """All rows of the files; where the suite says which are the same, only the first of each.

    Raises:
        DataError: a file cannot be read, or has no rows.
        MissingDependencyError: parquet without pyarrow.
    """
    if suite.reader is not None:
        return suite.reader(paths)
    if suite.unique is None:
        return [row for path in paths for row in read_rows(path)]
    first: dict[Hashable, Row] = {}
    for path in paths:
        for row in _batched(path) if path.suffix == ".parquet" else read_rows(path):
            first.setdefault(suite.unique(row), row)
    return list(first.values())


def _batched(path: Path) -> Iterator[Row]:
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingDependencyError.of("pyarrow", "hub", f"reading {path.name}") from error
    try:
        for batch in parquet.ParquetFile(path).iter_batches(BATCH):
            yield from batch.to_pylist()
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(f"cannot read {path}: {error}") from error
