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


def native_helper() -> str:
    """The path of the library; "" where there is no compiler, it failed, or the user does not want it."""
    with _lock:
        return _built() if os.environ.get(VARIABLE) != "0" else ""


@cache
def _built() -> str:
    compiler = shutil.which("cc") or shutil.which("gcc")
    text = SOURCE.read_bytes()
    name = hashlib.sha256(text + os.uname().machine.encode() + sysconfig.get_platform().encode()).hexdigest()[:16]
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assaygym"
    library = folder / f"zygote-{name}.so"
    if _is_ours(library):
        return str(library)
    if compiler is None:
        return ""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=folder) as place:
            made = Path(place) / library.name
            command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(made), str(SOURCE)]
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
            made.chmod(0o755)
            made.replace(library)
    except (OSError, RuntimeError, subprocess.SubprocessError):
        return ""
    return str(library)


def _is_ours(library: Path) -> bool:
    """Whether it is there, and nobody but this user could have written it."""
    try:
        state = library.stat()
    except OSError:
        return False
    return state.st_uid == os.geteuid() and not state.st_mode & 0o022
