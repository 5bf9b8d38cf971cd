"""Parts of methods for episodes of many turns: what is compared is a turn, a leaf of a tree, a fork."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from assaygym.agents.parts.base import Advantage, Filter, Shaping
from assaygym.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from assaygym.agents.scene import Scene

__all__ = ["ForkGroup", "InvalidActions", "StepGroup", "TopSpread", "TreeGroup"]


@dataclass(frozen=True, slots=True)
class ForkGroup(Advantage):
    """The group's advantage where episodes are forks of one another: ARPO (arXiv 2507.19849).

    "soft" leaves it as it is: tokens that d episodes share count d times. "hard" gives them the mean of the d.
    """

    name: ClassVar[str] = "fork_group"
    shared: Literal["soft", "hard"] = "soft"
    scale: Literal["std", "batch", "none"] = "std"
    eps: float = 1e-6

    def __post_init__(self) -> None:
        if self.shared not in ("soft", "hard"):
            raise ConfigError(f"fork_group: shared is {self.shared!r}; expected 'soft' or 'hard'")

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, T]` where hard, else `[B, 1]`."""
        from assaygym.agents.advantages import group
        from assaygym.agents.forks import averaged_over_forks

        rows_B1 = scene.per_row(scene.compared(partial(group, scale=self.scale, eps=self.eps)))
        if self.shared == "soft":
            return rows_B1
        kept_BT = scene.batch.segments_BT.masked_fill(~scene.per_row(scene.keep_N), -1)
        return averaged_over_forks(rows_B1.expand_as(kept_BT), kept_BT)


@dataclass(frozen=True, slots=True)
class TreeGroup(Advantage):
    """Compared with all leaves of the task plus with those of the same tree: Tree-GRPO (arXiv 2509.21240)."""

    name: ClassVar[str] = "tree_group"
    scale: Literal["std", "batch", "none"] = "std"
    eps: float = 1e-6

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, 1]`."""
        from assaygym.agents.advantages import tree

        trees_N = scene.batch.trees_N[scene.keep_N]
        return scene.per_row(scene.compared(partial(tree, trees_N=trees_N, scale=self.scale, eps=self.eps)))


@dataclass(frozen=True, slots=True)
class StepGroup(Advantage):
    """The episode's advantage plus `weight` times that of the turn among turns in the same state: GiGPO.

    arXiv 2505.10978. What is compared is the discounted return from the turn on; the same state is the same observation
    (or `info["anchor"]`) in episodes of one task.
    """

    name: ClassVar[str] = "step_group"
    gamma: float = 0.95
    weight: float = 1.0
    scale: Literal["std", "batch", "none"] = "std"
    eps: float = 1e-6

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, T]`."""
        import torch

        from assaygym.agents.advantages import step_group
        from assaygym.agents.returns import discounted_returns

        batch = scene.batch
        turns_NK = batch.anchors_NK >= 0
        rewards_NK = batch.turn_rewards_NK.clone()
        last_N1 = (batch.turns_N - 1).unsqueeze(1)
        rewards_NK = rewards_NK.scatter_add(1, last_N1, (scene.rewards() - batch.rewards_N).unsqueeze(1))
        returns_NK = discounted_returns(rewards_NK, turns_NK.float(), gamma=self.gamma)
        chosen_NK = turns_NK & scene.keep_N.unsqueeze(1)
        episode_M = chosen_NK.nonzero()[:, 0]
        found_NK = torch.zeros_like(rewards_NK)
        if len(episode_M):
            found_NK[chosen_NK] = step_group(
                scene.rewards()[episode_M],
                batch.groups_N[episode_M],
                returns_NK[chosen_NK],
                batch.anchors_NK[chosen_NK],
                weight=self.weight,
                scale=self.scale,
                eps=self.eps,
            )
        return found_NK[batch.episode_B].gather(1, batch.turns_BT)


@dataclass(frozen=True, slots=True)
class InvalidActions(Shaping):
    """Takes `weight` times the share of turns with a malformed call off the reward: the penalty of GiGPO's code."""

    name: ClassVar[str] = "invalid_actions"
    weight: float = 0.1

    def __call__(self, scene: Scene) -> Tensor:
        """The rewards less the penalty."""
        share_N = scene.batch.malformed_N.float() / scene.batch.turns_N
        return scene.rewards_N - self.weight * share_N


@dataclass(frozen=True, slots=True)
class TopSpread(Filter):
    """The `share` of the groups whose rewards differ most, at least one; of equal ones the first: UFO's code."""

    name: ClassVar[str] = "top_spread"
    share: float = 0.25

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ConfigError(f"top_spread: share is {self.share}; expected a number in (0, 1]")

    def __call__(self, scene: Scene) -> Tensor:
        """By the rewards as shaped."""
        import torch

        from assaygym.agents.advantages import group_stds

        stds_K = group_stds(scene.rewards_N, scene.batch.groups_N)
        index_N = torch.unique(scene.batch.groups_N, return_inverse=True)[1]
        best_K = stds_K.argsort(descending=True, stable=True)[: max(1, round(self.share * len(stds_K)))]
        return torch.isin(index_N, best_K)
