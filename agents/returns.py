"""Advantages that differ from token to token: returns and generalised advantage estimation on `[B, T]`.

`mask_BT` is 1 on sampled tokens; places outside it (prompts, tool results, padding) are passed over as if they were not
there, and hold 0 in what is returned.
"""

from __future__ import annotations

import torch
from torch import Tensor

from assaygym.errors import ConfigError

__all__ = ["at_last_token", "discounted_returns", "gae", "masked_whiten"]


def at_last_token(rewards_B: Tensor, mask_BT: Tensor) -> Tensor:
    """`[B, T]`: the reward of each row at its last sampled token; a row without one gets none."""
    places_T = torch.arange(mask_BT.shape[1], device=mask_BT.device)
    last_B1 = torch.where(mask_BT.bool(), places_T, -1).max(-1, keepdim=True).values
    return torch.where(places_T == last_B1, rewards_B.unsqueeze(1), 0.0)


def discounted_returns(rewards_BT: Tensor, mask_BT: Tensor, *, gamma: float = 1.0) -> Tensor:
    """`Σ_{k >= t} γ^(k-t) r_k`, counted in sampled tokens: REINFORCE++ (arXiv 2501.03262)."""
    _check(gamma, "gamma", rewards_BT, mask_BT)
    return _backwards(rewards_BT, mask_BT, gamma)


def gae(
    rewards_BT: Tensor, values_BT: Tensor, mask_BT: Tensor, *, gamma: float = 1.0, lam: float = 1.0
) -> tuple[Tensor, Tensor]:
    """(advantages_BT, returns_BT): `A_t = Σ_l (γλ)^l δ_{t+l}` with `δ_t = r_t + γ V_{t+1} - V_t`, and `A_t + V_t`.

    GAE (arXiv 1506.02438, equation 16). `V_{t+1}` is the value at the next sampled token, 0 after the last.

    Raises:
        ConfigError: `gamma` or `lam` is outside [0, 1], or the shapes differ.
    """
    _check(lam, "lam", values_BT, mask_BT)
    _check(gamma, "gamma", rewards_BT, mask_BT)
    after_B = values_BT.new_zeros(len(values_BT))
    deltas = []
    for t in reversed(range(mask_BT.shape[1])):
        own_B, on_B = values_BT[:, t], mask_BT[:, t].bool()
        deltas.append(rewards_BT[:, t] + gamma * after_B - own_B)
        after_B = torch.where(on_B, own_B, after_B)
    advantages_BT = _backwards(torch.stack(deltas[::-1], 1), mask_BT, gamma * lam)
    return advantages_BT, torch.where(mask_BT.bool(), advantages_BT + values_BT, 0.0)


def masked_whiten(values_BT: Tensor, mask_BT: Tensor, *, eps: float = 1e-8) -> Tensor:
    """`(x - mean) / sqrt(var + eps)` over all sampled tokens, the variance unbiased; 0 for fewer than two.

    Equal values give exactly 0.
    """
    chosen_M = values_BT[mask_BT.bool()]
    if len(chosen_M) < 2 or bool((chosen_M == chosen_M[0]).all()):
        return torch.zeros_like(values_BT)
    white_BT = (values_BT - chosen_M.mean()) * (chosen_M.var() + eps).rsqrt()
    return torch.where(mask_BT.bool(), white_BT, 0.0)


def _backwards(values_BT: Tensor, mask_BT: Tensor, factor: float) -> Tensor:
    """`x_t + factor * (the same of the next sampled token)`."""
    total_B = values_BT.new_zeros(len(values_BT))
    columns = []
    for t in reversed(range(mask_BT.shape[1])):
        on_B = mask_BT[:, t].bool()
        total_B = torch.where(on_B, values_BT[:, t] + factor * total_B, total_B)
        columns.append(torch.where(on_B, total_B, 0.0))
    return torch.stack(columns[::-1], 1) if columns else torch.zeros_like(values_BT)


def _check(share: float, name: str, values_BT: Tensor, mask_BT: Tensor) -> None:
    if not 0 <= share <= 1:
        raise ConfigError(f"{name} is {share}; expected a number in [0, 1]")
    if values_BT.shape != mask_BT.shape or mask_BT.dim() != 2:
        raise ConfigError(f"values {tuple(values_BT.shape)} and mask {tuple(mask_BT.shape)}; expected one [B, T] both")
