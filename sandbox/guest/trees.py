"""Copies a folder with all below it, onto an empty file system of the same kind and size. Follows no link.

Modes, times, symbolic links, hard links, holes, pipes and sockets are kept (a socket's listener is not); owners are the
same by construction. The source must not change meanwhile.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

CHUNK = 1 << 24


def copy_tree(source: int, target: str) -> None:
    """Copy what lies below one folder into another, the folder's own mode and times included.

    Changes the working directory.

    Args:
        source: descriptor of the folder.
        target: path of an empty folder.

    Raises:
        OSError: it does not fit, or a path is longer than the kernel takes.
    """
    os.fchdir(source)
    first: dict[int, str] = {}
    folders = [("", os.fstat(source))]
    for path, status in _below("."):
        place = f"{target}/{path}"
        if stat.S_ISDIR(status.st_mode):
            os.mkdir(place, 0o700)
            folders.append((path, status))
        elif (twin := first.get(status.st_ino)) is not None:
            os.link(twin, place, follow_symlinks=False)
        else:
            _copy(path, place, status)
            if status.st_nlink > 1:
                first[status.st_ino] = place
    for path, status in reversed(folders):  # what was placed in them has changed their times
        _dress(f"{target}/{path}", status)


def _below(top: str) -> Iterator[tuple[str, os.stat_result]]:
    pending = [top]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    pending.append(entry.path)
                yield entry.path, status


def _copy(path: str, place: str, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(path), place)
        os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)
        return
    if stat.S_ISREG(status.st_mode):
        source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        target = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        copy_content(source, target)
        os.close(source)
        os.close(target)
    else:
        os.mknod(place, status.st_mode)
    _dress(place, status)


def copy_content(source: int, target: int) -> None:
    """Copy an open file's bytes into an empty one; holes stay holes. The source's offset is moved."""
    size = os.fstat(source).st_size
    os.ftruncate(target, size)
    end = 0
    while (at := _next_data(source, end, size)) < size:
        end = os.lseek(source, at, os.SEEK_HOLE)
        _copy_span(source, target, at, end)


def _next_data(source: int, at: int, size: int) -> int:
    try:
        return os.lseek(source, at, os.SEEK_DATA) if at < size else size
    except OSError as error:
        if error.errno == errno.ENXIO:  # nothing but a hole is left
            return size
        raise


def _copy_span(source: int, target: int, at: int, end: int) -> None:
    os.lseek(target, at, os.SEEK_SET)
    while at < end:
        sent = os.sendfile(target, source, at, min(end - at, CHUNK))
        if not sent:
            return
        at += sent


def _dress(place: str, status: os.stat_result) -> None:
    os.chmod(place, stat.S_IMODE(status.st_mode))
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
