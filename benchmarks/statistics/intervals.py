"""Intervals of a proportion, and the plain form of a result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from statistics import NormalDist
from typing import Any

from assaygym.errors import MissingDependencyError

__all__ = ["NOWHERE", "Interval", "as_plain", "clopper_pearson_interval", "need_scipy", "wilson_interval"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A two-sided interval; both ends are NaN where nothing is known."""

    low: float
    high: float


NOWHERE = Interval(low=math.nan, high=math.nan)


def wilson_interval(successes: float, n: float, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a proportion (Wilson 1927); sensible at 0 and at 1, and for small `n`.

    `n` may be fractional: an effective sample size. Both ends are NaN when `n` is 0.

    Raises:
        ValueError: `successes` is outside [0, n], or `confidence` outside (0, 1).
    """
    _check("wilson_interval", successes, n, confidence)
    if n == 0:
        return NOWHERE
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = successes / n
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if successes == 0 else max(0.0, (centre - half) / scale)  # rounding may step past the ends
    high = 1.0 if successes == n else min(1.0, (centre + half) / scale)
    return Interval(low=min(low, p), high=max(high, p))


def clopper_pearson_interval(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """The exact interval of a proportion (Clopper and Pearson 1934): never covers less than it says, so it is wide.

    Both ends are NaN when `n` is 0.

    Raises:
        ValueError: `successes` is outside [0, n], or `confidence` outside (0, 1).
        MissingDependencyError: scipy is not installed.
    """
    _check("clopper_pearson_interval", successes, n, confidence)
    if n == 0:
        return NOWHERE
    need_scipy("an exact interval")
    from scipy.stats import binomtest

    found = binomtest(successes, n).proportion_ci(confidence_level=confidence, method="exact")
    return Interval(low=float(found.low), high=float(found.high))


def need_scipy(purpose: str) -> None:
    """Raise the sentence that names the extra where scipy is missing.

    Raises:
        MissingDependencyError: scipy is not installed.
    """
    try:
        import scipy.stats  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError.of("scipy", "eval", purpose) from error


def as_plain(value: Any) -> Any:
    """Dataclasses as dicts, sequences as lists, NaN as None: what JSON can hold."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: as_plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {name: as_plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_plain(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _check(name: str, successes: float, n: float, confidence: float) -> None:
    if not 0 < confidence < 1 or not 0 <= successes <= n:
        raise ValueError(
            f"{name}(successes={successes}, n={n}, confidence={confidence}); "
            "expected 0 <= successes <= n and 0 < confidence < 1"
        )
