"""The figures of a training run: one JSON line a step, appended and never rewritten."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from assaygym.errors import DataError

__all__ = ["append_metrics", "read_metrics"]

FILE = "metrics.jsonl"


def append_metrics(folder: Path, metrics: Mapping[str, float]) -> None:
    """Append one row to `folder/metrics.jsonl`; a row torn by a crash is closed off first."""
    folder.mkdir(parents=True, exist_ok=True)
    line = json.dumps(metrics).encode() + b"\n"
    with (folder / FILE).open("ab+") as file:
        if file.tell() and not _ends_a_line(folder / FILE):
            line = b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def read_metrics(folder: str | Path) -> list[dict[str, float]]:
    """The rows of a run in the order of their steps; of a step that a resumed run repeated, the last.

    Raises:
        DataError: there is no such file.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        raise DataError(f"{path} does not exist; expected the folder of a training run")
    rows: dict[float, dict[str, float]] = {}
    for line in path.read_bytes().splitlines():
        if (row := _row(line)) is not None:
            rows[row["step"]] = row
    return [rows[step] for step in sorted(rows)]


def _row(line: bytes) -> dict[str, float] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None  # torn by a crash; the resumed run wrote the step again
    return row if isinstance(row, dict) and "step" in row else None


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
