"""The pages beside the list: one of each run, all showing the same task in the same mode."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container

from assaygym.benchmarks.dialogue import visible
from assaygym.benchmarks.viewer.page import MODES, VERDICT_STYLES, Section, raw_sections, sections
from assaygym.benchmarks.viewer.reader import Reader
from assaygym.benchmarks.viewer.rows import Item, Row
from assaygym.benchmarks.viewer.source import Source
from assaygym.benchmarks.viewer.widgets import Page
from assaygym.errors import AssayError, told

__all__ = ["Pages"]


class Pages(Container):
    """A page for each run.

    Args:
        sources: the runs.
        reader: reads the episodes.
    """

    def __init__(self, sources: Sequence[Source], reader: Reader) -> None:
        super().__init__()
        self._sources = tuple(sources)
        self._reader = reader
        self._mode, self._sample = MODES[0], 0
        self._shown: object = None

    def compose(self) -> ComposeResult:
        """Beside each other."""
        for _ in self._sources:
            yield Page()

    @property
    def every(self) -> list[Page]:
        """In the order of the runs."""
        return list(self.query(Page))

    @property
    def current(self) -> Page:
        """The one that has the keys; the first where none has."""
        return next((page for page in self.every if page.has_focus), self.every[0])

    def turn_mode(self, mode: str) -> None:
        """Show this of an episode; where that is shown: the dialogue."""
        self._mode = MODES[0] if self._mode == mode else mode

    def turn_sample(self, sample: int, item: Item) -> None:
        """Show this sample of a task, counted round in the run that has more."""
        self._sample = sample % max(len(item.a), len(item.b))

    def next_sample(self, step: int, item: Item) -> None:
        """Show another sample of the task."""
        self.turn_sample(self._sample + step, item)

    async def show(self, item: Item | None) -> None:
        """Show an episode, or a task of each run; from its top, unless it is what is shown already."""
        sides = [item.a, item.b][: len(self._sources)] if item is not None else [()] * len(self._sources)
        rows = [side[min(self._sample, len(side) - 1)] if side else None for side in sides]
        mode = self._mode
        wanted = mode, [row and row.key for row in rows]
        for page, source, row in zip(self.every, self._sources, rows, strict=True):
            found = await self._read(source, row, mode) if row is not None else []
            page.show(self._title(source, row), found, anew=wanted != self._shown)
        self._shown = wanted

    async def _read(self, source: Source, row: Row, mode: str) -> list[Section]:
        try:
            return await self._reader.ask(lambda: _sections(source, row, mode))
        except AssayError as error:
            return [Section(head=Text("this episode cannot be shown", "bold red"), body=Text(visible(told(error))))]

    def _title(self, source: Source, row: Row | None) -> Text:
        two = len(self._sources) > 1
        title = Text(visible(f"{'AB'[self._sources.index(source)]} {source.short}: " if two else ""))
        if row is None:
            return title.append("no such episode")
        title.append(f"{row.task}/{row.sample} ").append(row.outcome.value, VERDICT_STYLES[row.outcome.value])
        title.append(f" · {self._mode}" if self._mode != MODES[0] else "")
        return title.append(visible(f" · {row.task_id}".replace("\n", " ")))


def _sections(source: Source, row: Row, mode: str) -> list[Section]:
    return raw_sections(source.raw(row.key)) if mode == "raw" else sections(source.read(row.key), mode)
