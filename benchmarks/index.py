"""Where each episode of a log stands, and all that is known of it without reading what was said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from assaygym.benchmarks.measures import Measures, measure
from assaygym.benchmarks.records import EpisodeRecord, without_trajectory
from assaygym.errors import RunError

__all__ = ["Entry", "EpisodeIndex"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An episode of the log: its record without the trajectory, what it took, and where its line is."""

    record: EpisodeRecord
    measures: Measures
    offset: int
    """Of the line's first byte in the log."""
    length: int
    """Bytes of the line, its newline left out."""


class EpisodeIndex:
    """The episodes of one configuration that count: the last line of each (task, sample). A context manager.

    Args:
        log: the `episodes.jsonl`.
        config: hash of the configuration.

    Raises:
        RunError: the log cannot be read, or a line of it is no episode.
    """

    def __init__(self, log: Path, config: str) -> None:
        self._log = log
        self._found: dict[tuple[int, int], Entry] = {}
        offset = 0
        with log.open("rb") as file:
            for line in file:
                row = json.loads(line)
                record = EpisodeRecord.from_row(row)
                if record.config == config:
                    self._found[record.key] = Entry(
                        record=without_trajectory(record),
                        measures=measure(row["trajectory"]),
                        offset=offset,
                        length=len(line) - 1,
                    )
                offset += len(line)

    def __len__(self) -> int:
        return len(self._found)

    def entries(self) -> Iterator[Entry]:
        """All of them, by task and then by sample."""
        yield from (self._found[key] for key in sorted(self._found))

    def find(self, task: int, sample: int) -> Entry | None:
        """The one episode; None where there is none."""
        return self._found.get((task, sample))

    def raw(self, entry: Entry) -> bytes:
        """The line as it was written, without its newline."""
        with self._log.open("rb") as file:
            file.seek(entry.offset)
            return file.read(entry.length)

    def read(self, entry: Entry) -> EpisodeRecord:
        """The episode with what was said in it.

        Raises:
            RunError: the log has changed since.
        """
        try:
            return EpisodeRecord.from_row(json.loads(self.raw(entry)))
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(f"{self._log} has changed while it was read") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held open."""
