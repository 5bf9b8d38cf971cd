"""The compiled `guest/zygote.c`: built on first use, kept in the user's cache. Optional; Python does without it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sysconfig
import tempfile
import threading
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).resolve().parent / "guest" / "zygote.c"
VARIABLE = "ASSAYGYM_NATIVE"
"""Set to 0 to do without."""
SECONDS = 60
_lock = threading.Lock()


def _start_anew() -> None:
    """In the child of a fork: a thread that holds the lock is not there."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_start_anew)


def native_helper() -> str:
    """The path of the library; "" where there is no compiler, it failed, or the user does not want it."""
    with _lock:
        return _built() if os.environ.get(VARIABLE) != "0" else ""


@cache
def _built() -> str:
    compiler = shutil.which("cc") or shutil.which("gcc")
    try:
        library = _folder() / f"zygote-{_version()}.so"
        if not _is_ours(library) and not (compiler and _compiles(compiler, library)):
            return ""
    except (OSError, RuntimeError, subprocess.SubprocessError):
        return ""
    return str(library)


def _version() -> str:
    made_for = f"{os.uname().machine} {sysconfig.get_platform()}"
    return hashlib.sha256(SOURCE.read_bytes() + made_for.encode()).hexdigest()[:16]


def _folder() -> Path:
    """Where the user's caches are.

    Raises:
        RuntimeError: nobody knows.
    """
    wanted = os.environ.get("XDG_CACHE_HOME", "")
    return Path(wanted if os.path.isabs(wanted) else Path.home() / ".cache") / "assaygym"


def _compiles(compiler: str, library: Path) -> bool:
    """Whether the library is there now; False where somebody else could change it.

    Raises:
        OSError: the folder is not writable.
        SubprocessError: the compiler failed.
    """
    library.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=library.parent) as place:
        made = Path(place) / library.name
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(made), str(SOURCE)]
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
        made.chmod(0o755)
        made.replace(library)
    return _is_ours(library)


def _is_ours(library: Path) -> bool:
    """Whether it is there, and nobody but this user could have put it there or written it."""
    try:
        return all(map(_only_ours, (library, library.parent)))
    except OSError:
        return False


def _only_ours(path: Path) -> bool:
    state = path.stat()
    return state.st_uid == os.geteuid() and not state.st_mode & 0o022
