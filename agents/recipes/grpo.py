"""GRPO (arXiv 2402.03300): `iid | group(std) | clip | seq_mean_token_mean | k3`.

Dr. GRPO and the loss of DAPO are settings of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from assaygym.agents.settings import TrainSettings
from assaygym.errors import ConfigError, MissingDependencyError

if TYPE_CHECKING:
    from assaygym.agents.trainer import Metrics, ModelPolicy, Objective

__all__ = ["CONFIG", "GRPOConfig", "objective", "train"]

AGGREGATIONS = ("seq_mean_token_mean", "token_mean", "seq_sum_const")


@dataclass(frozen=True, slots=True, kw_only=True)
class GRPOConfig(TrainSettings):
    """The method's own choices; what every run chooses stands in `TrainSettings`.

    Raises:
        ConfigError: a value is outside its range; the sentence names it.
    """

    scale: Literal["std", "none"] = "std"
    """Advantage over the group's mean: divided by the group's deviation, or not (Dr. GRPO)."""
    clip_low: float = 0.2
    clip_high: float = 0.2
    """0.28 is DAPO's clip-higher."""
    dual_clip: float | None = None
    """Bound on the loss of a negative advantage, in multiples of it; DAPO's code has 10."""
    aggregation: Literal["seq_mean_token_mean", "token_mean", "seq_sum_const"] = "seq_mean_token_mean"
    """`token_mean` is DAPO's; `seq_sum_const` divides by `max_tokens` (Dr. GRPO)."""
    kl_weight: float = 0.0
    """Of the k3 estimate against the start model, which is then kept in memory; the paper has 0.04."""

    def __post_init__(self) -> None:
        TrainSettings.__post_init__(self)
        if self.scale not in ("std", "none"):
            raise ConfigError(f"scale is {self.scale!r}; expected 'std' or 'none'")
        if self.aggregation not in AGGREGATIONS:
            raise ConfigError(f"aggregation is {self.aggregation!r}; expected one of {', '.join(AGGREGATIONS)}")
        if self.kl_weight < 0:
            raise ConfigError(f"kl_weight is {self.kl_weight}; expected 0 or more")


CONFIG = GRPOConfig


def objective(config: GRPOConfig) -> Objective:
    """The parts of the loss that `config` names."""
    from assaygym.agents import advantages, aggregations, losses
    from assaygym.agents.trainer import Objective

    weights: dict[str, Callable[..., Any]] = {
        "seq_mean_token_mean": aggregations.seq_mean_token_mean,
        "token_mean": aggregations.token_mean,
        "seq_sum_const": partial(aggregations.seq_sum_const, constant=config.max_tokens),
    }
    return Objective(
        advantage=partial(advantages.group, scale=config.scale),
        surrogate=partial(losses.clip, low=config.clip_low, high=config.clip_high, dual=config.dual_clip),
        aggregate=weights[config.aggregation],
        kl_weight=config.kl_weight,
    )


def train(
    config: GRPOConfig,
    env_id: str,
    model: str | Path | ModelPolicy,
    *,
    folder: str | Path | None = None,
    knobs: Mapping[str, Any] | None = None,
    on_step: Callable[[Metrics], None] | None = None,
) -> list[Metrics]:
    """Train on the train split of one environment; the metrics of each step.

    Args:
        config: the settings.
        env_id: such as "assay/Reverse-v0".
        model: a folder or Hub id, or a policy whose model is trained in place.
        folder: where metrics and checkpoints go; the last checkpoint is a model that `from_pretrained` loads. A folder
            with a checkpoint is resumed.
        knobs: of the environment (`level=`, `length=`, ...).
        on_step: called with the metrics of each step.

    Raises:
        RegistrationError: no such environment.
        ConfigError: an unknown knob, or no model there.
        MissingDependencyError: torch or transformers is not installed.
        RunError: the folder holds another run.
        PolicyError: no episode of a step could be judged.
    """
    from assaygym.envs.registration import make

    make_env = partial(make, env_id, split="train", **(knobs or {}))
    make_env().close()  # a wrong id or knob is told before the model is loaded
    try:
        from assaygym.agents.trainer import Trainer
        from assaygym.agents.transformers_policy import TransformersPolicy
    except ModuleNotFoundError as error:
        raise MissingDependencyError.of(error.name or "torch", "train", "training") from error
    policy = TransformersPolicy(str(model)) if isinstance(model, (str, Path)) else model
    identity = {"env": env_id, "knobs": repr(sorted((knobs or {}).items())), "model": policy.name}
    parts = objective(config)
    return Trainer(policy, make_env, parts, config, folder=folder, identity=identity, on_step=on_step).fit()
