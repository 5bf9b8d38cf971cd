"""The files that a session starts with, checked."""

from __future__ import annotations

from collections.abc import Mapping

from assaygym.sandbox._order import PROGRAM, placed


def checked_files(files: Mapping[str, bytes] | None) -> dict[str, bytes]:
    """Relative path to content.

    Raises:
        ConfigError: a name is absolute, leaves the folder or is not a plain path.
    """
    return {name: content for name, content in placed("", files).items() if name != PROGRAM}
