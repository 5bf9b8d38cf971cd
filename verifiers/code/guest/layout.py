"""Lays the files of a repository, in the process that runs its code."""

import os
import sys


def lay(files: dict[str, str], roots: list[str]) -> None:
    """Write the files, path to content, into the folder `repo`, go there, and import from its `roots` first."""
    os.makedirs("repo", exist_ok=True)
    os.chdir("repo")
    for path, content in files.items():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(content)
    sys.path[:0] = [os.path.abspath(root) for root in roots]
