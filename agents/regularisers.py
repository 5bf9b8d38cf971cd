"""What holds a policy back: estimates of its divergence from a reference at each sampled token, `[B, T]`.

With `x = logps - reference` for a token sampled from the policy (Schulman, "Approximating KL divergence", 2020).
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from assaygym.agents.ratios import LOG_RATIO_BOUND

__all__ = ["ESTIMATES", "k1", "k2", "k3"]


def k1(logps_BT: Tensor, reference_BT: Tensor) -> Tensor:
    """`x`: unbiased, of large variance. In the reward (PPO, RLOO); as a loss its gradient has mean 0."""
    return logps_BT - reference_BT


def k2(logps_BT: Tensor, reference_BT: Tensor) -> Tensor:
    """`x² / 2`: biased; its gradient is that of the divergence itself (REINFORCE++-baseline, ProRL)."""
    return (logps_BT - reference_BT).square() / 2


def k3(logps_BT: Tensor, reference_BT: Tensor) -> Tensor:
    """`exp(-x) + x - 1`: never negative, unbiased. In the loss: GRPO (arXiv 2402.03300, equation 4)."""
    x_BT = (logps_BT - reference_BT).clamp(-LOG_RATIO_BOUND, LOG_RATIO_BOUND)
    return (-x_BT).expm1() + x_BT


ESTIMATES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"k1": k1, "k2": k2, "k3": k3}
"""By name."""
