"""What reward models share: what they are told beside the response, and the mark of an opinion on their scores.

A verifier proves; a reward model has an opinion, and can be talked into another one. So every score of this package
carries the flag `opinion`, which rubrics keep and reports count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from assaygym.errors import ConfigError, VerifierError
from assaygym.types import Message, Score, Verdict
from assaygym.verifiers.base import name_of

__all__ = [
    "OPINION",
    "Asked",
    "Referenced",
    "asked_of",
    "check_squash",
    "clipped",
    "opinion",
    "referenced",
    "said_nothing",
    "squashed",
    "text_of",
]

OPINION = "opinion"
"""The flag on every score that is no proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The `answer` of a task whose judge needs more than the response. A plain text is `Asked(reference=text)`."""

    prompt: str | tuple[Message, ...] = ""
    """What the agent was asked."""
    reference: str = ""
    """A good answer; empty where none is known."""

    @property
    def question(self) -> str:
        """The prompt as one text, its messages one below the other."""
        if isinstance(self.prompt, str):
            return self.prompt
        return "\n".join(message.content for message in self.prompt)

    @property
    def messages(self) -> tuple[Message, ...]:
        """The prompt as messages."""
        return (Message(role="user", content=self.prompt),) if isinstance(self.prompt, str) else self.prompt


def asked_of(answer: object) -> Asked:
    """The task's answer as a reward model reads it: an `Asked`, its fields as a mapping, a plain text, or None.

    Raises:
        VerifierError: it is none of these.
    """
    if isinstance(answer, Asked):
        return answer
    if isinstance(answer, Mapping):
        if not answer.keys() <= {"prompt", "reference"} or not all(isinstance(text, str) for text in answer.values()):
            keys = ", ".join(map(str, answer))
            raise VerifierError(f"the answer has the keys {keys}; expected texts under 'prompt' and 'reference' alone")
        return Asked(**answer)
    if answer is None or isinstance(answer, (str, int, float)):
        return Asked(reference="" if answer is None else str(answer))
    raise VerifierError(f"the answer is a {type(answer).__name__}; expected Asked(prompt=..., reference=...) or a text")


def text_of(response: object) -> str:
    """The response as every server and tokenizer can take it: halves of surrogate pairs become question marks.

    Raises:
        VerifierError: it is no text.
    """
    if not isinstance(response, str):
        raise VerifierError(f"the response is a {type(response).__name__}; a reward model reads text")
    return response.encode("utf-8", "replace").decode()


def clipped(text: str, limit: int) -> str:
    """The text, or its beginning and end with a note of how many characters are left out between them."""
    if len(text) <= limit:
        return text
    head = limit // 2
    return f"{text[:head]}\n[... {len(text) - limit} characters left out ...]\n{text[len(text) - (limit - head) :]}"


def squashed(raw: float, center: float = 0.0, scale: float = 1.0) -> float:
    """An unbounded reward as a value in [0, 1], keeping the order: 1 / (1 + exp(-(raw - center) / scale)).

    Raises:
        VerifierError: `raw` is not finite.
    """
    if not math.isfinite(raw):
        raise VerifierError(f"the reward model gave {raw}; expected a finite number")
    return 0.5 * (1 + math.tanh((raw - center) / (2 * scale)))


def check_squash(center: float, scale: float) -> None:
    """Whether rewards can be squashed with these.

    Raises:
        ConfigError: they cannot.
    """
    if not math.isfinite(center) or not math.isfinite(scale) or scale <= 0:
        raise ConfigError(f"center={center}, scale={scale}; expected finite numbers, scale above 0")


def opinion(value: float, explanation: str, metrics: Mapping[str, float], *flags: str) -> Score:
    """The score of a reward model.

    Raises:
        VerifierError: `value` is outside [0, 1].
    """
    if not 0 <= value <= 1:
        raise VerifierError(f"the reward model gave {value}; expected a number in [0, 1]")
    distinct = tuple(dict.fromkeys((OPINION, *flags)))
    return Score.of(float(value), explanation=explanation, metrics=dict(metrics), flags=distinct)


@dataclass(frozen=True, slots=True)
class Referenced:
    """See `referenced`."""

    verifier: Callable[[Any, Any], Score | bool | float]

    @property
    def name(self) -> str:
        """That of the verifier."""
        return name_of(self.verifier)

    def __call__(self, response: object, answer: object, /) -> Score:
        """The verifier's score of the response against the reference alone."""
        return Score.of(self.verifier(response, asked_of(answer).reference))


def referenced(verifier: Callable[[Any, Any], Score | bool | float]) -> Referenced:
    """A verifier of plain golds where the task's answer is an `Asked`: it is given the reference.

    So proofs and judges go into one rubric: `Rubric({"proof": referenced(math()), "taste": generative(model)})`.
    """
    return Referenced(verifier)


def said_nothing() -> Score:
    """Zero for a response without any text: there is nothing to have an opinion on, and no model is asked."""
    return Score(value=0.0, verdict=Verdict.UNPARSED, explanation="the response is empty", flags=(OPINION,))
