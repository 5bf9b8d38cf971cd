"""What is known of a step before its update: the batch, what the models say of it, what the parts made of it so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from assaygym.agents.batch import Batch
from assaygym.agents.returns import at_last_token
from assaygym.agents.shaping import token_rewards
from assaygym.errors import ConfigError

__all__ = ["Rows", "Scene"]


@dataclass(slots=True, kw_only=True)
class Scene:
    """Read and written by the parts in the order of their slots."""

    batch: Batch
    step: int
    """Of the run, from 0."""
    max_tokens: int
    """Longest completion of one turn."""
    rewards_N: Tensor
    """As shaped so far."""
    keep_N: Tensor
    """bool, the episodes that the filters left."""
    old_BT: Tensor
    """Log-probabilities at the start of the update, of the policy that is updated."""
    reference_BT: Tensor | None = None
    """Under the reference model, where the method has one."""
    values_BT: Tensor | None = None
    """Under the value model, where the method has one."""
    targets_BT: Tensor | None = None
    """What the value model should have said; set by an advantage with a critic."""
    penalty_BT: Tensor | None = None
    """Taken off the reward of each token: the weighted divergence, where it is placed in the reward."""
    advantages_N: Tensor | None = None
    """The mean advantage of each episode, once there is one: what filters after the advantage look at."""
    companions_NC: Tensor | None = None
    """Rewards of the companions of each episode's group; NaN where one could not be judged."""
    marks_weight: float = 1.0
    """Of the rewards of steps inside an episode."""
    memory: dict[str, Any] = field(default_factory=dict[str, Any])
    """What parts remember from step to step, by their names: plain values, kept as long as the run and its checkpoints.
    """

    def per_row(self, values_N: Tensor) -> Tensor:
        """`[B, 1]`: the value of each row's episode."""
        return values_N[self.batch.episode_B].unsqueeze(1)

    def compared(self, advantage: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        """`[N]`: `advantage(rewards, groups)` of the episodes that the filters left, 0 for the others."""
        found_N = torch.zeros_like(self.rewards_N)
        if bool(self.keep_N.any()):
            found_N[self.keep_N] = advantage(self.rewards()[self.keep_N], self.batch.groups_N[self.keep_N])
        return found_N

    def rewards(self) -> Tensor:
        """`[N]`: one reward an episode, the divergence and the rewards of steps inside it added up."""
        marks_BT = self._marks_BT()
        if self.penalty_BT is None and marks_BT is None:
            return self.rewards_N
        extra_BT = (0.0 if marks_BT is None else marks_BT) - (0.0 if self.penalty_BT is None else self.penalty_BT)
        assert isinstance(extra_BT, Tensor)
        return self.rewards_N.index_add(0, self.batch.episode_B, extra_BT.sum(1))

    def token_rewards_BT(self) -> Tensor:
        """`[B, T]`: the reward at the last token of the episode, those of steps at their ends, less the divergence."""
        batch = self.batch
        rows = torch.arange(len(batch.episode_B), device=batch.episode_B.device)
        last_N = torch.zeros_like(batch.turns_N).scatter_reduce(0, batch.episode_B, rows, "amax", include_self=False)
        at_end_B = torch.where(last_N[batch.episode_B] == rows, self.rewards_N[batch.episode_B], 0.0)
        rewards_BT = at_last_token(at_end_B, batch.mask_BT)
        marks_BT = self._marks_BT()
        if marks_BT is not None:
            rewards_BT = rewards_BT + marks_BT
        return rewards_BT if self.penalty_BT is None else rewards_BT - self.penalty_BT

    def value_estimates_BT(self) -> Tensor:
        """`values_BT`.

        Raises:
            ConfigError: there is no value model.
        """
        if self.values_BT is None:
            raise ConfigError("this advantage needs a value model; give the recipe the regulariser `value`")
        return self.values_BT

    def _marks_BT(self) -> Tensor | None:
        marks = self.batch.marks_M3
        if not len(marks) or not self.marks_weight:
            return None
        values_M = marks[:, 2] * self.marks_weight
        return token_rewards(marks[:, 0].long(), marks[:, 1].long(), values_M, self.batch.mask_BT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of one forward pass; gradients flow through `logps_BT` alone."""

    logps_BT: Tensor
    old_BT: Tensor
    mask_BT: Tensor
    turns_BT: Tensor
    advantages_BT: Tensor
    groups_B: Tensor
    """int64, the label of the group of each row's episode."""
    episodes_B: Tensor
    """int64, the number of each row's episode."""
    reference_BT: Tensor | None = None
