"""What the runs that learn keep in their folders: files written whole or not at all, and whose run it is."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from assaygym.errors import RunError

__all__ = ["refuse_another_run", "write_whole"]


def write_whole(path: Path, data: bytes) -> None:
    """Replace the file by one with this content; whoever is killed meanwhile leaves the old one."""
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def refuse_another_run(
    folder: Path, mine: Mapping[str, Any], theirs: Mapping[str, Any], *, free: Collection[str]
) -> None:
    """Let a run go on in this folder only where it is the one that was begun there.

    Args:
        folder: named in the sentence.
        mine: what makes this run this run, as plain values.
        theirs: the same of the run that the folder holds.
        free: names that may have changed.

    Raises:
        RunError: another value differs; the sentence names all that do.
    """
    if changed := [name for name in mine if name not in free and mine[name] != theirs.get(name)]:
        what = ", ".join(f"{name} {theirs.get(name)} (now {mine[name]})" for name in changed)
        raise RunError(f"{folder} holds a run with {what}; use its settings or name another folder")
