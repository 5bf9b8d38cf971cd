"""Methods with a value model."""

from __future__ import annotations

from assaygym.agents.parts.advantages import GAE
from assaygym.agents.parts.aggregations import TokenMean
from assaygym.agents.parts.losses import Clip
from assaygym.agents.parts.regularisers import KL, ValueLoss
from assaygym.agents.parts.rollouts import IID
from assaygym.agents.recipes.recipe import Recipe

__all__ = ["PPO"]

PPO = Recipe(
    name="ppo",
    summary="Actor, critic and reference; the divergence is taken off the reward of each token.",
    paper="arXiv 1707.06347 and 1909.08593; numbers as in verl",
    rollout=IID(1),
    advantage=GAE(gamma=1.0, lam=1.0, whiten=True),
    loss=Clip(0.2, 0.2, dual=3.0),
    aggregation=TokenMean(),
    regularisers=(KL(1e-3, "k1", "reward"), ValueLoss(weight=1.0, clip=0.5)),
)
