"""A chat model as judge: it states principles, criticises the answer by them, and scores it; several times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from assaygym.errors import ConfigError
from assaygym.types import Score
from assaygym.verifiers.judges.ballot import MAX_CHARS, ChatModel, Panel, parts_of
from assaygym.verifiers.judges.base import asked_of, opinion, said_nothing, text_of

__all__ = ["GenerativeJudge", "generative"]

OWN_PRINCIPLES = (
    "PRINCIPLES: the three to six principles that matter most for a good answer to this question, each with its "
    "weight in percent."
)
GIVEN_PRINCIPLES = "PRINCIPLES: repeat the following, which are the only ones that count."
CRITIQUE = "CRITIQUE: by each principle in turn, what is right and what is wrong with the answer, checked by you."
VERDICT = (
    "As the last line and nothing after it, the score of the answer, a whole number from {low} (useless or wrong) to "
    "{high} (could not be better), in exactly this form:\nSCORE {mark}: N"
)


@dataclass(frozen=True, slots=True)
class GenerativeJudge(Panel):
    """See `generative`."""

    principles: tuple[str, ...] = ()
    scale: tuple[int, int] = (1, 10)
    name: ClassVar[str] = "generative"

    def __post_init__(self) -> None:
        Panel.__post_init__(self)
        low, high = self.scale
        if not 0 <= low < high:
            raise ConfigError(f"the scale is {self.scale}; expected two whole numbers from 0, the lower one first")

    def __call__(self, response: object, answer: object, /) -> Score:
        """The mean of the votes, mapped from the scale to [0, 1]."""
        text = text_of(response)
        if not text.strip():
            return said_nothing()
        result = self.poll(parts_of(asked_of(answer), text), self._instruction(), "SCORE", self._vote)
        if not result.votes:
            return Score.invalid(result.undecided(self.model.name))
        low, high = self.scale
        told = ", ".join(f"{vote:g}" for vote in result.votes)
        told += f" and {result.unparsed} that could not be read" if result.unparsed else ""
        told = f"opinion of {self.model.name}: {told} on a scale of {low} to {high}"
        return opinion((result.mean - low) / (high - low), told, result.metrics)

    def _instruction(self) -> str:
        listed = "\n".join(f"- {principle}" for principle in self.principles)
        first = f"{GIVEN_PRINCIPLES}\n{listed}" if listed else OWN_PRINCIPLES
        last = VERDICT.replace("{low}", str(self.scale[0])).replace("{high}", str(self.scale[1]))
        return f"Write three parts.\n\n{first}\n\n{CRITIQUE}\n\n{last}"

    def _vote(self, said: str) -> float | None:
        if not said.isdecimal() or len(said) > 9 or not self.scale[0] <= int(said) <= self.scale[1]:
            return None
        return float(said)


def generative(
    model: ChatModel,
    *,
    votes: int = 1,
    principles: tuple[str, ...] = (),
    scale: tuple[int, int] = (1, 10),
    seed: int = 0,
    max_chars: int = MAX_CHARS,
) -> GenerativeJudge:
    """A generative reward model: principles, critique, pointwise score, `votes` times.

    As DeepSeek-GRM is asked (arXiv 2504.02495), without a meta reward model that picks votes. The paper sums the votes;
    the value here is their mean, the sum stands in the metrics: `votes` (read), `votes_unparsed`, `votes_sum`,
    `votes_mean`, `votes_spread`. A vote that cannot be read is left out and counted; without any the score is INVALID,
    as it is when the model raises. Deterministic as far as the model is.

    Args:
        model: any chat model; `assaygym.agents.as_chat_model(policy)` makes one of a policy.
        votes: how often it is asked, with seeds `seed`, `seed + 1`, ...
        principles: what to judge by; the model states its own where none are given.
        scale: the lowest and the highest score, whole numbers.
        seed: of the first vote.
        max_chars: of each text that the judge is shown; question, reference and answer must fit its context together.

    Raises:
        ConfigError: `votes` or `max_chars` is too small, or the scale is none.
    """
    return GenerativeJudge(model, votes, seed, max_chars, tuple(principles), scale)
