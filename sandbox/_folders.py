"""Folders of the host for backends that mount nothing: the interpreter's environment, and a scratch for each worker."""

from __future__ import annotations

import os
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

from assaygym.sandbox._interpreter import lay_out
from assaygym.sandbox.guest.scratch import empty


class Folders:
    """Made at once; removed by `close`, or when nobody holds this any more.

    Args:
        python: the base interpreter.

    Attributes:
        root: the folder that holds all others.
        command: the interpreter for programs.
        packages: its folder of packages.
    """

    def __init__(self, python: str) -> None:
        self.root = Path(tempfile.mkdtemp(prefix=f"assaygym-{os.getpid()}-"))
        self.close = weakref.finalize(self, _remove, self.root, os.getpid())
        self.command, self.packages = lay_out(self.root / "python", python)

    def scratch(self, user: int = 0) -> str:
        """A new and empty folder, for our own user, or for another one where root asks."""
        folder = tempfile.mkdtemp(prefix="run-", dir=self.root)
        if user:
            self._let_others_pass()
            os.chown(folder, user, user)
        return folder

    def _let_others_pass(self) -> None:
        self.root.chmod(0o711)
        for folder, _, _ in os.walk(self.root / "python"):
            os.chmod(folder, 0o755)
        os.chmod(self.root / "python" / "pyvenv.cfg", 0o644)


def _remove(folder: Path, owner: int) -> None:
    """Remove a folder, as far as that is possible, unless this is a fork of the process that made it."""
    if os.getpid() == owner:
        with suppress(OSError):
            empty(str(folder))
            folder.rmdir()
