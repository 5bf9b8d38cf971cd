"""The interpreter that programs run on: the one below this virtual environment, without its packages.

Programs get the standard library and `PACKAGES`, nothing else. The host's other packages hold this one (task
generators, tests, answers) and start-up hooks, so they are neither importable nor, in a jail, visible.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

PACKAGES = ("numpy",)
"""What programs may import beside the standard library, where this process can."""
PACKAGES_PLACE = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


def interpreter() -> str:
    """The real executable of the base interpreter, links resolved."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def configuration(python: str) -> str:
    """The text of a `pyvenv.cfg` that makes an empty environment on top of `python`."""
    return f"home = {os.path.dirname(python)}\ninclude-system-site-packages = false\n"


def package_folders() -> list[str]:
    """Where the packages lie that programs may import beside the standard library, as far as this process has them."""
    found = list[str]()
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            path = os.path.realpath(folder)
            found += [path for path in (path, f"{path}.libs") if os.path.isdir(path)]
    return found


def lay_out(folder: Path, python: str) -> tuple[str, str]:
    """Make an environment in a new folder, with links to `package_folders`.

    Returns:
        Its interpreter and its folder of packages.
    """
    packages = folder / PACKAGES_PLACE
    packages.mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "pyvenv.cfg").write_text(configuration(python), encoding="utf-8")
    command = folder / "bin" / "python3"
    command.symlink_to(python)
    for path in package_folders():
        (packages / os.path.basename(path)).symlink_to(path)
    return str(command), str(packages)
