"""The figures of a training run: one JSON line a step, appended; what a resumed run does again is cut off first."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

from assaygym.agents.run_folder import write_whole
from assaygym.errors import DataError

__all__ = ["Watch", "append_metrics", "cut_metrics", "read_metrics"]

FILE = "metrics.jsonl"


class Watch:
    """Times the parts of a step, by names of metrics."""

    def __init__(self) -> None:
        self.started = self.last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """Seconds since the last one."""
        now = time.perf_counter()
        self.laps[name], self.last = now - self.last, now

    def total(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self.started


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


def cut_metrics(folder: Path, step: int) -> None:
    """Leave the rows up to this step: what a run that goes on from there will not write again."""
    path = folder / FILE
    if not path.is_file():
        return
    kept = [row for row in read_metrics(folder) if row["step"] <= step]
    write_whole(path, b"".join(json.dumps(row).encode() + b"\n" for row in kept))


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
