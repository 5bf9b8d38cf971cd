"""What every measuring command does around its measurement: options, faults, the JSON document, tables, exit code."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assaygym.benchmarks.speed.contender import Absent, WrongResult
from assaygym.benchmarks.speed.document import portable
from assaygym.errors import AssayError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["emit", "parser_of", "run_script"]

WIDTH = 200
"""Columns of the tables where no terminal says how many there are."""

Document = dict[str, Any]


def parser_of(name: str, doc: str | None) -> argparse.ArgumentParser:
    """A parser with `--json`, for the module of that name; the first line of its docstring is what it does."""
    parser = argparse.ArgumentParser(
        prog=f"python -m assaygym.benchmarks.speed.{name}", description=(doc or "").partition("\n")[0]
    )
    parser.add_argument("--json", metavar="FILE", help="write every figure there; - prints them instead of the tables")
    return parser


def run_script(
    arguments: Sequence[str] | None,
    parser: argparse.ArgumentParser,
    take: Callable[[argparse.Namespace], Document],
    show: Callable[[Document, Console], None],
    *,
    files: Sequence[str] = (),
    missed: Callable[[argparse.Namespace, Document], bool] = lambda options, found: False,
) -> int:
    """Parse, measure, write or print; the exit code.

    Args:
        arguments: of the command line, without the command; None takes the process's own.
        parser: of these; made by `parser_of`.
        take: measures; what it returns is the document, but for the command.
        show: prints the document.
        files: options whose value is a path, which is recorded without its folders.
        missed: whether the exit code tells that something was found wanting.

    Returns:
        0; 1 where `missed` says so; 2 where the measurement failed, with the reason on standard error.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = parser.parse_args(given)
    try:
        found = take(options)
    except (AssayError, Absent, WrongResult, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    found = {"command": [*parser.prog.split(), *portable(given, ("--json", *files))], **found}
    emit(found, options.json, show)
    return 1 if missed(options, found) else 0


def emit(found: Document, target: str | None, show: Callable[[Document, Console], None]) -> None:
    """Print the tables, and write the document where a file is named; `-` prints the document instead."""
    text = json.dumps(found, indent=1)
    if target == "-":
        print(text)
        return
    if target is not None:
        Path(target).write_text(f"{text}\n", encoding="utf-8")
    from rich.console import Console

    show(found, Console(width=None if sys.stdout.isatty() else WIDTH))
