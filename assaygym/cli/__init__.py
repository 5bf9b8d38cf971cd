"""The command line, `assay`."""

from __future__ import annotations

__all__ = ["app", "main"]

from assaygym.cli.app import app


def main() -> None:
    """Run the command line of this process."""
    app(prog_name="assay")
