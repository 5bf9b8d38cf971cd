"""Training methods by name. A recipe is a short file that names one function for each part of the one trainer."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assaygym.agents.settings import TrainSettings
from assaygym.errors import ConfigError, did_you_mean

__all__ = ["RECIPES", "Recipe", "recipe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A method: `config` is its dataclass of settings, `train` runs it. Neither loads torch before it is called."""

    name: str
    summary: str
    module: str

    @property
    def config(self) -> type[TrainSettings]:
        """The recipe's settings, with its defaults."""
        found: type[TrainSettings] = importlib.import_module(self.module).CONFIG
        return found

    @property
    def train(self) -> Callable[..., Any]:
        """`train(config, env_id, model, *, folder=None, knobs=None, on_step=None)`."""
        found: Callable[..., Any] = importlib.import_module(self.module).train
        return found


RECIPES = {
    entry.name: entry
    for entry in (
        Recipe(
            name="grpo",
            summary="Group-relative policy optimisation: rewards compared within the group of one task.",
            module="assaygym.agents.recipes.grpo",
        ),
    )
}


def recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        ConfigError: there is none; the sentence names the nearest.
    """
    if name not in RECIPES:
        raise ConfigError(f"no recipe {name!r}; {did_you_mean(name, RECIPES)}")
    return RECIPES[name]
