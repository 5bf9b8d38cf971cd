"""Runs a script of an agent in a tree, inside a sandbox, and tells what is left. Standard library only.

It holds no expected tree, so a script that forges its report has to know the right tree, which is the task.
"""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
from typing import Any

__all__ = ["lay", "main", "survey"]

MOST_FILES = 500
MOST_BYTES = 1 << 20
ROOT = "tree"


def lay(job: dict[str, Any]) -> None:
    """Make the tree."""
    os.makedirs(ROOT)
    for folder in sorted(job["folders"]):
        os.makedirs(os.path.join(ROOT, folder), exist_ok=True)
    for path, text in job["files"].items():
        with open(os.path.join(ROOT, path), "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(os.path.join(ROOT, path), job["modes"][path])


def survey() -> dict[str, Any]:
    """All that lies in the tree; what is neither a file nor a folder is told as odd."""
    files: dict[str, Any] = {}
    folders: list[str] = []
    odd, left = 0, MOST_BYTES
    for above, inner, names in os.walk(ROOT):
        for name in [*inner, *names]:
            path = os.path.join(above, name)
            relative = os.path.relpath(path, ROOT)
            state = os.lstat(path)
            if stat.S_ISDIR(state.st_mode):
                folders.append(relative)
            elif stat.S_ISREG(state.st_mode) and state.st_size <= left and len(files) < MOST_FILES:
                left -= state.st_size
                with open(path, "rb") as file:
                    content = base64.b64encode(file.read()).decode()
                files[relative] = [stat.S_IMODE(state.st_mode), content]
            else:
                odd += 1
    return {"files": files, "folders": folders, "odd": odd}


def main() -> None:
    """Read `job.json`, print "ready" when the tree stands, run the script, print one line of JSON."""
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    os.umask(0o022)
    lay(job)
    os.remove("job.json")
    print("ready", flush=True)
    subprocess.run(
        ["bash", os.path.abspath("script.sh")],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    print(json.dumps(survey()), flush=True)


if __name__ == "__main__":
    main()
