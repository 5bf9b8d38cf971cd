"""Training by names: a recipe, environments, a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assaygym.agents.recipes import Recipe, recipe
from assaygym.agents.settings import TrainSettings
from assaygym.errors import MissingDependencyError

if TYPE_CHECKING:
    from assaygym.agents.policy import ModelPolicy
    from assaygym.agents.update import Metrics

__all__ = ["train"]


def train(
    method: Recipe | str,
    env_ids: str | Sequence[str],
    model: str | Path | ModelPolicy,
    settings: TrainSettings | None = None,
    *,
    folder: str | Path | None = None,
    knobs: Mapping[str, Any] | None = None,
    on_step: Callable[[Metrics], None] | None = None,
) -> list[Metrics]:
    """Train on the train split of some environments; the metrics of each step.

    Args:
        method: a recipe or its name.
        env_ids: such as "assay/Reverse-v0"; task after task goes to the next of them.
        model: a folder or Hub id, or a policy whose model is trained in place.
        settings: how much is sampled, and how the weights move; those that the recipe wants where None.
        folder: where metrics and checkpoints go; the last checkpoint is a model that `from_pretrained` loads. A folder
            with a checkpoint is resumed.
        knobs: of the environments (`level=`, `length=`, ...).
        on_step: called with the metrics of each step.

    Raises:
        RegistrationError: no such environment.
        ConfigError: no such recipe, an unknown knob, or no model there.
        MissingDependencyError: torch or transformers is not installed.
        RunError: the folder holds another run.
        PolicyError: no episode of a step could be judged.
    """
    from assaygym.envs.registration import make

    parts = recipe(method) if isinstance(method, str) else method
    ids = [env_ids] if isinstance(env_ids, str) else list(env_ids)
    make_envs = [partial(make, env_id, split="train", **(knobs or {})) for env_id in ids]
    for make_env in make_envs:
        make_env().close()  # a wrong id or knob is told before the model is loaded
    try:
        from assaygym.agents.trainer import Trainer
        from assaygym.agents.transformers_policy import TransformersPolicy
    except ModuleNotFoundError as error:
        raise MissingDependencyError.of(error.name or "torch", "train", "training") from error
    policy = TransformersPolicy(str(model)) if isinstance(model, (str, Path)) else model
    identity = {"envs": ",".join(ids), "knobs": repr(sorted((knobs or {}).items())), "model": policy.name}
    chosen = settings or TrainSettings(**parts.settings)
    return Trainer(policy, make_envs, parts, chosen, folder=folder, identity=identity, on_step=on_step).fit()
