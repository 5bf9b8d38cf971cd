"""The viewer's screen and keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.events import Resize
from textual.widgets import Input, Static

from assaygym.benchmarks.dialogue import visible
from assaygym.benchmarks.viewer.keys import HINTS, HINTS_OF_TWO, bindings
from assaygym.benchmarks.viewer.look import CSS, THEMES, classes_for, is_narrow
from assaygym.benchmarks.viewer.pages import Pages
from assaygym.benchmarks.viewer.reader import Reader
from assaygym.benchmarks.viewer.rows import Item, Row, differs
from assaygym.benchmarks.viewer.screens import FilterScreen, HelpScreen
from assaygym.benchmarks.viewer.source import Source, same_tasks
from assaygym.benchmarks.viewer.state import Listing
from assaygym.benchmarks.viewer.widgets import EpisodeList
from assaygym.errors import AssayError, told

__all__ = ["Viewer"]

CHUNK = 5000
"""Episodes that are listed before the first are shown, and between two looks at what was typed."""
FOLLOW = 2.0
"""Seconds between two looks at whether the log has grown; ten times what reading it took, where that is longer."""


class Viewer(App[None]):
    """One run's episodes, or two runs task by task.

    Args:
        sources: one run or two.
        theme: one of `THEMES`.

    Raises:
        ConfigError: the two runs evaluate different things.
    """

    ENABLE_COMMAND_PALETTE = False
    CSS = CSS
    BINDINGS: ClassVar[list[BindingType]] = bindings()

    def __init__(self, sources: Sequence[Source], theme: str = "terminal") -> None:
        super().__init__()
        self.theme = THEMES[theme]
        self.animation_level = "none"
        self._sources = tuple(sources)
        self._two = len(self._sources) > 1
        self._listing = Listing(two=self._two, by_id=self._two and not same_tasks(*self._sources))
        self._reader = Reader()
        self._zoomed = False
        self._width = 80
        self._state = "reading"
        self._due = 0.0

    def compose(self) -> ComposeResult:
        """The list, a page for each run, a line above and below."""
        yield Static(id="status")
        with Container(id="body"):
            yield EpisodeList(two=self._two)
            yield Pages(self._sources, self._reader)
        yield Input(id="search", placeholder="search ids and reasons", select_on_focus=False)
        yield Static(id="keys")

    def on_mount(self) -> None:
        """Begin to read."""
        self._list.focus()
        self._arrange()
        self.action_reload()
        self.set_interval(FOLLOW, self._follow)

    def on_unmount(self) -> None:
        """Let go of the logs."""
        self._reader.end(self._close)

    def _close(self) -> None:
        for source in self._sources:
            source.close()

    def on_resize(self, event: Resize) -> None:
        """Lay the halves out anew."""
        self._width = event.size.width
        self._arrange()
        self._tell()

    # reading

    @work(exclusive=True, group="load")
    async def action_reload(self) -> None:
        """Read where the episodes stand, and list them while more are read."""
        began = time.monotonic()
        self._state = "reading"
        self._tell()
        try:
            await self._load()
            self._state = ""
        except AssayError as error:
            self._state = "the log cannot be read"
            self.notify(visible(told(error)), severity="error", markup=False)
        self._due = time.monotonic() + 10 * (time.monotonic() - began)
        self._tell()

    async def _load(self) -> None:
        fresh: list[list[Row]] = [[] for _ in self._sources]
        growing = not self._listing.every
        for rows, source in zip(fresh, self._sources, strict=True):
            await self._reader.ask(source.open)
            found = source.rows()
            while chunk := await self._reader.ask(partial(_next, found)):
                rows += chunk
                if growing and len(rows) == CHUNK:
                    self._have(fresh)
                self._state = f"reading: {sum(map(len, fresh))}"
                self._tell()
        self._have(fresh)

    def _have(self, rows: Sequence[Sequence[Row]]) -> None:
        self._listing.have(rows)
        self._relist()

    async def _follow(self) -> None:
        """Read anew where the log has grown, unless that just took long."""
        idle = not self._state.startswith("reading") and time.monotonic() >= self._due
        if idle and any(source.changed() for source in self._sources):
            self.action_reload()

    @property
    def _pages(self) -> Pages:
        return self.query_one(Pages)

    # the list

    @property
    def _list(self) -> EpisodeList:
        return self.query_one(EpisodeList)

    def _relist(self) -> None:
        """Show the lines there are now, with the cursor on the same one where it is still there."""
        listing = self._listing
        self._list.show(listing.items, listing.place(self._list.item), listing.hint())
        self._tell()
        self._show()

    def on_episode_list_moved(self) -> None:
        """Another line: its own first sample."""
        if (item := self._list.item) is not None:
            self._pages.turn_sample(0, item)
        self._show()

    def on_episode_list_chosen(self) -> None:
        """To the page."""
        self._pages.current.focus()
        self._zoomed = self._zoomed or is_narrow(self._width, two=self._two)
        self._arrange()

    def action_step(self, step: int) -> None:
        """The next line, or the one before."""
        self._list.move(self._list.cursor + step)

    def action_failed(self, step: int) -> None:
        """The next line with an episode that is not correct."""
        self._jump(step, lambda item: any(row.failed for row in item.rows), "nothing that failed")

    def action_differing(self) -> None:
        """The next task that came out otherwise, at the first sample that did."""
        if not self._two:
            self.notify("give two runs: assay view RUN RUN2", markup=False)
        elif (item := self._jump(1, differs, "no task that came out otherwise")) is not None:
            pairs = enumerate(zip(item.a, item.b, strict=False))
            sample = next((n for n, (a, b) in pairs if a.outcome is not b.outcome), 0)
            self._pages.turn_sample(sample, item)
            self._show()

    def _jump(self, step: int, test: Callable[[Item], bool], nothing: str) -> Item | None:
        place = self._listing.jump(self._list.cursor, step, test)
        if place is None:
            self.notify(f"{nothing} {'after' if step > 0 else 'before'} this one", markup=False)
            return None
        self._list.move(place)
        return self._list.item

    def action_filter(self) -> None:
        """Choose what the list keeps."""
        found = self._listing.choices()
        if found:
            self.push_screen(FilterScreen(found, self._listing.filter.chosen), self._chosen)
        else:
            self.notify("nothing to choose between: all episodes are alike", markup=False)

    def _chosen(self, chosen: frozenset[tuple[str, str]] | None) -> None:
        if chosen is not None and chosen != self._listing.filter.chosen:
            self._listing.choose(chosen)
            self._relist()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether the key means this here: in the line of the search, a slash is a slash."""
        return action != "search" or not isinstance(self.focused, Input)

    def action_search(self) -> None:
        """Type what to search for."""
        line = self.query_one("#search", Input)
        line.display = True
        self.screen.set_focus(line)  # at once: what is typed next is for the line

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep what has it."""
        event.input.display = bool(event.value.strip())
        self._list.focus()
        self._listing.search(event.value)
        self._relist()

    def action_order(self) -> None:
        """The next order of the list."""
        self._listing.next_order()
        self._relist()

    def action_backwards(self) -> None:
        """The order the other way round."""
        self._listing.turn_round()
        self._relist()

    # the pages

    @work(exclusive=True, group="show")
    async def _show(self) -> None:
        """Show the line under the cursor; another one that is asked for meanwhile takes its place."""
        await self._pages.show(self._list.item)

    def action_sample(self, step: int) -> None:
        """Another sample of the task, in both runs."""
        if self._two and (item := self._list.item) is not None:
            self._pages.next_sample(step, item)
            self._show()

    def action_mode(self, mode: str) -> None:
        """Show this of the episode; once more: the dialogue."""
        self._pages.turn_mode(mode)
        self._show()

    def action_mark(self, step: int) -> None:
        """Mark another part that folds, on the page that has the keys."""
        self._pages.current.mark(step)

    def action_turn(self) -> None:
        """Open or close the marked part."""
        self._pages.current.turn()

    def action_turn_all(self) -> None:
        """Open or close all parts."""
        for page in self._pages.every:
            page.turn_all()

    # the screen

    def action_help(self) -> None:
        """The keys."""
        self.push_screen(HelpScreen())

    def action_zoom(self) -> None:
        """Hide the list, or show it again."""
        self._zoomed = not self._zoomed
        self._arrange()

    def action_leave(self) -> None:
        """From the search or the page to the list; from the list: the search away."""
        line = self.query_one("#search", Input)
        if line.has_focus or (self._list.has_focus and self._listing.filter.text):
            line.value, line.display = "", False
            self._listing.search("")
            self._relist()
        self._zoomed = False
        self._arrange()
        self._list.focus()

    def _arrange(self) -> None:
        """Beside each other, above each other, or one at a time: as the terminal has room."""
        for name, on in classes_for(self._width, two=self._two).items():
            self.query_one("#body").set_class(on, name)
        self._list.display = not self._zoomed
        self._pages.display = self._zoomed or not is_narrow(self._width, two=self._two)
        if self._zoomed and self._list.has_focus:
            self._pages.current.focus()

    def _tell(self) -> None:
        """The line above and the line below."""
        runs = " vs ".join(f"{source.short} ({source.player})" for source in self._sources)
        parts = [runs, self._sources[0].target, *self._listing.told(self._sources[0].planned)]
        parts += [self._state] if self._state else []
        bar = Text(visible(" · ".join(parts)), "reverse", no_wrap=True)
        bar.truncate(self._width, overflow="ellipsis", pad=True)
        self.query_one("#status", Static).update(bar)
        keys = Text(HINTS_OF_TWO if self._two else HINTS, "dim", no_wrap=True, overflow="ellipsis")
        self.query_one("#keys", Static).update(keys)


def _next(rows: Iterator[Row]) -> list[Row]:
    return list(islice(rows, CHUNK))
