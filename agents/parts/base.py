"""What a part of a training method is: a small frozen declaration, readable without torch, that names one choice.

A method is one value for each slot:

    rollout -> shaping -> filters -> advantage -> loss (ratio and clip) -> aggregation, + regularisers, correction

A part says its numbers in its fields and does its work in one method, which loads torch when it is called. What the
work is made of are the pure functions of `advantages`, `losses`, `aggregations`, `filters`, `shaping`, ...
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import Field, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from assaygym.agents.jobs import MakeEnv
    from assaygym.agents.losses import Surrogate
    from assaygym.agents.policy import ModelPolicy
    from assaygym.agents.ratios import Ratio
    from assaygym.agents.scene import Rows, Scene
    from assaygym.agents.strategies.base import Strategy

__all__ = [
    "SLOTS",
    "Advantage",
    "Aggregation",
    "Correction",
    "Filter",
    "Loss",
    "Part",
    "Regulariser",
    "Rollout",
    "Shaping",
]

SLOTS = (
    "rollout",
    "shaping",
    "filters",
    "advantage",
    "loss",
    "aggregation",
    "regularisers",
    "correction",
)
"""The columns of the table of methods."""


@dataclass(frozen=True, slots=True)
class Part:
    """A choice with its numbers. Equal parts compare equal; `str` gives `name(field=value, ...)`."""

    name: ClassVar[str]
    """By which `--set SLOT=name` and the table know it."""
    slot: ClassVar[str]

    def __str__(self) -> str:
        return self._told(fields(self))

    def brief(self) -> str:
        """As `str`, with those fields alone that differ from the part's own defaults."""
        return self._told([field for field in fields(self) if getattr(self, field.name) != field.default])

    def _told(self, shown: Sequence[Field[Any]]) -> str:
        values = {field.name: getattr(self, field.name) for field in shown}
        inner = ", ".join(f"{name}={value}" for name, value in values.items() if value is not None)
        return f"{self.name}({inner})" if inner else self.name


@dataclass(frozen=True, slots=True)
class Rollout(Part):
    """How the group of each task is sampled."""

    slot: ClassVar[str] = "rollout"
    companion: ClassVar[Literal["greedy", "reference"] | None] = None
    """Who plays the episodes beside each group that are not trained on and whose rewards the advantage looks at."""

    @property
    def companions(self) -> int:
        """How many of them."""
        return 0

    def strategy(self, policy: ModelPolicy, *, temperature: float) -> Strategy:
        """The strategy, made once for a run: its state (a replay buffer) lives as long."""
        raise NotImplementedError

    def wrapped(self, make_env: MakeEnv) -> MakeEnv:
        """What the episodes are played in."""
        return make_env


@dataclass(frozen=True, slots=True)
class Shaping(Part):
    """What the rewards become before they are compared; several are applied in order."""

    slot: ClassVar[str] = "shaping"

    def __call__(self, scene: Scene) -> Tensor:
        """The new `rewards_N`, from `scene.rewards_N` and the rest of the scene."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Filter(Part):
    """Which episodes the update is made of."""

    slot: ClassVar[str] = "filters"
    after: ClassVar[bool] = False
    """Whether it looks at the advantages; those that do run after them and do not change them."""

    def __call__(self, scene: Scene) -> Tensor:
        """Boolean `[N]`, True for what stays; among the episodes that stay, others are compared as if alone."""
        raise NotImplementedError

    def refilled(self, inner: Strategy, groups: int) -> Strategy:
        """The strategy that draws further tasks for groups that would be filtered out, where the filter wants that."""
        return inner


@dataclass(frozen=True, slots=True)
class Advantage(Part):
    """How much better than expected."""

    slot: ClassVar[str] = "advantage"
    critic: ClassVar[bool] = False
    """Whether it needs `scene.values_BT` of a value model, and sets `scene.targets_BT` for it."""
    per_token: ClassVar[bool] = False
    """Whether it reads `scene.token_rewards_BT()`, and with it a divergence in the reward, token by token."""

    def __call__(self, scene: Scene) -> Tensor:
        """`[B, T]` or `[B, 1]`; episodes that the filters left out get 0."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Loss(Part):
    """The ratio to the policy that sampled, and what is made of it and the advantage."""

    slot: ClassVar[str] = "loss"
    grouped: ClassVar[bool] = False
    """Whether it compares the rows of a group, which then stay in one micro-batch."""
    reference: ClassVar[bool] = False
    """Whether it needs the log-probabilities of the reference model."""

    def ratio(self, rows: Rows) -> Ratio:
        """How far the policy has moved, at the level of tokens unless a part says otherwise."""
        from assaygym.agents.ratios import token_ratio

        return token_ratio(rows.logps_BT, rows.old_BT, rows.mask_BT)

    def __call__(self, rows: Rows) -> Surrogate:
        """The loss of each token."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Aggregation(Part):
    """How the losses of tokens become the loss of a batch."""

    slot: ClassVar[str] = "aggregation"

    def weights(self, *, max_tokens: int) -> Callable[[Tensor], Tensor]:
        """The function from `mask_BT` to `weights_BT`; `max_tokens` is the longest completion allowed."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Regulariser(Part):
    """What holds the policy back, or a further model up to date."""

    slot: ClassVar[str] = "regularisers"


@dataclass(frozen=True, slots=True)
class Correction(Part):
    """Weights for the difference between the sampler and the policy that is updated."""

    slot: ClassVar[str] = "correction"

    def __call__(self, old_BT: Tensor, sampled_BT: Tensor, mask_BT: Tensor) -> Tensor:
        """`[B, T]`, without gradient."""
        raise NotImplementedError
