"""The same measurement by another user: in a new interpreter, on a copy of the package that this user can read."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import assaygym.benchmarks
import assaygym.errors
import assaygym.sandbox
from assaygym.benchmarks.speed.loops import base_interpreter
from assaygym.errors import ConfigError, SandboxError

__all__ = ["measured_by", "readable_copy"]

LEAVES = ("errors.py", "lazy.py", "types.py")
INTERPRETERS = ("/usr/bin/python3", "/usr/local/bin/python3")
NEW_ENOUGH = "import sys; sys.exit(sys.version_info < (3, 11))"


def measured_by(user: str, arguments: Sequence[str]) -> dict[str, Any]:
    """The document of the measurement that this user takes with these arguments.

    Raises:
        ConfigError: there is no such user, we are not root, or no interpreter is in that user's reach.
        SandboxError: the measurement failed.
    """
    entry = _entry(user)
    with readable_copy() as folder:
        home = folder / "home"
        home.mkdir()
        os.chown(home, entry.pw_uid, entry.pw_gid)
        who: dict[str, Any] = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": ()}
        command = [_python(who), "-B", "-m", "assaygym.benchmarks.speed.sandbox", *arguments, "--json", "-"]
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "PYTHONPATH": str(folder)}
        seen = subprocess.run(
            command, **who, env=environment, cwd=home, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False
        )
    if seen.returncode:
        raise SandboxError(f"the measurement by {user} ended with exit code {seen.returncode}")
    found: dict[str, Any] = json.loads(seen.stdout)
    return found


def _entry(user: str) -> pwd.struct_passwd:
    if os.geteuid() != 0:
        raise ConfigError(f"--user {user} needs root, to become that user; leave it out, or start this as that user")
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise ConfigError(f"--user {user}: there is no such user; take one of this machine, such as nobody") from None


@contextmanager
def readable_copy() -> Iterator[Path]:
    """A folder to import `assaygym.sandbox` and this package from, for every user; removed afterwards."""
    ignore = shutil.ignore_patterns("__pycache__")
    with tempfile.TemporaryDirectory(prefix="assaygym-speed-") as name:
        package = Path(name) / "assaygym"
        benchmarks = Path(_file(assaygym.benchmarks)).parent
        shutil.copytree(Path(_file(assaygym.sandbox)).parent, package / "sandbox", ignore=ignore)
        shutil.copytree(benchmarks / "speed", package / "benchmarks" / "speed", ignore=ignore)
        shutil.copy(benchmarks / "__init__.py", package / "benchmarks")
        for leaf in LEAVES:
            shutil.copy(Path(_file(assaygym.errors)).parent / leaf, package)
        (package / "__init__.py").touch()
        for path in (Path(name), *Path(name).rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield Path(name)


def _file(module: Any) -> str:
    file: str = module.__file__
    return file


def _python(who: dict[str, Any]) -> str:
    """An interpreter that the user can start."""
    for python in dict.fromkeys([base_interpreter(), sys.executable, *INTERPRETERS]):
        try:
            if subprocess.run([python, "-I", "-c", NEW_ENOUGH], **who, cwd="/", capture_output=True).returncode == 0:
                return python
        except OSError:
            continue
    tried = ", ".join(INTERPRETERS)
    raise ConfigError(f"no Python 3.11 or newer is within that user's reach, neither {base_interpreter()} nor {tried}")
