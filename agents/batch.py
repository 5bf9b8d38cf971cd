"""Trajectories as tensors: the tokens that were sampled, marked, and nothing re-tokenised.

Axes: N judged episodes, B rows of up to T tokens, K turns of the longest episode, C companions of a group, M marks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from assaygym.agents.strategies.group import owner_of
from assaygym.agents.tokens import TokenSegment, mask_of, row_ids, token_rows
from assaygym.errors import PolicyError
from assaygym.types import StopReason, Trajectory, Turn

__all__ = ["Batch", "make_batch"]

CUT = frozenset({StopReason.MAX_TOKENS, StopReason.CONTEXT_OVERFLOW, StopReason.TIMEOUT, StopReason.MAX_TURNS})
"""Ends that are a limit's, not the environment's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """N judged episodes as B rows of up to T tokens, padded on the right.

    B is N unless a chat template rewrote its history between two turns: then the episode goes on in a new row.
    """

    tokens_BT: Tensor
    """int64; padding holds `pad_id`."""
    mask_BT: Tensor
    """float32, 1 exactly on the ids that the policy sampled; prompts, observations and padding are 0."""
    sampled_BT: Tensor
    """float32, log-probability of each sampled id as the policy that sampled it gave it; 0 elsewhere."""
    turns_BT: Tensor
    """int64, the turn (from 0) of its episode that each token was sampled in, or fed for."""
    segments_BT: Tensor
    """int64, the same number at the tokens of one sampled turn, in all the forks that share it; -1 outside the mask."""
    lengths_B: Tensor
    """int64, tokens of each row before its padding."""
    episode_B: Tensor
    """int64, the episode (0..N-1) that each row belongs to."""
    rewards_N: Tensor
    """float32, as the environment gave them."""
    groups_N: Tensor
    """int64, the label of the group of rollouts that each episode belongs to."""
    sampled_N: Tensor
    """int64, sampled tokens of each episode."""
    turns_N: Tensor
    """int64, turns of each episode."""
    truncated_N: Tensor
    """bool, whether a limit ended the episode or cut its last completion."""
    malformed_N: Tensor
    """int64, turns with a call that could not be read (`info["tool_errors"]` without a call that was made)."""
    distinct_N: Tensor
    """int64, different texts among the episode's turns."""
    trees_N: Tensor
    """int64, the tree that a leaf grew on (`notes["tree"]`), 0 where there are none."""
    turn_rewards_NK: Tensor
    """float32, what each turn earned; 0 where there is none."""
    anchors_NK: Tensor
    """int64, the same number for the same observation; -1 where there is no such turn."""
    marks_M3: Tensor
    """float32 (row, place, value): rewards at the ends of steps inside a turn, `info["token_rewards"]`."""
    metrics: Mapping[str, Tensor]
    """By name, what a verifier measured of each episode (`Score.metrics`), `[N]`, NaN where it did not."""
    dropped: int
    """Episodes left out because nobody could judge them (INVALID, ERROR) or because nothing was sampled in them."""

    def to(self, device: torch.device | str) -> Batch:
        """The batch with its tensors on another device."""
        tensors = {field.name: x for field in fields(self) if isinstance(x := getattr(self, field.name), Tensor)}
        moved: dict[str, Any] = {name: x.to(device) for name, x in tensors.items()}
        return replace(self, **moved, metrics={name: x.to(device) for name, x in self.metrics.items()})


def make_batch(trajectories: Sequence[Trajectory], groups: Sequence[int], *, pad_id: int) -> Batch:
    """The batch of these trajectories; `groups` labels each with its group.

    Turns may carry `info["anchor"]` (a name of the state; else the observation's text) and `info["token_rewards"]`
    (pairs of a sampled token's number in the turn and a value).

    Raises:
        PolicyError: no trajectory could be judged, or a completion has sampled ids without log-probabilities.
    """
    usable = [(t, g) for t, g in zip(trajectories, groups, strict=True) if _judged(t)]
    if not usable:
        raise PolicyError(f"none of {len(trajectories)} episodes can be trained on: {_reason(trajectories)}")
    episodes = [trajectory for trajectory, _ in usable]
    rows = [(i, row) for i, trajectory in enumerate(episodes) for row in token_rows(trajectory)]
    numbers = _Numbers(trajectories, groups)
    tokens = [row_ids(row) for _, row in rows]
    return Batch(
        tokens_BT=_pad(tokens, pad_id, torch.int64),
        mask_BT=_pad([mask_of(row) for _, row in rows], 0, torch.float32),
        sampled_BT=_pad([[x for segment in row for x in _given(segment)] for _, row in rows], 0.0, torch.float32),
        turns_BT=_pad([[s.turn for s in row for _ in s.ids] for _, row in rows], 0, torch.int64),
        segments_BT=_pad([numbers.of_row(*usable[i], row) for i, row in rows], -1, torch.int64),
        lengths_B=torch.tensor([len(ids) for ids in tokens]),
        episode_B=torch.tensor([i for i, _ in rows]),
        rewards_N=torch.tensor([trajectory.reward for trajectory in episodes], dtype=torch.float32),
        groups_N=torch.tensor([label for _, label in usable]),
        sampled_N=torch.tensor([sum(len(turn.completion.token_ids) for turn in one.turns) for one in episodes]),
        turns_N=torch.tensor([len(one.turns) for one in episodes]),
        truncated_N=torch.tensor([_truncated(one) for one in episodes]),
        malformed_N=torch.tensor([sum(map(_malformed, one.turns)) for one in episodes]),
        distinct_N=torch.tensor([len({turn.completion.message.content for turn in one.turns}) for one in episodes]),
        trees_N=torch.tensor([int(one.notes.get("tree", 0)) for one in episodes]),
        turn_rewards_NK=_pad([[turn.reward for turn in one.turns] for one in episodes], 0.0, torch.float32),
        anchors_NK=_pad(_anchors(episodes), -1, torch.int64),
        marks_M3=_marks(episodes, rows),
        metrics=_metrics(episodes),
        dropped=len(trajectories) - len(usable),
    )


