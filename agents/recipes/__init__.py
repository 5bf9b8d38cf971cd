"""Training methods by name. A recipe names one part for each slot of the one trainer; none of it loads torch."""

from __future__ import annotations

from assaygym.agents.recipes.actor_critic import PPO
from assaygym.agents.recipes.group_relative import DAPO, DR_GRPO, GRPO
from assaygym.agents.recipes.recipe import Recipe
from assaygym.errors import ConfigError, did_you_mean

__all__ = ["RECIPES", "Recipe", "recipe"]

RECIPES: dict[str, Recipe] = {entry.name: entry for entry in (PPO, GRPO, DR_GRPO, DAPO)}
"""Every recipe by its name, in the order of the table."""


def recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        ConfigError: there is none; the sentence names the nearest.
    """
    if name not in RECIPES:
        raise ConfigError(f"no recipe {name!r}; {did_you_mean(name, RECIPES)}")
    return RECIPES[name]
