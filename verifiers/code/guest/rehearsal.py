"""Done in a worker before its first run: what every program's process will do, some times over.

Each run is a copy of the worker, and each page of memory that it changes must be copied first: nearly half the cost of
a short run. What the interpreter only changes the first times (look-up caches, instructions made fit for their
operands, counters up to then) it has changed by then.
"""

import linecache
import os
import random
import socket
import sys
from collections.abc import Callable

from assaygym.verifiers.code.guest.wire import CHANNEL, receive, send

TIMES = 20
"""Functions and loops are made fit after eight."""
SAMPLE = '''
from typing import Dict, List, Optional, Tuple
import math


def sample(numbers: List[int], bound: float = 0.5) -> Tuple[bool, Dict[int, int]]:
    """Of no use. >>> sample([1, 2])"""
    found = {}
    for index, one in enumerate(numbers):
        for other in numbers[index + 1:]:
            if one != other and abs(one - other) < bound:
                return True, {}
        found[one] = found.get(one, 0) + 1
    words = sorted({str(number) for number in numbers}, key=lambda word: (len(word), word))
    text = " ".join(word.upper() for word in words if word.isdigit()).split(" ")
    while text and not text[-1]:
        text.pop()
    return False, found


def other(x):
    return [x, str(x), x / 2, None] if x else x
'''
REQUESTS = [
    [1, "load", [SAMPLE]],
    [2, "call", "sample", [[3, 1, 2]], {}, False],
    [3, "call", "other", [7], {}, False],
    [4, "call", "other", [0], {}, False],
    [5, "call", "other", ["x"], {}, False],
]


def rehearsed(act: Callable[[], object]) -> None:
    """Have `act` answer requests of ours, on a channel of our own in place of a program's."""
    kept, state = os.dup(CHANNEL), random.getstate()
    try:
        for _ in range(TIMES):
            ours, theirs = socket.socketpair()
            os.dup2(ours.fileno(), CHANNEL)
            send(REQUESTS)
            os.dup2(theirs.fileno(), CHANNEL)
            ours.shutdown(socket.SHUT_WR)
            theirs.close()
            act()
            os.dup2(ours.fileno(), CHANNEL)
            assert [receive()[1] for _ in REQUESTS] == ["value"] * 4 + ["error"]
            ours.close()
    finally:
        os.dup2(kept, CHANNEL)
        os.close(kept)
        random.setstate(state)
        sys.modules.pop("solution", None)
        linecache.cache.pop("solution.py", None)
