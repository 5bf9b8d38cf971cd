"""The command line, `assay`."""

from __future__ import annotations

import io
import sys

from assaygym.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line of this process."""
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)  # a model's text may hold what the terminal cannot show
    app(prog_name="assay")
