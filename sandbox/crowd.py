"""Whether a machine has far more to do than it can: what is asked before a starved program is given no verdict.

A program that says that it waited may have seen to its waiting itself: by processes of its own that it hides from those
who count, or by giving its turns away. So it is asked once the program is no more, and what it did counts for nothing.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from assaygym.sandbox.guest.turns import MOST_WALLS

__all__ = ["is_crowded"]

LOOKS, PAUSE_SECONDS = 5, 0.004
"""Others sleep now and then; on an idle machine as many as this never wake at once."""
LOAD = Path("/proc/loadavg")


def is_crowded() -> bool:
    """Whether so many threads want each processor as keep a program from ending within `MOST_WALLS` times its time."""
    wanted = (MOST_WALLS - 1) * (os.cpu_count() or 1)
    for look in range(LOOKS):
        if _others() >= wanted:
            return True
        if look < LOOKS - 1:
            time.sleep(PAUSE_SECONDS)
    return False


def _others() -> int:
    """Threads of this machine that run or wait for a processor, without the one that asks; 0 where nobody tells."""
    try:
        return int(LOAD.read_text("ascii").split()[3].partition("/")[0]) - 1
    except (OSError, ValueError, IndexError):
        return 0
