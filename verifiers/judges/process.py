"""Step rewards: a process reward model judges each step of an answer in the light of those before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import ClassVar, Final, Protocol

from assaygym.errors import ConfigError, VerifierError, did_you_mean
from assaygym.types import Score
from assaygym.verifiers.judges.ballot import Panel, yes_or_no
from assaygym.verifiers.judges.base import Asked, asked_of, opinion, said_nothing, text_of
from assaygym.verifiers.judges.splitters import Span, splitter_of

__all__ = ["AGGREGATIONS", "StepJudge", "StepReward", "StepScorer", "StepVerifier", "step_rewards", "steps"]

AGGREGATIONS: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "min": min,
    "mean": fmean,
    "product": math.prod,
    "last": lambda values: values[-1],
}
"""How the values of the steps become one, by name."""
INSTRUCTION = (
    "The answer is a solution in steps, of which you see the EARLIER STEPS and the STEP that comes next. Judge that "
    "step alone: is it right, given the question and the earlier steps, and does it lead on? Reason in a few "
    "sentences. As the last line and nothing after it, write YES or NO in exactly this form:\nVERDICT {mark}: YES"
)


class StepScorer(Protocol):
    """A process reward model. Thread-safe."""

    def __call__(self, asked: Asked, before: Sequence[str], step: str, /) -> float:
        """How good the step is after those before it, in [0, 1]. Any exception makes the score INVALID."""
        ...


@dataclass(frozen=True, slots=True)
class StepReward:
    """The value of one step, and the characters [0, end) of the response that it closes."""

    value: float
    end: int


def step_rewards(score: Score, part: str = "") -> tuple[StepReward, ...]:
    """The steps of a score, in order; empty where it has none.

    Args:
        score: of a step verifier, or of a rubric with one among its parts.
        part: what the rubric calls it.
    """
    lead = f"{part}/step/" if part else "step/"
    found: list[StepReward] = []
    while (value := score.metrics.get(f"{lead}{len(found)}/value")) is not None:
        found.append(StepReward(value, int(score.metrics[f"{lead}{len(found)}/end"])))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class StepVerifier:
    """See `steps`."""

    scorer: StepScorer
    split: str = "paragraphs"
    aggregate: str = "min"
    merge: int = 1
    max_steps: int = 64
    name: ClassVar[str] = "steps"

    def __post_init__(self) -> None:
        splitter_of(self.split)
        if self.aggregate not in AGGREGATIONS:
            raise ConfigError(f"no aggregation {self.aggregate!r}; {did_you_mean(self.aggregate, AGGREGATIONS)}")
        if self.merge < 1 or self.max_steps < 1:
            raise ConfigError(f"merge={self.merge}, max_steps={self.max_steps}; expected both from 1")

    def __call__(self, response: object, answer: object, /) -> Score:
        """The aggregate of the steps' values; `step_rewards` reads these out of the score.

        Raises:
            VerifierError: the scorer gave no number in [0, 1] (INVALID in `judge`).
        """
        text = text_of(response)
        spans = self._spans(text)
        if not spans:
            return said_nothing()
        asked = asked_of(answer)
        values = [self._value(asked, text, spans[: number + 1]) for number in range(len(spans))]
        value = min(1.0, max(0.0, AGGREGATIONS[self.aggregate](values)))
        found: dict[str, float] = {"steps": float(len(values))}
        for number, (one, (_, end)) in enumerate(zip(values, spans, strict=True)):
            found |= {f"step/{number}/value": one, f"step/{number}/end": float(end)}
        worst = min(range(len(values)), key=values.__getitem__)
        told = (
            f"{self.aggregate} {value:g} of {len(values)} steps, of which step {worst + 1} is worth {values[worst]:g}"
        )
        return opinion(value, told, found)

    def _spans(self, text: str) -> list[Span]:
        """The steps; what exceeds `max_steps` belongs to the last one, so no answer costs more by its line breaks."""
        spans = splitter_of(self.split)(text)
        if len(spans) <= self.max_steps:
            return spans
        return [*spans[: self.max_steps - 1], (spans[self.max_steps - 1][0], spans[-1][1])]

    def _value(self, asked: Asked, text: str, spans: Sequence[Span]) -> float:
        """The mean over the last step alone and merged with one, two, ... before it."""
        values = []
        for width in range(1, min(self.merge, len(spans)) + 1):
            before = [text[start:end] for start, end in spans[:-width]]
            value = self.scorer(asked, before, text[spans[-width][0] : spans[-1][1]])
            if not 0 <= value <= 1:
                raise VerifierError(f"the step scorer gave {value} for step {len(spans)}; expected a number in [0, 1]")
            values.append(float(value))
        return fmean(values)


@dataclass(frozen=True, slots=True)
class StepJudge(Panel):
    """A chat model as step scorer: the share of `votes` that find the step right. As a `proposition` in all else.

    Raises:
        ConfigError: `votes` or `max_chars` is too small.
        VerifierError: when called: no vote could be read.
    """

    def __call__(self, asked: Asked, before: Sequence[str], step: str, /) -> float:
        """The share of votes that find the step right."""
        told = {"QUESTION": asked.question, "REFERENCE ANSWER": asked.reference}
        parts = {**told, "EARLIER STEPS": "\n\n".join(before), "STEP": step}
        result = self.poll(parts, INSTRUCTION, "VERDICT", yes_or_no)
        if not result.votes:
            raise VerifierError(result.undecided(self.model.name))
        return result.mean


def steps(
    scorer: StepScorer,
    *,
    split: str = "paragraphs",
    aggregate: str = "min",
    merge: int = 1,
    max_steps: int = 64,
) -> StepVerifier:
    """A process reward model as verifier: `metrics` says the value and the end of each step (`step_rewards` reads it).

    With `merge=2` each step is judged alone and together with the one before it, and the two are averaged: a
    hierarchical reward model (arXiv 2503.13551), which forgives a slip that the next step mends.

    Args:
        scorer: the model; `StepJudge(chat_model)` is one.
        split: `lines`, `numbered`, `paragraphs` or `sentences`.
        aggregate: `min`, `mean`, `product` or `last` of the steps' values.
        merge: how many consecutive steps are judged as one, at most.
        max_steps: what an answer has beyond belongs to its last step.

    Raises:
        ConfigError: a name or number is none of these.
    """
    return StepVerifier(scorer, split, aggregate, merge, max_steps)
