"""A trajectory as token segments: who wrote which ids, and which of them were sampled.

One row of an episode of two turns, with the mask of its loss:

    prompt | assistant | observation | assistant
    0 0 0  | 1 1       | 0 0 0 0     | 1 1 1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from assaygym.types import Completion, Trajectory

__all__ = ["TokenSegment", "Writer", "mask_of", "row_ids", "token_rows"]

Writer = Literal["prompt", "assistant", "observation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSegment:
    """Ids that one party wrote in one turn."""

    writer: Writer
    """`observation` includes what the chat template puts around messages."""
    turn: int
    """The turn (from 0) in which a model was first fed these ids, or sampled them."""
    ids: tuple[int, ...]
    logprobs: tuple[float, ...] | None = None
    """Of sampled ids: as `Completion.logprobs`. None elsewhere."""

    @property
    def sampled(self) -> bool:
        """Whether a policy sampled these ids: exactly these are trained on."""
        return self.writer == "assistant"


def token_rows(trajectory: Trajectory) -> tuple[tuple[TokenSegment, ...], ...]:
    """The rows of a trajectory: one, unless a server rewrote the history between two turns.

    A turn goes on in the row of the turn before it if its prompt begins with all ids of that row; otherwise it begins
    a new row with its whole prompt, none of it sampled. So each row is exactly what a model was fed and answered, and
    each sampled id is marked once. Turns without sampled ids are left out.
    """
    rows: list[list[TokenSegment]] = []
    fed: tuple[int, ...] = ()
    for number, turn in enumerate(trajectory.turns):
        completion = turn.completion
        if not completion.token_ids:
            continue
        goes_on = bool(rows) and completion.prompt_ids[: len(fed)] == fed
        if not goes_on:
            rows.append([])
            fed = ()
        rows[-1] += _segments(number, completion, len(fed), "observation" if goes_on else "prompt")
        fed = completion.prompt_ids + completion.token_ids
    return tuple(map(tuple, rows))


def row_ids(row: Sequence[TokenSegment]) -> tuple[int, ...]:
    """All ids of a row, in order."""
    return tuple(chain.from_iterable(segment.ids for segment in row))


def mask_of(row: Sequence[TokenSegment]) -> tuple[int, ...]:
    """The loss mask of a row: 1 exactly on sampled ids."""
    return tuple(chain.from_iterable((int(segment.sampled),) * len(segment.ids) for segment in row))


def _segments(turn: int, completion: Completion, known: int, writer: Writer) -> list[TokenSegment]:
    """What a turn adds to a row that has the first `known` ids of its prompt."""
    sampled = TokenSegment(writer="assistant", turn=turn, ids=completion.token_ids, logprobs=completion.logprobs)
    new = completion.prompt_ids[known:]
    return [TokenSegment(writer=writer, turn=turn, ids=new), sampled] if new else [sampled]
