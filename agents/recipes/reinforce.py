"""Methods in the line of REINFORCE: a baseline, or a choice of what to learn from, in place of a value model."""

from __future__ import annotations

from assaygym.agents.parts.advantages import GreedyBaseline, LeaveOneOut, Raw, WhitenBaseline, WhitenReturns
from assaygym.agents.parts.aggregations import SeqMeanTokenSum, TokenMean
from assaygym.agents.parts.corrections import IcePop
from assaygym.agents.parts.filters import NonzeroStd, PositiveOnly
from assaygym.agents.parts.losses import Clip, Plain
from assaygym.agents.parts.regularisers import KL
from assaygym.agents.parts.rollouts import IID, Greedy
from assaygym.agents.parts.shaping import StopProperly
from assaygym.agents.recipes.recipe import Recipe

__all__ = ["PRORL", "RAFT", "RAFT_PP", "REINFORCE_PP", "REINFORCE_PP_BASELINE", "REINFORCE_REJ", "REMAX", "RLOO"]

RLOO = Recipe(
    name="rloo",
    summary="The reward of a whole completion, less the mean of the others of its group.",
    paper="arXiv 2402.14740; the weight of the divergence is TRL's, which also clips the ratio",
    rollout=IID(4),
    advantage=LeaveOneOut(),
    loss=Plain(),
    aggregation=SeqMeanTokenSum(),
    regularisers=(KL(0.05, "k1", "reward"),),
)

REINFORCE_PP = Recipe(
    name="reinforce_pp",
    summary="The rewards to come at each token, whitened over the batch; no groups, no critic.",
    paper="arXiv 2501.03262; the weight of the divergence is verl's",
    rollout=IID(1),
    advantage=WhitenReturns(gamma=1.0),
    loss=Clip(0.2, 0.2),
    aggregation=TokenMean(),
    regularisers=(KL(1e-3, "k1", "reward"),),
)

REINFORCE_PP_BASELINE = Recipe(
    name="reinforce_pp_baseline",
    summary="The reward less the group's mean, whitened over the batch.",
    paper="arXiv 2501.03262; the weight of the divergence is ours",
    rollout=IID(8),
    advantage=WhitenBaseline(over="tokens"),
    loss=Clip(0.2, 0.2),
    aggregation=TokenMean(),
    regularisers=(KL(1e-3, "k2"),),
)

REMAX = Recipe(
    name="remax",
    summary="One sample of each task, less the reward of a greedy episode.",
    paper="arXiv 2310.10505; without a divergence, and the mean over tokens as in verl",
    rollout=Greedy(1),
    advantage=GreedyBaseline(),
    loss=Plain(),
    aggregation=TokenMean(),
)

RAFT = Recipe(
    name="raft",
    summary="The likelihood of rewarded episodes.",
    paper="arXiv 2304.06767; numbers as in the code of 2504.11343",
    rollout=IID(4),
    filters=(PositiveOnly(),),
    advantage=Raw(),
    loss=Plain(),
    aggregation=TokenMean(),
    regularisers=(KL(1e-3, "k3"),),
)

RAFT_PP = Recipe(
    name="raft_pp",
    summary="RAFT with a clipped ratio.",
    paper="arXiv 2504.11343",
    rollout=IID(4),
    filters=(PositiveOnly(),),
    advantage=Raw(),
    loss=Clip(0.2, 0.2),
    aggregation=TokenMean(),
    regularisers=(KL(1e-3, "k3"),),
)

REINFORCE_REJ = Recipe(
    name="reinforce_rej",
    summary="The reward itself, of groups neither all right nor all wrong.",
    paper="arXiv 2504.11343",
    rollout=IID(4),
    filters=(NonzeroStd(refill=False),),
    advantage=Raw(),
    loss=Clip(0.2, 0.2),
    aggregation=TokenMean(),
    regularisers=(KL(1e-3, "k3"),),
)

PRORL = Recipe(
    name="prorl",
    summary="Prolonged training: the reference follows the policy, episodes that do not stop earn nothing.",
    paper="arXiv 2505.24864, numbers of v2 in OpenRLHF; resets come every 250 steps, there when progress stalls",
    rollout=IID(16),
    shaping=(StopProperly(0.0),),
    filters=(NonzeroStd(refill=True, rounds=10),),
    advantage=WhitenBaseline(over="tokens"),
    loss=Clip(0.2, 0.27),
    aggregation=TokenMean(),
    regularisers=(KL(1e-4, "k2", reset_every=250),),
    correction=IcePop(0.5, 5.0),
)
