"""How much better an episode was than expected: pure functions on tensors, one value an episode.

`rewards_N` holds one reward an episode, `groups_N` the integer label of the episode's group (the rollouts of one task).
All return `[N]` in the dtype of `rewards_N`, and raise `ConfigError` where shapes differ or a reward is NaN (drop those
episodes first). A group of one has nothing to be compared with: its advantage is 0.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from assaygym.errors import ConfigError

__all__ = [
    "Scale",
    "greedy_baseline",
    "group",
    "group_stds",
    "leave_one_out",
    "optimal_baseline",
    "raw",
    "step_group",
    "tree",
    "whiten",
]

Scale = Literal["std", "batch", "none"]


def raw(rewards_N: Tensor, groups_N: Tensor) -> Tensor:
    """The reward itself: RAFT and Reinforce-Rej (arXiv 2504.11343), after their filters."""
    _members(rewards_N, groups_N)
    return rewards_N


def group(rewards_N: Tensor, groups_N: Tensor, *, scale: Scale = "std", eps: float = 1e-6) -> Tensor:
    """Group-relative advantage: `(r_i - mean_g) / (std + eps)`, or `r_i - mean_g` with `scale="none"`.

    GRPO (arXiv 2402.03300, section 4.1.2) divides by the deviation of the group ("std"), Dr. GRPO (arXiv 2503.20783,
    equation 3) by nothing ("none"); "batch" takes the deviation of all `r_i - mean_g` of the batch. Deviations are the
    sample's (n - 1). Equal rewards give exactly 0.

    Raises:
        ConfigError: `scale` is none of the three.
    """
    if scale not in ("std", "batch", "none"):
        raise ConfigError(f"scale is {scale!r}; expected 'std', 'batch' or 'none'")
    centred_N, std_K, index_N = _centre(rewards_N, groups_N)
    if scale == "none":
        return centred_N
    divisor_N = eps + (std_K[index_N] if scale == "std" else _deviation(centred_N).expand_as(centred_N))
    return centred_N / divisor_N.masked_fill(divisor_N == 0, 1.0)


def leave_one_out(rewards_N: Tensor, groups_N: Tensor) -> Tensor:
    """`r_i - mean_{j != i} r_j` within the group: RLOO (arXiv 2402.14740, section 3.3)."""
    centred_N, _, index_N = _centre(rewards_N, groups_N)
    counts_N = _members(rewards_N, groups_N)[1][index_N]
    return centred_N * counts_N / (counts_N - 1).clamp(min=1)


def optimal_baseline(rewards_N: Tensor, groups_N: Tensor, lengths_N: Tensor) -> Tensor:
    """`r_i - sum_j n_j r_j / sum_j n_j` within the group, with `n_j` sampled tokens: OPO (arXiv 2505.23585).

    Raises:
        ConfigError: a length is not above 0.
    """
    index_N, counts_K = _members(rewards_N, groups_N)
    if lengths_N.shape != rewards_N.shape or bool((lengths_N <= 0).any()):
        raise ConfigError("lengths must be one number above 0 for each reward")
    weights_N = lengths_N.to(rewards_N.dtype)
    baseline_K = _sum(weights_N * rewards_N, index_N, counts_K) / _sum(weights_N, index_N, counts_K)
    equal_K = _constant(rewards_N, index_N, counts_K)
    return (rewards_N - baseline_K[index_N]).masked_fill(equal_K[index_N], 0.0)


def greedy_baseline(rewards_N: Tensor, groups_N: Tensor, greedy_N: Tensor) -> Tensor:
    """`r - r(greedy)`: ReMax (arXiv 2310.10505); `greedy_N` is the reward of a greedy episode of the same task."""
    _members(rewards_N, groups_N)
    _members(greedy_N, groups_N)
    return rewards_N - greedy_N


def whiten(values_N: Tensor, *, eps: float = 1e-8) -> Tensor:
    """`(x - mean) / (std + eps)` over the batch, the deviation the sample's: the last step of REINFORCE++-baseline.

    Of one value, or of equal ones, exactly 0 (arXiv 2501.03262).
    """
    if len(values_N) < 2 or bool((values_N == values_N[0]).all()):
        return torch.zeros_like(values_N)
    return (values_N - values_N.mean()) / (values_N.std() + eps)


def step_group(
    rewards_N: Tensor,
    groups_N: Tensor,
    returns_N: Tensor,
    anchors_N: Tensor,
    *,
    weight: float = 1.0,
    scale: Scale = "std",
    eps: float = 1e-6,
) -> Tensor:
    """`A_episode + weight * A_step` of each turn: GiGPO (arXiv 2505.10978).

    Here a row is a turn, not an episode. Long episodes therefore weigh more in the mean of their group, as in the
    reference code.

    Args:
        rewards_N: the reward of the turn's whole episode.
        groups_N: the task.
        returns_N: the discounted return from this turn on.
        anchors_N: a label of the state that the turn was taken in, the same for the same observation; turns of other
            tasks never share a group.
        weight: of the step's advantage.
        scale: of both, as in `group`.
        eps: as in `group`.
    """
    if anchors_N.shape != groups_N.shape:
        raise ConfigError(f"anchors {tuple(anchors_N.shape)} and groups {tuple(groups_N.shape)}; expected one [N] both")
    states_N = torch.unique(torch.stack([groups_N, anchors_N]), dim=1, return_inverse=True)[1]
    episode_N = group(rewards_N, groups_N, scale=scale, eps=eps)
    return episode_N + weight * group(returns_N, states_N, scale=scale, eps=eps)


def tree(rewards_N: Tensor, groups_N: Tensor, trees_N: Tensor, *, scale: Scale = "std", eps: float = 1e-6) -> Tensor:
    """Compared with all leaves of the task plus compared with those of the same tree: Tree-GRPO (arXiv 2509.21240).

    Args:
        rewards_N: one a leaf.
        groups_N: the task.
        trees_N: the number of the leaf's tree; trees of other tasks may have the same.
        scale: of both, as in `group`.
        eps: as in `group`.
    """
    return step_group(rewards_N, groups_N, rewards_N, trees_N, scale=scale, eps=eps)


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


def _deviation(centred_N: Tensor) -> Tensor:
    """The sample deviation of these, whose mean is 0."""
    return (centred_N.square().sum() / max(len(centred_N) - 1, 1)).sqrt()


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
