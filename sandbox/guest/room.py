"""How much memory there is for one run, whatever its limit: what takes more shall be ended for itself, not for others.

Where a run reaches the end of the machine's memory before its own limit, the kernel cannot tell it from its neighbours,
and nobody has a verdict on what was killed: a program could bring that about by taking what there is.
"""

from __future__ import annotations

import os

SHARE = 0.75
"""Of the machine's memory, or of what a group above may hold. The rest is for everybody else."""
LIMITS = {1: "memory.limit_in_bytes", 2: "memory.max"}
"""By the version of control groups. Version 1 says a very large number, version 2 `max`, where there is none."""


def most(folder: str, version: int) -> int:
    """Bytes that a control group in this folder may have at most."""
    sizes = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    while os.path.dirname(folder) != folder:
        try:
            with open(f"{folder}/{LIMITS[version]}", encoding="ascii") as file:
                text = file.read().strip()
        except OSError:  # above the uppermost group
            break
        sizes += [int(text)] if text.isdecimal() else []
        folder = os.path.dirname(folder)
    return int(SHARE * min(sizes))
