"""Methods that compare the rewards of a group: GRPO and what was made of it."""

from __future__ import annotations

from assaygym.agents.parts.advantages import GroupAdvantage
from assaygym.agents.parts.aggregations import SeqMeanTokenMean, SeqSumConst, TokenMean
from assaygym.agents.parts.filters import NonzeroStd
from assaygym.agents.parts.losses import Clip
from assaygym.agents.parts.regularisers import KL
from assaygym.agents.parts.rollouts import IID
from assaygym.agents.parts.shaping import Overlong
from assaygym.agents.recipes.recipe import Recipe

__all__ = ["DAPO", "DR_GRPO", "GRPO"]

GRPO = Recipe(
    name="grpo",
    summary="Rewards compared within the group of one task.",
    paper="arXiv 2402.03300; the weight of the divergence is verl's (the paper has 0.04)",
    rollout=IID(8),
    advantage=GroupAdvantage(scale="std"),
    loss=Clip(0.2, 0.2),
    aggregation=SeqMeanTokenMean(),
    regularisers=(KL(1e-3, "k3"),),
)

DR_GRPO = Recipe(
    name="dr_grpo",
    summary="GRPO without its two divisions: by the group's deviation and by the row's length.",
    paper="arXiv 2503.20783",
    rollout=IID(8),
    advantage=GroupAdvantage(scale="none"),
    loss=Clip(0.2, 0.2),
    aggregation=SeqSumConst(),
)

DAPO = Recipe(
    name="dapo",
    summary="Clip-higher, dynamic sampling, token-level loss, overlong penalty.",
    paper="arXiv 2503.14476; dual clip and the cap of drawn tasks as in its code",
    rollout=IID(16),
    shaping=(Overlong(),),
    filters=(NonzeroStd(refill=True, rounds=10),),
    advantage=GroupAdvantage(scale="std"),
    loss=Clip(0.2, 0.28, dual=10.0),
    aggregation=TokenMean(),
)
