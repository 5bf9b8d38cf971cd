"""How much better than expected: declarations over `assaygym.agents.advantages` and `assaygym.agents.returns`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from assaygym.agents.parts.base import Advantage
from assaygym.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from assaygym.agents.scene import Scene

__all__ = [
    "GAE",
    "GreedyBaseline",
    "GroupAdvantage",
    "LeaveOneOut",
    "OptimalBaseline",
    "Quantile",
    "Raw",
    "WhitenBaseline",
    "WhitenReturns",
]


@dataclass(frozen=True, slots=True)
class GroupAdvantage(Advantage):
    """`(r - mean of the group) / deviation`: GRPO (arXiv 2402.03300), Dr. GRPO with `scale="none"`."""

    name: ClassVar[str] = "group"
    scale: Literal["std", "batch", "none"] = "std"
    eps: float = 1e-6

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, 1]`."""
        from assaygym.agents.advantages import group

        return scene.per_row(scene.compared(partial(group, scale=self.scale, eps=self.eps)))


@dataclass(frozen=True, slots=True)
class GAE(Advantage):
    """Generalised advantage estimation with a value model (arXiv 1506.02438), whitened over the batch."""

    name: ClassVar[str] = "gae"
    critic: ClassVar[bool] = True
    per_token: ClassVar[bool] = True
    gamma: float = 1.0
    lam: float = 1.0
    whiten: bool = True

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, T]`; sets the targets of the value model."""
        from assaygym.agents.returns import gae, masked_whiten

        mask_BT = scene.batch.mask_BT
        rewards_BT, values_BT = scene.token_rewards_BT(), scene.value_estimates_BT()
        advantages_BT, scene.targets_BT = gae(rewards_BT, values_BT, mask_BT, gamma=self.gamma, lam=self.lam)
        advantages_BT = advantages_BT * scene.per_row(scene.keep_N)
        return masked_whiten(advantages_BT, mask_BT * scene.per_row(scene.keep_N)) if self.whiten else advantages_BT


@dataclass(frozen=True, slots=True)
class Raw(Advantage):
    """The reward itself, without a baseline: RAFT and Reinforce-Rej (arXiv 2504.11343)."""

    name: ClassVar[str] = "raw"

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, 1]`."""
        from assaygym.agents.advantages import raw

        return scene.per_row(scene.compared(raw))


@dataclass(frozen=True, slots=True)
class LeaveOneOut(Advantage):
    """The reward less the mean of the others of its group: RLOO (arXiv 2402.14740)."""

    name: ClassVar[str] = "leave_one_out"

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, 1]`."""
        from assaygym.agents.advantages import leave_one_out

        return scene.per_row(scene.compared(leave_one_out))


@dataclass(frozen=True, slots=True)
class OptimalBaseline(Advantage):
    """The reward less the group's mean weighted by length: OPO (arXiv 2505.23585)."""

    name: ClassVar[str] = "opo"

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, 1]`."""
        from assaygym.agents.advantages import optimal_baseline

        lengths_M = scene.batch.sampled_N[scene.keep_N]
        return scene.per_row(scene.compared(partial(optimal_baseline, lengths_N=lengths_M)))


@dataclass(frozen=True, slots=True)
class GreedyBaseline(Advantage):
    """The reward less that of a greedy episode of the same task: ReMax (arXiv 2310.10505).

    Goes with the rollout `greedy_extra`. Where nobody could judge the greedy episode, the group is left out.
    """

    name: ClassVar[str] = "greedy"

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, 1]`."""
        from assaygym.agents.advantages import greedy_baseline

        greedy_N = _companions(scene, self.name, "greedy_extra")[:, 0]
        scene.keep_N = scene.keep_N & ~greedy_N.isnan()
        return scene.per_row(scene.compared(partial(greedy_baseline, greedy_N=greedy_N[scene.keep_N])))


@dataclass(frozen=True, slots=True)
class WhitenReturns(Advantage):
    """The discounted rewards to come at each token, whitened over the tokens of the batch: REINFORCE++.

    arXiv 2501.03262. The variance is the sample's, as in verl.
    """

    name: ClassVar[str] = "whiten_returns"
    per_token: ClassVar[bool] = True
    gamma: float = 1.0

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, T]`."""
        from assaygym.agents.returns import discounted_returns, masked_whiten

        mask_BT = scene.batch.mask_BT
        returns_BT = discounted_returns(scene.token_rewards_BT(), mask_BT, gamma=self.gamma)
        return masked_whiten(returns_BT, mask_BT * scene.per_row(scene.keep_N))


@dataclass(frozen=True, slots=True)
class WhitenBaseline(Advantage):
    """The reward less the group's mean, whitened over the batch: REINFORCE++-baseline (arXiv 2501.03262).

    Over "tokens" long episodes weigh more in mean and deviation, as in verl and OpenRLHF; over "episodes" they do not.
    """

    name: ClassVar[str] = "whiten_baseline"
    over: Literal["tokens", "episodes"] = "tokens"

    def __post_init__(self) -> None:
        if self.over not in ("tokens", "episodes"):
            raise ConfigError(f"whiten_baseline: over is {self.over!r}; expected 'tokens' or 'episodes'")

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, T]` over tokens, else `[B, 1]`."""
        from assaygym.agents.advantages import group, whiten
        from assaygym.agents.returns import masked_whiten

        if self.over == "episodes":
            return scene.per_row(scene.compared(lambda r_N, g_N: whiten(group(r_N, g_N, scale="none"))))
        centred_B1 = scene.per_row(scene.compared(partial(group, scale="none")))
        kept_BT = scene.batch.mask_BT * scene.per_row(scene.keep_N)
        return masked_whiten(centred_B1.expand_as(kept_BT), kept_BT)


@dataclass(frozen=True, slots=True)
class Quantile(Advantage):
    """The share of the reference's rewards that are not above this one: what QRPO's loss takes (arXiv 2507.08068).

    Goes with the rollout `with_reference`, whose rewards are not shaped. Where none of the reference's episodes could
    be judged, the group is left out.
    """

    name: ClassVar[str] = "quantile"

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, 1]`."""
        from assaygym.agents.regress import quantile

        quantile_N = quantile(scene.rewards(), _companions(scene, self.name, "with_reference"))
        scene.keep_N = scene.keep_N & ~quantile_N.isnan()
        return scene.per_row(quantile_N.nan_to_num(0.0) * scene.keep_N)


def _companions(scene: Scene, name: str, rollout: str) -> Tensor:
    if scene.companions_NC is None:
        raise ConfigError(f"the advantage {name} needs companions of each group; use it with rollout={rollout}")
    return scene.companions_NC
