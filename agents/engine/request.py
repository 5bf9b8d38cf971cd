"""What an engine is asked, and what it answers. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from assaygym.types import FinishReason

__all__ = ["Request", "Sampled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One prompt, of at least one id, to continue. `temperature` 0 is greedy."""

    prompt_ids: tuple[int, ...]
    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    end_ids: frozenset[int] = frozenset()
    """Sampling one of these ends the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """The ids as sampled, a final end id included, with log-probability and entropy (nats) of each."""

    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    entropies: tuple[float, ...]
    finish_reason: FinishReason
