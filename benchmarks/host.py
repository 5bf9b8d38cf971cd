"""Where a run is played: versions, the machine in words, the commit of the user's own files.."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["PACKAGES", "git_state", "host_facts"]

PACKAGES = ("assaygym", "gymnasium", "numpy", "openai", "scipy", "sympy", "torch", "transformers", "vllm")
"""Whose versions each start of a run records, where they are installed."""
GIT_SECONDS = 5.0


def host_facts() -> dict[str, Any]:
    """The interpreter, the system and the packages, as JSON values."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "packages": {name: found for name in PACKAGES if (found := _version(name)) is not None},
    }


def git_state(folder: Path | None = None) -> dict[str, Any] | None:
    """The commit of a folder's repository, and whether files that it tracks differ from it (None: git did not say).

    Args:
        folder: the working directory when None.

    Returns:
        None where there is no repository, no commit or no git.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return None
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit.strip(), "dirty": None if changes is None else bool(changes.strip())}


def _git(folder: Path | None, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", *arguments], cwd=folder, capture_output=True, text=True, errors="replace",
            timeout=GIT_SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
