"""The files of a suite: found on this machine, or fetched from the Hub at a fixed commit; their digests."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from assaygym.benchmarks.suites.declaration import Suite
from assaygym.errors import DataError, MissingDependencyError

__all__ = ["Fetched", "digest_of", "fetch", "find", "recorded", "sha256"]


class Fetched(NamedTuple):
    """Files that were fetched, and the commit that they are of."""

    paths: tuple[Path, ...]
    commit: str


def find(suite: Suite, path: Path) -> tuple[Path, ...]:
    """The suite's files: the path itself, or what in that folder is called like them.

    Raises:
        DataError: the folder holds none of them, or several where the suite has one.
    """
    if not path.is_dir():
        return (path,)
    for pattern in suite.files:
        if found := sorted(path.glob(pattern)):
            if len(found) > 1 and not suite.many:
                names = ", ".join(file.name for file in found)
                raise DataError(f"{path} holds several files of {suite.id} ({names}); name the file itself")
            return tuple(found)
    raise DataError(f"{path} holds none of the files of {suite.id} ({', '.join(suite.files)}); name the file itself")


def fetch(suite: Suite) -> Fetched:
    """The suite's files at its commit, from the local cache or the Hub. Never runs code from there.

    The first time that a file is fetched its digest is kept; one that differs later is refused.

    Raises:
        DataError: they cannot be fetched (`HF_HUB_OFFLINE` is respected), or are not what they were.
        MissingDependencyError: the Hub's package is not installed.
    """
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingDependencyError.of(
            "huggingface_hub", "hub", f"fetching {suite.id} (or give --data PATH)"
        ) from error
    if not suite.hub_file:
        raise DataError(f"{suite.id} is not fetched from anywhere; give a file or folder you have with --data PATH")
    paths = []
    for name in suite.hub_files:
        try:
            fetched = huggingface_hub.hf_hub_download(
                suite.hub_id, name, repo_type="dataset", revision=suite.revision or None
            )
            paths.append(Path(fetched))
        except OSError as error:  # all that package raises of the network, the server and the cache
            reason = str(error).strip().split("\n")[0]
            commit = suite.revision[:12] or "its head"
            raise DataError(
                f"cannot fetch {suite.id} from the Hub ({suite.hub_id}, {name} at {commit}): {reason} "
                f"Give a file you have with --data PATH; its columns: {', '.join(suite.columns)}"
            ) from error
    commit = suite.revision or _commit_of(paths[0])
    _check(suite, commit, dict(zip(suite.hub_files, paths, strict=True)))
    return Fetched(tuple(paths), commit)


def _commit_of(path: Path) -> str:
    """The commit in a path of the Hub's cache (`.../snapshots/COMMIT/...`); `main` where it is no such path."""
    parts = path.parts
    return parts[parts.index("snapshots") + 1] if "snapshots" in parts[:-1] else "main"


def _check(suite: Suite, commit: str, paths: Mapping[str, Path]) -> None:
    kept, new = recorded(), dict[str, str]()
    for name, path in paths.items():
        key, found = f"{suite.hub_id}@{commit}/{name}", sha256(path)
        expected = suite.digests.get(name) or kept.get(key)
        if expected is not None and expected != found:
            raise DataError(
                f"{path} has sha256 {found}, but {name} of {suite.hub_id} at {commit[:12]} has {expected}: "
                "the file was changed or is damaged; remove it, so that it is fetched anew"
            )
        new[key] = found
    if not new.items() <= kept.items():
        _record({**kept, **new})


def recorded() -> dict[str, str]:
    """The digests kept so far: `REPOSITORY@COMMIT/FILE` to SHA-256."""
    try:
        found = json.loads(_book().read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _record(digests: Mapping[str, str]) -> None:
    book = _book()
    with suppress(OSError):  # nowhere to write: the digest stands in the run's record all the same
        book.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=book.parent, suffix=".json", delete=False) as file:
            json.dump(digests, file, indent=1, sort_keys=True)
        Path(file.name).replace(book)


def _book() -> Path:
    wanted = os.environ.get("XDG_CACHE_HOME", "")
    return Path(wanted if os.path.isabs(wanted) else Path.home() / ".cache") / "assaygym" / "data.json"


def sha256(path: Path) -> str:
    """Of one file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def digest_of(paths: Sequence[Path]) -> str:
    """The SHA-256 of one file; of several, that of the lines `NAME SHA256`."""
    if len(paths) == 1:
        return sha256(paths[0])
    lines = "".join(f"{path.name} {sha256(path)}\n" for path in paths)
    return hashlib.sha256(lines.encode()).hexdigest()
