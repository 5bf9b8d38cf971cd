"""Where a command's words go: results on standard output, progress and messages on standard error."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["console", "emit_json", "say", "show_paragraph", "show_table"]

PIPE_WIDTH = 200
"""Columns when nobody watches: wide enough that no id is broken."""


def console(*, error: bool = False) -> Console:
    """A rich console on standard output or standard error, without colours where that is no terminal."""
    stream = sys.stderr if error else sys.stdout
    return Console(file=stream, highlight=False, width=None if stream.isatty() else PIPE_WIDTH)


def say(sentence: str) -> None:
    """A message beside the results, on standard error."""
    print(sentence, file=sys.stderr, flush=True)


def emit_json(value: object) -> None:
    """The machine's form of the result: one JSON document on standard output; NaN becomes null."""
    from assaygym.agents.record import json_safe

    print(json.dumps(json_safe(value), indent=2, allow_nan=False), flush=True)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """A table on standard output; cells are shown as they are, whatever they hold."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    out = console()
    if title:
        out.print(Text(title, style="bold"))
    out.print(table)


def show_paragraph(text: str, indent: int = 0) -> None:
    """A paragraph on standard output, shown as it is; lines after the first stand two columns further in."""
    out = console()
    lines = textwrap.wrap(text, out.width, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))
    out.print(Text("\n".join(lines)), soft_wrap=True)
