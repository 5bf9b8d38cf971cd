"""What a report says of how a run was made: its starts, its speed, the seconds of its verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Attempt", "EpisodeRef", "Latency", "Provenance", "Speed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeRef:
    """An episode to open: its key, and what its task is called."""

    task: int
    sample: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Seconds of a verdict. Quantiles are by nearest rank, of the measured episodes."""

    measured: int
    p50: float
    p90: float
    p99: float
    longest: float
    total: float
    slowest: tuple[EpisodeRef, ...]
    source: str
    """`verifier`, `last step` (of the environment, the verdict included) or `both`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One start of the run. `ended` is empty, and `seconds` NaN, for one that was killed or still runs."""

    number: int
    started: str
    ended: str
    seconds: float
    episodes: int | None
    interrupted: bool
    host: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the numbers come from."""

    folder: str
    assaygym: str
    config_hash: str
    config: Mapping[str, Any]
    verifier: str
    data: str
    """Digest of a suite's data; empty for an environment, whose tasks are seeds."""
    seed: int | None
    attempts: tuple[Attempt, ...]
    gaps: tuple[str, ...]
    """Sentences about what was not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What the run took. Sums are over its episodes; NaN where nobody measured them."""

    episodes: int
    wall_seconds: float
    """From start to stop of all attempts that ended."""
    episodes_per_second: float
    """Of these attempts."""
    prompt_tokens: int
    """Fed and sampled: counted by the policy, else by its server."""
    sampled_tokens: int
    characters: int
    tokens_per_second: float
    """Sampled tokens by wall seconds; NaN where there are no tokens, or an attempt did not end."""
    sampling_seconds: float
    step_seconds: float
    verify_seconds: float
    turns: int
    cached_turns: int
    cost: float
    """Of all attempts, as recorded; NaN where there were no prices."""
    currency: str = ""