class _Numbers:
    """Numbers the sampled turns: those that two forks share get one number."""

    def __init__(self, trajectories: Sequence[Trajectory], groups: Sequence[int]) -> None:
        self.known: dict[int, dict[str, Trajectory]] = {}
        for trajectory, label in zip(trajectories, groups, strict=True):
            self.known.setdefault(label, {})[trajectory.id] = trajectory
        self.numbers: dict[tuple[object, ...], int] = {}

    def of_row(self, trajectory: Trajectory, label: int, row: Sequence[TokenSegment]) -> list[int]:
        return [number for segment in row for number in [self._of(trajectory, label, segment)] * len(segment.ids)]

    def _of(self, trajectory: Trajectory, label: int, segment: TokenSegment) -> int:
        if not segment.sampled:
            return -1
        owner = owner_of(trajectory, segment.turn, self.known[label]) or id(trajectory)
        return self.numbers.setdefault((label, owner, segment.turn), len(self.numbers))


def _judged(trajectory: Trajectory) -> bool:
    return not math.isnan(trajectory.reward) and any(turn.completion.token_ids for turn in trajectory.turns)


def _reason(trajectories: Sequence[Trajectory]) -> str:
    """Why the first episode that says so could not be judged."""
    for trajectory in trajectories:
        if why := trajectory.error or (trajectory.score and trajectory.score.explanation):
            return why
    return "nothing was sampled (does the prompt fill the model's context? does the policy return token ids?)"


def _given(segment: TokenSegment) -> Sequence[float]:
    if not segment.sampled:
        return [0.0] * len(segment.ids)
    if segment.logprobs is None or len(segment.logprobs) != len(segment.ids):
        given = "none" if segment.logprobs is None else len(segment.logprobs)
        raise PolicyError(
            f"a completion of {len(segment.ids)} sampled ids has {given} log-probabilities; "
            "training needs a policy that returns one for each id (TransformersPolicy does)"
        )
    return segment.logprobs


def _truncated(trajectory: Trajectory) -> bool:
    last = trajectory.turns[-1].completion
    return trajectory.stop_reason in CUT or last.finish_reason == "length"


def _malformed(turn: Turn) -> bool:
    return bool(turn.info.get("tool_errors")) and not turn.info.get("tool_calls")


def _anchors(episodes: Sequence[Trajectory]) -> list[list[int]]:
    numbers: dict[str, int] = {}
    return [[numbers.setdefault(_anchor(turn), len(numbers)) for turn in one.turns] for one in episodes]


def _anchor(turn: Turn) -> str:
    named = turn.info.get("anchor")
    return str(named) if named is not None else "\n".join(message.content for message in turn.observation)


def _marks(episodes: Sequence[Trajectory], rows: Sequence[tuple[int, Sequence[TokenSegment]]]) -> Tensor:
    found: list[tuple[float, float, float]] = []
    for number, (episode, row) in enumerate(rows):
        start = 0
        for segment in row:
            given = episodes[episode].turns[segment.turn].info.get("token_rewards", ()) if segment.sampled else ()
            found += [(number, start + int(place), float(value)) for place, value in given]
            start += len(segment.ids)
    return torch.tensor(found, dtype=torch.float32).reshape(-1, 3)


def _metrics(episodes: Sequence[Trajectory]) -> dict[str, Tensor]:
    measured = [one.score.metrics if one.score is not None else {} for one in episodes]
    names = sorted({name for metrics in measured for name in metrics})
    return {name: torch.tensor([float(metrics.get(name, math.nan)) for metrics in measured]) for name in names}


def _pad(rows: Sequence[Sequence[float]], value: float, dtype: torch.dtype) -> Tensor:
    width = max(map(len, rows))
    return torch.tensor([[*row, *[value] * (width - len(row))] for row in rows], dtype=dtype)
