"""What a policy that asks a server uses: requests, tokens, failures by name, money."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assaygym.errors import ConfigError, PolicyError

__all__ = ["Meter", "Prices", "Tokens", "Usage"]

MILLION = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a million tokens cost. Reasoning tokens are completion tokens.

    Args:
        prompt: of what the model is fed.
        completion: of what it samples.
        cached: of prompt tokens that the server took from its own cache; None is the price of any other.
        currency: only a name.

    Raises:
        ConfigError: a price is negative or not finite.
    """

    prompt: float
    completion: float
    cached: float | None = None
    currency: str = "USD"

    def __post_init__(self) -> None:
        for price in (self.prompt, self.completion, self.cached or 0.0):
            if not 0 <= price < math.inf:
                raise ConfigError(f"{self}: a price is {price}; expected a finite number from 0, per million tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Of one answer. `cached` are among `prompt`, `reasoning` among `completion`."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    reasoning: int = 0

    @classmethod
    def of(cls, usage: Any) -> Tokens | None:
        """What the `usage` of an answer says, in the spelling of any server; None where it says nothing."""
        if not isinstance(usage, Mapping) or not {"prompt_tokens", "completion_tokens"} & usage.keys():
            return None
        cached = _count(usage, "prompt_tokens_details", "cached_tokens") or _count(usage, "prompt_cache_hit_tokens")
        reasoning = _count(usage, "completion_tokens_details", "reasoning_tokens") or _count(usage, "reasoning_tokens")
        return cls(
            prompt=_count(usage, "prompt_tokens"),
            completion=_count(usage, "completion_tokens"),
            cached=cached,
            reasoning=reasoning,
        )

    def cost(self, prices: Prices) -> float:
        """In the currency of the prices."""
        cached_price = prices.prompt if prices.cached is None else prices.cached
        fresh = self.prompt - self.cached
        return (fresh * prices.prompt + self.cached * cached_price + self.completion * prices.completion) / MILLION


def _count(usage: Any, *path: str) -> int:
    for key in path:
        usage = usage.get(key) if isinstance(usage, Mapping) else None
    return usage if isinstance(usage, int) and usage > 0 else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a policy has used so far."""

    requests: int = 0
    """Answered by the server."""
    from_cache: int = 0
    """Answered by the response cache: they cost nothing and count no tokens."""
    failed: int = 0
    """Given up: each is a `PolicyError`."""
    retries: int = 0
    """Attempts after the first of their request."""
    failures: Mapping[str, int] = field(default_factory=dict[str, int])
    """Failed attempts by name (`FailureKind`), those that were tried again included."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt tokens, those that the server took from its own cache."""
    reasoning_tokens: int = 0
    """Of the completion tokens, where the server tells them apart."""
    unmetered: int = 0
    """Answers of which nobody said how many tokens they took."""
    cost: float = 0.0
    """By the prices that were given; 0 without."""
    currency: str = ""


class Meter:
    """Adds up, from many threads.

    Args:
        name: of the policy, for the sentence of the error.
        prices: per million tokens.
        max_cost: no request is sent once this is reached. Those in flight then are still answered and paid.

    Raises:
        ConfigError: `max_cost` without prices, or not above 0.
    """

    def __init__(self, name: str, prices: Prices | None, max_cost: float | None) -> None:
        if max_cost is not None and (prices is None or not max_cost > 0):
            raise ConfigError(f"max_cost={max_cost} with prices={prices}; expected more than 0, and prices=Prices(...)")
        self._name, self._prices, self._max_cost = name, prices, max_cost
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._cost = 0.0

    def usage(self) -> Usage:
        """All so far."""
        with self._lock:
            return Usage(
                **self._counts,
                failures=dict(self._failures),
                cost=self._cost,
                currency=self._prices.currency if self._prices else "",
            )

    def check(self) -> None:
        """Before a request is sent.

        Raises:
            PolicyError: `max_cost` is reached, or cannot be kept since the server does not count tokens.
        """
        if self._max_cost is None or self._prices is None:
            return
        with self._lock:
            cost, unmetered = self._cost, self._counts["unmetered"]
        if cost >= self._max_cost:
            raise PolicyError(
                f"{self._name} has cost {cost:.6g} {self._prices.currency} and max_cost is {self._max_cost:g}: no "
                "further request is sent; raise max_cost to go on"
            )
        if unmetered:
            raise PolicyError(
                f"{self._name}: the server does not say how many tokens an answer took, so max_cost={self._max_cost:g} "
                "cannot be kept; leave max_cost out to go on without"
            )

    def answered(self, tokens: Tokens | None) -> None:
        """An answer came; None where nobody counted its tokens."""
        with self._lock:
            self._counts["requests"] += 1
            if tokens is None:
                self._counts["unmetered"] += 1
                return
            for name in ("prompt", "completion", "cached", "reasoning"):
                self._counts[f"{name}_tokens"] += getattr(tokens, name)
            if self._prices is not None:
                self._cost += tokens.cost(self._prices)

    def attempt_failed(self, kind: str) -> None:
        """An attempt failed."""
        with self._lock:
            self._failures[kind] += 1

    def add(self, name: str) -> None:
        """One more of `from_cache`, `failed` or `retries`."""
        with self._lock:
            self._counts[name] += 1
