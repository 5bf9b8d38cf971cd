"""The fixed points at which expressions are compared: exact in binary, none special, signs in every combination."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

__all__ = ["EXTRA", "KEYED", "POINTS", "WHOLE_POINTS", "real_point", "whole_point"]

POINTS = 8
"""How many real points are tried at first. The first variable's sign changes with every point, the second's with
every second one."""
EXTRA = 8
"""How many more are tried where those say too little; the later ones hold positive values only."""
WHOLE_POINTS = 14
KEYED = 1 << 64
"""Numbers of points from here on are drawn from the pair of answers; what is worked out there is not kept."""
_SIZES: Final = (0.6, 0.4, 2.8, 1.7, 11.0, 5.3, 0.15, 0.9, 0.5, 0.3, 3.3, 0.7, 20.0, 1.2, 0.05, 7.0)
_WHOLES: Final = (7, 4, 9, 12, 5, 10, 2, 14, 6, 3, 11, 8, 17, 1)


@lru_cache(256)
def real_point(names: tuple[str, ...], k: int) -> dict[str, float]:
    """Values of the names, doubles; `names` is sorted, `k` below POINTS + EXTRA or at least KEYED."""
    if k >= KEYED:
        return {name: 0.1 + 4 * _draw(place, k) / 2**40 for place, name in enumerate(names)}
    return {name: _value(place, k) for place, name in enumerate(names)}


def _draw(place: int, k: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{place} {k}".encode(), digest_size=5).digest(), "big")


def _value(place: int, k: int) -> float:
    draw = _draw(place, k)
    size = _SIZES[(k + 3 * place) % len(_SIZES)] * (0.8 + 0.4 * draw / 2**40)
    negative = k < POINTS + EXTRA // 2 and (k >> place & 1 if place < 3 else draw & 1)
    rounded = round(size * 2**36) / 2**36
    return -rounded if negative else rounded


@lru_cache(256)
def whole_point(names: tuple[str, ...], k: int) -> dict[str, tuple[int, int]]:
    """Natural numbers for the names, as exact pairs; the first name is the larger one at some points, not at all."""
    if k >= KEYED:
        return {name: (18 + _draw(place, k) % 60, 1) for place, name in enumerate(names)}
    return {name: (_WHOLES[(k * (1 + place) + 5 * place) % len(_WHOLES)], 1) for place, name in enumerate(names)}
