"""What an episode took: turns, calls, tokens, seconds, counted once from what was recorded of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Measures", "measure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Counts and wall-clock seconds of one episode; seconds are NaN where nobody measured them."""

    turns: int = 0
    tool_calls: int = 0
    """Those that the environment ran or refused."""
    tool_errors: int = 0
    repaired: int = 0
    """Turns whose calls had to be repaired to be read."""
    prompt_tokens: int = 0
    """Fed to the model, over all turns; 0 where the policy has no tokens."""
    sampled_tokens: int = 0
    characters: int = 0
    """Of what the agent said, reasoning included."""
    cached: int = 0
    """Turns whose answer was kept from an earlier run."""
    sampling_seconds: float = math.nan
    step_seconds: float = math.nan
    verify_seconds: float = math.nan
    stop_reason: str = ""

    @property
    def seconds(self) -> float:
        """Sampling and environment together."""
        return self.sampling_seconds + self.step_seconds


def measure(trajectory: Mapping[str, Any]) -> Measures:
    """The measures of a trajectory as `trajectory_to_dict` writes it; of an empty one, nothing."""
    turns = trajectory.get("turns") or ()
    answers = [turn["completion"] for turn in turns]
    score = trajectory.get("score") or {}
    return Measures(
        turns=len(turns),
        tool_calls=_told(turns, "tool_calls"),
        tool_errors=_told(turns, "tool_errors"),
        repaired=_told(turns, "repaired"),
        prompt_tokens=sum(len(answer["prompt_ids"]) for answer in answers),
        sampled_tokens=sum(max(len(answer["token_ids"]), len(answer["logprobs"] or ())) for answer in answers),
        characters=sum(len(each["message"]["content"]) + len(each["message"]["reasoning"] or "") for each in answers),
        cached=sum(bool(answer["cached"]) for answer in answers),
        sampling_seconds=_seconds(turn.get("sampling_seconds") for turn in turns),
        step_seconds=_seconds(turn.get("step_seconds") for turn in turns),
        verify_seconds=_seconds([score.get("seconds")]),
        stop_reason=str(trajectory.get("stop_reason", "")),
    )


def _told(turns: Iterable[Mapping[str, Any]], name: str) -> int:
    """What the turns' infos say of this, added up; anything but a number is passed over."""
    values = (turn["info"].get(name, 0) for turn in turns)
    return sum(int(value) for value in values if isinstance(value, int))


def _seconds(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None]
    return math.fsum(known) if known else math.nan
