"""Whether what samples has the weights of what is trained, judged by log-probabilities.

An engine that holds a copy of a model's weights can go wrong without a sound: an update that it takes and does not
use, a cache of keys and values of the weights before. So a few log-probabilities are compared after every sync, and
training does not go on where they differ.

In 32-bit floats an engine and a model of `transformers` differ by 1e-6 to 1e-4 nats, far less than one optimiser step
moves a token. In half precision rounding alone moves a token by more than one small step does: there, one missed step
goes unseen, and weights that fell behind, or are another model's, do not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from assaygym.agents.logps import token_logps
from assaygym.errors import PolicyError, WeightMismatchError
from assaygym.types import Completion

__all__ = [
    "TOLERANCES",
    "Parity",
    "Scorer",
    "check_sampled",
    "check_weights",
    "model_scores",
    "parity_of",
    "probe_rows",
]

TOLERANCES = {"float32": 1e-3, "float16": 0.1, "bfloat16": 0.5}
"""Largest difference (nats) of one token that is taken for rounding, by what the engine computes in."""
PROBES = (
    "Two trains leave at 9:40 and 10:05; the second is 12 km/h faster. When does it catch up, and where?",
    "def merge(a, b):\n    return sorted({**a, **b}.items(), key=lambda pair: pair[1])\n",
    "The verdict was read out twice. Nobody in the room, not even the clerk, could say what it meant. " * 6,
)
"""The last one is longer than the blocks of an engine's cache, which has it from the sync before."""

Row = Sequence[int]


class Scorer(Protocol):
    """Says how likely given ids are."""

    name: str

    def score(self, rows: Sequence[Row]) -> list[tuple[float, ...]]:
        """Log-probability (nats, temperature 1) of each id of a row given those before it; none for the first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How far two sets of log-probabilities of the same tokens lie apart, in nats."""

    tokens: int
    largest: float
    """Absolute difference of the token that differs most; infinite where one of them is not a number."""
    mean: float
    """Mean absolute difference."""
    where: tuple[int, int] = (0, 0)
    """Row and position of the largest difference."""

    def __str__(self) -> str:
        """The finding in words."""
        row, position = self.where
        return f"{self.largest:.3g} nats at row {row}, token {position} (mean {self.mean:.3g} over {self.tokens})"


def parity_of(first: Sequence[Sequence[float]], second: Sequence[Sequence[float]]) -> Parity:
    """Compare two sets of rows.

    Raises:
        ValueError: they are not of the same shape, or empty.
    """
    if [len(row) for row in first] != [len(row) for row in second]:
        raise ValueError(f"rows of {[len(r) for r in first]} and of {[len(r) for r in second]} log-probabilities")
    gaps = [
        (_gap(a, b), (row, position))
        for row, pair in enumerate(zip(first, second, strict=True))
        for position, (a, b) in enumerate(zip(*pair, strict=True))
    ]
    if not gaps:
        raise ValueError("no log-probabilities to compare")
    largest, where = max(gaps)
    return Parity(tokens=len(gaps), largest=largest, mean=sum(gap for gap, _ in gaps) / len(gaps), where=where)


def model_scores(
    model: Any, rows: Sequence[Row], starts: Sequence[int] | None = None, *, temperature: float = 1.0
) -> list[tuple[float, ...]]:
    """What `Scorer.score` means, by the model's own forward pass, in evaluation mode and without gradients.

    Args:
        model: a causal language model of `transformers`; its mode is left as found.
        rows: ids, at least two each.
        starts: position in each row of the first id that is scored; 1 if None.
        temperature: what the logits are divided by.
    """
    starts = starts if starts is not None else [1] * len(rows)
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return [_scores(model, row, start, temperature) for row, start in zip(rows, starts, strict=True)]
    finally:
        model.train(training)


def check_weights(scorer: Scorer, model: Any, rows: Sequence[Row], *, tolerance: float) -> Parity:
    """Teacher-force the rows through both.

    Raises:
        WeightMismatchError: a log-probability differs by more than `tolerance` nats, or is not a number.
    """
    return _judged(parity_of(scorer.score(rows), model_scores(model, rows)), scorer.name, tolerance)


def check_sampled(
    completions: Sequence[Completion], model: Any, *, name: str, tolerance: float, temperature: float = 1.0
) -> Parity:
    """Compare the log-probabilities that came with sampled tokens with the model's own: what rollouts were made with.

    Args:
        completions: sampled at `temperature` and `top_p` 1 (a greedy turn counts as temperature 1).
        model: the trainer's, unchanged since.
        name: of the policy, for the error.
        tolerance: nats.
        temperature: as it was sampled at.

    Raises:
        PolicyError: a completion has no tokens or no log-probabilities.
        WeightMismatchError: as `check_weights`.
    """
    sampled = [completion.logprobs for completion in completions if completion.logprobs]
    if len(sampled) != len(completions) or not sampled:
        raise PolicyError(f"{name} gave a completion without log-probabilities; its weights cannot be checked by it")
    rows = [completion.prompt_ids + completion.token_ids for completion in completions]
    starts = [len(completion.prompt_ids) for completion in completions]
    return _judged(parity_of(sampled, model_scores(model, rows, starts, temperature=temperature)), name, tolerance)


def probe_rows(tokenizer: Any, *, longest: int | None = None) -> list[tuple[int, ...]]:
    """A few rows of ids to compare on: a sum, a piece of code, some prose; cut to `longest` ids each."""
    return [tuple(tokenizer(text, add_special_tokens=False)["input_ids"])[:longest] for text in PROBES]


def _scores(model: Any, row: Row, start: int, temperature: float) -> tuple[float, ...]:
    tokens_1T = torch.tensor([list(row)], device=model.device)
    mask_1T = torch.zeros_like(tokens_1T)
    mask_1T[:, start:] = 1
    lengths_1 = torch.tensor([len(row)], device=model.device)
    logps_1T, _ = token_logps(model, tokens_1T, mask_1T, lengths_1, temperature=temperature)
    scores: list[float] = logps_1T[0, start:].tolist()
    return tuple(scores)


def _gap(first: float, second: float) -> float:
    gap = abs(first - second) if first != second else 0.0  # two infinities are alike
    return math.inf if math.isnan(gap) else gap


def _judged(parity: Parity, name: str, tolerance: float) -> Parity:
    if parity.largest > tolerance:
        raise WeightMismatchError(
            f"{name} does not have the trainer's weights: log-probabilities differ by up to {parity}, more than "
            f"{tolerance:g} is no rounding; sync again, or make the policy anew"
        )
    return parity
