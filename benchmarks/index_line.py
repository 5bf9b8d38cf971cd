"""A line of a log as its index holds it, and back: texts and numbers that sqlite can hold, compare and order."""

from __future__ import annotations

import json
import zlib
from dataclasses import fields
from operator import attrgetter
from typing import NamedTuple

from assaygym.benchmarks.measures import NAMES, Measures, measured
from assaygym.benchmarks.records import EpisodeRecord, Outcome

__all__ = ["GREATEST", "RECORD", "Line", "line_of", "measures_of", "ordered", "plain", "record_of"]

RECORD = tuple(item.name for item in fields(EpisodeRecord) if item.name != "trajectory")
GREATEST = (1 << 63) - 1
"""The largest number of sqlite."""

_light_of = attrgetter(*RECORD)
_encoded = json.JSONEncoder(separators=(",", ":")).encode


class Line(NamedTuple):
    """A line of the log as the index holds it: a row of `lines`."""

    offset: int
    length: int
    """Bytes, the newline left out."""
    checksum: int
    """Of all its bytes, the newline included."""
    config: str
    task: int | str
    sample: int | str
    task_id: str
    record: str
    """Without the trajectory."""
    measures: str


def plain(value: object) -> str:
    """Text that sqlite can hold, whatever a log says: JSON, in ASCII."""
    return _encoded(value)


def ordered(number: int) -> int | str:
    """The whole number as sqlite can hold and order it: one beyond 64 bits as a text, which sorts after all numbers."""
    return number if number <= GREATEST else f"{len(str(number)):04d}{number}"


def line_of(record: EpisodeRecord, offset: int, written: bytes) -> Line:
    """The line of an episode, as it was written there."""
    return Line(
        offset=offset,
        length=len(written) - 1,
        checksum=zlib.crc32(written),
        config=plain(record.config),
        task=ordered(record.task),
        sample=ordered(record.sample),
        task_id=plain(record.task_id),
        record=_encoded(_light_of(record)),
        measures=_encoded(measured(record.trajectory)),
    )


def record_of(text: str) -> EpisodeRecord:
    """What `Line.record` says."""
    row = dict(zip(RECORD, json.loads(text), strict=True))
    row["outcome"], row["flags"] = Outcome(row["outcome"]), tuple(row["flags"])
    return EpisodeRecord(**row)


def measures_of(text: str) -> Measures:
    """What `Line.measures` says."""
    return Measures(**dict(zip(NAMES, json.loads(text), strict=True)))
