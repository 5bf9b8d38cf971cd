"""Methods whose rollouts are more than independent samples: forks, trees, hints, replays, further attempts."""

from __future__ import annotations

from dataclasses import replace

from assaygym.agents.parts.advantages import GroupAdvantage
from assaygym.agents.parts.agentic import ForkGroup, InvalidActions, StepGroup, TopSpread, TreeGroup
from assaygym.agents.parts.aggregations import SeqMeanTokenMean, TokenMean
from assaygym.agents.parts.corrections import TIS
from assaygym.agents.parts.losses import Clip
from assaygym.agents.parts.regularisers import KL, Entropy
from assaygym.agents.parts.rollouts import IID, Branch, Forget, Hinted, Replayed, Retry, TreeSearch
from assaygym.agents.parts.shaping import Repetition, TurnDecay, TwoPhase
from assaygym.agents.recipes.recipe import Recipe

__all__ = ["ARPO", "ARPO_HARD", "DELTA", "EEPO", "GHPO", "GIGPO", "GUI_ARPO", "TREE_GRPO", "UFO"]

GIGPO = Recipe(
    name="gigpo",
    summary="Compared twice: the episodes of a task, and the turns taken in one state.",
    paper="arXiv 2505.10978; an episode is one row, its turns keep their own advantages",
    rollout=IID(8),
    shaping=(InvalidActions(0.1),),
    advantage=StepGroup(gamma=0.95, weight=1.0),
    loss=Clip(0.2, 0.2),
    aggregation=TokenMean(),
    regularisers=(KL(0.01, "k3"),),
)

ARPO = Recipe(
    name="arpo",
    summary="Agentic reinforced policy optimisation: branches where a tool result makes the policy unsure.",
    paper="arXiv 2507.19849; as its code, shared tokens count once for each branch",
    rollout=Branch(episodes=16, initial=8, beam=2, weight=0.2),
    advantage=ForkGroup("soft"),
    loss=Clip(0.2, 0.2),
    aggregation=TokenMean(),
)

ARPO_HARD = replace(
    ARPO,
    name="arpo_hard",
    summary="ARPO as its paper writes it: shared tokens get the mean advantage of their branches.",
    paper="arXiv 2507.19849",
    advantage=ForkGroup("hard"),
)

GUI_ARPO = Recipe(
    name="gui_arpo",
    summary="Agentic replay policy optimisation: an earlier success stands in for an episode of a lost group.",
    paper="arXiv 2505.16282",
    rollout=Replayed(episodes=8, per_task=8, above=0.1, std=0.05, mean=0.2),
    advantage=GroupAdvantage(scale="std"),
    loss=Clip(0.2, 0.3, dual=3.0),
    aggregation=TokenMean(),
)

TREE_GRPO = Recipe(
    name="tree_grpo",
    summary="Leaves of trees, compared within their tree and over all trees of the task.",
    paper="arXiv 2509.21240",
    rollout=TreeSearch(trees=2, expansions=2, rounds=1, leaves=3),
    advantage=TreeGroup(scale="std"),
    loss=Clip(0.2, 0.2),
    aggregation=TokenMean(),
    regularisers=(KL(1e-3, "k3"),),
)

EEPO = Recipe(
    name="eepo",
    summary="The second half of a group is sampled after the policy forgot the first.",
    paper="arXiv 2510.05837; the numbers of the forgetting step are ours, the paper's code is not public",
    rollout=Forget(episodes=8, rate=1e-5),
    advantage=GroupAdvantage(scale="std"),
    loss=Clip(0.2, 0.2),
    aggregation=SeqMeanTokenMean(),
    correction=TIS(high=2.0, level="token"),
)

GHPO = Recipe(
    name="ghpo",
    summary="A task that nobody solves is sampled again with a part of its solution in the prompt.",
    paper="arXiv 2507.10628",
    rollout=Hinted(episodes=8, ladder=(0.25, 0.5, 0.75)),
    advantage=GroupAdvantage(scale="std"),
    loss=Clip(0.2, 0.2),
    aggregation=TokenMean(),
)

UFO = Recipe(
    name="ufo",
    summary="A wrong answer is only told to be wrong and may be tried again; late and repeated answers earn less.",
    paper="arXiv 2507.14295, with the group's advantage in place of PPO's",
    rollout=Retry(episodes=8, attempts=5),
    shaping=(TurnDecay(0.5), Repetition(0.5)),
    filters=(TopSpread(0.25),),
    advantage=GroupAdvantage(scale="std"),
    loss=Clip(0.2, 0.28),
    aggregation=TokenMean(),
    regularisers=(Entropy(1e-3),),
)

DELTA = Recipe(
    name="delta",
    summary="The share of tests passed until the switch, then all or nothing.",
    paper="arXiv 2509.21016; for verifiers with mode='fraction'. The step of the switch is the run's to choose",
    rollout=IID(16),
    shaping=(TwoPhase(switch=50),),
    advantage=GroupAdvantage(scale="std"),
    loss=Clip(0.2, 0.28, dual=10.0),
    aggregation=TokenMean(),
)
