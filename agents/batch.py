"""Trajectories as tensors: the tokens that were sampled, marked, and nothing re-tokenised."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from assaygym.agents.tokens import TokenSegment, mask_of, row_ids, token_rows
from assaygym.errors import PolicyError
from assaygym.types import Trajectory

__all__ = ["Batch", "make_batch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """N judged episodes as B rows of up to T tokens, padded on the right.

    B is N unless a chat template rewrote its history between two turns: then the episode goes on in a new row.
    """

    tokens_BT: Tensor
    """int64; padding holds `pad_id`."""
    mask_BT: Tensor
    """float32, 1 exactly on the ids that the policy sampled; prompts, observations and padding are 0."""
    old_BT: Tensor
    """float32, log-probability of each sampled id under the policy that sampled it; 0 elsewhere."""
    lengths_B: Tensor
    """int64, tokens of each row before its padding."""
    episode_B: Tensor
    """int64, the episode (0..N-1) that each row belongs to."""
    rewards_N: Tensor
    groups_N: Tensor
    """int64, the label of the group of rollouts that each episode belongs to."""
    dropped: int
    """Episodes left out because nobody could judge them (INVALID, ERROR) or because nothing was sampled in them."""

    def to(self, device: torch.device | str) -> Batch:
        """The batch with its tensors on another device."""
        tensors = {field.name: x for field in fields(self) if isinstance(x := getattr(self, field.name), Tensor)}
        moved: dict[str, Any] = {name: x.to(device) for name, x in tensors.items()}
        return replace(self, **moved)


def make_batch(trajectories: Sequence[Trajectory], groups: Sequence[int], *, pad_id: int) -> Batch:
    """The batch of these trajectories; `groups` labels each with its group.

    Raises:
        PolicyError: no trajectory could be judged, or a completion has sampled ids without log-probabilities.
    """
    usable = [(t, g) for t, g in zip(trajectories, groups, strict=True) if _judged(t)]
    if not usable:
        raise PolicyError(f"none of {len(trajectories)} episodes can be trained on: {_reason(trajectories)}")
    rows = [(i, row) for i, (trajectory, _) in enumerate(usable) for row in token_rows(trajectory)]
    tokens = [row_ids(row) for _, row in rows]
    return Batch(
        tokens_BT=_pad(tokens, pad_id, torch.int64),
        mask_BT=_pad([mask_of(row) for _, row in rows], 0, torch.float32),
        old_BT=_pad([[x for segment in row for x in _old(segment)] for _, row in rows], 0.0, torch.float32),
        lengths_B=torch.tensor([len(ids) for ids in tokens]),
        episode_B=torch.tensor([i for i, _ in rows]),
        rewards_N=torch.tensor([trajectory.reward for trajectory, _ in usable], dtype=torch.float32),
        groups_N=torch.tensor([label for _, label in usable]),
        dropped=len(trajectories) - len(usable),
    )


def _judged(trajectory: Trajectory) -> bool:
    return not math.isnan(trajectory.reward) and any(turn.completion.token_ids for turn in trajectory.turns)


def _reason(trajectories: Sequence[Trajectory]) -> str:
    """Why the first episode that says so could not be judged."""
    for trajectory in trajectories:
        if why := trajectory.error or (trajectory.score and trajectory.score.explanation):
            return why
    return "nothing was sampled (does the prompt fill the model's context? does the policy return token ids?)"


def _old(segment: TokenSegment) -> Sequence[float]:
    if not segment.sampled:
        return [0.0] * len(segment.ids)
    if segment.logprobs is None or len(segment.logprobs) != len(segment.ids):
        given = "none" if segment.logprobs is None else len(segment.logprobs)
        raise PolicyError(
            f"a completion of {len(segment.ids)} sampled ids has {given} log-probabilities; "
            "training needs a policy that returns one for each id (TransformersPolicy does)"
        )
    return segment.logprobs


def _pad(rows: Sequence[Sequence[float]], value: float, dtype: torch.dtype) -> Tensor:
    width = max(map(len, rows))
    return torch.tensor([[*row, *[value] * (width - len(row))] for row in rows], dtype=dtype)
