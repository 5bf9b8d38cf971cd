"""What an episode took: turns, calls, tokens, seconds, counted once from what was recorded of it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Measures", "measure"]

COPIED_CHARS = 20
"""A shorter answer is in many a prompt by chance."""
SUSPICIOUS = (
    "os._exit", "os.abort(", "sys._getframe", "gc.get_objects", "gc.get_referrers", "inspect.currentframe",
    "inspect.stack(", "__builtins__", "builtins.", "sys.modules", "sys.settrace", "ctypes.", "/proc/self",
    "/proc/1/", "pytest.skip", "unittest.mock", "__subclasses__", "atexit.register",
)  # fmt: skip
"""What a program that solves a task has little use for, and one that gets around its verifier often has."""


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
    last_step_seconds: float = math.nan
    """Of the last turn alone: the verdict is in it."""
    stop_reason: str = ""
    unasked: int = 0
    """Changes of the state that nobody had asked for, where the verifier counts them."""
    said: str = ""
    """16 hex digits of all that the agent said, calls included: the same for the same words."""
    copied: bool = False
    """Whether the last answer, of some length, stands word for word in the prompt."""
    suspicious: bool = False
    """Whether what was said holds one of `SUSPICIOUS`."""

    @property
    def seconds(self) -> float:
        """Sampling and environment together."""
        return self.sampling_seconds + self.step_seconds


def measure(trajectory: Mapping[str, Any]) -> Measures:
    """The measures of a trajectory as `trajectory_to_dict` writes it; of an empty one, nothing."""
    turns = list(trajectory.get("turns") or ())
    answers = [turn["completion"] for turn in turns]
    score = trajectory.get("score") or {}
    texts = [_said(answer["message"]) for answer in answers]
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
        last_step_seconds=_seconds(turn.get("step_seconds") for turn in turns[-1:]),
        stop_reason=str(trajectory.get("stop_reason", "")),
        unasked=_count((score.get("metrics") or {}).get("unexpected")),
        said=hashlib.blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest(),
        copied=bool(turns) and _copied(answers[-1]["message"]["content"], turns[0]["observation"]),
        suspicious=any(word in text for text in texts for word in SUSPICIOUS),
    )


def _said(message: Mapping[str, Any]) -> str:
    """What the agent wrote in a turn, its reasoning left out."""
    calls = "".join(f"\n{call['name']} {call['arguments']}" for call in message["tool_calls"])
    return f"{message['content']}{calls}"


def _copied(answer: str, prompt: Sequence[Mapping[str, Any]]) -> bool:
    words = " ".join(answer.split())
    return len(words) >= COPIED_CHARS and any(words in " ".join(each["content"].split()) for each in prompt)


def _told(turns: Iterable[Mapping[str, Any]], name: str) -> int:
    """What the turns' infos say of this, added up; anything but a number is passed over."""
    values = (turn["info"].get(name, 0) for turn in turns)
    return sum(int(value) for value in values if isinstance(value, int))


def _count(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) and math.isfinite(value) else 0


def _seconds(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None]
    return math.fsum(known) if known else math.nan
