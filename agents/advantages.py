"""How much better an episode was than expected: pure functions on tensors, one value an episode.

`rewards_N` holds one reward an episode, `groups_N` the integer label of the episode's group (the rollouts of one task).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from assaygym.errors import ConfigError

__all__ = ["Scale", "group", "group_stds"]

Scale = Literal["std", "none"]


def group(rewards_N: Tensor, groups_N: Tensor, *, scale: Scale = "std", eps: float = 1e-6) -> Tensor:
    """Group-relative advantage: `(r_i - mean_g) / (std_g + eps)`, or `r_i - mean_g` with `scale="none"`.

    GRPO (arXiv 2402.03300, section 4.1.2) for "std", Dr. GRPO (arXiv 2503.20783, equation 3) for "none". The deviation
    is the sample's (n - 1). Equal rewards give exactly 0, and so does a group of one.

    Returns:
        `[N]`, the dtype of `rewards_N`.

    Raises:
        ConfigError: `scale` is neither of the two, the shapes differ, or a reward is NaN (drop those episodes first).
    """
    if scale not in ("std", "none"):
        raise ConfigError(f"scale is {scale!r}; expected 'std' or 'none'")
    centred_N, std_K, index_N = _centre(rewards_N, groups_N)
    return centred_N if scale == "none" else centred_N / (std_K[index_N] + eps)


def group_stds(rewards_N: Tensor, groups_N: Tensor) -> Tensor:
    """The sample deviation of the rewards of each group, in the order of the labels.

    Returns:
        `[K]`, K the number of groups; exactly 0 for equal rewards and for a group of one.

    Raises:
        ConfigError: as `group`.
    """
    return _centre(rewards_N, groups_N)[1]


def _centre(rewards_N: Tensor, groups_N: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`r_i - mean_g` of each episode, the deviation of each group, and the group of each episode as 0..K-1."""
    index_N, counts_K = _members(rewards_N, groups_N)
    mean_K = _sum(rewards_N, index_N, counts_K) / counts_K
    equal_K = _constant(rewards_N, index_N, counts_K)  # asked of the rewards: their mean may round
    centred_N = (rewards_N - mean_K[index_N]).masked_fill(equal_K[index_N], 0.0)
    variance_K = _sum(centred_N.square(), index_N, counts_K) / (counts_K - 1).clamp(min=1)
    return centred_N, variance_K.sqrt(), index_N


def _members(rewards_N: Tensor, groups_N: Tensor) -> tuple[Tensor, Tensor]:
    """The group of each episode as 0..K-1, and the number of episodes in each group."""
    if rewards_N.shape != groups_N.shape or rewards_N.dim() != 1:
        raise ConfigError(f"rewards {tuple(rewards_N.shape)} and groups {tuple(groups_N.shape)}; expected one [N] both")
    if bool(rewards_N.isnan().any()):
        raise ConfigError("a reward is NaN; drop INVALID episodes before computing advantages")
    _, index_N, counts_K = torch.unique(groups_N, return_inverse=True, return_counts=True)
    return index_N, counts_K


def _sum(values_N: Tensor, index_N: Tensor, counts_K: Tensor) -> Tensor:
    return values_N.new_zeros(len(counts_K)).index_add(0, index_N, values_N)


def _constant(rewards_N: Tensor, index_N: Tensor, counts_K: Tensor) -> Tensor:
    zeros_K = rewards_N.new_zeros(len(counts_K))
    top_K = zeros_K.scatter_reduce(0, index_N, rewards_N, "amax", include_self=False)
    return top_K == zeros_K.scatter_reduce(0, index_N, rewards_N, "amin", include_self=False)
