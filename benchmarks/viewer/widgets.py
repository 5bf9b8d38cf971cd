"""The two halves of the screen, drawn line by line: only what is seen is ever rendered, however much there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from assaygym.benchmarks.viewer.layout import Folds, Line, lay_out
from assaygym.benchmarks.viewer.page import VERDICT_STYLES, Section
from assaygym.benchmarks.viewer.rows import Column, Item, cells, columns_for

__all__ = ["EpisodeList", "Page"]

_CONSOLE = Console(color_system="truecolor", force_terminal=True, legacy_windows=False)
_HEADER = Style(bold=True, underline=True)
_CURSOR = Style(reverse=True)
_RESTING = Style(bold=True, underline=True)


class EpisodeList(ScrollView, can_focus=True):
    """The lines of the list under their header, one of them under the cursor."""

    class Moved(Message):
        """The cursor is on another line."""

    class Chosen(Message):
        """Its line is to be read."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,right,l", "choose", "read", show=False)]

    def __init__(self, *, two: bool) -> None:
        super().__init__()
        self._two = two
        self._items: Sequence[Item] = ()
        self._hint = ""
        self.cursor = 0

    @property
    def item(self) -> Item | None:
        """The line under the cursor; None where there is none."""
        return self._items[self.cursor] if self._items else None

    def show(self, items: Sequence[Item], cursor: int, hint: str = "") -> None:
        """Have other lines.

        Args:
            items: from top to bottom.
            cursor: where it is to stand.
            hint: a sentence for a list without lines.
        """
        self._items, self._hint = items, hint
        self.cursor = max(0, min(cursor, len(items) - 1))
        self.virtual_size = Size(0, len(items) + 1)
        self._keep_in_sight()
        self.refresh()

    def move(self, to: int) -> None:
        """Put the cursor on a line, or on the nearest there is."""
        to = max(0, min(to, len(self._items) - 1))
        if to != self.cursor:
            self.cursor = to
            self._keep_in_sight()
            self.refresh()
            self.post_message(self.Moved())

    def render_line(self, y: int) -> Strip:
        """A line of the screen: the header first."""
        width = self.scrollable_content_region.width
        columns = columns_for(width, two=self._two)
        place = self.scroll_offset.y + y - 1
        if y == 0:
            text = _joined([column.title for column in columns], columns, width)
            text.stylize(_HEADER)
        elif place < len(self._items):
            text = self._line(place, columns, width)
        else:
            text = Text(self._hint if y == 2 and not self._items else "", "italic")
        return _strip(text, width, self.rich_style)

    def action_choose(self) -> None:
        """Read the line under the cursor."""
        self.post_message(self.Chosen())

    def action_scroll_up(self) -> None:
        """One line up."""
        self.move(self.cursor - 1)

    def action_scroll_down(self) -> None:
        """One line down."""
        self.move(self.cursor + 1)

    def action_page_up(self) -> None:
        """A screen up."""
        self.move(self.cursor - self._room)

    def action_page_down(self) -> None:
        """A screen down."""
        self.move(self.cursor + self._room)

    def action_scroll_home(self) -> None:
        """The first line."""
        self.move(0)

    def action_scroll_end(self) -> None:
        """The last line."""
        self.move(len(self._items) - 1)

    def on_click(self, event: Click) -> None:
        """The line that was clicked."""
        if event.y > 0:
            self.move(self.scroll_offset.y + event.y - 1)

    def on_resize(self, _: Resize) -> None:
        """Keep the cursor where it can be seen."""
        self._keep_in_sight()

    @property
    def _room(self) -> int:
        return max(1, self.size.height - 1)

    def _keep_in_sight(self) -> None:
        top = self.scroll_offset.y
        top = min(self.cursor, max(top, self.cursor - self._room + 1))
        self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def _line(self, place: int, columns: Sequence[Column], width: int) -> Text:
        item = self._items[place]
        text = _joined(cells(item, columns), columns, width)
        if not self._two:
            text.stylize(VERDICT_STYLES[item.rows[0].outcome.value], 0, 1)
        if place == self.cursor:
            text.pad_right(max(0, width - text.cell_len))
            text.stylize(_CURSOR if self.has_focus else _RESTING)
        return text


