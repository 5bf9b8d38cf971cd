"""The ratio and what is made of it: declarations over `assaygym.agents.ratios` and `assaygym.agents.losses`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from assaygym.agents.parts.base import Loss
from assaygym.errors import ConfigError

if TYPE_CHECKING:
    from assaygym.agents.losses import Surrogate
    from assaygym.agents.ratios import Ratio
    from assaygym.agents.scene import Rows

__all__ = ["CISPO", "GVPO", "QRPO", "SAPO", "Clip", "GeoMean", "Plain"]


@dataclass(frozen=True, slots=True)
class Clip(Loss):
    """PPO's clipped ratio (arXiv 1707.06347), at the level of tokens, turns or whole rows (GSPO, arXiv 2507.18071)."""

    name: ClassVar[str] = "clip"
    low: float = 0.2
    high: float = 0.2
    dual: float | None = None
    """Bound on the loss of a negative advantage, in multiples of it (arXiv 1912.09729)."""
    level: Literal["token", "turn", "sequence"] = "token"

    def ratio(self, rows: Rows) -> Ratio:
        """At this level."""
        from assaygym.agents.ratios import sequence_ratio, token_ratio, turn_ratio

        if self.level == "turn":
            return turn_ratio(rows.logps_BT, rows.old_BT, rows.mask_BT, rows.turns_BT)
        at = token_ratio if self.level == "token" else sequence_ratio
        return at(rows.logps_BT, rows.old_BT, rows.mask_BT)

    def __call__(self, rows: Rows) -> Surrogate:
        """The larger of the free and the clipped loss."""
        from assaygym.agents.losses import clip

        return clip(self.ratio(rows), rows.advantages_BT, low=self.low, high=self.high, dual=self.dual)


@dataclass(frozen=True, slots=True)
class GeoMean(Loss):
    """The geometric mean of a row's ratios, each held within `±bound` in the log where it is pushed: GMPO.

    arXiv 2507.20673. An advantage that differs from token to token counts by its mean over the row.
    """

    name: ClassVar[str] = "geo_mean"
    bound: float = 0.4

    def __call__(self, rows: Rows) -> Surrogate:
        """`geometric_mean`."""
        from assaygym.agents.losses import geometric_mean

        tokens_B1 = rows.mask_BT.sum(1, keepdim=True).clamp(min=1)
        advantages_B1 = (rows.advantages_BT * rows.mask_BT).sum(1, keepdim=True) / tokens_B1
        return geometric_mean(self.ratio(rows), advantages_B1, bound=self.bound)


@dataclass(frozen=True, slots=True)
class CISPO(Loss):
    """`-A logp` under a weight, the ratio held to `[low, high]`: CISPO (arXiv 2506.13585).

    The bounds are the ratio's own, as in TRL; verl's `clip_ratio_low` and `_high` are `1 - low` and `high - 1`.
    """

    name: ClassVar[str] = "cispo"
    low: float | None = None
    high: float = 5.0

    def __call__(self, rows: Rows) -> Surrogate:
        """`cispo`."""
        from assaygym.agents.losses import cispo

        return cispo(self.ratio(rows), rows.advantages_BT, low=self.low, high=self.high)


@dataclass(frozen=True, slots=True)
class SAPO(Loss):
    """A soft gate in place of the clip, of temperature `positive` or `negative` by the advantage: arXiv 2511.20347."""

    name: ClassVar[str] = "sapo"
    positive: float = 1.0
    negative: float = 1.05

    def __call__(self, rows: Rows) -> Surrogate:
        """`sapo`."""
        from assaygym.agents.losses import sapo

        return sapo(self.ratio(rows), rows.advantages_BT, positive=self.positive, negative=self.negative)


@dataclass(frozen=True, slots=True)
class Plain(Loss):
    """`-A logp`, without a ratio: REINFORCE. Right for one update of a batch."""

    name: ClassVar[str] = "plain"

    def __call__(self, rows: Rows) -> Surrogate:
        """`plain`."""
        from assaygym.agents.losses import plain

        return plain(self.ratio(rows), rows.advantages_BT)


@dataclass(frozen=True, slots=True)
class GVPO(Loss):
    """The log-ratios of a group, times `beta`, differ as its rewards do: GVPO (arXiv 2504.19599).

    Raises:
        ConfigError: `beta` is not above 0.
    """

    name: ClassVar[str] = "gvpo"
    grouped: ClassVar[bool] = True
    beta: float = 0.1

    def __post_init__(self) -> None:
        _above_zero(self.name, self.beta)

    def __call__(self, rows: Rows) -> Surrogate:
        """`group_regression`."""
        from assaygym.agents.regress import group_regression

        return group_regression(
            rows.logps_BT,
            rows.old_BT,
            rows.mask_BT,
            rows.advantages_BT,
            rows.groups_B,
            rows.episodes_B,
            beta=self.beta,
        )


@dataclass(frozen=True, slots=True)
class QRPO(Loss):
    """An episode's log-ratio to the reference is what the quantile of its reward says: QRPO (arXiv 2507.08068).

    Goes with the advantage `quantile`.

    Raises:
        ConfigError: `beta` is not above 0, or there is no such transform.
    """

    name: ClassVar[str] = "qrpo"
    grouped: ClassVar[bool] = True
    reference: ClassVar[bool] = True
    beta: float = 0.1
    transform: Literal["identity", "log"] = "identity"

    def __post_init__(self) -> None:
        _above_zero(self.name, self.beta)
        if self.transform not in ("identity", "log"):
            raise ConfigError(f"qrpo: transform is {self.transform!r}; expected 'identity' or 'log'")

    def __call__(self, rows: Rows) -> Surrogate:
        """`reference_regression`."""
        from assaygym.agents.regress import reference_regression

        assert rows.reference_BT is not None
        return reference_regression(
            rows.logps_BT,
            rows.reference_BT,
            rows.mask_BT,
            rows.advantages_BT,
            rows.episodes_B,
            beta=self.beta,
            transform=self.transform,
        )


def _above_zero(name: str, beta: float) -> None:
    if beta <= 0:
        raise ConfigError(f"{name}: beta is {beta}; expected a number above 0")
