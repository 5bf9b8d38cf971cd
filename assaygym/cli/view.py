"""`assay view`: the episodes of a run in the terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from assaygym.errors import ConfigError, MissingDependencyError, did_you_mean

OWN = "terminal"


def view(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="The folder of an evaluation, or a rescored-N.json in it.")
    ],
    other: Annotated[
        Path | None, typer.Argument(metavar="RUN2", help="Another run on the same, shown beside it task by task.")
    ] = None,
    theme: Annotated[str, typer.Option(help="terminal: its own colours; or dark, light.")] = OWN,
) -> int:
    """Read the episodes of a run in the terminal: what was said, what it earned, and why. A running one is followed."""
    try:
        from assaygym.benchmarks.viewer.app import Viewer
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "textual":
            raise
        raise MissingDependencyError.of("textual", "view", "assay view") from error
    from assaygym.benchmarks.viewer.look import THEMES
    from assaygym.benchmarks.viewer.source import Source

    if theme not in THEMES:
        raise ConfigError(f"--theme {theme!r} is no theme; {did_you_mean(theme, THEMES)}")
    viewer = Viewer([Source(path) for path in (run, other) if path is not None], theme)
    if not on_terminal():
        raise ConfigError("assay view needs a terminal to draw on; assay show prints an episode")
    viewer.run()
    return viewer.return_code or 0


def on_terminal() -> bool:
    """Whether there is a terminal to read keys from and to draw on (which textual does on standard error)."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
