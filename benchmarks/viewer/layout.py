"""Sections as the lines of a column of the screen, and which of them are open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rich.console import Console
from rich.text import Text

from assaygym.benchmarks.viewer.page import PREVIEW, Section

__all__ = ["Folds", "Line", "lay_out"]

_CONSOLE = Console(width=80, color_system="truecolor", force_terminal=True, legacy_windows=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folds:
    """Which sections are open: as they are at first, all, or none; and those that were turned since, by place."""

    every: bool | None = None
    """Whether all are open (or all closed); None: each as it is at first."""
    turned: frozenset[int] = field(default_factory=frozenset[int])

    def is_open(self, place: int, section: Section) -> bool:
        """Whether the section's body is shown."""
        if not section.folds:
            return True
        return (not section.closed if self.every is None else self.every) is not (place in self.turned)

    def turn(self, place: int) -> Folds:
        """This one the other way round."""
        return replace(self, turned=self.turned ^ {place})

    def next(self) -> Folds:
        """All open, all closed, and then as at first again."""
        order = {None: True, True: False, False: None}
        return Folds(every=order[self.every])


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the screen and the place of the section it is of."""

    text: Text
    section: int
    is_head: bool = False


def lay_out(sections: Sequence[Section], width: int, folds: Folds, marked: int | None = None) -> list[Line]:
    """The lines of all sections, none wider than `width` cells.

    Args:
        sections: from top to bottom.
        width: in cells, at least 1.
        folds: which are open.
        marked: the section whose head is marked, if any.
    """
    lines: list[Line] = []
    for place, section in enumerate(sections):
        is_open = folds.is_open(place, section)
        if place and not section.indent and section.head:
            lines.append(Line(text=Text(""), section=place))
        if section.head:
            head = _head(section, width, is_open, is_marked=place == marked)
            lines.append(Line(text=head, section=place, is_head=True))
        if is_open and section.body:
            lines += [Line(text=text, section=place) for text in _body(section, width)]
    return lines


def _head(section: Section, width: int, is_open: bool, *, is_marked: bool) -> Text:
    sign = ("▾ " if is_open else "▸ ") if section.folds else ""
    head = Text.assemble(" " * section.indent, sign, section.head)
    if not is_open:
        preview = " ".join(section.body.plain[: 4 * PREVIEW].split())[:PREVIEW]
        head.append(f"  {preview}{'…' if len(section.body) > len(preview) else ''}", "dim")
    if is_marked:
        head.stylize("reverse")
    room = width - section.note.cell_len - 2
    if section.note and room >= 8:
        head.truncate(room, overflow="ellipsis", pad=True)
        head.append("  ").append_text(section.note)
    head.truncate(width, overflow="ellipsis")
    return head


def _body(section: Section, width: int) -> list[Text]:
    prefix = Text.assemble(" " * section.indent, ("│ ", section.style))
    room = width - prefix.cell_len
    if room < 4:
        prefix, room = Text(""), width
    return [prefix + line for line in wrapped(section.body, room)]


def wrapped(text: Text, width: int) -> list[Text]:
    """The text in lines of at most `width` cells: broken between words, and words that are longer anywhere."""
    return list(text.wrap(_CONSOLE, max(2, width), overflow="fold", tab_size=4))
