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
    from assaygym.agents.curriculum import Curriculum
    from assaygym.agents.policy import ModelPolicy, Policy
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
    player: Callable[[ModelPolicy], Policy] | None = None,
    on_step: Callable[[Metrics], None] | None = None,
) -> list[Metrics]:
    """Train on the train split of some environments; the metrics of each step.

    Started by `torchrun`, each process samples a share of the tasks and computes a share of the gradient; the leading
    one writes the files.

    Args:
        method: a recipe or its name.
        env_ids: such as "assay/Reverse-v0"; task after task goes to the next of them.
        model: a folder or Hub id, or a policy whose model is trained in place. Weights that are loaded here are 32-bit
            floats, whatever the checkpoint has: smaller ones lose most of a small step.
        settings: how much is sampled, and how the weights move; those that the recipe wants where None.
        folder: where metrics and checkpoints go; the last checkpoint is a model that `from_pretrained` loads. A folder
            with a checkpoint is resumed.
        knobs: of the environments (`level=`, `length=`, ...).
        player: makes another engine that samples, of the policy that is trained: `VLLMPolicy(policy.model, ...)`.
        on_step: called with the metrics of each step.

    Raises:
        RegistrationError: no such environment.
        ConfigError: no such recipe, an unknown knob, or no model there.
        MissingDependencyError: torch or transformers is not installed.
        RunError: the folder holds another run, or another process of this one failed.
        PolicyError: no episode of a step could be judged, or the filters left nothing too often.
        WeightMismatchError: the player samples with other weights than those that are trained.
    """
    from assaygym.envs.registration import make

    parts = recipe(method) if isinstance(method, str) else method
    ids = [env_ids] if isinstance(env_ids, str) else list(env_ids)
    make_envs = [partial(make, env_id, split="train", **(knobs or {})) for env_id in ids]
    for make_env in make_envs:
        make_env().close()  # a wrong id or knob is told before the model is loaded
    try:
        from assaygym.agents.ranks import Ranks
        from assaygym.agents.trainer import Trainer
        from assaygym.agents.transformers_policy import TransformersPolicy
    except ModuleNotFoundError as error:
        raise MissingDependencyError.of(error.name or "torch", "train", "training") from error
    chosen = settings or TrainSettings(**parts.settings)
    ranks = Ranks.of_environment()
    try:
        policy = TransformersPolicy(str(model), dtype="float32") if isinstance(model, (str, Path)) else model
        return Trainer(
            policy,
            make_envs,
            parts,
            chosen,
            player=None if player is None else player(policy),
            ranks=ranks,
            curriculum=_curriculum(chosen, ids, knobs or {}),
            folder=folder,
            identity={"envs": ",".join(ids), "knobs": repr(sorted((knobs or {}).items())), "model": policy.name},
            on_step=on_step,
        ).fit()
    finally:
        ranks.close()


def _curriculum(settings: TrainSettings, ids: Sequence[str], knobs: Mapping[str, Any]) -> Curriculum | None:
    if settings.curriculum == "none":
        return None
    from assaygym.agents.curriculum import Curriculum, ladder

    start, target, rate = knobs.get("level") or 0, settings.curriculum_target, settings.curriculum_rate
    return Curriculum([ladder(env_id, knobs) for env_id in ids], target=target, rate=rate, start=start)
