"""How the viewer lies on the screen: its style sheet, its themes, what a width has room for."""

from __future__ import annotations

__all__ = ["CSS", "THEMES", "classes_for", "is_narrow"]

THEMES = {"terminal": "ansi-dark", "dark": "textual-dark", "light": "textual-light"}
"""`terminal`: the terminal's own colours, dark or light as they are."""
NARROW, SMALL, WIDE = 60, 120, 140
"""Columns of a terminal: below the first list and page take turns, below the second the list gives no reasons; from
the last on two runs stand beside their list, not under it."""
CSS = """
Screen { overflow: hidden; }
#status, #keys { height: 1; }
#body { layout: horizontal; height: 1fr; }
EpisodeList, Page { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
EpisodeList { width: 2fr; }
Pages { layout: horizontal; width: 3fr; }
Page { width: 1fr; border-left: solid $primary; }
#search { height: 1; border: none; padding: 0; display: none; }
#body.small EpisodeList { width: 31; }
#body.alone EpisodeList { width: 1fr; }
#body.stacked { layout: vertical; }
#body.stacked EpisodeList { width: 100%; height: 1fr; }
#body.stacked Pages { width: 100%; height: 2fr; border-top: solid $primary; }
"""


def is_narrow(width: int, *, two: bool) -> bool:
    """Whether the list and the page take turns."""
    return width < NARROW and not two


def classes_for(width: int, *, two: bool) -> dict[str, bool]:
    """Which classes of the style sheet hold at so many columns: beside each other, above each other, or alone."""
    narrow = is_narrow(width, two=two)
    return {"alone": narrow, "small": width < SMALL and not narrow and not two, "stacked": two and width < WIDE}
