"""What a run took: seconds of verdicts, and seconds, tokens and turns of all its episodes."""

from __future__ import annotations

import heapq
import math
from array import array
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assaygym.benchmarks.measures import Measures
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.report.content import Attempt, EpisodeRef, Latency, Speed

__all__ = ["Latencies", "Totals", "attempts_of", "ended_by"]

SLOWEST = 5


class Latencies:
    """Collects the seconds of verdicts, episode by episode."""

    def __init__(self) -> None:
        self._seconds = array("d")
        self._slowest: list[tuple[float, int, EpisodeRef]] = []
        self._sources: set[str] = set()

    def add(self, record: EpisodeRecord, measures: Measures, ref: EpisodeRef) -> None:
        """Take an episode in: its verifier's seconds, or those of its last step where that was judged."""
        own = math.isfinite(measures.verify_seconds)
        judged = record.outcome not in (Outcome.ERROR, Outcome.UNFINISHED)
        seconds = measures.verify_seconds if own else measures.last_step_seconds
        if not math.isfinite(seconds) or not (own or judged):
            return
        self._sources.add("verifier" if own else "last step")
        self._seconds.append(seconds)
        entry = (seconds, -len(self._seconds), ref)
        (heapq.heappush if len(self._slowest) < SLOWEST else heapq.heappushpop)(self._slowest, entry)

    def facts(self) -> Latency | None:
        """The quantiles; None where nothing was measured."""
        if not self._seconds:
            return None
        ordered = sorted(self._seconds)
        return Latency(
            measured=len(ordered),
            p50=_quantile(ordered, 0.5),
            p90=_quantile(ordered, 0.9),
            p99=_quantile(ordered, 0.99),
            longest=ordered[-1],
            total=math.fsum(ordered),
            slowest=tuple(ref for _, _, ref in sorted(self._slowest, reverse=True)),
            source=self._sources.pop() if len(self._sources) == 1 else "both",
        )


class Totals:
    """Adds up what episodes took."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(("prompt_tokens", "sampled_tokens", "characters", "turns", "cached"), 0)
        self._seconds = {name: array("d") for name in ("sampling_seconds", "step_seconds", "verify_seconds")}
        self._episodes = 0

    def add(self, measures: Measures) -> None:
        """Take an episode in."""
        self._episodes += 1
        for name in self._counts:
            self._counts[name] += getattr(measures, name)
        for name, column in self._seconds.items():
            if math.isfinite(value := getattr(measures, name)):
                column.append(value)

    def facts(self, attempts: Sequence[Attempt], cost: float = 0.0, currency: str = "") -> Speed:
        """The sums, and the rates over the attempts that ended; a `cost` of 0 is one that nobody knows."""
        ended = [attempt for attempt in attempts if math.isfinite(attempt.seconds)]
        wall = math.fsum(attempt.seconds for attempt in ended) if ended else math.nan
        tokens, whole = self._counts["sampled_tokens"], len(ended) == len(attempts)
        return Speed(
            episodes=self._episodes,
            wall_seconds=wall,
            episodes_per_second=_rate(sum(attempt.episodes or 0 for attempt in ended), wall),
            prompt_tokens=self._counts["prompt_tokens"],
            sampled_tokens=tokens,
            characters=self._counts["characters"],
            tokens_per_second=_rate(tokens, wall) if tokens and whole else math.nan,
            turns=self._counts["turns"],
            cached_turns=self._counts["cached"],
            cost=cost or math.nan,
            currency=currency,
            **{name: math.fsum(column) if column else math.nan for name, column in self._seconds.items()},
        )


def attempts_of(document: Mapping[str, Any]) -> tuple[Attempt, ...]:
    """The starts of a run as its `run.json` has them."""
    return tuple(_attempt(number, row) for number, row in enumerate(document.get("attempts", ()), start=1))


def ended_by(document: Mapping[str, Any], *, complete: bool) -> str:
    """The limit that ended the last start of a run, in words; empty where none did, or nothing is left to play.

    Args:
        document: the `run.json`.
        complete: whether every planned episode ran.
    """
    last = (document.get("attempts") or [{}])[-1]
    kind, _, name = str(last.get("why") or "").partition(" ")
    if complete or kind != "limit":
        return ""
    if name == "policy":
        return "a limit of the policy"
    limit = (last.get("limits") or {}).get(name)
    return f"the run's limit of {name}{'' if limit is None else f', {limit:,}'}"


def _attempt(number: int, row: Mapping[str, Any]) -> Attempt:
    started, ended = str(row.get("started") or ""), str(row.get("ended") or "")
    return Attempt(
        number=number,
        started=started,
        ended=ended,
        seconds=_between(started, ended),
        episodes=row.get("episodes"),
        interrupted=bool(row.get("interrupted")),
        host=row.get("host") or {},
    )


def _between(started: str, ended: str) -> float:
    try:
        return (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()
    except (ValueError, TypeError):
        return math.nan


def _rate(count: int, seconds: float) -> float:
    return count / seconds if seconds > 0 else math.nan


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank quantile: the smallest value that `share` of all do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
