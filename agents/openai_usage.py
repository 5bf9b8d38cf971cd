"""What a policy that asks a server uses: requests, tokens, failures by name, money."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, runtime_checkable

from assaygym.errors import ConfigError, SpendingLimitError

__all__ = ["Meter", "MeteredPolicy", "Prices", "Tokens", "Usage"]

MILLION = 1e6
SERVED = 32
"""Names of models and fingerprints that are kept at most, of as many characters each as `SERVED_LENGTH`."""
SERVED_LENGTH = 200
KINDS = ("prompt", "completion", "cached", "reasoning")


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

    def since(self, earlier: Usage) -> Usage:
        """What came on top of this earlier one."""
        numbers = {
            each.name: getattr(self, each.name) - getattr(earlier, each.name)
            for each in fields(self)
            if each.name not in ("failures", "currency")
        }
        failures = Counter(self.failures)
        failures.subtract(earlier.failures)
        return Usage(**numbers, failures=dict(+failures), currency=self.currency)


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
        self._name, self.prices, self._max_cost = name, prices, max_cost
        self._lock = threading.Lock()
        self._here = _Here()
        self._served: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._cost = 0.0

    def usage(self) -> Usage:
        """All so far."""
        with self._lock:
            return Usage(**self._counts, failures=dict(self._failures), cost=self._cost, currency=self._currency)

    def usage_here(self) -> Usage:
        """Of answers that the calling thread asked for, without failures and retries."""
        return Usage(**self._here.counts, failures={}, cost=self._here.cost, currency=self._currency)

    def served(self) -> dict[str, int]:
        """Answers by what the server said that it is."""
        with self._lock:
            return dict(self._served)

    @property
    def _currency(self) -> str:
        return self.prices.currency if self.prices else ""

    def check(self) -> None:
        """Before a request is sent.

        Raises:
            SpendingLimitError: `max_cost` is reached, or cannot be kept since the server does not count tokens.
        """
        if self._max_cost is None or self.prices is None:
            return
        with self._lock:
            cost, unmetered = self._cost, self._counts["unmetered"]
        if cost >= self._max_cost:
            raise SpendingLimitError(
                f"{self._name} has cost {cost:.6g} {self.prices.currency} and max_cost is {self._max_cost:g}: no "
                "further request is sent; raise max_cost to go on"
            )
        if unmetered:
            raise SpendingLimitError(
                f"{self._name}: the server does not say how many tokens an answer took, so max_cost={self._max_cost:g} "
                "cannot be kept; leave max_cost out to go on without"
            )

    def answered(self, tokens: Tokens | None) -> None:
        """An answer came; None where nobody counted its tokens."""
        counts, cost = Counter(requests=1), 0.0
        if tokens is None:
            counts["unmetered"] = 1
        else:
            counts.update({f"{name}_tokens": getattr(tokens, name) for name in KINDS})
            cost = tokens.cost(self.prices) if self.prices is not None else 0.0
        with self._lock:
            self._counts.update(counts)
            self._cost += cost
        self._here.counts.update(counts)
        self._here.cost += cost

    def served_by(self, answer: Mapping[str, Any]) -> None:
        """Note the `model` and the `system_fingerprint` of an answer; what has neither, or is too long, is not."""
        said = [answer.get(name) for name in ("model", "system_fingerprint")]
        name = " ".join(text for text in said if isinstance(text, str) and text)
        with self._lock:
            if 0 < len(name) <= SERVED_LENGTH and (name in self._served or len(self._served) < SERVED):
                self._served[name] += 1

    def attempt_failed(self, kind: str) -> None:
        """An attempt failed."""
        with self._lock:
            self._failures[kind] += 1

    def add(self, name: str) -> None:
        """One more of `from_cache`, `failed` or `retries`."""
        with self._lock:
            self._counts[name] += 1


class _Here(threading.local):
    """What one thread was told."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.cost = 0.0


@runtime_checkable
class MeteredPolicy(Protocol):
    """A policy that knows what its answers took."""

    meter: Meter
