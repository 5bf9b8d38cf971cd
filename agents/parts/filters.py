"""Which episodes the update is made of: declarations over `assaygym.agents.filters`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from assaygym.agents.parts.base import Filter
from assaygym.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from assaygym.agents.scene import Scene
    from assaygym.agents.strategies.base import Strategy

__all__ = ["NonzeroStd", "PositiveOnly", "PruneAbs", "TopK"]


@dataclass(frozen=True, slots=True)
class NonzeroStd(Filter):
    """Groups whose verified rewards differ: DAPO's dynamic sampling (arXiv 2503.14476, equation 11), Reinforce-Rej.

    With `refill` further tasks are drawn in place of the others, up to `rounds` times as many as were wanted.
    """

    name: ClassVar[str] = "nonzero_std"
    refill: bool = True
    rounds: int = 10

    def __call__(self, scene: Scene) -> Tensor:
        """By the rewards as the environment gave them."""
        from assaygym.agents.filters import nonzero_std

        return nonzero_std(scene.batch.rewards_N, scene.batch.groups_N)

    def refilled(self, inner: Strategy, groups: int) -> Strategy:
        """`Refill`."""
        from assaygym.agents.strategies import Refill

        return Refill(inner, groups, max_groups=self.rounds * groups) if self.refill else inner


@dataclass(frozen=True, slots=True)
class PositiveOnly(Filter):
    """Episodes whose reward, as shaped, is above this: RAFT (arXiv 2304.06767)."""

    name: ClassVar[str] = "positive_only"
    above: float = 0.0

    def __call__(self, scene: Scene) -> Tensor:
        """By the rewards as shaped: an unshaped advantage is then never negative."""
        from assaygym.agents.filters import positive_only

        return positive_only(scene.rewards_N, above=self.above)


@dataclass(frozen=True, slots=True)
class TopK(Filter):
    """The `k` best episodes of each group by something else than their reward alone: GFPO (arXiv 2508.09726).

    "shortness" takes the fewest sampled tokens, "efficiency" the most reward a token. The others get no advantage and
    are not compared with.

    Raises:
        ConfigError: `k` is below 1, or there is no such measure.
    """

    name: ClassVar[str] = "top_k"
    k: int = 8
    by: Literal["shortness", "efficiency"] = "shortness"

    def __post_init__(self) -> None:
        if self.k < 1 or self.by not in ("shortness", "efficiency"):
            raise ConfigError(f"top_k: k={self.k}, by={self.by!r}; expected at least 1, 'shortness' or 'efficiency'")

    def __call__(self, scene: Scene) -> Tensor:
        """Among those that filters before this one left."""
        from assaygym.agents.filters import top_k_by

        batch, best_N = scene.batch, scene.keep_N.clone()
        lengths_N = batch.sampled_N.to(scene.rewards_N.dtype)
        metric_N = lengths_N if self.by == "shortness" else -scene.rewards_N / lengths_N
        best_N[scene.keep_N] = top_k_by(metric_N[scene.keep_N], batch.groups_N[scene.keep_N], self.k)
        return best_N


@dataclass(frozen=True, slots=True)
class PruneAbs(Filter):
    """Leaves out the `rate` of the episodes whose advantage is nearest to 0: CPPO (arXiv 2503.22342).

    "batch" counts them over the whole step as CPPO's code does, "group" within each group as its paper does.

    Raises:
        ConfigError: `rate` is outside [0, 1), or there is no such scope.
    """

    name: ClassVar[str] = "prune_abs"
    after: ClassVar[bool] = True
    rate: float = 0.5
    scope: Literal["batch", "group"] = "batch"

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1 or self.scope not in ("batch", "group"):
            raise ConfigError(f"prune_abs: rate={self.rate}, scope={self.scope!r}; expected [0, 1), 'batch' or 'group'")

    def __call__(self, scene: Scene) -> Tensor:
        """Among those that filters before this one left."""
        from assaygym.agents.filters import prune_abs_advantage

        assert scene.advantages_N is not None
        left_N = scene.keep_N.clone()
        groups_M = scene.batch.groups_N[scene.keep_N] if self.scope == "group" else None
        left_N[scene.keep_N] = prune_abs_advantage(scene.advantages_N[scene.keep_N], self.rate, groups_M)
        return left_N
