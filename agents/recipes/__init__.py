"""Training methods by name. A recipe names one part for each slot of the one trainer; none of it loads torch."""

from __future__ import annotations

from assaygym.agents.recipes.actor_critic import PPO
from assaygym.agents.recipes.agentic import ARPO, ARPO_HARD, DELTA, EEPO, GHPO, GIGPO, GUI_ARPO, TREE_GRPO, UFO
from assaygym.agents.recipes.group_relative import (
    CISPO,
    CPPO,
    DAPO,
    DR_GRPO,
    GFPO,
    GMPO,
    GRPO,
    GRPO_LAMBDA,
    GSPO,
    SAPO,
)
from assaygym.agents.recipes.recipe import Recipe
from assaygym.agents.recipes.regression import GVPO, QRPO
from assaygym.agents.recipes.reinforce import (
    PRORL,
    RAFT,
    RAFT_PP,
    REINFORCE_PP,
    REINFORCE_PP_BASELINE,
    REINFORCE_REJ,
    REMAX,
    RLOO,
)
from assaygym.errors import ConfigError, did_you_mean

__all__ = ["RECIPES", "Recipe", "recipe"]

ACTOR_CRITIC = (PPO,)
BASELINES = (RLOO, REINFORCE_PP, REINFORCE_PP_BASELINE, REMAX)
GROUPS = (GRPO, DR_GRPO, DAPO, CPPO, GSPO, GMPO, CISPO, SAPO, GRPO_LAMBDA, GFPO, PRORL)
REJECTION = (RAFT, RAFT_PP, REINFORCE_REJ)
REGRESSIONS = (GVPO, QRPO)
AGENTIC = (GIGPO, ARPO, ARPO_HARD, TREE_GRPO, GUI_ARPO, GHPO, EEPO, UFO, DELTA)

RECIPES: dict[str, Recipe] = {
    entry.name: entry for entry in (*ACTOR_CRITIC, *BASELINES, *GROUPS, *REJECTION, *REGRESSIONS, *AGENTIC)
}
"""Every recipe by its name, in the order of the table."""


def recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        ConfigError: there is none; the sentence names the nearest.
    """
    if name not in RECIPES:
        raise ConfigError(f"no recipe {name!r}; {did_you_mean(name, RECIPES)}")
    return RECIPES[name]
