"""Regressions: the loss asks that the log-ratio of an episode be what its reward says, and has no clip.

`R_i = β Σ_t (logps - base)` over all sampled tokens of an episode, whichever rows they stand in. What is returned is
the loss of the episode at each of its tokens, shared evenly among its rows, so that `seq_mean_token_mean` counts it
once. Gradients flow through `logps_BT` alone.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from assaygym.agents.losses import Surrogate
from assaygym.errors import ConfigError

__all__ = ["Transform", "group_regression", "log_partition", "quantile", "reference_regression"]

Transform = Literal["identity", "log"]


def group_regression(
    logps_BT: Tensor,
    old_BT: Tensor,
    mask_BT: Tensor,
    advantages_BT: Tensor,
    groups_B: Tensor,
    episodes_B: Tensor,
    *,
    beta: float = 0.1,
) -> Surrogate:
    """`G / (G - 1) ½ ((R_i - mean_g R) - A_i)²`: GVPO (arXiv 2504.19599).

    Its mean over rows is the mean over groups of `Σ_i ½ (...)² / (G - 1)`. In a group of one it is `½ A²`, without a
    gradient. A group has to be whole: its mean is taken over the rows that are given.

    Args:
        logps_BT: under the model that is trained.
        old_BT: at the start of the update, which is what the policy is held to.
        mask_BT: 1 on sampled tokens.
        advantages_BT: the centred reward of the episode at each of its tokens.
        groups_B: the label of each row's group.
        episodes_B: the number of each row's episode.
        beta: of the divergence that the optimum pays for.

    Raises:
        ConfigError: `beta` is not above 0.
    """
    sums = _Episodes.of(logps_BT, old_BT, mask_BT, episodes_B, beta)
    _, index_B, counts_K = torch.unique(groups_B, return_inverse=True, return_counts=True)
    index_E = index_B.new_zeros(len(sums.implied_E)).scatter(0, sums.index_B, index_B)
    sizes_K = sums.implied_E.new_zeros(len(counts_K)).index_add(0, index_E, torch.ones_like(sums.implied_E))
    mean_K = torch.zeros_like(sizes_K).index_add(0, index_E, sums.implied_E) / sizes_K
    gap_E = sums.implied_E - mean_K[index_E] - sums.mean(advantages_BT, mask_BT)
    scale_K = sizes_K / (sizes_K - 1).clamp(min=1)
    return sums.spread(0.5 * scale_K[index_E] * gap_E.square(), mask_BT)


def reference_regression(
    logps_BT: Tensor,
    reference_BT: Tensor,
    mask_BT: Tensor,
    quantiles_BT: Tensor,
    episodes_B: Tensor,
    *,
    beta: float = 0.1,
    transform: Transform = "identity",
) -> Surrogate:
    """`(f(q_i) - β log Z - R_i)²` with `R_i` taken over the reference: QRPO (arXiv 2507.08068).

    Args:
        logps_BT: under the model that is trained.
        reference_BT: under the reference.
        mask_BT: 1 on sampled tokens.
        quantiles_BT: `quantile` of the episode at each of its tokens, above 0 for "log".
        episodes_B: the number of each row's episode.
        beta: of the divergence that the optimum pays for.
        transform: `f`.

    Raises:
        ConfigError: `beta` is not above 0.
    """
    sums = _Episodes.of(logps_BT, reference_BT, mask_BT, episodes_B, beta)
    quantile_E = sums.mean(quantiles_BT, mask_BT)
    wanted_E = quantile_E.log() if transform == "log" else quantile_E
    target_E = wanted_E - beta * log_partition(beta, transform)
    return sums.spread((target_E - sums.implied_E).square(), mask_BT)


def log_partition(beta: float, transform: Transform) -> float:
    """`log Z` with `Z = ∫₀¹ exp(f(q) / β) dq`: quantiles of the reference's own rewards are uniform.

    `β / (1 + β)` for "log", `β (exp(1 / β) - 1)` for "identity".

    Raises:
        ConfigError: `beta` is not above 0, or there is no such transform.
    """
    if beta <= 0 or transform not in ("identity", "log"):
        raise ConfigError(f"beta={beta}, transform={transform!r}; expected above 0, and 'identity' or 'log'")
    if transform == "log":
        return math.log(beta / (1 + beta))
    return math.log(beta) + 1 / beta + math.log1p(-math.exp(-1 / beta))


def quantile(rewards_N: Tensor, references_NC: Tensor) -> Tensor:
    """`[N]`: the share of the reference's rewards (NaN: unknown) that are not above this one, at least `1 / known`.

    NaN where none is known. QRPO (arXiv 2507.08068) lifts 0 so for the logarithm alone.
    """
    known_N = (~references_NC.isnan()).sum(1)
    below_N = (references_NC <= rewards_N.unsqueeze(1)).sum(1).clamp(min=1)
    return torch.where(known_N > 0, below_N / known_N, math.nan)


class _Episodes(NamedTuple):
    """The sums over the E episodes of some rows."""

    implied_E: Tensor
    index_B: Tensor
    rows_E: Tensor
    """Rows of each."""

    @classmethod
    def of(cls, logps_BT: Tensor, base_BT: Tensor, mask_BT: Tensor, episodes_B: Tensor, beta: float) -> _Episodes:
        if beta <= 0:
            raise ConfigError(f"beta is {beta}; expected a number above 0")
        _, index_B, rows_E = torch.unique(episodes_B, return_inverse=True, return_counts=True)
        moved_B = torch.where(mask_BT.bool(), logps_BT - base_BT, 0.0).sum(1)
        return cls(beta * moved_B.new_zeros(len(rows_E)).index_add(0, index_B, moved_B), index_B, rows_E)

    def mean(self, values_BT: Tensor, mask_BT: Tensor) -> Tensor:
        """`[E]`: over the sampled tokens."""
        zeros_E = torch.zeros_like(self.implied_E)
        tokens_E = zeros_E.index_add(0, self.index_B, mask_BT.to(zeros_E.dtype).sum(1))
        sums_E = zeros_E.index_add(0, self.index_B, (values_BT * mask_BT).sum(1).to(zeros_E.dtype))
        return sums_E / tokens_E.clamp(min=1)

    def spread(self, loss_E: Tensor, mask_BT: Tensor) -> Surrogate:
        """At each token of each of the episode's rows."""
        loss_B1 = (loss_E / self.rows_E)[self.index_B].unsqueeze(1)
        return Surrogate(loss_B1.expand(mask_BT.shape), torch.zeros_like(mask_BT, dtype=torch.bool))
