"""What is made next lies close together: done in a worker before what every run writes to is made, and before the runs.

Each run is a copy of the worker and has to copy each page that it writes to. CPython keeps objects of one size in pools
and takes the next free place of any of them, so what is made after many imports lies scattered among what they made,
and so do the objects that a run makes itself. With no such place left, both lie in pools of their own.
"""

from __future__ import annotations

import gc

POOL_BYTES = 16 << 10
"""Pools begin at multiples of this (Objects/obmalloc.c, POOL_SIZE, since Python 3.10)."""
POOL_HEAD = 48
"""Where the first object of a pool begins."""
LARGEST, STEP = 512, 16
"""Sizes of objects in pools."""
IN_A_ROW = 4
"""Objects one behind the other from the beginning of a pool on: nobody has used it before."""
NUMBERS = 32
"""The size of numbers: those that we look at take places meanwhile."""
MOST = 1_000
"""Objects of one size: enough for the places there are, and an end where memory is managed in another way."""

_kept: list[object] = []
"""Never looked at; a list of objects without references costs a program's garbage collection nothing."""


def fill_gaps() -> None:
    """Have every pool full, but for those that nobody has used."""
    gc.collect()  # which also lets go of what the interpreter keeps for later use
    for size in range(LARGEST, 0, -STEP):
        last = row = 0
        side = size if size != NUMBERS else IN_A_ROW * size
        for _ in range(MOST):
            made = _of(size)
            _kept.append(made)
            beside = row and 0 < id(made) - last <= side
            row = row + 1 if beside else int(id(made) % POOL_BYTES < POOL_HEAD + side)
            if row == IN_A_ROW:
                break
            last = id(made)


def _of(size: int) -> object:
    """A new object of so many bytes, rounded up to what pools have."""
    if size <= STEP:
        return object()
    return float(size) if size <= NUMBERS else bytes(size - b"".__sizeof__())
