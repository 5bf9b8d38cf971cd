"""What both commands need of the terminal: a bar or plain lines on standard error, and numbers from arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Step", "positive", "progress"]

Step = Callable[[int, str], None]
"""Told how much is done, and what is to be said of it."""


@contextmanager
def progress(total: int, lines: int = 100) -> Iterator[Step]:
    """A bar on a terminal; elsewhere so many plain lines on the way to `total`."""
    if not sys.stderr.isatty():
        yield _lines(total, lines)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        yield lambda done, text: bar.update(task, completed=done, description=text)


def _lines(total: int, lines: int) -> Step:
    shown = 0

    def step(done: int, text: str) -> None:
        nonlocal shown
        if lines * done // total > shown:
            shown = lines * done // total
            print(f"{done}/{total}  {text}", file=sys.stderr, flush=True)

    return step


def positive(text: str) -> int:
    """A whole number from 1, for `argparse`."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is given; expected at least 1")
    return number
