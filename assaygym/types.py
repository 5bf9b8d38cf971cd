"""The data that flows between the layers: a leaf module, standard library only.

Every type is a frozen, slotted, keyword-only dataclass and pickles. Arrays elsewhere carry axis suffixes: `rewards_G`
(group), `logps_BT` (batch, token).

    Task --prompt--> Policy --Completion--> Env.step --> tools, sandbox --> observation (Message, ...)
                                              | the episode ends
                                              v
                                  Verifier --Score--> reward --> Turn, ... --> Trajectory
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

__all__ = [
    "Completion",
    "FinishReason",
    "Message",
    "Role",
    "Score",
    "StopReason",
    "Task",
    "ToolCall",
    "ToolSpec",
    "Trajectory",
    "Turn",
    "Verdict",
]

Role = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "tool_calls"]
A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call as the model wrote it: `arguments` is the raw JSON text, whose parsing may fail."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One chat message; `tool_call_id` names the call that a `tool` message answers."""

    role: Role
    content: str
    reasoning: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """What a model is told of a tool; `parameters` is a JSON Schema of type `object`."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Generic[A]):
    """One problem. `answer` is what the verifier compares with and is never rendered to the agent."""

    id: str
    prompt: tuple[Message, ...]
    answer: A
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Verdict(StrEnum):
    """What a verifier found."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    PARTIAL = "partial"
    UNPARSED = "unparsed"
    """No answer could be read out of the response."""
    INVALID = "invalid"
    """The task, the verifier or the sandbox failed: not the agent's fault, never a reward of zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A verdict with its value in [0, 1] (NaN exactly when INVALID) and the reason for it.

    Raises:
        ValueError: `value` is outside [0, 1], or is NaN while `verdict` is not INVALID (or the reverse).
    """

    value: float
    verdict: Verdict
    extracted: str | None = None
    """The answer that was read out of the response."""
    explanation: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    flags: tuple[str, ...] = ()
    """What a hack detector saw; never changes the verdict by itself."""
    seconds: float | None = field(default=None, compare=False)
    """What the verdict took, of wall clock, where it was measured."""

    def __post_init__(self) -> None:
        if math.isnan(self.value) != (self.verdict is Verdict.INVALID):
            raise ValueError(f"value {self.value} does not go with verdict {self.verdict}: NaN exactly when INVALID")
        if not math.isnan(self.value) and not 0.0 <= self.value <= 1.0:
            raise ValueError(f"value {self.value} is outside [0, 1]")

    @classmethod
    def of(cls, result: Score | bool | float, **fields: Any) -> Score:
        """The score of a plain result: a bool, a float in [0, 1], or a `Score` (returned as it is).

        Raises:
            TypeError: `result` is none of these.
            ValueError: the float is outside [0, 1] or NaN.
        """
        if isinstance(result, Score):
            return result
        if not isinstance(result, (bool, int, float)):
            given = type(result).__name__
            raise TypeError(f"a verifier returned {given}; expected a bool, a float in [0, 1] or a Score")
        value = float(result)
        if math.isnan(value):
            raise ValueError("a verifier returned NaN; use Score.invalid(reason) for what cannot be judged")
        verdict = {1.0: Verdict.CORRECT, 0.0: Verdict.INCORRECT}.get(value, Verdict.PARTIAL)
        return cls(value=value, verdict=verdict, **fields)

    @classmethod
    def unparsed(cls, explanation: str) -> Score:
        """Zero, because no answer could be read out of the response."""
        return cls(value=0.0, verdict=Verdict.UNPARSED, explanation=explanation)

    @classmethod
    def invalid(cls, explanation: str) -> Score:
        """No judgement: a part of ours failed. Trainers drop and count such an episode."""
        return cls(value=math.nan, verdict=Verdict.INVALID, explanation=explanation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a policy sampled for one turn. The token fields are empty or None where the policy has no tokens."""

    message: Message
    finish_reason: FinishReason = "stop"
    prompt_ids: tuple[int, ...] = ()
    """All ids the model was fed for this turn."""
    token_ids: tuple[int, ...] = ()
    """The sampled ids, kept as sampled: decoding and encoding again may change them."""
    logprobs: tuple[float, ...] | None = None
    """Log-probability (nats) of each sampled id under the behaviour policy, same length as `token_ids`."""
    entropies: tuple[float, ...] | None = None
    """Entropy (nats) of the behaviour policy at each sampled id, same length as `token_ids`."""
    top_k_entropies: tuple[float, ...] | None = None
    """An estimate from below where `entropies` cannot be had: -sum p log p (nats) over the likeliest ids alone."""
    cached: bool = False
    """Whether the answer was kept from an earlier run instead of sampled for this one."""


class StopReason(StrEnum):
    """Why an episode ended."""

    COMPLETED = "completed"
    """The environment ended it."""
    MAX_TURNS = "max_turns"
    MAX_TOKENS = "max_tokens"
    CONTEXT_OVERFLOW = "context_overflow"
    TIMEOUT = "timeout"
    ERROR = "error"
    """A part of ours raised; `Trajectory.error` says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One exchange: the messages that were new to the agent, what it answered, what that earned."""

    observation: tuple[Message, ...]
    completion: Completion
    reward: float = 0.0
    info: Mapping[str, Any] = field(default_factory=dict[str, Any])
    action: Message | None = field(default=None, compare=False)
    """The answer as the environment read it, where that is not `completion.message` itself: the calls that were found
    in its text, and the words around them. None too where nobody read it, and in records of before."""
    sampling_seconds: float | None = field(default=None, compare=False)
    """What the policy took for the answer, of wall clock, where it was measured."""
    step_seconds: float | None = field(default=None, compare=False)
    """What the environment took for its reply, the verdict included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """One episode. `score` is None when it stopped before a verdict.

    A fork has `parent` = (trajectory id, turn): its turns before that one are the parent's own.
    """

    env_id: str
    task_id: str
    seed: int
    split: str
    turns: tuple[Turn, ...]
    score: Score | None
    stop_reason: StopReason
    id: str = ""
    """Names the trajectory in its group; empty for an episode that stands alone."""
    parent: tuple[str, int] | None = None
    error: str | None = None
    notes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """How it came about, where that is not by plain sampling: a hint that was given, a buffer it was taken from."""

    @property
    def reward(self) -> float:
        """Sum of the turns' rewards; NaN when the verdict is INVALID or the episode failed."""
        if self.stop_reason is StopReason.ERROR:
            return math.nan
        return math.fsum(turn.reward for turn in self.turns)
