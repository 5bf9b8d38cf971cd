"""pytest, as it is installed here, in one archive that Python imports from: a sandbox shows no installed packages."""

from __future__ import annotations

import importlib.util
import io
import marshal
import struct
import threading
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from assaygym.errors import MissingDependencyError

__all__ = ["PACKAGES", "pytest_archive"]

PACKAGES = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "py", "exceptiongroup", "tomli")
"""Import names of what pytest needs, as far as they are installed."""
_LARGE = {"lexers", "styles", "filters", "formatters"}
_USED = {"__init__", "_mapping", "python", "diff", "terminal", "default"}
"""What pytest uses of the hundreds of modules in the large folders of pygments."""
_UNCHECKED = 1
_lock = threading.Lock()


def pytest_archive() -> bytes:
    """The archive, made once a process.

    Raises:
        MissingDependencyError: pytest is not installed.
    """
    with _lock:
        return _archive()


@cache
def _archive() -> bytes:
    if importlib.util.find_spec("pytest") is None:
        raise MissingDependencyError("verifying repositories runs pytest, which is not installed: pip install pytest")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, source in _sources():
            archive.writestr(name, source, zipfile.ZIP_DEFLATED)  # for another Python than this one, and tracebacks
            archive.writestr(f"{name}c", _compiled(name, source), zipfile.ZIP_STORED)
    return buffer.getvalue()


def _sources() -> Iterator[tuple[str, bytes]]:
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        if spec.submodule_search_locations is None:
            yield f"{name}.py", origin.read_bytes()
            continue
        for path in sorted(origin.parent.rglob("*.py")):
            if not (name == "pygments" and path.parent.name in _LARGE and path.stem not in _USED):
                yield f"{name}/{path.relative_to(origin.parent).as_posix()}", path.read_bytes()


def _compiled(name: str, source: bytes) -> bytes:
    """The content of a .pyc that is never checked against its source."""
    code = marshal.dumps(compile(source, name, "exec", dont_inherit=True, optimize=0))
    return importlib.util.MAGIC_NUMBER + struct.pack("<I", _UNCHECKED) + importlib.util.source_hash(source) + code