class Page(ScrollView, can_focus=True):
    """What is shown of one episode: sections that fold, wrapped to the width."""

    def __init__(self) -> None:
        super().__init__()
        self._sections: Sequence[Section] = ()
        self._folds = Folds()
        self._marked: int | None = None
        self._title = Text()
        self._lines: list[Line] = []

    def show(self, title: Text, sections: Sequence[Section], *, anew: bool) -> None:
        """Show these sections.

        Args:
            title: above them.
            sections: from top to bottom.
            anew: from the top; otherwise what is seen and what is open stay as they are.
        """
        self._title = title
        self._sections = sections
        if anew:
            self._folds, self._marked = Folds(every=self._folds.every), None
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
        self._lay_out()

    @property
    def text(self) -> str:
        """Its lines, whether they are seen or not."""
        return "\n".join([self._title.plain, *(line.text.plain for line in self._lines)])

    def render_line(self, y: int) -> Strip:
        """A line of the screen: the title first."""
        width = self.scrollable_content_region.width
        place = self.scroll_offset.y + y - 1
        if y == 0:
            text = self._title.copy()
            text.truncate(width, overflow="ellipsis", pad=True)
            text.stylize(_CURSOR if self.has_focus else _HEADER)
        else:
            text = self._lines[place].text if place < len(self._lines) else Text("")
        return _strip(text, width, self.rich_style)

    def mark(self, step: int) -> None:
        """Mark the head of the next (or the last) section that folds."""
        places = [place for place, section in enumerate(self._sections) if section.folds]
        if not places:
            return
        if self._marked is None:
            top = self._lines[min(self.scroll_offset.y, len(self._lines) - 1)].section if self._lines else 0
            after = [place for place in places if place >= top] if step > 0 else [p for p in places if p < top]
            self._marked = (after or places[-1:])[0] if step > 0 else (after or places[:1])[-1]
        else:
            self._marked = places[max(0, min(len(places) - 1, places.index(self._marked) + step))]
        self._lay_out()
        self._show_mark()

    def turn(self) -> None:
        """Open the marked section, or close it; without a mark, mark one."""
        if self._marked is None:
            self.mark(1)
            return
        self._folds = self._folds.turn(self._marked)
        self._lay_out()
        self._show_mark()

    def turn_all(self) -> None:
        """Open all, close all, and again as they were at first."""
        self._folds = self._folds.next()
        self._lay_out()

    def on_resize(self, _: Resize) -> None:
        """Wrap anew."""
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        self._lines = lay_out(self._sections, width, self._folds, self._marked) if width else []
        self.virtual_size = Size(0, len(self._lines) + 1)
        self.refresh()

    def _show_mark(self) -> None:
        at = next((n for n, line in enumerate(self._lines) if line.is_head and line.section == self._marked), 0)
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= at < top + height - 2:
            self.scroll_to(y=max(0, at - height // 3), animate=False, force=True, immediate=True)


def _joined(texts: Sequence[str], columns: Sequence[Column], width: int) -> Text:
    """The cells beside each other, each cut or filled to its column."""
    rest = max(0, width - sum(column.width + 1 for column in columns if column.width))
    line = Text(no_wrap=True)
    for text, column in zip(texts, columns, strict=True):
        cell = Text(text)
        room = column.width or rest
        cell.truncate(room, overflow="ellipsis")
        cell.align("right" if column.right else "left", room)
        line.append_text(cell).append(" ")
    line.truncate(width)
    return line


def _strip(text: Text, width: int, style: Style) -> Strip:
    segments = [Segment(part.text, style + part.style if part.style else style) for part in text.render(_CONSOLE)]
    return Strip(segments).adjust_cell_length(width, style)
