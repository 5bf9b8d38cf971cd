"""The only places that a program can write to: its working directory and the shared memory, emptied between runs.

In namespaces both are small file systems, limited in bytes and in inodes, that the keeper mounts anew after a run that
left a mark. A mark is any difference in free space, free inodes, or in the times and mode of the root folder. (Within
one tick of a clock that is not finer, a change of a time set by hand shows in that time alone.) What
these do not show (extended attributes, inode flags) the seccomp filter refuses. Elsewhere the scratch is a folder of
the host, whose content is deleted, and nothing limits its size.
"""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Callable, Iterator

from assaygym.sandbox.guest import kernel

SHARED_MEMORY = "/dev/shm"
SHARED_MEMORY_BYTES = 32 << 20
INODES = 8192
OPTIONS = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOATIME


def mount_scratch(scratch: str, size: int, *, anew: bool) -> None:
    """Put empty file systems in place, `size` bytes for the scratch; `anew` takes the old ones away."""
    for path, share in ((scratch, size), (SHARED_MEMORY, min(size, SHARED_MEMORY_BYTES))):
        if anew:
            kernel.unmount(path)
        kernel.mount("tmpfs", path, "tmpfs", OPTIONS, f"size={share},nr_inodes={INODES},mode=1777")


class MountedScratch:
    """Scratch in namespaces.

    Args:
        path: the working directory.
        renew: has the keeper mount both file systems anew, with so many bytes.
    """

    def __init__(self, path: str, renew: Callable[[int], None]) -> None:
        self.path, self._renew = path, renew
        self._size = 0
        self._clean: tuple[object, ...] = ()

    def resize(self, size: int) -> None:
        """See to it that it is so large; it is empty."""
        if size != self._size:
            self.make(size)

    def tidy(self) -> None:
        """Make it empty again."""
        if self._state() != self._clean:
            self.make(self._size)

    def make(self, size: int) -> None:
        """Put an empty one in its place."""
        self._renew(size)
        self._size = size
        self._clean = self._state()

    def _state(self) -> tuple[object, ...]:
        return (*_state(self.path), *_state(SHARED_MEMORY))


class FolderScratch:
    """Scratch in a folder of the host."""

    def __init__(self, path: str) -> None:
        self.path = path

    def resize(self, size: int) -> None:
        """Nothing limits it."""

    def tidy(self) -> None:
        """Delete what was left, however the program protected it.

        Raises:
            OSError: something cannot be deleted.
        """
        os.chmod(self.path, 0o700)
        empty(self.path)


def empty(path: str) -> None:
    """Delete all that a folder holds, however deep, protected or much it is. Follows no link.

    Raises:
        OSError: something cannot be deleted.
    """
    top = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        names = (f"{os.urandom(8).hex()}-{number}" for number in itertools.count())
        while _delete_once(top, top, names):
            pass
    finally:
        os.close(top)


def _delete_once(folder: int, top: int, names: Iterator[str]) -> bool:
    """Delete files, and folders after moving those that they hold to the top: no recursion, no long path.

    Returns:
        Whether there was anything.
    """
    found = False
    with os.scandir(folder) as entries:
        for entry in entries:
            found = True
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.name, dir_fd=folder)
                continue
            os.chmod(entry.name, 0o700, dir_fd=folder)
            if folder != top:
                os.rename(entry.name, next(names), src_dir_fd=folder, dst_dir_fd=top)
            else:
                _delete_folder(entry.name, top, names)
    return found


def _delete_folder(name: str, top: int, names: Iterator[str]) -> None:
    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    try:
        while _delete_once(inner, top, names):
            pass
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)


def _state(path: str) -> tuple[object, ...]:
    space, folder = os.statvfs(path), os.stat(path)
    times = (folder.st_atime_ns, folder.st_mtime_ns, folder.st_ctime_ns)
    return (space.f_bfree, space.f_ffree, folder.st_dev, folder.st_mode, folder.st_nlink, *times)


def place(files: dict[str, bytes], executables: list[str]) -> None:
    """Lay files into the working directory, which is empty."""
    for name, content in files.items():
        if "/" in name:
            os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "xb") as file:
            file.write(content)
    for name in executables:
        os.chmod(name, 0o755)


def open_left(name: str) -> tuple[int, int] | None:
    """A descriptor of a regular file that a program left, and its size; None where there is none. Follows no link."""
    folder = os.open(".", os.O_PATH | os.O_DIRECTORY)
    try:
        *above, last = name.split("/")
        for part in above:
            deeper = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = deeper
        file = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    finally:
        os.close(folder)
    state = os.fstat(file)
    if not stat.S_ISREG(state.st_mode):
        os.close(file)
        return None
    return file, state.st_size
