"""Patches: what a response changes in a repository, read from any of three formats.

a map            {"path": "whole new content" or null to delete}, as JSON
a unified diff   as `git diff` or `diff -u` print it
blocks           path, then <<<<<<< SEARCH, old lines, =======, new lines, >>>>>>> REPLACE
"""

from __future__ import annotations

from collections.abc import Mapping

from assaygym.foreign_json import read_json
from assaygym.verifiers.code.extract import fenced_blocks, without_thinking
from assaygym.verifiers.code.repo_blocks import apply_blocks, has_blocks
from assaygym.verifiers.code.repo_diff import apply_diff, is_diff
from assaygym.verifiers.code.repo_paths import PatchError, check_tree, checked_path, folded

__all__ = ["Changes", "PatchError", "extract_patch", "read_patch"]

Changes = dict[str, str | None]
"""New content by path; None: the file is deleted."""
_MOST_FILES = 1000
_MOST_BYTES = 16 << 20


def read_patch(text: str, files: Mapping[str, str]) -> Changes:
    """The changes that a patch makes to `files`.

    Args:
        text: a map, a unified diff or search/replace blocks.
        files: the repository before, path to content.

    Raises:
        PatchError: none of these formats, a path that is not acceptable, or the patch does not fit the files.
    """
    stripped = text.strip()
    if len(stripped) > _MOST_BYTES:
        raise PatchError(f"the patch has over {_MOST_BYTES >> 20} MiB; expected a smaller one")
    if stripped.startswith("{"):
        changes = _mapped(stripped)
    elif has_blocks(text):
        changes = apply_blocks(text, files)
    elif is_diff(text):
        changes = apply_diff(text, files)
    else:
        raise PatchError("no patch; expected a JSON map of paths, a unified diff or SEARCH/REPLACE blocks")
    return _checked(changes, files)


def extract_patch(response: str) -> str | None:
    """The patch in a response: its SEARCH/REPLACE blocks, else its last fenced map or diff, else the whole text.

    `<think>` blocks are dropped first. None where there is no patch; whether it fits is for `read_patch` to say.
    """
    text = without_thinking(response)
    if has_blocks(text):
        return text
    for label, body in reversed(fenced_blocks(text)):
        if label in ("diff", "patch") or is_diff(body) or (label in ("json", "") and _is_map(body)):
            return body
    return text if is_diff(text) or _is_map(text) else None


def _is_map(text: str) -> bool:
    try:
        _mapped(text.strip())
    except PatchError:
        return False
    return True


def _mapped(text: str) -> Changes:
    try:
        found = read_json(text, object_pairs_hook=_once)
    except ValueError as error:
        raise PatchError(f"the map of files is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise PatchError(f"the patch is a {type(found).__name__}; expected an object of paths")
    for path, content in found.items():
        if content is not None and not isinstance(content, str):
            raise PatchError(f"the content of {path!r} is a {type(content).__name__}; expected text or null")
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise PatchError("the map names a path twice")
    return found


def _checked(changes: Changes, files: Mapping[str, str]) -> Changes:
    if len(changes) > _MOST_FILES:
        raise PatchError(f"the patch changes {len(changes)} files; expected at most {_MOST_FILES}")
    plain: Changes = {}
    for path, content in changes.items():
        plain[checked_path(path, files)] = content
        _check_content(path, content)
    if len({folded(path) for path in plain}) != len(changes):
        raise PatchError("the patch names a file twice, by names that some file system takes for one")
    check_tree([path for path in {**files, **plain} if plain.get(path, "") is not None])
    return plain


def _check_content(path: str, content: str | None) -> None:
    try:
        (content or "").encode()
    except UnicodeEncodeError as error:
        raise PatchError(f"the content of {path!r} is not Unicode text: {error}") from error
