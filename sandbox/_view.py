"""What a jailed program can see of this machine: the interpreter, the system's libraries and shell, nothing else."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

from assaygym.sandbox._interpreter import PACKAGES_PLACE, configuration, interpreter, package_folders
from assaygym.sandbox._wire import View
from assaygym.sandbox.guest.survey import outermost, present
from assaygym.sandbox.languages import installed

SYSTEM = (
    "/usr/bin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/share/zoneinfo",
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/alternatives",
)
PREFIX_FOLDERS = ("bin", "lib", "lib64")
PACKAGE_FOLDERS = ("site-packages", "dist-packages")
PYTHON = "/opt/python"
"""Where a program finds its interpreter."""
SCRATCH = "/tmp"
STDIN_FILE = "/dev/shm/.stdin"
DEVICE_LINKS = {"/dev/stdin": STDIN_FILE}
"""Without /proc, standard input has a name only for programs that ask for it; see `_order`."""
PACKAGES_FOLDER = f"{PYTHON}/{PACKAGES_PLACE}"
NAMES = {"/etc/passwd": "sandbox:x:1000:1000:sandbox:/tmp:/bin/sh\n", "/etc/group": "sandbox:x:1000:\n"}


def view_of_this_machine() -> View:
    """The view; computed anew on each call, since packages come and go."""
    python = interpreter()
    prefix = os.path.realpath(sys.base_prefix)
    wanted = [*SYSTEM, *(f"{prefix}/{folder}" for folder in PREFIX_FOLDERS), os.path.dirname(python)]
    wanted += [path for language in installed() for path in language.paths()]
    binds = outermost(present(wanted))
    return {
        "scratch": SCRATCH,
        "binds": binds,
        "packages": {f"{PACKAGES_FOLDER}/{os.path.basename(path)}": path for path in package_folders()},
        "masks": outermost(_packages(binds)),
        "texts": {**NAMES, f"{PYTHON}/pyvenv.cfg": configuration(python)},
        "links": {f"{PYTHON}/bin/python3": python, f"{PYTHON}/bin/python": "python3", **DEVICE_LINKS},
    }


def _packages(binds: list[str]) -> list[str]:
    """The folders of installed packages, and of this one, that the binds would show."""
    standard = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
    standard |= {f"{folder}/lib-dynload" for folder in standard}
    found = [os.path.realpath(entry) for entry in (*sys.path, str(Path(__file__).parents[1])) if os.path.isdir(entry)]
    for bind in binds:
        for name in PACKAGE_FOLDERS:
            found += [
                os.path.realpath(path)
                for depth in ("", "python*/", "*/python*/")
                for path in Path(bind).glob(depth + name)
            ]
    shown = [path for path in found if any(path.startswith(f"{bind}/") for bind in binds)]
    return sorted(set(shown) - standard)
