"""SEARCH/REPLACE blocks: a path on a line of its own, then what stands there and what shall."""

from __future__ import annotations

import re
from collections.abc import Mapping

from assaygym.verifiers.code.repo_paths import PatchError

__all__ = ["apply_blocks", "has_blocks"]

_SEARCH = re.compile(r"<{5,9} ?SEARCH[ \t]*")
_MIDDLE = re.compile(r"={5,9}[ \t]*")
_REPLACE = re.compile(r">{5,9} ?REPLACE[ \t]*")
_FENCE = re.compile(r"[ \t]*(?:`{3,}|~{3,})[ \t]*[\w+-]*[ \t]*")
_MOST_BLOCKS = 1000
_DRESS = " \t#*`:\"'"


def has_blocks(text: str) -> bool:
    """Whether a SEARCH/REPLACE block begins in the text."""
    return re.search(rf"^{_SEARCH.pattern}$", text, re.MULTILINE) is not None


def apply_blocks(text: str, files: Mapping[str, str]) -> dict[str, str | None]:
    """The files after all blocks, in order. Text to be found must stand there exactly once; none at all makes a file.

    Raises:
        PatchError: a block is malformed, or what it searches is not there, or there several times.
    """
    changes: dict[str, str | None] = {}
    path, state, count = "", "outside", 0
    parts: dict[str, list[str]] = {"search": [], "replace": []}
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        if state == "outside":
            if _SEARCH.fullmatch(bare):
                state, parts = "search", {"search": [], "replace": []}
            elif not _FENCE.fullmatch(bare) and _is_path(bare.strip(_DRESS), files):
                path = bare.strip(_DRESS)
        elif state == "search" and _MIDDLE.fullmatch(bare):
            state = "replace"
        elif state == "replace" and _REPLACE.fullmatch(bare):
            before = {**files, **changes}.get(path)
            count += 1
            if count > _MOST_BLOCKS:
                raise PatchError(f"the patch has over {_MOST_BLOCKS} blocks; expected fewer, larger ones")
            changes[path] = _replaced(path, before, "".join(parts["search"]), "".join(parts["replace"]))
            state = "outside"
        else:
            parts[state].append(line)
    if state != "outside":
        raise PatchError(f"the block for {path!r} is not closed; expected ======= and >>>>>>> REPLACE after it")
    return changes


def _is_path(words: str, files: Mapping[str, str]) -> bool:
    return words in files or re.fullmatch(r"\S*[./]\S*", words) is not None


def _replaced(path: str, before: str | None, search: str, replace: str) -> str:
    if not path:
        raise PatchError("a SEARCH/REPLACE block stands without the path of its file on the line before it")
    if not search.strip():
        if before:
            raise PatchError(f"a block for {path!r} searches nothing, but the file is not empty")
        return replace
    if before is None:
        raise PatchError(f"a block searches in {path!r}, which is not in the repository")
    if not before.endswith("\n") and search.endswith("\n") and before.endswith(search[:-1]):
        search, replace = search[:-1], replace[:-1]
    count = before.count(search)
    if count != 1:
        raise PatchError(f"a block for {path!r} searches text that stands there {count} times; expected once")
    return before.replace(search, replace)
