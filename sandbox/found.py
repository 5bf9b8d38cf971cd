"""CPU time that the kernel takes to find a program its memory: not the program's doing, and not the same every time.

A page costs some 3 µs where the machine has it at hand. On a virtual machine whose host has yet to give it, it has been
seen to cost 14 µs: to fill 512 MiB for the first time took 1.8 s of CPU time, then 0.36 s. So such time, as far as the
program's memory can explain it, is not charged to the program; and one that the kernel ended at its CPU limit (it
counts all) although it was charged with less, may be right: it is run again with so much more. So is one that spent all
of its wall-clock time in that way.

Kernels that look at a processor some hundred times a second take what it does then for what it did meanwhile: a program
that makes a call of the kernel at these moments has what it computes counted as time of the kernel. So the second
attempt, when the memory is at hand, is forgiven no more than that costs, and nothing is gained by it.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from assaygym.sandbox.base import MIB, ExecResult, ExecStatus, Limits

__all__ = ["beyond_doubt", "charged", "in_doubt", "roomier"]

T = TypeVar("T")

FREE_BYTES = 64 * MIB
"""Found in no time that matters."""
SECONDS_PER_MIB = 4.0 / 1024
AT_HAND = 0.2
"""The share of it that is enough where the machine has the memory at hand."""
SURE = 0.95
"""The share of its limit that a program must be charged with to have been ended rightly: clocks differ a little."""


class Times(Protocol):
    """What is known of a run: an `ExecResult` is one."""

    @property
    def cpu_seconds(self) -> float: ...
    @property
    def kernel_seconds(self) -> float: ...
    @property
    def peak_memory_bytes(self) -> int | None: ...


def charged(run: Times, share: float = 1.0) -> float:
    """The CPU seconds of a program, less what the kernel may have taken to find its memory, or a share of that."""
    return run.cpu_seconds - min(run.kernel_seconds, share * _most(run.peak_memory_bytes or 0))


def in_doubt(result: ExecResult, limits: Limits) -> bool:
    """Whether a program was ended at its CPU limit, or at the wall clock while it computed, that may have done less."""
    if (result.peak_memory_bytes or 0) <= FREE_BYTES:
        return False
    if result.signal == signal.SIGXCPU:
        if result.cpu_seconds < SURE * limits.cpu_seconds:  # it sent that itself
            return False
        return charged(result) < SURE * limits.cpu_seconds
    busy = result.status is ExecStatus.TIMEOUT and result.cpu_seconds >= SURE * limits.wall_seconds
    return busy and charged(result) < SURE * min(limits.cpu_seconds, limits.wall_seconds)


def roomier(limits: Limits) -> Limits:
    """Under which the kernel ends nobody for the time that memory at hand takes to find; at most twice the time."""
    more = min(AT_HAND * _most(limits.memory_bytes), limits.cpu_seconds)
    return replace(limits, cpu_seconds=limits.cpu_seconds + more, wall_seconds=limits.wall_seconds + more)


def beyond_doubt(attempt: Callable[[Limits], tuple[T, ExecResult]], limits: Limits) -> tuple[T, ExecResult]:
    """What comes of an attempt under these limits; of a second, where the first may have been ended wrongly.

    Args:
        attempt: gives, under limits, what it comes to and how its process ended.
        limits: that a program must keep to.
    """
    first = attempt(limits)
    if not in_doubt(first[1], limits):
        return first
    second = attempt(roomier(limits))
    return second if charged(second[1], AT_HAND) <= limits.cpu_seconds else first


def _most(size: float) -> float:
    return SECONDS_PER_MIB * max(size - FREE_BYTES, 0) / MIB
