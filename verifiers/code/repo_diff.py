"""Unified diffs, as `git diff` and `diff -u` print them, applied without tools."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assaygym.verifiers.code.repo_paths import PatchError

__all__ = ["apply_diff", "is_diff"]

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_HEAD = re.compile(r"^--- [^\n]+\n\+\+\+ [^\n]+\n@@ ", re.MULTILINE)
_GIT_ONLY = re.compile(r"^(?:rename from|deleted file mode|new file mode) ", re.MULTILINE)
_MOST_HUNKS = 2000
_LINK_MODES = ("120000", "160000")


@dataclass(slots=True)
class _Hunk:
    start: int
    old: list[str] = field(default_factory=list[str])
    new: list[str] = field(default_factory=list[str])
    mark: str = " "
    """Of the line read last."""


@dataclass(slots=True)
class _FileDiff:
    """The part on one file; an empty name stands for /dev/null."""

    old: str | None = None
    new: str | None = None
    hunks: list[_Hunk] = field(default_factory=list[_Hunk])


def is_diff(text: str) -> bool:
    """Whether the text holds the head of a unified diff."""
    return _HEAD.search(text) is not None or (text.lstrip().startswith("diff --git ") and bool(_GIT_ONLY.search(text)))


def apply_diff(text: str, files: Mapping[str, str]) -> dict[str, str | None]:
    """The files after the diff; a hunk may stand some lines off, its lines must be there exactly.

    Raises:
        PatchError: it is malformed, makes a link, or does not fit.
    """
    changes: dict[str, str | None] = {}
    parts = _parsed(text)
    if sum(len(part.hunks) for part in parts) > _MOST_HUNKS:
        raise PatchError(f"the diff has over {_MOST_HUNKS} hunks; expected fewer")
    for part in parts:
        if not part.old and not part.new:
            raise PatchError("the diff has a part that names no file")
        before = {**files, **changes}.get(part.old or "") if part.old else ""
        if before is None:
            raise PatchError(f"the diff changes {part.old!r}, which is not in the repository")
        after = _patched(before, part)
        if part.old and part.old != part.new:
            changes[part.old] = None
        if part.new:
            changes[part.new] = after
    return changes


def _parsed(text: str) -> list[_FileDiff]:
    parts: list[_FileDiff] = []
    lines = iter(text.splitlines(keepends=True))
    named_by_git = False
    for line in lines:
        bare = line.rstrip("\r\n")
        if bare.startswith("diff --git "):
            parts.append(_FileDiff(*_git_names(bare)))
            named_by_git = True
        elif bare.startswith("--- "):
            if not named_by_git:
                parts.append(_FileDiff())
            named_by_git = False
            parts[-1].old, parts[-1].new = _name(bare), _name(next(lines, "").rstrip("\r\n"))
        elif bare.startswith("@@ "):
            if not parts:
                raise PatchError("the diff has a hunk before the name of a file")
            parts[-1].hunks.append(_hunk(bare, lines))
        elif bare.startswith("\\") and parts and parts[-1].hunks:
            _unended(parts[-1].hunks[-1])
        elif parts:
            _header(bare, parts[-1])
    return parts


def _header(line: str, part: _FileDiff) -> None:
    """A line of git's between the names and the first hunk."""
    if "mode " in line and line.endswith(_LINK_MODES):
        raise PatchError("the diff makes a link or a submodule; expected changes of plain files")
    if line.startswith(("Binary files ", "GIT binary patch")):
        raise PatchError("the diff holds a binary file; expected text")
    if line.startswith(("rename from ", "copy from ")):
        part.old = line.partition(" from ")[2]
    elif line.startswith("rename to "):
        part.new = line.removeprefix("rename to ")
    elif line.startswith("new file mode"):
        part.old = None
    elif line.startswith("deleted file mode"):
        part.new = None


def _git_names(line: str) -> tuple[str | None, str | None]:
    found = re.fullmatch(r"diff --git a/(.+) b/(.+)", line)
    return (found[1], found[2]) if found else (None, None)


def _name(line: str) -> str | None:
    found = re.match(r"(?:---|\+\+\+) ([^\t]+)", line)
    if found is None:
        raise PatchError(f"the diff has {line[:60]!r} where the name of a file was expected")
    name = found[1].strip().strip('"')
    return None if name == "/dev/null" else re.sub(r"^[ab]/", "", name)


def _hunk(head: str, lines: Iterator[str]) -> _Hunk:
    found = _HUNK.match(head)
    if found is None:
        raise PatchError(f"the diff has {head[:60]!r}; expected '@@ -line,count +line,count @@'")
    hunk = _Hunk(int(found[1]))
    left, right = (int(found[group] or 1) if found[group] != "0" else 0 for group in (2, 4))
    while len(hunk.old) < left or len(hunk.new) < right:
        line = next(lines, None)
        if line is None:
            raise PatchError(f"the hunk {head[:60]!r} has fewer lines than it says")
        mark, rest = (line[0], line[1:]) if line.strip("\r\n") else (" ", line)
        if mark == "\\":
            _unended(hunk)
            continue
        hunk.mark = mark
        if mark not in " +-":
            raise PatchError(f"the hunk {head[:60]!r} has the line {line[:60]!r}; expected ' ', '+' or '-' first")
        if mark != "+":
            hunk.old.append(rest)
        if mark != "-":
            hunk.new.append(rest)
    return hunk


def _unended(hunk: _Hunk) -> None:
    """The line read last ends the file without a newline."""
    if hunk.new and hunk.mark != "-":
        hunk.new[-1] = hunk.new[-1].rstrip("\r\n")


def _patched(text: str, part: _FileDiff) -> str:
    lines = text.splitlines(keepends=True)
    shift = 0
    for hunk in part.hunks:
        at = _found(lines, hunk.old, max(hunk.start - 1, 0) + shift)
        if at is None:
            raise PatchError(f"a hunk at line {hunk.start} of {part.old or part.new!r} does not fit the file")
        lines[at : at + len(hunk.old)] = hunk.new
        shift += len(hunk.new) - len(hunk.old)
    return "".join(lines)


def _found(lines: Sequence[str], wanted: Sequence[str], near: int) -> int | None:
    """Where the lines stand, nearest to `near`; line ends do not count."""
    if not wanted:
        return min(near, len(lines))
    bare, ours = [line.rstrip("\r\n") for line in wanted], [line.rstrip("\r\n") for line in lines]
    starts = (at for at in range(len(ours) - len(bare) + 1) if ours[at] == bare[0])
    places = [at for at in starts if ours[at : at + len(bare)] == bare]
    return min(places, key=lambda at: abs(at - near)) if places else None
