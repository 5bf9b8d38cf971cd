"""What stands before the viewer for a moment: the choice of filters, the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from assaygym.benchmarks.dialogue import visible
from assaygym.benchmarks.viewer.keys import KEYS
from assaygym.benchmarks.viewer.listing import Choice

__all__ = ["FilterScreen", "HelpScreen"]

MARKS_TOLD = "✓ correct  ~ partial  ✗ incorrect  ? unparsed\n∅ invalid (a part of ours failed)  ! error  … unfinished"


class FilterScreen(ModalScreen[frozenset[Choice]]):
    """Choose what the list keeps: values of one kind are alternatives, kinds come on top of each other.

    Args:
        found: the choices, with the number of episodes of each.
        chosen: those that hold now.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f,q", "done", "done"),
        Binding("space", "turn", "choose"),
        Binding("x", "clear", "clear"),
        Binding("j", "down", "down"),
        Binding("k", "up", "up"),
    ]
    CSS = """
    FilterScreen { align: center middle; }
    FilterScreen Vertical { width: 60; max-width: 100%; height: auto; max-height: 100%; border: round $primary; }
    FilterScreen OptionList { height: auto; max-height: 18; border: none; padding: 0; }
    """

    def __init__(self, found: Sequence[tuple[Choice, int]], chosen: frozenset[Choice]) -> None:
        super().__init__()
        self._found = found
        self._chosen = set(chosen)

    def compose(self) -> ComposeResult:
        """A list of all choices."""
        with Vertical():
            yield Static(Text("keep only (space: choose, x: none, f or escape: done)", "bold"))
            yield OptionList(*map(self._prompt, range(len(self._found))))

    def on_mount(self) -> None:
        """The keys go to the list."""
        self._options.focus()

    def on_option_list_option_selected(self, _: OptionList.OptionSelected) -> None:
        """Enter does what space does."""
        self.action_turn()

    def action_turn(self) -> None:
        """Choose what is under the cursor, or no longer."""
        if (place := self._options.highlighted) is not None:
            self._chosen ^= {self._found[place][0]}
            self._tell()

    def action_clear(self) -> None:
        """Choose nothing."""
        self._chosen.clear()
        self._tell()

    def action_done(self) -> None:
        """Leave with what is chosen."""
        self.dismiss(frozenset(self._chosen))

    def action_down(self) -> None:
        """The next choice."""
        self._options.action_cursor_down()

    def action_up(self) -> None:
        """The choice before."""
        self._options.action_cursor_up()

    @property
    def _options(self) -> OptionList:
        return self.query_one(OptionList)

    def _tell(self) -> None:
        for place in range(len(self._found)):
            self._options.replace_option_prompt_at_index(place, self._prompt(place))

    def _prompt(self, place: int) -> Content:
        (kind, value), count = self._found[place]
        told = f"{kind}: {visible(value)} ({count})".replace("\n", " ")
        return Content(f"[{'x' if (kind, value) in self._chosen else ' '}] {told}")


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
