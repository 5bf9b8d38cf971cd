"""One statement about an answer, judged true or false by a chat model: a grader for rubrics."""

from __future__ import annotations

from dataclasses import dataclass

from assaygym.errors import ConfigError
from assaygym.types import Score
from assaygym.verifiers.judges.ballot import MAX_CHARS, ChatModel, Panel, parts_of, yes_or_no
from assaygym.verifiers.judges.base import asked_of, opinion, said_nothing, text_of

__all__ = ["Proposition", "proposition"]

INSTRUCTION = (
    "Is the following statement true of the answer?\n\nSTATEMENT: {statement}\n\nReason in a few sentences. As the "
    "last line and nothing after it, write YES or NO in exactly this form:\nVERDICT {mark}: YES"
)


@dataclass(frozen=True, slots=True)
class Proposition(Panel):
    """See `proposition`."""

    statement: str = ""
    name: str = "proposition"

    def __post_init__(self) -> None:
        Panel.__post_init__(self)
        if not self.statement.strip():
            raise ConfigError("the statement of a proposition is empty; expected a sentence that is true or false")

    def __call__(self, response: object, answer: object, /) -> Score:
        """The share of votes that find the statement true."""
        text = text_of(response)
        if not text.strip():
            return said_nothing()
        instruction = INSTRUCTION.replace("{statement}", self.statement)
        result = self.poll(parts_of(asked_of(answer), text), instruction, "VERDICT", yes_or_no)
        if not result.votes:
            return Score.invalid(result.undecided(self.model.name))
        told = f"{self.model.name} finds {self.statement!r} true in {result.mean:.0%} of its votes"
        return opinion(result.mean, told, result.metrics)


def proposition(
    statement: str,
    model: ChatModel,
    *,
    votes: int = 1,
    seed: int = 0,
    max_chars: int = MAX_CHARS,
    name: str = "proposition",
) -> Proposition:
    """A statement such as "the answer apologises", judged by a model: a rule-based reward's feature (arXiv 2411.01111).

    The value is the share of readable votes that say yes; the metrics are those of a `generative` judge. Without a
    readable vote the score is INVALID.

    Args:
        statement: a sentence that is true or false of an answer.
        model: any chat model.
        votes: how often it is asked, with seeds `seed`, `seed + 1`, ...
        seed: of the first vote.
        max_chars: of each text that the model is shown.
        name: what messages call it.

    Raises:
        ConfigError: the statement is empty, or `votes` or `max_chars` too small.
    """
    return Proposition(model, votes, seed, max_chars, statement, name)
