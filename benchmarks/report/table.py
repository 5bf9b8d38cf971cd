"""A run as a table: one row an episode, for a spreadsheet or a data frame."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Any, TextIO

from assaygym.benchmarks.index import Entry, EpisodeIndex
from assaygym.benchmarks.recorded import RecordedRun

__all__ = ["COLUMNS", "encodable", "planned_entries", "write_csv"]

RECORD = ("task", "sample", "task_id", "category", "outcome", "value", "lenient", "truncated", "attempt")
MEASURES = (
    *("turns", "tool_calls", "tool_errors", "repaired", "prompt_tokens", "sampled_tokens", "characters", "cached"),
    *("sampling_seconds", "step_seconds", "verify_seconds", "stop_reason"),
)
COLUMNS = ("run", "target", "policy", *RECORD, *MEASURES, "flags", "extracted", "explanation")
"""Of the table. Numbers are in full; an empty cell is a value that there is not."""


def planned_entries(run: RecordedRun, index: EpisodeIndex) -> Iterator[Entry]:
    """The episodes that a report of the run counts, with the scores of the run (which may be later ones)."""
    tasks = frozenset(run.plan.tasks)
    for entry in index.entries():
        record = run.records.get(entry.record.key)
        if record is not None and record.task in tasks and record.sample < run.plan.samples:
            yield replace(entry, record=record)


def write_csv(run: RecordedRun, entries: Iterable[Entry], file: TextIO, *, header: bool = True) -> int:
    """Write the rows and tell their number.

    Args:
        run: whose episodes they are.
        entries: as `planned_entries` gives them.
        file: opened with `newline=""`; lines end as RFC 4180 has it.
        header: whether the names of the columns come first.
    """
    writer = csv.writer(file)
    if header:
        writer.writerow(COLUMNS)
    told = (run.name, run.target["id"], run.config["policy"]["name"])
    written = 0
    for entry in entries:
        writer.writerow([*told, *_cells(entry)])
        written += 1
    return written


def _cells(entry: Entry) -> Iterator[Any]:
    record, measures = entry.record, asdict(entry.measures)
    for value in (*(getattr(record, name) for name in RECORD), *(measures[name] for name in MEASURES)):
        yield _cell(value)
    yield from map(encodable, (" ".join(record.flags), record.extracted or "", record.explanation))


def encodable(text: str) -> str:
    """The text with halves of surrogate pairs, which a model may write and no file can hold, as escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        return encodable(value)
    return int(value) if isinstance(value, bool) else value
