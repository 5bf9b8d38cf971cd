"""Names of files that a patch may change: plain relative paths, the same on every file system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import PurePosixPath

__all__ = ["PatchError", "checked_path", "folded"]

_LONGEST = 1000
_LONGEST_PART = 255
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?:\..*)?")
_GIT = re.compile(r"\.git|git~[0-9]+")


class PatchError(ValueError):
    """The patch is malformed or not acceptable: the fault of who wrote it, and worth no reward."""


def folded(path: str) -> str:
    """What two paths share that some file system takes for one."""
    return unicodedata.normalize("NFKC", path).casefold()


def checked_path(path: str, known: Collection[str] = ()) -> str:
    """The path without `.` parts.

    Args:
        path: as the patch names it.
        known: the files of the repository, whose names are accepted as they are.

    Raises:
        PatchError: it is absolute, leaves the repository, is git's own, a device of some system, or not plain text.
    """
    if path in known:
        return path
    if len(path) > _LONGEST or not path.isprintable():
        raise PatchError(f"the path {path[:60]!r} is too long or not printable; expected a plain relative path")
    if path.startswith(("/", "~")) or "\\" in path or re.match(r"[A-Za-z]:", path):
        raise PatchError(f"the path {path!r} is not relative to the repository; expected one such as 'pkg/module.py'")
    parts = [part for part in path.split("/") if part != "."]
    for part in parts:
        _check_part(part, path)
    plain = "/".join(parts)
    if not plain:
        raise PatchError(f"the path {path!r} names no file")
    return plain


def _check_part(part: str, path: str) -> None:
    # Some file systems do not see the characters that have no width, nor dots and spaces at the end.
    bare = "".join(letter for letter in folded(part) if unicodedata.category(letter) != "Cf").rstrip(". ")
    if part == ".." or not bare:
        raise PatchError(f"the path {path!r} has a part {part!r}; expected plain names between single slashes")
    if part != part.rstrip(". ") or len(part.encode()) > _LONGEST_PART or ":" in part:
        raise PatchError(f"the path {path!r} has the part {part[:60]!r}, which not every file system can hold")
    if _GIT.fullmatch(bare):
        raise PatchError(f"the path {path!r} is git's own; a patch changes files of the working tree only")
    if _DEVICES.fullmatch(bare):
        raise PatchError(f"the path {path!r} is the name of a device on some systems; choose another")


def check_tree(paths: Collection[str]) -> None:
    """See to it that no path is both a file and a folder.

    Raises:
        PatchError: one is.
    """
    folders = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
    both = sorted(folders.intersection(paths))
    if both:
        raise PatchError(f"the patch makes {both[0]!r} both a file and a folder")
