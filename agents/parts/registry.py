"""Every part by its slot and its name."""

from __future__ import annotations

from assaygym.agents.parts import (
    advantages,
    agentic,
    aggregations,
    corrections,
    filters,
    losses,
    regularisers,
    rollouts,
    shaping,
)
from assaygym.agents.parts.base import SLOTS, Part
from assaygym.errors import ConfigError, did_you_mean

__all__ = ["PARTS", "part_class"]

MODULES = (rollouts, shaping, filters, advantages, losses, aggregations, regularisers, corrections, agentic)


def _parts() -> dict[str, dict[str, type[Part]]]:
    """What the modules of parts offer; two of one slot never have one name."""
    found: dict[str, dict[str, type[Part]]] = {slot: {} for slot in SLOTS}
    for module in MODULES:
        for exported in module.__all__:
            kind = getattr(module, exported)
            assert kind.name not in found[kind.slot], f"two parts are called {kind.name}"
            found[kind.slot][kind.name] = kind
    return found


PARTS: dict[str, dict[str, type[Part]]] = _parts()
"""Slot -> name -> the class of the part."""


def part_class(slot: str, name: str) -> type[Part]:
    """The part of that name.

    Raises:
        ConfigError: the slot has none; the sentence names the nearest.
    """
    if name not in PARTS[slot]:
        raise ConfigError(f"no part {name!r} for {slot}; {did_you_mean(name, PARTS[slot])}")
    return PARTS[slot][name]
