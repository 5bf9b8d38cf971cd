"""What a container's Python can use and what a jail in it has to show: asked once, before the first worker.

`python3 -I -B launcher.py survey DESCRIPTOR`: with `site`, so that the image's packages are found as its programs do.
"""

from __future__ import annotations

import os
import socket
import sys
import sysconfig
from importlib.util import find_spec

from assaygym.sandbox.guest.frames import pack, read_frame, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class Question(TypedDict):
        """What the host wants to know."""

        shown: list[str]
        """Paths to be shown beside the interpreter and its packages."""
        modules: list[str]
        """Which of these can be imported?"""

    class Survey(TypedDict):
        """The answer. Absolute paths of the container."""

        executable: str
        """The interpreter, which is what `sys.executable` of its programs says."""
        packages: list[str]
        """What `site` adds to `sys.path`."""
        binds: list[str]
        """What is there of `shown`, the interpreter's folders and those of its packages."""
        modules: list[str]
        commands: dict[str, str]
        """On the PATH: name and path."""


def main(control: str) -> None:
    """Answer the question that comes through the socket."""
    with socket.socket(fileno=int(control)) as host:
        question: Question = read_frame(host.fileno())  # type: ignore[assignment]  # from our own host
        write_all(host.fileno(), pack(survey(question)))


def survey(question: Question) -> Survey:
    """The answer, for this process and this machine."""
    packages = _packages()
    ours = [step for path in (*_folders(), *packages) for step in way(path)]
    return {
        "executable": sys.executable,
        "packages": packages,
        "binds": outermost(present([*question["shown"], *ours])),
        "modules": [name for name in question["modules"] if _is_there(name)],
        "commands": _commands(os.get_exec_path()),
    }


def present(paths: list[str]) -> list[str]:
    """Those that exist, each once."""
    return [path for path in dict.fromkeys(paths) if os.path.lexists(path)]


def outermost(paths: list[str]) -> list[str]:
    """Those that lie below no other; links stay, since only their own place shows them."""
    folders = [path for path in paths if not os.path.islink(path)]
    return [path for path in paths if not any(path.startswith(folder + "/") for folder in folders)]


def way(path: str) -> list[str]:
    """Every link on the way to a path, and the place where it leads, which no link is on the way to."""
    parts = path.split("/")
    for length in range(2, len(parts) + 1):
        above = "/".join(parts[:length])
        if os.path.islink(above):
            target = os.path.normpath(os.path.join(os.path.dirname(above), os.readlink(above)))
            return [above, *way("/".join([target, *parts[length:]]))]
    return [path]


def _packages() -> list[str]:
    standard = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    standard |= {f"{folder}/lib-dynload" for folder in standard}
    return [entry for entry in sys.path if os.path.isdir(entry) and entry not in standard]


def _folders() -> list[str]:
    """Where the interpreter's files are: whole prefixes, but not all that there is."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix} - {"/"}
    return [*sorted(prefixes), sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), sys.executable]


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # of what it is a part of
        return False


def _commands(folders: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for folder in filter(os.path.isdir, folders):
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file() and os.access(entry.path, os.X_OK):
                    found.setdefault(entry.name, entry.path)
    return found
