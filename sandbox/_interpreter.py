"""The interpreter that programs run on: the one below this virtual environment, without its packages.

Programs get the standard library and nothing else. The packages of the host hold this package (task generators, tests,
answers) and start-up hooks, so they are neither importable nor, in a jail, visible.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def interpreter() -> str:
    """The real executable of the base interpreter, links resolved."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def configuration(python: str) -> str:
    """The text of a `pyvenv.cfg` that makes an empty environment on top of `python`."""
    return f"home = {os.path.dirname(python)}\ninclude-system-site-packages = false\n"


def lay_out(folder: Path, python: str) -> str:
    """Make an empty environment in a new folder; returns the path of its interpreter."""
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(configuration(python), encoding="utf-8")
    command = folder / "bin" / "python3"
    command.symlink_to(python)
    return str(command)
