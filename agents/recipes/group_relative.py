"""Methods that compare the rewards of a group: GRPO and what was made of it."""

from __future__ import annotations

from assaygym.agents.parts.advantages import GroupAdvantage
from assaygym.agents.parts.aggregations import SeqMeanTokenMean, SeqSumConst, TokenMean
from assaygym.agents.parts.filters import NonzeroStd, PruneAbs, TopK
from assaygym.agents.parts.losses import CISPO as HeldWeight
from assaygym.agents.parts.losses import SAPO as SoftGate
from assaygym.agents.parts.losses import Clip, GeoMean
from assaygym.agents.parts.regularisers import KL
from assaygym.agents.parts.rollouts import IID
from assaygym.agents.parts.shaping import LengthTopLambda, Overlong
from assaygym.agents.recipes.recipe import Recipe

__all__ = ["CISPO", "CPPO", "DAPO", "DR_GRPO", "GFPO", "GMPO", "GRPO", "GRPO_LAMBDA", "GSPO", "SAPO"]

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

CPPO = Recipe(
    name="cppo",
    summary="GRPO that leaves out the completions whose advantage is nearest to 0, and goes over the rest twice.",
    paper="arXiv 2503.22342; as its code, over the batch; the places that become free are not refilled with tasks",
    rollout=IID(16),
    filters=(PruneAbs(0.5, "batch"),),
    advantage=GroupAdvantage(scale="std", eps=1e-4),
    loss=Clip(0.2, 0.2),
    aggregation=TokenMean(),
    regularisers=(KL(0.04, "k3"),),
    settings={"updates": 2},
)

GSPO = Recipe(
    name="gspo",
    summary="The ratio of whole completions, clipped.",
    paper="arXiv 2507.18071; without the dual clip of verl's script",
    rollout=IID(8),
    advantage=GroupAdvantage(scale="std"),
    loss=Clip(3e-4, 4e-4, level="sequence"),
    aggregation=SeqMeanTokenMean(),
)

GMPO = Recipe(
    name="gmpo",
    summary="The geometric mean of the ratios of a completion's tokens.",
    paper="arXiv 2507.20673",
    rollout=IID(8),
    advantage=GroupAdvantage(scale="std"),
    loss=GeoMean(0.4),
    aggregation=SeqMeanTokenMean(),
)

CISPO = Recipe(
    name="cispo",
    summary="No token loses its gradient: the ratio is a weight, and only the weight is held.",
    paper="arXiv 2506.13585, which gives no bound; this is TRL's",
    rollout=IID(8),
    advantage=GroupAdvantage(scale="std"),
    loss=HeldWeight(high=5.0),
    aggregation=TokenMean(),
)

SAPO = Recipe(
    name="sapo",
    summary="A soft gate around a ratio of 1 in place of the clip.",
    paper="arXiv 2511.20347",
    rollout=IID(8),
    advantage=GroupAdvantage(scale="std"),
    loss=SoftGate(positive=1.0, negative=1.05),
    aggregation=SeqMeanTokenMean(),
)

GRPO_LAMBDA = Recipe(
    name="grpo_lambda",
    summary="GRPO that pays for shortness where a task is solved often, and for being right elsewhere.",
    paper="arXiv 2505.18086, whose code is not public: share and form of the penalty are ours",
    rollout=IID(8),
    shaping=(LengthTopLambda(share=0.2, alpha=0.2),),
    advantage=GroupAdvantage(scale="std"),
    loss=Clip(0.2, 0.2),
    aggregation=SeqMeanTokenMean(),
    regularisers=(KL(1e-3, "k3"),),
)

GFPO = Recipe(
    name="gfpo",
    summary="Many samples of a task, of which the shortest are compared and learnt from.",
    paper="arXiv 2508.09726; the mean over the tokens of those that stay. `top_k.by=efficiency` is its second measure",
    rollout=IID(24),
    filters=(TopK(8, "shortness"),),
    advantage=GroupAdvantage(scale="std"),
    loss=Clip(0.2, 0.2),
    aggregation=TokenMean(),
    regularisers=(KL(1e-3, "k3"),),
)
