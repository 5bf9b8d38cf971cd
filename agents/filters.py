"""Which episodes of a batch an update is made of: pure functions that give a boolean mask, `[N]`, True for what stays.

`rewards_N` holds one reward an episode, `groups_N` the integer label of the episode's group. Whoever drops episodes
counts them; a group that lost some is compared by what is left of it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from assaygym.agents.advantages import group_stds
from assaygym.errors import ConfigError

__all__ = ["nonzero_std", "positive_only", "prune_abs_advantage", "top_k_by"]


def nonzero_std(rewards_N: Tensor, groups_N: Tensor) -> Tensor:
    """Groups whose rewards differ: DAPO's dynamic sampling (arXiv 2503.14476, equation 11), Reinforce-Rej."""
    index_N = torch.unique(groups_N, return_inverse=True)[1]
    return (group_stds(rewards_N, groups_N) > 0)[index_N]


def positive_only(rewards_N: Tensor, *, above: float = 0.0) -> Tensor:
    """Episodes with a reward above this: RAFT (arXiv 2304.06767)."""
    return rewards_N > above


def top_k_by(metric_N: Tensor, groups_N: Tensor, k: int, *, largest: bool = False) -> Tensor:
    """The `k` episodes of each group with the smallest (or largest) metric: GFPO (arXiv 2508.09726).

    Length for shortness, reward over length (largest) for token efficiency. Of equal ones the first stay; a group of
    `k` or fewer stays whole.

    Raises:
        ConfigError: `k` is below 1, the shapes differ, or a metric is NaN.
    """
    if k < 1:
        raise ConfigError(f"k is {k}; expected at least 1")
    if metric_N.shape != groups_N.shape or bool(metric_N.isnan().any()):
        raise ConfigError("expected one number, not NaN, for each label of a group")
    order_N = metric_N.argsort(stable=True, descending=largest)
    order_N = order_N[groups_N[order_N].argsort(stable=True)]  # group after group, the best of each first
    sorted_N = groups_N[order_N]
    starts_N = torch.searchsorted(sorted_N, sorted_N)
    places_N = torch.arange(len(sorted_N), device=sorted_N.device) - starts_N
    return torch.zeros_like(groups_N, dtype=torch.bool).scatter(0, order_N, places_N < k)


def prune_abs_advantage(advantages_N: Tensor, rate: float, groups_N: Tensor | None = None) -> Tensor:
    """All but the `int(N * rate)` episodes with the smallest `|A|`: CPPO (arXiv 2503.22342).

    Of the whole batch, as CPPO's code, or of each group where `groups_N` is given, as its paper. Runs after the
    advantages. Of equal ones the last go first.

    Raises:
        ConfigError: `rate` is outside [0, 1).
    """
    if not 0 <= rate < 1:
        raise ConfigError(f"rate is {rate}; expected a number in [0, 1)")
    groups_N = torch.zeros_like(advantages_N, dtype=torch.int64) if groups_N is None else groups_N
    kept_N = torch.zeros_like(advantages_N, dtype=torch.bool)
    for label in torch.unique(groups_N):
        members = (groups_N == label).nonzero().squeeze(1)
        order = advantages_N[members].abs().argsort(stable=True, descending=True)
        kept_N[members[order[: len(members) - int(len(members) * rate)]]] = True
    return kept_N
