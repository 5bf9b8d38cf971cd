"""How the losses of tokens become the loss of a batch: declarations over `assaygym.agents.aggregations`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from assaygym.agents.parts.base import Aggregation

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["SeqMeanTokenMean", "SeqMeanTokenSum", "SeqSumConst", "TokenMean", "TokenSum"]


@dataclass(frozen=True, slots=True)
class TokenMean(Aggregation):
    """The mean over all tokens of the batch: DAPO (arXiv 2503.14476)."""

    name: ClassVar[str] = "token_mean"

    def weights(self, *, max_tokens: int) -> Callable[[Tensor], Tensor]:
        """`token_mean`."""
        from assaygym.agents.aggregations import token_mean

        return token_mean


@dataclass(frozen=True, slots=True)
class TokenSum(Aggregation):
    """The sum over all tokens."""

    name: ClassVar[str] = "token_sum"

    def weights(self, *, max_tokens: int) -> Callable[[Tensor], Tensor]:
        """`token_sum`."""
        from assaygym.agents.aggregations import token_sum

        return token_sum


@dataclass(frozen=True, slots=True)
class SeqMeanTokenMean(Aggregation):
    """The mean over rows of each row's mean: GRPO (arXiv 2402.03300)."""

    name: ClassVar[str] = "seq_mean_token_mean"

    def weights(self, *, max_tokens: int) -> Callable[[Tensor], Tensor]:
        """`seq_mean_token_mean`."""
        from assaygym.agents.aggregations import seq_mean_token_mean

        return seq_mean_token_mean


@dataclass(frozen=True, slots=True)
class SeqMeanTokenSum(Aggregation):
    """The mean over rows of each row's sum."""

    name: ClassVar[str] = "seq_mean_token_sum"

    def weights(self, *, max_tokens: int) -> Callable[[Tensor], Tensor]:
        """`seq_mean_token_sum`."""
        from assaygym.agents.aggregations import seq_mean_token_sum

        return seq_mean_token_sum


@dataclass(frozen=True, slots=True)
class SeqSumConst(Aggregation):
    """The mean over rows of each row's sum divided by a constant: Dr. GRPO (arXiv 2503.20783).

    `constant` None is the longest completion allowed.
    """

    name: ClassVar[str] = "seq_sum_const"
    constant: float | None = None

    def weights(self, *, max_tokens: int) -> Callable[[Tensor], Tensor]:
        """`seq_sum_const`."""
        from assaygym.agents.aggregations import seq_sum_const

        return partial(seq_sum_const, constant=max_tokens if self.constant is None else self.constant)
