"""What was said in the episodes, packed for a page that opens it piece by piece.

    JSON lines --slim--> about 200 a chunk --zlib, base64--> chunk --+-- few: inside the page
                                                                     +-- many: PAGE-episodes-DIGEST/0.js, 1.js, ...

The files of the folder are scripts that call `assayChunk(number, text)`: a page opened from a disk may load no other
kind of file. The folder's name tells its contents, so a page never meets the chunks of another one.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import tempfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from assaygym.errors import RunError

__all__ = ["EMBEDDED", "ChunkWriter", "Chunks", "clear", "pack", "scratch_of", "slim"]

EMBEDDED = 40_000_000
"""Bytes of packed chunks that still stand inside the page."""
EPISODES, BYTES = 200, 4_000_000
"""A chunk ends with so many episodes, or so many bytes of them."""
LEVEL = 5
"""Of zlib: a sixth more bytes than at its best, in half the time."""
# A quote inside a JSON string is escaped, so these match keys alone and never what a model wrote.
_PROMPT = re.compile(rb'"prompt_ids": ?\[([^\]]*)\]')
_SAMPLED = re.compile(rb'"token_ids": ?\[[^\]]*\]')
_MEASURED = re.compile(rb'"(logprobs|entropies|top_k_entropies)": ?\[[^\]]*\]')
_ENTROPIES = re.compile(rb'"(entropies|top_k_entropies)": ?\[[^\]]*\]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunks:
    """What `ChunkWriter` made."""

    starts: tuple[int, ...]
    """The number of the first episode of each chunk."""
    embedded: tuple[str, ...]
    """The chunks to put into the page; empty where they stand in a folder."""
    folder: str
    """The folder's name beside the page; empty where there is none."""


def pack(data: bytes) -> str:
    """The bytes as base64 of a zlib stream, which holds no character that HTML or a script minds."""
    return base64.b64encode(zlib.compress(data, LEVEL)).decode("ascii")


def slim(line: bytes, *, tokens: bool) -> bytes:
    """An episode's line without what a page does not show.

    Args:
        line: as `EpisodeRecord.line` writes it.
        tokens: whether the sampled ids and their log-probabilities stay.

    Returns:
        The line with `prompt_ids` as their number, and no entropies.
    """
    if b'_ids"' not in line:
        return line
    line = _PROMPT.sub(_counted, line)
    if tokens:
        return _ENTROPIES.sub(rb'"\1":null', line)
    return _MEASURED.sub(rb'"\1":null', _SAMPLED.sub(b'"token_ids":[]', line))


def scratch_of(page: Path) -> Path:
    """The file that this process writes first and then gives the page's name."""
    return page.with_name(f".{page.name}.{os.getpid()}.tmp")


def clear(page: Path) -> None:
    """Remove the scratch files and folders of this page whose process is gone: one that was killed left them."""
    scratch = re.compile(rf"\.{re.escape(page.name)}\.(\d+)\.tmp|\.{re.escape(page.stem)}-(\d+)-\w+")
    for path in page.parent.iterdir():
        found = scratch.fullmatch(path.name)
        if found is None or _runs(int(found[1] or found[2])):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _counted(match: re.Match[bytes]) -> bytes:
    inside = match[1].strip()
    return b'"prompt_ids":%d' % (inside.count(b",") + 1 if inside else 0)


class ChunkWriter:
    """Packs episodes one after the other; a context manager that leaves nothing behind unless `publish` was called.

    Args:
        page: the HTML file that will show them.
        embed: bytes of packed chunks that stand inside the page; with one more, all go into a folder.
    """

    def __init__(self, page: Path, embed: int = EMBEDDED) -> None:
        self._page, self._embed = page, embed
        self._lines: list[bytes] = []
        self._bytes = self._episodes = self._packed = 0
        self._starts: list[int] = []
        self._kept: list[str] = []
        self._scratch: Path | None = None
        self._digest = hashlib.sha256()

    def add(self, line: bytes) -> None:
        """Take the JSON line of the next episode."""
        if not self._lines:
            self._starts.append(self._episodes)
        self._lines.append(line)
        self._episodes += 1
        self._bytes += len(line)
        if len(self._lines) >= EPISODES or self._bytes >= BYTES:
            self._end_chunk()

    def finish(self) -> Chunks:
        """End the last chunk.

        Raises:
            RunError: the folder cannot be written.
        """
        self._end_chunk()
        folder = "" if self._scratch is None else f"{self._stem}{self._digest.hexdigest()[:12]}"
        return Chunks(starts=tuple(self._starts), embedded=tuple(self._kept), folder=folder)

    def publish(self, chunks: Chunks) -> None:
        """Give the folder, if there is one, its name. Call it before the page gets its own, and `sweep` after."""
        if self._scratch is None:
            return
        made = self._page.with_name(chunks.folder)
        if made.exists():  # of the same contents: its name says so
            return
        self._scratch.chmod(0o755)
        self._scratch.rename(made)
        self._scratch = None

    def sweep(self, chunks: Chunks) -> None:
        """Remove the folders of the pages that stood here before."""
        name = re.compile(rf"{re.escape(self._stem)}[0-9a-f]{{12}}")
        for path in self._page.parent.iterdir():
            if name.fullmatch(path.name) and path.name != chunks.folder and path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)

    @property
    def _stem(self) -> str:
        return f"{self._page.stem}-episodes-"

    def _end_chunk(self) -> None:
        if not self._lines:
            return
        packed = pack(b"\n".join(self._lines))
        self._lines, self._bytes = [], 0
        self._packed += len(packed)
        self._digest.update(packed.encode())
        self._kept.append(packed)
        if self._packed > self._embed or self._scratch is not None:
            self._write_out()

    def _write_out(self) -> None:
        """Move the chunks in hand into the folder."""
        try:
            if self._scratch is None:
                self._scratch = Path(
                    tempfile.mkdtemp(prefix=f".{self._page.stem}-{os.getpid()}-", dir=self._page.parent)
                )
            first = len(self._starts) - len(self._kept)
            for number, packed in enumerate(self._kept, start=first):
                (self._scratch / f"{number}.js").write_text(f'assayChunk({number},"{packed}")\n', encoding="ascii")
        except OSError as error:
            raise RunError(
                f"cannot write the episodes beside {self._page}: {error.strerror}; give another --html"
            ) from error
        self._kept = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
