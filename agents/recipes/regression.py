"""Methods whose loss is a regression of log-ratios on rewards."""

from __future__ import annotations

from assaygym.agents.parts.advantages import GroupAdvantage, Quantile
from assaygym.agents.parts.aggregations import SeqMeanTokenMean
from assaygym.agents.parts.losses import GVPO as GroupRegression
from assaygym.agents.parts.losses import QRPO as ReferenceRegression
from assaygym.agents.parts.rollouts import IID, WithReference
from assaygym.agents.recipes.recipe import Recipe

__all__ = ["GVPO", "QRPO"]

GVPO = Recipe(
    name="gvpo",
    summary="Log-ratios are to differ within a group as rewards do; the divergence is in the optimum.",
    paper="arXiv 2504.19599; the mean over groups, where its code has their sum",
    rollout=IID(4),
    advantage=GroupAdvantage(scale="none"),
    loss=GroupRegression(beta=0.1),
    aggregation=SeqMeanTokenMean(),
)

QRPO = Recipe(
    name="qrpo",
    summary="Log-ratios to the reference are to be what the quantile of the reward among its rewards says.",
    paper="arXiv 2507.08068, on the policy's own episodes; a quantile of 0 counts as 1/N, the constant is exact",
    rollout=WithReference(episodes=4, references=8),
    advantage=Quantile(),
    loss=ReferenceRegression(beta=0.1, transform="identity"),
    aggregation=SeqMeanTokenMean(),
)
