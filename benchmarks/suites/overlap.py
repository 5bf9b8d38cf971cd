"""Contamination: which tasks of a suite share a run of words with other text.

A task is told by its question, as it is posed, without the suite's own instructions: what all prompts begin or end
with, and what many of them say. Thirteen words are what Brown et al. 2020 ("Language Models are Few-Shot Learners")
looked for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assaygym.benchmarks.suites.load import LoadedSuite

__all__ = ["Overlap", "Shared", "asked", "grams", "overlap", "texts_of"]

WORDS = 13
_WORD = re.compile(r"\w+")
COMMON = 0.02
"""A run of words in more than this share of the tasks, and in at least `FEWEST`, is the suite's own phrase."""
FEWEST = 5


@dataclass(frozen=True, slots=True)
class Shared:
    """A task that shares words: `place` of the other text (from 1), how much of the task's runs are in any, one run."""

    task: str
    index: int
    place: int
    share: float
    words: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """What was found: the tasks that share words, of `tasks` that have enough words, with `texts` other texts."""

    tasks: int
    short: int
    """Tasks with fewer words than a run, of which nothing can be said unless a text holds all of them."""
    texts: int
    shared: tuple[Shared, ...]


def grams(text: str, words: int = WORDS) -> Iterator[str]:
    """The runs of that many words of a text, folded; a text with fewer is one run."""
    found = _WORD.findall(text.casefold())
    for start in range(max(1, len(found) - words + 1) if found else 0):
        yield " ".join(found[start : start + words])


def overlap(loaded: LoadedSuite, texts: Iterable[str], words: int = WORDS) -> Overlap:
    """Compare a suite's tasks with other text, which is read once and not kept.

    Args:
        loaded: the suite.
        texts: prompts of a training set, say.
        words: in a run.
    """
    names = [loaded.definition.row_task(index).id for index in range(len(loaded.definition.rows))]
    runs = [set(grams(text, words)) for text in asked(loaded)]
    _without_common(runs)
    at: dict[str, list[int]] = {}
    for index, own in enumerate(runs):
        for run in own:
            at.setdefault(run, []).append(index)
    found: dict[int, tuple[int, set[str]]] = {}
    count = 0
    for count, text in enumerate(texts, start=1):
        for run in grams(text, words):
            for index in at.get(run, ()):
                found.setdefault(index, (count, set()))[1].add(run)
    short = sum(bool(own) and all(run.count(" ") < words - 1 for run in own) for own in runs)
    shared = tuple(
        Shared(names[index], index, place, len(hits) / len(runs[index]), min(hits))
        for index, (place, hits) in sorted(found.items())
    )
    return Overlap(len(names), short, count, shared)


def _without_common(runs: Sequence[set[str]]) -> None:
    """Take away the runs that many tasks have: they are of the instructions."""
    counted = Counter(run for own in runs for run in own)
    most = max(FEWEST, COMMON * len(runs))
    for own in runs:
        own.difference_update([run for run in own if counted[run] > most])


def asked(loaded: LoadedSuite) -> list[str]:
    """What the user says in each task, without the beginning and the end that all of them have."""
    tasks = (loaded.definition.row_task(index) for index in range(len(loaded.definition.rows)))
    texts = ["\n".join(message.content for message in task.prompt if message.role == "user") for task in tasks]
    if len(texts) < 2:
        return texts
    before = _shared_start(texts)
    texts = [text[before:] for text in texts]
    after = _shared_start([text[::-1] for text in texts])
    return [text[: len(text) - after] for text in texts]


def _shared_start(texts: Sequence[str]) -> int:
    """How many characters all texts begin with."""
    first, last = min(texts), max(texts)
    return next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))


def texts_of(rows: Iterable[Mapping[str, Any]], column: str | None) -> Iterator[str]:
    """The text of each row: of a column, or all the text that it has, lists and chats included."""
    for row in rows:
        yield "\n".join(_texts(row if column is None else row.get(column)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _texts(part)
