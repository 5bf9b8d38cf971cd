"""Limits of a whole run, and what has been used of them.

A limit of an episode (its timeout, its tokens) belongs to the configuration: it can change a verdict. A limit of the
run cannot, and may be another one in every start:

    time           seconds of this start
    tokens, cost   of the run, its earlier starts included; tokens are those fed and those sampled

Once one is reached no further episode begins. Those under way go on to their own end and are recorded; what they take
then is on top. An episode that was begun and could not go on since a limit was reached is not recorded at all: our
limit is never an agent's zero.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from assaygym.errors import ConfigError

if TYPE_CHECKING:
    from assaygym.benchmarks.records import EpisodeRecord

__all__ = ["Reached", "RunLimits", "Spending", "Used", "money", "seconds_of", "used_before"]

DURATION = re.compile(r"(?:(?P<h>\d+(?:\.\d+)?)h)?(?:(?P<m>\d+(?:\.\d+)?)m)?(?:(?P<s>\d+(?:\.\d+)?)s?)?")
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """None is no limit.

    Raises:
        ConfigError: a limit is not above 0.
    """

    time: float | None = None
    tokens: int | None = None
    cost: float | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            limit = getattr(self, each.name)
            if limit is not None and not 0 < limit < math.inf:
                raise ConfigError(f"limit_{each.name} is {limit}; expected more than 0, or None for no limit")


def seconds_of(text: str) -> float:
    """The seconds of `90`, `90s`, `10m`, `2h` or `1h30m`.

    Raises:
        ConfigError: the text is none of these.
    """
    found = DURATION.fullmatch(text.strip().lower())
    if not text.strip() or found is None:
        raise ConfigError(f"{text!r} is no time; expected seconds, or 10m, 2h, 1h30m")
    return sum(float(value) * UNITS[unit] for unit, value in found.groupdict(default="0").items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What episodes took. `cost` is 0 where there are no prices, tokens where the policy reports none."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    seconds: float = 0.0
    """Of wall clock, episodes side by side each counted."""

    @property
    def tokens(self) -> int:
        """Fed and sampled."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Used) -> Used:
        return Used(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Used:
        """What `to_dict` wrote; what is missing or no number counts as nothing."""
        known = {each.name: row.get(each.name) for each in fields(cls)}
        return cls(**{name: value for name, value in known.items() if isinstance(value, (int, float))})  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, float]:
        """Plain JSON values."""
        return {**asdict(self), "cost": round(self.cost, 9), "seconds": round(self.seconds, 6)}


def used_before(starts: Sequence[Mapping[str, Any]], records: Iterable[EpisodeRecord]) -> Used:
    """What earlier starts of a run used: as each recorded at its end; of one that was killed, what its episodes took.

    Args:
        starts: the first first, as `run.json` has them.
        records: the episodes that count.
    """
    total = Used()
    killed = {number for number, start in enumerate(starts, start=1) if "usage" not in start}
    for record in records:
        if record.attempt in killed:
            total += Used.of(record.usage)
    for start in starts:
        total += Used.of(start.get("usage", {}))
    return total


def money(amount: float, currency: str) -> str:
    """`$0.19`, or `0.19 EUR`; three digits where it is less than a cent."""
    shown = f"{amount:,.2f}" if amount >= 0.1 or amount == 0 else f"{amount:.3g}"
    return f"${shown}" if currency == "USD" else f"{shown} {currency}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The limit that ends a run."""

    name: str
    """`time`, `tokens`, `cost`, or `policy` for one that the policy has itself."""
    sentence: str


@dataclass(slots=True, kw_only=True)
class Spending:
    """What a run has used, against its limits. Used by many threads."""

    limits: RunLimits = field(default_factory=RunLimits)
    before: Used = field(default_factory=Used)
    """By earlier starts."""
    currency: str = "USD"
    clock: Callable[[], float] = time.monotonic
    now: Used = field(default_factory=Used, init=False)
    """By this start."""
    _started: float = field(default=0.0, init=False)
    _reached: Reached | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        self._started = self.clock()

    def add(self, used: Used) -> None:
        """Count what a turn took."""
        with self._lock:
            self.now += used

    def end(self, name: str, sentence: str) -> None:
        """Reach a limit that is not among `limits`."""
        with self._lock:
            self._reached = self._reached or Reached(name=name, sentence=sentence)

    def reached(self) -> Reached | None:
        """The limit that was reached first, if any; stays once it was told."""
        with self._lock:
            if self._reached is None:
                self._reached = self._over()
            return self._reached

    def _over(self) -> Reached | None:
        limits, used = self.limits, self.before + self.now
        if limits.cost is not None and used.cost >= limits.cost:
            spent, most = (money(each, self.currency) for each in (used.cost, limits.cost))
            return Reached(name="cost", sentence=f"the run has cost {spent} and its limit is {most}")
        if limits.tokens is not None and used.tokens >= limits.tokens:
            sentence = f"the run has used {used.tokens:,} tokens and its limit is {limits.tokens:,}"
            return Reached(name="tokens", sentence=sentence)
        if limits.time is not None and self.clock() - self._started >= limits.time:
            return Reached(name="time", sentence=f"the limit of {round(limits.time, 1):g} s for this start is over")
        return None
