"""The reward that a language model's own logits hold: a pure function, `[B, T]`."""

from __future__ import annotations

import torch
from torch import Tensor

from assaygym.errors import ConfigError

__all__ = ["endogenous_rewards"]


def endogenous_rewards(
    logits_BTV: Tensor, tokens_BT: Tensor, mask_BT: Tensor, ended_B: Tensor, *, alpha: float = 1.0
) -> Tensor:
    """`[B, T]`: `r_h = α log π(a_h|s_h) + V(s_h) - V(s_{h+1})` at sampled tokens, 0 elsewhere.

    EndoRM (arXiv 2506.23235): the logits are a soft Q-function, so `V(s) = α logsumexp(Q(s, ·) / α)`,
    `π = softmax(Q / α)`, and the inverse soft Bellman operator gives the reward that the model's training data
    maximised, `r_h = Q(s_h, a_h) - V(s_{h+1})`, which is the same. Over a run of sampled tokens the values telescope:
    `Σ r = α Σ log π + V(s_1) - V(s_{H+1})`.

    Args:
        logits_BTV: column `t` scores the token of column `t + 1`, as causal language models give them.
        tokens_BT: the ids.
        mask_BT: non-zero on sampled tokens; never in the first column.
        ended_B: whether a row's last sampled token ended its episode. No reward follows then, so `V(s_{H+1})` is 0;
            of an episode that was cut off it is what the model expects.
        alpha: temperature of the soft Q-function, above 0.

    Raises:
        ConfigError: `alpha` is not above 0, or the first column is marked.
    """
    mask_BT = mask_BT.bool()
    if not alpha > 0 or bool(mask_BT[:, 0].any()):
        raise ConfigError(f"alpha={alpha}, first column marked: {bool(mask_BT[:, 0].any())}; expected alpha > 0, none")
    values_BT = alpha * torch.logsumexp(logits_BTV / alpha, -1)
    chosen_BT = logits_BTV[:, :-1].gather(-1, tokens_BT[:, 1:].unsqueeze(-1)).squeeze(-1)
    sampled_after_BT = mask_BT.flip(1).cumsum(1).flip(1)
    final_BT = mask_BT & (sampled_after_BT == 1) & ended_B.bool().unsqueeze(1)
    next_BT = values_BT.masked_fill(final_BT, 0.0)
    rewards_BT = torch.where(mask_BT[:, 1:], chosen_BT - next_BT[:, 1:], 0.0)
    return torch.nn.functional.pad(rewards_BT, (1, 0))
