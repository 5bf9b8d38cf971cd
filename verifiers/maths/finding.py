"""What a layer found out about two answers."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Finding", "differ", "same", "undecided"]


class Finding(NamedTuple):
    """A verdict, the layer that reached it, and why; `decided` is False where equality was merely not shown."""

    equal: bool
    layer: str
    why: str = ""
    decided: bool = True


def same(layer: str, why: str = "") -> Finding:
    """Shown to be the same object."""
    return Finding(True, layer, why)


def differ(layer: str, why: str = "") -> Finding:
    """Shown to be another object."""
    return Finding(False, layer, why)


def undecided(layer: str, why: str = "") -> Finding:
    """Neither could be shown; counts as different."""
    return Finding(False, layer, why, decided=False)
