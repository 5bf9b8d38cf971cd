"""The contract of every policy: prompts in, completions out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from assaygym.types import Completion, Message, ToolSpec

if TYPE_CHECKING:
    from assaygym.envs.core import Env

__all__ = ["ModelPolicy", "Policy", "Prompt", "SamplingParams", "said", "seed_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """How to sample. `max_tokens` counts the tokens of one completion.

    Raises:
        ValueError: a value is outside its range.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 1024
    stop: tuple[str, ...] = ()
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise ValueError(f"temperature is {self.temperature}; expected 0 (greedy) or more")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p is {self.top_p}; expected a number in (0, 1]")
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens is {self.max_tokens}; expected at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a policy is asked at one turn."""

    messages: tuple[Message, ...]
    """The whole conversation so far; its last message is never the assistant's."""
    tools: tuple[ToolSpec, ...] = ()
    previous: Completion | None = None
    """The agent's own last turn. A policy with tokens continues `prompt_ids + token_ids`, never re-tokenises them."""
    observation: tuple[Message, ...] = ()
    """The messages after `previous` (all of `messages` at the first turn)."""
    turn: int = 0
    """How many turns the agent has taken before this one."""
    seed: int | None = None
    """Of the sampling of this turn, whatever is asked beside it; without one, prompt `i` of a call has its seed + i."""
    env: Env | None = field(default=None, repr=False, compare=False)
    """The live environment, for agents that play from the inside (oracle, random). A model policy never looks at it."""


@runtime_checkable
class Policy(Protocol):
    """Samples assistant turns. `generate` is thread-safe and returns one completion a prompt, in order.

    Raises:
        ContextOverflowError: the conversation is longer than the model's context.
        PolicyError: it could not answer (after its own retries).
    """

    name: str

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order."""
        ...


class ModelPolicy(Policy, Protocol):
    """A policy that samples from a torch model, which others may look at and change, such as `TransformersPolicy`."""

    model: Any
    tokenizer: Any
    pad_id: int


def seed_of(prompt: Prompt, params: SamplingParams, index: int) -> int | None:
    """How prompt number `index` of a call samples."""
    if prompt.seed is not None:
        return prompt.seed
    return None if params.seed is None else params.seed + index


def said(text: str) -> Completion:
    """The completion of a policy that has text and no tokens."""
    return Completion(message=Message(role="assistant", content=text))
