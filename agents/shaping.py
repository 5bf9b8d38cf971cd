"""What a verifier's reward becomes before it is compared: pure functions, one value an episode (`[N]`) but where said.

Lengths are sampled tokens. Penalties are 0 or negative and are added to the reward.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from assaygym.agents.advantages import group, whiten
from assaygym.agents.regularisers import k1
from assaygym.errors import ConfigError

__all__ = [
    "Lagrangian",
    "kl_in_reward",
    "length_top_lambda",
    "overlong",
    "repetition",
    "stop_properly",
    "token_rewards",
    "turn_decay",
    "two_phase",
    "weighted",
]


def overlong(lengths_N: Tensor, *, limit: int, buffer: int, factor: float = 1.0) -> Tensor:
    """0 up to `limit - buffer`, then falling evenly to `-factor` at `limit`, and no lower.

    Soft overlong punishment: DAPO (arXiv 2503.14476, equation 13).

    Raises:
        ConfigError: not 0 < buffer <= limit, or `factor` is negative.
    """
    if not 0 < buffer <= limit or factor < 0:
        raise ConfigError(f"limit={limit}, buffer={buffer}, factor={factor}; expected 0 < buffer <= limit, factor >= 0")
    over_N = (lengths_N - (limit - buffer)).to(torch.get_default_dtype()) / buffer
    return -factor * over_N.clamp(0, 1)


def stop_properly(rewards_N: Tensor, truncated_N: Tensor, *, share: float = 0.0) -> Tensor:
    """The reward, of which a truncated episode keeps `share`: ProRL v2 (OpenRLHF's `stop_properly_penalty_coef`).

    Raises:
        ConfigError: `share` is outside [0, 1].
    """
    if not 0 <= share <= 1:
        raise ConfigError(f"share is {share}; expected a number in [0, 1]")
    return torch.where(truncated_N.bool(), rewards_N * share, rewards_N)


def length_top_lambda(
    rewards_N: Tensor, groups_N: Tensor, lengths_N: Tensor, *, share: float = 0.2, alpha: float = 0.2
) -> Tensor:
    """Rewards where right answers of the most often solved groups are worth more the shorter they are.

    GRPO-λ (arXiv 2505.18086): the `share` of groups with the highest mean reward (at least one) gets a length penalty,
    the others keep their rewards. The paper publishes no code; the form here, `r (1 - alpha σ(z))` with `z` the length
    compared within the group's right answers, is that of Arora and Zanette (arXiv 2502.04463).

    Raises:
        ConfigError: `share` or `alpha` is outside [0, 1].
    """
    if not 0 <= share <= 1 or not 0 <= alpha <= 1:
        raise ConfigError(f"share={share}, alpha={alpha}; expected numbers in [0, 1]")
    shaped_N = rewards_N.clone()
    labels_K = torch.unique(groups_N)
    means_K = torch.stack([rewards_N[groups_N == label].mean() for label in labels_K])
    for label in labels_K[means_K.argsort(stable=True, descending=True)[: math.ceil(share * len(labels_K))]]:
        right_N = (groups_N == label) & (rewards_N > 0)
        gate = torch.sigmoid(whiten(lengths_N[right_N].to(rewards_N.dtype)))
        shaped_N[right_N] = rewards_N[right_N] * (1 - alpha * gate)
    return shaped_N


def two_phase(dense_N: Tensor, binary_N: Tensor, *, step: int, switch: int) -> Tensor:
    """The dense reward before step `switch`, the binary one from then on: DELTA (arXiv 2509.21016)."""
    return dense_N if step < switch else binary_N


def turn_decay(rewards_N: Tensor, turns_N: Tensor, *, base: float = 0.5) -> Tensor:
    """`r base^turn` for an answer at turn 0, 1, ...: UFO (arXiv 2507.14295).

    Raises:
        ConfigError: `base` is outside (0, 1].
    """
    if not 0 < base <= 1:
        raise ConfigError(f"base is {base}; expected a number in (0, 1]")
    return rewards_N * base**turns_N


def repetition(unique_N: Tensor, total_N: Tensor, *, weight: float = 0.5) -> Tensor:
    """`-weight (1 - unique / total)` of the answers of an episode: UFO (arXiv 2507.14295). 0 for no answer."""
    return -weight * torch.where(total_N > 0, 1 - unique_N / total_N.clamp(min=1), 0.0)


def kl_in_reward(rewards_BT: Tensor, logps_BT: Tensor, reference_BT: Tensor, mask_BT: Tensor, *, beta: float) -> Tensor:
    """`[B, T]`: `r_t - beta k1_t` at sampled tokens: PPO for language models (arXiv 1909.08593, equation 2)."""
    return torch.where(mask_BT.bool(), rewards_BT - beta * k1(logps_BT, reference_BT).detach(), rewards_BT)


def token_rewards(rows_M: Tensor, places_M: Tensor, values_M: Tensor, mask_BT: Tensor) -> Tensor:
    """`[B, T]`: each value at its row and place (the end of a step, judged by a process reward model), added up.

    Raises:
        ConfigError: a place is none of a sampled token.
    """
    if not bool(mask_BT[rows_M, places_M].bool().all()):
        raise ConfigError("a step's reward stands at a token that was not sampled")
    return values_M.new_zeros(mask_BT.shape).index_put((rows_M, places_M), values_M, accumulate=True)


def weighted(
    parts: Mapping[str, Tensor], weights: Mapping[str, float], groups_N: Tensor, *, normalise: bool = False
) -> Tensor:
    """The weighted sum of rewards from several sources; with `normalise`, of their group-relative advantages.

    Normalising first keeps apart what a sum would make equal: GDPO (arXiv 2601.05242).

    Raises:
        ConfigError: the names differ.
    """
    if not parts or parts.keys() != weights.keys():
        raise ConfigError(f"rewards {', '.join(parts)} and weights {', '.join(weights)}; expected the same names")
    terms = [weights[name] * (group(part, groups_N) if normalise else part) for name, part in parts.items()]
    return torch.stack(terms).sum(0)


@dataclass(slots=True)
class Lagrangian:
    """A reward under a constraint: `(r - λ c) / (1 + λ)`, with `λ` rising while the mean cost is above `limit`.

    Safe RLHF (arXiv 2310.12773): `log λ += rate (mean c - limit)`. Its state is `log_weight`.
    """

    limit: float
    rate: float = 0.1
    log_weight: float = 0.0

    def shape(self, rewards_N: Tensor, costs_N: Tensor) -> Tensor:
        """The reward with the cost in it."""
        weight = math.exp(self.log_weight)
        return (rewards_N - weight * costs_N) / (1 + weight)

    def update(self, costs_N: Tensor) -> None:
        """Move the weight by the costs of one batch."""
        self.log_weight += self.rate * (float(costs_N.mean()) - self.limit)
