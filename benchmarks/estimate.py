"""What the rest of a run will roughly take: from episodes of it that were played, or from its prompts' length alone.

From `m` played episodes the sum over `n` more has the mean `n x` and the 95 % prediction interval
`n x -+ t s sqrt(n**2 / m + n)`, `x` and `s` being their mean and standard deviation and `t` Student's quantile of
`m - 1` degrees: as if episodes were drawn at random and alike. One hard task among easy ones breaks that; it is an
estimate.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assaygym.agents.openai_usage import MILLION, Prices
from assaygym.agents.policy import Prompt
from assaygym.benchmarks.limits import Used, money

__all__ = [
    "CHARACTERS_A_TOKEN",
    "Range",
    "RunEstimate",
    "characters_of",
    "count",
    "duration",
    "from_episodes",
    "from_prompts",
]

CHARACTERS_A_TOKEN = 4.0
"""Of English text, roughly; fewer of code and of other languages."""
LEAST_EPISODES = 2
Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A guess from `low` to `high`; `likely` is NaN where only the ends are known."""

    low: float
    likely: float
    high: float

    def text(self, show: Callable[[float], str]) -> str:
        """`12k (9k to 15k)`, or `9k to 15k`; `12k` where all look the same."""
        low, high = show(self.low), show(self.high)
        ends = low if low == high else f"{low} to {high}"
        if math.isnan(self.likely) or low == high == show(self.likely):
            return ends
        return f"{show(self.likely)} ({ends})"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEstimate:
    """What `episodes` more will take; None is not known."""

    episodes: int
    basis: str
    """What it is worked out from."""
    prompt_tokens: Range
    completion_tokens: Range
    cost: Range | None = None
    seconds: Range | None = None
    currency: str = "USD"

    def sentence(self) -> str:
        """One line for a person, which goes on after the word estimate."""
        parts = [f"{self.prompt_tokens.text(count)} tokens in", f"{self.completion_tokens.text(count)} out"]
        if self.cost is not None:
            parts.insert(0, self.cost.text(lambda amount: money(amount, self.currency)))
        if self.seconds is not None:
            parts.append(f"{self.seconds.text(duration)} at this pace")
        return f"for {self.episodes} more episodes, from {self.basis}: {', '.join(parts)}"


def from_episodes(
    played: Sequence[Used], episodes: int, *, concurrency: int, prices: Prices | None = None
) -> RunEstimate | None:
    """The estimate from episodes of this run; None with fewer than two of them.

    Args:
        played: what each took.
        episodes: how many more there are.
        concurrency: how many are played side by side, of which `seconds` makes use.
        prices: where there are any; what cost nothing without is not told as free.
    """
    if len(played) < LEAST_EPISODES:
        return None
    seconds = _sum([used.seconds for used in played], episodes)
    side_by_side = max(1, min(concurrency, episodes))
    return RunEstimate(
        episodes=episodes,
        basis=f"{len(played)} that were played",
        prompt_tokens=_sum([used.prompt_tokens for used in played], episodes),
        completion_tokens=_sum([used.completion_tokens for used in played], episodes),
        cost=None if prices is None else _sum([used.cost for used in played], episodes),
        seconds=Range(**{end: getattr(seconds, end) / side_by_side for end in ("low", "likely", "high")}),
        currency=prices.currency if prices is not None else "",
    )


def from_prompts(
    characters: Sequence[int], episodes: int, *, max_tokens: int, max_turns: int, prices: Prices | None = None
) -> RunEstimate:
    """The estimate before anything was played: between no answer at one turn, and the longest at every turn.

    Args:
        characters: of the first prompts of some tasks, their tools included.
        episodes: how many there are.
        max_tokens: the longest answer of one turn.
        max_turns: of an episode. Each is fed all before it; what tools and users say is not known and not counted.
        prices: where there are any.
    """
    prompt = statistics.fmean(characters) / CHARACTERS_A_TOKEN * episodes
    answers = max_tokens * max_turns * episodes
    fed_again = max_tokens * max_turns * (max_turns - 1) / 2 * episodes
    most = prompt * max_turns + fed_again
    cost = None
    if prices is not None:
        dearest = (most * prices.prompt + answers * prices.completion) / MILLION
        cost = Range(low=prompt * prices.prompt / MILLION, likely=math.nan, high=dearest)
    return RunEstimate(
        episodes=episodes,
        basis=f"the length of {len(characters)} prompts alone ({CHARACTERS_A_TOKEN:g} characters a token; "
        f"at most {max_turns} turn{'s' if max_turns > 1 else ''} of {max_tokens} tokens)",
        prompt_tokens=Range(low=prompt, likely=math.nan, high=most),
        completion_tokens=Range(low=0.0, likely=math.nan, high=answers),
        cost=cost,
        currency=prices.currency if prices is not None else "",
    )


def characters_of(prompt: Prompt) -> int:
    """The characters of a prompt's messages and of what it says of its tools."""
    tools = sum(len(tool.name) + len(tool.description) + len(str(dict(tool.parameters))) for tool in prompt.tools)
    return tools + sum(len(message.content) for message in prompt.messages)


def count(number: float) -> str:
    """`412k`, `3.2M`: three digits at most."""
    for size, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= 0.9995 * size:
            return f"{number / size:.3g}{name}" if number < 999.5 * size else f"{number / size:.0f}{name}"
    return f"{number:.0f}"


def duration(seconds: float) -> str:
    """`41 s`, `12 min`, `3.5 h`."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 99.5 * 60 else f"{seconds / 3600:.1f} h"


def student_quantile(degrees: int) -> float:
    """The 97.5 % quantile of Student's t: exact for 1 and 2 degrees, else by Fisher and Cornish's expansion (1960)."""
    if degrees == 1:
        return math.tan(math.pi * 0.475)
    if degrees == 2:
        return 0.95 / math.sqrt(2 * 0.975 * 0.025)
    z, n = Z, degrees
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4)
    )


def _sum(values: Sequence[float], more: int) -> Range:
    """The sum over `more` further ones like these."""
    mean, size = statistics.fmean(values), len(values)
    half = student_quantile(size - 1) * statistics.stdev(values) * math.sqrt(more**2 / size + more)
    return Range(low=max(0.0, more * mean - half), likely=more * mean, high=more * mean + half)
