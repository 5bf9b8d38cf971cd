"""How much better than expected: declarations over `assaygym.agents.advantages` and `assaygym.agents.returns`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from assaygym.agents.parts.base import Advantage

if TYPE_CHECKING:
    from torch import Tensor

    from assaygym.agents.scene import Scene

__all__ = ["GAE", "GroupAdvantage"]


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
