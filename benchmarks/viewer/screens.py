"""What stands before the viewer for a moment: the choice of filters, the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import SelectionList, Static

from assaygym.benchmarks.dialogue import visible
from assaygym.benchmarks.viewer.keys import KEYS
from assaygym.benchmarks.viewer.listing import Choice

__all__ = ["FilterScreen", "HelpScreen"]

MARKS_TOLD = "✓ correct  ~ partial  ✗ incorrect  ? unparsed\n∅ invalid (a part of ours failed)  ! error  … unfinished"


class FilterScreen(ModalScreen[frozenset[Choice]]):
    """Choose what the list keeps: values of one kind are alternatives, kinds come on top of each other."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f,q", "done", "done"),
        Binding("x", "clear", "clear"),
        Binding("j", "down", "down"),
        Binding("k", "up", "up"),
    ]
    CSS = """
    FilterScreen { align: center middle; }
    FilterScreen VerticalScroll { width: 56; max-width: 100%; height: auto; max-height: 100%; border: round $primary; }
    FilterScreen SelectionList { height: auto; max-height: 16; border: none; padding: 0; }
    """

    def __init__(self, found: Sequence[tuple[Choice, int]], chosen: frozenset[Choice]) -> None:
        super().__init__()
        self._found = found
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """A list of all choices."""
        with VerticalScroll():
            yield Static(Text("keep only (space: choose, x: none, f or escape: done)", "bold"))
            yield SelectionList[Choice](
                *(
                    (
                        Content(f"{kind}: {visible(value)} ({count})".replace("\n", " ")),
                        (kind, value),
                        self._had(kind, value),
                    )
                    for (kind, value), count in self._found
                )
            )

    def on_mount(self) -> None:
        """The keys go to the list."""
        self._list.focus()

    def action_done(self) -> None:
        """Leave with what is chosen."""
        self.dismiss(frozenset(self._list.selected))

    def action_clear(self) -> None:
        """Choose nothing."""
        self._list.deselect_all()

    def action_down(self) -> None:
        """The next choice."""
        self._list.action_cursor_down()

    def action_up(self) -> None:
        """The choice before."""
        self._list.action_cursor_up()

    @property
    def _list(self) -> SelectionList[Choice]:
        return self.query_one(SelectionList)

    def _had(self, kind: str, value: str) -> bool:
        return (kind, value) in self._chosen


class HelpScreen(ModalScreen[None]):
    """The keys, and what the marks mean."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "dismiss", "close")]
    CSS = """
    HelpScreen { align: center middle; }
    HelpScreen VerticalScroll { width: 64; max-width: 100%; height: auto; max-height: 100%; border: round $primary; }
    """

    def compose(self) -> ComposeResult:
        """One paragraph."""
        with VerticalScroll():
            lines = [Text.assemble((f"{key.shown:>6}  ", "bold"), key.told) for key in KEYS]
            yield Static(Text("\n").join([*lines, Text(MARKS_TOLD)]))

    def on_mount(self) -> None:
        """The keys scroll it where it does not fit."""
        self.query_one(VerticalScroll).focus()
